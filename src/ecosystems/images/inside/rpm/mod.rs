//! Databases of rpm: headers of installed packages, in SQLite (`rpmdb.sqlite`) or rpm's own container (`Packages.db`). Berkeley DB
//! (`Packages`), which rpm wrote before 4.16, is not read, and said to be so.

mod header;
pub(super) mod ndb;
pub(super) mod sqlite;

use super::filesystem::{Filesystem, LONGEST_PATH, MOST_LICENCES};
use super::release::Release;
use super::wanted::{LICENCES, RPM};
use super::{Found, MOST_ACCOUNTED, MOST_NEEDS, MOST_NEEDS_OF_ALL};
use crate::artifact::Completeness;
use crate::report::{Component, Examined, Licensing, Requirement};
use header::Header;
use std::collections::{HashMap, HashSet};

/// Most packages of one database.
const MOST: usize = 50_000;

/// Reads what there is.
pub(super) fn read(files: &Filesystem, release: &Release, found: &mut Found) {
    for folder in RPM {
        let place = |file: &str| format!("{folder}{file}");
        let (sqlite, own, berkeley) = (place("rpmdb.sqlite"), place("Packages.db"), place("Packages"));
        if let Some(bytes) = files.content(&sqlite) {
            // An empty log of changes is one that was taken in.
            if files.content(&format!("{sqlite}-wal")).is_some_and(|start| !start.is_empty()) {
                found.not_assessable("rpm", &format!("{sqlite}-wal"), "changes that were not yet taken into the database are not read");
            }
            take(sqlite::blobs(bytes, "Packages", MOST), &sqlite, (files, release), found);
        }
        if let Some(bytes) = files.content(&own) {
            take(ndb::blobs(bytes, MOST), &own, (files, release), found);
        }
        if files.has(&berkeley) {
            found.not_assessable("rpm", &berkeley, "a Berkeley DB, which is not read");
        }
    }
}

fn take(blobs: std::result::Result<Vec<Vec<u8>>, &'static str>, place: &str, (files, release): (&Filesystem, &Release), found: &mut Found) {
    let blobs = match blobs {
        Ok(blobs) => blobs,
        Err(why) => return found.not_assessable("rpm", place, why),
    };
    let all = blobs.len();
    let parsed: Vec<Header> = blobs.into_iter().filter_map(|blob| Header::parse(&blob)).collect();
    let broken = all - parsed.len();
    // Keys that packages were checked with lie in the database like packages.
    let headers: Vec<Header> = parsed.into_iter().filter(|header| header.text(header::NAME).as_deref() != Some("gpg-pubkey")).collect();
    let (owners, before) = (owners(&headers, release), found.components.len());
    for header in &headers {
        if let Some(mut component) = component(header, place, release, &owners) {
            component.licences.extend(licence_files(header, files));
            found.push(component);
            header.files(&mut |folder, file| found.account(folder, file));
        }
    }
    let count = found.components.len() - before;
    match broken + headers.len() - count {
        0 => found.read("rpm", place, count),
        left => found.partly("rpm", place, count, &format!("{left} headers that cannot be read, or are too many")),
    }
}

/// The licence files that a package brings.
fn licence_files(header: &Header, files: &Filesystem) -> Vec<Licensing> {
    let mut places = Vec::new();
    header.files(&mut |folder, file| {
        let folder = folder.trim_start_matches('/');
        if places.len() < MOST_LICENCES && folder.len() + file.len() < LONGEST_PATH && format!("{folder}/").starts_with(LICENCES) {
            places.push(format!("{folder}/{file}"));
        }
    });
    places.iter().flat_map(|place| files.licence(place)).collect()
}

/// Which package owns each file that a requirement names.
fn owners(headers: &[Header], release: &Release) -> HashMap<String, String> {
    let wanted = headers.iter().flat_map(|header| header.texts(header::REQUIRE_NAME)).filter(|name| name.starts_with('/'));
    let wanted: HashSet<String> = wanted.take(MOST_NEEDS_OF_ALL).collect();
    let (mut owners, mut read) = (HashMap::new(), 0u64);
    for header in headers {
        let Some(name) = header.text(header::NAME) else { continue };
        header.files(&mut |folder, file| {
            read += (folder.len() + file.len()) as u64;
            if !wanted.is_empty() && read <= MOST_ACCOUNTED && folder.len() + file.len() < LONGEST_PATH {
                let path = format!("{folder}/{file}");
                if wanted.contains(&path) {
                    owners.insert(path, release.base("rpm", "rpm", &name));
                }
            }
        });
    }
    owners
}

/// `NAME-VERSION-RELEASE.src.rpm`, or `.nosrc.rpm`: the name, and the version with the release.
fn source(file: &str) -> Option<(&str, &str)> {
    let whole = file.strip_suffix(".rpm")?;
    let whole = whole.strip_suffix(".src").or_else(|| whole.strip_suffix(".nosrc"))?;
    let release = whole.rfind('-')?;
    let version = whole[..release].rfind('-')?;
    (version > 0).then(|| (&whole[..version], &whole[version + 1..]))
}

fn component(header: &Header, place: &str, release: &Release, owners: &HashMap<String, String>) -> Option<Component> {
    let (name, version, build) = (header.text(header::NAME)?, header.text(header::VERSION)?, header.text(header::RELEASE)?);
    let epoch = header.number(header::EPOCH).map(|epoch| epoch.to_string()).unwrap_or_default();
    let version = format!("{version}-{build}");
    let architecture = header.text(header::ARCH).unwrap_or_default();
    let wanted = header.texts(header::REQUIRE_NAME).into_iter().filter(|name| !name.starts_with("rpmlib("));
    let mut component = Component {
        purl: release.purl("rpm", "rpm", &name, &version, &[("arch", &architecture), ("epoch", &epoch)]),
        name,
        version,
        supplier: header.text(header::VENDOR).or_else(|| header.text(header::PACKAGER)),
        contacts: header.text(header::URL).into_iter().collect(),
        summary: header.text(header::SUMMARY),
        licences: header.text(header::LICENSE).map(|l| Licensing::new(l, place)).into_iter().collect(),
        requirements: wanted.take(MOST_NEEDS + 1).map(|name| requirement(name, release, owners)).collect(),
        declared: Completeness::Complete,
        provides: header.texts(header::PROVIDE_NAME).iter().take(MOST_NEEDS + 1).map(|name| release.base("rpm", "rpm", name)).collect(),
        examined: Examined::Read,
        found_by: Some(place.to_owned()),
        ..Component::default()
    };
    component.requirements.sort();
    component.requirements.dedup();
    if let Some(file) = header.text(header::SOURCE_RPM) {
        // Advisories are about source packages.
        let (package, version) = source(&file).map_or((file.as_str(), None), |(package, version)| (package, Some(version)));
        component.properties.insert("source package".to_owned(), package.to_owned());
        component.properties.extend(version.map(|version| ("source version".to_owned(), version.to_owned())));
    }
    Some(component)
}

/// A capability, or a file. Rich dependencies are conditions of their own, which are not decided here.
fn requirement(name: String, release: &Release, owners: &HashMap<String, String>) -> Requirement {
    let purl = owners.get(&name).cloned().unwrap_or_else(|| release.base("rpm", "rpm", &name));
    Requirement { conditional: name.starts_with('('), declared: name, purls: vec![purl] }
}
