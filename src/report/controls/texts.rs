//! The sentences that packs, tables and reasons are made of, read from `texts.toml` once.

use super::text::Text;
use crate::error::{Error, Result};
use crate::report::Language;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The texts as they are shipped.
const SHIPPED: &str = include_str!("texts.toml");

/// What a piece of evidence is, and how it is checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceText {
    /// What it is.
    pub title: Text,
    /// How a third party checks it.
    pub proof: Text,
}

/// All texts, by what they are for and their names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Said {
    language: Text,
    shows: BTreeMap<String, Text>,
    does_not_show: BTreeMap<String, Text>,
    evidence: BTreeMap<String, EvidenceText>,
    reason: BTreeMap<String, Text>,
    word: BTreeMap<String, Text>,
}

/// The shipped texts.
pub fn said() -> &'static Said {
    static SAID: OnceLock<Said> = OnceLock::new();
    SAID.get_or_init(|| Said::parse(SHIPPED).expect("a test reads the texts that are shipped"))
}

impl Said {
    /// Reads texts; one that lacks a language is refused.
    pub fn parse(text: &str) -> Result<Self> {
        let said: Self = toml::from_str(text).map_err(|e| Error::usage("the texts cannot be read").with("found", e.message()))?;
        said.each(&mut |name, text| text.check(name))?;
        Ok(said)
    }

    /// Calls `take` with every text and its name.
    pub fn each(&self, take: &mut dyn FnMut(&str, &Text) -> Result<()>) -> Result<()> {
        take("language", &self.language)?;
        for (kind, texts) in
            [("shows", &self.shows), ("does-not-show", &self.does_not_show), ("reason", &self.reason), ("word", &self.word)]
        {
            texts.iter().try_for_each(|(name, text)| take(&format!("{kind}.{name}"), text))?;
        }
        self.evidence.iter().try_for_each(|(name, text)| {
            take(&format!("evidence.{name}.title"), &text.title)?;
            take(&format!("evidence.{name}.proof"), &text.proof)
        })
    }

    /// What evidence shows, by its name.
    pub(super) fn shows(&self, name: &str) -> Option<&Text> {
        self.shows.get(name)
    }

    /// What it does not show, by its name.
    pub(super) fn does_not_show(&self, name: &str) -> Option<&Text> {
        self.does_not_show.get(name)
    }

    /// What a piece of evidence is, by its code.
    pub(super) fn evidence(&self, code: &str) -> Option<&EvidenceText> {
        self.evidence.get(code)
    }

    /// Why evidence is less than it could be, by its name.
    pub(super) fn reason(&self, name: &str) -> Option<&Text> {
        self.reason.get(name)
    }

    /// A word of tables.
    pub fn word(&self, name: &str, language: Language) -> &str {
        self.word.get(name).expect("a test asks for every word").of(language)
    }
}
