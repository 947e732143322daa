//! What is known to be wrong, and what somebody says of it.

use serde::{Deserialize, Serialize};

/// What is known to be wrong with one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FindingRow {
    /// The artifact that the package lies in, or is, by its package URL.
    pub artifact: String,
    /// The package, by its package URL.
    pub purl: String,
    /// The version that is not affected; empty where there is none.
    pub fix: String,
    /// The identifiers, the first in front.
    pub ids: Vec<String>,
    /// How severe the gravest is.
    pub severity: String,
    /// Whether one of them is known to be exploited; nothing where no list of these is here, or it is too old, and does not name them.
    pub exploited: Option<bool>,
    /// How likely it is to be exploited in the next 30 days, in thousandths; nothing where no score is here.
    pub likelihood: Option<u64>,
    /// Whether the package itself is the attack.
    pub malicious: bool,
    /// Whether it is not installed already; nothing where nothing was compared.
    pub new: Option<bool>,
    /// The statement about it that holds.
    pub statement: Option<StatementRow>,
    /// Statements about it that are too old or from the future.
    pub set_aside: u64,
    /// What it is about.
    pub summary: String,
}

/// What somebody says of a finding. It takes nothing away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StatementRow {
    /// What is said: `not_affected`, `affected`, `fixed`, `under_investigation`.
    pub status: String,
    /// Who says it, by its own words.
    pub author: String,
    /// When it was said.
    pub time: String,
    /// Why, as OpenVEX calls it; empty where that is not said.
    pub justification: String,
    /// Who signed it, of the people whom the trust root names for that.
    pub signed_by: Vec<String>,
    /// Who answers for it; empty where that is not said.
    pub owner: String,
    /// Its last day; nothing where it says none.
    pub until: Option<String>,
}
