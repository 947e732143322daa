//! Rendered files into documents: split, sorted by kind as they are installed, hooks apart, notes apart.

use super::{Failure, Rendered};
use crate::ecosystems::charts::chart::{Chart, as_text};
use crate::ecosystems::charts::template::octets;
use crate::ecosystems::charts::yaml;
use regex::Regex;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file it came from: `chart/charts/sub/templates/service.yaml`.
    pub template: String,
    /// Its text, trimmed.
    pub text: String,
    /// Its kind; empty where it has none, such as a document of comments only.
    pub kind: String,
}

/// The order Helm installs in.
const ORDER: [&str; 35] = [
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

const HOOKS: [&str; 10] = [
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
    "test-success",
];

static SEPARATOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|[\t\n\f\r ]*\n)---[\t\n\f\r ]*").expect("the pattern is constant and compiles"));

/// The files of `crds/`, the subcharts' too, as they are.
pub(super) fn crds(chart: &Chart) -> Vec<Document> {
    let manifest = |name: &str| [".yaml", ".yml", ".json"].iter().any(|e| name.to_ascii_lowercase().ends_with(e));
    let own = chart.files.iter().filter(|f| f.name.starts_with("crds/") && manifest(&f.name));
    let mut out: Vec<Document> = own
        .map(|f| Document {
            template: f.name.clone(),
            text: String::from_utf8_lossy(&f.data).into_owned(),
            kind: "CustomResourceDefinition".into(),
        })
        .collect();
    out.extend(chart.subcharts.iter().flat_map(crds));
    out
}

/// The documents of a text.
pub(in super::super) fn documents(text: &str) -> impl Iterator<Item = &str> {
    SEPARATOR.split(text.trim()).map(str::trim).filter(|part| !part.is_empty())
}

/// Puts each document where it belongs.
pub(super) fn sort(texts: BTreeMap<String, String>, chart: &str, out: &mut Rendered) {
    for (template, text) in texts {
        if template.ends_with("NOTES.txt") {
            if template == format!("{chart}/templates/NOTES.txt") {
                out.notes = Some(octets::to_lossy(&text).into_owned());
            }
            continue;
        }
        documents(&text).for_each(|part| place(&template, part, out));
    }
    out.documents.sort_by(|a, b| by_kind(&a.kind, &b.kind));
    out.hooks.sort_by(|a, b| by_kind(&a.kind, &b.kind));
}

fn place(template: &str, text: &str, out: &mut Rendered) {
    let failed = |message: String| Failure { template: template.into(), message, said: None };
    let head = octets::to_utf8(text).ok_or_else(|| "yaml: invalid UTF-8 octet".to_string()).and_then(|text| yaml::parse(&text));
    let text = octets::to_lossy(text);
    let head = match head {
        Ok(head) => head,
        Err(message) => {
            out.failures.push(failed(format!("YAML parse error on {template}: error converting YAML to JSON: {message}")));
            Value::Null
        }
    };
    let kind = head.get("kind").and_then(as_text).unwrap_or_default();
    let document = Document { template: template.into(), text: text.into(), kind };
    let annotations = head.get("metadata").and_then(|m| m.get("annotations"));
    match annotations.and_then(|a| a.get("helm.sh/hook")).and_then(as_text) {
        None => out.documents.push(document),
        Some(events) if events.split(',').all(|e| HOOKS.contains(&e.trim().to_lowercase().as_str())) => out.hooks.push(document),
        Some(events) => out.warnings.push(format!("skipping unknown hook: {events:?} of {template}")),
    }
}

fn by_kind(a: &str, b: &str) -> Ordering {
    let rank = |kind: &str| ORDER.iter().position(|k| *k == kind);
    match (rank(a), rank(b)) {
        (None, None) => a.cmp(b),
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(x), Some(y)) => x.cmp(&y),
    }
}
