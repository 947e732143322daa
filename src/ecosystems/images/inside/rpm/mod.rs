//! Databases of rpm: headers of installed packages, in SQLite (`rpmdb.sqlite`) or rpm's own container (`Packages.db`). Berkeley DB
//! (`Packages`), which rpm wrote before 4.16, is not read, and said to be so.

mod header;
mod ndb;
mod sqlite;

use super::Found;
use super::filesystem::Filesystem;
use super::release::Release;
use super::wanted::RPM;
use crate::artifact::Completeness;
use crate::report::{Basis, Component, Examined, Licensing, Requirement};
use header::Header;
use std::collections::HashMap;

/// Most packages of one database.
const MOST: usize = 50_000;

/// Reads what there is.
pub(super) fn read(files: &Filesystem, release: &Release) -> Found {
    let mut found = Found::default();
    for folder in RPM {
        let place = |file: &str| format!("{folder}{file}");
        let (sqlite, own, berkeley) = (place("rpmdb.sqlite"), place("Packages.db"), place("Packages"));
        if let Some(bytes) = files.content(&sqlite) {
            if files.has(&format!("{sqlite}-wal")) {
                found.not_assessable("rpm", &format!("{sqlite}-wal"), "changes that were not yet taken into the database are not read");
            }
            take(sqlite::blobs(bytes, "Packages", MOST), &sqlite, release, &mut found);
        }
        if let Some(bytes) = files.content(&own) {
            take(ndb::blobs(bytes, MOST), &own, release, &mut found);
        }
        if files.has(&berkeley) {
            found.not_assessable("rpm", &berkeley, "a Berkeley DB, which is not read");
        }
    }
    found
}

fn take(blobs: std::result::Result<Vec<Vec<u8>>, &'static str>, place: &str, release: &Release, found: &mut Found) {
    let blobs = match blobs {
        Ok(blobs) => blobs,
        Err(why) => return found.not_assessable("rpm", place, why),
    };
    let headers: Vec<Header> = blobs.iter().filter_map(|blob| Header::parse(blob)).collect();
    let owners = owners(&headers, release);
    let before = found.components.len();
    found.components.extend(headers.iter().filter_map(|header| component(header, place, release, &owners)));
    found.files.extend(headers.iter().flat_map(Header::files));
    match found.components.len() - before {
        count if count == blobs.len() => found.read("rpm", place, count),
        count => found.partly("rpm", place, count, &format!("{} headers that cannot be read", blobs.len() - count)),
    }
}

/// Which package owns each file: a requirement may name one.
fn owners(headers: &[Header], release: &Release) -> HashMap<String, String> {
    let named = |header: &Header| Some((header.text(header::NAME)?, header.files()));
    let all = headers.iter().filter_map(named);
    all.flat_map(|(name, files)| files.into_iter().map(move |file| (file, release.base("rpm", "rpm", &name)))).collect()
}

fn component(header: &Header, place: &str, release: &Release, owners: &HashMap<String, String>) -> Option<Component> {
    let (name, version, build) = (header.text(header::NAME)?, header.text(header::VERSION)?, header.text(header::RELEASE)?);
    // Keys that packages were checked with lie in the database like packages.
    if name == "gpg-pubkey" {
        return None;
    }
    let epoch = header.number(header::EPOCH).map(|epoch| epoch.to_string()).unwrap_or_default();
    let version = format!("{version}-{build}");
    let architecture = header.text(header::ARCH).unwrap_or_default();
    let wanted = header.texts(header::REQUIRE_NAME).into_iter().filter(|name| !name.starts_with("rpmlib("));
    let mut component = Component {
        purl: release.purl("rpm", "rpm", &name, &version, &[("arch", &architecture), ("epoch", &epoch)]),
        name,
        version,
        supplier: header.text(header::VENDOR).or_else(|| header.text(header::PACKAGER)),
        summary: header.text(header::SUMMARY),
        licences: header.text(header::LICENSE).map(|l| Licensing::new(l, place, Basis::Declared)).into_iter().collect(),
        requirements: wanted.map(|name| requirement(name, release, owners)).collect(),
        declared: Completeness::Complete,
        provides: header.texts(header::PROVIDE_NAME).iter().map(|name| release.base("rpm", "rpm", name)).collect(),
        examined: Examined::Read,
        found_by: Some(place.to_owned()),
        ..Component::default()
    };
    component.requirements.sort();
    component.requirements.dedup();
    if let Some(source) = header.text(header::SOURCE_RPM) {
        component.properties.insert("source package".to_owned(), source);
    }
    Some(component)
}

/// A capability, or a file. Rich dependencies are conditions of their own, which are not decided here.
fn requirement(name: String, release: &Release, owners: &HashMap<String, String>) -> Requirement {
    let purl = owners.get(&name).cloned().unwrap_or_else(|| release.base("rpm", "rpm", &name));
    Requirement { conditional: name.starts_with('('), declared: name, purls: vec![purl] }
}
