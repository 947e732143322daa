//! What lies inside artifacts: why a package of an image is there, what its packages state, and what gates say of their licences.

use crate::gates::policy;
use crate::host::{Host, arg};
use crate::sbom::inside::{blobs, image, layer};
use crate::scan::made::{Entry, file};
use crate::world::World;
use airlift::artifact::{Artifact, BlobIntake, Digest};
use airlift::lock::Lock;
use airlift::report::document::{InsideCounts, Report, RuleRow, Verdict, WhyRow};
use serde_json::Value;
use std::path::PathBuf;

const AT: [&str; 2] = ["--at", "2026-03-01T00:00:00Z"];
const STATUS: &str = "Package: app
Status: install ok installed
Architecture: amd64
Maintainer: Debian Someone <someone@example.org>
Version: 1:2.0-1
Depends: lib (>= 1)

Package: lib
Status: install ok installed
Architecture: amd64
Maintainer: Debian Someone <someone@example.org>
Version: 1.5
";
const COPYRIGHT: &str = "Format: https://www.example.org/copyright-format/1.0/

Files: *
Copyright: someone
License: GPL-2+
";

fn project(name: &str, more: &str) -> Entry {
    let text = format!("Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nAuthor: Ada\n{more}");
    file(&format!("usr/lib/python3/{name}-1.0.dist-info/METADATA"), text.as_bytes())
}

/// A bundle of one image, with a database of dpkg and Python projects in it, and a store that trusts its signers.
struct Place {
    world: World,
    host: Host,
    store: PathBuf,
}

impl Place {
    fn new() -> Self {
        Self::of(&[
            file("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n"),
            file("var/lib/dpkg/status", STATUS.as_bytes()),
            file("usr/share/doc/app/copyright", COPYRIGHT.as_bytes()),
            project("Typed_Words", "License-Expression: MIT OR AGPL-3.0-only\nRequires-Dist: parts.of-it\n"),
            project("Parts.Of_It", "License-Expression: MIT AND LGPL-3.0-only\n"),
        ])
    }

    fn of(entries: &[Entry]) -> Self {
        let world = World::new();
        let blobs = blobs(&[layer(entries)]);
        let lock = Self::lock(&world, vec![image(&blobs)], &blobs.iter().map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>());
        std::fs::write(world.path("kit.lock"), lock.to_bytes()).unwrap();
        world.pack(&lock, "out", None, &[1]);
        let store = world.receiver("receiver").root().to_owned();
        Self { world, host: Host::new(), store }
    }

    fn lock(world: &World, artifacts: Vec<Artifact>, blobs: &[Vec<u8>]) -> Lock {
        let writer = world.sender.writer().unwrap();
        for bytes in blobs {
            if let Some(mut sink) = writer.receive(&Digest::of(bytes), bytes.len() as u64).unwrap() {
                sink.write(bytes).unwrap();
                sink.finish().unwrap();
            }
        }
        Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts).unwrap()
    }

    fn out(&self) -> PathBuf {
        self.world.path("out")
    }

    fn ran(&self, args: &[&str]) -> crate::host::Ran {
        self.host.run(&[&["--store", arg(&self.store)], args].concat())
    }

    fn report(&self, args: &[&str]) -> Report {
        let ran = self.ran(&[&["report", "--format", "json"], &AT[..], args].concat());
        Report::parse(ran.out.as_bytes()).unwrap_or_else(|e| panic!("{args:?}: {e:?} {ran:?}"))
    }

    fn why(&self, name: &str) -> Vec<WhyRow> {
        let out = self.out();
        self.report(&["--why", name, arg(&out)]).why.unwrap().said().clone()
    }
}

#[test]
fn a_package_inside_an_image_is_found_with_the_way_to_it() {
    let place = Place::new();
    let rows = place.why("lib");
    let within = rows[0].within.as_ref().expect("it lies inside");
    assert_eq!((rows.len(), rows[0].name.as_str(), rows[0].needed_by), (1, "lib 1.5", 1));
    assert_eq!(rows[0].path, ["app 1:2.0-1", "lib 1.5"], "the package that needs it comes first");
    assert_eq!(rows[0].sections, ["all"], "who asked for the image");
    assert_eq!(within.path, ["registry.example.org/team/app 1"]);
    assert_eq!(
        (within.found_by.as_str(), within.purl.as_str()),
        ("dpkg var/lib/dpkg/status", "pkg:deb/debian/lib@1.5?arch=amd64&distro=debian-12")
    );
    // By other spellings of the same name, by version, by package URL.
    for name in ["Parts.Of_It", "parts-of-it", "PARTS_of.it 1.0", "pkg:pypi/parts-of-it", "pkg:pypi/parts-of-it@1.0"] {
        let rows = place.why(name);
        assert_eq!((rows.len(), &rows[0].path[..]), (1, &["typed-words 1.0".to_owned(), "parts-of-it 1.0".to_owned()][..]), "{name}");
    }
    // An artifact of that name is told as before.
    let own = place.why("registry.example.org/team/app");
    assert!(own.len() == 1 && own[0].within.is_none() && own[0].sections == ["all"], "{own:?}");
    for absent in ["parts-of-it 2.0", "pkg:pypi/parts-of-it@2.0", "pkg:deb/debian/parts-of-it", "Lib", "part"] {
        let ran = place.ran(&["report", "--why", absent, arg(&place.out())]);
        assert!(ran.code == Some(2) && ran.err.contains("nothing here has that name"), "{absent}: {ran:?}");
    }
    for (language, words) in [("en", "Inside"), ("de", "Liegt in"), ("it", "Contenuto in")] {
        let text = place.ran(&["report", "--why", "lib", "--language", language, arg(&place.out())]).out.replace('\\', "");
        assert!(text.contains(words) && text.contains("registry.example.org/team/app 1 (dpkg var/lib/dpkg/status)"), "{text}");
        assert!(text.contains("app 1:2.0-1 → lib 1.5"), "{text}");
    }
}

#[test]
fn what_was_not_looked_into_may_have_something_of_that_name() {
    let place = Place::new();
    let lock = place.world.path("kit.lock");
    let ran = place.ran(&["report", "--lock", arg(&lock), "--why", "lib"]);
    assert!(ran.code == Some(2) && ran.err.contains("not looked into, or not whole 1 artifacts"), "{ran:?}");
    let report = place.report(&["--lock", arg(&lock), "--why", "registry.example.org/team/app"]);
    assert_eq!((report.not_checked[0].said().key.as_str(), &*report.not_checked[0].said().values["count"]), ("why-unseen", "1"));
}

#[test]
fn licences_and_suppliers_inside_are_counted_apart() {
    let place = Place::new();
    let report = place.report(&[arg(&place.out())]);
    let InsideCounts { packages, artifacts, unseen, licences, suppliers } = report.inside.as_ref().expect("it is counted").said();
    assert_eq!((*packages, *artifacts, *unseen), (4, 1, 0));
    let named =
        |stated: &airlift::report::document::Stated| stated.rows.iter().map(|row| (row.name.clone(), row.count)).collect::<Vec<_>>();
    let expected = ["GPL-2.0-or-later", "MIT AND LGPL-3.0-only", "MIT OR AGPL-3.0-only"].map(|name| (name.to_owned(), 1));
    assert_eq!((named(licences), licences.unstated, licences.more), (expected.to_vec(), 1, 0), "lib states none");
    assert_eq!(named(suppliers), [("Ada".to_owned(), 2), ("Debian Someone <someone@example.org>".to_owned(), 2)]);
    assert_eq!(report.licences.as_ref().unwrap().said().len(), 1, "that of the image");
    // Every form says it, and how much is known.
    for (language, told) in [
        ("en", "4 packages inside 1 artifact, counted apart from them; 1 states nothing; 0 artifacts could not be looked into"),
        ("de", "4 Pakete in 1 Artefakt, getrennt davon gezählt; 1 gibt nichts an; in 0 Artefakte"),
        ("it", "4 pacchetti contenuti in 1 artefatto, contati a parte; 1 non dichiara nulla; in 0 artefatti"),
    ] {
        for (format, known) in [("html", true), ("markdown", true), ("csv", false)] {
            let text = place.ran(&["report", "--language", language, "--format", format, arg(&place.out())]).out;
            assert!(text.contains("GPL-2.0-or-later") && text.replace('\\', "").contains(told) == known, "{format}: {text}");
        }
    }
    let csv = place.ran(&["report", "--format", "csv", arg(&place.out())]).out;
    assert!(
        csv.contains("\"licences-inside\"\r\n\"Licence\",\"Packages\"\r\n\"GPL-2.0-or-later\",\"1\"") && csv.contains("\"nothing\",\"1\""),
        "{csv}"
    );
    // What is not here is counted as that.
    let lock = place.world.path("kit.lock");
    let unread = place.report(&["--lock", arg(&lock)]);
    let counts = unread.inside.as_ref().expect("it is counted").said();
    assert_eq!((counts.packages, counts.artifacts, counts.unseen), (0, 0, 1));
}

const REFUSED: i32 = 5;
const INCOMPLETE: i32 = 3;

#[test]
fn gates_judge_licences_inside_images() {
    let place = Place::new();
    let (out, lock) = (place.out(), place.world.path("kit.lock"));
    let said = |code: i32, policy: &str, args: &[&str], words: &[&str]| {
        let ran = place.host.run(&[args, &["--policy", policy]].concat());
        let all = format!("{}{}", ran.out, ran.err);
        assert!(ran.code == Some(code) && words.iter().all(|word| all.contains(word)), "{words:?}: {ran:?}");
        ran
    };
    let sender = ["--store", arg(place.world.sender.root()), "gate", "--lock", arg(&lock)];
    let write = |name: &str, text: &str| policy(&place.host, name, &format!("[artifacts]\n{text}"));

    // Of licences joined by OR one is enough, of those joined by AND all are needed.
    write("refused.toml", "licences-inside-refused = [\"AGPL-3.0-only\", \"LGPL-3.0-only\"]\n");
    let ran =
        said(REFUSED, "refused.toml", &sender, &["artifacts.licence-inside", "pkg:pypi/parts-of-it@1.0", "not accepted: LGPL-3.0-only"]);
    assert!(!ran.out.contains("AGPL-3.0-only: not accepted") && !ran.out.contains("typed-words"), "{ran:?}");
    assert!(ran.out.contains("1 packages inside state no expression of the list: pkg:deb/debian/lib"), "{ran:?}");
    write("allowed.toml", "licences-inside-allowed = [\"MIT\", \"LGPL-3.0-only\"]\n");
    said(REFUSED, "allowed.toml", &sender, &["pkg:deb/debian/app@", "GPL-2.0-or-later: not accepted: GPL-2.0-or-later"]);
    write("known.toml", "unknown-licence-inside = \"refused\"\n");
    said(REFUSED, "known.toml", &sender, &["artifacts.unknown-licence-inside", "pkg:deb/debian/lib@1.5", "none is stated"]);
    write("kind.toml", "licences-inside-refused = [\"AGPL-3.0-only\"]\n");
    said(0, "kind.toml", &sender, &["artifacts.licence-inside"]);
    // The artifact's own licence is another rule.
    write("own.toml", "licences-refused = [\"LGPL-3.0-only\", \"GPL-2.0-or-later\"]\n");
    assert!(!said(0, "own.toml", &sender, &[]).out.contains("licence-inside"), "nobody asks");

    // The same at verify, import, and in the report before it; in SARIF and JUnit.
    let receiver = ["--store", arg(&place.store)];
    let documents = ["--sarif", "found.sarif", "--junit", "found.xml"];
    said(REFUSED, "refused.toml", &[&receiver[..], &["verify", arg(&out)], &documents].concat(), &["artifacts.licence-inside"]);
    let sarif: Value = serde_json::from_slice(&std::fs::read(place.host.path("found.sarif")).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let fail = results.iter().find(|result| result["ruleId"] == "artifacts.licence-inside").unwrap();
    assert_eq!(
        (&fail["kind"], &fail["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]),
        (&"fail".into(), &"pkg:pypi/parts-of-it@1.0".into())
    );
    let xml = std::fs::read_to_string(place.host.path("found.xml")).unwrap();
    assert!(xml.contains("<failure type=\"artifacts.licence-inside\"") && xml.contains("pkg:pypi/parts-of-it@1.0"), "{xml}");
    let set = |name: &str| assert_eq!(place.ran(&["policy", "set", arg(&place.host.path(name))]).code, Some(0));
    let rules = |report: &Report| -> Vec<RuleRow> {
        report.decision.said().rules.iter().filter(|row| row.rule == "artifacts.licence-inside").cloned().collect()
    };
    set("refused.toml");
    let report = place.report(&[arg(&out)]);
    assert_eq!(report.decision.said().verdict, Verdict::Refused);
    assert!(rules(&report).iter().any(|row| row.outcome == "refused" && row.subject.contains("pkg:pypi/parts-of-it@1.0")), "{report:?}");
    let unread = place.report(&["--unverified", arg(&out)]);
    assert_eq!((unread.decision.said().verdict, rules(&unread)[0].outcome.as_str()), (Verdict::Undecided, "not-assessed"));
    let ran = place.ran(&["import", arg(&out)]);
    assert!(ran.code == Some(REFUSED) && ran.err.contains("artifacts.licence-inside"), "{ran:?}");

    // An exception by the package, or by what it is in.
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let until = today.saturating_add(jiff::ToSpan::days(300));
    for (subject, lets_through) in
        [("pkg:pypi/parts-of-it", true), ("images/registry.example.org/team/app", true), ("pkg:pypi/typed-words", false)]
    {
        let exception = format!(
            "[[exception]]\nrule = \"artifacts.licence-inside\"\nsubject = \"{subject}\"\nfinding = \"MIT AND LGPL-3.0-only\"\n\
             owner = \"Alice\"\nreason = \"linked by nothing\"\ngranted = \"{today}\"\nexpires = \"{until}\"\n"
        );
        write("excepted.toml", &format!("licences-inside-refused = [\"LGPL-3.0-only\"]\n{exception}"));
        said(if lets_through { 0 } else { REFUSED }, "excepted.toml", &sender, &[if lets_through { "(used)" } else { "(unused)" }]);
    }
    set("kind.toml");
    assert_eq!(place.ran(&["import", arg(&out)]).code, Some(0));
}

/// What was not looked into is not assessed, by count, and never passes unless the policy says so.
#[test]
fn what_could_not_be_looked_into_does_not_pass() {
    let place = Place::of(&[file("var/lib/rpm/Packages", b"an old database of Berkeley"), file("opt/program", b"copied by hand")]);
    let lock = place.world.path("kit.lock");
    let rule = "licences-inside-refused = [\"AGPL-3.0-only\"]\n";
    let gate = |store: &std::path::Path, more: &str| {
        policy(&place.host, "p.toml", &format!("[artifacts]\n{rule}{more}"));
        place.host.run(&["--store", arg(store), "gate", "--lock", arg(&lock), "--policy", "p.toml"])
    };
    let sender = place.world.sender.root();
    for (store, why) in [(sender, "not assessable"), (&*place.store, "its content is not here")] {
        let ran = gate(store, "");
        assert!(ran.code == Some(INCOMPLETE) && ran.out.contains("1 not-assessed"), "{ran:?}");
        assert!(ran.out.contains("1 parts of what is inside could not be looked into") && ran.out.contains(why), "{ran:?}");
    }
    assert!(gate(sender, "not-examined-inside = \"shown\"\n").code == Some(0));
    let ran = gate(sender, "not-examined-inside = \"refused\"\n");
    assert!(ran.code == Some(REFUSED) && ran.out.contains("could not be looked into"), "{ran:?}");
}
