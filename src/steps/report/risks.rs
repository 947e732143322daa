//! What advisories say of what is reported. Where none were asked there is no number, and where they could not be asked the report says
//! why.

use crate::advisories::{Freshness, Rating};
use crate::artifact::{Artifact, Blobs, Purl};
use crate::error::Result;
use crate::report::Inventory;
use crate::report::document::{Age, Backed, Claim, Counted, Evidence, FindingRow, Report, Source, Tile, outside};
use crate::steps::advise::at_hand;
use crate::steps::assess::{Assessed, Found, Held, Line, STATEMENTS_HOLD, Terms};
use crate::steps::policy::in_force;
use crate::store::Store;
use jiff::{SignedDuration, Timestamp};
use std::borrow::Borrow;
use std::collections::BTreeSet;

/// What is known to be wrong, where nobody was asked.
const RISKS: [Tile; 7] =
    [Tile::Exploited, Tile::Malicious, Tile::SevereNew, Tile::Fixed, Tile::Already, Tile::Undetermined, Tile::NotAssessable];
/// Most findings that are listed; all are counted.
const MOST_ROWS: usize = 10_000;

/// What the advisories said.
#[derive(Debug)]
pub enum Risks {
    /// There are none.
    Unasked,
    /// They could not be asked.
    Unusable(String),
    /// They were asked.
    Known(Box<Known>),
}

/// An answer.
#[derive(Debug)]
pub struct Known {
    /// Of what is reported.
    of: Assessed,
    /// Of what is installed, where it is compared with that.
    before: Option<Assessed>,
    by: Evidence,
    at: Timestamp,
}

/// A finding, told apart from others: which vulnerability, of which package, whichever version.
type Key = (String, String);

impl Risks {
    /// Asks the advisories that are among some artifacts, else those that are installed. `before` is the inventory of what is installed,
    /// where that is compared.
    pub fn ask<A: Borrow<Artifact>>(
        (artifacts, blobs, installed): (&[A], &dyn Blobs, Option<&Store>),
        inventory: &Inventory,
        before: Option<&Inventory>,
        at: Timestamp,
    ) -> Self {
        let asked = || {
            // As old as the policy that is in force lets them be, as in gates.
            let days = installed.map(in_force).transpose()?.unwrap_or_default().0.terms.advisory_days();
            at_hand(artifacts, blobs, installed)?.map(|held| known(&held, inventory, before, (at, days))).transpose()
        };
        match asked() {
            Ok(None) => Self::Unasked,
            Ok(Some(known)) => Self::Known(Box::new(known)),
            Err(error) => Self::Unusable(outside(error.message())),
        }
    }

    /// Puts it into a report.
    pub(super) fn fill(&self, report: &mut Report) {
        let Self::Known(known) = self else {
            report.risks = RISKS.iter().map(|tile| Backed::new(Counted { tile: *tile, count: None }, Evidence::tool())).collect();
            report.not_checked.push(match self {
                Self::Unusable(why) => Claim::say("advisories-unusable", &[("why", why.clone())], Evidence::tool()),
                _ => Claim::say("no-advisories", &[], Evidence::tool()),
            });
            return;
        };
        report.risks = known.tiles().into_iter().map(|counted| Backed::new(counted, known.by.clone())).collect();
        let (rows, more) = known.rows();
        if more > 0 {
            let values = [("count", more.to_string()), ("all", (rows.len() + more).to_string())];
            report.not_checked.push(Claim::say("findings-cut", &values, known.by.clone()));
        }
        report.findings = Some(Backed::new(rows, known.by.clone()));
        for (ecosystem, taken) in &known.of.taken {
            let days = super::days(taken.time, known.at);
            let age = Age { what: AGE.to_owned(), name: outside(ecosystem), time: Some(taken.time.to_string()), days };
            report.ages.push(Backed::new(age, known.by.clone()));
        }
        if let Some(why) = &known.of.exploited_unknown {
            report.not_checked.push(Claim::say("exploited-unknown", &[("why", outside(why))], known.by.clone()));
        }
        if known.of.counts.not_examined > 0 {
            let values = [("count", known.of.counts.not_examined.to_string())];
            report.not_checked.push(Claim::say("images-not-examined", &values, known.by.clone()));
        }
        let asked = known.of.counts.assessed + known.of.counts.undetermined;
        report.transcript.push(Claim::say("matched", &[("count", asked.to_string())], known.by.clone()));
    }
}

/// The key of the age of advisories in the data of a language.
const AGE: &str = "advisory-data";

fn known(held: &Held, inventory: &Inventory, before: Option<&Inventory>, (at, days): (Timestamp, u32)) -> Result<Known> {
    let freshness = Freshness { now: at, most_age: SignedDuration::from_hours(24 * i64::from(days)) };
    let terms = Terms { freshness, lifetime: STATEMENTS_HOLD };
    let of = held.assess(inventory, &terms)?;
    let before = before.map(|inventory| held.assess(inventory, &terms)).transpose()?;
    let times: Vec<String> = of.taken.iter().map(|(ecosystem, taken)| format!("{ecosystem} {}", taken.time)).collect();
    let by = match held.evidence {
        Some(digest) => Evidence::named(Source::Advisories, &times.join(", "), digest),
        None => Evidence::of(Source::Advisories, crate::artifact::Digest::of(times.join("\n").as_bytes())),
    };
    Ok(Known { of, before, by, at })
}

/// The package of a line without its version.
fn package(line: &Line) -> String {
    Purl::read(&line.purl).map_or_else(|| line.purl.clone(), |purl| purl.base())
}

fn keys(assessed: &Assessed) -> BTreeSet<Key> {
    let of = |line: &Line| line.findings.iter().map(|found| (found.id.clone(), package(line))).collect::<Vec<_>>();
    assessed.lines.iter().flat_map(of).collect()
}

fn severe(found: &Found) -> bool {
    found.rating >= Rating::High
}

impl Known {
    fn count(&self, wanted: impl Fn(&Line, &Found) -> bool) -> u64 {
        self.of.lines.iter().map(|line| line.findings.iter().filter(|found| wanted(line, found)).count() as u64).sum()
    }

    fn tiles(&self) -> Vec<Counted> {
        let before = self.before.as_ref().map(keys);
        let had = |line: &Line, found: &Found| before.as_ref().is_some_and(|had| had.contains(&(found.id.clone(), package(line))));
        let compared = before.is_some();
        let fixed = self.before.as_ref().map(|before| {
            let (now, here): (BTreeSet<Key>, BTreeSet<String>) = (keys(&self.of), self.of.lines.iter().map(package).collect());
            keys(before).into_iter().filter(|key| here.contains(&key.1) && !now.contains(key)).count() as u64
        });
        RISKS
            .into_iter()
            .map(|tile| {
                let count = match tile {
                    Tile::Exploited => self.of.exploited_unknown.is_none().then(|| self.count(|_, found| found.exploited.is_some())),
                    Tile::Malicious => Some(self.count(|_, found| found.malicious)),
                    Tile::SevereNew => compared.then(|| self.count(|line, found| severe(found) && !had(line, found))),
                    Tile::Fixed => fixed,
                    Tile::Already => compared.then(|| self.count(had)),
                    Tile::Undetermined => Some(self.of.counts.undetermined as u64),
                    Tile::NotAssessable => Some(self.of.counts.not_assessable as u64),
                    _ => None,
                };
                Counted { tile, count }
            })
            .collect()
    }

    /// The gravest first, and how many more there are.
    fn rows(&self) -> (Vec<FindingRow>, usize) {
        let before = self.before.as_ref().map(keys);
        let mut all: Vec<(&Line, &Found)> =
            self.of.lines.iter().flat_map(|line| line.findings.iter().map(move |found| (line, found))).collect();
        all.sort_by(|(a, x), (b, y)| {
            let rank = |found: &Found| (found.malicious, found.exploited.is_some(), found.rating);
            rank(y).cmp(&rank(x)).then_with(|| (&a.purl, &x.id).cmp(&(&b.purl, &y.id)))
        });
        let row = |(line, found): (&Line, &Found)| FindingRow {
            artifact: outside(line.within.as_deref().unwrap_or(&line.purl)),
            purl: outside(&line.purl),
            fix: outside(&found.fixed.join(", ")),
            ids: found.names.iter().map(|name| outside(name)).collect(),
            severity: found.rating.word().to_owned(),
            exploited: found.exploited.is_some(),
            malicious: found.malicious,
            new: before.as_ref().map(|had| !had.contains(&(found.id.clone(), package(line)))),
            summary: outside(&found.summary),
        };
        let more = all.len().saturating_sub(MOST_ROWS);
        (all.into_iter().take(MOST_ROWS).map(row).collect(), more)
    }
}
