//! Page 1: what a person needs to decide, and no more than a page holds. Everything that can be long is cut here and whole further on.

use super::super::evidence::Backed;
use super::super::model::Report;
use super::super::sections::{Age, ApproverRow, Became, Counted, Identity, Kind, SignerRow, Tile};
use super::super::words::Words;
use super::verdict::verdict;
use super::{Block, TileShown, Tone, bases, few, sentence, short};

/// Longest value on page 1, in characters.
const LONGEST: usize = 76;
/// Most names in a line.
const MOST_NAMES: usize = 3;
/// Most lines of what was not checked.
const MOST_LINES: usize = 4;
/// Most kinds of ages.
const MOST_AGES: usize = 5;
/// Most lines for ink, and how many there are where nobody has to approve by the trust root.
const INK: usize = 2;

/// The blocks of page 1.
pub fn page(report: &Report, words: &Words) -> Vec<Block> {
    let mut blocks = vec![verdict(report, words), subject(report, words)];
    blocks.extend(people(report, words));
    blocks.extend(changes(report, words));
    let always = matches!(report.kind, Kind::Plan | Kind::Bundle | Kind::Arrival | Kind::Receipt | Kind::Installed);
    if always || !report.risks.is_empty() {
        blocks.push(tiles("risks", report, words));
    }
    if !report.trust.is_empty() {
        blocks.push(tiles("trust", report, words));
    }
    blocks.push(ages(report, words));
    let unchecked: Vec<String> = report.not_checked.iter().map(|claim| sentence(words, claim)).collect();
    if !unchecked.is_empty() {
        let more = unchecked.len().saturating_sub(MOST_LINES);
        let mut lines: Vec<String> = unchecked.into_iter().take(MOST_LINES).map(|line| short(&line, 140)).collect();
        if let (Some(last), true) = (lines.last_mut(), more > 0) {
            last.push_str(&format!(" ({})", words.with("fact.and-more", &[("count", &more.to_string())])));
        }
        blocks.push(Block::Lines { caption: words.of("head", "not-checked"), lines });
    }
    blocks
}

/// The foot of page 1: by what it can be found again.
pub fn foot(report: &Report, words: &Words) -> Vec<String> {
    let digest = report.digest();
    let mut lines = vec![
        format!("{} {}   {}", words.get("fact.report"), digest.spoken(), digest.hex()),
        format!("{} {} · {} {}", words.get("fact.tool"), report.tool, words.get("fact.at"), report.at),
    ];
    lines.extend(report.checkpoint.as_ref().map(|checkpoint| {
        let row = checkpoint.said();
        format!("{} {}   {}", words.get("fact.checkpoint"), row.paper, row.root)
    }));
    lines
}

fn subject(report: &Report, words: &Words) -> Block {
    let of = report.subject.said();
    let mut rows = vec![("name", short(&of.name, LONGEST))];
    if !of.line.is_empty() {
        rows.push(("line", short(&of.line, LONGEST)));
    }
    rows.extend(number(of).map(|number| ("number", number)));
    rows.extend(of.missing.map(|[first, last]| ("missing", if first == last { first.to_string() } else { format!("{first}–{last}") })));
    rows.push(("spoken", of.spoken.clone()));
    rows.push(("digest", of.sha256.clone()));
    rows.extend(of.created.as_ref().map(|created| ("created", created.clone())));
    if let (Some(artifacts), Some(blobs)) = (of.artifacts, of.blobs) {
        let (artifacts, blobs) = (words.number(artifacts), words.number(blobs));
        rows.push(("content", words.with("fact.blobs", &[("artifacts", &artifacts), ("blobs", &blobs)])));
    }
    rows.extend(of.bytes.map(|bytes| ("size", size(of, bytes, words))));
    if !of.volumes.is_empty() {
        let here = of.volumes.iter().filter(|volume| volume.here).count().to_string();
        rows.push(("volumes", words.with("fact.of", &[("here", &here), ("all", &of.volumes.len().to_string())])));
    }
    let rows = rows.into_iter().map(|(key, value)| (words.of("fact", key), value)).collect();
    Block::Facts { caption: words.of("head", "subject"), rows }
}

fn number(of: &Identity) -> Option<String> {
    match (of.epoch, of.seq) {
        (Some(epoch), Some(seq)) if epoch > 0 => Some(format!("{epoch}.{seq}")),
        (_, seq) => seq.map(|seq| seq.to_string()),
    }
}

fn size(of: &Identity, bytes: u64, words: &Words) -> String {
    let all = words.bytes(bytes);
    match of.new_bytes {
        Some(new) => words.with("fact.new-bytes", &[("bytes", &all), ("new", &words.bytes(new))]),
        None => all,
    }
}

fn people(report: &Report, words: &Words) -> Vec<Block> {
    let Some(backed) = &report.people else { return vec![] };
    let people = backed.said();
    let list = |names: Vec<String>| if names.is_empty() { words.of("fact", "none") } else { few(words, &names, MOST_NAMES) };
    let signers = people.signers.iter().map(|row| signer(words, row)).collect();
    let approvers: Vec<String> = people.approvers.iter().map(|row| approver(words, row)).collect();
    let given = people.approvers.iter().filter(|a| a.decision == "approve").count() as u64;
    let rows = vec![
        (words.of("fact", "signers"), list(signers)),
        (words.of("fact", "threshold"), words.number(people.threshold)),
        (words.of("fact", "root"), short(&people.root, LONGEST)),
        (words.of("fact", "approvers"), if people.approvals.is_some() { list(approvers) } else { words.of("fact", "not-judged") }),
        (words.of("fact", "approvals"), people.approvals.map_or_else(|| words.of("fact", "not-judged"), |needed| words.number(needed))),
    ];
    let mut blocks = vec![Block::Facts { caption: words.of("head", "people"), rows }];
    if matches!(report.kind, Kind::Bundle | Kind::Arrival) {
        let needed = people.approvals.filter(|needed| *needed > 0);
        let lines = needed.map_or(INK, |needed| usize::try_from(needed.saturating_sub(given)).unwrap_or(INK).min(INK));
        blocks.extend((lines > 0).then(|| Block::Ink { label: words.of("fact", "sign-here"), lines }));
    }
    blocks
}

/// Who signed, how the key is kept, and whether it was revoked since.
fn signer(words: &Words, row: &SignerRow) -> String {
    let revoked = |why: &String| format!(", {}", words.with("fact.key-revoked", &[("reason", &words.word("reason", why))]));
    let revoked = row.revoked.as_ref().map(revoked).unwrap_or_default();
    format!("{} ({}{revoked})", short(&row.name, 24), words.word("custody", &row.custody))
}

fn approver(words: &Words, row: &ApproverRow) -> String {
    format!("{} ({}, {})", short(&row.name, 24), words.word("approval", &row.decision), short(&row.time, 20))
}

fn changes(report: &Report, words: &Words) -> Option<Block> {
    let backed = report.changes.as_ref()?;
    let changes = backed.said();
    let tile = |became: &Became| {
        let count = changes.count(*became);
        let tone = match became {
            Became::Rebuilt if count > 0 => Tone::Bad,
            Became::Downgraded if count > 0 => Tone::Care,
            _ => Tone::Plain,
        };
        TileShown { value: words.number(count as u64), label: words.of("became", became.word()), tone }
    };
    let before = if changes.before.is_empty() { words.of("fact", "nothing") } else { short(&changes.before, LONGEST) };
    let note = format!("{} {before}. {}", words.get("fact.before"), bases(words, std::iter::once(backed.evidence())));
    Some(Block::Tiles { caption: words.of("head", "changes"), tiles: Became::ALL.iter().map(tile).collect(), note })
}

/// Numbers that were counted, and words where nobody looked or nothing was compared. Without data there is no zero.
fn tiles(group: &str, report: &Report, words: &Words) -> Block {
    let counted = if group == "risks" { &report.risks } else { &report.trust };
    let assessed = counted.iter().any(|counted| counted.said().count.is_some());
    let shown = |counted: &Backed<Counted>| {
        let Counted { tile, count } = counted.said();
        let compares = matches!(tile, Tile::SevereNew | Tile::Fixed | Tile::Already);
        let uncounted = words.of("tile", if assessed && compares { "not-compared" } else { "none" });
        let value = count.map_or(uncounted, |count| words.number(count));
        TileShown { value, label: words.of("tile", tile.word()), tone: tone(*tile, *count) }
    };
    // What could not be asked is here all the same: that there is none would be untrue.
    let unusable = report.not_checked.iter().any(|claim| claim.said().key == "advisories-unusable");
    let note = match assessed || group != "risks" {
        true => bases(words, counted.iter().map(Backed::evidence)),
        false => words.of("tile", if unusable { "unusable-risks" } else { "none-risks" }),
    };
    Block::Tiles { caption: words.of("head", group), tiles: counted.iter().map(shown).collect(), note }
}

fn tone(tile: Tile, count: Option<u64>) -> Tone {
    match (tile, count) {
        (_, None) => Tone::Care,
        (_, Some(0)) | (Tile::FromUpstream | Tile::Pinned | Tile::Attached | Tile::Stated | Tile::SignedByKey, _) => Tone::Plain,
        (Tile::Exploited | Tile::Malicious | Tile::Executable | Tile::WronglySigned, _) => Tone::Bad,
        (Tile::Fixed, _) => Tone::Good,
        _ => Tone::Care,
    }
}

/// The ages that people decide by: of each kind the oldest, and how many more there are.
fn ages(report: &Report, words: &Words) -> Block {
    let mut kinds: Vec<&str> = Vec::new();
    for age in &report.ages {
        if !kinds.contains(&&*age.said().what) {
            kinds.push(&age.said().what);
        }
    }
    // What has no age at all comes before the oldest.
    let oldest = |kind: &&str| {
        let of_kind = || report.ages.iter().map(Backed::said).filter(|age| age.what == **kind);
        of_kind().min_by(|one, other| one.time.cmp(&other.time)).map(|age| row(age, of_kind().count() - 1, words))
    };
    let mut rows: Vec<_> = kinds.iter().take(MOST_AGES).filter_map(oldest).collect();
    rows.push((words.of("fact", "at"), report.at.clone()));
    Block::Facts { caption: words.of("head", "ages"), rows }
}

fn row(age: &Age, more: usize, words: &Words) -> (String, String) {
    let what = words.of("age", &age.what);
    let label = if age.name.is_empty() { what } else { format!("{what}, {}", short(&age.name, 24)) };
    let value = match (&age.time, age.days) {
        (Some(time), Some(days)) => format!("{time} ({})", words.with("fact.days", &[("days", &days.to_string())])),
        (Some(time), None) => time.clone(),
        (None, _) => words.of("age", "none"),
    };
    let newest = age.newest.as_ref().map(|newest| format!(", {}", super::newest(words, newest)));
    let value = value + &newest.unwrap_or_default();
    match more {
        0 => (label, value),
        more => (label, format!("{value}, {}", words.with("fact.younger", &[("count", &more.to_string())]))),
    }
}
