//! Volumes whose heads are damaged: read from the copy at their end.

use super::capsule::Capsule;
use super::code::SECTOR;
use super::tail::{TAIL, Tail};
use crate::bundle::head::{Head, MAX_SIGNATURE_BYTES, MAX_SIGNATURES, PARITY, SIGNATURE_SPACE, allowed_name};
use crate::bundle::member::{BLOCK, occupied, parse};
use crate::bundle::statement::Statement;
use crate::bundle::volumes::{ReadAt, Volume};
use crate::error::Result;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

impl Volume {
    /// A volume read from the copy of its head; `None` when there is none, or nothing is left of it.
    pub fn salvaged(path: &Path) -> Option<Self> {
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        Self::salvage(path, Arc::new(file), length)
    }

    /// The same of an open file.
    pub(in crate::bundle) fn salvage(path: &Path, file: Arc<dyn ReadAt>, length: u64) -> Option<Self> {
        let tail = length.checked_sub(TAIL)?;
        let capsule = Capsule::find(&file, tail)?;
        let mut head = Head::read(path, &capsule).ok()?;
        let signatures = match Tail::read(path, &*file, tail) {
            Ok(tail) => tail.signatures,
            Err(_) => left_in_the_head(&*file, head.space, head.end),
        };
        head.signatures = Arc::new(signatures);
        Some(Self { path: path.to_owned(), file, length, head, salvaged: true })
    }

    /// A pinned file of the head, or of its copy where the head's is damaged and there is a copy.
    pub fn pinned(&self, statement: &Statement, name: &str) -> Result<Vec<u8>> {
        self.pinned_here(statement, name).or_else(|error| {
            let copy = self.head.places.contains_key(PARITY).then(|| Capsule::find(&self.file, self.length.checked_sub(TAIL)?));
            match copy.flatten() {
                Some(copy) => self.head.pinned(&self.path, &copy, statement, name).map_err(|_| error),
                None => Err(error),
            }
        })
    }

    /// A pinned file of the head itself.
    pub fn pinned_here(&self, statement: &Statement, name: &str) -> Result<Vec<u8>> {
        self.head.pinned(&self.path, &*self.file, statement, name)
    }
}

/// Signatures in the room of a damaged head, whose place its copy tells, as far as they can be read.
fn left_in_the_head(file: &dyn ReadAt, from: u64, to: u64) -> Vec<(String, Vec<u8>)> {
    let length = to.saturating_sub(from).min(SIGNATURE_SPACE + (1 << 20)) as usize;
    let mut room = vec![0; length];
    for (n, sector) in room.chunks_mut(SECTOR as usize).enumerate() {
        if file.fill_at(sector, from + n as u64 * SECTOR).is_err() {
            sector.fill(0);
        }
    }
    let (mut signatures, mut at) = (Vec::new(), 0);
    while let Some(block) = room.get(at..at + BLOCK as usize).and_then(|b| <&[u8; 512]>::try_from(b).ok()) {
        let Ok((name, size)) = parse(block, at as u64) else { break };
        let fits = size <= MAX_SIGNATURE_BYTES && allowed_name(&name, "sig/", ".sshsig") && signatures.len() < MAX_SIGNATURES;
        let data = at + BLOCK as usize;
        let Some(bytes) = room.get(data..data + size as usize).filter(|_| fits) else { break };
        signatures.push((name, bytes.to_vec()));
        at += occupied(size) as usize;
    }
    signatures
}
