//! SHA-256 as identity (FIPS 180-4), written `sha256:<64 lower-case hex digits>` as in the OCI image specification, "Digests".

use crate::error::{Error, Kind, Result};
use sha2::Digest as _;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

static HASHED: AtomicU64 = AtomicU64::new(0);

/// How many bytes this process has hashed with SHA-256 so far: what each content byte costs can be seen from outside.
pub fn sha256_bytes() -> u64 {
    HASHED.load(Ordering::Relaxed)
}

/// The SHA-256 digest that names a blob.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of bytes at hand.
    pub fn of(bytes: &[u8]) -> Self {
        HASHED.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// A digest from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hex digits, without the algorithm.
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// Reads exactly 64 lower-case hex digits; anything else is refused before it can become part of a path or URL.
    pub fn from_hex(hex: &str) -> Result<Self> {
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok().and_then(|b| <[u8; 32]>::try_from(b).ok());
        bytes.map(Self).ok_or_else(|| {
            Error::new(Kind::Usage, "not a SHA-256 digest").with("expected", "64 lower-case hex digits").with("found", format!("{hex:.80}"))
        })
    }

    /// The same from a document that somebody signed: there it is that document that is wrong, and not how the command was used.
    pub fn from_signed(hex: &str) -> Result<Self> {
        Self::from_hex(hex).map_err(|error| error.of_kind(Kind::Verification))
    }

    /// The first 100 bits as four groups of five Crockford base32 characters, for reading aloud.
    pub fn spoken(&self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut out = String::with_capacity(23);
        for i in 0..20 {
            if i > 0 && i % 5 == 0 {
                out.push('-');
            }
            let bit = i * 5;
            let pair = u16::from(self.0[bit / 8]) << 8 | u16::from(self.0[bit / 8 + 1]);
            out.push(char::from(ALPHABET[usize::from(pair >> (11 - bit % 8) & 31)]));
        }
        out
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.strip_prefix("sha256:") {
            Some(hex) => Self::from_hex(hex),
            None => Err(Error::new(Kind::Usage, "not a SHA-256 digest")
                .with("expected", "sha256:<64 lower-case hex digits>")
                .with("found", format!("{text:.80}"))),
        }
    }
}

/// Hashes what is written through it and counts the bytes; nothing is kept.
#[derive(Clone, Default)]
pub struct Sha256Writer {
    hasher: sha2::Sha256,
    length: u64,
}

impl Sha256Writer {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        HASHED.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// How many bytes have been taken.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of all bytes taken.
    pub fn finish(self) -> Digest {
        Digest(self.hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn nothing_but_64_hex_digits_becomes_part_of_a_path() {
        let good = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(good.parse::<Digest>().map(|digest| digest.to_string()).ok(), Some(good.clone()));
        let bad = [
            good.to_uppercase(),
            good.replace('a', "A"),
            good[..70].to_owned(),
            format!("{good}0"),
            format!("{good}/"),
            good.replacen("0a", "..", 1),
            good.replacen("0a", "/a", 1),
            good.replacen("0a", "%2", 1),
            good.replace("sha256:", ""),
            good.replace("sha256:", "sha512:"),
            good.replace("sha256:", "sha256:../"),
            "sha256:".to_owned(),
            format!(" {good}"),
            format!("{good}\n"),
        ];
        for text in bad {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
