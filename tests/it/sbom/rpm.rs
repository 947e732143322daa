//! A database that rpm itself wrote, of packages that rpmbuild made: `rpm -qa` lists what the inventory lists.

use super::inside::{inside, layer, looked};
use super::judged;
use super::licences::MIT;
use crate::scan::made::file;
use crate::stock;
use airlift::artifact::Completeness;
use airlift::report::{Basis, Component, Purl, Reading};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const LIBRARY: &str = "Name: lib-text\nVersion: 1.2\nRelease: 3\nEpoch: 4\nSummary: A library\nLicense: MIT\nVendor: Acme\nBuildArch: noarch\n\
    Provides: libtext.so.1\n%description\nA library.\n%install\nmkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share/licenses/lib-text\n\
    printf x >%{buildroot}/usr/bin/interpret\ncp %{_topdir}/LICENSE %{buildroot}/usr/share/licenses/lib-text/LICENSE\n\
    %files\n/usr/bin/interpret\n%license /usr/share/licenses/lib-text/LICENSE\n";
const APP: &str = "Name: app\nVersion: 2.0\nRelease: 1.fc40\nSummary: A program\nLicense: GPL-2.0-or-later\nBuildArch: noarch\n\
    Requires: /usr/bin/interpret, libtext.so.1, lib-text >= 1\nRequires: nothing-has-this\n%description\nA program.\n%files\n";

/// Runs one of rpm's programs.
fn run(program: &Path, args: &[&str]) -> String {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("LC_ALL", "C.UTF-8").env("HOME", "/nonexistent").args(args);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// `NAME EPOCH VERSION ARCH LICENCE VENDOR SOURCE`, as `rpm -qa` is asked to print it.
fn line(component: &Component) -> String {
    let purl = Purl::read(&component.purl).unwrap();
    let licence = component.licences.iter().find(|l| l.basis == Basis::Declared).unwrap();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "(none)".to_owned());
    let source = format!("{}-{}", component.properties["source package"], component.properties["source version"]);
    let (epoch, vendor) = (or_none(purl.qualifier("epoch")), or_none(component.supplier.clone()));
    let architecture = purl.qualifier("arch").unwrap();
    format!("{} {epoch} {} {architecture} {} {vendor} {source}.src.rpm", component.name, component.version, licence.text)
}

#[test]
fn packages_are_those_of_rpm() {
    let (Some(rpm), Some(rpmbuild)) = (stock::need("rpm"), stock::need("rpmbuild")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let top = format!("_topdir {}", at("top"));
    std::fs::create_dir(at("top")).unwrap();
    std::fs::write(at("top/LICENSE"), MIT).unwrap();
    let database = at("database");
    run(&rpm, &["--dbpath", &database, "--define", "_db_backend sqlite", "--initdb"]);
    for (name, spec) in [("lib-text-1.2-3", LIBRARY), ("app-2.0-1.fc40", APP)] {
        std::fs::write(at("a.spec"), spec).unwrap();
        run(&rpmbuild, &["-bb", "--quiet", "--define", &top, "--define", "_buildhost host.example.org", &at("a.spec")]);
        let package = at(&format!("top/RPMS/noarch/{name}.noarch.rpm"));
        run(&rpm, &["--dbpath", &database, "--define", "_db_backend sqlite", "-i", "--justdb", "--nodeps", "--ignoreos", &package]);
    }
    let format = "%{NAME} %{EPOCH} %{VERSION}-%{RELEASE} %{ARCH} %{LICENSE} %{VENDOR} %{SOURCERPM}\n";
    let said: BTreeSet<String> = run(&rpm, &["--dbpath", &database, "-qa", "--qf", format]).lines().map(str::to_owned).collect();

    // The log of changes is empty, or gone, once it was taken in.
    let read = |name: &str| std::fs::read(Path::new(&database).join(name)).unwrap_or_default();
    let found = looked(&[layer(&[
        file("etc/os-release", b"ID=fedora\nVERSION_ID=40\n"),
        file("var/lib/rpm/rpmdb.sqlite", &read("rpmdb.sqlite")),
        file("var/lib/rpm/rpmdb.sqlite-wal", &read("rpmdb.sqlite-wal")),
        file("usr/bin/interpret", b"x"),
        file("usr/share/licenses/lib-text/LICENSE", MIT.as_bytes()),
        file("usr/share/licenses/other/LICENSE", MIT.as_bytes()),
    ])]);
    let inner = inside(&found);
    assert!(inner.databases.iter().all(|database| database.reading == Reading::Read), "{:?}", inner.databases);
    assert_eq!(inner.components.iter().map(line).collect::<BTreeSet<_>>(), said);
    assert_eq!(said.len(), 2);

    let of = |name: &str| inner.components.iter().find(|c| c.name == name).unwrap();
    let (app, library) = (of("app"), of("lib-text"));
    let requires = run(&rpm, &["--dbpath", &database, "-q", "--requires", "app"]);
    let said: BTreeSet<&str> =
        requires.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.starts_with("rpmlib(")).collect();
    assert_eq!(app.requirements.iter().map(|r| r.declared.as_str()).collect::<BTreeSet<_>>(), said);
    assert_eq!(app.needs, std::slice::from_ref(&library.reference));
    assert_eq!((&app.unmet[..], app.needs_known), (&["nothing-has-this".to_owned()][..], Completeness::Partial));
    let licences: Vec<_> = library.licences.iter().map(|l| (l.basis, l.text.as_str(), l.source.as_str())).collect();
    let place = "usr/share/licenses/lib-text/LICENSE";
    assert_eq!(licences, [(Basis::Declared, "MIT", "var/lib/rpm/rpmdb.sqlite"), (Basis::Found, "MIT", place)]);
    assert_eq!((inner.files, inner.accounted), (6, 2), "what belongs to the library");
    judged(&found);
}
