//! Edges, references and licences of the noun itself.

use super::{all, document, judged, subject};
use airlift::artifact::{Completeness, Digest};
use airlift::report::{Change, Component, Declared, Difference, Format, Inside, Inventory, Licensing, Part, Purl, Requirement, normalised};

fn component(purl: &str, needs: &[&str]) -> Component {
    let read = Purl::read(purl).unwrap();
    Component {
        name: read.name(),
        version: read.version(),
        purl: purl.to_owned(),
        requirements: needs.iter().map(|need| requirement(need, false)).collect(),
        declared: Completeness::Complete,
        ..Component::default()
    }
}

fn requirement(purls: &str, conditional: bool) -> Requirement {
    Requirement { declared: purls.to_owned(), purls: purls.split('|').map(str::to_owned).collect(), conditional }
}

#[test]
fn requirements_lead_to_what_satisfies_them() {
    let mut app = component("pkg:x/app@1", &["pkg:x/lib", "pkg:x/other@2", "pkg:x/none|pkg:x/lib@1", "pkg:x/absent"]);
    app.requirements.push(requirement("pkg:x/extra", true));
    let mut stand_in = component("pkg:x/real@1", &[]);
    stand_in.provides = vec!["pkg:x/virtual".to_owned()];
    let needs_virtual = component("pkg:x/needy@1", &["pkg:x/virtual"]);
    let builds = [component("pkg:x/built@1?build=a", &[]), component("pkg:x/built@1?build=b", &[])];
    let wants_build = component("pkg:x/wants@1", &["pkg:x/built?build=b"]);
    let list = [
        app,
        component("pkg:x/lib@1", &[]),
        component("pkg:x/lib@2", &[]),
        component("pkg:x/other@1", &[]),
        stand_in,
        needs_virtual,
        wants_build,
    ];
    let inventory = Inventory::new(subject(), list.into_iter().chain(builds).collect());
    let of = |reference: &str| all(&inventory).into_iter().find(|c| c.reference == reference).unwrap();
    assert_eq!(of("pkg:x/app@1").needs, ["pkg:x/lib@1", "pkg:x/lib@2"], "any version, and the alternative that is here");
    assert_eq!(of("pkg:x/app@1").unmet, ["pkg:x/other@2", "pkg:x/absent", "pkg:x/extra"]);
    assert_eq!(of("pkg:x/app@1").needs_known, Completeness::Partial);
    assert_eq!(of("pkg:x/lib@1").needs_known, Completeness::Complete);
    assert_eq!(of("pkg:x/needy@1").needs, ["pkg:x/real@1"]);
    assert_eq!(of("pkg:x/wants@1").needs, ["pkg:x/built@1?build=b"]);
}

#[test]
fn an_unmet_condition_takes_nothing_from_completeness() {
    let mut app = component("pkg:x/app@1", &[]);
    app.requirements.push(requirement("pkg:x/extra", true));
    let inventory = Inventory::new(subject(), vec![app]);
    assert_eq!(
        (inventory.components[0].needs_known, &inventory.components[0].unmet[..]),
        (Completeness::Complete, &["pkg:x/extra".to_owned()][..])
    );
}

/// One image's library serves no other image.
#[test]
fn what_lies_inside_is_linked_inside_only() {
    let image = |name: &str, inner: Vec<Component>| Component {
        inside: Some(Inside { components: inner, ..Inside::default() }),
        ..component(&format!("pkg:oci/{name}@1"), &[])
    };
    let found = |mut inner: Component| {
        inner.found_by = Some("db".to_owned());
        inner
    };
    let first = image("a", vec![found(component("pkg:deb/d/app@1", &["pkg:deb/d/lib"])), found(component("pkg:deb/d/lib@1", &[]))]);
    let second = image("b", vec![found(component("pkg:deb/d/app@1", &["pkg:deb/d/lib"]))]);
    let inventory = Inventory::new(subject(), vec![first, second]);
    let inner = |n: usize| &inventory.components[n].nested()[0];
    assert_eq!(inner(0).needs, ["pkg:oci/a@1|pkg:deb/d/lib@1"]);
    assert!(inner(1).needs.is_empty() && inner(1).needs_known == Completeness::Partial);
    let references: std::collections::BTreeSet<_> = all(&inventory).iter().map(|c| c.reference.clone()).collect();
    assert_eq!(references.len(), 5, "{references:?}");
    judged(&inventory);
}

/// A component of one part with these bytes.
fn with(purl: &str, bytes: &[u8]) -> Component {
    let (media_type, hashes) = ("a/b".to_owned(), std::collections::BTreeMap::default());
    let part = Part { name: None, media_type, digest: Digest::of(bytes), size: 1, hashes, origins: vec![] };
    Component { parts: vec![part], ..component(purl, &[]) }
}

#[test]
fn two_of_one_name_have_two_references() {
    let inventory = Inventory::new(subject(), ["1", "2", "2"].map(|bytes| with("pkg:x/app@1", bytes.as_bytes())).into());
    let references: Vec<_> = inventory.components.iter().map(|c| c.reference.clone()).collect();
    let second = format!("pkg:x/app@1#{}", Digest::of(b"2").hex());
    assert_eq!(references, ["pkg:x/app@1".to_owned(), second.clone(), format!("{second}-2")]);
    judged(&inventory);
}

#[test]
fn licences_are_named_only_where_they_are_certain() {
    for (text, expected) in [
        ("MIT", Some("MIT")),
        ("mit", Some("MIT")),
        ("MIT License", Some("MIT")),
        ("The MIT License", Some("MIT")),
        ("Apache License 2.0", Some("Apache-2.0")),
        ("Apache 2.0", Some("Apache-2.0")),
        ("BSD-3-Clause", Some("BSD-3-Clause")),
        ("BSD 3-Clause \"New\" or \"Revised\" License", Some("BSD-3-Clause")),
        ("GPL-2+", Some("GPL-2.0-or-later")),
        ("GPL-3.0", Some("GPL-3.0-only")),
        ("GPLv3", Some("GPL-3.0-only")),
        ("LGPL-2.1+", Some("LGPL-2.1-or-later")),
        ("MIT or Apache-2.0", Some("MIT OR Apache-2.0")),
        ("(MIT AND (BSD-2-Clause OR Zlib))", Some("(MIT AND (BSD-2-Clause OR Zlib))")),
        ("GPL-2.0-or-later WITH Classpath-exception-2.0", Some("GPL-2.0-or-later WITH Classpath-exception-2.0")),
        ("LicenseRef-own AND MIT", Some("LicenseRef-own AND MIT")),
        // Nobody can know which one is meant.
        ("BSD", None),
        ("BSD License", None),
        ("Apache Software License", None),
        ("GPL", None),
        ("GNU", None),
        ("MIT/Apache-2.0", None),
        ("Public Domain", None),
        ("Proprietary", None),
        ("MIT AND", None),
        ("MIT AND AND MIT", None),
        ("(MIT", None),
        ("", None),
    ] {
        assert_eq!(normalised(text).as_deref(), expected, "{text:?}");
    }
    assert_eq!(normalised(&"(".repeat(100_000)), None);
    assert_eq!(normalised(&"(".repeat(900)), None);
}

#[test]
fn statements_come_to_one_expression_or_to_their_text() {
    let declared = |texts: &[&str]| {
        let all: Vec<Licensing> = texts.iter().map(|text| Licensing::new(*text, "source")).collect();
        Declared::of(&all)
    };
    assert_eq!(declared(&[]), Declared::Nothing);
    assert_eq!(declared(&["MIT License", "MIT"]), Declared::Expression("MIT".to_owned()));
    assert_eq!(declared(&["BSD License", "BSD-3-Clause"]), Declared::Expression("BSD-3-Clause".to_owned()));
    assert_eq!(declared(&["MIT", "Apache-2.0"]), Declared::Text("MIT; Apache-2.0".to_owned()), "nobody says whether either or both");
    assert_eq!(declared(&["BSD"]), Declared::Text("BSD".to_owned()));
    let found = Licensing::found("LICENSE", &["MIT".to_owned()]);
    assert_eq!(
        (found[0].expression.as_deref(), Declared::of(&found)),
        (Some("MIT"), Declared::Nothing),
        "a file declares nothing of the whole"
    );
}

#[test]
fn differences_are_told_by_version_and_bytes() {
    let before = Inventory::new(
        subject(),
        vec![with("pkg:x/same@1", b"1"), with("pkg:x/up@1", b"2"), with("pkg:x/re@1", b"3"), with("pkg:x/gone@1", b"4")],
    );
    let after = Inventory::new(
        subject(),
        vec![with("pkg:x/same@1", b"1"), with("pkg:x/up@2", b"5"), with("pkg:x/re@1", b"6"), with("pkg:x/new@1", b"7")],
    );
    let difference = Difference::between(&before, &after);
    let told: Vec<_> = difference.changes.iter().map(|(change, c)| (*change, c.purl.as_str())).collect();
    assert_eq!(
        told,
        [
            (Change::Changed, "pkg:x/up@2"),
            (Change::Rebuilt, "pkg:x/re@1"),
            (Change::Added, "pkg:x/new@1"),
            (Change::Removed, "pkg:x/gone@1")
        ]
    );
    let part = difference.inventory();
    assert_eq!(part.components.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["up", "re", "new"]);
    assert_ne!(document(&part, Format::CycloneDx)["serialNumber"], document(&after, Format::CycloneDx)["serialNumber"]);
    assert!(Difference::between(&after, &after).changes.is_empty());
    judged(&part);
}
