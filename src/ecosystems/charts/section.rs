//! The manifest section `[charts.NAME]`.

use crate::error::{Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Most charts of one section.
const MOST_ITEMS: usize = 500;
/// Most value sets, and most Kubernetes versions, of one chart.
const MOST_SETS: usize = 20;

/// `[charts.NAME]`: a chart, or several as `items`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Section {
    /// The chart's name in its repository.
    pub chart: Option<String>,
    /// Where charts come from: the address of a classic repository (`https://charts.example.org/stable`) or `oci://HOST/PATH`.
    pub repository: Option<String>,
    /// An exact version or a range (`^4.2`, `>=1.2 <2`, `1.x`); by default the newest release.
    pub version: Option<String>,
    /// The SHA-256 of the chart's archive, 64 lower-case hex digits.
    pub sha256: Option<String>,
    /// Whether versions such as `2.0.0-rc.1` count when a range is resolved.
    #[serde(default)]
    pub pre_releases: bool,
    /// What the chart is installed with: files relative to the manifest, tables, or a list of both; the later wins. The images of the
    /// chart are looked for with them.
    #[serde(default)]
    pub values: Values,
    /// Further ways to install the chart, each on top of `values`; the images of all of them are carried.
    #[serde(default)]
    pub value_sets: BTreeMap<String, ValueSet>,
    /// Several charts.
    #[serde(default)]
    pub items: Vec<Item>,
    /// Kubernetes versions the charts are installed on, such as `["1.29", "1.31"]`: charts may choose images by them.
    #[serde(default)]
    pub kube_versions: Vec<String>,
    /// The version of Helm that charts are told to be installed with, for those that ask.
    pub helm_version: Option<String>,
    /// Further API versions that the cluster knows, such as `["monitoring.coreos.com/v1"]`.
    #[serde(default)]
    pub api_versions: Vec<String>,
    /// Which images of the charts are carried.
    #[serde(default)]
    pub images: ImagePolicy,
    /// Repositories and registries that are asked over plain HTTP: `["127.0.0.1:8080"]`.
    #[serde(default)]
    pub plain_http: Vec<String>,
    /// Targets for whose architectures the images are carried. Default: all.
    pub targets: Option<Vec<String>>,
}

/// One chart of a section.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Item {
    /// The chart's name in its repository.
    pub chart: String,
    /// Where it comes from; by default the section's `repository`.
    pub repository: Option<String>,
    /// An exact version or a range; by default the newest release.
    pub version: Option<String>,
    /// The SHA-256 of the chart's archive, 64 lower-case hex digits.
    pub sha256: Option<String>,
    /// Whether pre-releases count when a range is resolved.
    #[serde(default)]
    pub pre_releases: bool,
    /// What the chart is installed with.
    #[serde(default)]
    pub values: Values,
    /// Further ways to install the chart, each on top of `values`.
    #[serde(default)]
    pub value_sets: BTreeMap<String, ValueSet>,
}

/// Layers of values; the later wins.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "values are the name of a file, a table, or a list of both")]
pub(super) enum Values {
    /// A YAML or JSON file, relative to the manifest.
    File(String),
    /// One table.
    Inline(#[schemars(with = "Map<String, Value>")] toml::Table),
    /// Files and tables.
    Layers(Vec<Layer>),
}

/// A file of values, or a table of them.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "values are the name of a file or a table")]
pub(super) enum Layer {
    /// A YAML or JSON file, relative to the manifest.
    File(String),
    /// The values themselves.
    Inline(#[schemars(with = "Map<String, Value>")] toml::Table),
}

/// A named way to install a chart.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ValueSet {
    /// YAML or JSON files, relative to the manifest; the later wins.
    #[serde(default)]
    pub files: Vec<String>,
    /// Values, on top of the files.
    #[serde(default)]
    #[schemars(with = "Map<String, Value>")]
    pub inline: toml::Table,
}

/// Which images of the charts are carried.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ImagePolicy {
    /// Whether images are carried at all; without them the charts alone are.
    #[serde(default = "yes")]
    pub carry: bool,
    /// Images that nobody could find: started by an operator, or named in code.
    #[serde(default)]
    pub extra: Vec<String>,
    /// No image that one of these patterns matches; `*` stands for anything.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Whether images are carried that only look like one in the values, or in the text of a rendered document. They are noted otherwise.
    #[serde(default)]
    pub heuristics: bool,
    /// What happens when a template cannot be rendered, or an image reference cannot be read.
    #[serde(default)]
    pub on_failure: OnFailure,
}

fn yes() -> bool {
    true
}

/// What happens when the images of a chart may not be all known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OnFailure {
    /// The lock step and the description say so.
    #[default]
    Note,
    /// The lock is refused.
    Refuse,
}

impl Default for Values {
    fn default() -> Self {
        Self::Layers(vec![])
    }
}

impl Values {
    /// The layers in order.
    pub(super) fn layers(&self) -> Vec<Layer> {
        match self {
            Self::File(name) => vec![Layer::File(name.clone())],
            Self::Inline(table) => vec![Layer::Inline(table.clone())],
            Self::Layers(layers) => layers.clone(),
        }
    }
}

impl ValueSet {
    /// The layers in order.
    pub(super) fn layers(&self) -> Vec<Layer> {
        let inline = (!self.inline.is_empty()).then(|| Layer::Inline(self.inline.clone()));
        self.files.iter().cloned().map(Layer::File).chain(inline).collect()
    }
}

impl Default for ImagePolicy {
    fn default() -> Self {
        Self { carry: true, extra: vec![], exclude: vec![], heuristics: false, on_failure: OnFailure::Note }
    }
}

impl Section {
    /// The charts that are asked for, each with its repository.
    pub(super) fn items(&self) -> Result<Vec<Item>> {
        let mut items = self.items.clone();
        if let Some(chart) = self.chart.clone() {
            let (version, sha256, values) = (self.version.clone(), self.sha256.clone(), self.values.clone());
            let (pre_releases, value_sets) = (self.pre_releases, self.value_sets.clone());
            items.insert(0, Item { chart, repository: None, version, sha256, pre_releases, values, value_sets });
        } else if self.version.is_some() || self.sha256.is_some() || !self.values.layers().is_empty() || !self.value_sets.is_empty() {
            return Err(Error::usage("`version`, `sha256`, `values` and `value-sets` belong to a `chart`"));
        }
        if items.is_empty() {
            return Err(Error::usage("no chart is named").hint("give `chart` and `repository`, or `items`"));
        }
        if items.len() > MOST_ITEMS {
            return Err(Error::usage("too many charts in one section").with("expected", format!("at most {MOST_ITEMS}")));
        }
        for item in &mut items {
            item.repository = item.repository.take().or_else(|| self.repository.clone());
            check(item)?;
        }
        if self.kube_versions.len() > MOST_SETS {
            return Err(Error::usage("too many Kubernetes versions").with("expected", format!("at most {MOST_SETS}")));
        }
        Ok(items)
    }
}

fn check(item: &Item) -> Result<()> {
    if !is_chart_name(&item.chart) {
        return Err(Error::usage("this is no chart's name")
            .with("expected", "letters, digits, `-`, `_` and `.`; its repository stands in `repository`")
            .with("found", format!("{:.100}", item.chart)));
    }
    if item.repository.is_none() {
        return Err(Error::usage(format!("{}: it is not known where the chart comes from", item.chart))
            .hint("repository = \"https://charts.example.org\", or \"oci://quay.io/team/charts\""));
    }
    if item.value_sets.len() > MOST_SETS {
        return Err(Error::usage(format!("{}: too many value sets", item.chart)).with("expected", format!("at most {MOST_SETS}")));
    }
    Ok(())
}

/// Whether text is a chart's name: it becomes a part of file names and addresses.
pub(super) fn is_chart_name(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
