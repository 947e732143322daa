//! Renders a chart as `helm template` does, without Helm.
//!
//! In: a [`Chart`] and [`RenderOptions`]. Out: [`Rendered`]: the documents in Helm's order, the notes, the custom resource definitions,
//! and what failed. One template that fails does not lose the others, unless the options are strict. The same inputs give the same
//! bytes: the time and the seed of everything random are passed in. A chart can loop, recurse or write without end; it is stopped by
//! [`Bounds`]. It runs on a thread of its own, whose stack is deep enough for the recursion that is allowed. Never reads a file or the
//! network, never panics on input.

mod data;
mod manifests;
#[cfg(test)]
mod tests;

use super::chart::Chart;
use super::schema;
use super::template::{Engine, Fault, Templates, Value, octets};
use super::values::{Values, compatible, layered, prepare};
use crate::error::{Error, Result};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub use super::template::Bounds;
pub use data::API_VERSIONS;
pub(super) use data::kube_version;
pub use manifests::Document;
pub(super) use manifests::documents;

/// The stack of a rendering: templates may call one another 1,100 deep.
const STACK: usize = 512 << 20;

/// What a chart is rendered with.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// The name of the release.
    pub release: String,
    /// The namespace.
    pub namespace: String,
    /// The Kubernetes version, with or without `v`.
    pub kube_version: String,
    /// The version of Helm, with or without `v`.
    pub helm_version: String,
    /// API versions the cluster has beyond [`API_VERSIONS`].
    pub api_versions: Vec<String>,
    /// The user's values, later layers over earlier.
    pub values: Vec<Values>,
    /// Whether it is an upgrade rather than an installation.
    pub is_upgrade: bool,
    /// What `now` is.
    pub now: Timestamp,
    /// What everything random is made of; the digest of the chart will do.
    pub seed: [u8; 32],
    /// Whether the first failure ends it, as in Helm.
    pub strict: bool,
    /// How much the chart may do.
    pub bounds: Bounds,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            release: "release-name".into(),
            namespace: "default".into(),
            kube_version: "v1.31.0".into(),
            helm_version: "v3.10.1".into(),
            api_versions: vec![],
            values: vec![],
            is_upgrade: false,
            now: Timestamp::UNIX_EPOCH,
            seed: [0; 32],
            strict: false,
            bounds: Bounds::default(),
        }
    }
}

/// What came of a chart.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// Manifests in the order of installation.
    pub documents: Vec<Document>,
    /// Hooks and tests, after them.
    pub hooks: Vec<Document>,
    /// Files of `crds/`, as they are.
    pub crds: Vec<Document>,
    /// The notes of the chart itself.
    pub notes: Option<String>,
    /// What could not be rendered or read.
    pub failures: Vec<Failure>,
    /// Whether a schema refuses the values: Helm would have stopped there.
    pub unfit: bool,
    /// What Helm would have warned of.
    pub warnings: Vec<String>,
}

/// A template that could not be rendered, or a schema that the values do not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The template, or the chart where all of it failed.
    pub template: String,
    /// Helm's message, with file and line.
    pub message: String,
    /// What the chart said by `fail` or `required`.
    pub said: Option<String>,
}

impl Rendered {
    /// What `helm template` prints.
    pub fn text(&self, include_crds: bool) -> String {
        let part = |d: &Document| format!("---\n# Source: {}\n{}\n", d.template, d.text);
        let mut main: String = if include_crds { self.crds.iter().map(part).collect() } else { String::new() };
        main.extend(self.documents.iter().map(part));
        format!("{}\n{}", main.trim(), self.hooks.iter().map(part).collect::<String>())
    }
}

/// Renders a chart. An error is about the whole: values of a wrong type, too many charts in charts; and in strict mode the first failure.
pub fn render(chart: &Chart, options: &RenderOptions) -> Result<Rendered> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("charts".into()).stack_size(STACK);
        let running = thread.spawn_scoped(scope, || rendered(chart, options));
        let running = running.map_err(|e| Error::failed("cannot start a thread to render a chart").because(&e))?;
        running.join().unwrap_or_else(|_| Err(Error::failed(format!("chart {}: the renderer broke off", chart.name()))))
    })
}

fn rendered(chart: &Chart, options: &RenderOptions) -> Result<Rendered> {
    let whole = |message: String| Error::verification(format!("chart {} {}: {message}", chart.name(), chart.metadata.version));
    if chart.is_library() {
        return Err(whole("library charts are not installable".into()));
    }
    let user = layered(&options.values);
    let (chart, values, warnings) = prepare(chart, &user).map_err(whole)?;
    let mut out = Rendered { warnings, crds: manifests::crds(&chart), ..Rendered::default() };
    let version = data::kube_version(&options.kube_version).map_err(whole)?;
    let wanted = &chart.metadata.kube_version;
    if !wanted.is_empty() && !compatible(wanted, &version) {
        let message = format!("chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {version}");
        out.failures.push(Failure { template: chart.name().into(), message, said: None });
    }
    for finding in schema::findings(&chart, &values) {
        out.unfit = true;
        let message = format!("the values do not meet the schema: {}", finding.message);
        out.failures.push(Failure { template: format!("{}/values.schema.json", finding.chart), message, said: None });
    }
    let sheets = data::sheets(&chart, &values, options, &version);
    let texts = run(&sheets, options, &mut out);
    manifests::sort(texts, chart.name(), &mut out);
    match out.failures.first() {
        Some(failure) if options.strict => Err(whole(failure.message.clone()).with("template", &failure.template)),
        _ => Ok(out),
    }
}

/// Parses all templates, then renders those that are no partials.
fn run(sheets: &BTreeMap<String, data::Sheet<'_>>, options: &RenderOptions, out: &mut Rendered) -> BTreeMap<String, String> {
    // Deeper charts first, so that a parent's definition replaces a subchart's.
    let mut order: Vec<&String> = sheets.keys().collect();
    order.sort_by_key(|name| std::cmp::Reverse((name.matches('/').count(), (*name).clone())));
    let mut templates = Templates::default();
    for name in &order {
        if let Err(message) = templates.add(name, &octets::from_bytes(sheets[*name].text)) {
            out.failures.push(Failure { template: (*name).clone(), message: format!("parse error at ({message})"), said: None });
        }
    }
    let mut engine = Engine::new(templates, options.now, options.seed, options.bounds);
    let mut texts = BTreeMap::new();
    for name in order {
        let base = name.rsplit('/').next().unwrap_or(name);
        if base.starts_with('_') || out.failures.iter().any(|f| f.template == *name) {
            continue;
        }
        let sheet = &sheets[name];
        if let Value::Map(map) = &sheet.data {
            map.insert("Template", Value::map([("Name", name.as_str().into()), ("BasePath", sheet.base.as_str().into())]));
        }
        match engine.render(name, sheet.data.clone()) {
            Ok(text) => {
                texts.insert(name.clone(), text.replace("<no value>", ""));
            }
            Err(fault) => {
                let over = fault.exhausted || options.strict;
                out.failures.push(failure(name, fault));
                if over {
                    break;
                }
            }
        }
    }
    texts
}

/// Helm's way to word it: what the chart said, with the place it said it at.
fn failure(name: &str, fault: Fault) -> Failure {
    let message = match (&fault.said, fault.message.strip_prefix("template: ").and_then(|m| m.split_once(": "))) {
        (Some(said), Some((place, _))) => format!("execution error at ({place}): {said}"),
        _ => fault.message,
    };
    Failure { template: name.into(), message, said: fault.said }
}
