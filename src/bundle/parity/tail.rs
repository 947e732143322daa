//! The second room for signatures, with which a volume with parity ends: where a sector of the head is lost, who signed is not.

use crate::bundle::head::{MAX_SIGNATURE_BYTES, MAX_SIGNATURES, Room, allowed_name, room};
use crate::bundle::member::{BLOCK, END, SPACE, header, occupied, parse};
use crate::bundle::volumes::{ReadAt, read_at};
use crate::error::{Error, Result, shown};
use std::path::Path;

/// Bytes from the beginning of the room to the end of the volume: whole sectors, the last 1024 bytes ending the archive.
pub const TAIL: u64 = 17 * 4096;

/// What stands in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Signatures: file name and bytes, in their order.
    pub signatures: Vec<(String, Vec<u8>)>,
    /// Offset of the header of what is left of the room.
    pub space: u64,
    /// Bytes that are left.
    pub free: u64,
    /// What they are.
    pub room: Room,
}

/// The room when nobody has signed.
pub fn empty() -> Vec<u8> {
    let mut bytes = header(SPACE, TAIL - BLOCK - END).to_vec();
    bytes.resize(TAIL as usize, 0);
    bytes
}

impl Tail {
    /// Whether it holds nothing but signatures, and what an interrupted signing leaves.
    pub const fn is_sound(&self) -> bool {
        !matches!(self.room, Room::Unclear(_))
    }

    /// Reads the room that begins at an offset.
    pub fn read(path: &Path, file: &dyn ReadAt, at: u64) -> Result<Self> {
        let mut bytes = vec![0; TAIL as usize];
        read_at(path, file, &mut bytes, at)?;
        Self::parse(&bytes, at).map_err(|e| e.about(shown(path)))
    }

    fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let wrong = || Error::verification("its second room for signatures is damaged").with("at byte", at);
        let (mut signatures, mut from, end) = (Vec::new(), 0, bytes.len() - END as usize);
        loop {
            let block = bytes[..end].get(from..from + BLOCK as usize).and_then(|b| b.try_into().ok()).ok_or_else(wrong)?;
            let (name, size) = parse(block, at + from as u64).map_err(|_| wrong())?;
            let data = from + BLOCK as usize;
            if name == SPACE {
                let room = room(&bytes[data..end], at + data as u64);
                let ends = bytes[end..].iter().all(|b| *b == 0) && data as u64 + size == end as u64;
                let tail = Self { signatures, space: at + from as u64, free: size, room };
                return if ends { Ok(tail) } else { Err(wrong()) };
            }
            let known = signatures.iter().any(|(other, _)| *other == name) || signatures.len() >= MAX_SIGNATURES;
            if known || size > MAX_SIGNATURE_BYTES || !allowed_name(&name, "sig/", ".sshsig") {
                return Err(wrong());
            }
            signatures.push((name, bytes[..end].get(data..data + size as usize).ok_or_else(wrong)?.to_vec()));
            from += occupied(size) as usize;
        }
    }
}
