//! Volumes while they are being written: hidden, locked by whoever writes them, and swept away when nobody does any more.

use super::sign::is_at;
use super::writer::Draft;
use crate::artifact::set_name;
use crate::error::{Error, Kind, Result, shown};
use crate::lock::Lock;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where a volume, from 0, lies until it gets its name.
pub fn path(out: &Path, draft: &Draft<'_>, volume: usize) -> PathBuf {
    let set = set_name(&draft.lock.name, &draft.lock.line, draft.seq);
    out.join(format!(".{set}.{:03}.unfinished", volume + 1))
}

/// Creates such a file and holds its lock for as long as it is open.
pub fn create(path: &Path) -> Result<File> {
    let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", shown(path)), e);
    let taken = || {
        Error::new(Kind::Store, format!("{} is being written by another airlift", shown(path)))
            .hint("wait until it has finished, or choose another folder")
    };
    let file = match File::options().read(true).write(true).create_new(true).open(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => return Err(taken()),
        other => other.map_err(|e| wrong(&e))?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(taken()),
        Err(TryLockError::Error(e)) if e.kind() != ErrorKind::Unsupported => return Err(wrong(&e)),
        _ => {}
    }
    // Between creation and lock, a sweep may have taken it for a leftover.
    if is_at(path, &file).unwrap_or(false) { Ok(file) } else { Err(taken()) }
}

/// Removes what packings of this toolkit and line left when they were killed. What another airlift is writing is locked and stays.
pub fn sweep(out: &Path, lock: &Lock) -> Result<()> {
    let entries = std::fs::read_dir(out).map_err(|e| Error::io(format!("{} cannot be listed", shown(out)), &e))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let locked = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if is_of(lock, name) && File::options().write(true).open(&path).is_ok_and(|file| !locked(file)) {
            std::fs::remove_file(&path).map_err(|e| Error::io(format!("{} cannot be removed", shown(&path)), &e))?;
        }
    }
    Ok(())
}

/// Whether a name is `.SET.NNN.unfinished` of any number of the line.
fn is_of(lock: &Lock, name: &str) -> bool {
    let Some((set, volume)) = name.strip_prefix('.').and_then(|n| n.strip_suffix(".unfinished")?.rsplit_once('.')) else { return false };
    let seq = set.rsplit_once('-').and_then(|(_, seq)| seq.parse().ok());
    volume.len() == 3 && seq.is_some_and(|seq| set_name(&lock.name, &lock.line, seq) == set)
}
