//! Rows as Markdown for people, CSV (RFC 4180) for spreadsheets, JSON for programs.

use super::assess::{Assessed, Status};
use super::evidence::{Evidence, Found, Gathered, Reference};
use super::oscal::About;
use super::pack::ControlPack;
use super::texts::said;
use crate::report::Language;
use serde_json::{Value, json};
use std::fmt::Write;

/// Digits of a digest in tables for people; the JSON form has all of them.
const SHORT: usize = 16;

/// A pack's table and the catalogue of evidence beneath it.
pub fn markdown(pack: &ControlPack, gathered: &Gathered, about: &About<'_>) -> String {
    let language = about.language;
    let word = |name: &str| said().word(name, language);
    let mut out = format!("# {}\n\n{}. {}\n\n", pack.name, about.title, pack.note.of(language));
    let _ = writeln!(out, "{}: {} ({}).\n\n{}\n", word("source"), pack.source, pack.version, word("not-covered"));
    head(&mut out, &["control", "title", "status", "evidence", "shows", "does-not-show"], language);
    for row in Assessed::all(pack, gathered) {
        let evidence: Vec<String> = row.found.iter().map(|(evidence, found)| told(*evidence, found, language)).collect();
        let shows = row.shows(language).unwrap_or_else(|| "-".to_owned());
        let cells = [
            &row.control.label(),
            row.control.title.of(language),
            row.status().words(language),
            &evidence.join(", "),
            &shows,
            row.control.does_not_show.of(language),
        ];
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    let _ = writeln!(out, "\n## {}\n", word("catalogue"));
    head(&mut out, &["evidence", "what", "status", "places", "why", "proof"], language);
    for (evidence, found) in gathered.all() {
        let files: Vec<String> = found.references().iter().map(|reference| shown(reference, language)).collect();
        let reasons: Vec<String> = found.reasons().iter().map(|reason| reason.text(language)).collect();
        let cells = [
            evidence.code(),
            evidence.title(language),
            Status::of(found).words(language),
            &files.join("; "),
            &reasons.join("; "),
            evidence.proof(language),
        ];
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

fn head(out: &mut String, words: &[&str], language: Language) {
    let words: Vec<&str> = words.iter().map(|name| said().word(name, language)).collect();
    let _ = writeln!(out, "| {} |\n|{}", words.join(" | "), "---|".repeat(words.len()));
}

fn told(evidence: Evidence, found: &Found, language: Language) -> String {
    format!("{} ({})", evidence.code(), Status::of(found).words(language))
}

fn shown(reference: &Reference, language: Language) -> String {
    let digest = &reference.file.digest().hex()[..SHORT];
    let events: Vec<String> = reference.events.iter().map(u64::to_string).collect();
    let events = if events.is_empty() { String::new() } else { format!(", {} {}", said().word("of-log", language), events.join(" ")) };
    format!("{} (sha256 {digest}…{events})", reference.file.name())
}

/// The rows alone.
pub fn csv(pack: &ControlPack, gathered: &Gathered, language: Language) -> String {
    let words =
        ["control", "title", "status", "evidence", "shows", "does-not-show", "places"].map(|name| said().word(name, language).to_owned());
    let mut out = line(&words);
    for row in Assessed::all(pack, gathered) {
        let evidence: Vec<String> = row.found.iter().map(|(evidence, found)| told(*evidence, found, language)).collect();
        let mut files: Vec<&str> = row.references().iter().map(|reference| reference.file.name()).collect();
        files.sort_unstable();
        files.dedup();
        out.push_str(&line(&[
            row.control.label(),
            row.control.title.of(language).to_owned(),
            row.status().words(language).to_owned(),
            evidence.join(", "),
            row.shows(language).unwrap_or_default(),
            row.control.does_not_show.of(language).to_owned(),
            files.join(" "),
        ]));
    }
    out
}

fn line(fields: &[String]) -> String {
    let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
    fields.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}

/// The same for programs: statuses by their names, references whole.
pub fn json(pack: &ControlPack, gathered: &Gathered, about: &About<'_>) -> Vec<u8> {
    let language = about.language;
    let rows: Vec<Value> = Assessed::all(pack, gathered)
        .iter()
        .map(|row| {
            json!({
                "ids": row.control.ids,
                "oscal": row.control.tokens,
                "title": row.control.title.of(language),
                "status": row.status().name(),
                "evidence": row.found.iter().map(|(evidence, _)| evidence.code()).collect::<Vec<_>>(),
                "shows": row.shows(language),
                "does-not-show": row.control.does_not_show.of(language),
            })
        })
        .collect();
    let document = json!({
        "airlift-control-table": 1,
        "profile": pack.id,
        "name": pack.name,
        "version": pack.version,
        "source": pack.source,
        "official": pack.official,
        "note": pack.note.of(language),
        "language": language.code(),
        "subject": { "title": about.title, "sha256": about.subject.hex() },
        "as-of": about.time,
        "not-covered": said().word("not-covered", language),
        "rows": rows,
        "evidence": gathered.all().map(|(evidence, found)| gathered_as(evidence, found, language)).collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&document).expect("a table has string keys only");
    bytes.push(b'\n');
    bytes
}

fn gathered_as(evidence: Evidence, found: &Found, language: Language) -> Value {
    let reference = |reference: &Reference| json!({ "file": reference.file.name(), "sha256": reference.file.digest().hex(), "events": reference.events });
    json!({
        "id": evidence.code(),
        "title": evidence.title(language),
        "status": Status::of(found).name(),
        "references": found.references().iter().map(reference).collect::<Vec<_>>(),
        "reasons": found.reasons().iter().map(|reason| reason.text(language)).collect::<Vec<_>>(),
        "proof": evidence.proof(language),
    })
}
