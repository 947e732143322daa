//! A site's signed statements in its store: read by whatever is asked about what is installed, and judged anew each time.

use super::{ReadBack, beside, document, judged, place};
use crate::advisories::vex::{LONGEST_DOCUMENT, Statement};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result, plain, shown};
use crate::log::{Draft, Item, Journal, kind};
use crate::steps::trust::trusted;
use crate::store::{Store, create_folder, read_bounded, sync_folder, write_atomic};
use crate::trust::TrustRoot;
use std::collections::BTreeSet;
use std::path::Path;

/// Most documents that are kept.
const MOST: usize = 256;
/// The document, without its ending, whatever it was called before.
const STEM: &str = "statements";

/// Takes a document with its signatures into the store; the event that tells of it, or `None` where just that is kept already.
/// [`Kind::Policy`] where too few people, or nobody, signed it.
pub fn keep(journal: &Journal<'_>, file: &Path, root: &TrustRoot) -> Result<(Digest, ReadBack, Option<u64>)> {
    let (bytes, (folder, stem)) = (document(file)?, place(file)?);
    let signatures = beside(&folder, &stem)?;
    let back = judged(&shown(file), &bytes, &signatures, Some(root))?;
    if back.threshold == 0 {
        let error = Error::new(Kind::Policy, format!("{}: nobody whom the trust root names has signed it", shown(file)));
        return Err(error.hint("have it signed: airlift vex sign; what others say is asked with --vex, or carried in a bundle"));
    }
    let digest = Digest::of(&bytes);
    let own = journal.store().statements_folder().join(digest.hex());
    let named = |name: &str| own.join(format!("{STEM}{}", name.strip_prefix(&stem).unwrap_or_default()));
    let mut files: Vec<_> = signatures.iter().map(|(name, armour)| (named(name), armour)).collect();
    // The document last: where it is, its signatures are.
    files.push((own.join(format!("{STEM}.json")), &bytes));
    if files.iter().all(|(path, bytes)| read_bounded(path, bytes.len() as u64).is_ok_and(|found| found.as_ref() == Some(*bytes))) {
        return Ok((digest, back, None));
    }
    if !own.exists() && folders(journal.store())?.len() >= MOST {
        return Err(Error::usage("too many documents of statements are kept").with("expected", format!("at most {MOST}")));
    }
    let keys = back.keys.iter().map(|key| Item::named("key", key)).collect();
    let index = journal.append(Draft::new(kind::VEX, vec![Item::of("statements", digest)]).on(keys))?;
    create_folder(&own)?;
    files.iter().try_for_each(|(path, bytes)| write_atomic(path, bytes))?;
    Ok((digest, back, Some(index)))
}

/// Longest reason for a withdrawal, in bytes.
const LONGEST_REASON: usize = 1000;

/// Takes a document out of the store again: from now on it says nothing. The event that tells of it, and why. [`Kind::Usage`] where none of that
/// digest is kept, or no reason is given.
pub fn withdraw(journal: &Journal<'_>, digest: &Digest, reason: &str) -> Result<u64> {
    if reason.trim().is_empty() || reason.len() > LONGEST_REASON || plain(reason) != reason {
        return Err(Error::usage("the reason for a withdrawal is empty, too long or not plain"));
    }
    let folder = journal.store().statements_folder();
    let own = folder.join(digest.hex());
    if own.symlink_metadata().is_err() {
        return Err(Error::usage("no statements of that digest are kept").with("asked for", digest).hint("airlift vex show lists them"));
    }
    let index = journal.append(Draft::new(kind::VEX_WITHDRAW, vec![Item::of("statements", *digest)]).note(reason))?;
    let aside = folder.join(format!("{}.withdrawn", digest.hex()));
    let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be removed", shown(&own)), e);
    // What a withdrawal that was interrupted has left.
    if aside.symlink_metadata().is_ok() {
        std::fs::remove_dir_all(&aside).map_err(|e| wrong(&e))?;
    }
    // Renamed first: the document is there as a whole, with its signatures, or not at all.
    std::fs::rename(&own, &aside).map_err(|e| wrong(&e))?;
    sync_folder(&folder)?;
    std::fs::remove_dir_all(&aside).map_err(|e| wrong(&e))?;
    Ok(index)
}

/// The documents that a store keeps, by digest, each as it is judged by the trust root of now. One that is not what its name says is an error.
pub fn kept(store: &Store) -> Result<Vec<(Digest, Result<ReadBack>)>> {
    let folders = folders(store)?;
    if folders.is_empty() {
        return Ok(vec![]);
    }
    let root = trusted(store)?;
    let mut all = Vec::new();
    for digest in folders {
        let folder = store.statements_folder().join(digest.hex());
        let Some(bytes) = read_bounded(&folder.join(format!("{STEM}.json")), LONGEST_DOCUMENT as u64)? else { continue };
        let found = Digest::of(&bytes);
        if found != digest {
            let error = Error::new(Kind::Store, "statements that were kept are damaged: they are others than their name says");
            return Err(error
                .with("expected", digest)
                .with("found", found)
                .hint("put them back from a backup of the store, or remove them"));
        }
        all.push((digest, judged(&format!("statements {digest}"), &bytes, &beside(&folder, STEM)?, Some(&root))));
    }
    Ok(all)
}

/// The statements that a store keeps and that enough people have signed who count now. Those of others are none.
pub fn counting(store: &Store) -> Result<Vec<(Digest, Vec<Statement>)>> {
    let mut all = Vec::new();
    for (digest, back) in kept(store)? {
        match back {
            Ok(back) if back.threshold > 0 => all.push((digest, back.statements)),
            Err(error) if error.kind() != Kind::Policy => return Err(error),
            _ => {}
        }
    }
    Ok(all)
}

fn folders(store: &Store) -> Result<BTreeSet<Digest>> {
    let folder = store.statements_folder();
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", shown(&folder)), e).of_kind(Kind::Store);
    let entries = match std::fs::read_dir(&folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        other => other.map_err(|e| wrong(&e))?,
    };
    let mut found = BTreeSet::new();
    for entry in entries {
        let name = entry.map_err(|e| wrong(&e))?.file_name();
        found.extend(name.to_str().and_then(|name| Digest::from_hex(name).ok()));
        if found.len() > MOST {
            return Err(Error::new(Kind::Store, format!("{}: there are too many documents in it", shown(&folder))));
        }
    }
    Ok(found)
}
