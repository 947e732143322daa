//! `docs/formats/bundle.md`, "Head": what stands at the beginning of every volume, so that any one of them can be told apart and checked
//! alone.

use super::bases::MAX_BASES_BYTES;
use super::frames::MAX_TABLE_BYTES;
use super::member::{BLOCK, SPACE, header, occupied, padding, parse};
use super::parents::MAX_PARENTS_BYTES;
use super::statement::{MAX_STATEMENT_BYTES, Statement};
use super::volumes::{ReadAt, read_at};
use crate::artifact::Digest;
use crate::error::{Error, Result, shown};
use crate::lock::MAX_LOCK_BYTES;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Name of the parity table in the head.
pub const PARITY: &str = "parity.bin";
/// Name of the list of bases in the head.
pub const BASES: &str = "bases.json";
/// Name of the list of parents in the head.
pub const PARENTS: &str = "parents.json";
/// Name of the list of their parents in the head.
pub const ANCESTORS: &str = "ancestors.json";
/// Room left for signatures in every head, in bytes.
pub const SIGNATURE_SPACE: u64 = 64 << 10;
/// Most signatures of one head.
pub const MAX_SIGNATURES: usize = 64;
/// Longest signature, in bytes.
pub const MAX_SIGNATURE_BYTES: u64 = 16 << 10;
/// Most trust files of one head.
pub const MAX_TRUST_FILES: usize = 256;
/// Most bytes of all trust files and signatures of one head: they are held in memory before anybody is believed.
pub const MAX_UNTRUSTED_BYTES: u64 = 4 << 20;
const MAX_README_BYTES: u64 = 64 << 10;

/// What the room for signatures holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Nothing: zeros to its end.
    Empty,
    /// A signature that was written but not made visible: signing was interrupted. It does not count and does no harm.
    Unfinished,
    /// Anything else, from this offset in the volume on.
    Unclear(u64),
}

/// A head that has been found, not yet believed.
#[derive(Debug, Clone)]
pub struct Head {
    /// The statement's exact bytes.
    pub statement: Arc<[u8]>,
    /// Which volume it says it is, from 0.
    pub volume: usize,
    /// Of how many it says it is one.
    pub(in crate::bundle) count: usize,
    /// Signatures: file name and bytes, in their order.
    pub signatures: Arc<Vec<(String, Vec<u8>)>>,
    /// Trust roots and their signatures: file name and bytes.
    pub trust: Arc<Vec<(String, Vec<u8>)>>,
    /// Where the other files of the head lie: offset and size.
    pub places: BTreeMap<String, (u64, u64)>,
    /// Offset at which the room for signatures begins.
    pub space: u64,
    /// What that room holds.
    pub room: Room,
    /// Offset at which the head ends and the payload begins.
    pub end: u64,
}

/// The text of a `volume.NNN` file.
fn volume_text(index: usize, count: usize, id: &Digest) -> String {
    format!("volume {} of {count} of bundle {}\n", index + 1, id.hex())
}

fn volume_file(index: usize) -> String {
    format!("volume.{:03}", index + 1)
}

/// How much a head takes, for a statement of at most `statement` bytes and the given files.
pub fn reserve(statement: u64, files: impl Iterator<Item = u64>) -> u64 {
    let fixed = occupied(statement) + occupied(256) + occupied(SIGNATURE_SPACE);
    (fixed + files.map(occupied).sum::<u64>()).next_multiple_of(4096)
}

/// The bytes of a head that fills exactly `length` bytes.
pub fn render(statement: &[u8], volume: usize, count: usize, files: &[(String, Vec<u8>)], length: u64) -> Vec<u8> {
    let text = volume_text(volume, count, &Digest::of(statement));
    let mut out = Vec::with_capacity(length as usize);
    let own = [("bundle.json", statement), (&volume_file(volume), text.as_bytes())];
    for (name, bytes) in own.into_iter().chain(files.iter().map(|(n, b)| (n.as_str(), b.as_slice()))) {
        out.extend_from_slice(&header(name, bytes.len() as u64));
        out.extend_from_slice(bytes);
        out.resize(out.len() + padding(bytes.len() as u64) as usize, 0);
    }
    let space = length - out.len() as u64 - BLOCK;
    out.extend_from_slice(&header(SPACE, space));
    out.resize(length as usize, 0);
    out
}

impl Head {
    /// Walks the head of a volume: every header is compared with the one it must be, padding must be zero, and only the statement,
    /// signatures and trust roots are read.
    pub fn read(path: &Path, file: &dyn ReadAt) -> Result<Self> {
        let mut head = Self {
            statement: Arc::default(),
            volume: 0,
            count: 0,
            signatures: Arc::default(),
            trust: Arc::default(),
            places: BTreeMap::new(),
            space: 0,
            room: Room::Empty,
            end: 0,
        };
        let mut at = 0;
        while head.end == 0 {
            let mut block = [0u8; 512];
            read_at(path, file, &mut block, at)?;
            let (name, size) = parse(&block, at).map_err(|e| e.about(shown(path)))?;
            if at == 0 && name != "bundle.json" {
                return Err(Error::verification(format!("{}: not an airlift volume", shown(path))));
            }
            head.take(path, file, &name, at, size).map_err(|e| e.with("volume", shown(path)))?;
            at += occupied(size);
        }
        if head.statement.is_empty() || !head.places.contains_key("lock.json") || !head.places.contains_key("frames.bin") {
            return Err(Error::verification(format!("{}: its head is incomplete", shown(path))));
        }
        Ok(head)
    }

    fn take(&mut self, path: &Path, file: &dyn ReadAt, name: &str, at: u64, size: u64) -> Result<()> {
        let data = at + BLOCK;
        let read = |most: u64| read_member(path, file, name, data, size, most);
        match name {
            "bundle.json" if at == 0 => self.statement = read(MAX_STATEMENT_BYTES as u64)?.into(),
            "lock.json" if !self.places.contains_key(name) => self.place(path, file, name, data, size, MAX_LOCK_BYTES as u64)?,
            "frames.bin" | PARITY if !self.places.contains_key(name) => self.place(path, file, name, data, size, MAX_TABLE_BYTES)?,
            BASES if !self.places.contains_key(name) => self.place(path, file, name, data, size, MAX_BASES_BYTES)?,
            PARENTS | ANCESTORS if !self.places.contains_key(name) => self.place(path, file, name, data, size, MAX_PARENTS_BYTES)?,
            "README" if !self.places.contains_key(name) => self.place(path, file, name, data, size, MAX_README_BYTES)?,
            SPACE => self.close(path, file, data, size)?,
            _ if name.starts_with("volume.") && !self.places.contains_key("volume") => {
                let text = read(256)?;
                self.volume = self.volume_of(name, &text)?;
                self.places.insert("volume".to_owned(), (data, size));
            }
            _ if allowed_name(name, "trust/", "") && self.trust.len() < MAX_TRUST_FILES && !self.holds(name) => {
                let bytes = read(self.room_left())?;
                Arc::make_mut(&mut self.trust).push((name.to_owned(), bytes));
            }
            _ if allowed_name(name, "sig/", ".sshsig") && self.signatures.len() < MAX_SIGNATURES && !self.holds(name) => {
                let bytes = read(MAX_SIGNATURE_BYTES.min(self.room_left()))?;
                Arc::make_mut(&mut self.signatures).push((name.to_owned(), bytes));
            }
            _ => return Err(Error::verification(format!("{name:.100} has no place in a volume's head")).with("at byte", at)),
        }
        Ok(())
    }

    /// Keeps one copy of what is the same in another head of the set. Gives the bytes of memory that this head still takes by itself.
    pub fn share(&mut self, other: Option<&Self>) -> u64 {
        let of_files = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, bytes)| 64 + (name.len() + bytes.len()) as u64).sum::<u64>();
        let mut own = 1024;
        match other {
            Some(other) if other.statement == self.statement => self.statement = Arc::clone(&other.statement),
            _ => own += self.statement.len() as u64,
        }
        for (mine, others) in [(&mut self.trust, other.map(|o| &o.trust)), (&mut self.signatures, other.map(|o| &o.signatures))] {
            match others {
                Some(others) if others == mine => *mine = Arc::clone(others),
                _ => own += of_files(mine),
            }
        }
        own
    }

    fn holds(&self, name: &str) -> bool {
        self.trust.iter().chain(self.signatures.iter()).any(|(known, _)| known == name)
    }

    /// How many bytes of trust files and signatures a reader would still take.
    pub fn room_left(&self) -> u64 {
        let held = self.trust.iter().chain(self.signatures.iter()).map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
        MAX_UNTRUSTED_BYTES.saturating_sub(held)
    }

    fn place(&mut self, path: &Path, file: &dyn ReadAt, name: &str, data: u64, size: u64, most: u64) -> Result<()> {
        if size > most {
            return Err(too_large(name, size, most));
        }
        zeros(path, file, data + size, padding(size))?;
        self.places.insert(name.to_owned(), (data, size));
        Ok(())
    }

    fn close(&mut self, path: &Path, file: &dyn ReadAt, data: u64, size: u64) -> Result<()> {
        if size > SIGNATURE_SPACE + (1 << 20) || padding(size) != 0 {
            return Err(too_large(SPACE, size, SIGNATURE_SPACE));
        }
        let mut bytes = vec![0; size as usize];
        read_at(path, file, &mut bytes, data)?;
        self.room = room(&bytes, data);
        self.space = data - BLOCK;
        self.end = data + size;
        Ok(())
    }

    /// Which volume a `volume.NNN` file stands for; the count of volumes is compared with the statement once that is believed.
    fn volume_of(&mut self, name: &str, text: &[u8]) -> Result<usize> {
        let wrong = || Error::verification(format!("{name:.20} does not name this bundle")).with("expected", Digest::of(&self.statement));
        let number: usize = name.strip_prefix("volume.").and_then(|n| n.parse().ok()).filter(|n| *n > 0).ok_or_else(wrong)?;
        let text = std::str::from_utf8(text).map_err(|_| wrong())?;
        let count = text.split(' ').nth(3).and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
        if name == volume_file(number - 1) && text == volume_text(number - 1, count, &Digest::of(&self.statement)) {
            self.count = count;
            return Ok(number - 1);
        }
        Err(wrong())
    }

    /// Refuses a room for signatures that holds anything but signatures.
    pub fn check_room(&self, path: &Path) -> Result<()> {
        let Room::Unclear(at) = self.room else { return Ok(()) };
        Err(Error::verification(format!("{}: the room for signatures is not empty", shown(path)))
            .with("at byte", at)
            .hint("signing it was interrupted, or the medium is damaged: sign it again with airlift sign, or copy it again"))
    }

    /// Compares the volume's number with a statement that is believed.
    pub fn check_volume(&self, path: &Path, statement: &Statement) -> Result<()> {
        let fits = self.places.contains_key("volume") && self.count == statement.volumes.len() && self.volume < self.count;
        if fits { Ok(()) } else { Err(Error::verification(format!("{}: its volume number is not one of the set", shown(path)))) }
    }

    /// Every file the statement pins, except the large ones, must be here and nothing else may be.
    pub fn check_files(&self, path: &Path, statement: &Statement) -> Result<()> {
        let here = self.places.keys().filter(|n| *n != "volume").chain(self.trust.iter().map(|(n, _)| n));
        let mut here: Vec<&String> = here.collect();
        here.sort();
        if !here.iter().copied().eq(statement.files.keys()) {
            return Err(Error::verification(format!("{}: its head does not hold the files the statement names", shown(path))));
        }
        for (name, bytes) in self.trust.iter() {
            check_pin(path, statement, name, bytes)?;
        }
        Ok(())
    }

    /// Reads a file of the head and compares it with its pin.
    pub fn pinned(&self, path: &Path, file: &dyn ReadAt, statement: &Statement, name: &str) -> Result<Vec<u8>> {
        let (offset, size) = self.places[name];
        let pinned = statement.files.get(name).map_or(0, |p| p.size);
        if size != pinned {
            return Err(Error::verification(format!("{}: {name} has the wrong length", shown(path)))
                .with("expected", pinned)
                .with("found", size));
        }
        let mut bytes = vec![0; size as usize];
        read_at(path, file, &mut bytes, offset)?;
        check_pin(path, statement, name, &bytes)?;
        Ok(bytes)
    }
}

/// What the bytes of a room are, which begins at an offset.
pub fn room(bytes: &[u8], at: u64) -> Room {
    match bytes.iter().position(|b| *b != 0) {
        None => Room::Empty,
        Some(_) if unfinished(bytes) => Room::Unfinished,
        Some(n) => Room::Unclear(at + n as u64),
    }
}

/// Whether an empty room holds what `append_signature` leaves when it is interrupted: a signature's bytes, then the header of the smaller
/// room behind them, then zeros.
fn unfinished(room: &[u8]) -> bool {
    let block = BLOCK as usize;
    let mut ends = (block..=MAX_SIGNATURE_BYTES as usize).step_by(block).filter(|end| end + block <= room.len());
    ends.any(|end| {
        room[end..end + block] == header(SPACE, (room.len() - end - block) as u64) && room[end + block..].iter().all(|b| *b == 0)
    })
}

fn check_pin(path: &Path, statement: &Statement, name: &str, bytes: &[u8]) -> Result<()> {
    let found = Digest::of(bytes);
    match statement.files.get(name) {
        Some(pin) if pin.sha256 == found && pin.size == bytes.len() as u64 => Ok(()),
        pin => Err(Error::verification(format!("{}: {name} is not the file that was signed", shown(path)))
            .with("expected", pin.map_or_else(|| "no such file".to_owned(), |p| p.sha256.to_string()))
            .with("found", found)),
    }
}

fn read_member(path: &Path, file: &dyn ReadAt, name: &str, data: u64, size: u64, most: u64) -> Result<Vec<u8>> {
    if size > most {
        return Err(too_large(name, size, most));
    }
    let mut bytes = vec![0; size as usize];
    read_at(path, file, &mut bytes, data)?;
    zeros(path, file, data + size, padding(size))?;
    Ok(bytes)
}

fn zeros(path: &Path, file: &dyn ReadAt, at: u64, length: u64) -> Result<()> {
    let mut bytes = vec![0xff; length as usize];
    read_at(path, file, &mut bytes, at)?;
    match bytes.iter().position(|b| *b != 0) {
        None => Ok(()),
        Some(n) => Err(Error::verification("padding that must be zero is not").with("at byte", at + n as u64)),
    }
}

fn too_large(name: &str, size: u64, most: u64) -> Error {
    Error::verification(format!("{name:.100} is too large"))
        .with("expected", format!("at most {most} bytes"))
        .with("found", format!("{size} bytes"))
}

/// Names below a folder of the head: one segment of letters, digits, `.`, `-`, `_`, `@`, `+`, not hidden.
pub fn allowed_name(name: &str, folder: &str, ending: &str) -> bool {
    let Some(rest) = name.strip_prefix(folder) else { return false };
    rest.ends_with(ending) && !rest.starts_with('.') && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_@+".contains(&b))
}
