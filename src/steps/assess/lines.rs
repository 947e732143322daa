//! What of an inventory is asked about: every package in it, and what is said of what cannot be asked.

use super::Line;
use crate::advisories::{Extent, Subject};
use crate::artifact::Purl;
use crate::report::{Class, Component, Examined};
use std::collections::BTreeSet;

/// Everything in a component that is a package, each package URL once.
pub(super) fn lines(component: &Component) -> Vec<Line> {
    let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
    collect(component, None, &mut |line: Line| {
        if seen.insert((line.what(), line.purl.clone())) {
            lines.push(line);
        }
    });
    lines
}

fn collect(component: &Component, within: Option<&str>, take: &mut dyn FnMut(Line)) {
    let line = |asked: Option<Subject>, extent: Extent, reasons: Vec<String>| Line {
        purl: component.purl.clone(),
        asked,
        within: within.map(str::to_owned),
        extent,
        reasons,
        findings: vec![],
    };
    let unread = matches!(component.examined, Examined::Unreadable(_)).then(|| UNREAD.to_owned());
    let (asked, unknown) = subjects(component);
    if let Some(why) = unexamined(component, asked.is_empty()) {
        take(line(None, Extent::NotExamined, vec![why.to_owned()]));
    } else if component.inside.is_none() && asked.is_empty() && !is_data(component) {
        let kind = Purl::read(&component.purl).map_or_else(|| "no package URL".to_owned(), |purl| format!("pkg:{}", purl.kind()));
        take(line(None, Extent::NotAssessable, vec![unread.clone().unwrap_or_else(|| format!("no advisories are about {kind}"))]));
    }
    let reasons: Vec<String> = unread.into_iter().chain(unknown.map(str::to_owned)).collect();
    asked.into_iter().for_each(|subject| take(line(Some(subject), Extent::NotAssessable, reasons.clone())));
    let outer = within.unwrap_or(&component.purl);
    component.nested().iter().for_each(|inner| collect(inner, Some(outer), &mut *take));
}

/// Whether it is data, which is no software that advisories could be about: advisories themselves, signatures, datasets.
fn is_data(component: &Component) -> bool {
    component.class == Class::Data && !matches!(component.examined, Examined::Unreadable(_))
}

/// Most packages of other ecosystems that one is asked as.
const MOST_OTHER_NAMES: usize = 8;
const UNREAD: &str = "it could not be read as what it should be";

/// Why it is not known what is inside something that has an inside, where that is so. Packages of which nothing can be asked may have
/// others inside.
fn unexamined(component: &Component, silent: bool) -> Option<&'static str> {
    match (&component.inside, &component.examined) {
        (Some(inside), _) if !inside.is_whole() || inside.components.is_empty() => Some("not all of what is inside could be looked into"),
        (None, Examined::NotExamined) if component.class == Class::Container || component.class == Class::Library && silent => {
            Some("its content is not here, and was not looked into")
        }
        (None, Examined::Unreadable(_)) if component.class == Class::Container => Some(UNREAD),
        _ => None,
    }
}

/// What is asked about a component, and what about it is not known. Advisories of some distributions name the source package, of others
/// what was built from it: of RPM packages both are asked, each by its own version.
fn subjects(component: &Component) -> (Vec<Subject>, Option<&'static str>) {
    let property = |name: &str| component.properties.get(name).map(String::as_str);
    let (name, version) = (property("source package"), property("source version"));
    let source = name.map(|name| (name, version.unwrap_or(&component.version)));
    let mut all: Vec<Subject> = Subject::of(&component.purl, source).into_iter().collect();
    let by_both = Purl::read(&component.purl).is_some_and(|purl| purl.kind() == "rpm");
    if by_both {
        all.extend(Subject::of(&component.purl, None).filter(|own| !all.contains(own)));
    }
    // What no ecosystem of advisories is about may be said to be a package of another one that some is about.
    if all.is_empty() && component.inside.is_none() {
        all.extend(component.provides.iter().filter_map(|purl| Subject::of(purl, None)).take(MOST_OTHER_NAMES));
    }
    let unknown = by_both && name.is_some() && version.is_none();
    (all, unknown.then_some("the version of the package it was built from is not said"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Inside;

    fn rpm(properties: &[(&str, &str)]) -> Component {
        let properties = properties.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let purl = "pkg:rpm/rocky/bind-utils@9.16.23-1.el9?distro=rocky-9.3&epoch=32".to_owned();
        Component { purl, version: "9.16.23-1.el9".to_owned(), examined: Examined::Read, properties, ..Component::default() }
    }

    #[test]
    fn rpm_packages_are_asked_by_both_names_each_with_its_own_version() {
        let asked = |component: &Component| {
            let told = |line: Line| line.asked.map(|subject| format!("{} {}", subject.name, subject.version)).unwrap_or_default();
            lines(component).into_iter().map(told).collect::<Vec<_>>()
        };
        let built = rpm(&[("source package", "bind"), ("source version", "9.16.20-4.el9")]);
        assert_eq!(asked(&built), ["bind 32:9.16.20-4.el9", "bind-utils 32:9.16.23-1.el9"]);
        let unsaid = rpm(&[("source package", "bind")]);
        let told = lines(&unsaid);
        assert!(told.len() == 2 && told.iter().all(|line| line.reasons[0].contains("built from is not said")), "{told:?}");
        assert_eq!(asked(&rpm(&[])), ["bind-utils 32:9.16.23-1.el9"]);
    }

    #[test]
    fn what_says_that_it_is_a_package_of_another_ecosystem_is_asked_as_that() {
        let asked = |component: &Component| {
            let told = |line: Line| line.asked.map(|subject| format!("{} {} {}", subject.ecosystem, subject.name, subject.version));
            lines(component).into_iter().filter_map(told).collect::<Vec<_>>()
        };
        let channel = "pkg:conda/thing@1.0?channel=main";
        let own = Component { purl: channel.to_owned(), provides: vec!["pkg:pypi/thing@1.0".to_owned()], ..Component::default() };
        assert_eq!(asked(&own), ["PyPI thing 1.0"]);
        let unversioned = Component { provides: vec!["pkg:pypi/thing".to_owned()], examined: Examined::Read, ..own.clone() };
        assert!(asked(&unversioned).is_empty() && lines(&unversioned)[0].extent == Extent::NotAssessable);
        let absent = Component { examined: Examined::NotExamined, ..unversioned };
        assert_eq!(lines(&absent)[0].extent, Extent::NotExamined, "what is inside may be something that can be asked about");
        // What was found inside says it better.
        let found = Component { purl: "pkg:pypi/thing@1.0".to_owned(), ..Component::default() };
        let looked_into = Component { inside: Some(Inside { components: vec![found], ..Inside::default() }), ..own };
        assert_eq!(asked(&looked_into), ["PyPI thing 1.0"]);
    }

    #[test]
    fn an_image_that_nobody_looked_into_is_said_to_be_so() {
        let image = |examined, inside| Component {
            class: Class::Container,
            purl: "pkg:oci/app@sha256%3Aaa".to_owned(),
            examined,
            inside,
            ..Component::default()
        };
        let extent = |component: &Component| lines(component).into_iter().map(|line| line.extent).collect::<Vec<_>>();
        let package = Component { purl: "pkg:pypi/thing@1.0".to_owned(), examined: Examined::Read, ..Component::default() };
        let partly = Inside { components: vec![package.clone()], not_assessed: vec!["a layer".to_owned()], ..Inside::default() };
        assert_eq!(extent(&image(Examined::NotExamined, None)), [Extent::NotExamined]);
        assert_eq!(extent(&image(Examined::Unreadable("why".to_owned()), None)), [Extent::NotExamined]);
        assert_eq!(extent(&image(Examined::Read, Some(partly))).first(), Some(&Extent::NotExamined));
        let elsewhere = vec!["another platform".to_owned()];
        let carried = Inside { components: vec![package.clone()], not_assessed: elsewhere, not_carried: 1, ..Inside::default() };
        assert!(!extent(&image(Examined::Read, Some(carried))).contains(&Extent::NotExamined), "a platform that is not carried");
        let whole = Inside { components: vec![package], ..Inside::default() };
        assert!(!extent(&image(Examined::Read, Some(whole))).contains(&Extent::NotExamined));
        assert_eq!(extent(&image(Examined::Opaque, None)), [Extent::NotAssessable], "an artifact that is no image");
        let file = Component { class: Class::File, purl: "pkg:generic/file".to_owned(), ..Component::default() };
        assert_eq!(extent(&file), [Extent::NotAssessable], "what has nothing inside");
        let data = |examined| Component { class: Class::Data, purl: "pkg:generic/data@1".to_owned(), examined, ..Component::default() };
        assert_eq!(extent(&data(Examined::Read)), [], "data is no software");
        assert_eq!(extent(&data(Examined::Unreadable("why".to_owned()))), [Extent::NotAssessable], "data that may be something else");
    }
}
