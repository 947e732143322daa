//! Databases and layers that were made to cost much, or to say more than is there.

use super::filesystem::{Filesystem, LONGEST_PATH, Layer, Node};
use super::release::Release;
use super::rpm::{ndb, sqlite};
use super::{Found, MOST_ACCOUNTED, MOST_NEEDS, MOST_NEEDS_OF_ALL, apk, assess, layer};
use crate::artifact::{Completeness, InMemory};
use crate::report::{Component, Reading, Requirement};
use crate::scan::{Findings, Severity, rules};

/// An image of these files, each with its content where it is kept.
fn files(all: &[(&str, &[u8])]) -> Filesystem {
    let mut layer = Layer::default();
    for (path, bytes) in all {
        layer.nodes.insert((*path).to_owned(), Node::File(false));
        layer.kept.insert((*path).to_owned(), bytes.to_vec());
    }
    let mut files = Filesystem::default();
    files.apply(layer);
    files
}

fn accounted(all: &[(&str, &[u8])]) -> u64 {
    assess(files(all)).accounted
}

/// One folder and many names would spell a terabyte.
#[test]
fn paths_that_packages_list_are_bounded() {
    let database = format!("P:a\nV:1\nF:{}\n{}\n", "f".repeat(4000), "R:name\n".repeat(100_000));
    let (files, mut found) = (files(&[("lib/apk/db/installed", database.as_bytes())]), Found::default());
    apk::read(&files, &Release::default(), &mut found);
    let spelt: u64 = found.files.iter().map(|path| path.len() as u64).sum();
    assert!((MOST_ACCOUNTED / 2..=MOST_ACCOUNTED).contains(&spelt), "{spelt}");
    assert!(found.passed_over.contains("packages list too many paths"));

    let mut found = Found::default();
    found.account(&"f".repeat(LONGEST_PATH), "name");
    found.account("usr", "name");
    assert_eq!((found.files, found.passed_over.len()), (vec!["usr/name".to_owned()], 1));
}

#[test]
fn requirements_are_bounded() {
    let needy = |count: usize| Component {
        requirements: vec![Requirement::default(); count],
        declared: Completeness::Complete,
        ..Component::default()
    };
    let mut found = Found::default();
    found.push(needy(MOST_NEEDS + 1));
    assert_eq!((found.components[0].requirements.len(), found.components[0].declared), (0, Completeness::Unknown));
    (0..=MOST_NEEDS_OF_ALL / MOST_NEEDS).for_each(|_| found.push(needy(MOST_NEEDS)));
    assert!(found.needs <= MOST_NEEDS_OF_ALL && found.components.last().unwrap().requirements.is_empty());
    assert_eq!(found.passed_over.len(), 1);
    let provides = format!("P:a\nV:1\np:{}\n", "x ".repeat(MOST_NEEDS * 2));
    let inside = assess(files(&[("lib/apk/db/installed", provides.as_bytes())]));
    assert!(inside.components[0].provides.is_empty() && !inside.not_assessed.is_empty());
}

#[test]
fn slots_that_share_a_blob_are_refused() {
    let mut database = [&b"RpmP"[..], &[0; 8], &1u32.to_le_bytes()].concat();
    database.resize(4096, 0);
    database.extend([&b"BlbS"[..], &1u32.to_le_bytes(), &[0; 4], &1000u32.to_le_bytes(), &[7; 1000]].concat());
    database.resize(4096 + 1024, 0);
    let slot = [&b"Slot"[..], &1u32.to_le_bytes(), &256u32.to_le_bytes(), &64u32.to_le_bytes()].concat();
    for (slots, fits) in [(1, true), (2, true), (100, false)] {
        (0..slots).for_each(|n| database[32 + 16 * n..48 + 16 * n].copy_from_slice(&slot));
        assert_eq!(ndb::blobs(&database, 1000).is_ok(), fits, "{slots}");
    }
}

/// A leaf of 100 cells that all lie at one place.
#[test]
fn cells_that_share_their_bytes_are_refused() {
    let mut database = b"SQLite format 3\0".to_vec();
    database.resize(1024, 0);
    database[16..18].copy_from_slice(&512u16.to_be_bytes());
    // The schema: one row of five columns, `table`, `Packages`, `Packages`, 2 and nothing.
    let row = [&[6, 23, 29, 29, 1, 13][..], b"tablePackagesPackages\x02"].concat();
    let cell = [&[row.len() as u8, 1][..], &row].concat();
    database[100] = 13;
    database[103..105].copy_from_slice(&1u16.to_be_bytes());
    database[108..110].copy_from_slice(&300u16.to_be_bytes());
    database[300..300 + cell.len()].copy_from_slice(&cell);
    // A row of one blob of 50 bytes.
    let row = [&[2, 112][..], &[7; 50]].concat();
    let cell = [&[row.len() as u8, 1][..], &row].concat();
    database[512] = 13;
    database[512 + 400..512 + 400 + cell.len()].copy_from_slice(&cell);
    for (cells, fits) in [(1u16, true), (19, true), (100, false)] {
        database[515..517].copy_from_slice(&cells.to_be_bytes());
        (0..usize::from(cells)).for_each(|n| database[520 + 2 * n..522 + 2 * n].copy_from_slice(&400u16.to_be_bytes()));
        let blobs = sqlite::blobs(&database, "Packages", 1000);
        assert_eq!(blobs.map(|blobs| blobs.len()), if fits { Ok(usize::from(cells)) } else { blobs_do_not_fit() }, "{cells}");
    }
}

fn blobs_do_not_fit() -> Result<usize, &'static str> {
    Err("its pages do not hang together as those of a database do")
}

#[test]
fn links_and_paths_beyond_what_systems_follow_are_told() {
    let mut layer = Layer::default();
    layer.nodes.insert("far".to_owned(), Node::Link("x/".repeat(LONGEST_PATH)));
    layer.nodes.insert("usr/a".to_owned(), Node::File(false));
    layer.nodes.insert("bin".to_owned(), Node::Link("usr".to_owned()));
    let mut files = Filesystem::default();
    files.apply(layer);
    files.account("bin/a");
    assert_eq!((files.counts(), files.not_assessed.len()), ((1, 1), 0));
    files.account("far/a");
    files.account("far/b");
    assert_eq!(files.not_assessed.len(), 1);
    files.account(&"d/".repeat(LONGEST_PATH));
    assert_eq!(files.not_assessed.len(), 2);
}

/// Every folder on the way is looked up: altogether only so often.
#[test]
fn following_links_has_an_end() {
    let (mut files, deep) = (Filesystem::default(), "d/".repeat(2000));
    (0..1500).for_each(|n| files.account(&format!("{deep}{n}")));
    assert_eq!(files.not_assessed.len(), 1, "{:?}", files.not_assessed);
}

#[test]
fn lists_of_nothing_account_for_nothing() {
    let metadata = b"Metadata-Version: 2.1\nName: a\nVersion: 1\n";
    for (list, names, beside, owner) in [
        ("opt/a-1.dist-info/RECORD", "b,,\n", "opt/a-1.dist-info/METADATA", &metadata[..]),
        ("var/lib/dpkg/info/a.list", "/opt/b\n", "var/lib/dpkg/status", b"Package: a\nVersion: 1\nStatus: install ok installed\n"),
        (
            "var/lib/dpkg/info/a:amd64.list",
            "/opt/b\n",
            "var/lib/dpkg/status",
            b"Package: a\nArchitecture: amd64\nVersion: 1\nStatus: install ok installed\n",
        ),
        ("var/lib/dpkg/status.d/a.md5sums", "0  opt/b\n", "var/lib/dpkg/status.d/a", b"Package: a\nVersion: 1\n"),
    ] {
        let alone = [("opt/b", &b""[..]), (list, names.as_bytes())];
        assert_eq!(accounted(&alone), 0, "{list}");
        assert_eq!(accounted(&[&alone[..], &[(beside, b"nothing")]].concat()), 0, "{list}");
        assert_eq!(accounted(&[&alone[..], &[(beside, owner)]].concat()), 1, "{list}");
    }
    let nothing = assess(files(&[("opt/a-1.dist-info/RECORD", b"a-1.dist-info/RECORD,,\n")]));
    assert_eq!(nothing.completeness(), Completeness::Unknown);
}

/// A header of rpm with a name, a version, a release and where it was built from.
fn header(name: &str) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, text) in [(1000u32, name), (1001, "1.0"), (1002, "2"), (1044, "the-source-1.1-3.src.rpm")] {
        [tag, 6, store.len() as u32, 1].iter().for_each(|number| index.extend(number.to_be_bytes()));
        store.extend([text.as_bytes(), b"\0"].concat());
    }
    [&4u32.to_be_bytes()[..], &(store.len() as u32).to_be_bytes(), &index, &store].concat()
}

fn container(headers: &[Vec<u8>]) -> Vec<u8> {
    let mut database = [&b"RpmP"[..], &[0; 8], &1u32.to_le_bytes()].concat();
    database.resize(4096, 0);
    for (n, header) in headers.iter().enumerate() {
        let (start, number) = (database.len(), n as u32 + 1);
        database.extend([&b"BlbS"[..], &number.to_le_bytes(), &[0; 4], &(header.len() as u32).to_le_bytes(), header].concat());
        database.resize(database.len().next_multiple_of(16), 0);
        let place = [start as u32 / 16, (database.len() - start) as u32 / 16];
        let slot = [&b"Slot"[..], &number.to_le_bytes(), &place[0].to_le_bytes(), &place[1].to_le_bytes()].concat();
        database[32 + 16 * n..48 + 16 * n].copy_from_slice(&slot);
    }
    database
}

#[test]
fn keys_in_a_database_of_rpm_are_no_packages_and_no_damage() {
    let database = |headers: &[Vec<u8>]| assess(files(&[("var/lib/rpm/Packages.db", &container(headers))]));
    let inside = database(&[header("app"), header("gpg-pubkey")]);
    assert_eq!((inside.components.len(), &inside.databases[0].reading), (1, &Reading::Read));
    let properties = &inside.components[0].properties;
    assert_eq!((properties["source package"].as_str(), properties["source version"].as_str()), ("the-source", "1.1-3"));
    assert!(matches!(database(&[header("app"), vec![1, 2]]).databases[0].reading, Reading::Partly(_)));
}

/// The files of a layer in its order, read as one.
fn read(entries: &[(&str, tar::EntryType, &[u8])]) -> (Filesystem, Vec<String>) {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, kind, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if *kind == tar::EntryType::Regular {
            header.set_size(bytes.len() as u64);
            archive.append_data(&mut header, path, *bytes).unwrap();
        } else {
            header.set_size(0);
            archive.append_link(&mut header, path, std::str::from_utf8(bytes).unwrap()).unwrap();
        }
    }
    let mut files = Filesystem::default();
    let (layer, told) = layer::read(&mut InMemory::new(archive.into_inner().unwrap()), &files).unwrap();
    files.apply(layer);
    (files, told)
}

#[test]
fn of_two_entries_of_one_path_the_later_counts() {
    use tar::EntryType::{Link, Regular, Symlink};
    let egg = b"Name: a\nVersion: 1\n";
    let found = |entries: &[(&str, tar::EntryType, &[u8])]| assess(read(entries).0).components.len();
    assert_eq!(found(&[("a.egg-info", Regular, egg)]), 1);
    assert_eq!(found(&[("a.egg-info", Regular, egg), ("a.egg-info", Symlink, b"elsewhere")]), 0);
    assert_eq!(found(&[("b.egg-info", Regular, egg), ("a.egg-info", Link, b"b.egg-info")]), 2);
    assert_eq!(found(&[("b.egg-info", Regular, egg), ("a.egg-info", Link, b"b.egg-info"), ("a.egg-info", Symlink, b"x")]), 1);
}

#[test]
fn an_empty_log_of_changes_is_none() {
    let wal = |bytes: &[u8]| {
        let database = ("var/lib/rpm/rpmdb.sqlite", tar::EntryType::Regular, &b"none"[..]);
        let inside = assess(read(&[database, ("var/lib/rpm/rpmdb.sqlite-wal", tar::EntryType::Regular, bytes)]).0);
        inside.databases.iter().any(|database| database.place.ends_with("-wal"))
    };
    assert!(!wal(b"") && wal(b"changes"));
}

/// So many findings of no weight that the one that counts is not among those that are kept.
#[test]
fn what_is_crowded_out_of_the_findings_is_told() {
    let mut found = Findings::default();
    let mut light = rules::ALL.iter().filter(|rule| rule.in_trees != Severity::Error && **rule != rules::NOT_EXAMINED);
    light.by_ref().take(9).for_each(|rule| (0..10).for_each(|n| found.add(*rule, n, "")));
    assert!(layer::grave(&found).is_empty());
    light.take(2).for_each(|rule| (0..10).for_each(|n| found.add(*rule, n, "")));
    assert_eq!(layer::grave(&found).len(), 1, "{} findings", found.list().len());
    let mut found = Findings::default();
    found.add(rules::UNREADABLE, "a", "b");
    assert_eq!(layer::grave(&found), ["a b"]);
}
