//! The rules over one artifact: what each asks, and what it finds. Pure: what time it is, and what is known, is given.

use super::facts::{Advised, Package, Scanned, Subject, Weakness};
use super::gated::Hit;
use super::rules as r;
use super::terms::{Advisories, Artifacts, Choice, Terms};
use crate::policy::Outcome;
use jiff::Timestamp;

/// What gates judge by beside the policy.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The time it is, by which exceptions begin and end.
    pub now: Timestamp,
    /// The time that the ages of releases are counted to: the claimed creation of a bundle, so that a review stays what was approved; else
    /// the time it is.
    pub as_of: Timestamp,
    /// The advisories.
    pub advised: Advised,
}

pub(super) const DAY: i64 = 86_400;

impl Choice {
    pub(super) const fn outcome(self) -> Outcome {
        match self {
            Self::Shown => Outcome::Shown,
            Self::Refused => Outcome::Refused,
        }
    }
}

/// Rules that are in force, and what they ask.
pub(super) fn in_force(terms: &Terms, asked: &Asked) -> Vec<(r::Rule, String)> {
    let mut all = of_artifacts(&terms.artifacts);
    all.extend(super::signed::in_force(terms));
    if let Some(advisories) = effective(terms, asked) {
        let least =
            advisories.refuse.map_or_else(|| "nothing refused by its severity".to_owned(), |grade| format!("below {}", grade.word()));
        let records = advisories.max_record_age_days.map(|days| format!(", the newest record at most {days} days old"));
        let records = records.unwrap_or_default();
        all.push((r::DATA, format!("advisories of every ecosystem, at most {} days old{records}", advisories.max_age_days)));
        all.push((r::EXPLOITED, "not known to be exploited".to_owned()));
        all.extend(advisories.likelihood.map(|least| (r::LIKELY, format!("likely to be exploited by less than {}", least.told()))));
        all.push((r::MALICIOUS, "no package that is an attack".to_owned()));
        all.push((r::NOT_EXAMINED, "every image looked into".to_owned()));
        all.push((r::SEVERITY, least));
        all.push((r::UNDETERMINED, "assessed by every advisory about it".to_owned()));
    }
    if !terms.exceptions.is_empty() {
        all.push((r::EXCEPTION, "in its time".to_owned()));
    }
    all.sort_by_key(|(rule, _)| rule.id);
    all
}

/// What is asked of advisories: where somebody named some, attacks are refused, and so is what keeps them from being asked, without a table
/// that says so.
pub(super) fn effective(terms: &Terms, asked: &Asked) -> Option<Advisories> {
    let usual = Advisories {
        refuse: None,
        exploited: Choice::Shown,
        unknown_exploited: Choice::Shown,
        likelihood: None,
        unknown_likelihood: Choice::Shown,
        malicious: Choice::Refused,
        undetermined: Choice::Shown,
        not_examined: Choice::Shown,
        max_age_days: super::USUAL_AGE_DAYS,
        max_record_age_days: None,
    };
    terms.advisories.or_else(|| matches!(asked.advised, Advised::Held(_) | Advised::Missing(_)).then_some(usual))
}

fn of_artifacts(asked: &Artifacts) -> Vec<(r::Rule, String)> {
    let mut all = super::licences::in_force(asked);
    all.extend(asked.max_bytes.map(|most| (r::SIZE, format!("at most {most} bytes"))));
    all.extend(asked.formats.as_ref().map(|list| (r::FORMAT, list.iter().cloned().collect::<Vec<_>>().join(", "))));
    all.extend(asked.scan.map(|(_, least)| (r::SCAN, format!("nothing of severity {} or more", least.word()))));
    all.extend(asked.cool_down_days.map(|days| (r::COOL_DOWN, format!("out for at least {days} days"))));
    all.extend(asked.max_age_days.map(|days| (r::AGE, format!("out for at most {days} days"))));
    if asked.cool_down_days.or(asked.max_age_days).is_some() {
        all.push((r::UNKNOWN_AGE, "known".to_owned()));
    }
    all
}

/// What the rules find in one artifact.
pub(super) fn judge(terms: &Terms, asked: &Asked, at: usize, subject: &Subject) -> Vec<Hit> {
    let mut hits = Hits { at, found: Vec::new() };
    super::licences::judge(&terms.artifacts, subject, &mut hits);
    if let Some(most) = terms.artifacts.max_bytes.filter(|most| subject.bytes > *most) {
        hits.add(r::SIZE, Outcome::Refused, "", format!("{} bytes, {} too many", subject.bytes, subject.bytes - most));
    }
    formats(&terms.artifacts, subject, &mut hits);
    scan(&terms.artifacts, subject, &mut hits);
    super::signed::judge(terms, subject, &mut hits);
    release(&terms.artifacts, asked.as_of, subject, &mut hits);
    database(terms, asked, subject, &mut hits);
    if let (Some(advisories), Some(packages)) = (effective(terms, asked), &subject.packages) {
        packages.iter().for_each(|package| known(advisories, package, &mut hits));
        packages.iter().for_each(|package| likely(advisories, asked, package, &mut hits));
        not_assessed(advisories, packages, &mut hits);
    }
    hits.found
}

pub(super) struct Hits {
    at: usize,
    found: Vec<Hit>,
}

impl Hits {
    pub(super) fn add(&mut self, rule: r::Rule, outcome: Outcome, id: &str, found: String) {
        let (id, subject) = (id.to_owned(), Some(self.at));
        self.found.push(Hit { rule, subject, package: None, id, names: vec![], outcome, found, exception: None });
    }

    /// The same of a package of the artifact.
    pub(super) fn of(&mut self, purl: &str, rule: r::Rule, outcome: Outcome, id: &str, found: String) {
        self.add(rule, outcome, id, found);
        self.found.last_mut().expect("it was just added").package = Some(purl.to_owned());
    }

    /// That a rule cannot be asked, where another one judges that.
    pub(super) fn not_known(&mut self, rule: r::Rule, why: &str) {
        self.add(rule, Outcome::NotKnown, "", format!("{why}: {} judges that", super::gated::elsewhere(rule.id)));
    }

    fn weakness(&mut self, package: &Package, rule: r::Rule, outcome: Outcome, weakness: &Weakness, found: String) {
        self.of(&package.purl, rule, outcome, &weakness.id, found);
        self.found.last_mut().expect("it was just added").names.clone_from(&weakness.names);
    }
}

fn formats(asked: &Artifacts, subject: &Subject, hits: &mut Hits) {
    let (Some(allowed), Some(formats)) = (&asked.formats, &subject.formats) else { return };
    for format in formats.known.iter().filter(|format| !allowed.contains(&format.to_lowercase())) {
        hits.add(r::FORMAT, Outcome::Refused, format, format.clone());
    }
    if formats.unread {
        hits.add(r::FORMAT, Outcome::NotAssessed, "", "some of its files were not looked into".to_owned());
    }
}

fn scan(asked: &Artifacts, subject: &Subject, hits: &mut Hits) {
    let Some((choice, least)) = asked.scan else { return };
    let Some(look) = &subject.scan else {
        return hits.add(r::SCAN, Outcome::NotAssessed, "", "its bytes were not looked into".to_owned());
    };
    for finding in look.findings.iter().filter(|finding| finding.weight >= least) {
        hits.add(r::SCAN, choice.outcome(), &finding.rule, format!("{}: {}", finding.rule, finding.what));
    }
    // A warning about what nobody looked into says nothing of what is there.
    for finding in look.findings.iter().filter(|finding| finding.weight < least && finding.rule == Scanned::NOT_EXAMINED) {
        hits.add(r::SCAN, Outcome::NotAssessed, &finding.rule, format!("{}: {}", finding.rule, finding.what));
    }
    let more: usize = look.more[least as usize..].iter().sum();
    if more > 0 {
        hits.add(r::SCAN, choice.outcome(), "", format!("{more} further findings of that severity"));
    }
    if look.absent > 0 {
        hits.add(r::SCAN, Outcome::NotAssessed, "", format!("{} of its blobs are not here", look.absent));
    }
    if look.cut > 0 {
        hits.add(r::SCAN, Outcome::NotAssessed, "", format!("{} reports of the scan were too many to be kept", look.cut));
    }
}

fn release(asked: &Artifacts, as_of: Timestamp, subject: &Subject, hits: &mut Hits) {
    let Some(release) = subject.release else { return };
    if asked.cool_down_days.or(asked.max_age_days).is_none() {
        return;
    }
    let Some(published) = release.published else {
        const WHY: &str = "the lock does not say when it came out";
        let asking = [(r::COOL_DOWN, asked.cool_down_days), (r::AGE, asked.max_age_days)];
        asking.into_iter().filter(|(_, days)| days.is_some()).for_each(|(rule, _)| hits.not_known(rule, WHY));
        return hits.add(r::UNKNOWN_AGE, asked.unknown_age.outcome(), "", WHY.to_owned());
    };
    let age = as_of.as_second().saturating_sub(published.as_second());
    let days = |days: u32| i64::from(days) * DAY;
    if asked.cool_down_days.is_some_and(|least| age < days(least)) {
        hits.add(r::COOL_DOWN, Outcome::Refused, "", format!("out since {published}"));
    }
    if asked.max_age_days.is_some_and(|most| age > days(most)) {
        hits.add(r::AGE, Outcome::Refused, "", format!("out since {published}"));
    }
}

/// A database that other programs ask may be as old as the advisories that are asked here. A review does not say how old it is: that
/// changes from day to day.
fn database(terms: &Terms, asked: &Asked, subject: &Subject, hits: &mut Hits) {
    let (Some(advisories), Some(time)) = (terms.advisories, subject.database.filter(|_| asked.advised != Advised::Later)) else { return };
    let age = asked.now.as_second().saturating_sub(time.as_second());
    if age > i64::from(advisories.max_age_days) * DAY {
        hits.add(r::DATA, Outcome::Refused, "", format!("{} is as of {time}, {} days old", subject.name, age / DAY));
    }
}

fn known(asked: Advisories, package: &Package, hits: &mut Hits) {
    for weakness in &package.weaknesses {
        let told = told(&weakness.id, weakness);
        if weakness.malicious {
            hits.weakness(package, r::MALICIOUS, asked.malicious.outcome(), weakness, told.clone());
        }
        if weakness.exploited {
            hits.weakness(package, r::EXPLOITED, asked.exploited.outcome(), weakness, told);
        }
        if !weakness.malicious {
            hits.weakness(package, r::SEVERITY, severity(asked, weakness), weakness, graded(weakness));
        }
    }
    for (rule, choice, why) in
        [(r::UNDETERMINED, asked.undetermined, &package.undetermined), (r::NOT_EXAMINED, asked.not_examined, &package.not_examined)]
    {
        if !why.is_empty() {
            hits.of(&package.purl, rule, choice.outcome(), "", why.join("; "));
        }
    }
}

/// Of what is inside and nobody looked into, and of packages that advisories cannot be asked about, no rule of advisories knows anything.
fn not_assessed(asked: Advisories, packages: &[Package], hits: &mut Hits) {
    let unknown = packages.iter().filter(|package| !package.undetermined.is_empty() || !package.not_examined.is_empty()).count();
    if unknown > 0 {
        let why = format!("{unknown} of its {} packages could not be assessed, or not wholly", packages.len());
        let likely = asked.likelihood.map(|_| r::LIKELY);
        [r::EXPLOITED, r::MALICIOUS, r::SEVERITY].into_iter().chain(likely).for_each(|rule| hits.not_known(rule, &why));
    }
}

/// What has a score that is too high, and what has none where there are scores; a score of another day refuses too.
fn likely(asked: Advisories, given: &Asked, package: &Package, hits: &mut Hits) {
    let Some(least) = asked.likelihood else { return };
    let scored = matches!(&given.advised, Advised::Held(consulted) if consulted.likelihood_unknown.is_none());
    for weakness in package.weaknesses.iter().filter(|weakness| !weakness.malicious) {
        match weakness.likelihood {
            Some(share) if share >= least => {
                let found = told(&format!("{}, likely by {}", weakness.id, share.told()), weakness);
                hits.weakness(package, r::LIKELY, Outcome::Refused, weakness, found);
            }
            None if scored => {
                let found = told(&format!("{}, without a score", weakness.id), weakness);
                hits.weakness(package, r::LIKELY, asked.unknown_likelihood.outcome(), weakness, found);
            }
            _ => {}
        }
    }
}

/// What nobody has rated is of any severity.
fn severity(asked: Advisories, weakness: &Weakness) -> Outcome {
    let grave = asked.refuse.is_some_and(|least| weakness.grade.is_none_or(|grade| grade >= least));
    if grave { Outcome::Refused } else { Outcome::Shown }
}

fn graded(weakness: &Weakness) -> String {
    let grade = weakness.grade.map_or("not rated", super::facts::Grade::word);
    told(&format!("{}, {grade}", weakness.id), weakness)
}

/// A head, and what it is about where somebody says it.
fn told(head: &str, weakness: &Weakness) -> String {
    if weakness.summary.is_empty() { head.to_owned() } else { format!("{head}: {}", weakness.summary.trim_start()) }
}
