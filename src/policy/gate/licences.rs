//! The rules about licences: those of artifacts, and those of the packages inside them, each by lists of their own.

use super::facts::{Contained, Subject};
use super::judge::Hits;
use super::rules as r;
use super::terms::{Artifacts, Choice, LicenceTerms};
use crate::policy::Outcome;
use crate::report::{Term, satisfiable};
use std::collections::{BTreeSet, HashMap};

/// Most findings about the packages inside one artifact that are told one by one.
const MOST_OF_ONE: usize = 10_000;
/// What the finding is called that not all could be looked into.
const NOT_EXAMINED: &str = "not examined";
/// Most packages that one finding names.
const MOST_NAMED: usize = 5;

/// The rules that are in force, and what they ask.
pub(super) fn in_force(asked: &Artifacts) -> Vec<(r::Rule, String)> {
    let of = |terms: &LicenceTerms, accepted, known| {
        let lists = terms.lists().map(|lists| (accepted, lists));
        lists.into_iter().chain(terms.unknown().map(|_| (known, "an expression of the SPDX list".to_owned()))).collect::<Vec<_>>()
    };
    let mut all = of(&asked.licences, r::LICENCE, r::UNKNOWN_LICENCE);
    all.extend(of(&asked.licences_inside, r::LICENCE_INSIDE, r::UNKNOWN_LICENCE_INSIDE));
    all
}

/// What they find.
pub(super) fn judge(asked: &Artifacts, subject: &Subject, hits: &mut Hits) {
    own(&asked.licences, subject, hits);
    if asked.licences_inside.unknown().is_some() {
        inside(asked, subject, hits);
    }
}

impl LicenceTerms {
    /// Whether one of the two lists is there.
    fn is_listed(&self) -> bool {
        self.allowed.is_some() || !self.refused.is_empty()
    }

    /// What the lists ask, where there are any.
    fn lists(&self) -> Option<String> {
        let one_of = self.allowed.iter().map(|list| format!("satisfied by {}", listed(list)));
        let none_of = Some(&self.refused).filter(|list| !list.is_empty()).map(|list| format!("without {}", listed(list)));
        self.is_listed().then(|| one_of.chain(none_of).collect::<Vec<_>>().join(", "))
    }

    /// What happens to a licence that is not known; with a list of licences, it is shown at least. `None` where nothing is asked.
    pub fn unknown(&self) -> Option<Choice> {
        self.unknown.or_else(|| self.is_listed().then_some(Choice::Shown))
    }

    /// What of an expression is not accepted.
    fn refusal(&self, expression: &str) -> Option<String> {
        let in_the_way = satisfiable(expression, &mut |term| self.accepts(term))?.err()?;
        Some(format!("{expression}: not accepted: {}", listed(&in_the_way)))
    }

    /// Whether one licence is accepted. A licence stands for itself with whatever exception is added to it, which only ever permits more,
    /// unless the very pair is listed on the other side.
    fn accepts(&self, term: &Term) -> bool {
        let exactly = |list: &[Term]| list.contains(term);
        let by_licence = |list: &[Term]| list.iter().any(|listed| listed.licence == term.licence && listed.exception.is_none());
        let allowed = self.allowed.as_deref();
        if exactly(&self.refused) {
            return false;
        }
        if by_licence(&self.refused) {
            return term.exception.is_some() && allowed.is_some_and(exactly);
        }
        allowed.is_none_or(|list| exactly(list) || by_licence(list))
    }
}

fn listed(terms: &[Term]) -> String {
    terms.iter().map(Term::to_string).collect::<Vec<_>>().join(", ")
}

fn own(asked: &LicenceTerms, subject: &Subject, hits: &mut Hits) {
    let Some(unknown) = asked.unknown() else { return };
    let stated = &subject.licences;
    for expression in &stated.expressions {
        if let Some(found) = asked.refusal(expression) {
            hits.add(r::LICENCE, Outcome::Refused, expression, found);
        }
    }
    if stated.expressions.is_empty() && asked.is_listed() {
        hits.not_known(r::LICENCE, "its licence is not known");
    }
    match (stated.expressions.is_empty(), &stated.unread[..]) {
        (false, _) => {}
        (true, _) if !stated.examined => {
            hits.add(r::UNKNOWN_LICENCE, Outcome::NotAssessed, "", "not known from the lock, and its bytes were not read".to_owned());
        }
        (true, texts) => hits.add(r::UNKNOWN_LICENCE, unknown.outcome(), &texts.join("; "), not_known(texts)),
    }
}

/// Why no licence is known, where statements are no expressions.
fn not_known(texts: &[String]) -> String {
    if texts.is_empty() { "none is stated".to_owned() } else { format!("no expression of the list: {}", texts.join("; ")) }
}

/// The packages inside, each finding of a package once: two platforms, or two places of an image, may have the same one.
fn inside(asked: &Artifacts, subject: &Subject, hits: &mut Hits) {
    let terms = &asked.licences_inside;
    let (mut verdicts, mut told, mut more) = (HashMap::new(), BTreeSet::new(), 0_usize);
    for package in &subject.inside.packages {
        for expression in &package.licences.expressions {
            let verdict = verdicts.entry(expression.as_str()).or_insert_with(|| terms.refusal(expression));
            let Some(found) = verdict.as_ref().filter(|_| told.insert((&*package.purl, &**expression))) else { continue };
            if told.len() > MOST_OF_ONE {
                more += 1;
            } else {
                hits.of(&package.purl, r::LICENCE_INSIDE, Outcome::Refused, expression, found.clone());
            }
        }
    }
    if more > 0 {
        hits.add(r::LICENCE_INSIDE, Outcome::Refused, "further", format!("{more} further findings of packages inside"));
    }
    let unseen = &subject.inside.unseen;
    if unseen.parts > 0 {
        let outcome = asked.not_examined_inside.map_or(Outcome::NotAssessed, Choice::outcome);
        let found = format!("{} parts of what is inside could not be looked into: {}", unseen.parts, unseen.why.join("; "));
        if terms.is_listed() {
            hits.add(r::LICENCE_INSIDE, outcome, NOT_EXAMINED, found.clone());
        }
        hits.add(r::UNKNOWN_LICENCE_INSIDE, outcome, NOT_EXAMINED, found);
    }
    if terms.is_listed() && subject.inside.packages.iter().any(|package| package.licences.expressions.is_empty()) {
        hits.not_known(r::LICENCE_INSIDE, "licences of some packages inside are not known");
    }
    unknown(terms.unknown().unwrap_or_default(), subject, hits);
}

/// Packages inside without a licence that is known: one by one where they are refused, so that each can be excepted; else together.
fn unknown(choice: Choice, subject: &Subject, hits: &mut Hits) {
    let silent = |package: &&Contained| package.licences.expressions.is_empty();
    let all: BTreeSet<(&str, &[String])> =
        subject.inside.packages.iter().filter(silent).map(|package| (&*package.purl, &*package.licences.unread)).collect();
    if choice == Choice::Refused {
        for (purl, texts) in all.iter().take(MOST_OF_ONE) {
            hits.of(purl, r::UNKNOWN_LICENCE_INSIDE, Outcome::Refused, &texts.join("; "), not_known(texts));
        }
    }
    let rest = if choice == Choice::Refused { all.len().saturating_sub(MOST_OF_ONE) } else { all.len() };
    if rest > 0 {
        let named = all.iter().rev().take(rest).rev().take(MOST_NAMED).map(|(purl, _)| *purl).collect::<Vec<_>>().join(", ");
        let found = format!("{rest} packages inside state no expression of the list: {named}");
        hits.add(r::UNKNOWN_LICENCE_INSIDE, choice.outcome(), "", if rest > MOST_NAMED { format!("{found} …") } else { found });
    }
}
