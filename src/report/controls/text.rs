//! Texts in every language.

use crate::error::{Error, Result};
use crate::report::Language;
use serde::Deserialize;

/// Longest text, in bytes.
const LONGEST: usize = 400;

/// One text in every language; it cannot be had in fewer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    en: String,
    de: String,
    it: String,
}

impl Text {
    /// The text in a language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::German => &self.de,
            Language::Italian => &self.it,
        }
    }

    /// Refuses what is empty, too long, not one plain line, or would break a table.
    pub(super) fn check(&self, what: &str) -> Result<()> {
        for language in Language::ALL {
            let text = self.of(language);
            let plain = !text.chars().any(|c| c.is_control() || "|<>`".contains(c));
            if text.trim().is_empty() || text.trim() != text || text.len() > LONGEST || !plain {
                return Err(Error::usage(format!("{what}: a text is refused"))
                    .with("language", language.code())
                    .with("expected", format!("one line of at most {LONGEST} bytes without | < > and back ticks"))
                    .with("found", format!("{text:.80}")));
            }
        }
        Ok(())
    }
}
