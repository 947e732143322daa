//! Evidence as OSCAL, the language of NIST for assessments: observations, and nothing that an assessor has to decide.
//!
//! An observation a row of a pack, with the files as resources by their digests; no finding, no target status. The plan they refer to
//! and the definition of this program as a component are the same for every pack. Identifiers are UUIDs of version 5 over what they
//! name, times are inputs.

mod wire;

use self::wire::{
    Actor, Assessment, BackMatter, Component, ComponentDefinition, ControlId, ControlImplementation, Defined, Evidence, Hash, Href,
    IncludeAll, LocalDefinitions, Metadata, Observation, Origin, Plan, Property, Requirement, Resource, Rlink, RunResult, Selection,
    Selections, State, Subject, document,
};
use super::assess::Assessed;
use super::evidence::{Gathered, Reference};
use super::pack::ControlPack;
use super::texts::said;
use crate::artifact::Digest;
use crate::report::Language;
use crate::report::identity::uuid;
use std::collections::BTreeMap;

/// The version of the models that is written: every later reader of version 1 takes it.
pub const OSCAL_VERSION: &str = "1.1.3";
/// The version of the static documents.
const STATIC_VERSION: &str = "1";
/// When they were last changed.
const STATIC_CHANGED: &str = "2026-11-29T00:00:00Z";
/// Where properties of our own are from.
const NAMESPACE: &str = "urn:airlift:evidence";
const PLAN: &str = "assessment-plan.json";

/// What a pack is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// In a line: kind, name, number; in its language.
    pub title: &'a str,
    /// The digest it is identified by.
    pub subject: Digest,
    /// As of when: a time that an input claims (RFC 3339, UTC).
    pub time: &'a str,
    /// The program, with its version.
    pub tool: &'a str,
    /// Which frameworks are in it.
    pub profiles: &'a str,
    /// The language of its texts.
    pub language: Language,
}

/// Observations of every row of some packs. References lead to files beside the document's own folder.
pub fn assessment_results(packs: &[&ControlPack], gathered: &Gathered, about: &About<'_>) -> Vec<u8> {
    let resources = resources(gathered, about);
    let results = packs.iter().map(|pack| result(pack, gathered, about)).collect();
    document(&Assessment {
        uuid: id(about, &["assessment-results"]),
        metadata: metadata(&filled("results", about.language, about.title, ""), about.time, about.time),
        import_ap: Href { href: PLAN.to_owned() },
        results,
        back_matter: BackMatter { resources },
    })
}

fn result<'a>(pack: &'a ControlPack, gathered: &'a Gathered, about: &About<'_>) -> RunResult<'a> {
    let language = about.language;
    let rows = Assessed::all(pack, gathered);
    let all = pack.controls.iter().flat_map(|control| &control.tokens);
    RunResult {
        uuid: id(about, &["result", &pack.id]),
        title: format!("{}: {}", pack.name, about.title),
        description: filled("result-of", language, pack.note.of(language), &format!("{} ({})", pack.version, pack.source)),
        start: about.time.to_owned(),
        end: about.time.to_owned(),
        local_definitions: LocalDefinitions { components: vec![subject(pack, about), tool(pack, about)] },
        reviewed_controls: Selections {
            control_selections: vec![Selection { include_controls: all.map(|token| ControlId { control_id: token }).collect() }],
        },
        observations: rows.iter().map(|row| observation(pack, row, about)).collect(),
        remarks: said().word("not-covered", language),
    }
}

fn subject(pack: &ControlPack, about: &About<'_>) -> Component {
    let description = filled("identified", about.language, about.title, &about.subject.hex());
    Component {
        uuid: id(about, &["subject", &pack.id]),
        kind: "software",
        title: about.title.to_owned(),
        description,
        status: State::here(),
    }
}

fn tool(pack: &ControlPack, about: &About<'_>) -> Component {
    let description = said().word("gatherer", about.language).to_owned();
    Component { uuid: id(about, &["tool", &pack.id]), kind: "software", title: about.tool.to_owned(), description, status: State::here() }
}

fn observation(pack: &ControlPack, row: &Assessed<'_>, about: &About<'_>) -> Observation {
    let (control, language) = (row.control, about.language);
    let reasons = row
        .found
        .iter()
        .flat_map(|(evidence, found)| found.reasons().iter().map(move |reason| format!("{}: {}", evidence.code(), reason.text(language))));
    let status = row.status().words(language);
    let description = row.shows(language).map_or_else(|| format!("{status}."), |shows| format!("{status}. {shows}"));
    let mut props = vec![Property::of("status", row.status().name())];
    props.extend(control.tokens.iter().map(|token| Property::of("control-id", token)));
    props.extend(row.found.iter().map(|(evidence, _)| Property::of("evidence", evidence.code())));
    let word = said().word("does-not-show", language);
    let remarks =
        std::iter::once(format!("{word}: {}", control.does_not_show.of(language))).chain(reasons).collect::<Vec<_>>().join("\n\n");
    Observation {
        uuid: id(about, &["observation", &pack.id, &control.tokens[0]]),
        title: format!("{}: {}", control.label(), control.title.of(language)),
        description,
        props,
        methods: vec!["EXAMINE"],
        origins: vec![Origin { actors: vec![Actor { kind: "tool", actor_uuid: id(about, &["tool", &pack.id]) }] }],
        subjects: vec![Subject { subject_uuid: id(about, &["subject", &pack.id]), kind: "component" }],
        relevant_evidence: relevant(row, about),
        collected: about.time.to_owned(),
        remarks,
    }
}

fn relevant(row: &Assessed<'_>, about: &About<'_>) -> Vec<Evidence> {
    let one = |code: &str, title: &str, reference: &Reference| {
        let events: Vec<String> = reference.events.iter().map(u64::to_string).collect();
        let events = if events.is_empty() { String::new() } else { format!("; {}", events.join(" ")) };
        let name = reference.file.name();
        Evidence { href: format!("#{}", id(about, &["file", name])), description: format!("{code}, {title}: {name}{events}") }
    };
    row.found
        .iter()
        .flat_map(|(evidence, found)| found.references().iter().map(move |r| one(evidence.code(), evidence.title(about.language), r)))
        .collect()
}

/// Every file that is referred to, once, with its digest.
fn resources(gathered: &Gathered, about: &About<'_>) -> Vec<Resource> {
    let files: BTreeMap<&str, Digest> = gathered
        .all()
        .flat_map(|(_, found)| found.references())
        .map(|reference| (reference.file.name(), reference.file.digest()))
        .collect();
    let one = |(name, digest): (&str, Digest)| Resource {
        uuid: id(about, &["file", name]),
        title: name.to_owned(),
        rlinks: vec![Rlink { href: format!("../{name}"), hashes: vec![Hash { algorithm: "SHA-256", value: digest.hex() }] }],
    };
    files.into_iter().map(one).collect()
}

/// The plan that results refer to: what is looked at, and that nothing is decided. The same for every subject, in a language.
pub fn assessment_plan(language: Language) -> Vec<u8> {
    let ssp = fixed(language, &["ssp"]);
    document(&Plan {
        uuid: fixed(language, &["assessment-plan"]),
        metadata: metadata(said().word("plan", language), STATIC_CHANGED, STATIC_VERSION),
        import_ssp: Href { href: format!("#{ssp}") },
        reviewed_controls: Selections { control_selections: vec![IncludeAll::default()] },
        back_matter: BackMatter {
            resources: vec![Resource { uuid: ssp, title: said().word("own-plan", language).to_owned(), rlinks: vec![] }],
        },
    })
}

/// What this program supports, by pack: the same for every subject, in a language.
pub fn component_definition(language: Language) -> Vec<u8> {
    let implementations = ControlPack::shipped().iter().map(|pack| ControlImplementation {
        uuid: fixed(language, &["implementation", &pack.id]),
        source: pack.catalogue(),
        description: format!("{} ({}). {}", pack.name, pack.version, pack.note.of(language)),
        implemented_requirements: pack.controls.iter().flat_map(|control| requirements(pack, control, language)).collect(),
    });
    document(&ComponentDefinition {
        uuid: fixed(language, &["component-definition"]),
        metadata: metadata(said().word("component", language), STATIC_CHANGED, STATIC_VERSION),
        components: vec![Defined {
            uuid: fixed(language, &["component"]),
            kind: "software",
            title: "airlift",
            description: said().word("what-it-does", language),
            control_implementations: implementations.collect(),
        }],
    })
}

fn requirements<'a>(pack: &'a ControlPack, control: &'a super::pack::Control, language: Language) -> impl Iterator<Item = Requirement<'a>> {
    control.tokens.iter().map(move |token| Requirement {
        uuid: fixed(language, &["requirement", &pack.id, token]),
        control_id: token,
        description: control.shows.values().map(|shows| shows.of(language)).collect::<Vec<_>>().join(" "),
        props: control.shows.keys().map(|evidence| Property::of("evidence", evidence.code())).collect(),
        remarks: format!("{}: {}", said().word("does-not-show", language), control.does_not_show.of(language)),
    })
}

fn metadata(title: &str, time: &str, version: &str) -> Metadata {
    Metadata { title: title.to_owned(), last_modified: time.to_owned(), version: version.to_owned(), oscal_version: OSCAL_VERSION }
}

/// A text with its two places filled.
fn filled(name: &str, language: Language, n: &str, m: &str) -> String {
    said().word(name, language).replace("{m}", m).replace("{n}", n)
}

/// An identifier within what is said of one subject at one time, by one program, for some frameworks, in one language.
fn id(about: &About<'_>, words: &[&str]) -> String {
    let About { subject, time, tool, profiles, language, .. } = about;
    uuid(&format!("oscal {} {time} {tool} {profiles} {} {}", subject.hex(), language.code(), words.join(" ")))
}

/// An identifier within what is the same for every subject.
fn fixed(language: Language, words: &[&str]) -> String {
    uuid(&format!("oscal static {STATIC_VERSION} {} {}", language.code(), words.join(" ")))
}
