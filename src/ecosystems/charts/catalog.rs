//! What a shelf holds, by repository, chart and version.

use super::meta::{Meta, provenance};
use super::metadata::clean;
use super::precedence::compare;
use crate::artifact::Descriptor;
use crate::store::Shelf;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A date for what has none here: an index that is made must be the same each time.
const NO_DATE: &str = "1970-01-01T00:00:00Z";

/// The charts of a shelf.
pub(super) struct Catalog {
    repositories: BTreeMap<String, Charts>,
}

/// The versions of the charts of one repository; of two bundles the newer one decides.
type Charts = BTreeMap<(String, String), Chart>;

/// One version of a chart.
pub(super) struct Chart {
    /// What the lock says of it.
    pub meta: Meta,
    /// The archive.
    pub archive: Descriptor,
    /// Its provenance file.
    pub provenance: Option<Descriptor>,
    /// Where the archive is, below its repository.
    pub path: String,
}

impl Catalog {
    /// Reads a shelf; an entry that is not one of a chart is not served.
    pub(super) fn new(shelf: &Shelf) -> Self {
        let mut repositories: BTreeMap<String, Charts> = BTreeMap::new();
        for artifact in &shelf.artifacts {
            let (Ok(meta), Some(archive)) = (Meta::of(artifact), artifact.descriptors.first()) else { continue };
            let (name, version) = (meta.text("name").unwrap_or_default().to_owned(), artifact.version.clone());
            let file = archive.name.clone().unwrap_or_default();
            // Archives of several charts may have one name; what provenance files speak of is the name.
            let path = if file == format!("{name}-{version}.tgz") { file } else { format!("{name}/{version}/{file}") };
            let charts = repositories.entry(meta.repository.clone()).or_default();
            let chart = Chart { meta, archive: archive.clone(), provenance: provenance(artifact).cloned(), path };
            charts.insert((name, version), chart);
        }
        Self { repositories }
    }

    /// The repositories.
    pub(super) fn repositories(&self) -> impl Iterator<Item = &str> {
        self.repositories.keys().map(String::as_str)
    }

    /// The charts of a repository with their names and versions, newest first; of all repositories when it has no name.
    pub(super) fn charts(&self, repository: &str) -> Vec<(&str, &str, &Chart)> {
        let wanted = self.repositories.iter().filter(|(name, _)| repository.is_empty() || *name == repository);
        let mut all: Vec<_> = wanted.flat_map(|(_, charts)| charts).map(|((name, version), chart)| (&**name, &**version, chart)).collect();
        all.sort_by(|a, b| a.0.cmp(b.0).then_with(|| compare(b.1, a.1)).then_with(|| a.2.meta.repository.cmp(&b.2.meta.repository)));
        all
    }

    /// A chart by the path of its archive.
    pub(super) fn at(&self, repository: &str, path: &str) -> Option<&Chart> {
        self.repositories.get(repository)?.values().find(|chart| chart.path == path)
    }

    /// The one chart that `NAME-VERSION` may stand for.
    pub(super) fn named(&self, repository: &str, stem: &str) -> Option<(&str, &str, &Chart)> {
        let all = self.unambiguous(repository).0;
        all.into_iter().find(|(name, version, _)| stem.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')) == Some(version))
    }

    /// The charts without those of which several repositories have different archives, and the names of these.
    fn unambiguous(&self, repository: &str) -> (Vec<(&str, &str, &Chart)>, BTreeMap<String, Vec<&str>>) {
        let mut known: BTreeMap<(&str, &str), Vec<(&str, &str, &Chart)>> = BTreeMap::new();
        let all = self.charts(repository);
        for entry in &all {
            known.entry((entry.0, entry.1)).or_default().push(*entry);
        }
        let differ = |same: &[(&str, &str, &Chart)]| same.iter().any(|(.., chart)| chart.archive.digest != same[0].2.archive.digest);
        let strange = known.iter().filter(|(_, same)| differ(same));
        let strange = strange.map(|((name, version), same)| {
            (format!("{name} {version}"), same.iter().map(|(.., chart)| chart.meta.repository.as_str()).collect())
        });
        let strange: BTreeMap<String, Vec<&str>> = strange.collect();
        let mut seen = std::collections::BTreeSet::new();
        let kept = all.into_iter().filter(|(name, version, _)| {
            !strange.contains_key(&format!("{name} {version}")) && seen.insert((name.to_string(), version.to_string()))
        });
        (kept.collect(), strange)
    }

    /// `index.yaml` of a repository, or of all of them; `None` where there is no such repository.
    pub(super) fn index(&self, repository: &str) -> Option<Value> {
        if !repository.is_empty() && !self.repositories.contains_key(repository) {
            return None;
        }
        let (charts, strange) = self.unambiguous(repository);
        let mut entries: Map<String, Value> = Map::new();
        for (name, _, chart) in charts {
            let below = if repository.is_empty() { format!("{}/", chart.meta.repository) } else { String::new() };
            let list = entries.entry(name).or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                list.push(chart.entry(&below));
            }
        }
        let mut index = json!({ "apiVersion": "v1", "generated": NO_DATE, "entries": entries });
        if !strange.is_empty() {
            let told: BTreeMap<String, String> =
                strange.iter().map(|(chart, places)| (format!("airlift/not listed: {chart}"), places.join(", "))).collect();
            index["annotations"] = json!(told);
        }
        Some(index)
    }
}

impl Chart {
    /// What the index says of it. Its path has no character that must be escaped, and is not: Helm escapes `%2B` once more when it builds
    /// dependencies.
    fn entry(&self, below: &str) -> Value {
        let mut entry = clean(&self.meta.chart);
        entry.insert("urls".to_owned(), json!([format!("{below}charts/{}", self.path)]));
        entry.insert("digest".to_owned(), self.archive.digest.hex().into());
        let created = self.meta.created.as_deref().filter(|text| text.parse::<jiff::Timestamp>().is_ok());
        entry.insert("created".to_owned(), created.unwrap_or(NO_DATE).into());
        Value::Object(entry)
    }
}
