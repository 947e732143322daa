//! What is said against a key: why it counts no more, and which of its bundles still do.

use super::sequence::Mark;
use super::terms::refused;
use crate::artifact::{Digest, LARGEST, check_word};
use crate::error::{Error, Result};
use data_encoding::BASE64_NOPAD;
use serde::{Deserialize, Serialize};

/// Most bundles a revocation spares in a root.
const MOST_SPARED: usize = 64;

/// Why a key counts no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody else may have it.
    Compromised,
    /// It was replaced, and nothing is known against it.
    Retired,
    /// Nobody has it any more, as far as is known.
    Lost,
}

impl Reason {
    /// Every reason there is; the place is the number in the typed form.
    pub const ALL: [Self; 3] = [Self::Compromised, Self::Retired, Self::Lost];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compromised => "compromised",
            Self::Retired => "retired",
            Self::Lost => "lost",
        }
    }

    /// The reason of that name.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name).ok_or_else(|| {
            Error::verification("the reason of a revocation is unknown")
                .with("expected", "compromised, retired or lost")
                .with("found", format!("{name:.40}"))
        })
    }
}

/// A key that counts no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// SHA-256 of the key's binary form.
    pub key: Digest,
    /// Why.
    pub reason: Reason,
    /// What it still counts for: these bundles, and no others.
    pub last_good: Vec<Mark>,
}

impl Revoked {
    /// The key as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.key)
    }

    /// Whether the key still counts over a document.
    pub fn spares(&self, document: &Digest) -> bool {
        self.last_good.iter().any(|good| good.id == *document)
    }

    pub(super) fn check(&self) -> Result<()> {
        let about = |why: &str| refused(why).with("key", self.fingerprint());
        if self.last_good.len() > MOST_SPARED {
            return Err(about("a revocation spares too many bundles").with("expected", format!("at most {MOST_SPARED}")));
        }
        for (n, good) in self.last_good.iter().enumerate() {
            check_word("toolkit name", &good.name)?;
            check_word("release line", &good.line)?;
            if good.seq == 0 || good.seq.max(good.epoch) > LARGEST {
                return Err(about("the number of a last good bundle is out of range"));
            }
            if self.last_good[..n].iter().any(|other| (&other.name, &other.line) == (&good.name, &good.line)) {
                return Err(about("a revocation names two last good bundles of one line"));
            }
        }
        Ok(())
    }
}

/// `SHA256:` and base64 without padding.
pub fn fingerprint(key: &Digest) -> String {
    format!("SHA256:{}", BASE64_NOPAD.encode(key.as_bytes()))
}

/// Reads a key's fingerprint as `ssh-keygen -l` prints it, in its one form.
pub fn key_digest(text: &str) -> Result<Digest> {
    let bytes = text.strip_prefix("SHA256:").and_then(|rest| BASE64_NOPAD.decode(rest.as_bytes()).ok());
    let digest = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(Digest::from_bytes);
    digest.filter(|digest| fingerprint(digest) == text).ok_or_else(|| {
        Error::verification("this is not the fingerprint of a key")
            .with("expected", "SHA256: and 43 characters, as ssh-keygen -l prints it")
            .with("found", format!("{text:.80}"))
    })
}

/// The wire form, in roots and in revocations.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireLastGood {
    bundle: String,
    epoch: u64,
    line: String,
    name: String,
    seq: u64,
}

impl WireLastGood {
    pub(super) fn into_domain(self) -> Result<Mark> {
        let id = Digest::from_hex(&self.bundle).map_err(|e| e.of_kind(crate::error::Kind::Verification).about("a last good bundle"))?;
        Ok(Mark { name: self.name, line: self.line, epoch: self.epoch, seq: self.seq, id })
    }

    pub(super) fn from_domain(good: &Mark) -> Self {
        Self { bundle: good.id.hex(), epoch: good.epoch, line: good.line.clone(), name: good.name.clone(), seq: good.seq }
    }
}
