//! What is in the store: 9,000 wheels, 50 images of 300 packages, 948 files, and advisories.

use airlift::artifact::{Artifact, Descriptor, Digest, Learned};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

/// When all of it was written down.
pub const TIME: &str = "2026-01-01T00:00:00Z";

const WHEELS: usize = 9_000;
const IMAGES: usize = 50;
const PACKAGES: usize = 300;
const FILES: usize = 948;
/// Records, half of them about Python packages; of how many wheels, and of how many packages in each image.
const RECORDS: usize = 20_000;
const AFFECTED: usize = 500;
const AFFECTED_INSIDE: usize = 50;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Puts bytes away and says what names them.
type Put<'a> = dyn Fn(&[u8]) -> (Digest, u64) + 'a;

pub fn all(put: &Put<'_>) -> Vec<Artifact> {
    let wheels = (0..WHEELS).map(|n| wheel(n, put));
    let images = (0..IMAGES).map(|n| image(n, put));
    let files = (0..FILES).map(|n| file(n, put));
    let advisories = ["PyPI", "Debian"].into_iter().map(|ecosystem| advisories(ecosystem, put));
    wheels.chain(images).chain(files).chain(advisories).collect()
}

fn blob((digest, size): (Digest, u64), media_type: &str, name: Option<String>) -> Descriptor {
    let origins = vec![format!("https://example.org/{digest}")];
    Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size,
        name,
        origins,
        learned: Learned::Pinned,
        side_digests: BTreeMap::default(),
    }
}

fn artifact(ecosystem: &str, (name, version): (String, String), descriptors: Vec<Descriptor>, meta: Value) -> Artifact {
    let (ecosystem, sections) = (ecosystem.to_owned(), vec!["all".to_owned()]);
    Artifact { ecosystem, sections, name, version, descriptors, subject: None, meta }
}

fn zipped<'a>(members: impl Iterator<Item = (String, &'a [u8])>) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(name, SimpleFileOptions::default()).expect("a member");
        archive.write_all(bytes).expect("a member");
    }
    archive.finish().expect("an archive").into_inner()
}

fn wheel(n: usize, put: &Put<'_>) -> Artifact {
    let (name, version) = (format!("part-{n}"), format!("{}.{}.{}", n % 7, n % 31, n % 13));
    let licence = ["MIT", "BSD-3-Clause", "Apache-2.0", "GPL-3.0-only", "custom"][n % 5];
    let needs: String = (1..8).map(|k| format!("Requires-Dist: part-{} (>=0.1)\n", (n + k) % WHEELS)).collect();
    let metadata = format!(
        "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense-Expression: {licence}\nAuthor: Team {}\n{needs}\n{}",
        n % 97,
        "What it is good for. ".repeat(100)
    );
    let stem = format!("part_{n}-{version}");
    let wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let code = format!("VALUE = {n}\n").repeat(200);
    let members = [("METADATA", &*metadata), ("WHEEL", wheel), ("LICENSE", licence), ("RECORD", "")];
    let members = members.into_iter().map(|(file, text)| (format!("{stem}.dist-info/{file}"), text.as_bytes()));
    let bytes = zipped(std::iter::once((format!("part_{n}/__init__.py"), code.as_bytes())).chain(members));
    let blob = blob(put(&bytes), "application/zip", Some(format!("{stem}-py3-none-any.whl")));
    artifact("python", (name, version), vec![blob], json!({ "kind": "wheel", "indexes": ["pypi"] }))
}

fn image(n: usize, put: &Put<'_>) -> Artifact {
    let package = |k: usize| {
        format!(
            "Package: lib{k}\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: Team {}\nVersion: {}.{n}-1\nDepends: lib{}, lib{} (>= 1)\nDescription: part of it\n\n",
            k % 40,
            k % 9,
            (k + 1) % PACKAGES,
            (k + 2) % PACKAGES
        )
    };
    let status: String = (0..PACKAGES).map(package).collect();
    let release = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n".to_owned();
    let mut layer = tar::Builder::new(Vec::new());
    for (path, text) in [("etc/os-release", release), ("var/lib/dpkg/status", status)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        layer.append_data(&mut header, path, text.as_bytes()).expect("a member");
    }
    let layer = layer.into_inner().expect("a layer");
    let diff = Digest::of(&layer).to_string();
    let layer = blob(put(&layer), LAYER, None);
    let config =
        json!({ "architecture": "amd64", "os": "linux", "config": {}, "rootfs": { "type": "layers", "diff_ids": [diff] } }).to_string();
    let config = blob(put(config.as_bytes()), CONFIG, None);
    let named = |blob: &Descriptor| json!({ "mediaType": blob.media_type, "digest": blob.digest.to_string(), "size": blob.size });
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": named(&config), "layers": [named(&layer)] }).to_string();
    let manifest = blob(put(manifest.as_bytes()), MANIFEST, None);
    let name = format!("registry.example.org/team/app-{n}");
    let root = manifest.digest.to_string();
    let meta =
        json!({ "repository": name, "role": "image", "tag": "1", "root": root, "media-type": MANIFEST, "platforms": ["linux/amd64"] });
    artifact("images", (name, "1".to_owned()), vec![manifest, config, layer], meta)
}

fn file(n: usize, put: &Put<'_>) -> Artifact {
    let blob = blob(put(format!("the content of part {n}\n").as_bytes()), "application/octet-stream", None);
    artifact("files", (format!("team/service-{}/part-{n}", n % 97), format!("{}.{}", n % 7, n % 31)), vec![blob], Value::Null)
}

fn advisories(ecosystem: &str, put: &Put<'_>) -> Artifact {
    let record = |n: usize| {
        let name = match ecosystem {
            "PyPI" if n < AFFECTED => format!("part-{n}"),
            "PyPI" => format!("other-{n}"),
            _ => format!("lib{}", PACKAGES - AFFECTED_INSIDE + n),
        };
        let id = format!("{}-2025-{n}", ecosystem.to_uppercase());
        let text = json!({
            "schema_version": "1.6.0", "id": id, "modified": "2025-12-01T00:00:00Z", "summary": "Something is wrong with it",
            "severity": [{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
            "affected": [{
                "package": { "ecosystem": if ecosystem == "PyPI" { "PyPI" } else { "Debian:12" }, "name": name },
                "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "9.9.9" }] }],
            }],
        });
        (format!("{id}.json"), text.to_string())
    };
    let records: Vec<(String, String)> = (0..RECORDS / 2).map(record).collect();
    let bytes = zipped(records.iter().map(|(name, text)| (name.clone(), text.as_bytes())));
    let (digest, size) = put(&bytes);
    let meta = json!({ "kind": "osv", "ecosystem": ecosystem, "time": TIME });
    artifact("advisories", (format!("osv/{ecosystem}"), TIME.to_owned()), vec![blob((digest, size), "application/zip", None)], meta)
}
