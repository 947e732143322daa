//! Adding a signature to a finished volume, without touching its payload.

use super::head::{Head, Room, allowed_name};
use super::member::{BLOCK, SPACE, header, occupied, padding};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Puts one more signature file, `sig/NAME`, into the room that the head leaves for it. The header that makes the new file visible is
/// written last, as one block: a volume pulled in the middle still has its old signatures, and signing it again clears what was begun. The
/// same signature twice is no error.
pub fn append_signature(path: &Path, id: &Digest, name: &str, armour: &[u8]) -> Result<()> {
    let wrong = |e: &std::io::Error| {
        Error::io(format!("{} cannot be written", path.display()), e).hint("on a medium that cannot be written, sign before it is burnt")
    };
    let file = File::options().read(true).write(true).open(path).map_err(|e| wrong(&e))?;
    let head = Head::read(path, &file)?;
    if Digest::of(&head.statement) != *id {
        return Err(Error::verification(format!("{}: it is a volume of another bundle", path.display())));
    }
    if head.signatures.iter().any(|(n, bytes)| n == name && bytes == armour) {
        return Ok(());
    }
    if !allowed_name(name, "sig/", ".sshsig") || head.signatures.iter().any(|(n, _)| n == name) {
        return Err(Error::usage(format!("{}: a signature called {name:.100} cannot be added", path.display()))
            .hint("the same key has signed this volume before; the signature there stays"));
    }
    let size = armour.len() as u64;
    let (taken, free) = (occupied(size), head.end - head.space - BLOCK);
    if taken > free {
        return Err(Error::new(Kind::Space, format!("{}: there is no room for another signature {name}", path.display())));
    }
    if head.room != Room::Empty {
        let zeros = vec![0; free as usize];
        file.write_all_at(&zeros, head.space + BLOCK).and_then(|()| file.sync_data()).map_err(|e| wrong(&e))?;
    }
    let mut tail = armour.to_vec();
    tail.resize(tail.len() + padding(size) as usize, 0);
    tail.extend_from_slice(&header(SPACE, free - taken));
    file.write_all_at(&tail, head.space + BLOCK).and_then(|()| file.sync_data()).map_err(|e| wrong(&e))?;
    file.write_all_at(&header(name, size), head.space).and_then(|()| file.sync_data()).map_err(|e| wrong(&e))?;
    Head::read(path, &file).map(|_| ())
}
