//! What advisories say of what is reported. Where none were asked there is no number, and where they could not be asked the report says
//! why.

use crate::advisories::{EvidenceKind, Freshness, Rating, Taken};
use crate::artifact::{Artifact, Blobs, Digest};
use crate::error::{Error, Result};
use crate::report::Inventory;
use crate::report::document::{Age, Backed, Claim, Counted, Evidence, FindingRow, Newest, Report, Source, StatementRow, Tile, outside};
use crate::steps::advise::{Beside, at_hand};
use crate::steps::assess::{Assessed, Found, Held, Line, STATEMENTS_HOLD, Said, Terms, Used};
use crate::steps::known::{Key, gone, keys, package};
use crate::steps::policy::in_force;
use crate::store::Store;
use jiff::{SignedDuration, Timestamp};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// What is known to be wrong, where nobody was asked.
const RISKS: [Tile; 10] = [
    Tile::Exploited,
    Tile::Malicious,
    Tile::Severe,
    Tile::Unrated,
    Tile::SevereNew,
    Tile::Fixed,
    Tile::Already,
    Tile::Undetermined,
    Tile::NotAssessable,
    Tile::Stated,
];
/// Most findings that are listed; all are counted.
const MOST_ROWS: usize = 10_000;

/// What the advisories said.
#[derive(Debug)]
pub enum Risks {
    /// There are none.
    Unasked,
    /// They could not be asked.
    Unusable(Unusable),
    /// They were asked.
    Known(Box<Known>),
}

/// Advisories that are here and could not be asked.
#[derive(Debug)]
pub struct Unusable {
    /// Why not.
    why: String,
    /// What is here.
    used: Vec<Used>,
    /// What is held of advisories, by ecosystem.
    taken: BTreeMap<String, Taken>,
    by: Evidence,
    at: Timestamp,
}

/// An answer.
#[derive(Debug)]
pub struct Known {
    /// Of what is reported.
    of: Assessed,
    /// What was known of what it is compared with.
    before: Option<BTreeSet<Key>>,
    by: Evidence,
    at: Timestamp,
}

/// What the answer is compared with.
#[derive(Debug, Clone, Copy)]
pub enum Before<'a> {
    /// It is not compared: what there was before is not asked, or not known.
    Uncompared,
    /// There was nothing before: everything is new.
    Nothing,
    /// What is installed, of which the same is asked.
    Installed(&'a Inventory),
    /// What was known before the newest advisories came.
    Known(&'a BTreeSet<Key>),
}

impl Risks {
    /// Asks the advisories that are beside, else those that are among some artifacts or installed. `before` is what the answer
    /// is compared with.
    pub fn ask<A: Borrow<Artifact>>(
        (artifacts, blobs, installed): (&[A], &dyn Blobs, Option<&Store>),
        beside: Beside<'_>,
        inventory: &Inventory,
        before: Before<'_>,
        at: Timestamp,
    ) -> Self {
        let unusable = |error: &Error, (used, taken, by)| Self::Unusable(Unusable { why: outside(error.message()), used, taken, by, at });
        let kept = match beside.folder {
            Some(_) => Ok(None),
            None => at_hand(artifacts, blobs, installed, beside.statements),
        };
        let held = match &kept {
            Ok(kept) => beside.folder.or(kept.as_ref()),
            Err(error) => return unusable(error, (vec![], BTreeMap::new(), Evidence::tool())),
        };
        let Some(held) = held else { return Self::Unasked };
        // As old as the policy that is in force lets them be, as in gates.
        let days = installed.map(in_force).transpose().map(|policy| policy.unwrap_or_default().0.terms.advisory_days());
        match days.and_then(|days| known(held, inventory, before, (at, days))) {
            Ok(known) => Self::Known(Box::new(known)),
            Err(error) => {
                let told: Vec<String> = held.used.iter().map(Used::told).collect();
                unusable(&error, (held.used.clone(), held.snapshot.taken().clone(), evidence(held, &told)))
            }
        }
    }

    /// Puts it into a report.
    pub(super) fn fill(&self, report: &mut Report) {
        let Self::Known(known) = self else {
            report.risks = RISKS.iter().map(|tile| Backed::new(Counted { tile: *tile, count: None }, Evidence::tool())).collect();
            let Self::Unusable(Unusable { why, used, taken, by, at }) = self else {
                return report.not_checked.push(Claim::say("no-advisories", &[], Evidence::tool()));
            };
            report.not_checked.push(Claim::say("advisories-unusable", &[("why", why.clone())], by.clone()));
            report.ages.extend(used.iter().map(|used| age(used, taken, *at, by)));
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
            let (time, newest) = (Some(taken.time.to_string()), Some(newest(taken, known.at)));
            let age = Age { what: AGE.to_owned(), name: outside(ecosystem), time, days, newest };
            report.ages.push(Backed::new(age, known.by.clone()));
        }
        // Advisories are told by ecosystem, above: of each the oldest that was asked.
        let others = known.of.used.iter().filter(|used| !matches!(used.kind, EvidenceKind::Advisories(_)));
        report.ages.extend(others.map(|used| age(used, &known.of.taken, known.at, &known.by)));
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

/// How old something is that was asked; it rests on its bytes, where their digest is known.
fn age(used: &Used, taken: &BTreeMap<String, Taken>, at: Timestamp, by: &Evidence) -> Backed<Age> {
    let (what, name) = match &used.kind {
        EvidenceKind::Advisories(ecosystem) => (AGE, ecosystem.as_str()),
        EvidenceKind::Exploited => ("exploited-list", ""),
        EvidenceKind::Likelihood => ("likelihood-table", ""),
        EvidenceKind::Statements(_) | EvidenceKind::Database(_) => ("statement", used.label.as_str()),
    };
    let by = used.digest.map_or_else(|| by.clone(), |digest| Evidence::named(Source::Advisories, &used.label, digest));
    let days = used.time.and_then(|time| super::days(time, at));
    let newest = taken.get(name).filter(|_| what == AGE).map(|taken| newest(taken, at));
    Backed::new(Age { what: what.to_owned(), name: outside(name), time: used.time.map(|time| time.to_string()), days, newest }, by)
}

fn newest(taken: &Taken, at: Timestamp) -> Newest {
    Newest { time: taken.newest.to_string(), days: super::days(taken.newest, at) }
}

fn known(held: &Held, inventory: &Inventory, before: Before<'_>, (at, days): (Timestamp, u32)) -> Result<Known> {
    let freshness = Freshness { now: at, most_age: SignedDuration::from_hours(24 * i64::from(days)) };
    let terms = Terms { freshness, lifetime: STATEMENTS_HOLD };
    let of = held.assess(inventory, &terms)?;
    let before = match before {
        Before::Uncompared => None,
        Before::Nothing => Some(BTreeSet::new()),
        Before::Installed(inventory) => Some(keys(&held.assess(inventory, &terms)?)),
        Before::Known(had) => Some(had.clone()),
    };
    let times: Vec<String> = of.taken.iter().map(|(ecosystem, taken)| format!("{ecosystem} {}", taken.time)).collect();
    let by = evidence(held, &times);
    Ok(Known { of, before, by, at })
}

/// What was read, by the digest over all of it; of a folder, by what was taken out of it.
fn evidence(held: &Held, times: &[String]) -> Evidence {
    match held.evidence {
        Some(digest) => Evidence::named(Source::Advisories, &times.join(", "), digest),
        None => Evidence::of(Source::Advisories, Digest::of(times.join("\n").as_bytes())),
    }
}

fn statement(said: &Said) -> StatementRow {
    StatementRow {
        status: said.status.word().to_owned(),
        author: outside(&said.author),
        time: said.timestamp.to_string(),
        justification: said.justification.unwrap_or_default().to_owned(),
        signed_by: said.signers.iter().map(|name| outside(name)).collect(),
        owner: said.mark.as_ref().map_or_else(String::new, |mark| outside(&mark.owner)),
        until: said.mark.as_ref().map(|mark| mark.until.to_string()),
    }
}

fn severe(found: &Found) -> bool {
    found.rating >= Rating::High
}

impl Known {
    fn count(&self, wanted: impl Fn(&Line, &Found) -> bool) -> u64 {
        self.of.lines.iter().map(|line| line.findings.iter().filter(|found| wanted(line, found)).count() as u64).sum()
    }

    fn tiles(&self) -> Vec<Counted> {
        let had = |line: &Line, found: &Found| self.before.as_ref().is_some_and(|had| had.contains(&(found.id.clone(), package(line))));
        let compared = self.before.is_some();
        let fixed = self.before.as_ref().map(|before| gone(before, &self.of).len() as u64);
        RISKS
            .into_iter()
            .map(|tile| {
                let count = match tile {
                    Tile::Exploited => self.of.exploited_unknown.is_none().then(|| self.count(|_, found| found.exploited.is_some())),
                    Tile::Malicious => Some(self.count(|_, found| found.malicious)),
                    Tile::Severe => Some(self.count(|_, found| severe(found))),
                    Tile::Unrated => Some(self.count(|_, found| found.rating == Rating::Unknown && !found.malicious)),
                    Tile::SevereNew => compared.then(|| self.count(|line, found| severe(found) && !had(line, found))),
                    Tile::Fixed => fixed,
                    Tile::Already => compared.then(|| self.count(had)),
                    Tile::Undetermined => Some(self.of.counts.undetermined as u64),
                    Tile::NotAssessable => Some(self.of.counts.not_assessable as u64),
                    Tile::Stated => Some(self.count(|_, found| found.said.is_some())),
                    _ => None,
                };
                Counted { tile, count }
            })
            .collect()
    }

    /// The gravest first, and how many more there are.
    fn rows(&self) -> (Vec<FindingRow>, usize) {
        let before = self.before.as_ref();
        let mut all: Vec<(&Line, &Found)> =
            self.of.lines.iter().flat_map(|line| line.findings.iter().map(move |found| (line, found))).collect();
        all.sort_by(|(a, x), (b, y)| y.rank().cmp(&x.rank()).then_with(|| (&a.purl, &x.id).cmp(&(&b.purl, &y.id))));
        let row = |(line, found): (&Line, &Found)| FindingRow {
            artifact: outside(line.within.as_deref().unwrap_or(&line.purl)),
            purl: outside(&line.purl),
            fix: outside(&found.fixed.join(", ")),
            ids: found.names.iter().map(|name| outside(name)).collect(),
            severity: found.rating.word().to_owned(),
            // Nobody knows that it is not, where there is no list.
            exploited: (found.exploited.is_some() || self.of.exploited_unknown.is_none()).then_some(found.exploited.is_some()),
            likelihood: found.per_mille(),
            malicious: found.malicious,
            new: before.map(|had| !had.contains(&(found.id.clone(), package(line)))),
            statement: found.said.as_ref().map(statement),
            set_aside: found.set_aside as u64,
            summary: outside(&found.summary),
        };
        let more = all.len().saturating_sub(MOST_ROWS);
        (all.into_iter().take(MOST_ROWS).map(row).collect(), more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::Extent;
    use crate::report::document::{Decision, Identity, Kind, Verdict};

    fn known(before: Option<&[&str]>) -> Known {
        let findings = [Rating::Unknown, Rating::Low, Rating::Medium, Rating::High, Rating::Critical].map(|r| Found::rated(r.word(), r));
        let line = Line {
            purl: "pkg:x/a@1".to_owned(),
            asked: None,
            within: None,
            extent: Extent::Assessed,
            reasons: vec![],
            findings: findings.to_vec(),
        };
        let key = |id: &&str| ((*id).to_owned(), package(&line));
        let before = before.map(|ids| ids.iter().map(key).collect());
        let of = Assessed { lines: vec![line.clone()], ..Assessed::default() };
        Known { of, before, by: Evidence::tool(), at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn what_is_severe_and_new_is_high_or_critical_and_was_not_known_before() {
        let count = |before: Option<&[&str]>, wanted: Tile| {
            let tiles = known(before).tiles();
            tiles.iter().find(|counted| counted.tile == wanted).expect("a tile").count
        };
        for (before, severe, already) in [
            (None, None, None),
            (Some(&[][..]), Some(2), Some(0)),
            (Some(&["high"][..]), Some(1), Some(1)),
            (Some(&["critical", "high", "low"][..]), Some(0), Some(3)),
        ] {
            assert_eq!((count(before, Tile::SevereNew), count(before, Tile::Already)), (severe, already), "{before:?}");
        }
        let listed = |before: &[&str]| known(Some(before)).rows().0.iter().map(|row| row.severity.clone()).collect::<Vec<_>>();
        assert_eq!(listed(&[])[..2], ["critical", "high"], "the gravest first");
    }

    /// What nobody rated is counted: it may be as severe as anything.
    #[test]
    fn what_is_severe_and_what_nobody_rated_are_counted_without_a_comparison() {
        let tiles = known(None).tiles();
        let count = |wanted: Tile| tiles.iter().find(|counted| counted.tile == wanted).expect("a tile").count;
        assert_eq!((count(Tile::Severe), count(Tile::Unrated), count(Tile::SevereNew)), (Some(2), Some(1), None));
    }

    /// Data that are too old are here all the same, and so are their ages.
    #[test]
    fn what_could_not_be_asked_keeps_its_ages() {
        let time = |text: &str| text.parse::<Timestamp>().expect("a time");
        let used = |kind: EvidenceKind, at: &str, digest: Option<Digest>| Used {
            kind,
            label: "a list".to_owned(),
            time: Some(time(at)),
            digest,
            origin: crate::steps::assess::Origin::Installed,
        };
        let list = Digest::of(b"list");
        let all = vec![
            used(EvidenceKind::Advisories("PyPI".to_owned()), "2026-01-01T00:00:00Z", None),
            used(EvidenceKind::Exploited, "2026-02-01T00:00:00Z", Some(list)),
            used(EvidenceKind::Likelihood, "2027-02-01T00:00:00Z", Some(list)),
        ];
        let by = Evidence::of(Source::Advisories, Digest::of(b"all"));
        let (why, at) = ("the advisories for PyPI are too old".to_owned(), time("2026-03-01T00:00:00Z"));
        let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
        let identity = Backed::new(Identity::default(), by.clone());
        let mut report = Report::new(Kind::Arrival, "2026-03-01T00:00:00Z", identity, Backed::new(decision, by.clone()));
        let newest = Taken { time: time("2026-01-01T00:00:00Z"), newest: time("2024-01-01T00:00:00Z"), records: 1 };
        let taken = BTreeMap::from([("PyPI".to_owned(), newest)]);
        Risks::Unusable(Unusable { why, used: all, taken, by: by.clone(), at }).fill(&mut report);
        let told: Vec<_> = report.ages.iter().map(|age| (age.said().what.as_str(), age.said().name.as_str(), age.said().days)).collect();
        assert_eq!(told, [("advisory-data", "PyPI", Some(59)), ("exploited-list", "", Some(28)), ("likelihood-table", "", None)]);
        assert_eq!(report.ages[0].evidence(), &by);
        let newest = |n: usize| report.ages[n].said().newest.as_ref().map(|newest| (newest.time.clone(), newest.days));
        assert_eq!((newest(0), newest(1)), (Some(("2024-01-01T00:00:00Z".to_owned(), Some(790))), None));
        assert_eq!(report.ages[1].evidence(), &Evidence::named(Source::Advisories, "a list", list));
        assert_eq!(report.not_checked[0].said().key, "advisories-unusable");
        assert!(report.risks.iter().all(|tile| tile.said().count.is_none()));
    }

    #[test]
    fn nobody_says_that_something_is_not_exploited_without_a_list() {
        let mut known = known(None);
        known.of.lines[0].findings[0].exploited = Some("2026-01-01".to_owned());
        let told = |known: &Known| known.rows().0.iter().map(|row| row.exploited).collect::<Vec<_>>();
        let (some, none) = (Some(true), Some(false));
        assert_eq!(told(&known), [some, none, none, none, none]);
        known.of.exploited_unknown = Some("no list".to_owned());
        assert_eq!(told(&known), [some, None, None, None, None]);
    }

    /// Of a package that went away nobody knows whether anything was mended.
    #[test]
    fn what_is_fixed_is_what_a_package_that_is_still_here_had_and_has_no_more() {
        let fixed = |before: &[(&str, &str)]| {
            let mut known = known(Some(&[]));
            let line = |purl: &&str| package(&Line { purl: (*purl).to_owned(), ..known.of.lines[0].clone() });
            known.before = Some(before.iter().map(|(id, purl)| ((*id).to_owned(), line(purl))).collect());
            known.tiles().iter().find(|counted| counted.tile == Tile::Fixed).expect("a tile").count
        };
        let here = "pkg:x/a@1";
        assert_eq!(fixed(&[]), Some(0));
        assert_eq!(fixed(&[("mended", here)]), Some(1));
        assert_eq!(
            fixed(&[("mended", here), ("also mended", here), ("high", here), ("critical", here)]),
            Some(2),
            "what is still there is not"
        );
        assert_eq!(fixed(&[("mended", "pkg:x/b@1"), ("mended", here)]), Some(1), "what went away is not");
        assert_eq!(
            known(None).tiles().iter().find(|counted| counted.tile == Tile::Fixed).expect("a tile").count,
            None,
            "compared with nothing"
        );
    }
}
