//! Why something is there: which sections of the manifest asked for it, and along which way it is needed.

use crate::advisories::{Ecosystem, Subject};
use crate::artifact::Artifact;
use crate::error::{Error, Result};
use crate::report::document::{Backed, Claim, Evidence, Kind, Report, WhyRow, WithinRow, outside};
use crate::report::{Class, Component, Inventory, Purl};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Most things of one name that are listed; how many more there are is said.
const MOST: usize = 100;
/// Most steps of a way that are listed, the first ones and the last ones by halves; how many lie between is said.
const LONGEST: usize = 50;

/// Makes a report one of why a name is there, as an artifact or inside one. [`Kind::Usage`](crate::error::Kind) when nothing has that name.
pub fn why(report: &mut Report, name: &str, artifacts: &[Artifact], inventory: &Inventory, by: &Evidence) -> Result<()> {
    let (wanted, top) = (Wanted::new(name), Level::of(&inventory.components));
    let mut found = Found::default();
    let own: Vec<&Component> = inventory.components.iter().filter(|component| wanted.is(component)).collect();
    found.rows.extend(own.iter().take(MOST).map(|component| row(component, component, artifacts, &top)));
    found.all = own.len();
    for artifact in inventory.components.iter().filter(|artifact| artifact.inside.is_some()) {
        inside(artifact, &mut vec![artifact], &wanted, (artifacts, &top), &mut found);
    }
    let unseen = inventory.components.iter().filter(|artifact| artifact.unseen().parts > 0).count();
    if found.all == 0 {
        let error = Error::usage("nothing here has that name").with("asked for", format!("{name:.120}"));
        let error = if unseen > 0 { error.with("not looked into, or not whole", format!("{unseen} artifacts")) } else { error };
        return Err(error.hint("airlift report lists every artifact, airlift sbom what lies inside"));
    }
    let told = |key, values: &[(&str, String)]| Claim::say(key, values, by.clone());
    if unseen > 0 {
        report.not_checked.insert(0, told("why-unseen", &[("count", unseen.to_string())]));
    }
    if found.all > found.rows.len() {
        let values = [("count", (found.all - found.rows.len()).to_string()), ("all", found.all.to_string())];
        report.not_checked.insert(0, told("why-cut", &values));
    }
    report.kind = Kind::Why;
    report.why = Some(Backed::new(found.rows, by.clone()));
    report.artifacts = None;
    Ok(())
}

/// What was found: the first things of a name, and how many there are.
#[derive(Default)]
struct Found {
    rows: Vec<WhyRow>,
    all: usize,
}

/// What a person means by a name: as it is written, with a version behind a space, by package URL, or in the form in which the names of an
/// ecosystem are compared.
struct Wanted<'a> {
    text: &'a str,
    name: &'a str,
    version: Option<&'a str>,
    purl: Option<Purl>,
}

impl<'a> Wanted<'a> {
    fn new(text: &'a str) -> Self {
        let (name, version) = text.rsplit_once(' ').map_or((text, None), |(name, version)| (name, Some(version)));
        Self { text, name, version, purl: Purl::read(text) }
    }

    fn is(&self, component: &Component) -> bool {
        let fits = |name: &str| component.name == name;
        let version = self.version.is_none_or(|version| version == component.version);
        if fits(self.text) || version && fits(self.name) {
            return true;
        }
        match &self.purl {
            Some(wanted) => Purl::read(&component.purl).is_some_and(|purl| wanted.covers(&purl)),
            None => version && self.is_spelt_otherwise(component),
        }
    }

    fn is_spelt_otherwise(&self, component: &Component) -> bool {
        let known = |subject: &Subject| Ecosystem::of(&subject.ecosystem);
        let same = |subject: Subject| known(&subject).is_some_and(|order| order.normalised(&subject.name) == order.normalised(self.name));
        Subject::of(&component.purl, None).is_some_and(same)
    }
}

/// Things that may need each other: artifacts, or what lies in one place inside an artifact.
struct Level<'a> {
    labels: Labels<'a>,
    needers: Needers<'a>,
}

impl<'a> Level<'a> {
    fn of(components: &'a [Component]) -> Self {
        let labels = components.iter().map(|component| (component.reference.as_str(), component)).collect();
        Self { labels, needers: needers(components) }
    }

    /// The way to something, of a long one both ends; how many steps lie between them; and how many need it directly.
    fn way(&self, component: &Component) -> (Vec<String>, u64, u64) {
        let (path, between) = ends(path(&component.reference, &self.needers));
        let label = |reference: &str| self.labels.get(reference).map(|component| outside(&component.label())).unwrap_or_default();
        let needed_by = self.needers.get(component.reference.as_str()).map_or(0, Vec::len);
        (path.into_iter().map(label).collect(), between as u64, needed_by as u64)
    }
}

/// Looks for a name inside something, whose place is given from the artifact inwards. Who needs whom there is only asked where something
/// of that name is.
fn inside<'a>(
    outer: &'a Component,
    place: &mut Vec<&'a Component>,
    wanted: &Wanted<'_>,
    (artifacts, top): (&[Artifact], &Level<'_>),
    found: &mut Found,
) {
    let mut level = None;
    for component in outer.nested() {
        if wanted.is(component) && component.class != Class::Container {
            found.all += 1;
            if found.rows.len() < MOST {
                let level = level.get_or_insert_with(|| Level::of(outer.nested()));
                let within = within(component, place, top);
                found.rows.push(WhyRow { within: Some(within), ..row(component, place[0], artifacts, level) });
            }
        }
        place.push(component);
        inside(component, place, wanted, (artifacts, top), found);
        place.pop();
    }
}

/// Where something lies, in words of its own.
fn within(component: &Component, place: &[&Component], top: &Level<'_>) -> WithinRow {
    let (path, between, _) = top.way(place[0]);
    let part = |part: &&Component| outside(part.properties.get("platform").filter(|text| !text.is_empty()).unwrap_or(&part.label()));
    let named_by = component.found_by.as_deref().unwrap_or_default();
    let databases = place.last().and_then(|part| part.inside.as_ref()).map(|inside| &inside.databases[..]).unwrap_or_default();
    let kind = databases.iter().find(|database| database.place == named_by).map(|database| &database.kind);
    WithinRow {
        purl: outside(&component.purl),
        path,
        between,
        parts: place.iter().skip(1).map(part).collect(),
        found_by: outside(&kind.map_or_else(|| named_by.to_owned(), |kind| format!("{kind} {named_by}"))),
    }
}

type Needers<'a> = BTreeMap<&'a str, Vec<&'a str>>;
type Labels<'a> = HashMap<&'a str, &'a Component>;

/// Who needs what, by references.
fn needers(components: &[Component]) -> Needers<'_> {
    let mut needers = Needers::new();
    for component in components {
        for needed in component.needs.iter().filter(|needed| **needed != component.reference) {
            needers.entry(needed).or_default().push(&component.reference);
        }
    }
    needers
}

/// The sections of the manifest that asked for an artifact.
fn sections(artifact: &Component, artifacts: &[Artifact]) -> Vec<String> {
    let same = |a: &&Artifact| (&a.ecosystem, &a.name, &a.version) == (&artifact.ecosystem, &artifact.name, &artifact.version);
    let mut sections: Vec<String> = artifacts.iter().filter(same).flat_map(|a| a.sections.iter().map(|s| outside(s))).collect();
    sections.sort();
    sections.dedup();
    sections
}

/// Why something is there, within a level; the artifact is itself or what it lies in.
fn row(component: &Component, artifact: &Component, artifacts: &[Artifact], level: &Level<'_>) -> WhyRow {
    let (path, between, needed_by) = level.way(component);
    WhyRow { name: outside(&component.label()), sections: sections(artifact, artifacts), path, between, needed_by, within: None }
}

/// The two ends of a way that is too long to be listed, and how many steps lie between them.
fn ends(mut path: Vec<&str>) -> (Vec<&str>, usize) {
    let between = path.len().saturating_sub(LONGEST);
    if between > 0 {
        path.drain(LONGEST / 2..LONGEST / 2 + between);
    }
    (path, between)
}

/// The shortest way from something that nothing needs; from the farthest one where all are needed by each other.
fn path<'a>(to: &'a str, needers: &Needers<'a>) -> Vec<&'a str> {
    let (mut from, mut queue): (BTreeMap<&str, &str>, _) = (BTreeMap::new(), VecDeque::from([to]));
    let mut end = to;
    while let Some(at) = queue.pop_front() {
        end = at;
        let Some(next) = needers.get(at) else { break };
        for needer in next {
            if *needer != to && !from.contains_key(needer) {
                from.insert(needer, at);
                queue.push_back(needer);
            }
        }
    }
    let mut path = vec![end];
    while let Some(next) = from.get(path[path.len() - 1]) {
        path.push(next);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Completeness, Digest};
    use crate::report::document::{Decision, Identity, Verdict};
    use crate::report::{Database, Inside, Reading, Requirement};

    fn thing(purl: &str, needs: &[&str]) -> Component {
        let read = Purl::read(purl).expect("a package URL");
        let requirement = |need: &&str| Requirement { declared: (*need).to_owned(), purls: vec![(*need).to_owned()], conditional: false };
        Component {
            name: read.name(),
            version: read.version(),
            purl: purl.to_owned(),
            requirements: needs.iter().map(requirement).collect(),
            declared: Completeness::Complete,
            found_by: Some("a/status".to_owned()),
            ..Component::default()
        }
    }

    fn holding(outer: Component, components: Vec<Component>) -> Component {
        let place = "a/status".to_owned();
        let database = Database { kind: "list".to_owned(), place, components: components.len(), reading: Reading::Read };
        let inside = Inside { components, databases: vec![database], ..Inside::default() };
        Component { class: Class::Container, found_by: None, inside: Some(inside), ..outer }
    }

    fn asked(name: &str, components: Vec<Component>) -> Report {
        let subject = crate::report::Subject::of_lock();
        let by = Evidence::of(crate::report::document::Source::Inventory, Digest::of(b"lock"));
        let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
        let identity = Backed::new(Identity::default(), by.clone());
        let mut report = Report::new(Kind::Plan, "2026-01-01T00:00:00Z", identity, Backed::new(decision, by.clone()));
        why(&mut report, name, &[], &Inventory::new(subject, components), &by).expect("it is there");
        report
    }

    #[test]
    fn a_package_of_a_platform_is_told_with_both_ways() {
        let platform = || {
            let packages = vec![thing("pkg:deb/debian/app@1", &["pkg:deb/debian/lib"]), thing("pkg:deb/debian/lib@2", &[])];
            let platform = holding(thing("pkg:oci/image@sha256%3Aaa", &[]), packages);
            Component { properties: [("platform".to_owned(), "linux/amd64".to_owned())].into(), ..platform }
        };
        let image = holding(thing("pkg:oci/image@1", &[]), vec![platform()]);
        let chart = Component { found_by: None, ..thing("pkg:generic/chart@3", &["pkg:oci/image"]) };
        let report = asked("lib", vec![chart, image]);
        let rows = report.why.as_ref().expect("rows").said();
        let within = rows[0].within.as_ref().expect("it lies inside");
        assert_eq!((rows.len(), rows[0].path.join(" "), rows[0].needed_by), (1, "app 1 lib 2".to_owned(), 1));
        assert_eq!((within.path.join(" "), within.parts.join(" ")), ("chart 3 image 1".to_owned(), "linux/amd64".to_owned()));
        assert_eq!(within.found_by, "list a/status");
        assert_eq!(report.not_checked[0].said().key, "why-unseen", "nobody looked into the chart");
    }

    #[test]
    fn of_many_things_of_one_name_the_rest_is_counted() {
        let image = |n: usize| holding(thing(&format!("pkg:oci/image-{n}@1"), &[]), vec![thing("pkg:deb/debian/lib@2", &[])]);
        let report = asked("lib", (0..MOST + 20).map(image).collect());
        assert_eq!(report.why.as_ref().expect("rows").said().len(), MOST);
        let cut = report.not_checked[0].said();
        assert_eq!((cut.key.as_str(), &*cut.values["count"], &*cut.values["all"]), ("why-cut", "20", "120"));
    }

    #[test]
    fn the_shortest_way_from_what_nothing_needs() {
        let needers = Needers::from([
            ("leaf", vec!["middle", "top"]),
            ("middle", vec!["top"]),
            ("loop-a", vec!["loop-b"]),
            ("loop-b", vec!["loop-a"]),
        ]);
        assert_eq!(path("leaf", &needers), ["top", "leaf"]);
        assert_eq!(path("top", &needers), ["top"]);
        assert_eq!(path("loop-a", &needers), ["loop-b", "loop-a"]);
    }

    #[test]
    fn of_a_long_way_both_ends_are_listed_and_the_rest_is_counted() {
        let names: Vec<String> = (0..LONGEST + 3).map(|n| n.to_string()).collect();
        let (path, between) = ends(names.iter().map(String::as_str).collect());
        assert_eq!((path.len(), between, path[0], path[LONGEST - 1]), (LONGEST, 3, "0", "52"));
        assert_eq!((path[LONGEST / 2 - 1], path[LONGEST / 2]), ("24", "28"));
        assert_eq!(ends(vec!["a", "b"]), (vec!["a", "b"], 0));
    }
}
