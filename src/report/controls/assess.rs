//! Rows of a pack against what was gathered. A status follows from the evidence; nobody can set one.

use super::evidence::{Evidence, Found, Gathered, Reference};
use super::pack::{Control, ControlPack};
use super::texts::said;
use crate::report::Language;

/// How much of the evidence a row draws on is here. It never says that a demand is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All of it.
    Present,
    /// Some of it.
    Partial,
    /// None of it.
    Absent,
    /// There is nothing it could be about.
    NotApplicable,
}

impl Status {
    /// The word in data: `evidence-present`, `partial`, `absent`, `not-applicable`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Present => "evidence-present",
            Self::Partial => "partial",
            Self::Absent => "absent",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// The words in tables.
    pub fn words(self, language: Language) -> &'static str {
        said().word(self.name().trim_start_matches("evidence-"), language)
    }

    /// Of one piece of evidence.
    pub const fn of(found: &Found) -> Self {
        match found {
            Found::Present(_) => Self::Present,
            Found::Partial(..) => Self::Partial,
            Found::Absent(_) => Self::Absent,
            Found::NotApplicable(_) => Self::NotApplicable,
        }
    }

    /// Of several: what is here beside what is not, or does not apply, is only some of it.
    fn together(all: impl Iterator<Item = Self>) -> Self {
        let both = |one: Self, other: Self| match (one, other) {
            (one, other) if one == other => one,
            (Self::NotApplicable, Self::Absent) | (Self::Absent, Self::NotApplicable) => Self::Absent,
            _ => Self::Partial,
        };
        all.reduce(both).unwrap_or(Self::NotApplicable)
    }
}

/// What one piece of evidence shows, said only where that piece is here.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    text: &'a str,
    /// What stands in front where not all of the evidence is here.
    in_part: Option<&'static str>,
}

impl<'a> Claim<'a> {
    /// A claim that rests on a piece of evidence; `None` where nothing of it is here.
    fn on(text: &'a str, found: &Found, language: Language) -> Option<Self> {
        let in_part = (Status::of(found) != Status::Present).then(|| said().word("in-part", language));
        if found.references().is_empty() { None } else { Some(Self { text, in_part }) }
    }

    /// Its words.
    pub fn text(&self) -> String {
        self.in_part.map_or_else(|| self.text.to_owned(), |words| format!("{words}: {}", self.text))
    }
}

/// A row of a pack with the evidence it draws on.
#[derive(Debug, Clone)]
pub struct Assessed<'a> {
    /// The row.
    pub control: &'a Control,
    /// What there is of each piece of evidence it draws on.
    pub found: Vec<(Evidence, &'a Found)>,
    status: Status,
}

impl<'a> Assessed<'a> {
    /// Every row of a pack.
    pub fn all(pack: &'a ControlPack, gathered: &'a Gathered) -> Vec<Self> {
        pack.controls.iter().map(|control| Self::row(control, gathered)).collect()
    }

    fn row(control: &'a Control, gathered: &'a Gathered) -> Self {
        let found: Vec<_> = control.shows.keys().map(|evidence| (*evidence, gathered.of(*evidence))).collect();
        let status = Status::together(found.iter().map(|(_, found)| Status::of(found)));
        Self { control, found, status }
    }

    /// How much of the evidence is here.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Where the evidence lies.
    pub fn references(&self) -> Vec<&'a Reference> {
        self.found.iter().flat_map(|(_, found)| found.references()).collect()
    }

    /// What the pieces that are here show, each for itself.
    pub fn claims(&self, language: Language) -> Vec<Claim<'a>> {
        self.found.iter().filter_map(|(evidence, found)| Claim::on(self.control.shows[evidence].of(language), found, language)).collect()
    }

    /// The same in one text; `None` where nothing is here.
    pub fn shows(&self, language: Language) -> Option<String> {
        let all: Vec<String> = self.claims(language).iter().map(Claim::text).collect();
        if all.is_empty() { None } else { Some(all.join(" ")) }
    }
}
