//! The findings as SARIF 2.1.0 (OASIS), for code scanning, editors and dashboards. What passed is not among them.

use super::exceptions::Exception;
use super::gated::{Gated, Hit, Ruled};
use super::rules::Rule;
use crate::artifact::Digest;
use crate::policy::Outcome;
use serde_json::{Value, json};

/// The log as a JSON document, a run for each thing that was judged, and one for each that could not be: the same findings give the same
/// bytes.
pub fn sarif(judged: &[Gated], failures: &[String]) -> Value {
    let runs: Vec<Value> = judged.iter().map(run).chain(failures.iter().map(|why| failed(why))).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    })
}

/// A run that came to no findings because it came to no end (3.20.14, 3.20.21): nobody may take it for one without findings.
fn failed(why: &str) -> Value {
    json!({
        "tool": { "driver": { "name": "airlift", "semanticVersion": env!("CARGO_PKG_VERSION") } },
        "columnKind": "unicodeCodePoints",
        "invocations": [{
            "executionSuccessful": false,
            "toolExecutionNotifications": [{ "level": "error", "message": { "text": literal(why) } }],
        }],
        "results": [],
    })
}

fn run(gated: &Gated) -> Value {
    let results = gated.rules.iter().enumerate().flat_map(|(at, ruled)| {
        let cut = Some(ruled).filter(|ruled| ruled.more > 0).map(|ruled| cut(at, ruled));
        let told = ruled.hits.iter().filter(|hit| hit.outcome != Outcome::Passed);
        told.map(move |hit| result(gated, at, ruled, hit)).chain(cut)
    });
    json!({
        "tool": { "driver": {
            "name": "airlift",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": gated.rules.iter().map(|ruled| descriptor(&ruled.rule)).collect::<Vec<_>>(),
        } },
        "columnKind": "unicodeCodePoints",
        "results": results.collect::<Vec<_>>(),
    })
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": format!("{}.", rule.title) },
        "fullDescription": { "text": format!("{}.", rule.title) },
        "help": { "text": rule.help },
        "defaultConfiguration": { "level": "error" },
    })
}

fn result(gated: &Gated, at: usize, ruled: &Ruled, hit: &Hit) -> Value {
    let (kind, level) = match hit.outcome {
        Outcome::Refused | Outcome::Excepted => ("fail", "error"),
        Outcome::Shown => ("fail", "warning"),
        // A kind other than "fail" has no level (3.27.10).
        Outcome::NotAssessed | Outcome::NotKnown => ("open", "none"),
        Outcome::Passed => ("pass", "none"),
    };
    let about = gated.subject(hit).map(|subject| format!("{subject}: ")).unwrap_or_default();
    let mut result = json!({
        "ruleId": ruled.rule.id,
        "ruleIndex": at,
        "kind": kind,
        "level": level,
        "message": { "text": literal(&format!("{about}{} (expected: {})", hit.found, ruled.expected)) },
        "locations": location(gated, hit).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": { "airliftFinding/v1": fingerprint(gated, hit) },
    });
    if let Some(at) = hit.exception {
        result["suppressions"] = json!([suppression(&gated.exceptions[at].exception)]);
    }
    result
}

/// Text in a message, where brackets would be links (3.11.6) and braces places for arguments (3.11.5).
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '[' | ']' => out.extend(['\\', c]),
            '{' | '}' => out.extend([c, c]),
            c => out.push(c),
        }
    }
    out
}

/// Findings that are not listed one by one are still a result.
fn cut(at: usize, ruled: &Ruled) -> Value {
    let text = format!("{} further findings that are no graver are not listed", ruled.more);
    json!({ "ruleId": ruled.rule.id, "ruleIndex": at, "kind": "review", "level": "none", "message": { "text": text } })
}

/// A package URL is an address of its own; there is no file and no line.
fn location(gated: &Gated, hit: &Hit) -> Option<Value> {
    let (label, purl) = gated.subjects.get(hit.subject?)?;
    let purl = hit.package.as_ref().filter(|package| !package.is_empty()).unwrap_or(purl);
    let full = if purl.is_empty() { label } else { purl };
    let mut location = json!({ "logicalLocations": [{ "name": label, "fullyQualifiedName": full, "kind": "package" }] });
    if is_address(purl) {
        location["physicalLocation"] = json!({ "artifactLocation": { "uri": purl } });
    }
    Some(location)
}

/// Whether text can stand where an address is wanted: what a lock says may be anything.
fn is_address(text: &str) -> bool {
    text.starts_with("pkg:") && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

/// The same finding of the same thing on another day.
fn fingerprint(gated: &Gated, hit: &Hit) -> String {
    let label = hit.subject.and_then(|at| gated.subjects.get(at)).map(|(label, _)| label.as_str()).unwrap_or_default();
    let parts = [hit.rule.id, label, hit.package.as_deref().unwrap_or_default(), &hit.id];
    Digest::of(parts.join("\0").as_bytes()).hex()
}

fn suppression(exception: &Exception) -> Value {
    json!({ "kind": "external", "status": "accepted", "justification": exception.told() })
}
