//! What the keys of the policy in force say of how publishers signed artifacts, counted.

use crate::artifact::{Artifact, Blobs};
use crate::error::Result;
use crate::policy::Policy;
use crate::report::Inventory;
use crate::report::document::{Backed, Claim, Counted, Evidence, Report, Source, Tile};
use crate::steps::gates::{Signatures, signatures as judge};
use std::borrow::Borrow;

/// Adds the counts, and takes back that signatures are not judged, as far as keys are for them. Without keys nothing is changed.
pub fn signatures<A: Borrow<Artifact>>(
    report: &mut Report,
    policy: &Policy,
    (artifacts, inventory): (&[A], &Inventory),
    blobs: &dyn Blobs,
) -> Result<()> {
    if policy.terms.keys.is_empty() {
        return Ok(());
    }
    let counts = judge(&policy.terms.keys, artifacts, inventory, blobs)?;
    let by = policy.digest.map_or_else(Evidence::tool, |digest| Evidence::of(Source::Policy, digest));
    fill(report, counts, &by);
    Ok(())
}

/// Where some could not be judged, the others are no count of all.
fn fill(report: &mut Report, counts: Signatures, by: &Evidence) {
    let tiles = [(Tile::SignedByKey, counts.verified), (Tile::WronglySigned, counts.wrong), (Tile::UnsignedDespiteKey, counts.missing)];
    let count = |count: usize| (counts.not_here == 0).then_some(count as u64);
    report.trust.extend(tiles.map(|(tile, of)| Backed::new(Counted { tile, count: count(of) }, by.clone())));
    let at = report.not_checked.iter().position(|claim| claim.said().key == "no-upstream-signatures");
    let say = |key: &str, count: usize| (count > 0).then(|| Claim::say(key, &[("count", count.to_string())], by.clone()));
    let told = [say("keys-unjudged", counts.not_here), say("keys-for-none", counts.unkeyed)];
    let at = at.map_or(report.not_checked.len()..report.not_checked.len(), |at| at..at + 1);
    report.not_checked.splice(at, told.into_iter().flatten());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Digest;
    use crate::report::document::{Decision, Identity, Kind, Verdict};

    #[test]
    fn what_could_not_be_judged_leaves_no_number() {
        let by = Evidence::of(Source::Policy, Digest::of(b"policy"));
        let report = |counts: Signatures| {
            let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
            let identity = Backed::new(Identity::default(), by.clone());
            let mut report = Report::new(Kind::Bundle, "2026-01-01T00:00:00Z", identity, Backed::new(decision, by.clone()));
            report.not_checked = ["no-scan", "no-upstream-signatures", "as-declared"].map(|key| Claim::say(key, &[], by.clone())).to_vec();
            fill(&mut report, counts, &by);
            let counts = [Tile::SignedByKey, Tile::WronglySigned, Tile::UnsignedDespiteKey].map(|tile| report.counted(tile));
            (counts, report.not_checked.iter().map(|claim| claim.said().key.clone()).collect::<Vec<_>>())
        };
        let judged = Signatures { verified: 3, wrong: 1, missing: 2, not_here: 0, unkeyed: 4 };
        assert_eq!(report(judged), ([Some(3), Some(1), Some(2)], ["no-scan", "keys-for-none", "as-declared"].map(str::to_owned).to_vec()));
        let (counts, told) = report(Signatures { not_here: 1, unkeyed: 0, ..judged });
        assert_eq!((counts, &*told[1], told.len()), ([None, None, None], "keys-unjudged", 3));
        assert_eq!(report(Signatures { verified: 1, ..Signatures::default() }).1, ["no-scan", "as-declared"]);
    }
}
