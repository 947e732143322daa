//! A chart out of its archive, with what this room asks of it: what it lacks, what it is described by, and its renderings.

use super::chart::{Chart, Dependency, Metadata};
use super::images::Rendering;
use super::render::{RenderOptions, documents, render};
use super::template::semver::{Constraint, Version};
use super::values::{coalesce, compatible, prepare};
use super::yaml;
use crate::error::Result;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A chart and the charts in it.
#[derive(Debug, Clone)]
pub(super) struct Package {
    chart: Chart,
}

/// A chart that another one declares and does not bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// Its name.
    pub name: String,
    /// The version of the lock file, else a range.
    pub version: String,
    /// The repository as the chart writes it.
    pub repository: String,
}

impl Package {
    /// Reads an archive.
    pub(super) fn open(archive: &[u8]) -> Result<Self> {
        Ok(Self { chart: Chart::read("the archive", archive)? })
    }

    /// What `Chart.yaml` says.
    pub(super) fn metadata(&self) -> &Metadata {
        &self.chart.metadata
    }

    /// The charts it declares that are not within it; the lock file tells the version, as for `helm dependency build`.
    pub(super) fn missing(&self) -> Vec<Missing> {
        let there = |dependency: &&Dependency| !self.chart.subcharts.iter().any(|c| c.metadata.name == dependency.name);
        let mut missing: Vec<Missing> = Vec::new();
        for Dependency { name, version, repository, .. } in self.chart.metadata.dependencies.iter().filter(there) {
            let version = self.locked(name, repository, version).unwrap_or_else(|| version.clone());
            let found = Missing { name: name.clone(), version, repository: repository.clone() };
            // One chart may be declared under several aliases.
            if !missing.contains(&found) {
                missing.push(found);
            }
        }
        missing
    }

    /// The version in the lock file. One chart may be declared several times, with ranges that take different versions.
    fn locked(&self, name: &str, repository: &str, range: &str) -> Option<String> {
        let list = self.chart.lock.as_ref()?.get("dependencies")?.as_array()?;
        let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut same = list.iter().filter(|entry| text(entry, "name") == name && text(entry, "repository") == repository);
        let found = same.clone().find(|entry| compatible(range, &text(entry, "version"))).or_else(|| same.next())?;
        Some(text(found, "version")).filter(|version| !version.is_empty())
    }

    /// Puts a chart that was missing into it.
    pub(super) fn add(&mut self, package: Self) {
        self.chart.subcharts.push(package.chart);
    }

    /// Names and versions of the charts within it.
    pub(super) fn inside(&self) -> Vec<(String, String)> {
        self.chart.subcharts.iter().map(|c| (c.metadata.name.clone(), c.metadata.version.clone())).collect()
    }

    /// `Chart.yaml` as JSON, as indexes and registries have it.
    pub(super) fn config(&self) -> Value {
        let m = &self.chart.metadata;
        let mut all = Map::new();
        for (key, text) in [
            ("apiVersion", &m.api_version),
            ("name", &m.name),
            ("version", &m.version),
            ("appVersion", &m.app_version),
            ("kubeVersion", &m.kube_version),
            ("type", &m.kind),
            ("description", &m.description),
            ("home", &m.home),
            ("icon", &m.icon),
            ("condition", &m.condition),
            ("tags", &m.tags),
        ] {
            all.insert(key.to_owned(), text.clone().into());
        }
        all.insert("sources".to_owned(), json!(m.sources));
        all.insert("keywords".to_owned(), json!(m.keywords));
        all.insert("maintainers".to_owned(), json!(m.maintainers));
        all.insert("annotations".to_owned(), json!(m.annotations));
        all.insert("deprecated".to_owned(), m.deprecated.into());
        all.insert("dependencies".to_owned(), m.dependencies.iter().map(declared).collect());
        all.retain(|_, value| *value != json!("") && *value != json!([]) && *value != json!({}) && *value != json!(false));
        Value::Object(all)
    }
}

fn declared(d: &Dependency) -> Value {
    let all = json!({
        "name": d.name, "version": d.version, "repository": d.repository, "condition": d.condition, "alias": d.alias,
        "tags": d.tags, "import-values": d.import_values,
    });
    let Value::Object(mut all) = all else { return all };
    all.retain(|_, value| *value != json!("") && *value != json!([]));
    Value::Object(all)
}

/// A chart whose images are looked for.
pub(super) struct Subject<'a> {
    /// The chart.
    pub package: &'a Package,
    /// Further API versions the cluster knows.
    pub api_versions: &'a [String],
    /// The version of Helm it is told.
    pub helm_version: &'a str,
}

/// A chart with values laid over its own: parts that are switched off are gone, others go by their aliases.
pub(super) struct Laid {
    chart: Chart,
    /// The values of the whole.
    pub values: Value,
}

impl Subject<'_> {
    /// The annotations of `Chart.yaml`.
    pub(super) fn annotations(&self) -> &BTreeMap<String, String> {
        &self.package.chart.metadata.annotations
    }

    /// The chart as it is installed.
    pub(super) fn laid(&self, values: &Map<String, Value>) -> Option<Laid> {
        let (chart, values, _) = prepare(&self.package.chart, values).ok()?;
        Some(Laid { chart, values: Value::Object(values) })
    }

    /// Renders it for a Kubernetes version; a chart that only lends templates to others has nothing to render.
    pub(super) fn render(&self, values: &Map<String, Value>, kube_version: Option<&str>) -> Rendering {
        let mut out = Rendering::default();
        if self.package.chart.is_library() {
            return out;
        }
        let mut options =
            RenderOptions { values: vec![values.clone()], api_versions: self.api_versions.to_vec(), ..RenderOptions::default() };
        self.helm_version.clone_into(&mut options.helm_version);
        if let Some(version) = kube_version {
            version.clone_into(&mut options.kube_version);
        }
        let rendered = match render(&self.package.chart, &options) {
            Ok(rendered) => rendered,
            Err(error) => {
                out.failures.push(error.message().to_owned());
                return out;
            }
        };
        out.unfit = rendered.unfit;
        out.failures.extend(rendered.failures.iter().map(|failure| format!("{}: {}", failure.template, failure.message)));
        let texts = rendered.documents.iter().chain(&rendered.hooks).map(|document| (&document.template, document.text.as_str()));
        // Everything in `crds/` is installed; definitions name no images and are long.
        let beside = rendered.crds.iter().flat_map(|file| documents(&file.text).map(move |text| (&file.template, text)));
        for (template, text) in texts.chain(beside.filter(|(_, text)| !is_definition(text))) {
            match yaml::parse(text) {
                Ok(Value::Null) => {}
                Ok(value) => out.documents.push((template.clone(), value)),
                // Once is enough.
                Err(_) if rendered.failures.iter().any(|failure| failure.template == *template) => {}
                Err(error) => out.failures.push(format!("{template}: {error}")),
            }
        }
        out
    }

    /// The chart with all its parts, those that are switched off too.
    pub(super) fn whole(&self, values: &Map<String, Value>) -> Option<Laid> {
        let chart = self.package.chart.clone();
        let values = coalesce(&chart, values.clone(), &mut vec![]).ok()?;
        Some(Laid { chart, values: Value::Object(values) })
    }
}

fn is_definition(document: &str) -> bool {
    document.lines().any(|line| line.trim_end() == "kind: CustomResourceDefinition")
}

impl Laid {
    /// The annotations of its parts, by their names.
    pub(super) fn annotated(&self) -> Vec<(&str, &BTreeMap<String, String>)> {
        let (mut found, mut next) = (vec![], vec![&self.chart]);
        while let Some(chart) = next.pop() {
            next.extend(&chart.subcharts);
            found.extend(chart.subcharts.iter().map(|part| (part.metadata.name.as_str(), &part.metadata.annotations)));
        }
        found
    }

    /// The default tag of the part that a path of keys belongs to.
    pub(super) fn app_version(&self, path: &[String]) -> Option<String> {
        let mut chart = &self.chart;
        for key in path {
            match chart.subcharts.iter().find(|part| part.metadata.name == *key) {
                Some(part) => chart = part,
                None => break,
            }
        }
        Some(chart.metadata.app_version.clone()).filter(|version| !version.is_empty())
    }
}

/// A version constraint as Helm reads it.
pub(super) struct Range(Constraint);

impl Range {
    /// Reads one.
    pub(super) fn parse(text: &str) -> std::result::Result<Self, String> {
        Constraint::parse(text).map(Self)
    }

    /// Whether it admits a version; with `pre_releases`, also one before a release that it admits.
    pub(super) fn admits(&self, version: &str, pre_releases: bool) -> bool {
        let admits = |text: &str| Version::parse(text).is_ok_and(|version| self.0.check(&version));
        let release = version.split(['-', '+']).next().unwrap_or(version);
        admits(version) || pre_releases && Version::parse(version).is_ok() && admits(release)
    }
}
