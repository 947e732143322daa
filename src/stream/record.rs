//! `docs/formats/stream.md`, "Record": the bytes of one, and what makes it one.

use crate::artifact::{Digest, LARGEST};
use crate::bundle::MAX_VOLUMES;

/// What every record begins with.
pub const MARK: [u8; 8] = *b"ALSTREAM";
/// Format version.
pub const VERSION: u8 = 1;
/// Bytes before the payload.
pub const HEADER: usize = 80;
/// Bytes after it: the beginning of the BLAKE3 of all before.
pub const CHECK: usize = 16;
/// Volumes are whole blocks of tar, and so are payloads.
pub const BLOCK: u64 = 512;
/// Longest payload: the longest that fits into a datagram, in whole blocks.
pub const LONGEST_PAYLOAD: usize = 65024;
/// Most bytes of a group of records that are recovered together.
pub const LONGEST_GROUP: u64 = 4 << 20;
/// Recovery records that a group may have beyond one for each of its data records.
pub const SPARE: u16 = 16;

/// Which signatures a volume carried when it was sent: the same bundle can be sent again with more of them.
pub type Edition = [u8; 8];

/// What a record is, before its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The bundle it says it belongs to.
    pub bundle: Digest,
    /// The edition of the volume.
    pub edition: Edition,
    /// The volume, from 0.
    pub volume: u16,
    /// Of how many.
    pub volumes: u16,
    /// Length of the volume in bytes.
    pub length: u64,
    /// Where in the volume the payload, or the group it recovers, begins.
    pub offset: u64,
    /// Length of the payload.
    pub payload: u16,
    /// What the payload is.
    pub content: Content,
}

/// What the payload of a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Bytes of the volume; beyond its end, zeros.
    Data,
    /// What some data records of a group can be computed from.
    Recovery {
        /// Data records of the group.
        originals: u16,
        /// Recovery records of the group.
        recoveries: u16,
        /// Which of those it is, from 0.
        index: u16,
    },
}

impl Header {
    /// Length of the whole record.
    pub fn record_length(&self) -> usize {
        HEADER + usize::from(self.payload) + CHECK
    }

    /// How many bytes of the volume a data record holds.
    pub fn bytes(&self) -> u64 {
        u64::from(self.payload).min(self.length - self.offset)
    }

    /// The whole record.
    pub fn record(&self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.record_length());
        let (kind, originals, recoveries, index) = match self.content {
            Content::Data => (0, 0, 0, 0),
            Content::Recovery { originals, recoveries, index } => (1, originals, recoveries, index),
        };
        out.extend_from_slice(&MARK);
        out.extend_from_slice(&[VERSION, kind]);
        [self.payload, self.volume, self.volumes].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        [self.length, self.offset].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        [originals, recoveries, index, 0].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        out.extend_from_slice(&self.edition);
        out.extend_from_slice(self.bundle.as_bytes());
        out.extend_from_slice(payload);
        out.resize(HEADER + usize::from(self.payload), 0);
        let check = blake3::hash(&out);
        out.extend_from_slice(&check.as_bytes()[..CHECK]);
        out
    }

    /// What the first [`HEADER`] bytes of a record say, when a record may begin like that. The check comes after.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEADER)?;
        if bytes[..8] != MARK || bytes[8] != VERSION || number(bytes, 38) != 0 {
            return None;
        }
        let content = match (bytes[9], number(bytes, 32), number(bytes, 34), number(bytes, 36)) {
            (0, 0, 0, 0) => Content::Data,
            (1, originals, recoveries, index) => Content::Recovery { originals, recoveries, index },
            _ => return None,
        };
        let header = Self {
            bundle: Digest::from_bytes(array(bytes, 48)),
            edition: array(bytes, 40),
            volume: number(bytes, 12),
            volumes: number(bytes, 14),
            length: u64::from_le_bytes(array(bytes, 16)),
            offset: u64::from_le_bytes(array(bytes, 24)),
            payload: number(bytes, 10),
            content,
        };
        header.is_possible().then_some(header)
    }

    /// The rules of the format for what one header says.
    fn is_possible(&self) -> bool {
        let payload = u64::from(self.payload);
        let whole = |n: u64| n > 0 && n.is_multiple_of(BLOCK);
        let group = match self.content {
            Content::Data => payload,
            Content::Recovery { originals, recoveries, index } => {
                if originals == 0 || index >= recoveries || recoveries > originals.saturating_add(SPARE) {
                    return false;
                }
                payload * u64::from(originals)
            }
        };
        whole(payload)
            && usize::from(self.payload) <= LONGEST_PAYLOAD
            && group <= LONGEST_GROUP
            && self.volume < self.volumes
            && usize::from(self.volumes) <= MAX_VOLUMES
            && whole(self.length)
            && self.length <= LARGEST
            && self.offset < self.length
            && self.offset.is_multiple_of(payload)
    }

    /// Whether a whole record is what was sent.
    pub fn is_intact(record: &[u8]) -> bool {
        record.len().checked_sub(CHECK).is_some_and(|end| blake3::hash(&record[..end]).as_bytes()[..CHECK] == record[end..])
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

fn number(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}
