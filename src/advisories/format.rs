//! What OSV records look like on disk (schema 1.x, as of 1.7); nothing outside this file names a member of them.

use super::cvss::{Rating, Severity};
use super::ecosystem::Ecosystem;
use super::moment::Moment;
use super::range::{Event, Kind, Range};
use super::record::{Affected, Record};
use crate::error::{Error, Result, plain};
use serde::Deserialize;

/// Longest record, in bytes.
pub const LONGEST_RECORD: u64 = 16 << 20;
/// Longest identifier, name of a package or of an ecosystem, in bytes.
const LONGEST_NAME: usize = 512;
/// Longest summary that is kept, in characters; the rest is cut off.
const LONGEST_SUMMARY: usize = 200;
const MOST_IDENTIFIERS: usize = 1_000;
const MOST_AFFECTED: usize = 50_000;
const MOST_RANGES: usize = 10_000;
const MOST_EVENTS: usize = 2_000;
const MOST_VERSIONS: usize = 200_000;

#[derive(Deserialize)]
struct WireRecord {
    schema_version: Option<String>,
    id: String,
    modified: Moment,
    withdrawn: Option<Moment>,
    aliases: Option<Vec<String>>,
    #[serde(default)]
    related: Vec<String>,
    #[serde(default)]
    upstream: Vec<String>,
    summary: Option<String>,
    details: Option<String>,
    severity: Option<Vec<WireSeverity>>,
    affected: Option<Vec<WireAffected>>,
    database_specific: Option<WireSpecific>,
}

#[derive(Deserialize)]
struct WireSeverity {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

#[derive(Deserialize)]
struct WireAffected {
    package: Option<WirePackage>,
    severity: Option<Vec<WireSeverity>>,
    #[serde(default)]
    ranges: Vec<WireRange>,
    #[serde(default)]
    versions: Vec<String>,
    database_specific: Option<WireSpecific>,
    ecosystem_specific: Option<WireSpecific>,
}

#[derive(Deserialize)]
struct WirePackage {
    ecosystem: String,
    name: String,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct WireRange {
    #[serde(rename = "type")]
    kind: String,
    events: Vec<WireEvent>,
}

/// One event: exactly one of these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// Of what databases add for themselves, only the severity is read, and only where it is a word.
#[derive(Deserialize)]
struct WireSpecific {
    severity: Option<serde_json::Value>,
}

/// Reads a record; `what` names it in errors.
pub fn parse(what: &str, bytes: &[u8]) -> Result<Record> {
    if bytes.len() as u64 > LONGEST_RECORD {
        return Err(beyond(what, "bytes", LONGEST_RECORD as usize, bytes.len()));
    }
    let wire: WireRecord = serde_json::from_slice(bytes).map_err(|e| wrong(what, "it is not an OSV record").because(&e))?;
    if let Some(version) = wire.schema_version.as_deref().filter(|version| !version.starts_with("1.")) {
        let error = wrong(what, "its schema is not known").with("expected", "schema version 1.x").with("found", version);
        return Err(error.hint("read it with a later airlift"));
    }
    name(what, "identifier", &wire.id)?;
    // The schema lets these be null, which says as much as leaving them out.
    let (aliases, affects) = (wire.aliases.unwrap_or_default(), wire.affected.unwrap_or_default());
    for (names, kind) in [(&aliases, "aliases"), (&wire.related, "related"), (&wire.upstream, "upstream")] {
        within(what, kind, names.len(), MOST_IDENTIFIERS)?;
        names.iter().try_for_each(|n| name(what, "identifier", n))?;
    }
    within(what, "affected packages", affects.len(), MOST_AFFECTED)?;
    let severity = severity(wire.severity.as_deref().unwrap_or_default(), wire.database_specific.as_ref());
    let summary = summary(wire.summary.as_deref().or(wire.details.as_deref()).unwrap_or_default());
    Ok(Record {
        affected: affects.into_iter().filter_map(|a| affected(what, a).transpose()).collect::<Result<_>>()?,
        id: wire.id.into(),
        modified: wire.modified.0,
        withdrawn: wire.withdrawn.map(|time| time.0),
        aliases: boxed(aliases),
        related: boxed(wire.related),
        upstream: boxed(wire.upstream),
        summary,
        severity,
    })
}

fn boxed(names: Vec<String>) -> Box<[Box<str>]> {
    names.into_iter().map(Into::into).collect()
}

fn wrong(what: &str, why: &str) -> Error {
    Error::verification(format!("{what}: {why}")).hint("take the snapshot of the advisories anew")
}

fn beyond(what: &str, things: &str, most: usize, found: usize) -> Error {
    wrong(what, &format!("too many {things}")).with("expected", format!("at most {most}")).with("found", found)
}

fn within(what: &str, things: &str, found: usize, most: usize) -> Result<()> {
    if found > most { Err(beyond(what, things, most, found)) } else { Ok(()) }
}

fn name(what: &str, kind: &str, text: &str) -> Result<()> {
    let fits = !text.is_empty() && text.len() <= LONGEST_NAME && plain(text) == text && !text.contains('\n');
    let expected = format!("1 to {LONGEST_NAME} bytes of printable text");
    if fits {
        Ok(())
    } else {
        Err(wrong(what, &format!("its {kind} cannot be used")).with("expected", expected).with("found", format!("{text:.80}")))
    }
}

/// The first heading or paragraph, cut: its lines are those of whoever wrote it, and no ends of sentences.
fn summary(text: &str) -> Box<str> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| line.trim_start_matches(['#', ' ']).is_empty());
    let first = lines.next().unwrap_or_default();
    let mut line = first.trim_start_matches(['#', ' ']).to_owned();
    let goes_on = |next: &&str| !next.is_empty() && !next.starts_with(['#', '*', '-', '|', '>', '`', '=']);
    for next in lines.take_while(goes_on).filter(|_| !first.starts_with('#')) {
        if line.chars().count() > LONGEST_SUMMARY {
            break;
        }
        line = format!("{line} {next}");
    }
    match line.char_indices().nth(LONGEST_SUMMARY) {
        Some((end, _)) => format!("{}…", &line[..end]).into(),
        None => line.into(),
    }
}

/// The most severe of what is said; a word counts where no vector does.
fn severity(said: &[WireSeverity], specific: Option<&WireSpecific>) -> Severity {
    let one = |said: &WireSeverity| match said.kind.as_str() {
        "CVSS_V2" | "CVSS_V3" | "CVSS_V4" if said.score.len() <= LONGEST_NAME => Severity::of_vector(&said.score),
        _ => Severity::of_word(&said.score),
    };
    let told = said.iter().map(one).max().unwrap_or_default();
    let word = specific.and_then(|s| s.severity.as_ref()).and_then(|s| s.as_str()).map_or(Rating::Unknown, Rating::from_word);
    match told.rating {
        Rating::Unknown => Severity { rating: word, ..told },
        _ => told,
    }
}

/// One affected package; `None` where no package is named, so that nothing can be asked about it by name.
fn affected(what: &str, wire: WireAffected) -> Result<Option<Affected>> {
    let Some(package) = wire.package else { return Ok(None) };
    name(what, "ecosystem", &package.ecosystem)?;
    name(what, "package's name", &package.name)?;
    within(what, "ranges", wire.ranges.len(), MOST_RANGES)?;
    within(what, "versions", wire.versions.len(), MOST_VERSIONS)?;
    let known = Ecosystem::of(&package.ecosystem);
    let specific = wire.database_specific.as_ref().filter(|s| s.severity.is_some()).or(wire.ecosystem_specific.as_ref());
    let mut commits = false;
    let mut ranges = Vec::new();
    for range in wire.ranges {
        within(what, "events", range.events.len(), MOST_EVENTS)?;
        let order = match (range.kind.as_str(), known) {
            ("ECOSYSTEM", Some(known)) => known.order,
            ("SEMVER", Some(known)) => known.semantic(),
            _ => {
                commits = true;
                continue;
            }
        };
        let events = range.events.into_iter().map(|e| event(what, e)).collect::<Result<Vec<_>>>()?;
        ranges.push(Range::new(order, events));
    }
    let mut enumerated: Vec<u64> = known.map_or_else(Vec::new, |known| wire.versions.iter().map(|v| known.order.fingerprint(v)).collect());
    enumerated.sort_unstable();
    enumerated.dedup();
    Ok(Some(Affected {
        name: known.map_or_else(|| package.name.clone(), |known| known.normalised(&package.name)).into(),
        ecosystem: package.ecosystem.into(),
        purl: package.purl.filter(|purl| purl.len() <= LONGEST_NAME).map(Into::into),
        severity: severity(wire.severity.as_deref().unwrap_or_default(), specific),
        ranges: ranges.into(),
        commits,
        enumerated: enumerated.into(),
    }))
}

fn event(what: &str, wire: WireEvent) -> Result<Event> {
    let all = [
        (Kind::Introduced, wire.introduced),
        (Kind::Fixed, wire.fixed),
        (Kind::LastAffected, wire.last_affected),
        (Kind::Limit, wire.limit),
    ];
    let mut said = all.into_iter().filter_map(|(kind, text)| Some((kind, text?)));
    match (said.next(), said.next()) {
        (Some((kind, text)), None) => Ok(Event { kind, text: text.into() }),
        _ => Err(wrong(what, "an event of a range is not one of introduced, fixed, last_affected and limit")),
    }
}
