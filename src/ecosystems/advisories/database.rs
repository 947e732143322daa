//! Databases that other scanners ask: of when they are, by what their publishers write beside and into them.

use crate::artifact::{BlobRead, Digest, check_name};
use crate::error::{Error, Result};
use crate::scan::tar::{Kind, lint};
use crate::scan::{Findings, Packing, unpacked};
use crate::server::oci::is_name;
use jiff::Timestamp;
use serde::Deserialize;
use std::io::Read;
use std::path::Path;

/// The file that says which database of grype is the newest.
pub(super) const LISTING: &str = "latest.json";
/// Longest such file, in bytes.
pub(super) const LONGEST_LISTING: u64 = 1 << 20;
/// The file in a database of trivy that says of when it is.
const METADATA: &str = "metadata.json";
/// Longest such file, in bytes.
const LONGEST_METADATA: u64 = 64 << 10;
/// Most bytes that a database of trivy unpacks to.
const MOST_UNPACKED: u64 = 64 << 30;
/// The layers that trivy takes for its databases: of vulnerabilities, and of what jars are.
pub(super) const LAYERS: [&str; 2] =
    ["application/vnd.aquasec.trivy.db.layer.v1.tar+gzip", "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip"];

/// What grype's publisher says of its newest database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    /// The model of the database, as it stands in addresses: `v6`.
    pub model: String,
    /// When it was built.
    pub built: Timestamp,
    /// Its archive, a file beside the listing.
    pub file: String,
    /// The digest of the archive.
    pub checksum: Digest,
    /// Whether the publisher goes on with the model: `active`, `deprecated`, `eol`.
    pub status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireListing {
    #[serde(default)]
    status: String,
    schema_version: String,
    built: Timestamp,
    path: String,
    checksum: String,
}

#[derive(Deserialize)]
struct WireMetadata {
    #[serde(rename = "UpdatedAt")]
    updated: Timestamp,
}

impl Listing {
    /// Reads it strictly: what it names must lie beside it.
    pub fn read(label: &str, bytes: &[u8]) -> Result<Self> {
        let wrong = |why: &str| Error::verification(format!("{label}: {why}"));
        if bytes.len() as u64 > LONGEST_LISTING {
            return Err(wrong("the listing is too long").with("expected", format!("at most {LONGEST_LISTING} bytes")));
        }
        let wire: WireListing =
            serde_json::from_slice(bytes).map_err(|e| wrong("it is not the listing of a database of grype (v6 or later)").because(&e))?;
        let number = wire.schema_version.trim_start_matches('v').split('.').next().unwrap_or_default();
        if number.is_empty() || number.len() > 3 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong("its schemaVersion names no model").with("found", format!("{:.40}", wire.schema_version)));
        }
        if !is_file(&wire.path) {
            let error = wrong("its archive does not lie beside it").with("expected", "the name of a file");
            return Err(error.with("found", format!("{:.120}", wire.path)));
        }
        let checksum = wire.checksum.parse().map_err(|e: Error| wrong("its checksum is no SHA-256").because(&e))?;
        if !["", "active", "deprecated", "eol"].contains(&&*wire.status) {
            return Err(wrong("its status is not known").with("found", format!("{:.40}", wire.status)));
        }
        Ok(Self { model: format!("v{number}"), built: wire.built, file: wire.path, checksum, status: wire.status })
    }
}

/// Whether a text can be the name of an archive beside a listing.
pub(super) fn is_file(name: &str) -> bool {
    name != LISTING && !name.contains(['/', '?', '#', '%']) && check_name("file", name).is_ok()
}

/// Repository and tag of a database of trivy, by the name of its artifact behind `trivy/`: `ghcr.io/aquasecurity/trivy-db:2`.
pub(super) fn tagged(reference: &str) -> Option<(&str, &str)> {
    let (repository, tag) = reference.rsplit_once(':')?;
    let word = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let is_tag = (1..=128).contains(&tag.len()) && tag.bytes().all(word) && !tag.starts_with(['.', '-']);
    let (host, path) = repository.split_once('/')?;
    let is_host = !host.is_empty() && host.bytes().all(|b| word(b) || b == b':');
    (is_tag && is_host && is_name(path)).then_some((repository, tag))
}

/// When a database of trivy was made: what the metadata beside it in its archive say.
pub(super) fn updated(label: &str, archive: &mut dyn BlobRead) -> Result<Timestamp> {
    let wrong = |why: &str| Error::verification(format!("{label}: {why}")).hint("take the database anew");
    let (mut metadata, mut database, mut found) = (None, false, Findings::default());
    let size = archive.size();
    unpacked(Packing::Gzip, size, archive, "", &mut found, |stream, found| {
        lint(&mut stream.take(MOST_UNPACKED), found, &mut |entry, content| {
            let name = String::from_utf8_lossy(&entry.name).trim_start_matches("./").to_owned();
            database |= entry.kind == Kind::File && entry.size > 0 && Path::new(&name).extension().is_some_and(|ending| ending == "db");
            if entry.kind == Kind::File && name == METADATA {
                let mut bytes = Vec::new();
                content.take(LONGEST_METADATA + 1).read_to_end(&mut bytes).map_err(|e| wrong("its metadata cannot be read").because(&e))?;
                metadata = Some(bytes);
            }
            Ok(())
        })
    })?;
    let bytes = metadata.filter(|_| database).ok_or_else(|| {
        let error = wrong("it is not a database of trivy").with("expected", format!("a packed tar of {METADATA} and a file *.db"));
        found.list().first().map_or(error.clone(), |finding| error.with("found", format!("{} {}", finding.place, finding.what)))
    })?;
    if bytes.len() as u64 > LONGEST_METADATA {
        return Err(wrong("its metadata are too long").with("expected", format!("at most {LONGEST_METADATA} bytes")));
    }
    let wire: WireMetadata = serde_json::from_slice(&bytes).map_err(|e| wrong("its metadata cannot be read").because(&e))?;
    Ok(wire.updated)
}
