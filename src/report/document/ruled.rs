//! What was decided, by which rules, and what the policy excepts from them.

use super::sections::Verdict;
use serde::{Deserialize, Serialize};

/// What was decided, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Decision {
    /// What is decided.
    pub verdict: Verdict,
    /// Why, as the program says it; empty where nothing speaks against it.
    pub reason: String,
    /// The rules that decided.
    pub rules: Vec<RuleRow>,
}

/// A rule and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleRow {
    /// Its id.
    pub rule: String,
    /// `passed`, `excepted`, `not-assessed`, `shown` or `refused`.
    pub outcome: String,
    /// The artifact it is about; empty for the bundle, and for a rule as a whole.
    pub subject: String,
    /// What it asks.
    pub expected: String,
    /// What there is.
    pub found: String,
    /// Who lets it through, until when and why; empty where nobody does.
    pub exception: String,
}

/// Where an exception stands at the report's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It has not begun.
    Ahead,
    /// It holds.
    Holds,
    /// It has ended.
    Expired,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ahead, Self::Holds, Self::Expired];

    /// The word in documents, and the key in the data of a language.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Holds => "holds",
            Self::Expired => "expired",
        }
    }
}

/// What the policy lets through although a rule finds something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExceptionRow {
    /// The id of the rule.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// The one finding of the rule that it is about; empty for all of them.
    pub finding: String,
    /// Who answers for it, both where there are two.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The first day of it.
    pub granted: String,
    /// The last day of it.
    pub expires: String,
    /// Where it stands.
    pub standing: Standing,
}
