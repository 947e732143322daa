//! Images and archives that were made to be misread, or to cost much.

use super::inside::{blobs, image};
use super::{held, inventory, judged};
use crate::scan::made::{file, gzip, of_kind, tar};
use airlift::report::{Inventory, Reading};

fn looked(entries: &[crate::scan::made::Entry]) -> Inventory {
    let blobs = blobs(&[gzip(&tar(entries))]);
    inventory(&[image(&blobs)], &held(blobs.into_iter().map(|(_, bytes)| bytes)))
}

#[test]
fn links_that_lead_in_circles_end() {
    let found = looked(&[
        file("var/lib/dpkg/status", b"Package: a\nStatus: install ok installed\nVersion: 1\n"),
        file("var/lib/dpkg/info/a.list", b"/loop/x\n/out/../../../etc/passwd\n/up/y\n"),
        of_kind("loop", b'2', "loop"),
        of_kind("out", b'2', "../../.."),
        of_kind("up", b'2', "/usr"),
        file("usr/y", b"x"),
    ]);
    assert_eq!(found.components[0].inside.as_ref().unwrap().accounted, 1, "the one that leads somewhere");
}

/// A database of which one page names itself, one that is of another kind, and headers with lengths beyond their end.
#[test]
fn databases_without_sense_are_told() {
    let mut circle = b"SQLite format 3\0".to_vec();
    circle.resize(1024, 0);
    circle[16..18].copy_from_slice(&512u16.to_be_bytes());
    circle[100] = 5;
    circle[108..112].copy_from_slice(&1u32.to_be_bytes());
    let mut slots = b"RpmP".to_vec();
    slots.resize(4096, 0);
    slots[12..16].copy_from_slice(&1u32.to_le_bytes());
    slots[32..48].copy_from_slice(&[&b"Slot"[..], &1u32.to_le_bytes(), &u32::MAX.to_le_bytes(), &u32::MAX.to_le_bytes()].concat());
    let mut many = b"RpmP".to_vec();
    many.resize(64, 0xff);
    many[4..8].copy_from_slice(&0u32.to_le_bytes());
    let databases =
        [("rpmdb.sqlite", circle), ("rpmdb.sqlite", vec![0; 200]), ("Packages.db", slots), ("Packages.db", many), ("Packages.db", vec![])];
    for (name, database) in databases {
        let found = looked(&[file(&format!("var/lib/rpm/{name}"), &database)]);
        let inside = found.components[0].inside.as_ref().unwrap();
        assert!(matches!(inside.databases[0].reading, Reading::NotAssessable(_)), "{name}: {:?}", inside.databases);
    }
}

/// Text from inside an image is text in a document: nothing of it becomes structure, and validators take it.
#[test]
fn strange_texts_stay_texts() {
    let strange = "a\" }, {\"x\": \"\u{202e}<script>";
    let status = format!(
        "Package: {strange}\nStatus: install ok installed\nVersion: 1 | 2 @#?&\nMaintainer: ({strange})\nDescription: \u{1b}[31m{strange}\n"
    );
    let found = looked(&[file("var/lib/dpkg/status", status.as_bytes()), file("etc/os-release", b"ID=../x\nVERSION_ID=$(id)\n")]);
    let inside = found.components[0].inside.as_ref().unwrap();
    assert_eq!(inside.components.len(), 1);
    assert!(inside.components[0].purl.starts_with("pkg:deb/debian/a%22"), "{}", inside.components[0].purl);
    assert!(!inside.components[0].purl.contains("distro"), "what is no word names no distribution");
    judged(&found);
}

/// Layers that delete everything again and again leave what the last of them brings.
#[test]
fn many_whiteouts_leave_what_is_brought() {
    let brought: Vec<_> = (0..5000).map(|n| file(&format!("folder/{n}"), b"")).collect();
    let hidden: Vec<_> = (0..5000).flat_map(|_| [file("folder/.wh..wh..opq", b""), file(".wh.folder", b"")]).collect();
    let layer = |entries: &[crate::scan::made::Entry]| gzip(&tar(entries));
    let both = layer(&[brought.clone(), hidden].concat());
    let layers: Vec<Vec<u8>> = std::iter::repeat_n(both, 20).collect();
    let blobs = blobs(&layers);
    let found = inventory(&[image(&blobs)], &held(blobs.iter().map(|(_, bytes)| bytes.clone())));
    assert_eq!(found.components[0].inside.as_ref().unwrap().files, 5000);
}
