//! Charts that sections want, and that other charts need: which cannot be served beside each other.

use super::registry::tag;
use crate::artifact::{Artifact, Digest};
use crate::error::{Error, Result};
use serde_json::Value;
use std::collections::BTreeMap;

/// One version of a chart under one name is one archive from one address. Addresses know more characters than names of repositories, and
/// a web server and a registry may share one: two of them may come to one name, and of their charts one would be gone.
pub(super) fn check(artifacts: &[&Artifact]) -> Result<()> {
    let mut known: BTreeMap<(&str, String), &Artifact> = BTreeMap::new();
    for artifact in artifacts {
        let other = known.entry((&artifact.name, tag(&artifact.version))).or_insert(artifact);
        let [first, second] = [&**other, *artifact].map(|a| (source(a), archive(a)));
        if first != second {
            return Err(refusal(artifact, [first, second], &[&other.sections[..], &artifact.sections[..]].concat()));
        }
    }
    Ok(())
}

fn source(artifact: &Artifact) -> &str {
    artifact.meta.get("source").and_then(Value::as_str).unwrap_or_default()
}

fn archive(artifact: &Artifact) -> Option<Digest> {
    artifact.descriptors.first().map(|blob| blob.digest)
}

fn refusal(artifact: &Artifact, found: [(&str, Option<Digest>); 2], sections: &[String]) -> Error {
    let [first, second] = found;
    let line = |(source, archive): (&str, Option<Digest>)| archive.map_or_else(|| source.to_owned(), |digest| format!("{source} {digest}"));
    let (what, hint) = match (first.0 == second.0, first.1 == second.1) {
        (true, _) => ("two archives of one version", "the repository was changed while it was read: lock again, or pin one with `sha256`"),
        (false, true) => ("one chart from two addresses", "name one of the two addresses wherever the chart is asked for"),
        (false, false) => ("charts of two repositories", "carry one of the two, or ask for them in two toolkits"),
    };
    Error::usage(format!("charts/{} {}: {what} would be served under this name", artifact.name, artifact.version))
        .with_all("found", &[line(first), line(second)])
        .with("sections", sections.join(", "))
        .hint(hint)
}
