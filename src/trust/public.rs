//! Public keys as OpenSSH writes them (RFC 4253, section 6.6; RFC 8709, section 4; OpenSSH PROTOCOL.u2f for FIDO2 keys).

use super::wire::{Reader, base64, put};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use data_encoding::{BASE64, BASE64_NOPAD};
use ed25519_dalek::VerifyingKey;
use std::fmt;

/// Longest public key line, comment included, in bytes.
pub const MAX_LINE_BYTES: usize = 1024;
/// Longest application name of a FIDO2 key.
const MAX_APPLICATION: usize = 64;

/// What kind of key it is; the names are OpenSSH's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `ssh-ed25519`.
    Ed25519,
    /// `sk-ssh-ed25519@openssh.com`: Ed25519 inside a FIDO2 authenticator, which signs flags of presence and PIN along.
    SkEd25519,
}

impl Algorithm {
    /// The name in key lines, key blobs and signatures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::SkEd25519 => "sk-ssh-ed25519@openssh.com",
        }
    }
}

/// An Ed25519 public key that is neither weak nor written in a second way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    point: [u8; 32],
    /// `Some` for FIDO2 keys only.
    application: Option<String>,
}

impl PublicKey {
    /// A key of 32 bytes (RFC 8032, section 5.1.2). Points of small order are refused, for which one signature fits any message, and
    /// encodings that are not the canonical one; stock verifiers accept both, so they must not enter a trust root.
    pub fn ed25519(point: [u8; 32]) -> Result<Self> {
        let key = VerifyingKey::from_bytes(&point).map_err(|_| refused("it is not a point of the curve"))?;
        if key.is_weak() {
            return Err(refused("it is a weak key: a point of small order"));
        }
        if !is_canonical(&point) {
            return Err(refused("it is not in canonical form"));
        }
        Ok(Self { point, application: None })
    }

    /// A key inside a FIDO2 authenticator; the application starts with `ssh:`.
    pub fn security_key(point: [u8; 32], application: &str) -> Result<Self> {
        let fits = application.len() <= MAX_APPLICATION && application.bytes().all(|b| b.is_ascii_graphic());
        if !application.starts_with("ssh:") || !fits {
            return Err(refused("its FIDO2 application is not an SSH one")
                .with("expected", "ssh:")
                .with("found", format!("{application:.80}")));
        }
        Ok(Self { application: Some(application.to_owned()), ..Self::ed25519(point)? })
    }

    /// Reads the binary form, to the last byte.
    pub fn from_blob(blob: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(blob);
        let damaged = || refused("it is damaged");
        let name = reader.text().ok_or_else(damaged)?;
        let is_sk = name == Algorithm::SkEd25519.name();
        if !is_sk && name != Algorithm::Ed25519.name() {
            return Err(refused("its type is not supported")
                .with("expected", "ssh-ed25519 or sk-ssh-ed25519@openssh.com")
                .with("found", format!("{name:.60}")));
        }
        let point = reader.string().and_then(|s| s.try_into().ok()).ok_or_else(damaged)?;
        let application = if is_sk { Some(reader.text().ok_or_else(damaged)?) } else { None };
        reader.finish().ok_or_else(damaged)?;
        application.map_or_else(|| Self::ed25519(point), |application| Self::security_key(point, application))
    }

    /// Reads `type base64 comment`, the content of a `.pub` file; returns the comment, which may be empty.
    pub fn from_line(line: &str) -> Result<(Self, String)> {
        let line = line.trim_end_matches(['\n', '\r', ' ']);
        if line.len() > MAX_LINE_BYTES || line.contains(['\n', '\r']) {
            return Err(refused("it is not one line of at most 1024 bytes"));
        }
        if line.starts_with("-----BEGIN") {
            return Err(refused("it is a private key, not a public one").hint("give the file that ends in .pub"));
        }
        let mut words = line.splitn(3, ' ');
        let (name, encoded) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let blob = base64(encoded).ok_or_else(|| refused("it is not an OpenSSH public key line").with("found", format!("{line:.80}")))?;
        let key = Self::from_blob(&blob)?;
        if name != key.algorithm().name() {
            return Err(refused("its line names another type than the key has").with("found", format!("{name:.60}")));
        }
        Ok((key, words.next().unwrap_or_default().to_owned()))
    }

    /// The binary form.
    pub fn blob(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, self.algorithm().name().as_bytes());
        put(&mut out, &self.point);
        if let Some(application) = &self.application {
            put(&mut out, application.as_bytes());
        }
        out
    }

    /// `type base64`, without a comment: the one form inside a trust root.
    pub fn line(&self) -> String {
        format!("{} {}", self.algorithm().name(), BASE64.encode(&self.blob()))
    }

    /// SHA-256 of the binary form: what the key is known by.
    pub fn id(&self) -> Digest {
        Digest::of(&self.blob())
    }

    /// `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64_NOPAD.encode(Digest::of(&self.blob()).as_bytes()))
    }

    /// The first 16 hex digits of the same digest, for file names.
    pub fn short(&self) -> String {
        Digest::of(&self.blob()).hex()[..16].to_owned()
    }

    /// What kind of key it is.
    pub fn algorithm(&self) -> Algorithm {
        if self.application.is_some() { Algorithm::SkEd25519 } else { Algorithm::Ed25519 }
    }

    /// The FIDO2 application, for keys inside an authenticator.
    pub fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    /// The 32 bytes of the curve point.
    pub fn point(&self) -> &[u8; 32] {
        &self.point
    }

    pub(super) fn verifying(&self) -> VerifyingKey {
        VerifyingKey::from_bytes(&self.point).expect("the point was checked when the key was made")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

fn refused(why: &str) -> Error {
    Error::verification(format!("the public key is refused: {why}"))
}

/// Whether y is below p = 2^255 - 19. The other ambiguity, a sign bit on x = 0, exists for two points of small order only.
fn is_canonical(point: &[u8; 32]) -> bool {
    let top = point[31] & 0x7f == 0x7f && point[1..31].iter().all(|b| *b == 0xff);
    !(top && point[0] >= 0xed)
}
