//! How a bundle's artifacts stand with their publishers: which signatures hold by the keys and identities of a policy, and why others do not. Nothing
//! but signatures is read.

use super::signed::Judges;
use crate::artifact::{Artifact, Blobs};
use crate::bundle::{Authentic, InPlace};
use crate::ecosystems::find;
use crate::error::Result;
use crate::publisher::{Judgement, UpstreamKey};
use crate::steps::sbom::distinct;
use std::collections::BTreeMap;

/// Most reasons that are told apart; what is left is one more.
const MOST_REASONS: usize = 20;

/// Artifacts by what a policy says of their signatures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// A key or identity that is for it signed it.
    pub valid: usize,
    /// It has signatures, and none of these is one: how many, by why.
    pub wrong: BTreeMap<String, usize>,
    /// Nobody could judge it: how many, by why.
    pub unjudged: BTreeMap<String, usize>,
    /// A key or identity is for it, and it is not signed.
    pub unsigned: usize,
}

impl Standing {
    /// Of a bundle that was signed by people who count here; its blobs are read from the medium.
    pub fn of(bundle: Authentic, keys: &[UpstreamKey]) -> Result<Self> {
        let place = InPlace::new(bundle)?;
        Self::of_artifacts(&place.bundle().lock.artifacts, keys, &place)
    }

    /// What a room says is only there for another one is not counted.
    fn of_artifacts(artifacts: &[Artifact], keys: &[UpstreamKey], blobs: &dyn Blobs) -> Result<Self> {
        let all = distinct(artifacts);
        let (judges, mut standing) = (Judges::of_everything(keys, &all, blobs), Self::default());
        for artifact in all.iter().filter(|artifact| !find(&artifact.ecosystem).is_ok_and(|room| room.stands_beside(artifact))) {
            let (judgement, looked) = judges.judged(artifact)?;
            standing.count(&judgement, looked.signing().next().is_some());
        }
        Ok(standing)
    }

    fn count(&mut self, judgement: &Judgement, carried: bool) {
        match judgement {
            Judgement::Verified(_) => self.valid += 1,
            Judgement::Wrong(why) => one_more(&mut self.wrong, why.first().map_or("", |why| group(why))),
            Judgement::NotHere(_) => one_more(&mut self.unjudged, "what would be judged is not here"),
            Judgement::Missing(why) if carried => one_more(&mut self.unjudged, group(why)),
            Judgement::Missing(_) => self.unsigned += 1,
            Judgement::Unkeyed if carried => one_more(&mut self.unjudged, "no key and no identity of the policy is for it"),
            Judgement::Unkeyed => {}
        }
    }
}

/// A reason without what is of one artifact alone, which stands behind the first colon.
fn group(why: &str) -> &str {
    why.split_once(": ").map_or(why, |(group, _)| group)
}

fn one_more(reasons: &mut BTreeMap<String, usize>, why: &str) {
    let known = reasons.contains_key(why) || reasons.len() < MOST_REASONS;
    *reasons.entry(if known { why } else { "other reasons" }.to_owned()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_grouped_and_as_many_as_can_be_read() {
        let mut standing = Standing::default();
        for n in 0..30 {
            standing.count(&Judgement::Wrong(vec![format!("by A, but of another content: {n} was signed"), "not by B".to_owned()]), true);
            standing.count(&Judgement::Wrong(vec![format!("not by {n}")]), true);
            standing.count(&Judgement::Missing(format!("none of kind {n} is: why")), n % 2 == 0);
        }
        standing.count(&Judgement::Unkeyed, false);
        assert_eq!(standing.wrong["by A, but of another content"], 30);
        assert_eq!((standing.wrong.len(), standing.wrong["other reasons"]), (21, 11));
        assert_eq!((standing.unjudged.values().sum::<usize>(), standing.unsigned, standing.valid), (15, 15, 0));
    }
}
