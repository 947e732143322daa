//! `merge`, `split`: the blobs of bundles go into another bundle.
//!
//! What is packed again is a new bundle: it has a statement of its own, which names those it was made from. Their signatures are kept as
//! evidence and count for nothing.

use super::Fetched;
use super::delta::Shape;
use crate::artifact::Digest;
use crate::bundle::{Authentic, MAX_PARENTS, Recoding, Verification, inherited};
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::store::check_space;
use std::collections::{BTreeMap, BTreeSet};

/// What is to be packed: the lock, and how.
pub struct Repacked {
    /// The proof that what is carried is here.
    pub fetched: Fetched,
    /// Streams that are carried as they were, the parents, and the number they go to.
    pub shape: Shape,
    /// How many recoded blobs were not made again, since what they are made from is not here.
    pub unbuilt: usize,
}

/// Folds deltas into a full bundle: everything that the last of some bundles names comes into the store, from them and from what is there.
pub fn merge(bundles: Vec<Authentic>, journal: &Journal<'_>, verification: &Verification<'_>) -> Result<Repacked> {
    let (store, writer) = (journal.store(), journal.writer());
    let last = bundles.last().ok_or_else(|| Error::usage("there is nothing to merge"))?;
    if bundles.len() > MAX_PARENTS {
        let error = Error::usage("there are too many bundles to merge in one").with("expected", format!("at most {MAX_PARENTS}"));
        return Err(error.with("found", bundles.len()).hint("merge some of them first, then what came out with the others"));
    }
    if let Some(other) = bundles.iter().find(|b| (&b.statement.name, &b.statement.line) != (&last.statement.name, &last.statement.line)) {
        return Err(Error::usage("the bundles are of several toolkits or lines")
            .with("found", label(other))
            .with("and", label(last))
            .hint("merge those of one line"));
    }
    let sizes = sizes(&bundles);
    // One that is there with another size is damage of the store, which taking it in would end with as well.
    let there = |digest: &Digest| Ok(!store.lacks(digest, sizes.get(digest).copied().unwrap_or_default())?);
    let mut wanted: BTreeSet<Digest> = last.lock.blobs().into_keys().collect();
    let mut parts = Vec::new();
    for bundle in bundles.iter().rev() {
        let mut missing = BTreeSet::new();
        for digest in wanted {
            if !there(&digest)? {
                missing.insert(digest);
            }
        }
        let (own, others) = bundle.closure(&missing);
        wanted = others;
        parts.push((bundle, own));
    }
    refuse_missing(last, there, wanted)?;
    let size = |(bundle, own): &(&Authentic, BTreeSet<Digest>)| {
        bundle.table.blobs.iter().filter(|b| own.contains(&b.digest)).map(|b| b.size).sum::<u64>()
    };
    check_space(store.root(), parts.iter().map(size).sum())?;
    log(&bundles, journal)?;
    for (bundle, own) in parts.iter().rev() {
        made(bundle, verification.take(bundle, own, writer, store)?)?;
    }
    let after = Some((last.statement.epoch, last.statement.seq));
    let shape = Shape { after, ..made_from(&contributing(&bundles))? };
    Ok(Repacked { fetched: Fetched::of(last.lock.clone(), store)?, shape, unbuilt: 0 })
}

/// Two lines of a toolkit have bundles of the same number.
fn label(bundle: &Authentic) -> String {
    format!("{} of line {}", bundle.statement.label(), bundle.statement.line)
}

/// Cuts a bundle into other volumes: a delta stays one, and streams stay what they are.
pub fn split(bundle: &Authentic, journal: &Journal<'_>, verification: &Verification<'_>) -> Result<Repacked> {
    let (store, writer) = (journal.store(), journal.writer());
    let plain = bundle.carried_plain();
    let mut needed = bundle.table.recoded().0;
    for blob in &bundle.table.blobs {
        needed += if store.lacks(&blob.digest, blob.size)? { blob.size } else { 0 };
    }
    check_space(store.root(), needed)?;
    log(std::slice::from_ref(bundle), journal)?;
    // Who signs the new bundle answers for its streams: they are made into blobs again where that can be done here.
    let carried = bundle.table.blobs.iter().map(|blob| blob.digest).collect();
    let unbuilt = verification.take(bundle, &carried, writer, store)?.len();
    let scratch = store.scratch().map_err(|e| Error::unwritten("a stream cannot be kept", &e))?;
    let recut: Recoding = bundle.streams(scratch, verification)?;
    let fetched = Fetched::carried(bundle.lock.clone(), &plain, store)?;
    let after = Some((bundle.statement.epoch, bundle.statement.seq));
    let shape = Shape { recut: Some(recut), after, ..made_from(&[bundle])? };
    Ok(Repacked { fetched, shape, unbuilt })
}

/// Those of some bundles that the last one's content is in: the newest that carries a blob counts for it, and for what the blob is made from.
/// The last is one of them, by its lock. What a store happens to have decides nothing: the same bundles always give the same list.
fn contributing(bundles: &[Authentic]) -> Vec<&Authentic> {
    let mut wanted: BTreeSet<Digest> = bundles.last().map(|last| last.lock.blobs().into_keys().collect()).unwrap_or_default();
    let mut found = Vec::new();
    for bundle in bundles.iter().rev() {
        let (own, others) = bundle.closure(&wanted);
        if found.is_empty() || !own.is_empty() {
            found.push(bundle);
        }
        wanted = others;
    }
    found.reverse();
    found
}

/// A shape that names the bundles something is made from, and what those were made from.
fn made_from(bundles: &[&Authentic]) -> Result<Shape> {
    let parents = bundles.iter().map(|bundle| bundle.as_parent()).collect::<Result<Vec<_>>>()?;
    let mut lists = Vec::new();
    for bundle in bundles {
        lists.extend(bundle.lists_of_parents()?);
    }
    Ok(Shape { ancestors: inherited(&parents, &lists), parents, ..Shape::default() })
}

fn log(bundles: &[Authentic], journal: &Journal<'_>) -> Result<()> {
    let subjects = bundles.iter().map(|bundle| Item::named("bundle", bundle.statement.label()).digest(bundle.id));
    journal.append(Draft::new(kind::REPACK, subjects.collect())).map(|_| ())
}

/// How long the blobs are that some bundles name or build on; what the last says counts.
pub(super) fn sizes(bundles: &[Authentic]) -> BTreeMap<Digest, u64> {
    let mut sizes = BTreeMap::new();
    for bundle in bundles {
        sizes.extend(bundle.bases.recoded.values().flatten().copied());
        sizes.extend(bundle.lock.blobs());
    }
    sizes
}

/// Refuses where blobs that no bundle carries are not there.
pub(super) fn refuse_missing(bundle: &Authentic, there: impl Fn(&Digest) -> Result<bool>, wanted: BTreeSet<Digest>) -> Result<()> {
    for digest in wanted {
        if !there(&digest)? {
            let label = bundle.statement.label();
            let bases: Vec<String> = bundle.bases.refs.iter().map(crate::bundle::BaseRef::label).collect();
            return Err(Error::new(Kind::Incomplete, format!("{label}: what it builds on is not here"))
                .with("missing", format!("{}: {digest}", bundle.use_of(&digest)))
                .with_all("builds on", &bases)
                .hint("name the bundles it builds on as well, or a store that has them: --store DIR"));
        }
    }
    Ok(())
}

/// Refuses where blobs could not be made again.
pub(super) fn made(bundle: &Authentic, unbuilt: Vec<Digest>) -> Result<()> {
    match unbuilt.first() {
        None => Ok(()),
        Some(blob) => {
            Err(Error::new(Kind::Incomplete, format!("{}: {} cannot be made again", bundle.statement.label(), bundle.owner(blob)))
                .hint("what it is made from went missing: run the command again"))
        }
    }
}
