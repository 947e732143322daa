//! Adding a signature to a finished volume, without touching its payload.

use super::head::{Head, MAX_SIGNATURE_BYTES, MAX_SIGNATURES, PARITY, Room, allowed_name};
use super::member::{BLOCK, SPACE, header, occupied, padding};
use super::parity::{TAIL, Tail};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result, shown};
use std::fs::{File, TryLockError};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// Puts one more signature file, `sig/NAME`, into the room that the head leaves for it. The header that makes the new file visible is
/// written last, as one block: a volume pulled in the middle still has its old signatures, and signing it again clears what was begun. The
/// same signature twice is no error. Signers of one volume wait for each other.
pub fn append_signature(path: &Path, id: &Digest, name: &str, armour: &[u8]) -> Result<()> {
    let file = File::options().read(true).write(true).open(path).map_err(|e| unwritable(path, &e))?;
    take_turn(path, &file)?;
    append(path, &file, id, name, armour)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::io(format!("{} cannot be written", shown(path)), error).hint("on a medium that cannot be written, sign before it is burnt")
}

/// [`append_signature`] for whoever has the volume's lock already.
pub fn append(path: &Path, file: &File, id: &Digest, name: &str, armour: &[u8]) -> Result<()> {
    let wrong = |e: &std::io::Error| unwritable(path, e);
    let head = Head::read(path, file)?;
    if is_new(path, &head, id, name, armour)? {
        put(file, (head.space, free(&head), head.room), name, armour).map_err(|e| wrong(&e))?;
    }
    if head.places.contains_key(PARITY) {
        append_again(path, file, name, armour)?;
    }
    match Head::read(path, file)?.signatures.iter().any(|(n, bytes)| n == name && bytes == armour) {
        true => Ok(()),
        false => Err(Error::verification(format!("{}: the signature was written and is not there", shown(path)))
            .hint("another program writes to the volume, or the medium is damaged: sign it again")),
    }
}

/// Puts a signature at the beginning of a room: where its header lies, how many bytes it has, and what is in it.
fn put(file: &File, (space, free, room): (u64, u64, Room), name: &str, armour: &[u8]) -> std::io::Result<()> {
    let size = armour.len() as u64;
    if room != Room::Empty {
        let zeros = vec![0; free as usize];
        file.write_all_at(&zeros, space + BLOCK).and_then(|()| file.sync_data())?;
    }
    let mut tail = armour.to_vec();
    tail.resize(tail.len() + padding(size) as usize, 0);
    tail.extend_from_slice(&header(SPACE, free - occupied(size)));
    file.write_all_at(&tail, space + BLOCK).and_then(|()| file.sync_data())?;
    file.write_all_at(&header(name, size), space).and_then(|()| file.sync_data())
}

/// Puts a signature into the second room of a volume with parity, as far as there is room: it is the copy of a copy.
fn append_again(path: &Path, file: &File, name: &str, armour: &[u8]) -> Result<()> {
    let wrong = |e: &std::io::Error| unwritable(path, e);
    let length = file.metadata().map_err(|e| wrong(&e))?.len();
    let tail = Tail::read(path, file, length.saturating_sub(TAIL))?;
    let there = tail.signatures.iter().any(|(known, _)| known == name);
    if there || occupied(armour.len() as u64) > tail.free || tail.signatures.len() >= MAX_SIGNATURES {
        return Ok(());
    }
    put(file, (tail.space, tail.free, tail.room), name, armour).map_err(|e| wrong(&e))
}

/// Refuses what [`append_signature`] would refuse, before anything is written to any volume.
pub fn check_signature_fits(path: &Path, id: &Digest, name: &str, armour: &[u8]) -> Result<()> {
    let file = File::open(path).map_err(|e| Error::io(format!("{} cannot be read", shown(path)), &e))?;
    is_new(path, &Head::read(path, &file)?, id, name, armour).map(|_| ())
}

/// Waits until nobody else writes to the volume. Who waited while it was replaced would sign a file without a name.
pub fn take_turn(path: &Path, file: &File) -> Result<()> {
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be locked", shown(path)), e);
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => file.lock().map_err(|e| wrong(&e))?,
        // Not every file system of a stick has locks.
        Err(TryLockError::Error(e)) if e.kind() != std::io::ErrorKind::Unsupported => return Err(wrong(&e)),
        _ => {}
    }
    if is_at(path, file).map_err(|e| wrong(&e))? {
        return Ok(());
    }
    Err(Error::failed(format!("{} was replaced while it was being signed", shown(path))).hint("sign it again"))
}

/// Whether the path still names the open file.
pub fn is_at(path: &Path, file: &File) -> std::io::Result<bool> {
    let (here, named) = (file.metadata()?, path.metadata()?);
    Ok((here.dev(), here.ino()) == (named.dev(), named.ino()))
}

fn free(head: &Head) -> u64 {
    head.end - head.space - BLOCK
}

/// Whether the signature is still to be written; an error when it cannot be. What is written here, every reader must take.
fn is_new(path: &Path, head: &Head, id: &Digest, name: &str, armour: &[u8]) -> Result<bool> {
    if Digest::of(&head.statement) != *id {
        return Err(Error::verification(format!("{}: it is a volume of another bundle", shown(path))));
    }
    if head.signatures.iter().any(|(n, bytes)| n == name && bytes == armour) {
        return Ok(false);
    }
    if !allowed_name(name, "sig/", ".sshsig") || head.signatures.iter().any(|(n, _)| n == name) {
        return Err(Error::usage(format!("{}: a signature called {name:.100} cannot be added", shown(path)))
            .hint("another signature of that name is there and stays"));
    }
    let size = armour.len() as u64;
    let fits = size <= MAX_SIGNATURE_BYTES.min(head.room_left()) && occupied(size) <= free(head);
    if !fits || head.signatures.len() >= MAX_SIGNATURES {
        return Err(Error::new(Kind::Space, format!("{}: there is no room for another signature {name}", shown(path)))
            .with("expected", format!("at most {MAX_SIGNATURES} signatures of at most {MAX_SIGNATURE_BYTES} bytes"))
            .with("found", format!("{} signatures, {} bytes left", head.signatures.len(), free(head)))
            .hint("take the volumes as they were packed, and sign those: signatures are never taken away"));
    }
    Ok(true)
}
