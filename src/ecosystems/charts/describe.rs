//! What can be said of a chart: package URL, what `Chart.yaml` declares, which images it needs.

use super::meta::{Meta, provenance};
use crate::artifact::{Artifact, Completeness, Description, Licence, Release, UpstreamSignature, percent_encoded};
use crate::error::Result;
use serde_json::Value;
use std::collections::BTreeMap;

/// Describes an artifact from the lock alone: everything that is said of it stands there.
pub(super) fn describe(artifact: &Artifact) -> Result<Description> {
    let meta = Meta::of(artifact)?;
    let licences = ["artifacthub.io/license", "licenses", "org.opencontainers.image.licenses"];
    let licences = licences.into_iter().filter_map(|key| Some((key, meta.annotation(key)?)));
    let vendored = meta.vendored.iter().map(|v| purl(&v.name, &v.version, None));
    let mut dependencies: Vec<String> =
        meta.dependencies.iter().map(|d| purl(&d.name, &d.version, Some(&d.source))).chain(vendored).collect();
    dependencies.sort();
    dependencies.dedup();
    Ok(Description {
        purl: purl(meta.text("name").unwrap_or_default(), &artifact.version, Some(&meta.source)),
        summary: meta.text("description").map(|text| text.lines().next().unwrap_or_default().to_owned()),
        licences: licences
            .map(|(key, text)| Licence { expression: text.to_owned(), source: format!("Chart.yaml {key}") })
            .take(1)
            .collect(),
        supplier: maintainers(&meta),
        dependencies,
        dependencies_known: if meta.failures.is_empty() { Completeness::Complete } else { Completeness::Partial },
        origins: artifact.descriptors.first().map(|blob| blob.origins.clone()).unwrap_or_default(),
        properties: properties(&meta, artifact),
    })
}

/// `pkg:helm/NAME@VERSION?repository_url=…`.
pub(super) fn purl(name: &str, version: &str, source: Option<&str>) -> String {
    let source = source.map(|source| format!("?repository_url={}", percent_encoded(source))).unwrap_or_default();
    format!("pkg:helm/{}@{}{source}", percent_encoded(name), percent_encoded(version))
}

fn maintainers(meta: &Meta) -> Option<String> {
    let list = meta.chart.get("maintainers")?.as_array()?;
    let names: Vec<&str> = list.iter().filter_map(|m| m.get("name")?.as_str()).take(20).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn properties(meta: &Meta, artifact: &Artifact) -> BTreeMap<String, String> {
    let text = |key: &str| meta.text(key).unwrap_or_default().to_owned();
    let sources = meta.chart.get("sources").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let images = |carried: bool| {
        let all = meta.images.iter().filter(|image| image.carried == carried);
        all.map(|image| image.reference.as_str()).collect::<Vec<_>>().join(", ")
    };
    let deprecated = meta.chart.get("deprecated").and_then(Value::as_bool) == Some(true);
    let kind = meta.text("type").filter(|kind| *kind != "application").unwrap_or_default();
    let all = [
        ("app version", text("appVersion")),
        ("kubernetes", text("kubeVersion")),
        ("type", kind.to_owned()),
        ("home", text("home")),
        ("sources", sources.take(20).collect::<Vec<_>>().join(", ")),
        ("deprecated", if deprecated { "yes".to_owned() } else { String::new() }),
        ("container images", images(true)),
        ("container images not carried", images(false)),
        ("not rendered", meta.failures.join("; ")),
        (
            "provenance",
            provenance(artifact)
                .map_or_else(String::new, |_| "carried; its signature is judged by a key of the policy where one is for it".to_owned()),
        ),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Whether a provenance file is carried; whose signature it has is not in the lock. Why there is none is not in the lock.
pub(super) fn release(artifact: &Artifact) -> Release {
    let signature = if provenance(artifact).is_some() { UpstreamSignature::Present } else { UpstreamSignature::Unknown };
    Release { signature, ..Release::default() }
}
