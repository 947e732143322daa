//! The report as a sequence of blocks in one language: page 1, then the rest. Every form writes these and nothing else.
//!
//! Only here words and data meet. What is said is followed by what it rests on; a table says what it does not cover.

mod first;
mod inside;
mod rest;
mod verdict;

use super::checkpoint::Matrix;
use super::evidence::{Backed, Evidence};
use super::model::Report;
use super::sections::Newest;
use super::words::Words;
use crate::report::Language;
use std::collections::BTreeMap;

/// How something is meant; never said by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing speaks against it.
    Good,
    /// People should look at it.
    Care,
    /// It speaks against it.
    Bad,
    /// It says nothing for or against.
    Plain,
}

impl Tone {
    /// The word in style sheets.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Care => "care",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

/// A number with what it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileShown {
    /// The number, or the words that nobody looked.
    pub value: String,
    /// What is counted.
    pub label: String,
    /// How it is meant.
    pub tone: Tone,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub label: String,
    /// Whether it holds numbers.
    pub numeric: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The name of it in file names and anchors.
    pub id: &'static str,
    /// Its caption.
    pub caption: String,
    /// Its columns; the first one names the row.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// What it rests on, and what it does not cover.
    pub notes: Vec<String>,
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The decision.
    Verdict {
        /// How it is meant.
        tone: Tone,
        /// The decision, in capitals.
        title: String,
        /// Why, and by which rules.
        lines: Vec<String>,
    },
    /// Names with their values.
    Facts {
        /// Heading.
        caption: String,
        /// What is called how.
        rows: Vec<(String, String)>,
    },
    /// Numbers.
    Tiles {
        /// Heading.
        caption: String,
        /// The numbers.
        tiles: Vec<TileShown>,
        /// What they rest on.
        note: String,
    },
    /// Sentences, a line each.
    Lines {
        /// Heading.
        caption: String,
        /// The sentences.
        lines: Vec<String>,
    },
    /// Lines to be written on with ink.
    Ink {
        /// What is to be written.
        label: String,
        /// How many lines.
        lines: usize,
    },
    /// Commands, to be copied.
    Code {
        /// Heading.
        caption: String,
        /// A command a line.
        lines: Vec<String>,
    },
    /// Many rows.
    Table(Table),
}

/// A report in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The language's tag (BCP 47).
    pub tag: String,
    /// The title.
    pub title: String,
    /// One line on what sort of report it is.
    pub lead: String,
    /// When the report's ages are counted, and what wrote it: the document's own dates.
    pub at: String,
    /// Page 1.
    pub first: Vec<Block>,
    /// The foot of page 1.
    pub foot: Vec<String>,
    /// The signed checkpoint as a code, beside the foot.
    pub code: Option<Matrix>,
    /// Everything else.
    pub rest: Vec<Block>,
}

/// Puts a report into words.
pub fn layout(report: &Report, language: Language) -> Layout {
    let words = Words::of_language(language);
    let subject = report.subject.said();
    let number = subject.seq.map_or_else(String::new, |seq| format!(" {seq}"));
    let kind = report.kind.word();
    Layout {
        tag: words.get("code").to_owned(),
        title: format!("{}: {}{number}", words.of("title", kind), short(&subject.name, 60)),
        lead: words.of("lead", kind),
        at: report.at.clone(),
        first: first::page(report, words),
        foot: first::foot(report, words),
        code: report.checkpoint.as_ref().and_then(|checkpoint| checkpoint.said().matrix()),
        rest: rest::pages(report, words),
    }
}

/// What something rests on, for people.
fn basis(words: &Words, evidence: &Evidence) -> String {
    format!("{}: {} {}", words.get("fact.basis"), words.of("source", evidence.source().word()), evidence.label())
}

/// The same for several things, each named once.
fn bases<'a>(words: &Words, evidence: impl Iterator<Item = &'a Evidence>) -> String {
    let mut named: Vec<String> = Vec::new();
    for evidence in evidence {
        let one = format!("{} {}", words.of("source", evidence.source().word()), evidence.label());
        if !named.contains(&one) {
            named.push(one);
        }
    }
    if named.is_empty() { String::new() } else { format!("{}: {}", words.get("fact.basis"), named.join(", ")) }
}

/// A sentence with its values.
fn sentence(words: &Words, claim: &Backed<super::Sentence>) -> String {
    let said = claim.said();
    let translated = |(name, value): (&String, &String)| {
        let value = match name.as_str() {
            "expected" | "found" | "why" | "note" => words.of_rules(value),
            "reason" => words.word("reason", value),
            _ => value.clone(),
        };
        (name.clone(), value)
    };
    let values: BTreeMap<String, String> = said.values.iter().map(translated).collect();
    words.fill(&format!("say.{}", said.key), |name| values.get(name).map(String::as_str))
}

/// A package URL without its qualifiers: what it is and which version, for people; anything else as it is.
fn unqualified(purl: &str) -> &str {
    if purl.starts_with("pkg:") { purl.split(['?', '#']).next().unwrap_or(purl) } else { purl }
}

/// When the newest record was changed, and how long ago that is.
fn newest(words: &Words, newest: &Newest) -> String {
    let days = newest.days.map(|days| format!(" ({})", words.with("fact.days", &[("days", &days.to_string())])));
    words.with("fact.newest", &[("time", &format!("{}{}", newest.time, days.unwrap_or_default()))])
}

/// The first so many characters.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The first few of many, and how many more there are.
fn few(words: &Words, items: &[String], most: usize) -> String {
    let mut text = items.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if let Some(more) = items.len().checked_sub(most).filter(|more| *more > 0) {
        text.push_str(&format!(", {}", words.with("fact.and-more", &[("count", &more.to_string())])));
    }
    text
}
