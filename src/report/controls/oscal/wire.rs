//! The subset of the OSCAL JSON models that is written, member for member in the order of the models.

use serde::Serialize;

/// A document under the name of its model, indented, with a line feed at the end.
pub(super) fn document<T: Model>(model: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(&std::collections::BTreeMap::from([(T::NAME, model)])).expect("models have string keys only");
    bytes.push(b'\n');
    bytes
}

/// A model with the name of its document's only member.
pub(super) trait Model: Serialize {
    /// That name.
    const NAME: &'static str;
}

macro_rules! wire {
    ($($(#[$attribute:meta])* $name:ident $(<$life:lifetime>)? { $($(#[$of:meta])* $field:ident: $kind:ty),* $(,)? })*) => {
        $($(#[$attribute])* #[derive(Debug, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub(in super::super) struct $name $(<$life>)? { $($(#[$of])* pub $field: $kind),* })*
    };
}

wire! {
    Metadata { title: String, last_modified: String, version: String, oscal_version: &'static str }
    Href { href: String }
    Assessment<'a> { uuid: String, metadata: Metadata, import_ap: Href, results: Vec<RunResult<'a>>, back_matter: BackMatter }
    Plan { uuid: String, metadata: Metadata, import_ssp: Href, reviewed_controls: Selections<IncludeAll>, back_matter: BackMatter }
    ComponentDefinition<'a> { uuid: String, metadata: Metadata, components: Vec<Defined<'a>> }
    RunResult<'a> {
        uuid: String,
        title: String,
        description: String,
        start: String,
        end: String,
        local_definitions: LocalDefinitions,
        reviewed_controls: Selections<Selection<'a>>,
        observations: Vec<Observation>,
        remarks: &'a str,
    }
    LocalDefinitions { components: Vec<Component> }
    Component { uuid: String, #[serde(rename = "type")] kind: &'static str, title: String, description: String, status: State }
    State { state: &'static str }
    Selection<'a> { include_controls: Vec<ControlId<'a>> }
    ControlId<'a> { control_id: &'a str }
    Observation {
        uuid: String,
        title: String,
        description: String,
        props: Vec<Property>,
        methods: Vec<&'static str>,
        origins: Vec<Origin>,
        subjects: Vec<Subject>,
        #[serde(skip_serializing_if = "Vec::is_empty")] relevant_evidence: Vec<Evidence>,
        collected: String,
        remarks: String,
    }
    Property { name: &'static str, ns: &'static str, value: String }
    Origin { actors: Vec<Actor> }
    Actor { #[serde(rename = "type")] kind: &'static str, actor_uuid: String }
    Subject { subject_uuid: String, #[serde(rename = "type")] kind: &'static str }
    Evidence { href: String, description: String }
    BackMatter { #[serde(skip_serializing_if = "Vec::is_empty")] resources: Vec<Resource> }
    Resource { uuid: String, title: String, #[serde(skip_serializing_if = "Vec::is_empty")] rlinks: Vec<Rlink> }
    Rlink { href: String, hashes: Vec<Hash> }
    Hash { algorithm: &'static str, value: String }
    Defined<'a> {
        uuid: String,
        #[serde(rename = "type")] kind: &'static str,
        title: &'static str,
        description: &'static str,
        control_implementations: Vec<ControlImplementation<'a>>,
    }
    ControlImplementation<'a> { uuid: String, source: String, description: String, implemented_requirements: Vec<Requirement<'a>> }
    Requirement<'a> { uuid: String, control_id: &'a str, description: String, props: Vec<Property>, remarks: String }
}

/// Which controls were looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in super::super) struct Selections<T> {
    /// The selections.
    pub control_selections: Vec<T>,
}

/// Every control of the plan.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in super::super) struct IncludeAll {
    include_all: Nothing,
}

/// An object without members.
#[derive(Debug, Default, Serialize)]
pub(in super::super) struct Nothing {}

impl Model for Assessment<'_> {
    const NAME: &'static str = "assessment-results";
}

impl Model for Plan {
    const NAME: &'static str = "assessment-plan";
}

impl Model for ComponentDefinition<'_> {
    const NAME: &'static str = "component-definition";
}

impl State {
    /// The thing is there.
    pub const fn here() -> Self {
        Self { state: "operational" }
    }
}

impl Property {
    /// A property of our own.
    pub fn of(name: &'static str, value: &str) -> Self {
        Self { name, ns: super::NAMESPACE, value: value.to_owned() }
    }
}
