//! What gates come to: for every rule in force what it asks and what it found, with exceptions laid over it; bounded, and counted.

use super::exceptions::{Exception, Standing};
use super::facts::{Advised, Consulted, Subject};
use super::judge::{Asked, DAY, effective, in_force, judge};
use super::rules::{self, Rule, is_of_release};
use super::terms::{Advisories, Choice, Terms};
use crate::policy::{Finding, Outcome};
use jiff::Timestamp;

/// Most findings of a rule that are kept, the gravest; all of them are counted.
pub const MOST_FINDINGS: usize = 1000;

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The rule.
    pub rule: Rule,
    /// The artifact, by its place among the subjects; `None` for what is about all of them.
    pub subject: Option<usize>,
    /// The package of the artifact that it is about, as a package URL, where that is known.
    pub package: Option<String>,
    /// What it is called among the findings of its rule: an advisory's identifier, a licence, a scanner's rule; empty where there is only one.
    pub id: String,
    /// What else it is called, by whoever numbers vulnerabilities.
    pub names: Vec<String>,
    /// What it came to.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// The exception that lets it through, by its place in the policy.
    pub exception: Option<usize>,
}

/// What one rule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    /// The rule.
    pub rule: Rule,
    /// What it asks.
    pub expected: String,
    /// What it came to for each subject; empty for rules that are not about one.
    pub outcomes: Vec<Outcome>,
    /// How many of them it was not asked of, because they are only there for another one.
    pub exempt: usize,
    /// What it found, the gravest of them.
    pub hits: Vec<Hit>,
    /// How many further findings there were.
    pub more: usize,
    /// The gravest outcome, of what is not kept too.
    pub worst: Outcome,
}

/// An exception and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excepted {
    /// The exception.
    pub exception: Exception,
    /// Where it stands.
    pub standing: Standing,
    /// How many findings it lets through, or would if it were in its time.
    pub matched: usize,
}

/// What all rules came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gated {
    /// What was judged: label and package URL.
    pub subjects: Vec<(String, String)>,
    /// The rules in force, in the order of their ids.
    pub rules: Vec<Ruled>,
    /// The advisories that were asked, each in a line.
    pub advisories: Vec<String>,
    /// All exceptions of the policy, used or not.
    pub exceptions: Vec<Excepted>,
}

impl Terms {
    /// Judges artifacts.
    pub fn gate(&self, subjects: &[Subject], asked: &Asked) -> Gated {
        let mut excepted: Vec<Excepted> = self
            .exceptions
            .iter()
            .map(|exception| Excepted { exception: exception.clone(), standing: exception.standing(asked.now), matched: 0 })
            .collect();
        let mut hits = Vec::new();
        for (at, subject) in subjects.iter().enumerate() {
            let mut found = judge(self, asked, at, subject);
            found.iter_mut().for_each(|hit| except(hit, subject, &mut excepted));
            hits.append(&mut found);
        }
        hits.extend(about_advisories(self, asked));
        hits.extend(excepted.iter().enumerate().filter_map(|(at, excepted)| out_of_time(at, excepted)));
        let beside = subjects.iter().filter(|subject| subject.release.is_none()).count();
        let exempt = |rule| if is_of_release(rule) { beside } else { 0 };
        let ruled = |(rule, expected)| Ruled { exempt: exempt(rule), ..ruled(rule, expected, &hits, subjects.len()) };
        let rules = in_force(self, asked).into_iter().map(ruled).collect();
        let subjects = subjects.iter().map(|subject| (subject.label(), subject.purl.clone())).collect();
        let advisories = if let Advised::Held(consulted) = &asked.advised { consulted.used.clone() } else { vec![] };
        Gated { subjects, rules, advisories, exceptions: excepted }
    }
}

/// The first exception that holds lets a finding through. One that has ended is counted, and lets nothing through; the finding says so, and
/// by which other name it was granted. What was not looked into is no finding, and neither is what passed: nobody knows what an exception would let through.
fn except(hit: &mut Hit, subject: &Subject, excepted: &mut [Excepted]) {
    if [Outcome::NotAssessed, Outcome::NotKnown, Outcome::Passed].contains(&hit.outcome) {
        return;
    }
    for (at, one) in excepted.iter_mut().enumerate() {
        if !one.exception.covers(hit, subject) {
            continue;
        }
        one.matched += 1;
        let alias = one.exception.finding.as_ref().filter(|name| **name != hit.id);
        let by = alias.map(|name| format!(", granted for {name}")).unwrap_or_default();
        match one.standing {
            Standing::Holds if hit.exception.is_some() => {}
            Standing::Holds => {
                (hit.outcome, hit.exception) = (Outcome::Excepted, Some(at));
                hit.found.extend(alias.iter().map(|name| format!(" (exception {} was granted for {name})", at + 1)));
            }
            Standing::Expired => hit.found.push_str(&format!(" (exception {}{by} has expired)", at + 1)),
            Standing::Ahead => hit.found.push_str(&format!(" (exception {}{by} has not begun)", at + 1)),
        }
    }
}

fn whole(rule: Rule, outcome: Outcome, found: String) -> Hit {
    Hit { rule, subject: None, package: None, id: String::new(), names: vec![], outcome, found, exception: None }
}

/// What is said of the advisories themselves: a rule that could not be asked never passes.
fn about_advisories(terms: &Terms, asked: &Asked) -> Vec<Hit> {
    let by_them = [rules::EXPLOITED, rules::LIKELY, rules::MALICIOUS, rules::NOT_EXAMINED, rules::SEVERITY, rules::UNDETERMINED];
    let unasked = |why: &str| by_them.map(|rule| whole(rule, Outcome::NotAssessed, why.to_owned())).to_vec();
    match &asked.advised {
        Advised::Unasked => vec![],
        Advised::Held(consulted) => {
            let effective = effective(terms, asked);
            let choice = |of: fn(&Advisories) -> Choice| effective.as_ref().map(of).unwrap_or_default();
            let unknown = |rule, choice: Choice, why: &Option<String>| {
                why.as_ref().map(|why| whole(rule, choice.outcome(), format!("not known of any package: {why}")))
            };
            let exploited = unknown(rules::EXPLOITED, choice(|asked| asked.unknown_exploited), &consulted.exploited_unknown);
            let likely = unknown(rules::LIKELY, choice(|asked| asked.unknown_likelihood), &consulted.likelihood_unknown);
            let most = effective.and_then(|asked| asked.max_record_age_days);
            let stale = most.map(|most| stale(consulted, asked, most)).unwrap_or_default();
            exploited.into_iter().chain(likely).chain(stale).collect()
        }
        Advised::Later => {
            let later = "decided by the advisories that are at hand when it is installed";
            let mut all = unasked(later);
            all.push(whole(rules::DATA, Outcome::NotAssessed, later.to_owned()));
            all
        }
        Advised::Missing(why) => {
            let mut all = unasked("there are no advisories to ask");
            all.push(whole(rules::DATA, Outcome::Refused, why.clone()));
            all
        }
    }
}

/// Ecosystems whose newest record is too old: what they were taken from has stood still, however lately that was.
fn stale(consulted: &Consulted, asked: &Asked, most: u32) -> Vec<Hit> {
    let age = |time: &Timestamp| asked.now.as_second().saturating_sub(time.as_second());
    let old = consulted.newest.iter().filter(|(_, time)| age(time) > i64::from(most) * DAY);
    let hit = |(ecosystem, time): &(String, Timestamp)| {
        let found = format!("{ecosystem}: the newest record is of {time}, {} days old", age(time) / DAY);
        Hit { id: ecosystem.clone(), ..whole(rules::DATA, Outcome::Refused, found) }
    };
    old.map(hit).collect()
}

/// An exception that has ended refuses where something leans on it, by the finding itself; it is told in any case.
fn out_of_time(at: usize, excepted: &Excepted) -> Option<Hit> {
    let word = match excepted.standing {
        Standing::Holds => return None,
        Standing::Ahead => "has not begun",
        Standing::Expired => "has expired",
    };
    let Exception { rule, subject, granted, expires, .. } = &excepted.exception;
    let found = format!("{rule} for {subject}: {granted} to {expires}, {word}; findings that lean on it: {}", excepted.matched);
    let hit = whole(rules::EXCEPTION, Outcome::Shown, found);
    Some(Hit { id: format!("exception {}", at + 1), ..hit })
}

fn ruled(rule: Rule, expected: String, all: &[Hit], subjects: usize) -> Ruled {
    let mut outcomes = vec![Outcome::Passed; if is_about_all(rule) { 0 } else { subjects }];
    let mut hits: Vec<&Hit> = all.iter().filter(|hit| hit.rule == rule).collect();
    for hit in &hits {
        match hit.subject.and_then(|at| outcomes.get_mut(at)) {
            Some(outcome) => *outcome = (*outcome).max(hit.outcome),
            None => outcomes.iter_mut().for_each(|outcome| *outcome = (*outcome).max(hit.outcome)),
        }
    }
    let worst = hits.iter().map(|hit| hit.outcome).max().unwrap_or(Outcome::Passed);
    // What was not assessed is kept before what is only shown: it decides. Of equally grave ones the first: the sort is stable.
    hits.sort_by_key(|hit| (hit.outcome != Outcome::Refused, hit.outcome != Outcome::NotAssessed, std::cmp::Reverse(hit.outcome)));
    let more = hits.len().saturating_sub(MOST_FINDINGS);
    hits.truncate(MOST_FINDINGS);
    Ruled { rule, expected, outcomes, exempt: 0, hits: hits.into_iter().cloned().collect(), more, worst }
}

/// Rules about a bundle as a whole; those about artifacts were asked of its artifacts.
fn is_of_bundle(rule: &Rule) -> bool {
    !["artifacts.", "advisories."].iter().any(|family| rule.id.starts_with(family))
}

/// Rules that are not about single artifacts.
fn is_about_all(rule: Rule) -> bool {
    rule == rules::DATA || rule == rules::EXCEPTION
}

impl Ruled {
    /// For how many artifacts it came to this.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|found| **found == outcome).count()
    }

    /// What it came to, in a line: how many artifacts are what.
    pub fn counted(&self) -> String {
        if self.outcomes.is_empty() {
            return self.hits.first().map_or_else(|| "as asked".to_owned(), |hit| hit.found.clone());
        }
        counted(self.rule.id, self.outcomes.len(), |outcome| self.count(outcome), self.exempt)
    }
}

/// How many artifacts are what under a rule, in a line.
pub(super) fn counted(id: &str, all: usize, count: impl Fn(Outcome) -> usize, exempt: usize) -> String {
    let of = |outcome: Outcome| Some((count(outcome), outcome)).filter(|(count, _)| *count > 0);
    let counts = Outcome::ALL.iter().rev().filter_map(|outcome| of(*outcome));
    let by = |outcome| if outcome == Outcome::NotKnown { format!(" ({})", elsewhere(id)) } else { String::new() };
    let counts = counts.map(|(count, outcome)| format!("{count} {}{}", outcome.word(), by(outcome))).collect::<Vec<_>>().join(", ");
    let exempt = match exempt {
        0 => String::new(),
        some => format!("; {some} of them not asked, being there for another one"),
    };
    format!("of {all} artifacts {counts}{exempt}")
}

/// Which rules say what becomes of what is not known to this one.
pub(super) fn elsewhere(id: &str) -> String {
    rules::told_by(id).iter().map(|rule| rule.id).collect::<Vec<_>>().join(" and ")
}

impl Gated {
    /// The gravest outcome of all rules.
    pub fn worst(&self) -> Outcome {
        self.rules.iter().map(|ruled| ruled.worst).max().unwrap_or(Outcome::Passed)
    }

    /// How many findings came to this, of those that are kept.
    pub fn findings(&self, outcome: Outcome) -> impl Iterator<Item = (&Ruled, &Hit)> {
        self.rules.iter().flat_map(|ruled| ruled.hits.iter().map(move |hit| (ruled, hit))).filter(move |(_, hit)| hit.outcome == outcome)
    }

    /// What a finding is about: the artifact, and the package of it.
    pub fn subject(&self, hit: &Hit) -> Option<String> {
        let (label, _) = self.subjects.get(hit.subject?)?;
        Some(hit.package.as_ref().map_or_else(|| label.clone(), |package| format!("{label} ({package})")))
    }

    /// Puts the rules of the bundle as a whole beside those of its artifacts.
    #[must_use]
    pub fn beside(mut self, bundle: &[Finding]) -> Self {
        let about_bundle = |finding: &Finding| {
            let rule = *rules::ALL.iter().find(|rule| rule.id == finding.rule && is_of_bundle(rule))?;
            let hits: Vec<Hit> = Some(whole(rule, finding.outcome, finding.found.clone())).into_iter().collect();
            let hits = if finding.outcome == Outcome::Passed { vec![] } else { hits };
            Some(Ruled { rule, expected: finding.expected.clone(), outcomes: vec![], exempt: 0, hits, more: 0, worst: finding.outcome })
        };
        self.rules.extend(bundle.iter().filter(|finding| finding.subject.is_none()).filter_map(about_bundle));
        self.rules.sort_by_key(|ruled| ruled.rule.id);
        self.rules.dedup_by_key(|ruled| ruled.rule.id);
        self
    }

    /// The same for a review: each rule with its counts, then what it found.
    pub fn told(&self) -> Vec<Finding> {
        let mut all = Vec::new();
        for ruled in &self.rules {
            let finding = |outcome, found: String| Finding {
                rule: ruled.rule.id,
                outcome,
                expected: ruled.expected.clone(),
                found,
                subject: None,
                exception: None,
            };
            all.push(finding(ruled.worst, ruled.counted()));
            // Of a rule that is not about single artifacts, the line above says the only finding.
            // What is not known is told one by one by the rule that judges it.
            let known = ruled.hits.iter().filter(|hit| hit.outcome != Outcome::NotKnown);
            let further = known.filter(|_| !ruled.outcomes.is_empty() || ruled.hits.len() > 1);
            all.extend(further.map(|hit| Finding {
                subject: self.subject(hit).or_else(|| Some(hit.id.clone()).filter(|id| !id.is_empty())),
                exception: hit.exception.map(|at| self.exceptions[at].exception.told()),
                ..finding(hit.outcome, hit.found.clone())
            }));
            if ruled.more > 0 {
                let more = format!("{} further findings that are no graver", ruled.more);
                all.push(finding(Outcome::Shown.min(ruled.worst), more));
            }
        }
        all
    }
}
