//! `rollback`, `gc`, `scrub --discard`: changes of a store that bring nothing in, each said in the event log first.

use crate::artifact::Digest;
use crate::error::{Error, Result};
use crate::log::{Draft, Item, Journal, MAX_ITEMS, kind};
use crate::store::{Fault, Pruned, Snapshot};
use std::collections::BTreeSet;
use std::time::SystemTime;

/// Serves an earlier snapshot again; the one the current one was made from, when none is named.
pub fn rollback(journal: &Journal<'_>, number: Option<u64>) -> Result<Snapshot> {
    let parent = || journal.store().current().map(|current| current.and_then(|s| s.parent));
    let number = number.map_or_else(parent, |n| Ok(Some(n)))?;
    let number = number.ok_or_else(|| Error::usage("there is no snapshot before the current one").hint("airlift status lists them"))?;
    let staged = journal.writer().choose(number)?;
    journal.append(Draft::new(kind::ROLLBACK, vec![Item::named("snapshot", number).digest(staged.list())]))?;
    journal.writer().install(staged)
}

/// Removes blobs that nothing needs; looks first, so that the log says how many, and says nothing where there are none. Bundles that wait
/// for volumes keep theirs, unless they are given up.
pub fn gc(journal: &Journal<'_>, keep: usize, cutoff: SystemTime, give_up_waiting: bool) -> Result<Pruned> {
    let waiting = if give_up_waiting { journal.store().waiting()? } else { vec![] };
    if !waiting.is_empty() {
        let subjects = waiting.iter().take(MAX_ITEMS).map(|w| Item::named("waiting", format!("{} {}", w.name, w.seq))).collect();
        journal.append(Draft::new(kind::GC, subjects))?;
        journal.writer().give_up_waiting()?;
    }
    let found = journal.writer().prune(keep, cutoff, true)?;
    if found.blobs == 0 {
        return Ok(found);
    }
    let subjects = vec![Item::named("count", format!("{} blobs", found.blobs)), Item::named("count", format!("{} bytes", found.bytes))];
    journal.append(Draft::new(kind::GC, subjects))?;
    journal.writer().prune(keep, cutoff, false)
}

/// Takes damaged blobs out; the log names them, as far as a line has room.
pub fn discard(journal: &Journal<'_>, faults: &[Fault]) -> Result<usize> {
    let blobs: BTreeSet<Digest> = faults.iter().filter_map(|fault| fault.blob).collect();
    if blobs.is_empty() {
        return Ok(0);
    }
    let mut subjects = vec![Item::named("count", format!("{} blobs", blobs.len()))];
    subjects.extend(blobs.into_iter().take(MAX_ITEMS - 1).map(|digest| Item::of("blob", digest)));
    journal.append(Draft::new(kind::DISCARD, subjects))?;
    journal.writer().discard(faults)
}
