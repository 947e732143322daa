//! `verify`: a bundle on its medium is compared, byte by byte, with what the trust root's people signed. Nothing is kept.

use crate::artifact::{Blobs, CheckOnly};
use crate::bundle::{Authentic, Damage, Scratch, Verification, VerifiedBundle, VolumeSet, find};
use crate::error::{Error, Kind, Result};
use crate::scan::confine::apart;
use crate::trust::TrustRoot;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Every authentic bundle in some places, oldest first; one that is not authentic, or not all here, is an error.
pub fn open(places: &[PathBuf], root: &TrustRoot) -> Result<Vec<Authentic>> {
    let (bundles, refused) = open_each(places, root)?;
    refused.into_iter().next().map_or(Ok(bundles), Err)
}

/// Every authentic bundle in some places, oldest first, and why the others there are none.
pub fn open_each(places: &[PathBuf], root: &TrustRoot) -> Result<(Vec<Authentic>, Vec<Error>)> {
    let (mut bundles, mut refused) = (vec![], vec![]);
    let (partly, errors) = open_partly(places, root)?;
    for bundle in partly {
        match bundle.whole() {
            Ok(bundle) => bundles.push(bundle),
            Err(error) => refused.push(error),
        }
    }
    refused.extend(errors);
    Ok((bundles, refused))
}

/// The same where volumes may be missing. What nobody is believed for yet is parsed where nothing can be written, by plan and import as
/// well.
pub fn open_partly(places: &[PathBuf], root: &TrustRoot) -> Result<(Vec<Authentic>, Vec<Error>)> {
    apart(|| judged(places, root))
}

fn judged(places: &[PathBuf], root: &TrustRoot) -> Result<(Vec<Authentic>, Vec<Error>)> {
    let (mut bundles, mut refused) = (vec![], vec![]);
    for set in find(places)? {
        match Authentic::open_partly(set, root) {
            Ok(bundle) => bundles.push(bundle),
            Err(error) if concerns_one_bundle(error.kind()) => refused.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok((in_turn(bundles), refused))
}

/// Bundles in the order in which they can be imported: by line and number, but none before those of the medium that it builds on. Where
/// they build on each other in a circle, the first by name comes first.
fn in_turn(mut bundles: Vec<Authentic>) -> Vec<Authentic> {
    let line = |b: &Authentic| (b.statement.name.clone(), b.statement.line.clone());
    bundles.sort_by_cached_key(|b| (line(b), b.statement.epoch, b.statement.seq, b.id));
    let place: BTreeMap<_, usize> = bundles.iter().enumerate().map(|(n, b)| (b.id, n)).collect();
    let before = |n: usize| {
        let earlier = n.checked_sub(1).filter(|earlier| line(&bundles[*earlier]) == line(&bundles[n]));
        earlier.into_iter().chain(bundles[n].bases.refs.iter().filter_map(|base| place.get(&base.id()).copied())).collect()
    };
    let order = after_others(bundles.len(), before);
    let mut bundles: Vec<Option<Authentic>> = bundles.into_iter().map(Some).collect();
    order.into_iter().filter_map(|n| bundles[n].take()).collect()
}

/// The numbers below `count`, each after those that come before it, and else in their order.
fn after_others(count: usize, before: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let (mut begun, mut order) = (vec![false; count], Vec::with_capacity(count));
    for first in 0..count {
        // A chain may be as long as there are files on the medium: it is followed without recursion.
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut next = Some(first);
        loop {
            if let Some(n) = next.take().filter(|n| !begun[*n]) {
                begun[n] = true;
                open.push((n, before(n).into_iter().rev().collect()));
            }
            let Some((n, left)) = open.last_mut() else { break };
            match left.pop() {
                Some(earlier) => next = Some(earlier),
                None => {
                    order.push(*n);
                    open.pop();
                }
            }
        }
    }
    order
}

/// Whether an error is about one bundle, so that others on the medium can still be taken.
pub const fn concerns_one_bundle(error: Kind) -> bool {
    matches!(error, Kind::Verification | Kind::Policy | Kind::Incomplete)
}

/// One error for everything that was refused: the first, which decides the exit code, and the others' messages.
pub fn refused(errors: Vec<Error>) -> Result<()> {
    let mut errors = errors.into_iter();
    match errors.next() {
        None => Ok(()),
        Some(first) => Err(errors.fold(first, |all, e| all.with("also", e.message()))),
    }
}

/// The only bundle in some places; several are an error that lists them.
pub fn open_one(places: &[PathBuf], root: &TrustRoot) -> Result<Authentic> {
    apart(|| one(find(places)?).and_then(|set| Authentic::open(set, root)))
}

/// The same where volumes may be missing: any of them tells all that is signed but the payload.
pub fn open_one_partly(places: &[PathBuf], root: &TrustRoot) -> Result<Authentic> {
    let bundle = apart(|| one(find(places)?).and_then(|set| Authentic::open_partly(set, root)))?;
    bundle.misplaced().map_or(Ok(bundle), Err)
}

/// The only set among several.
pub fn one(mut sets: Vec<VolumeSet>) -> Result<VolumeSet> {
    match sets.len() {
        1 => Ok(sets.remove(0)),
        count => {
            let error = Error::usage(format!("there are {count} bundles here")).hint("name the files of one of them");
            Err(sets.iter().filter_map(|s| s.volumes.values().next()).fold(error, |e, v| e.with("found", v.path.display())))
        }
    }
}

/// Reads the whole payload and keeps nothing. Recoded blobs are made again where what they are made from is in `held`. A set with parity that is damaged and can be repaired is an error that says so.
pub fn verify(bundle: Authentic, verification: &Verification<'_>, held: Option<&dyn Blobs>) -> Result<VerifiedBundle> {
    undamaged(verification.run(bundle, &CheckOnly, held)?, verification)
}

/// The same where recoded blobs are also made again from what bundles carry themselves, which is kept there meanwhile.
pub fn verify_in(bundle: Authentic, verification: &Verification<'_>, scratch: &Scratch<'_>) -> Result<VerifiedBundle> {
    undamaged(verification.run(bundle, scratch, Some(scratch))?, verification)
}

fn undamaged(verified: VerifiedBundle, verification: &Verification<'_>) -> Result<VerifiedBundle> {
    let damage = verified.damage(verification.progress)?;
    if damage.is_empty() {
        return Ok(verified);
    }
    let label = verified.bundle().statement.label();
    let (kind, what) = match damage.values().all(|d| d.absent) {
        true => (Kind::Incomplete, "not all of it is here, and what is here is enough"),
        false => (Kind::Verification, "damaged but repairable"),
    };
    Err(Error::new(kind, format!("{label}: {what}"))
        .with_all("damaged", &told(&damage))
        .hint("airlift import takes it as it is; airlift repair writes the damaged volumes anew"))
}

/// Refuses to call a bundle verified of which blobs were not made again; `without` says why, where that is known.
pub fn refuse_unbuilt(verified: &VerifiedBundle, without: Option<&str>) -> Result<()> {
    let (bundle, unbuilt) = (verified.bundle(), verified.unbuilt());
    let Some(first) = unbuilt.first() else { return Ok(()) };
    let error = Error::new(Kind::Incomplete, format!("{}: not all of it could be verified", bundle.statement.label()))
        .with("not made again", format!("{} of {} recoded blobs", unbuilt.len(), bundle.bases.recoded.len()))
        .with("first", format!("{}, {first}", bundle.owner(first)));
    Err(match without {
        Some(reason) => error.with("reason", reason).hint("free space, or name a store elsewhere with --store"),
        None => {
            error.hint("verify with a store that has what it builds on, or beside the bundles that carry it; importing compares every blob")
        }
    })
}

/// What was damaged, a line a volume.
pub fn told(damage: &BTreeMap<usize, Damage>) -> Vec<String> {
    damage.iter().map(|(volume, damage)| damage.told(*volume)).collect()
}

#[cfg(test)]
mod tests {
    use super::after_others;

    #[test]
    fn each_comes_after_those_it_needs_and_circles_are_broken() {
        let order = |edges: &[(usize, &[usize])]| {
            after_others(5, |n| edges.iter().filter(|(from, _)| *from == n).flat_map(|(_, to)| to.to_vec()).collect())
        };
        assert_eq!(order(&[]), [0, 1, 2, 3, 4]);
        assert_eq!(order(&[(0, &[4]), (4, &[3])]), [3, 4, 0, 1, 2]);
        assert_eq!(order(&[(0, &[2, 1]), (1, &[2])]), [2, 1, 0, 3, 4]);
        assert_eq!(order(&[(0, &[1]), (1, &[0]), (2, &[2])]), [1, 0, 2, 3, 4], "a circle, and one that needs itself");
        assert_eq!(after_others(50_000, |n| (n + 1 < 50_000).then_some(n + 1).into_iter().collect())[0], 49_999, "a long chain");
    }
}
