//! What documents, differences and licences come to.

use super::{
    Change, Component, Database, Declared, Difference, Examined, Format, Inside, Inventory, Licensing, Part, Purl, Reading, Requirement,
    Subject, normalised,
};
use crate::artifact::{Completeness, Digest};
use serde_json::Value;

fn subject() -> Subject {
    Subject::of_lock()
}

/// A component of one part with these bytes.
fn with(purl: &str, bytes: &[u8], needs: &[&str]) -> Component {
    let read = Purl::read(purl).unwrap();
    let part = Part {
        name: None,
        media_type: "a/b".to_owned(),
        digest: Digest::of(bytes),
        size: 1,
        hashes: std::collections::BTreeMap::new(),
        origins: vec![],
    };
    let requirement = |need: &&str| Requirement { declared: (*need).to_owned(), purls: vec![(*need).to_owned()], conditional: false };
    Component {
        name: read.name(),
        version: read.version(),
        purl: purl.to_owned(),
        parts: vec![part],
        requirements: needs.iter().map(requirement).collect(),
        declared: Completeness::Complete,
        ..Component::default()
    }
}

fn inventory(components: &[Component]) -> Inventory {
    Inventory::new(subject(), components.to_vec())
}

fn document(inventory: &Inventory, form: Format) -> Value {
    let mut bytes = Vec::new();
    form.write(inventory, &mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn two_documents_that_differ_have_two_numbers() {
    let one = inventory(&[with("pkg:x/a@1", b"1", &[])]);
    let mut others = [one.clone(), one.clone(), one.clone()];
    others[0].subject.author = Some("Acme".to_owned());
    others[1].subject.created = Some("2026-02-03T04:05:06Z".to_owned());
    others[2].components[0].examined = Examined::Read;
    for (form, place) in [
        (Format::CycloneDx, "/serialNumber"),
        (Format::Spdx, "/documentNamespace"),
        // The names of all elements begin with it.
        (Format::Spdx3, "/@graph/0/spdxId"),
    ] {
        let number = |inventory: &Inventory| {
            let name = document(inventory, form).pointer(place).and_then(Value::as_str).map(str::to_owned).expect("a number");
            name.split('#').next().map(str::to_owned)
        };
        assert_eq!(number(&one), number(&one));
        assert!(number(&one).is_some_and(|number| number.starts_with("urn:uuid:") && number.len() == 45));
        others.iter().for_each(|other| assert_ne!(number(&one), number(other)));
    }
}

#[test]
fn only_a_family_takes_nothing_from_a_licence() {
    let declared = |texts: &[&str]| {
        let all: Vec<Licensing> = texts.iter().map(|text| Licensing::new(*text, "source")).collect();
        Declared::of(&all)
    };
    for (family, licence) in [
        ("BSD License", "BSD-3-Clause"),
        ("Apache Software License", "Apache-2.0"),
        ("Apache Software License", "MIT OR Apache-2.0"),
        ("GNU General Public License (GPL)", "GPL-3.0-or-later"),
        ("OSI Approved", "MIT"),
    ] {
        assert_eq!(declared(&[family, licence]), Declared::Expression(licence.to_owned()), "{family}");
    }
    for other in ["Apache Software License", "BSD", "Proprietary", "see LICENSE"] {
        assert_eq!(declared(&[other, "MIT License"]), Declared::Text(format!("{other}; MIT License")));
    }
    assert_eq!(declared(&["OSI Approved", "CC-BY-4.0"]), Declared::Text("OSI Approved; CC-BY-4.0".to_owned()));
}

/// What only says one version is not said to be that version or a later one.
#[test]
fn licences_of_the_gnu_family_are_named_with_the_versions_they_say() {
    for (text, name) in [
        ("GPLv2", Some("GPL-2.0-only")),
        ("gplv2", Some("GPL-2.0-only")),
        ("GPLv2+", Some("GPL-2.0-or-later")),
        ("GPLv3", Some("GPL-3.0-only")),
        ("GPLv3+", Some("GPL-3.0-or-later")),
        ("GNU General Public License v2 (GPLv2)", Some("GPL-2.0-only")),
        ("GNU General Public License v2 or later (GPLv2+)", Some("GPL-2.0-or-later")),
        ("GNU Lesser General Public License v3 (LGPLv3)", Some("LGPL-3.0-only")),
        ("GNU Affero General Public License v3", Some("AGPL-3.0-only")),
        ("GPL", None),
        ("GNU General Public License (GPL)", None),
    ] {
        assert_eq!(normalised(text).as_deref(), name, "{text}");
    }
}

/// What is inside is all there is only where every file is accounted for and everything was read to its end.
#[test]
fn what_is_inside_is_complete_only_where_everything_was_read() {
    let database = |reading| Database { kind: "dpkg".to_owned(), place: "status".to_owned(), components: 1, reading };
    let inside = |reading, files, accounted, not_assessed: &[&str]| Inside {
        components: vec![with("pkg:x/a@1", b"1", &[])],
        databases: vec![database(Reading::Read), database(reading)],
        listed: false,
        files,
        accounted,
        not_assessed: not_assessed.iter().map(|text| (*text).to_owned()).collect(),
        ..Inside::default()
    };
    let partly = || Reading::Partly("an entry was passed over".to_owned());
    let unread = || Reading::NotAssessable("another form".to_owned());
    assert_eq!(inside(Reading::Read, 9, 9, &[]).completeness(), Completeness::Complete);
    for other in [
        inside(partly(), 9, 9, &[]),
        inside(unread(), 9, 9, &[]),
        inside(Reading::Read, 9, 8, &[]),
        inside(Reading::Read, 0, 0, &[]),
        inside(Reading::Read, 9, 9, &["a layer"]),
        Inside { databases: vec![], ..inside(Reading::Read, 9, 9, &[]) },
        Inside { listed: true, ..inside(Reading::Read, 9, 8, &["a layer"]) },
    ] {
        assert_eq!(other.completeness(), Completeness::Partial, "{other:?}");
    }
    assert_eq!(Inside { components: vec![], ..inside(partly(), 9, 9, &[]) }.completeness(), Completeness::Unknown);
}

/// Needs that are not all known are said to be so in SPDX, also where some are.
#[test]
fn in_spdx_needs_that_are_known_in_part_are_not_all() {
    let known = |declared| {
        let one = Component { declared, ..with("pkg:x/a@1", b"1", &["pkg:x/b@1"]) };
        let inventory = inventory(&[one, with("pkg:x/b@1", b"2", &[])]);
        let document = document(&inventory, Format::Spdx);
        let all = document["relationships"].as_array().expect("relationships");
        let of = |to: &str| all.iter().filter(|r| r["relationshipType"] == "DEPENDS_ON" && r["relatedSpdxElement"] == to).count();
        (all.iter().filter(|r| r["relationshipType"] == "DEPENDS_ON").count(), of("NOASSERTION"), of("NONE"))
    };
    assert_eq!(known(Completeness::Complete), (2, 0, 1), "one needs the other, which needs nothing");
    assert_eq!(known(Completeness::Partial), (3, 1, 1));
    assert_eq!(known(Completeness::Unknown), (3, 1, 1));
}

/// The counts that a document carries are those of what is in it.
#[test]
fn a_document_counts_licences_apart() {
    let licensed = |purl: &str, bytes: &[u8], text: Option<&str>| Component {
        licences: text.into_iter().map(|text| Licensing::new(text, "declared")).collect(),
        ..with(purl, bytes, &[])
    };
    let all = [
        licensed("pkg:x/a@1", b"1", Some("MIT")),
        licensed("pkg:x/b@1", b"2", Some("see LICENSE")),
        licensed("pkg:x/c@1", b"3", Some("see LICENSE")),
        licensed("pkg:x/d@1", b"4", None),
        licensed("pkg:x/e@1", b"5", None),
        licensed("pkg:x/f@1", b"6", None),
    ];
    let text = document(&inventory(&all), Format::CycloneDx).to_string();
    for (name, count) in [("licences-of-the-list", 1), ("licences-otherwise-stated", 2), ("licences-absent", 3), ("components", 6)] {
        assert!(text.contains(&format!(r#""name":"airlift:{name}","value":"{count}""#)), "{name}: {text}");
    }
}

fn told(before: &[Component], after: &[Component]) -> Vec<(Change, String)> {
    let (before, after) = (inventory(before), inventory(after));
    Difference::between(&before, &after).changes.iter().map(|(change, c)| (*change, c.purl.clone())).collect()
}

#[test]
fn one_of_several_versions_that_is_gone_is_told() {
    let versions = [with("pkg:x/a@1.26", b"1", &[]), with("pkg:x/a@2.0", b"2", &[])];
    assert_eq!(told(&versions, &versions[1..]), [(Change::Removed, "pkg:x/a@1.26".to_owned())]);
    let next = with("pkg:x/a@3.0", b"3", &[]);
    assert_eq!(told(&versions, &[next]), [(Change::Changed, "pkg:x/a@3.0".to_owned())]);
}

#[test]
fn another_file_of_a_version_is_no_rebuilt_one() {
    let file =
        |name: &str, bytes: &[u8]| with(&format!("pkg:x/a@1?file_name={name}&checksum=sha256:{}", Digest::of(bytes).hex()), bytes, &[]);
    let changes = |before: &[Component], after: &[Component]| told(before, after).into_iter().map(|(change, _)| change).collect::<Vec<_>>();
    let (one, two) = (file("one", b"1"), file("two", b"2"));
    assert_eq!(changes(std::slice::from_ref(&one), &[one.clone(), two.clone()]), [Change::Added]);
    assert_eq!(changes(&[one.clone(), two.clone()], std::slice::from_ref(&one)), [Change::Removed]);
    assert_eq!(changes(&[one.clone(), two.clone()], &[one, file("two", b"3")]), [Change::Rebuilt]);
}

/// What did not change is neither listed nor lacking.
#[test]
fn a_difference_keeps_what_was_known_of_the_whole() {
    let lib = with("pkg:x/lib@1", b"1", &[]);
    let after = inventory(&[lib.clone(), with("pkg:x/app@2", b"2", &["pkg:x/lib", "pkg:x/new"]), with("pkg:x/new@1", b"3", &[])]);
    let before = inventory(&[lib]);
    let part = Difference::between(&before, &after).inventory();
    let app = part.components.iter().find(|component| component.name == "app").unwrap();
    assert_eq!((part.components.len(), &app.needs[..], app.needs_known), (2, &["pkg:x/new@1".to_owned()][..], Completeness::Partial));
    assert!(app.unmet.is_empty());

    let document = document(&part, Format::CycloneDx);
    let subject = &document["metadata"]["component"];
    assert!(subject.get("hashes").is_none(), "nobody has bytes of that digest");
    let compositions = document["compositions"].as_array().unwrap();
    let complete = compositions.iter().filter(|c| c["aggregate"] == "complete").map(|c| c["assemblies"].to_string()).collect::<String>();
    assert!(!complete.contains(subject["bom-ref"].as_str().unwrap()), "{complete}");
    let spdx = self::document(&part, Format::Spdx);
    assert!(spdx["packages"][0].get("checksums").is_none());
    let spdx3 = self::document(&part, Format::Spdx3);
    assert!(element(&spdx3, "#subject").get("verifiedUsing").is_none());
    assert_eq!(element(&spdx3, "#subject-contains")["completeness"], "incomplete");
}

/// The element whose identifier ends so.
fn element<'a>(document: &'a Value, end: &str) -> &'a Value {
    let graph = document["@graph"].as_array().expect("a graph");
    graph.iter().find(|one| one["spdxId"].as_str().is_some_and(|id| id.ends_with(end))).expect("the element")
}

/// The relationships of a kind: whether they are complete, and where they lead.
fn related(document: &Value, kind: &str) -> Vec<(String, Vec<String>)> {
    let graph = document["@graph"].as_array().expect("a graph");
    let text = |value: &Value| value.as_str().expect("text").rsplit('#').next().expect("text").to_owned();
    let of_kind = graph.iter().filter(|one| one["relationshipType"] == kind);
    of_kind.map(|one| (text(&one["completeness"]), one["to"].as_array().expect("a list").iter().map(text).collect())).collect()
}

#[test]
fn in_spdx_3_what_is_needed_is_complete_incomplete_or_not_known() {
    let known = |declared, needs: &[&str]| {
        let one = Component { declared, ..with("pkg:x/a@1", b"1", needs) };
        let document = document(&inventory(&[one, with("pkg:x/b@1", b"2", &[])]), Format::Spdx3);
        let (completeness, to) = related(&document, "dependsOn").swap_remove(0);
        (completeness, to[0].split('-').next().expect("text").to_owned())
    };
    let said = |completeness: &str, to: &str| (completeness.to_owned(), to.to_owned());
    assert_eq!(known(Completeness::Complete, &["pkg:x/b@1"]), said("complete", "package"));
    assert_eq!(known(Completeness::Complete, &[]), said("complete", "NoneElement"));
    assert_eq!(known(Completeness::Partial, &["pkg:x/b@1"]), said("incomplete", "package"));
    assert_eq!(known(Completeness::Partial, &[]), said("incomplete", "NoAssertionElement"));
    assert_eq!(known(Completeness::Unknown, &["pkg:x/b@1"]), said("noAssertion", "package"));
    assert_eq!(known(Completeness::Unknown, &[]), said("noAssertion", "NoAssertionElement"));
}

/// Nobody but who accounts for a document concludes anything, and not against what was found.
#[test]
fn licences_are_concluded_only_where_that_is_asked_for() {
    let found = |id: &str| Licensing::found("LICENSE", &[id.to_owned()]).swap_remove(0);
    let of = |purl: &str, bytes: &[u8], licences: Vec<Licensing>| Component { licences, ..with(purl, bytes, &[]) };
    let declared = |text: &str| Licensing::new(text, "declared");
    let mut inventory = inventory(&[
        of("pkg:x/a@1", b"1", vec![declared("MIT OR Apache-2.0")]),
        of("pkg:x/b@1", b"2", vec![declared("MIT"), found("GPL-2.0-only")]),
        of("pkg:x/c@1", b"3", vec![declared("see LICENSE"), found("MIT")]),
        of("pkg:x/d@1", b"4", vec![found("MIT")]),
    ]);
    let concluded = |inventory: &Inventory| {
        let spdx3 = related(&document(inventory, Format::Spdx3), "hasConcludedLicense");
        let spdx = document(inventory, Format::Spdx)["packages"].as_array().expect("packages").clone();
        let cyclonedx = document(inventory, Format::CycloneDx).to_string();
        (
            spdx3.iter().map(|(_, to)| to[0].starts_with("licence-")).collect::<Vec<_>>(),
            spdx.iter().skip(1).map(|package| package["licenseConcluded"].clone()).collect::<Vec<_>>(),
            cyclonedx.matches(r#""acknowledgement":"concluded""#).count(),
        )
    };
    let (none, nothing) = (vec![false; 4], Value::from("NOASSERTION"));
    assert_eq!(concluded(&inventory), (none, vec![nothing.clone(); 4], 0));
    inventory.conclude_licences();
    let first = vec![Value::from("MIT OR Apache-2.0"), nothing.clone(), nothing.clone(), nothing];
    assert_eq!(concluded(&inventory), (vec![true, false, false, false], first, 1));
}

/// What is no licence of the list has its text, each once, and the version of the list has three numbers.
#[test]
fn in_spdx_3_references_of_licences_lead_to_texts() {
    let of =
        |purl: &str, bytes: &[u8], text: &str| Component { licences: vec![Licensing::new(text, "declared")], ..with(purl, bytes, &[]) };
    let all =
        [of("pkg:x/a@1", b"1", "see LICENSE"), of("pkg:x/b@1", b"2", "see LICENSE"), of("pkg:x/c@1", b"3", "MIT AND LicenseRef-ours")];
    let document = document(&inventory(&all), Format::Spdx3);
    let graph = document["@graph"].as_array().expect("a graph");
    let texts: Vec<&Value> = graph.iter().filter(|one| one["type"] == "simplelicensing_SimpleLicensingText").collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts[0]["simplelicensing_licenseText"], "see LICENSE");
    let expressions: Vec<&Value> = graph.iter().filter(|one| one["type"] == "simplelicensing_LicenseExpression").collect();
    assert_eq!(expressions[1]["simplelicensing_licenseExpression"], "MIT AND LicenseRef-ours");
    for (expression, text) in expressions.iter().zip(&texts) {
        assert_eq!(expression["simplelicensing_customIdToUri"][0]["value"], text["spdxId"]);
        let version = expression["simplelicensing_licenseListVersion"].as_str().expect("a version");
        assert!(version.split('.').filter(|number| number.parse::<u32>().is_ok()).count() == 3, "{version}");
    }
}

/// In its context the names of some profiles are those of properties, and would be read as these.
#[test]
fn in_spdx_3_a_profile_is_named_only_where_its_rules_are_kept() {
    let document = document(&inventory(&[with("pkg:x/a@1", b"1", &[])]), Format::Spdx3);
    for end in ["#document", "#sbom"] {
        assert_eq!(element(&document, end)["profileConformance"], serde_json::json!(["core", "simpleLicensing", "software"]));
    }
    let all: Vec<&Value> = document["@graph"].as_array().expect("a graph").iter().filter_map(|one| one.get("spdxId")).collect();
    let listed = element(&document, "#document")["element"].as_array().expect("a list");
    assert_eq!(all.len(), listed.len() + 1, "all but the document itself");
    assert_eq!(related(&document, "contains")[0].0, "complete");
}

#[test]
fn every_form_says_what_could_not_be_read() {
    let database = |reading| Database { kind: "rpm".to_owned(), place: "var/lib/rpm/x".to_owned(), components: 0, reading };
    let mut image = with("pkg:x/image@1", b"1", &[]);
    image.inside = Some(Inside {
        databases: vec![
            database(Reading::NotAssessable("of an older form".to_owned())),
            database(Reading::Partly("one header is cut".to_owned())),
        ],
        ..Inside::default()
    });
    let broken = Component { examined: Examined::Unreadable("its end is missing".to_owned()), ..with("pkg:x/broken@1", b"2", &[]) };
    let inventory = inventory(&[image, broken]);
    for form in [Format::CycloneDx, Format::Spdx, Format::Spdx3] {
        let text = document(&inventory, form).to_string();
        for said in ["of an older form", "one header is cut", "its end is missing"] {
            assert!(text.contains(said), "{form:?}: {said}");
        }
    }
}
