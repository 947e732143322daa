//! Wheels and source distributions, built in memory.

use std::io::{Cursor, Read, Write};

use crate::WheelBytes;
use sha2::{Digest, Sha256};

/// A file on an index.
#[derive(Clone)]
pub(super) struct Archive {
    pub(super) project: String,
    pub(super) filename: String,
    /// METADATA or PKG-INFO.
    pub(super) metadata: String,
    pub(super) body: Vec<u8>,
    pub(super) requires_python: Option<&'static str>,
    pub(super) yanked: Option<&'static str>,
    pub(super) uploaded: Option<&'static str>,
    /// Whether the index serves the metadata beside the file.
    pub(super) beside: bool,
    /// Whether the index tells the digest.
    pub(super) hashed: bool,
}

impl Archive {
    pub(super) fn sha256(&self) -> String {
        Sha256::digest(&self.body).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A pure wheel that needs these.
pub(super) fn wheel(name: &str, version: &str, needs: &[&str]) -> Archive {
    tagged(name, version, "py3-none-any", needs)
}

/// A wheel with these compatibility tags. A need may be `extra: requirement`.
pub(super) fn tagged(name: &str, version: &str, tags: &str, needs: &[&str]) -> Archive {
    let metadata = metadata("2.1", name, version, needs);
    let stem = format!("{}-{version}", name.replace('-', "_"));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (file, text) in [("METADATA", metadata.as_str()), ("WHEEL", tags), ("RECORD", "")] {
        zip.start_file(format!("{stem}.dist-info/{file}"), options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let body = zip.finish().unwrap().into_inner();
    archive(name, format!("{stem}-{tags}.whl"), metadata, body)
}

/// The METADATA of a wheel.
pub(super) fn metadata_of(_: &str, wheel: &mut dyn WheelBytes) -> Result<Vec<u8>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let mut zip = zip::ZipArchive::new(wheel).map_err(|error| told(&error))?;
    let name = zip.file_names().find(|name| name.ends_with(".dist-info/METADATA")).ok_or("no METADATA")?.to_owned();
    let mut bytes = Vec::new();
    zip.by_name(&name).map_err(|error| told(&error))?.read_to_end(&mut bytes).map_err(|error| told(&error))?;
    Ok(bytes)
}

/// A source distribution. Metadata of version 2.2 or later is static (PEP 643).
pub(super) fn sdist(metadata_version: &str, name: &str, version: &str, needs: &[&str]) -> Archive {
    let metadata = metadata(metadata_version, name, version, needs);
    let stem = format!("{}-{version}", name.replace('-', "_"));
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    let project = "[build-system]\nrequires = [\"setuptools\"]\n";
    for (file, text) in [("PKG-INFO", metadata.as_str()), ("pyproject.toml", project), ("setup.py", "raise SystemExit\n")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{stem}/{file}"), text.as_bytes()).unwrap();
    }
    let body = tar.into_inner().unwrap().finish().unwrap();
    Archive { beside: false, ..archive(name, format!("{stem}.tar.gz"), metadata, body) }
}

fn archive(name: &str, filename: String, metadata: String, body: Vec<u8>) -> Archive {
    Archive {
        project: name.to_owned(),
        filename,
        metadata,
        body,
        requires_python: None,
        yanked: None,
        uploaded: Some("2026-01-02T03:04:05Z"),
        beside: true,
        hashed: true,
    }
}

fn metadata(metadata_version: &str, name: &str, version: &str, needs: &[&str]) -> String {
    let mut text = format!("Metadata-Version: {metadata_version}\nName: {name}\nVersion: {version}\n");
    for need in needs {
        match need.split_once(": ") {
            Some((extra, need)) => {
                text.push_str(&format!("Provides-Extra: {extra}\nRequires-Dist: {need}; extra == '{extra}'\n"));
            }
            None => text.push_str(&format!("Requires-Dist: {need}\n")),
        }
    }
    text
}
