//! The tables of a policy file that are about artifacts and advisories: as people write them, and as rules read them.

use super::exceptions::{Exception, WireException};
use super::facts::{Grade, Share, Weight};
use super::keys::{self, WireKeys};
use crate::error::{Error, Kind, Result, plain};
use crate::publisher::UpstreamKey;
use crate::report::{Term, normalised};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Most entries of a list of licences or formats, and most exceptions.
pub(super) const MOST: usize = 1024;
/// A hundred years: more is a slip of the hand.
const MOST_DAYS: u32 = 36_525;

/// What happens where a rule finds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// It is shown.
    #[default]
    Shown,
    /// It is refused.
    Refused,
}

/// How an artifact has to be signed by its publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signed {
    /// A signature is carried with it.
    Present,
    /// A signature was judged by keys of this side.
    Verified,
}

/// What is asked of licences.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LicenceTerms {
    /// Licences that nothing may depend on.
    pub refused: Vec<Term>,
    /// The only licences that are accepted.
    pub allowed: Option<Vec<Term>>,
    /// What happens where a licence is not known.
    pub unknown: Option<Choice>,
}

/// What is asked of artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Artifacts {
    /// Their own licences.
    pub licences: LicenceTerms,
    /// Those of the packages inside them.
    pub licences_inside: LicenceTerms,
    /// What happens where not all of what is inside could be looked into; without a word, it is not assessed.
    pub not_examined_inside: Option<Choice>,
    /// Most bytes of an artifact.
    pub max_bytes: Option<u64>,
    /// The only formats that are accepted.
    pub formats: Option<BTreeSet<String>>,
    /// What happens to findings of the scanner, and the lightest that it happens to.
    pub scan: Option<(Choice, Weight)>,
    /// How publishers have to sign.
    pub signed: Option<Signed>,
    /// What happens where it is not known how one signed.
    pub unknown_signature: Choice,
    /// How many days a release must have been out.
    pub cool_down_days: Option<u32>,
    /// How many days it may have been out.
    pub max_age_days: Option<u32>,
    /// What happens where it is not known when it came out.
    pub unknown_age: Choice,
}

/// What is asked of advisories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advisories {
    /// The least severity that is refused; `None` only shows them.
    pub refuse: Option<Grade>,
    /// What happens to what is known to be exploited.
    pub exploited: Choice,
    /// What happens where it is not known which vulnerabilities are exploited.
    pub unknown_exploited: Choice,
    /// From which likelihood of being exploited on a vulnerability is refused; `None` does not ask.
    pub likelihood: Option<Share>,
    /// What happens where it is not known how likely one is to be exploited.
    pub unknown_likelihood: Choice,
    /// What happens to packages that are attacks.
    pub malicious: Choice,
    /// What happens to what could not be assessed.
    pub undetermined: Choice,
    /// What happens to what nobody has looked into.
    pub not_examined: Choice,
    /// How old the advisories may be.
    pub max_age_days: u32,
    /// How old the newest record of an ecosystem may be; `None` does not ask.
    pub max_record_age_days: Option<u32>,
}

/// Everything a policy asks of artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Of artifacts.
    pub artifacts: Artifacts,
    /// Of advisories; `None` where none are asked for.
    pub advisories: Option<Advisories>,
    /// Keys and identities of publishers.
    pub keys: Vec<UpstreamKey>,
    /// What is let through all the same.
    pub exceptions: Vec<Exception>,
}

/// `[artifacts]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::policy) struct WireArtifacts {
    licences_refused: Vec<String>,
    licences_allowed: Option<Vec<String>>,
    unknown_licence: Option<Choice>,
    licences_inside_refused: Vec<String>,
    licences_inside_allowed: Option<Vec<String>>,
    unknown_licence_inside: Option<Choice>,
    not_examined_inside: Option<Choice>,
    max_bytes: Option<u64>,
    formats: Option<Vec<String>>,
    scan: Option<Choice>,
    scan_severity: Option<String>,
    upstream_signatures: Option<Signed>,
    unknown_signature: Option<Choice>,
    cool_down_days: Option<u32>,
    max_age_days: Option<u32>,
    unknown_age: Option<Choice>,
}

/// `[advisories]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::policy) struct WireAdvisories {
    refuse: Option<String>,
    #[serde(default = "refused")]
    known_exploited: Choice,
    #[serde(default)]
    unknown_exploited: Choice,
    likelihood: Option<f64>,
    unknown_likelihood: Option<Choice>,
    #[serde(default = "refused")]
    malicious: Choice,
    #[serde(default)]
    undetermined: Choice,
    #[serde(default)]
    not_examined: Choice,
    max_age_days: u32,
    max_record_age_days: Option<u32>,
}

const fn refused() -> Choice {
    Choice::Refused
}

impl Terms {
    /// Reads the tables.
    pub(in crate::policy) fn read(
        artifacts: WireArtifacts,
        advisories: Option<WireAdvisories>,
        keys: WireKeys,
        exceptions: Vec<WireException>,
    ) -> Result<Self> {
        if exceptions.len() > MOST {
            return Err(wrong("there are too many exceptions").with("expected", format!("at most {MOST}")));
        }
        let exceptions = exceptions.into_iter().enumerate().map(|(n, wire)| Exception::read(n, wire)).collect::<Result<_>>()?;
        Ok(Self {
            artifacts: of_artifacts(artifacts)?,
            advisories: advisories.map(of_advisories).transpose()?,
            keys: keys::read(keys)?,
            exceptions,
        })
    }

    /// How old advisories may be, in days.
    pub fn advisory_days(&self) -> u32 {
        self.advisories.map_or(super::USUAL_AGE_DAYS, |asked| asked.max_age_days)
    }

    /// Whether anything is asked of artifacts at all.
    pub fn ask(&self) -> bool {
        self.artifacts != Artifacts::default() || self.advisories.is_some() || !self.keys.is_empty()
    }
}

fn of_artifacts(wire: WireArtifacts) -> Result<Artifacts> {
    check_companions(&wire)?;
    let weight = wire.scan_severity.as_deref().map(|word| named("artifacts.scan-severity", &Weight::WORDS, word)).transpose()?;
    let formats = wire.formats.map(|list| texts("artifacts.formats", list)).transpose()?;
    Ok(Artifacts {
        licences: LicenceTerms {
            refused: licences("artifacts.licences-refused", wire.licences_refused)?,
            allowed: wire.licences_allowed.map(|list| licences("artifacts.licences-allowed", list)).transpose()?,
            unknown: wire.unknown_licence,
        },
        licences_inside: LicenceTerms {
            refused: licences("artifacts.licences-inside-refused", wire.licences_inside_refused)?,
            allowed: wire.licences_inside_allowed.map(|list| licences("artifacts.licences-inside-allowed", list)).transpose()?,
            unknown: wire.unknown_licence_inside,
        },
        not_examined_inside: wire.not_examined_inside,
        max_bytes: wire.max_bytes,
        formats: formats.map(|list| list.into_iter().map(|name| name.to_lowercase()).collect()),
        scan: wire.scan.map(|choice| (choice, weight.unwrap_or(Weight::Error))),
        signed: wire.upstream_signatures,
        unknown_signature: wire.unknown_signature.unwrap_or_default(),
        cool_down_days: days("artifacts.cool-down-days", wire.cool_down_days)?,
        max_age_days: days("artifacts.max-age-days", wire.max_age_days)?,
        unknown_age: wire.unknown_age.unwrap_or_default(),
    })
}

/// A key that changes another one says nothing without it: whoever wrote it thinks that something is asked.
fn check_companions(wire: &WireArtifacts) -> Result<()> {
    let aged = wire.cool_down_days.is_some() || wire.max_age_days.is_some();
    let inside =
        wire.licences_inside_allowed.is_some() || !wire.licences_inside_refused.is_empty() || wire.unknown_licence_inside.is_some();
    let alone = [
        (wire.scan_severity.is_some() && wire.scan.is_none(), "scan-severity", "scan"),
        (wire.unknown_signature.is_some() && wire.upstream_signatures.is_none(), "unknown-signature", "upstream-signatures"),
        (wire.not_examined_inside.is_some() && !inside, "not-examined-inside", "licences-inside-refused or licences-inside-allowed"),
        (wire.unknown_age.is_some() && !aged, "unknown-age", "cool-down-days or max-age-days"),
    ];
    match alone.into_iter().find(|(alone, ..)| *alone) {
        Some((_, key, lacks)) => {
            Err(wrong(&format!("`artifacts.{key}` asks nothing by itself")).with("expected", format!("beside {lacks}")))
        }
        None => Ok(()),
    }
}

fn of_advisories(wire: WireAdvisories) -> Result<Advisories> {
    let refuse = match wire.refuse.as_deref() {
        None => None,
        Some("any") => Some(Grade::Low),
        Some(word) => Some(named("advisories.refuse", &Grade::WORDS, word)?),
    };
    let max_age_days = days("advisories.max-age-days", Some(wire.max_age_days))?.unwrap_or_default();
    if wire.unknown_likelihood.is_some() && wire.likelihood.is_none() {
        return Err(wrong("`advisories.unknown-likelihood` asks nothing by itself").with("expected", "beside likelihood"));
    }
    Ok(Advisories {
        refuse,
        exploited: wire.known_exploited,
        unknown_exploited: wire.unknown_exploited,
        likelihood: wire.likelihood.map(likelihood).transpose()?,
        unknown_likelihood: wire.unknown_likelihood.unwrap_or_default(),
        malicious: wire.malicious,
        undetermined: wire.undetermined,
        not_examined: wire.not_examined,
        max_age_days,
        max_record_age_days: days("advisories.max-record-age-days", wire.max_record_age_days)?,
    })
}

/// What FIRST scores with: from 0.00001 to 1.
fn likelihood(share: f64) -> Result<Share> {
    if (0.000_01..=1.0).contains(&share) {
        return Ok(Share::of(share as f32));
    }
    Err(wrong("`advisories.likelihood` is out of range").with("expected", "between 0.00001 and 1").with("found", share))
}

fn named<T: Copy>(key: &str, words: &[(&str, T)], word: &str) -> Result<T> {
    let known = words.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    known.ok_or_else(|| {
        let all: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        wrong(&format!("`{key}` is none of its words")).with("expected", all.join(", ")).with("found", format!("{word:.40}"))
    })
}

fn days(key: &str, days: Option<u32>) -> Result<Option<u32>> {
    match days {
        Some(number) if number == 0 || number > MOST_DAYS => {
            Err(wrong(&format!("`{key}` is out of range")).with("expected", format!("between 1 and {MOST_DAYS}")))
        }
        days => Ok(days),
    }
}

/// Plain, distinct texts of a bounded list.
fn texts(key: &str, list: Vec<String>) -> Result<Vec<String>> {
    let fits = |text: &String| !text.is_empty() && text.len() <= 128 && plain(text) == *text;
    let distinct = list.iter().collect::<BTreeSet<_>>().len() == list.len();
    if list.is_empty() || list.len() > MOST || !distinct {
        return Err(wrong(&format!("`{key}` is empty, too long or has an entry twice")).with("expected", format!("1 to {MOST} entries")));
    }
    match list.iter().find(|text| !fits(text)) {
        Some(text) => Err(wrong(&format!("`{key}` has an entry that cannot be one")).with("found", format!("{text:.80}"))),
        None => Ok(list),
    }
}

/// Licences as the list spells them: a name that stands for several would leave some of them out.
fn licences(key: &str, list: Vec<String>) -> Result<Vec<Term>> {
    if list.is_empty() {
        return Ok(vec![]);
    }
    let one = |text: String| {
        let term = Term::read(&text).filter(|term| term.to_string() == text && is_current(&text));
        term.ok_or_else(|| {
            let error =
                wrong(&format!("`{key}` has an entry that is no single licence of the SPDX list")).with("found", format!("{text:.80}"));
            let known = normalised(&text).filter(|known| *known != text);
            known.map_or(error.clone(), |known| error.hint(format!("did you mean {known}?")))
        })
    };
    texts(key, list)?.into_iter().map(one).collect()
}

fn is_current(text: &str) -> bool {
    normalised(text).is_none_or(|known| known == text)
}

pub(super) fn wrong(why: &str) -> Error {
    Error::new(Kind::Usage, format!("the policy is refused: {why}"))
}
