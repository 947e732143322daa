//! What comes after page 1: everything whole, as tables.

use super::super::carriage::EncodingRow;
use super::super::evidence::Backed;
use super::super::found::{FindingRow, StatementRow};
use super::super::model::Report;
use super::super::ruled::{ExceptionRow, RuleRow};
use super::super::sections::{Age, ArtifactRow, BundleRow, ChangeRow, ComparedRow, CountRow, EventRow, ModelRow, VolumeRow, WhyRow};
use super::super::words::Words;
use super::{Block, Column, Table, bases, basis, inside, sentence, unqualified};

/// The columns whose content is numbers.
const NUMERIC: [&str; 17] = [
    "count",
    "days",
    "packages",
    "likelihood",
    "parameters",
    "not-looked-into",
    "needed-by",
    "index",
    "size",
    "same",
    "only-listed",
    "only-found",
    "unnamed",
    "blobs",
    "as-artifacts",
    "as-carried",
    "saved",
];
/// The words that are explained.
const GLOSSARY: [&str; 9] = ["artifact", "blob", "bundle", "digest", "trust-root", "advisory", "undetermined", "rebuilt", "first-download"];

/// The blocks after page 1.
pub fn pages(report: &Report, words: &Words) -> Vec<Block> {
    let mut blocks = Vec::new();
    blocks.extend(lines(words, "remarks", &report.remarks));
    let to = &mut blocks;
    let decision = &report.decision;
    let columns = ["rule", "outcome", "expected", "found"];
    backed(to, words, ("rules", &columns), Some((decision, &decision.said().rules)), |row| rule(words, row));
    let columns = ["rule", "subject", "owner", "reason", "granted", "expires", "state"];
    list(to, words, ("exceptions", &columns), report.exceptions.as_ref(), |row| exception(words, row));
    let changes = report.changes.as_ref().map(|changes| (changes, &changes.said().rows));
    let columns = ["change", "name", "before", "after"];
    backed(to, words, ("change-list", &columns), changes, |row| change(words, row));
    let columns = ["package", "artifact", "fix", "ids", "severity", "exploited", "likelihood", "malicious", "new", "statement", "summary"];
    list(to, words, ("findings", &columns), report.findings.as_ref(), |row| finding(words, row));
    let columns = ["name", "within", "sections", "path", "needed-by"];
    list(to, words, ("why", &columns), report.why.as_ref(), |row| why(words, row));
    list(to, words, ("licences", &["licence", "count"]), report.licences.as_ref(), |row| count(words, row));
    list(to, words, ("suppliers", &["supplier", "count"]), report.suppliers.as_ref(), |row| count(words, row));
    to.extend(report.inside.iter().flat_map(|inside| inside::tables(inside, words)));
    let columns = ["artifact", "form", "same", "only-listed", "only-found", "unnamed"];
    list(to, words, ("publishers-lists", &columns), report.compared.as_ref(), |row| compared(words, row));
    let columns = ["name", "task", "architecture", "parameters", "bases", "datasets", "formats", "executable", "not-looked-into"];
    list(to, words, ("model-list", &columns), report.models.as_ref(), |row| model(words, row));
    let subject = &report.subject;
    let columns = ["name", "line", "spoken", "state"];
    backed(to, words, ("bundles", &columns), Some((subject, &subject.said().bundles)), |row| bundle(words, row));
    backed(to, words, ("volumes", &["name", "size", "state"]), Some((subject, &subject.said().volumes)), |row| volume(words, row));
    let columns = ["encoding", "blobs", "as-artifacts", "as-carried", "saved"];
    list(&mut blocks, words, ("encodings", &columns), report.encodings.as_ref(), |row| encoding(words, row));
    blocks.extend(ages(report, words));
    blocks.extend(custody(report, words));
    blocks.extend(proof(report, words));
    blocks.extend(lines(words, "transcript", &report.transcript));
    if report.not_checked.len() > 4 {
        blocks.extend(lines(words, "not-checked", &report.not_checked));
    }
    if !report.commands.is_empty() {
        blocks.push(Block::Code { caption: words.of("head", "commands"), lines: report.commands.clone() });
    }
    let columns = ["name", "version", "ecosystem", "licence", "supplier", "size", "examined", "digest"];
    list(&mut blocks, words, ("artifacts", &columns), report.artifacts.as_ref(), |row| artifact(words, row));
    let glossary = GLOSSARY.iter().map(|key| words.of("glossary", key)).collect();
    blocks.push(Block::Lines { caption: words.of("head", "glossary"), lines: glossary });
    blocks
}

fn lines(words: &Words, head: &str, claims: &[super::super::Claim]) -> Option<Block> {
    let line = |claim: &super::super::Claim| format!("{} [{}]", sentence(words, claim), basis(words, claim.evidence()));
    let lines: Vec<String> = claims.iter().map(line).collect();
    (!lines.is_empty()).then(|| Block::Lines { caption: words.of("head", head), lines })
}

type Head<'a> = (&'static str, &'a [&'a str]);

fn list<T>(to: &mut Vec<Block>, words: &Words, head: Head<'_>, rows: Option<&Backed<Vec<T>>>, row: impl Fn(&T) -> Vec<String>) {
    backed(to, words, head, rows.map(|rows| (rows, rows.said())), row);
}

/// A table of rows that rest on one thing; none where there are no rows.
fn backed<B, T>(
    to: &mut Vec<Block>,
    words: &Words,
    (id, columns): Head<'_>,
    rows: Option<(&Backed<B>, &Vec<T>)>,
    row: impl Fn(&T) -> Vec<String>,
) {
    let Some((by, rows)) = rows.filter(|(_, rows)| !rows.is_empty()) else { return };
    let rows = rows.iter().map(row).collect();
    to.push(table(words, id, columns, rows, basis(words, by.evidence())));
}

pub(super) fn table(words: &Words, id: &'static str, columns: &[&str], rows: Vec<Vec<String>>, basis: String) -> Block {
    let column = |key: &&str| Column { label: words.of("column", key), numeric: NUMERIC.contains(key) };
    let uncovered = if id == "change-list" { "changes" } else { id };
    let uncovered = format!("{}: {}", words.get("fact.uncovered"), words.of("uncovered", uncovered));
    let columns = columns.iter().map(column).collect();
    Block::Table(Table {
        id,
        caption: words.of("head", id),
        columns,
        rows,
        notes: [basis, uncovered].into_iter().filter(|note| !note.is_empty()).collect(),
    })
}

/// A rule by its id and what it is about, in the reader's language.
fn titled(words: &Words, id: &str) -> String {
    words.find(&format!("rule.{id}")).map_or_else(|| id.to_owned(), |title| format!("{id}: {title}"))
}

fn rule(words: &Words, row: &RuleRow) -> Vec<String> {
    let outcome = words.find(&format!("outcome.{}", row.outcome)).unwrap_or(&row.outcome).to_owned();
    let mut found = words.of_rules(&row.found);
    if !row.subject.is_empty() {
        found = format!("{}: {found}", row.subject);
    }
    if !row.exception.is_empty() {
        found = format!("{found} ({}: {})", words.of("column", "exception"), words.of_form("fact.excepted", &row.exception));
    }
    vec![titled(words, &row.rule), outcome, words.of_rules(&row.expected), found]
}

fn exception(words: &Words, row: &ExceptionRow) -> Vec<String> {
    let subject = if row.finding.is_empty() { row.subject.clone() } else { format!("{}: {}", row.subject, row.finding) };
    let state = words.of("standing", row.standing.word());
    let [owner, reason, granted, expires] = [&row.owner, &row.reason, &row.granted, &row.expires].map(Clone::clone);
    vec![titled(words, &row.rule), subject, owner, reason, granted, expires, state]
}

/// The receipt, whole: whoever has the log's key can verify it.
fn proof(report: &Report, words: &Words) -> Option<Block> {
    let proof = report.proof.as_ref()?;
    let said = proof.said();
    let mut lines = vec![format!("{}: {}", words.get("fact.log-key"), said.key), basis(words, proof.evidence())];
    lines.extend(said.lines.iter().cloned());
    Some(Block::Code { caption: words.of("head", "proof"), lines })
}

fn change(words: &Words, row: &ChangeRow) -> Vec<String> {
    vec![words.of("became", row.became.word()), row.name.clone(), row.before.clone(), row.after.clone()]
}

fn finding(words: &Words, row: &FindingRow) -> Vec<String> {
    let yes = |yes: bool| words.of("fact", if yes { "yes" } else { "no" });
    let known = |known: Option<bool>| known.map_or_else(|| words.of("fact", "unknown"), yes);
    let fix = if row.fix.is_empty() { words.of("fact", "unknown") } else { row.fix.clone() };
    let (ids, likelihood) = (row.ids.join(" "), row.likelihood.map_or_else(|| words.of("fact", "unknown"), |share| words.per_mille(share)));
    let [exploited, new] = [row.exploited, row.new].map(known);
    let [package, artifact] = [&row.purl, &row.artifact].map(|purl| unqualified(purl).to_owned());
    let severity = words.word("severity", &row.severity);
    let told = [package, artifact, fix, ids, severity, exploited, likelihood, yes(row.malicious), new];
    told.into_iter().chain([statements(words, row), row.summary.clone()]).collect()
}

/// What is said of a finding, by whom and until when, and how many statements about it are set aside.
fn statements(words: &Words, row: &FindingRow) -> String {
    let aside = (row.set_aside > 0).then(|| words.with("fact.set-aside", &[("count", &words.number(row.set_aside))]));
    row.statement.iter().map(|said| statement(words, said)).chain(aside).collect::<Vec<_>>().join("; ")
}

fn statement(words: &Words, row: &StatementRow) -> String {
    let status = words.find(&format!("status.{}", row.status)).unwrap_or(&row.status).to_owned();
    let mut parts = vec![format!("{status} ({})", row.author)];
    parts.extend(Some(row.justification.clone()).filter(|why| !why.is_empty()));
    parts.extend((!row.signed_by.is_empty()).then(|| words.with("fact.signed-by", &[("names", &row.signed_by.join(", "))])));
    parts.extend(Some(&row.owner).filter(|owner| !owner.is_empty()).map(|owner| words.with("fact.owned-by", &[("name", owner)])));
    parts.extend(row.until.as_ref().map(|day| words.with("fact.until", &[("day", day)])));
    parts.join(", ")
}

fn why(words: &Words, row: &WhyRow) -> Vec<String> {
    let within = row.within.as_ref().map(|within| inside::place(within, words)).unwrap_or_default();
    let path = way(words, &row.path, row.between);
    vec![row.name.clone(), within, row.sections.join(", "), path, words.number(row.needed_by)]
}

/// A way, with how many steps of it are left out.
pub(super) fn way(words: &Words, path: &[String], between: u64) -> String {
    let mut path = path.to_vec();
    if between > 0 {
        path.insert(path.len() / 2, format!("… {} …", words.with("fact.and-more", &[("count", &words.number(between))])));
    }
    path.join(" → ")
}

fn count(words: &Words, row: &CountRow) -> Vec<String> {
    let name = if row.name.is_empty() { words.of("fact", "nothing") } else { row.name.clone() };
    vec![name, words.number(row.count)]
}

fn compared(words: &Words, row: &ComparedRow) -> Vec<String> {
    let list = format!("{} {}", row.form, row.sha256.get(..12).unwrap_or(&row.sha256));
    let counts = [row.same, row.only_listed, row.only_found, row.unnamed].map(|count| words.number(count));
    [row.artifact.clone(), list].into_iter().chain(counts).collect()
}

fn encoding(words: &Words, row: &EncodingRow) -> Vec<String> {
    let numbers = [row.blobs, row.bytes, row.carried, row.bytes.saturating_sub(row.carried)].map(|number| words.number(number));
    [words.of("carriage", row.encoding.word())].into_iter().chain(numbers).collect()
}

fn model(words: &Words, row: &ModelRow) -> Vec<String> {
    let parameters = row.parameters.map_or_else(String::new, |n| words.number(n));
    let lists = [&row.bases, &row.datasets, &row.formats, &row.executable].map(|list| list.join(", "));
    let head = [row.name.clone(), row.task.clone(), row.architecture.clone(), parameters];
    head.into_iter().chain(lists).chain([words.number(row.not_looked_into)]).collect()
}

fn bundle(words: &Words, row: &BundleRow) -> Vec<String> {
    vec![row.label.clone(), row.line.clone(), row.spoken.clone(), words.of("state", &row.state)]
}

fn volume(words: &Words, row: &VolumeRow) -> Vec<String> {
    vec![row.name.clone(), words.number(row.size), words.of("fact", if row.here { "yes" } else { "no" })]
}

fn custody(report: &Report, words: &Words) -> Option<Block> {
    let row = |event: &Backed<EventRow>| {
        let EventRow { index, time, kind, actor, note } = event.said();
        vec![index.to_string(), time.clone(), words.word("event", kind), actor.clone(), note.clone()]
    };
    let rows: Vec<Vec<String>> = report.custody.iter().map(row).collect();
    let basis = bases(words, report.custody.iter().take(1).map(Backed::evidence));
    (!rows.is_empty()).then(|| table(words, "custody", &["index", "time", "kind", "actor", "note"], rows, basis))
}

/// Every age, with what it rests on: page 1 has the oldest of each kind only.
fn ages(report: &Report, words: &Words) -> Option<Block> {
    let row = |age: &Backed<Age>| {
        let Age { what, name, time, days, newest } = age.said();
        let (evidence, days) = (age.evidence(), days.map_or_else(String::new, |days| words.number(days)));
        let basis = format!("{} {}", words.of("source", evidence.source().word()), evidence.label());
        let time = time.clone().unwrap_or_else(|| words.of("age", "none"));
        let newest = newest.as_ref().map_or_else(String::new, |newest| super::newest(words, newest));
        vec![words.of("age", what), name.clone(), time, days, newest, basis]
    };
    let rows: Vec<Vec<String>> = report.ages.iter().map(row).collect();
    (!rows.is_empty()).then(|| table(words, "ages", &["age", "name", "as-of", "days", "newest", "basis"], rows, String::new()))
}

fn artifact(words: &Words, row: &ArtifactRow) -> Vec<String> {
    vec![
        row.name.clone(),
        row.version.clone(),
        row.ecosystem.clone(),
        row.licence.clone(),
        row.supplier.clone(),
        row.bytes.to_string(),
        words.word("examined", &row.examined),
        row.sha256.clone(),
    ]
}
