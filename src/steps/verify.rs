//! `verify`: a bundle on its medium is compared, byte by byte, with what the trust root's people signed. Nothing is written.

use crate::artifact::{Blobs, CheckOnly};
use crate::bundle::{Authentic, Damage, Verification, VerifiedBundle, VolumeSet, find};
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
    bundles.sort_by(|a, b| {
        let key = |b: &Authentic| (b.statement.name.clone(), b.statement.line.clone(), b.statement.epoch, b.statement.seq, b.id);
        key(a).cmp(&key(b))
    });
    Ok((bundles, refused))
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
    let verified = verification.run(bundle, &CheckOnly, held)?;
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

/// What was damaged, a line a volume.
pub fn told(damage: &BTreeMap<usize, Damage>) -> Vec<String> {
    damage.iter().map(|(volume, damage)| damage.told(*volume)).collect()
}
