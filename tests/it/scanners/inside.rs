//! What lies inside an image, as syft and trivy read it and as airlift does: the same packages, by the same names and versions, and for apk the same
//! dependencies.

use crate::databases::{gzip, tar};
use crate::sbom::inside::{INDEX, image};
use crate::sbom::{all, held, inventory};
use crate::stock::need;
use airlift::artifact::Digest;
use airlift::report::{Component, Inventory};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// As `apk add` writes it: packages, what they need and provide, folders and files with their owners and checksums.
const APK: &str = "C:Q1mwAmWHI/tWo8YDWzDA7S3q9oi1U=
P:musl
V:1.2.5-r0
A:x86_64
S:407278
I:667648
T:the musl c library (libc) implementation
U:https://musl.example.org/
L:MIT
o:musl
m:Somebody <somebody@example.org>
t:1709247486
c:1f8dbf5c3cd5d0a3cd51dd7b3d3ae2c1ae4fd9bd
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1ZkRwEkjwpXqJkaTRnNVnyQ+A1b4=

C:Q1rO3nPkRmVPFp3rRqQvNLBRSxzYw=
P:busybox
V:1.36.1-r29
A:x86_64
S:507831
I:946176
T:Size optimized toolbox of many common UNIX utilities
U:https://busybox.example.org/
L:GPL-2.0-only
o:busybox
m:Somebody <somebody@example.org>
t:1718202000
D:so:libc.musl-x86_64.so.1
p:cmd:busybox=1.36.1-r29
r:busybox-initscripts
F:bin
R:busybox
a:0:0:755
Z:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=

C:Q1gxwKJRPyzB3NyTHzyWQjCbvYV9k=
P:busybox-binsh
V:1.36.1-r29
A:x86_64
S:1543
I:8192
T:busybox ash /bin/sh
U:https://busybox.example.org/
L:GPL-2.0-only
o:busybox
m:Somebody <somebody@example.org>
t:1718202000
D:busybox=1.36.1-r29
p:/bin/sh cmd:sh=1.36.1-r29
F:bin
R:sh
a:0:0:777
Z:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=

C:Q12OLyg1wCxQJRBAlXgY1dGmX2DGo=
P:py3-tool
V:0.9_rc1-r3
A:noarch
S:10
I:20
T:a tool
L:Apache-2.0 AND (MIT OR BSD-3-Clause)
o:tool
D:/bin/sh busybox>=1.30 !other
F:usr
F:usr/bin
R:tool

";

/// As dpkg writes it: an epoch, a source of another name and version, a package that is gone but for its configuration.
const DPKG: &str = "Package: app
Status: install ok installed
Architecture: amd64
Source: source-of-app (2.0-1)
Version: 1:2.0-1+b1
Maintainer: Somebody <somebody@example.org>
Depends: libone (>= 1)
Description: an app

Package: libone
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 1.5~rc2+dfsg-1
Maintainer: Somebody <somebody@example.org>
Description: a library

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 3
Maintainer: Somebody <somebody@example.org>
Description: gone
";

const CONDA: &str = r#"{"name":"numpy","version":"1.26.4","build":"py311h64a7726_0","build_number":0,"channel":"https://conda.example.org/conda-forge/linux-64",
"subdir":"linux-64","fn":"numpy-1.26.4-py311h64a7726_0.conda","license":"BSD-3-Clause","depends":[],"files":[]}"#;
const NODE: &str = r#"{"name":"@team/left","version":"2.3.4","license":"MIT"}"#;

fn files(system: &[(&str, &str)]) -> Vec<(String, String)> {
    let python = |folder: &str, name: &str, version: &str| {
        (
            format!("{folder}/{name}-{version}.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n"),
        )
    };
    let mut all = vec![
        python("usr/lib/python3.12/site-packages", "Zope.Interface", "5.4.0"),
        python("usr/lib/python3.12/site-packages", "some_tool", "1.0rc1"),
        python("opt/venv/lib/python3.12/site-packages", "some_tool", "2.0"),
        ("usr/lib/node_modules/@team/left/package.json".to_owned(), NODE.to_owned()),
        ("opt/conda/conda-meta/numpy-1.26.4-py311h64a7726_0.json".to_owned(), CONDA.to_owned()),
    ];
    all.extend(system.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    all
}

/// An image of one layer: as an OCI image layout in a folder, and as airlift looks into it.
fn made(folder: &Path, system: &[(&str, &str)]) -> Inventory {
    let files = files(system);
    let plain = tar(&files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect::<Vec<_>>());
    let layer = gzip(&plain);
    let config = json!({ "os": "linux", "architecture": "amd64", "config": {}, "rootfs": { "type": "layers", "diff_ids": [Digest::of(&plain).to_string()] } });
    let config = config.to_string().into_bytes();
    let part = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": Digest::of(bytes).to_string(), "size": bytes.len() });
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": part(CONFIG, &config), "layers": [part(LAYER, &layer)] });
    let manifest = manifest.to_string().into_bytes();
    let blobs = [(MANIFEST, manifest.clone()), (CONFIG, config), (LAYER, layer)];
    std::fs::create_dir_all(folder.join("blobs/sha256")).expect("a folder");
    for (_, bytes) in &blobs {
        std::fs::write(folder.join("blobs/sha256").join(Digest::of(bytes).hex()), bytes).expect("a blob");
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [part(MANIFEST, &manifest)] });
    std::fs::write(folder.join("index.json"), index.to_string()).expect("an index");
    std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("a layout");
    inventory(&[image(&blobs)], &held(blobs.into_iter().map(|(_, bytes)| bytes)))
}

/// Type, name and version of a package URL; an epoch that stands apart belongs to the version.
fn told(purl: &str) -> Option<String> {
    let (path, qualifiers) = purl.strip_prefix("pkg:")?.split_once('?').unwrap_or((purl.strip_prefix("pkg:")?, ""));
    let epoch = qualifiers.split('&').find_map(|pair| pair.strip_prefix("epoch=")).map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let (name, version) = path.rsplit_once('@')?;
    let (kind, name) = name.split_once('/')?;
    // A distribution's name is the namespace of its packages, and not every reader gives one.
    let name = if matches!(kind, "apk" | "deb" | "rpm") { name.rsplit('/').next()? } else { name };
    let name = if kind == "pypi" { name.to_lowercase().replace(['_', '.'], "-") } else { name.to_owned() };
    let decoded = format!("{kind} {name} {epoch}{version}").replace("%3A", ":").replace("%2B", "+").replace("%40", "@").replace("%7E", "~");
    Some(decoded)
}

fn printed(program: &Path, folder: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").current_dir(folder).args(arguments);
    let out = command.env("SYFT_CHECK_FOR_APP_UPDATE", "false").output().expect("the scanner runs");
    assert!(out.status.success(), "{} {arguments:?}: {}", program.display(), String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

struct Read {
    ours: BTreeSet<String>,
    syft: BTreeSet<String>,
    trivy: BTreeSet<String>,
    trivys: Value,
    inventory: Inventory,
}

impl Read {
    /// Neither of the others has package URLs of Conda; syft lists more.
    fn agrees(&self, more: &[&str]) {
        let (conda, others): (BTreeSet<_>, BTreeSet<_>) = self.ours.iter().cloned().partition(|told| told.starts_with("conda "));
        assert_eq!((conda, others.len() > 5), (["conda numpy 1.26.4".to_owned()].into(), true));
        assert_eq!(others, self.trivy, "trivy");
        assert_eq!(&others | &more.iter().map(|more| (*more).to_owned()).collect(), self.syft, "syft");
    }
}

fn read(system: &[(&str, &str)]) -> Option<Read> {
    let (syft, trivy) = (need("syft")?, need("trivy")?);
    let folder = tempfile::tempdir().expect("a folder");
    let inventory = made(&folder.path().join("image"), system);
    let syfts = printed(&syft, folder.path(), &["scan", "--quiet", "--output", "json", "oci-dir:image"]);
    let offline =
        ["--cache-dir", "trivy", "--skip-db-update", "--skip-java-db-update", "--offline-scan", "--skip-version-check", "--quiet"];
    // Without a scanner for anything it has no need of a database.
    let trivys = printed(
        &trivy,
        folder.path(),
        &[&["image", "--input", "image", "--format", "json", "--list-all-pkgs", "--scanners", "license"], &offline[..]].concat(),
    );
    let strings = |values: Vec<&Value>| values.into_iter().filter_map(|value| told(value.as_str()?)).collect::<BTreeSet<_>>();
    let packages =
        trivys["Results"].as_array().into_iter().flatten().flat_map(|result| result["Packages"].as_array().into_iter().flatten());
    let trivy = strings(packages.map(|package| &package["Identifier"]["PURL"]).collect());
    let syft = strings(syfts["artifacts"].as_array().into_iter().flatten().map(|artifact| &artifact["purl"]).collect());
    let ours = all(&inventory).iter().skip(1).filter_map(|component| told(&component.purl)).collect();
    Some(Read { ours, syft, trivy, trivys, inventory })
}

#[test]
fn foreign_readers_find_the_packages_of_an_alpine_image() {
    let release = "ID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME=\"Alpine Linux v3.20\"\n";
    let Some(read) = read(&[("etc/os-release", release), ("etc/alpine-release", "3.20.1\n"), ("lib/apk/db/installed", APK)]) else {
        return;
    };
    read.agrees(&[]);
    // What needs what, by the same names: a library, a path and a package that others provide.
    let results = read.trivys["Results"].as_array().into_iter().flatten().filter(|result| result["Type"] == "alpine");
    let packages = results.flat_map(|result| result["Packages"].as_array().into_iter().flatten());
    let theirs: BTreeSet<_> = packages
        .flat_map(|package| {
            let needed = package["DependsOn"].as_array().into_iter().flatten();
            needed.map(|other| format!("{} needs {}", package["ID"].as_str().unwrap_or_default(), other.as_str().unwrap_or_default()))
        })
        .collect();
    let of = |component: &Component| format!("{}@{}", component.name, component.version);
    let all = all(&read.inventory);
    let of_apk = all.iter().filter(|component| component.purl.starts_with("pkg:apk/"));
    let needs = |component: &&&Component| component.needs.iter().map(|other| (of(component), other.clone())).collect::<Vec<_>>();
    let named = |reference: &String| {
        all.iter().find(|component| component.reference == *reference).map(|component| of(component)).expect("a component")
    };
    let ours: BTreeSet<_> =
        of_apk.flat_map(|component| needs(&component)).map(|(from, to)| format!("{from} needs {}", named(&to))).collect();
    assert_eq!((ours.len(), &ours), (4, &theirs));
}

#[test]
fn foreign_readers_find_the_packages_of_a_debian_image() {
    let release = "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
    let Some(read) = read(&[("etc/os-release", release), ("etc/debian_version", "12.8\n"), ("var/lib/dpkg/status", DPKG)]) else { return };
    // Gone but for its configuration.
    read.agrees(&["deb gone 3"]);
}
