//! The rules about signatures of publishers: by keys where the policy has some for an artifact, else by what the lock says of it.

use super::facts::Subject;
use super::judge::Hits;
use super::rules as r;
use super::terms::{Signed, Terms};
use crate::artifact::{Release, UpstreamSignature};
use crate::policy::Outcome;
use crate::publisher::Judgement;

/// Most reasons that one finding names.
const MOST_TOLD: usize = 5;

/// The rules that are in force, and what they ask.
pub(super) fn in_force(terms: &Terms) -> Vec<(r::Rule, String)> {
    let mut all = Vec::new();
    let keyed = (!terms.keys.is_empty()).then(|| format!("verified by a key of the policy where there is one for it ({})", names(terms)));
    let asked = terms.artifacts.signed.map(|signed| if signed == Signed::Verified { "signed, and judged" } else { "signed" });
    let expected: Vec<String> = asked.map(str::to_owned).into_iter().chain(keyed).collect();
    if !expected.is_empty() {
        all.push((r::SIGNATURE, expected.join("; ")));
    }
    if asked.is_some() {
        all.push((r::UNKNOWN_SIGNATURE, "known".to_owned()));
    }
    if !terms.keys.is_empty() {
        all.push((r::WRONG_SIGNATURE, "no signature beside a key for it that this key did not make of it".to_owned()));
    }
    all
}

fn names(terms: &Terms) -> String {
    let named = terms.keys.iter().take(MOST_TOLD).map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ");
    let rest = terms.keys.len().saturating_sub(MOST_TOLD);
    if rest > 0 { format!("{named}, and {rest} more") } else { named }
}

/// What they find. A key is a demand of its own: what it is for has to be verified, whatever is asked of the others.
pub(super) fn judge(terms: &Terms, subject: &Subject, hits: &mut Hits) {
    let Some(release) = subject.release else { return };
    match &subject.signed {
        Judgement::Unkeyed => by_lock(terms, release, hits),
        Judgement::Verified(by) => hits.add(r::SIGNATURE, Outcome::Passed, "", format!("signed by {}", told(by, ", and by "))),
        Judgement::Missing(why) => hits.add(r::SIGNATURE, Outcome::Refused, "", format!("a key is for it, and {why}")),
        Judgement::NotHere(why) => hits.add(r::SIGNATURE, Outcome::NotAssessed, "", why.clone()),
        Judgement::Wrong(why) => {
            let found = format!("a signature that is not the one it should be: {}", told(why, "; another: "));
            hits.add(r::WRONG_SIGNATURE, Outcome::Refused, "", found);
        }
    }
}

fn by_lock(terms: &Terms, release: Release, hits: &mut Hits) {
    let Some(wanted) = terms.artifacts.signed else { return };
    match release.signature {
        UpstreamSignature::Unknown => {
            let unknown = UpstreamSignature::Unknown.words();
            hits.not_known(r::SIGNATURE, unknown);
            hits.add(r::UNKNOWN_SIGNATURE, terms.artifacts.unknown_signature.outcome(), "", unknown.to_owned());
        }
        UpstreamSignature::Present if wanted == Signed::Verified => {
            let found = format!("{}: the policy has no key for it", UpstreamSignature::Present.words());
            hits.add(r::SIGNATURE, Outcome::Refused, "", found);
        }
        UpstreamSignature::Present => {}
        UpstreamSignature::Absent => hits.add(r::SIGNATURE, Outcome::Refused, "", UpstreamSignature::Absent.words().to_owned()),
    }
}

fn told(all: &[String], joint: &str) -> String {
    let named = all.iter().take(MOST_TOLD).map(String::as_str).collect::<Vec<_>>().join(joint);
    let rest = all.len().saturating_sub(MOST_TOLD);
    if rest > 0 { format!("{named}; and {rest} more") } else { named }
}
