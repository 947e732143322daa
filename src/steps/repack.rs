//! `merge`, `split`, `extract`: the blobs of bundles go into another bundle, or out.
//!
//! What is packed again is a new bundle: it has a statement of its own, which names those it was made from. Their signatures are kept as
//! evidence and count for nothing.

use super::Fetched;
use super::delta::Shape;
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest};
use crate::bundle::{Authentic, Recoding, Verification};
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::store::{Store, check_space};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is to be packed: the lock, and how.
pub struct Repacked {
    /// The proof that what is carried is here.
    pub fetched: Fetched,
    /// Streams that are carried as they were, and the parents.
    pub shape: Shape,
    /// The number it gets where none is given: the one after the newest it was made from.
    pub seq: u64,
    /// Its epoch.
    pub epoch: u64,
}

/// Folds deltas into a full bundle: everything that the last of some bundles names comes into the store, from them and from what is there.
pub fn merge(bundles: Vec<Authentic>, journal: &Journal<'_>, verification: &Verification<'_>) -> Result<Repacked> {
    let (store, writer) = (journal.store(), journal.writer());
    let last = bundles.last().ok_or_else(|| Error::usage("there is nothing to merge"))?;
    if let Some(other) = bundles.iter().find(|b| (&b.statement.name, &b.statement.line) != (&last.statement.name, &last.statement.line)) {
        return Err(Error::usage("the bundles are of several toolkits or lines")
            .with("found", other.statement.label())
            .with("and", last.statement.label())
            .hint("merge those of one line"));
    }
    let mut wanted: BTreeSet<Digest> = last.lock.blobs().into_keys().collect();
    let mut parts = Vec::new();
    for bundle in bundles.iter().rev() {
        let mut missing = BTreeSet::new();
        for digest in wanted {
            if !there(store, &digest)? {
                missing.insert(digest);
            }
        }
        let (own, others) = bundle.closure(&missing);
        wanted = others;
        parts.push((bundle, own));
    }
    refuse_missing(last, store, wanted)?;
    let sizes = |(bundle, own): &(&Authentic, BTreeSet<Digest>)| {
        bundle.table.blobs.iter().filter(|b| own.contains(&b.digest)).map(|b| b.size).sum::<u64>()
    };
    check_space(store.root(), parts.iter().map(sizes).sum())?;
    log(&bundles, journal)?;
    for (bundle, own) in parts.iter().rev() {
        made(bundle, verification.take(bundle, own, writer, store)?)?;
    }
    let shape = Shape { parents: bundles.iter().map(Authentic::as_parent).collect(), ..Shape::default() };
    let (epoch, seq) = (last.statement.epoch, last.statement.seq.saturating_add(1));
    Ok(Repacked { fetched: Fetched::of(last.lock.clone(), store)?, shape, epoch, seq })
}

/// Cuts a bundle into other volumes: a delta stays one, and streams stay what they are.
pub fn split(bundle: &Authentic, journal: &Journal<'_>, verification: &Verification<'_>) -> Result<Repacked> {
    let (store, writer) = (journal.store(), journal.writer());
    let plain = bundle.carried_plain();
    let lacks = bundle.table.blobs.iter().filter(|b| plain.contains(&b.digest));
    let mut needed = bundle.table.recoded().0;
    for blob in lacks {
        needed += if store.lacks(&blob.digest, blob.size)? { blob.size } else { 0 };
    }
    check_space(store.root(), needed)?;
    log(std::slice::from_ref(bundle), journal)?;
    verification.take(bundle, &plain, writer, store)?;
    let scratch = store.scratch().map_err(|e| Error::unwritten("a stream cannot be kept", &e))?;
    let recut: Recoding = bundle.streams(scratch, verification)?;
    let fetched = Fetched::carried(bundle.lock.clone(), &plain, store)?;
    let shape = Shape { parents: vec![bundle.as_parent()], recut: Some(recut), ..Shape::default() };
    Ok(Repacked { fetched, shape, epoch: bundle.statement.epoch, seq: bundle.statement.seq.saturating_add(1) })
}

fn log(bundles: &[Authentic], journal: &Journal<'_>) -> Result<()> {
    let subjects = bundles.iter().map(|bundle| Item::named("bundle", bundle.statement.label()).digest(bundle.id));
    journal.append(Draft::new(kind::REPACK, subjects.collect())).map(|_| ())
}

fn there(store: &Store, digest: &Digest) -> Result<bool> {
    Ok(Blobs::size(store, digest)?.is_some())
}

fn refuse_missing(bundle: &Authentic, store: &Store, wanted: BTreeSet<Digest>) -> Result<()> {
    for digest in wanted {
        if !there(store, &digest)? {
            let label = bundle.statement.label();
            let bases: Vec<String> = bundle.bases.refs.iter().map(crate::bundle::BaseRef::label).collect();
            return Err(Error::new(Kind::Incomplete, format!("{label}: what it builds on is not here"))
                .with("missing", format!("{digest}, of {}", bundle.owner(&digest)))
                .with_all("builds on", &bases)
                .hint("name the bundles it builds on as well, or a store that has them: --store DIR"));
        }
    }
    Ok(())
}

fn made(bundle: &Authentic, unbuilt: Vec<Digest>) -> Result<()> {
    match unbuilt.first() {
        None => Ok(()),
        Some(blob) => {
            Err(Error::new(Kind::Incomplete, format!("{}: {} cannot be made again", bundle.statement.label(), bundle.owner(blob)))
                .hint("what it is made from went missing: run the command again"))
        }
    }
}

/// The artifacts that a person means by a name: `NAME` or its last segment, `ECOSYSTEM/NAME`, either with a version behind a space, the name
/// of a file, or a digest of a blob.
pub fn meant<'a>(artifacts: &'a [Artifact], word: &str) -> Result<Vec<&'a Artifact>> {
    let digest = Digest::from_hex(word.trim_start_matches("sha256:")).ok();
    let is = |artifact: &&Artifact| {
        let (name, version) = (&artifact.name, &artifact.version);
        let known = [name.clone(), format!("{name} {version}"), format!("{}/{name}", artifact.ecosystem), artifact.label()];
        let file = |d: &Descriptor| Some(d.digest) == digest || d.name.as_deref() == Some(word);
        known.iter().any(|known| known == word) || last_segment(name) == word || artifact.descriptors.iter().any(file)
    };
    let found: Vec<&Artifact> = artifacts.iter().filter(is).collect();
    match found.is_empty() {
        false => Ok(found),
        true => Err(Error::usage(format!("{word:.100}: the bundle has no such artifact")).hint("airlift inspect --artifacts lists them")),
    }
}

/// Takes the blobs of some artifacts out of bundles, of which the last names them; `held` is a store that may have what they are made from.
pub fn extract(
    bundles: &[Authentic],
    artifacts: &[&Artifact],
    (out, held): (&Path, Option<&Store>),
    verification: &Verification<'_>,
) -> Result<Vec<PathBuf>> {
    let last = bundles.last().ok_or_else(|| Error::usage("there is nothing to extract from"))?;
    let folder = out.join(".airlift-extract");
    let workshop = Store::open_or_create(&folder)?;
    let taken = take_out(bundles, last, artifacts, (out, &workshop, held), verification);
    let removed = std::fs::remove_dir_all(&folder).map_err(|e| Error::io(format!("{} cannot be removed", folder.display()), &e));
    taken.and_then(|files| removed.map(|()| files))
}

fn take_out(
    bundles: &[Authentic],
    last: &Authentic,
    artifacts: &[&Artifact],
    (out, workshop, held): (&Path, &Store, Option<&Store>),
    verification: &Verification<'_>,
) -> Result<Vec<PathBuf>> {
    let writer = workshop.writer()?;
    let both = Both { first: workshop, second: held };
    let mut wanted: BTreeSet<Digest> = artifacts.iter().flat_map(|a| &a.descriptors).map(|d| d.digest).collect();
    let mut parts = Vec::new();
    for bundle in bundles.iter().rev() {
        let mut missing = BTreeSet::new();
        for digest in wanted {
            if both.size(&digest)?.is_none() {
                missing.insert(digest);
            }
        }
        let (own, others) = bundle.closure(&missing);
        wanted = others;
        parts.push((bundle, own));
    }
    match held {
        Some(held) => refuse_missing(last, held, wanted)?,
        None => refuse_missing(last, workshop, wanted)?,
    }
    for (bundle, own) in parts.iter().rev() {
        made(bundle, verification.take(bundle, own, &writer, &both)?)?;
    }
    let mut files = Vec::new();
    for artifact in artifacts {
        for descriptor in &artifact.descriptors {
            let only = (artifact.descriptors.len() == 1).then(|| last_segment(&artifact.name));
            let path = out.join(file_name(descriptor.name.as_deref().or(only), &descriptor.digest));
            let missing = || Error::failed(format!("{} was taken out and is not there", descriptor.digest));
            let mut blob = both.open(&descriptor.digest)?.ok_or_else(missing)?;
            write(&path, blob.as_mut())?;
            files.push(path);
        }
    }
    Ok(files)
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A name of one segment that is not hidden; what has none is called by its digest.
fn file_name(name: Option<&str>, digest: &Digest) -> String {
    let plain = |name: &&str| {
        let all = name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_@+ ".contains(&b));
        all && !name.starts_with('.') && (1..=200).contains(&name.len())
    };
    name.filter(plain).map_or_else(|| digest.hex(), str::to_owned)
}

fn write(path: &Path, blob: &mut dyn BlobRead) -> Result<()> {
    let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", path.display()), e);
    let mut file = match std::fs::File::options().write(true).create_new(true).open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Error::usage(format!("{} is there already", path.display())).hint("choose another folder"));
        }
        other => other.map_err(|e| wrong(&e))?,
    };
    std::io::copy(blob, &mut file).and_then(|_| file.sync_all()).map_err(|e| wrong(&e))
}

/// Two places for blobs, as one.
struct Both<'a> {
    first: &'a Store,
    second: Option<&'a Store>,
}

impl Blobs for Both<'_> {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        match (self.first.open(digest)?, self.second) {
            (None, Some(second)) => second.open(digest),
            (found, _) => Ok(found),
        }
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        match (Blobs::size(self.first, digest)?, self.second) {
            (None, Some(second)) => Blobs::size(second, digest),
            (found, _) => Ok(found),
        }
    }
}
