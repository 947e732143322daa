//! What lies inside images: layers one upon the other, every kind of database, and what cannot be read.

use super::{all, held, inventory, judged};
use crate::scan::made::{Entry, file, gzip, of_kind, tar};
use crate::scan::packages::artifact;
use airlift::artifact::{Artifact, Completeness, Digest};
use airlift::report::{Component, Examined, Inside, Inventory, Reading};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}

/// The blobs of an image of these layers, the manifest first.
pub fn blobs(layers: &[Vec<u8>]) -> Vec<(&'static str, Vec<u8>)> {
    let config = json!({ "architecture": "amd64", "os": "linux", "config": {}, "rootfs": { "type": "layers", "diff_ids": [] } })
        .to_string()
        .into_bytes();
    let listed: Vec<Value> = layers.iter().map(|layer| descriptor(LAYER, layer)).collect();
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, &config), "layers": listed });
    let mut all = vec![(MANIFEST, manifest.to_string().into_bytes()), (CONFIG, config)];
    all.extend(layers.iter().map(|layer| (LAYER, layer.clone())));
    all
}

/// An artifact of the room for images.
pub fn image(blobs: &[(&'static str, Vec<u8>)]) -> Artifact {
    let root = Digest::of(&blobs[0].1).to_string();
    let listed: Vec<(&str, &str, &[u8])> = blobs.iter().map(|(kind, bytes)| ("", *kind, &bytes[..])).collect();
    let meta = json!({ "repository": "registry.example.org/team/app", "role": "image", "tag": "1", "root": root, "media-type": blobs[0].0, "platforms": ["linux/amd64"] });
    artifact("images", "registry.example.org/team/app", "1", &listed, meta)
}

/// The inventory of an image of these layers.
pub fn looked(layers: &[Vec<u8>]) -> Inventory {
    let blobs = blobs(layers);
    inventory(&[image(&blobs)], &held(blobs.into_iter().map(|(_, bytes)| bytes)))
}

pub fn layer(entries: &[Entry]) -> Vec<u8> {
    gzip(&tar(entries))
}

pub fn inside(inventory: &Inventory) -> &Inside {
    inventory.components[0].inside.as_ref().expect("it was looked into")
}

fn names(inventory: &Inventory) -> BTreeSet<String> {
    inside(inventory).components.iter().map(Component::label).collect()
}

pub fn metadata(name: &str) -> Entry {
    file(&format!("usr/lib/python3/{name}-1.dist-info/METADATA"), format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1\n").as_bytes())
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn layers_hide_what_they_delete_and_never_what_they_bring() {
    let below = layer(&[
        metadata("kept"),
        metadata("deleted"),
        metadata("hidden"),
        metadata("replaced"),
        file("opt/a-1.egg-info", b"Name: opaque\nVersion: 1\n"),
    ]);
    let above = layer(&[
        file("usr/lib/python3/.wh.deleted-1.dist-info", b""),
        file("usr/lib/python3/hidden-1.dist-info/.wh.METADATA", b""),
        // A file in the place of a folder.
        file("usr/lib/python3/replaced-1.dist-info", b"Name: file\nVersion: 1\n"),
        // What the layer brings itself stays, whichever comes first.
        file("opt/b-1.egg-info", b"Name: brought\nVersion: 1\n"),
        file("opt/.wh..wh..opq", b""),
        file("opt/c-1.egg-info", b"Name: also\nVersion: 1\n"),
        file("opt/.wh..wh.aufs", b""),
    ]);
    let found = looked(&[below.clone(), above]);
    assert_eq!(names(&found), set(&["kept 1", "brought 1", "also 1"]));
    assert_eq!(inside(&found).files, 4, "kept, the file in place of a folder, brought, also");
    assert_eq!(names(&looked(&[below])).len(), 5);
    judged(&found);
}

#[test]
fn a_file_of_the_root_is_deleted_and_brought_again() {
    let egg = |text: &str| file("a-1.egg-info", format!("Name: {text}\nVersion: 1\n").as_bytes());
    let away = layer(&[file(".wh.a-1.egg-info", b"")]);
    assert_eq!(names(&looked(&[layer(&[egg("first")]), away.clone()])), set(&[]));
    assert_eq!(names(&looked(&[layer(&[egg("first")]), away, layer(&[egg("second")])])), set(&["second 1"]));
    assert_eq!(names(&looked(&[layer(&[egg("first")]), layer(&[file(".wh..wh..opq", b"")])])), set(&[]));
}

const STATUS: &str = "Package: app
Status: install ok installed
Architecture: amd64
Source: source-of-app (2.0-1)
Version: 1:2.0-1+b1
Maintainer: Someone <someone@example.org>
Depends: lib (>= 1), shell | other-shell, absent
Description: an app
 in more words

Package: lib
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 1.5
Provides: other-shell (= 2), virtual

Package: fresh
Status: install ok unpacked
Architecture: all
Version: 4

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 3
";
const COPYRIGHT: &str = "Format: https://www.example.org/copyright-format/1.0/

Files: *
Copyright: someone
License: GPL-2+
 the text

Files: debian/*
License: Expat

License: Expat
 another text
";

#[test]
fn dpkg_is_read_with_its_lists_through_linked_folders() {
    let found = looked(&[layer(&[
        file("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n"),
        file("var/lib/dpkg/status", STATUS.as_bytes()),
        file("var/lib/dpkg/info/app.list", b"/.\n/bin\n/bin/app\n/usr/share/doc/app/copyright\n"),
        file("var/lib/dpkg/info/lib:amd64.list", b"/usr/lib/lib.so\n"),
        file("usr/share/doc/app/copyright", COPYRIGHT.as_bytes()),
        of_kind("bin", b'2', "usr/bin"),
        file("usr/bin/app", b"program"),
        file("usr/lib/lib.so", b"library"),
        file("opt/copied", b"by hand"),
    ])]);
    let inner = inside(&found);
    assert_eq!(names(&found), set(&["app 1:2.0-1+b1", "fresh 4", "lib 1.5"]));
    let app = &inner.components[0];
    assert_eq!(app.purl, "pkg:deb/debian/app@1%3A2.0-1%2Bb1?arch=amd64&distro=debian-12");
    assert_eq!((app.properties["source package"].as_str(), app.properties["source version"].as_str()), ("source-of-app", "2.0-1"));
    assert_eq!(app.licences[0].expression.as_deref(), Some("GPL-2.0-or-later AND MIT"));
    assert_eq!(inner.components[1].properties["state"], "unpacked", "its files are there");
    assert_eq!(app.needs, [inner.components[2].reference.clone()]);
    assert_eq!((&app.unmet[..], app.needs_known), (&["absent".to_owned()][..], Completeness::Partial));
    assert_eq!((inner.files, inner.accounted), (8, 3), "app through the link, its copyright, the library");
    assert_eq!(inner.completeness(), Completeness::Partial);
    judged(&found);
}

#[test]
fn distroless_status_d_is_read() {
    let paragraph = "Package: tz\nVersion: 1\nArchitecture: all\n";
    let found = looked(&[layer(&[
        file("var/lib/dpkg/status.d/tz", paragraph.as_bytes()),
        file("var/lib/dpkg/status.d/tz.md5sums", b"0123  usr/share/tz\n"),
        file("usr/share/tz", b"zone"),
    ])]);
    assert_eq!((names(&found), inside(&found).accounted), (set(&["tz 1"]), 1));
}

#[test]
fn apk_is_read() {
    let database = "C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nT:the libc\nL:MIT\no:musl\nm:A Person\np:so:libc.musl-x86_64.so.1=1\nF:lib\nR:ld.so\na:0:0:755\n\n\
        P:busybox\nV:1.36\nA:x86_64\nL:GPL-2.0-only\nD:so:libc.musl-x86_64.so.1>=1 /bin/sh !old\nF:bin\nR:busybox\nR:sh\n\n\
        P:app\nV:2\nA:x86_64\nD:/bin/sh /bin/absent musl~1.3 busybox<1.36 so:libc.musl-x86_64.so.1=1\n\n";
    let found = looked(&[layer(&[
        file("etc/os-release", b"ID=alpine\nVERSION_ID=3.20.1\n"),
        file("lib/apk/db/installed", database.as_bytes()),
        file("lib/ld.so", b"x"),
        file("bin/busybox", b"x"),
    ])]);
    let inner = inside(&found);
    let [app, busybox, musl] = &inner.components[..] else { panic!("{:?}", names(&found)) };
    assert_eq!(musl.purl, "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1");
    assert_eq!(busybox.needs, std::slice::from_ref(&musl.reference));
    assert_eq!((inner.accounted, busybox.needs_known), (2, Completeness::Complete), "what is needed lies in it: /bin/sh");
    assert_eq!(app.needs, [busybox.reference.clone(), musl.reference.clone()], "who owns the path, who provides the library");
    assert_eq!(
        (&app.unmet[..], app.needs_known),
        (&["/bin/absent", "musl~1.3", "busybox<1.36"].map(str::to_owned)[..], Completeness::Partial)
    );
    assert_eq!(musl.licences[0].expression.as_deref(), Some("MIT"));
    judged(&found);
}

#[test]
fn conda_and_npm_are_read() {
    let record = json!({ "name": "numpy", "version": "2.1", "build": "py_0", "channel": "https://conda.example.org/forge/linux-64", "subdir": "linux-64",
        "depends": ["python >=3.11", "__glibc >=2.17"], "license": "BSD-3-Clause", "files": ["lib/numpy.py"] });
    let node = json!({ "name": "@team/tool", "version": "1.0.0", "license": "MIT", "dependencies": { "left": "^1" } });
    let left = json!({ "name": "left", "version": "1.3.0" });
    let found = looked(&[layer(&[
        file("opt/env/conda-meta/numpy-2.1-py_0.json", record.to_string().as_bytes()),
        file("opt/env/conda-meta/broken.json", b"{"),
        file("opt/env/lib/numpy.py", b"x"),
        file("app/node_modules/@team/tool/package.json", node.to_string().as_bytes()),
        file("app/node_modules/@team/tool/lib/package.json", b"{\"type\":\"module\"}"),
        file("app/node_modules/left/package.json", left.to_string().as_bytes()),
        file("app/node_modules/left/index.js", b"x"),
        file("app/package.json", b"{\"name\":\"app\",\"version\":\"1\"}"),
    ])]);
    let inner = inside(&found);
    let purls: Vec<&str> = inner.components.iter().map(|c| c.purl.as_str()).collect();
    assert_eq!(purls, ["pkg:conda/numpy@2.1?build=py_0&channel=forge&subdir=linux-64", "pkg:npm/%40team/tool@1.0.0", "pkg:npm/left@1.3.0"]);
    assert_eq!(inner.components[1].needs, [inner.components[2].reference.clone()]);
    assert_eq!((inner.files, inner.accounted), (8, 5), "numpy's own, and what lies below the packages of Node");
    assert!(
        inner.databases.iter().any(|d| d.kind == "conda-meta" && matches!(&d.reading, Reading::Partly(why) if why.contains("1 files"))),
        "{:?}",
        inner.databases
    );
    judged(&found);
}

/// What Node would load is what a package needs: the nearest of its name on the way up.
#[test]
fn packages_of_node_need_what_node_would_load() {
    let package = |folder: &str, document: Value| file(&format!("{folder}/package.json"), document.to_string().as_bytes());
    let named = |name: &str, version: &str| json!({ "name": name, "version": version });
    let app = json!({ "name": "app", "version": "1.0.0", "dependencies": { "left": "^1", "both": "*" }, "optionalDependencies": { "both": "*" },
        "peerDependencies": { "host": ">=1", "guest": "*" }, "peerDependenciesMeta": { "guest": { "optional": true } } });
    let mut old = named("old", "1.0.0");
    old["dependencies"] = json!({ "left": "*", "renamed": "npm:other@1", "lost": "1" });
    let mut pnpm = named("linked", "1.0.0");
    pnpm["dependencies"] = json!({ "deep": "1" });
    let found = looked(&[layer(&[
        package("srv/node_modules/app", app),
        package("srv/node_modules/left", named("left", "1.3.0")),
        package("srv/node_modules/host", named("host", "1.0.0")),
        package("srv/node_modules/app/node_modules/old", old),
        package("srv/node_modules/app/node_modules/left", named("left", "0.1.0")),
        package("srv/node_modules/renamed", named("other", "1.0.0")),
        package("opt/node_modules/left", named("left", "1.3.0")),
        package("opt/node_modules/lost", named("lost", "1.0.0")),
        package("opt/node_modules/.pnpm/linked@1/node_modules/linked", pnpm),
        of_kind("opt/node_modules/.pnpm/linked@1/node_modules/deep", b'2', "../../deep@1/node_modules/deep"),
        package("opt/node_modules/.pnpm/deep@1/node_modules/deep", named("deep", "1.0.0")),
    ])]);
    let all = &inside(&found).components;
    let at = |folder: &str| all.iter().find(|c| c.found_by.as_deref() == Some(&format!("{folder}/package.json"))).unwrap();
    let needs = |folder: &str| at(folder).needs.iter().cloned().collect::<BTreeSet<_>>();
    let are = |folders: &[&str]| folders.iter().map(|folder| at(folder).reference.clone()).collect::<BTreeSet<_>>();
    assert_eq!(needs("srv/node_modules/app"), are(&["srv/node_modules/app/node_modules/left", "srv/node_modules/host"]));
    let app = at("srv/node_modules/app");
    assert_eq!((&app.unmet[..], app.needs_known), (&["guest *", "both *"].map(str::to_owned)[..], Completeness::Complete), "optional ones");
    assert_eq!(
        needs("srv/node_modules/app/node_modules/old"),
        are(&["srv/node_modules/app/node_modules/left", "srv/node_modules/renamed"])
    );
    let old = at("srv/node_modules/app/node_modules/old");
    assert_eq!((&old.unmet[..], old.needs_known), (&["lost 1".to_owned()][..], Completeness::Partial), "another application has it");
    assert_eq!(needs("opt/node_modules/.pnpm/linked@1/node_modules/linked"), are(&["opt/node_modules/.pnpm/deep@1/node_modules/deep"]));
    judged(&found);
}

#[test]
fn versions_that_packages_of_debian_ask_for_are_compared() {
    let package = |name: &str, version: &str, more: &str| {
        format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n{more}\n")
    };
    let status = [
        package("lib", "1:2.0-1", "Provides: virtual (= 3), bare\n"),
        package("fits", "1", "Depends: lib (>= 1:1.9), virtual (>= 2), bare\n"),
        package("other", "1", "Depends: lib (>> 1:2.0-1) | lib (= 1:2.0-1)\n"),
        package("lacks", "1", "Depends: lib (<< 1:2.0), virtual (>= 4), bare (>= 1), lib:any (= 1:2.0-1) [amd64]\n"),
    ]
    .concat();
    let found = looked(&[layer(&[file("var/lib/dpkg/status", status.as_bytes())])]);
    let of = |name: &str| inside(&found).components.iter().find(|c| c.name == name).unwrap();
    let lib = [of("lib").reference.clone()];
    for name in ["fits", "other"] {
        assert_eq!((&of(name).needs[..], &of(name).unmet[..], of(name).needs_known), (&lib[..], &[][..], Completeness::Complete), "{name}");
    }
    let unmet = ["lib (<< 1:2.0)", "virtual (>= 4)", "bare (>= 1)"].map(str::to_owned);
    assert_eq!((&of("lacks").needs[..], &of("lacks").unmet[..], of("lacks").needs_known), (&lib[..], &unmet[..], Completeness::Partial));
}

#[test]
fn what_cannot_be_assessed_is_counted_and_said() {
    let found = looked(&[layer(&[file("var/lib/rpm/Packages", b"berkeley"), file("bin/tool", b"x")]), b"no archive".to_vec()]);
    let inner = inside(&found);
    assert!(
        matches!(&inner.databases[..], [d] if d.kind == "rpm" && matches!(&d.reading, Reading::NotAssessable(_))),
        "{:?}",
        inner.databases
    );
    assert!(!inner.not_assessed.is_empty() && inner.not_assessed[0].contains("layer 2"), "{:?}", inner.not_assessed);
    assert_eq!((inner.completeness(), inner.files, inner.accounted), (Completeness::Unknown, 2, 0));
    judged(&found);

    // A layer that is not here.
    let blobs = blobs(&[layer(&[metadata("app")])]);
    let held = super::held(blobs.iter().take(2).map(|(_, bytes)| bytes.clone()));
    let found = inventory(&[image(&blobs)], &held);
    assert_eq!((&found.components[0].examined, &found.components[0].inside), (&Examined::NotExamined, &None));
}

#[test]
fn every_platform_of_an_index_is_looked_into() {
    let (first, second) = (blobs(&[layer(&[metadata("one")])]), blobs(&[layer(&[metadata("two")])]));
    let entry = |blobs: &[(&str, Vec<u8>)], architecture: &str| {
        let mut entry = descriptor(MANIFEST, &blobs[0].1);
        entry["platform"] = json!({ "os": "linux", "architecture": architecture });
        entry
    };
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry(&first, "amd64"), entry(&second, "arm64")] });
    let mut all_blobs = vec![(INDEX, index.to_string().into_bytes())];
    all_blobs.extend(first.into_iter().chain(second));
    let found = inventory(&[image(&all_blobs)], &held(all_blobs.iter().map(|(_, bytes)| bytes.clone())));
    let platforms: Vec<&str> = inside(&found).components.iter().map(|c| c.properties["platform"].as_str()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    let inner: BTreeSet<String> = all(&found).iter().filter(|c| c.purl.starts_with("pkg:pypi")).map(|c| c.label()).collect();
    assert_eq!(inner, set(&["one 1", "two 1"]));
    assert_eq!(inside(&found).completeness(), Completeness::Complete, "the index lists its platforms, and both are here");
    judged(&found);
}

/// A header of rpm as its databases keep it.
fn header(name: &str, requires: &[&str], provides: &[&str], padding: usize) -> Vec<u8> {
    let (mut index, mut store, mut count) = (Vec::new(), Vec::new(), 0u32);
    let mut add = |tag: u32, kind: u32, values: &[&[u8]]| {
        for number in [tag, kind, store.len() as u32, values.len() as u32] {
            index.extend(number.to_be_bytes());
        }
        values.iter().for_each(|value| store.extend(*value));
        count += 1;
    };
    let text = |text: &str| [text.as_bytes(), b"\0"].concat();
    // Numbers are aligned: they come first.
    add(1003, 4, &[&7u32.to_be_bytes()]);
    add(1116, 4, &[&0u32.to_be_bytes()]);
    for (tag, value) in
        [(1000, name), (1001, "1.0"), (1002, "2.fc40"), (1022, "x86_64"), (1014, "MIT"), (1044, "src-1.0-2.fc40.src.rpm"), (1011, "Fedora")]
    {
        add(tag, 6, &[&text(value)]);
    }
    for (tag, values) in [(1049, requires), (1047, provides), (1117, &[name][..]), (1118, &["/usr/bin/"][..])] {
        let values: Vec<Vec<u8>> = values.iter().map(|value| text(value)).collect();
        add(tag, 8, &values.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    add(1004, 9, &[&text(&"s".repeat(padding))]);
    [&count.to_be_bytes()[..], &(store.len() as u32).to_be_bytes(), &index, &store].concat()
}

fn rpm_layer(place: &str, database: &[u8]) -> Vec<u8> {
    layer(&[
        file("etc/os-release", b"ID=fedora\nVERSION_ID=40\n"),
        file(place, database),
        file("usr/bin/app", b"x"),
        file("usr/bin/other", b"x"),
    ])
}

fn check_rpm(found: &Inventory) {
    let app = inside(found).components.iter().find(|c| c.name == "app").expect("the package");
    assert_eq!(app.purl, "pkg:rpm/fedora/app@1.0-2.fc40?arch=x86_64&distro=fedora-40&epoch=7");
    assert_eq!(app.licences[0].expression.as_deref(), Some("MIT"));
    assert_eq!(
        (app.needs.len(), app.needs_known, &app.unmet[..]),
        (1, Completeness::Complete, &[][..]),
        "a capability and a file of one package"
    );
    assert_eq!(inside(found).accounted, 2);
    judged(found);
}

fn headers() -> [Vec<u8>; 2] {
    [header("app", &["libx.so.1", "/usr/bin/other", "rpmlib(X)"], &["app"], 10), header("other", &[], &["libx.so.1", "other"], 10)]
}

#[test]
fn rpm_is_read_from_its_own_container() {
    let blobs = headers();
    let slots = 4096;
    let mut database = [&b"RpmP"[..], &0u32.to_le_bytes(), &1u32.to_le_bytes(), &1u32.to_le_bytes()].concat();
    database.resize(slots, 0);
    for (n, blob) in blobs.iter().enumerate() {
        let (start, number) = (database.len(), n as u32 + 1);
        database.extend([&b"BlbS"[..], &number.to_le_bytes(), &1u32.to_le_bytes(), &(blob.len() as u32).to_le_bytes(), blob].concat());
        database.resize(database.len().next_multiple_of(16), 0);
        let (offset, blocks) = (start as u32 / 16, (database.len() - start) as u32 / 16);
        let slot = [&b"Slot"[..], &number.to_le_bytes(), &offset.to_le_bytes(), &blocks.to_le_bytes()].concat();
        database[32 + 16 * n..48 + 16 * n].copy_from_slice(&slot);
    }
    check_rpm(&looked(&[rpm_layer("usr/lib/sysimage/rpm/Packages.db", &database)]));
}

/// Written by SQLite itself: rows that fill many pages, and blobs that overflow them.
#[test]
fn rpm_is_read_from_sqlite() {
    let Some(python) = crate::stock::need("python3") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rpmdb.sqlite");
    let filling = (0..300).map(|n| header(&format!("package-{n}"), &[], &[], n * 50));
    let all: Vec<String> = headers().into_iter().chain(filling).map(|h| data_encoding::HEXLOWER.encode(&h)).collect();
    let program = "import sqlite3, sys, json\nd = sqlite3.connect(sys.argv[1])\nd.execute('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)')\n\
        d.execute('CREATE TABLE Name (key TEXT, hnum INTEGER)')\nfor b in json.load(sys.stdin): d.execute('INSERT INTO Packages (blob) VALUES (?)', (bytes.fromhex(b),))\nd.commit()\n";
    let mut child = std::process::Command::new(python)
        .env_clear()
        .args(["-I", "-c", program])
        .arg(&path)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), &all).unwrap();
    assert!(child.wait().unwrap().success());
    let database = std::fs::read(&path).unwrap();
    let found = looked(&[rpm_layer("var/lib/rpm/rpmdb.sqlite", &database)]);
    assert_eq!(inside(&found).components.len(), 302);
    assert_eq!(inside(&found).databases[0].reading, Reading::Read);
    check_rpm(&found);
    // Flipped bytes are read in some other way, or told; nothing ends the program.
    for n in 0..300usize {
        let mut flipped = database.clone();
        let at = (n * 7919 + n * n) % flipped.len().min(if n % 2 == 0 { 8192 } else { usize::MAX });
        flipped[at] ^= 1 << (n % 8);
        looked(&[rpm_layer("var/lib/rpm/rpmdb.sqlite", &flipped)]);
    }
    // Cut databases are told.
    for cut in [50, 100, 5000, database.len() / 2] {
        let found = looked(&[rpm_layer("var/lib/rpm/rpmdb.sqlite", &database[..cut])]);
        assert!(!matches!(inside(&found).databases[0].reading, Reading::Read), "{cut}: {:?}", inside(&found).databases);
    }
}
