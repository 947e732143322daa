//! `verify`: a bundle on its medium is compared, byte by byte, with what the trust root's people signed. Nothing is written.

use crate::artifact::CheckOnly;
use crate::bundle::{Authentic, Verification, VerifiedBundle, VolumeSet, find};
use crate::error::{Error, Result};
use crate::trust::TrustRoot;
use std::path::PathBuf;

/// Every authentic bundle in some places, oldest first.
pub fn open(places: &[PathBuf], root: &TrustRoot) -> Result<Vec<Authentic>> {
    let mut bundles = find(places)?.into_iter().map(|set| Authentic::open(set, root)).collect::<Result<Vec<_>>>()?;
    bundles.sort_by(|a, b| {
        let key = |b: &Authentic| (b.statement.name.clone(), b.statement.line.clone(), b.statement.epoch, b.statement.seq, b.id);
        key(a).cmp(&key(b))
    });
    Ok(bundles)
}

/// The only bundle in some places; several are an error that lists them.
pub fn open_one(places: &[PathBuf], root: &TrustRoot) -> Result<Authentic> {
    one(find(places)?).and_then(|set| Authentic::open(set, root))
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

/// Reads the whole payload and keeps nothing.
pub fn verify(bundle: Authentic, verification: &Verification<'_>) -> Result<VerifiedBundle> {
    verification.run(bundle, &CheckOnly)
}
