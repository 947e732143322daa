//! The heads of a bundle that is being written, and the moment at which its volumes get their names.

use super::bases::MAX_BASES_BYTES;
use super::frames::{FrameTable, MAX_TABLE_BYTES};
use super::head::{ANCESTORS, BASES, MAX_TRUST_FILES, MAX_UNTRUSTED_BYTES, PARENTS, PARITY, SIGNATURE_SPACE, render, reserve};
use super::parents::{self, MAX_PARENTS_BYTES};
use super::parity::{self, Target};
use super::sign::{append, take_turn};
use super::statement::{MAX_VOLUMES, Pin, Statement};
use super::unfinished;
use super::volumes::Volume;
use super::writer::{Draft, PackOptions, Packed, Written};
use crate::artifact::{Digest, PIECE};
use crate::error::{Error, Result, shown};
use crate::lock::MAX_LOCK_BYTES;
use crate::store::sync_folder;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The heads: their length is fixed before the payload is written, their content after.
pub struct Heading {
    /// Length of each head in bytes.
    pub length: u64,
    /// Length of the parity table in bytes; 0 without parity.
    parity: u64,
    /// The files whose bytes are known from the start: the draft's, and the list of bases where there is one.
    files: Vec<(String, Vec<u8>)>,
}

impl Heading {
    /// Plans the heads of a draft; refuses what no reader would take.
    pub fn new(draft: &Draft<'_>, plan: &FrameTable, lock: u64, options: &PackOptions<'_>) -> Result<Self> {
        let (volume_size, redundancy) = (options.volume_size, options.redundancy);
        let frames = plan.blobs.iter().map(|b| b.frames).sum();
        let mut files = draft.files.clone();
        files.extend((!draft.recoding.is_empty()).then(|| (BASES.to_owned(), draft.recoding.bases.to_bytes())));
        files.extend((!draft.parents.is_empty()).then(|| (PARENTS.to_owned(), parents::to_bytes(draft.parents))));
        files.extend((!draft.ancestors.is_empty()).then(|| (ANCESTORS.to_owned(), parents::ancestors_to_bytes(draft.ancestors))));
        let table = FrameTable::encoded_length(plan.blobs.len(), frames);
        let parity = if redundancy.is_some() { redundancy.table_length(plan, volume_size) } else { 0 };
        check_head(
            draft,
            &files,
            [
                ("bytes of its lock", lock, MAX_LOCK_BYTES as u64),
                ("bytes of its frame table", table, MAX_TABLE_BYTES),
                ("bytes of its parity table", parity, MAX_TABLE_BYTES),
            ],
        )?;
        let volumes = match volume_size {
            _ if redundancy.is_some() => MAX_VOLUMES as u64,
            size => size.map_or(1, |v| (plan.held() / v.max(1) * 5 / 4 + 2).min(MAX_VOLUMES as u64)),
        };
        let bases = draft.recoding.bases.refs.len() as u64;
        let statement = 4096 + 160 * files.len() as u64 + 24 * volumes + 80 * bases;
        let large = [lock, table].into_iter().chain(redundancy.is_some().then_some(parity));
        let length = reserve(statement, large.chain(files.iter().map(|(_, b)| b.len() as u64)));
        let least = if redundancy.is_some() { redundancy.length(length, length + 3 * PIECE as u64) } else { length + 3 * PIECE as u64 };
        match volume_size {
            Some(size) if size < least => Err(Error::usage("the volumes are too small for this bundle")
                .with("expected", format!("at least {least} bytes a volume"))
                .with("found", format!("{size} bytes"))
                .hint("choose a larger --volume-size")),
            _ => Ok(Self { length, parity, files }),
        }
    }

    /// Writes the heads and gives every volume its name.
    pub fn finish(&self, draft: &Draft<'_>, lock: Vec<u8>, packed: Packed, options: &PackOptions<'_>) -> Result<Written> {
        let mut files = self.files.clone();
        files.push(("lock.json".to_owned(), lock));
        files.push(("frames.bin".to_owned(), packed.table.to_bytes()));
        files.extend(packed.parity.as_ref().map(|table| (PARITY.to_owned(), table.to_bytes(self.parity))));
        files.sort();
        let mut statement = Statement::draft(&draft.lock.name, &draft.lock.line, &draft.created, &draft.tool);
        (statement.epoch, statement.seq, statement.previous) = (draft.epoch, draft.seq, draft.previous);
        statement.volumes.clone_from(&packed.lengths);
        statement.features.extend(packed.parity.is_some().then(|| super::statement::PARITY.to_owned()));
        statement.features.extend(draft.recoding.bases.features());
        statement.features.extend((!draft.parents.is_empty()).then(|| super::statement::REPACKED.to_owned()));
        statement.features.sort();
        statement.base = draft.recoding.bases.ids();
        let pin = |bytes: &[u8]| Pin { sha256: Digest::of(bytes), size: bytes.len() as u64 };
        statement.files = files.iter().map(|(name, bytes)| (name.clone(), pin(bytes))).collect();
        let bytes = statement.to_bytes();
        let mut volumes = Vec::new();
        for (index, file) in packed.files.iter().enumerate() {
            let path = unfinished::path(options.out, draft, index);
            let head = render(&bytes, index, packed.files.len(), &files, self.length);
            if let Some(table) = &packed.parity {
                parity::head(&Target { path: &path, file: file.file(), layout: &table.layouts[index] }, &head)?;
            }
            let written = file.write_all_at(&head, 0).and_then(|()| file.file().sync_all());
            written.map_err(|e| Error::io(format!("{} cannot be written", shown(&path)), &e))?;
        }
        (draft.remember)(Digest::of(&bytes))?;
        let mut fresh: Vec<PathBuf> = Vec::new();
        for index in 0..packed.files.len() {
            let (from, to) = (unfinished::path(options.out, draft, index), options.out.join(statement.volume_name(index)));
            let new = !to.exists();
            put_in_place(&from, &to, &Digest::of(&bytes))
                .inspect_err(|_| fresh.iter().for_each(|done| drop(std::fs::remove_file(done))))?;
            // A volume that took the place of its equal is never taken back: others may have signed it.
            fresh.extend(new.then(|| to.clone()));
            volumes.push(to);
        }
        sync_folder(options.out)?;
        let stored = packed.lengths.iter().sum();
        let left_out = draft.lock.blobs().len() - packed.table.blobs.len();
        let (streams, blobs) = packed.table.recoded();
        let recoded = (draft.recoding.streams.len(), blobs, streams);
        Ok(Written { id: Digest::of(&bytes), statement: bytes, volumes, content: draft.lock.size(), stored, left_out, recoded })
    }
}

/// Refuses what readers would refuse: a bundle that nobody can open is not written.
fn check_head(draft: &Draft<'_>, files: &[(String, Vec<u8>)], tables: [(&'static str, u64, u64); 3]) -> Result<()> {
    let trust = files.iter().filter(|(name, _)| name.starts_with("trust/"));
    let (count, bytes) = trust.fold((0, 0), |(count, bytes), (_, file)| (count + 1, bytes + file.len() as u64));
    let length = |name: &str| files.iter().find(|(known, _)| known == name).map_or(0, |(_, file)| file.len() as u64);
    let found = [
        ("files of trust roots", count, MAX_TRUST_FILES as u64),
        ("bytes of trust roots", bytes, MAX_UNTRUSTED_BYTES - SIGNATURE_SPACE),
        ("bytes of its list of bases", length(BASES), MAX_BASES_BYTES),
        ("bytes of its list of parents", length(PARENTS), MAX_PARENTS_BYTES),
        ("bytes of its list of ancestors", length(ANCESTORS), MAX_PARENTS_BYTES),
    ];
    let found = found.into_iter().chain(tables);
    match { found }.find(|(_, found, most)| found > most) {
        None => Ok(()),
        Some((what, found, most)) => Err(Error::usage(format!("{}: no reader takes so many {what}", draft.lock.name))
            .with("expected", format!("at most {most}"))
            .with("found", found)
            .hint("make several smaller bundles")),
    }
}

/// Gives a finished volume its name. Signatures of an earlier packing of the very same bundle are taken over, and whoever is adding one
/// just now is waited for.
fn put_in_place(from: &Path, to: &Path, id: &Digest) -> Result<()> {
    let taken = File::options().read(true).write(true).open(to).ok();
    taken.as_ref().map_or(Ok(()), |file| take_turn(to, file))?;
    let before = Volume::open(to).ok().filter(|v| Digest::of(&v.head.statement) == *id);
    if before.is_none() && to.symlink_metadata().is_ok() {
        return Err(Error::usage(format!("{} is there already and is another bundle", shown(to)))
            .with("packed", id.spoken())
            .hint("choose another folder, or remove the file if nobody needs it"));
    }
    let file = File::options().read(true).write(true).open(from);
    let file = file.map_err(|e| Error::io(format!("{} cannot be written", shown(from)), &e))?;
    for (name, armour) in before.iter().flat_map(|v| v.head.signatures.iter()) {
        append(from, &file, id, name, armour)?;
    }
    std::fs::rename(from, to).map_err(|e| Error::io(format!("{} cannot be written", shown(to)), &e))
}
