//! Bills of materials: what stands in them, that foreign validators take them, that the same input gives the same bytes.

mod attached;
mod channel;
mod documents;
mod hostile;
mod image;
pub mod inside;
mod licences;
mod linking;
mod models;
mod program;
mod rpm;
mod spdx3;
mod wheels;

use crate::stock;
use airlift::artifact::{Artifact, BlobRead, Blobs, Digest, InMemory};
use airlift::error::Result;
use airlift::report::{Component, Format, Inventory, Subject, SubjectKind};
use airlift::steps::sbom::Stocktaking;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// A subject for tests.
pub fn subject() -> Subject {
    Subject {
        kind: SubjectKind::Bundle,
        name: "kit (main line)".to_owned(),
        version: "0.1".to_owned(),
        digest: Digest::of(b"statement"),
        partial: false,
        created: Some("2026-02-03T04:05:06Z".to_owned()),
        author: Some("Acme (boms@example.org)".to_owned()),
    }
}

/// Blobs in memory.
pub struct Kept(BTreeMap<Digest, Vec<u8>>);

pub fn held(blobs: impl IntoIterator<Item = Vec<u8>>) -> Kept {
    Kept(blobs.into_iter().map(|bytes| (Digest::of(&bytes), bytes)).collect())
}

impl Blobs for Kept {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(self.0.get(digest).map(|bytes| Box::new(InMemory::new(bytes.clone())) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.get(digest).map(|bytes| bytes.len() as u64))
    }
}

/// The inventory of some artifacts.
pub fn inventory(artifacts: &[Artifact], blobs: &dyn Blobs) -> Inventory {
    Stocktaking { threads: 2, progress: &airlift::progress::Silent }.run(subject(), artifacts, blobs).unwrap()
}

/// An inventory as a document.
pub fn document(inventory: &Inventory, format: Format) -> Value {
    serde_json::from_slice(&bytes(inventory, format)).unwrap()
}

pub fn bytes(inventory: &Inventory, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    format.write(inventory, &mut out).unwrap();
    out
}

/// All components, nested ones too.
pub fn all(inventory: &Inventory) -> Vec<&Component> {
    let mut all = Vec::new();
    inventory.walk(&mut |component| all.push(component));
    all
}

/// What the SPDX project publishes as `spdx-json-schema.json` of 3.0.1.
const SCHEMA: &str = "582c64e809d5b3ef9bd0c4de13a32391b47b0284a3e8d199569fb96f649234b1";

/// Has foreign validators judge every form; false where they are not installed, which is said.
pub fn judged(inventory: &Inventory) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let forms = [(Format::CycloneDx, "cyclonedx"), (Format::Spdx, "spdx"), (Format::Spdx3, "spdx3")];
    let documents = forms.map(|(format, form)| {
        let path = folder.path().join(format!("bom.{form}.json"));
        std::fs::write(&path, bytes(inventory, format)).unwrap();
        (form, path)
    });
    said(&documents.each_ref().map(|(form, path)| (*form, &**path))).is_some()
}

/// The same for one document.
pub fn judge(path: &Path, form: &str) -> bool {
    said(&[(form, path)]).is_some()
}

/// Which minimum elements are lacking in a document of SPDX 3.0.1, and of which components.
pub fn lacking(path: &Path) -> Option<Value> {
    said(&[("spdx3", path)]).map(|text| serde_json::from_str(&text).unwrap())
}

/// What the validators print of documents that they take.
fn said(documents: &[(&str, &Path)]) -> Option<String> {
    for (_, path) in documents.iter().filter(|(form, _)| *form == "spdx3") {
        let schema = stock::file("spdx3-schema", "spdx-3.0.1.schema.json")?;
        assert_eq!(Digest::of(&std::fs::read(&schema).unwrap()).hex(), SCHEMA, "{}", schema.display());
        run("json-schema", "judge-schema.py", &[path.as_os_str(), schema.as_os_str()])?;
    }
    let pairs: Vec<&OsStr> = documents.iter().flat_map(|(form, path)| [OsStr::new(*form), path.as_os_str()]).collect();
    run("sbom", "judge-sbom.py", &pairs)
}

fn run(environment: &str, script: &str, args: &[&OsStr]) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
    let mut command = Command::new(stock::environment(environment)?.join("bin/python"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").arg("-I").arg(script).args(args);
    let ran = command.output().unwrap();
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{args:?}: {out}{}", String::from_utf8_lossy(&ran.stderr));
    Some(out)
}
