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
mod wheels;

use crate::stock;
use airlift::artifact::{Artifact, BlobRead, Blobs, Digest, InMemory};
use airlift::error::Result;
use airlift::report::{Component, Format, Inventory, Subject, SubjectKind};
use airlift::steps::sbom::Stocktaking;
use serde_json::Value;
use std::collections::BTreeMap;
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

/// Has foreign validators judge both forms; false where they are not installed, which is said.
pub fn judged(inventory: &Inventory) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (cyclonedx, spdx) = (folder.path().join("bom.cdx.json"), folder.path().join("bom.spdx.json"));
    std::fs::write(&cyclonedx, bytes(inventory, Format::CycloneDx)).unwrap();
    std::fs::write(&spdx, bytes(inventory, Format::Spdx)).unwrap();
    judge(&cyclonedx, "cyclonedx") && judge(&spdx, "spdx")
}

/// The same for one document.
pub fn judge(path: &Path, form: &str) -> bool {
    let Some(environment) = stock::environment("sbom") else { return false };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judge-sbom.py");
    let mut command = Command::new(environment.join("bin/python"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").arg("-I").arg(script).arg(form).arg(path);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{form}: {}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    true
}
