//! Signatures of version 4 (RFC 9580, section 5.2): what they are of, by which algorithms, and what they say in the part that is signed.

use super::material::{Hash, PublicKey};
use super::packet::Cursor;

/// Types of signatures.
pub(super) mod kind {
    pub(crate) const TEXT: u8 = 0x01;
    pub(crate) const CERTIFICATIONS: std::ops::RangeInclusive<u8> = 0x10..=0x13;
    pub(crate) const BINDING: u8 = 0x18;
    pub(crate) const BACK: u8 = 0x19;
    pub(crate) const DIRECT: u8 = 0x1f;
    pub(crate) const REVOKES_KEY: u8 = 0x20;
    pub(crate) const REVOKES_SUBKEY: u8 = 0x28;
    pub(crate) const REVOKES_CERTIFICATION: u8 = 0x30;
}

/// Subpackets that may be marked as ones to be understood: those that are read here, and those that change nothing about a verification.
const UNDERSTOOD: [u8; 18] = [2, 3, 9, 11, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 34];
/// The flag of a key that may sign.
const SIGNS: u8 = 0x02;

/// A signature.
#[derive(Clone)]
pub(super) struct Signature<'a> {
    pub kind: u8,
    algorithm: u8,
    hash: Option<Hash>,
    /// From the version to the end of the signed subpackets.
    hashed: &'a [u8],
    numbers: &'a [u8],
    /// When it was made, in seconds since 1970, as it says.
    pub created: Option<u64>,
    /// Whether it says that it ends.
    pub expires: bool,
    /// How many seconds after a key was made it ends; 0 for never.
    pub key_lifetime: u64,
    flags: Option<u8>,
    /// A signature within.
    pub embedded: Option<&'a [u8]>,
    understood: bool,
}

impl<'a> Signature<'a> {
    /// Reads a packet's body; `None` for other versions.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        let head = cursor.take(4)?;
        if head[0] != 4 {
            return None;
        }
        let length = cursor.number(2)?;
        let subpackets = cursor.take(length)?;
        let hashed = &body[..6 + length];
        let length = cursor.number(2)?;
        let beside = cursor.take(length)?;
        // The two bytes that follow are for finding out early that a signature does not fit.
        cursor.take(2)?;
        let mut signature = Self {
            kind: head[1],
            algorithm: head[2],
            hash: Hash::of(head[3]),
            hashed,
            numbers: cursor.0,
            created: None,
            expires: false,
            key_lifetime: 0,
            flags: None,
            embedded: None,
            understood: true,
        };
        signature.subpackets(Cursor(subpackets), true)?;
        signature.subpackets(Cursor(beside), false)?;
        Some(signature)
    }

    /// Reads subpackets. Of those that are not signed only a signature within counts, which proves itself; the rest could be anybody's.
    fn subpackets(&mut self, mut cursor: Cursor<'a>, signed: bool) -> Option<()> {
        while !cursor.is_done() {
            let length = cursor.length(false)?;
            let mut body = Cursor(cursor.take(length)?);
            let (kind, critical) = body.byte().map(|kind| (kind & 0x7f, kind & 0x80 != 0))?;
            match kind {
                other if !signed && other != 32 => {}
                2 => self.created = Some(body.number(4)? as u64),
                3 => self.expires |= body.number(4)? != 0,
                9 => self.key_lifetime = body.number(4)? as u64,
                27 => self.flags = Some(body.byte()?),
                32 => self.embedded = Some(body.0),
                other => self.understood &= !critical || UNDERSTOOD.contains(&other),
            }
        }
        Some(())
    }

    /// Whether it is by a key over what is signed, followed by what it says of itself.
    pub(super) fn verifies(&self, key: &PublicKey, signed: &[u8]) -> bool {
        let Some(hash) = self.hash.filter(|_| self.understood && self.created.is_some()) else { return false };
        let length = u32::try_from(self.hashed.len()).unwrap_or(u32::MAX);
        let trailer = [&[4, 0xff][..], &length.to_be_bytes()].concat();
        key.verifies(self.algorithm, hash, &[signed, self.hashed, &trailer].concat(), Cursor(self.numbers))
    }

    /// Whether the key that it is about may sign; `None` where it does not say.
    pub(super) fn lets_sign(&self) -> Option<bool> {
        self.flags.map(|flags| flags & SIGNS != 0)
    }

    /// Whether its digest is of a kind that is taken.
    pub(super) const fn is_modern(&self) -> bool {
        self.hash.is_some()
    }
}
