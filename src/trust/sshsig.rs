//! SSHSIG, version 1 (OpenSSH PROTOCOL.sshsig): armoured signatures that `ssh-keygen -Y verify` checks and `-Y sign` makes.
//!
//! Stock readers verify the first armour in a file and ignore what follows; here a file is one armour and not one byte more.

use super::public::{Algorithm, PublicKey};
use super::wire::{Reader, base64, put};
use crate::error::{Error, Result};
use data_encoding::BASE64;
use sha2::{Digest as _, Sha256, Sha512};

/// Longest signature file, in bytes.
pub const MAX_SIGNATURE_BYTES: usize = 4096;
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "-----END SSH SIGNATURE-----\n";
const MAGIC: &[u8; 6] = b"SSHSIG";
/// Where OpenSSH breaks the armour.
const WIDTH: usize = 70;
/// The longest line of other writers (RFC 2045, section 6.8).
const WIDEST: usize = 76;
/// User present, user verified (`WebAuthn`, section 6.1, "flags").
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;

/// Something that can sign: a key file that was opened, or a key inside an agent.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs bytes as they are; returns an SSH signature (RFC 8709, section 6; PROTOCOL.u2f, "SSH U2F signatures").
    fn sign_ssh(&self, message: &[u8]) -> Result<Vec<u8>>;
}

/// What a FIDO2 authenticator said about the moment of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Somebody touched it.
    pub presence: bool,
    /// Somebody gave its PIN or fingerprint.
    pub pin: bool,
}

/// Proof that a signature fits a message; only [`Signature::verify`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed {
    /// The key that signed.
    pub key: PublicKey,
    /// For keys inside an authenticator only.
    pub token: Option<Token>,
}

/// A signature that was read and not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    key: PublicKey,
    namespace: String,
    hash: Hash,
    raw: Raw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha512,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Raw {
    bytes: [u8; 64],
    /// Flags and counter of an authenticator.
    token: Option<(u8, u32)>,
}

impl Signature {
    /// Reads a signature file: one armour, line feeds only, nothing before, between or after.
    pub fn parse(armour: &[u8]) -> Result<Self> {
        if armour.len() > MAX_SIGNATURE_BYTES {
            return Err(wrong("it is too large").with("expected", format!("at most {MAX_SIGNATURE_BYTES} bytes")));
        }
        let blob = unarmour(armour).ok_or_else(|| wrong("it is not one SSH signature armour with line feeds, to the last byte"))?;
        Self::from_blob(&blob)
    }

    fn from_blob(blob: &[u8]) -> Result<Self> {
        let damaged = || wrong("its content is damaged");
        let mut reader = Reader::new(blob);
        if reader.take(6).ok_or_else(damaged)? != MAGIC || reader.number().ok_or_else(damaged)? != 1 {
            return Err(wrong("it is not SSHSIG version 1"));
        }
        let key = PublicKey::from_blob(reader.string().ok_or_else(damaged)?).map_err(|e| e.about("signature"))?;
        let namespace = reader.text().ok_or_else(damaged)?.to_owned();
        if !reader.string().ok_or_else(damaged)?.is_empty() {
            return Err(wrong("its reserved field is not empty"));
        }
        let hash = match reader.text().ok_or_else(damaged)? {
            "sha256" => Hash::Sha256,
            "sha512" => Hash::Sha512,
            other => {
                return Err(wrong("its hash is not supported").with("expected", "sha512 or sha256").with("found", format!("{other:.40}")));
            }
        };
        let raw = Raw::parse(reader.string().ok_or_else(damaged)?, &key)?;
        reader.finish().ok_or_else(damaged)?;
        Ok(Self { key, namespace, hash, raw })
    }

    /// The key the signature says it is from; proves nothing before [`Signature::verify`].
    pub fn claimed_key(&self) -> &PublicKey {
        &self.key
    }

    /// The signature alone, for the typed form: hash and kind, the flags and counter of an authenticator, 64 bytes.
    pub(super) fn packed(&self) -> Vec<u8> {
        let mut out = vec![u8::from(self.hash == Hash::Sha256) << 1 | u8::from(self.raw.token.is_some())];
        if let Some((flags, counter)) = self.raw.token {
            out.push(flags);
            out.extend_from_slice(&counter.to_be_bytes());
        }
        out.extend_from_slice(&self.raw.bytes);
        out
    }

    /// The armour again; `None` for what [`Signature::packed`] does not make of a signature by that key.
    pub(super) fn unpacked(key: &PublicKey, namespace: &str, packed: &[u8]) -> Option<String> {
        let mut reader = Reader::new(packed);
        let (kind, is_sk) = (reader.byte()?, key.algorithm() == Algorithm::SkEd25519);
        if kind > 3 || (kind & 1 == 1) != is_sk {
            return None;
        }
        let hash = if kind & 2 == 0 { Hash::Sha512 } else { Hash::Sha256 };
        let token = if is_sk { reader.take(5)? } else { &[] };
        let bytes = reader.take(64)?;
        reader.finish()?;
        let mut signature = Vec::new();
        put(&mut signature, key.algorithm().name().as_bytes());
        put(&mut signature, bytes);
        signature.extend_from_slice(token);
        Some(armoured(key, namespace, hash, &signature))
    }

    /// What it was made for.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Verifies it over a message, strictly (RFC 8032 without weak keys, weak R, or S out of range).
    pub fn verify(&self, namespace: &str, message: &[u8]) -> Result<Signed> {
        if self.namespace != namespace {
            return Err(Error::verification("signed for another purpose")
                .with("expected", namespace)
                .with("found", format!("{:.60}", self.namespace)));
        }
        self.raw.verify(&self.key, &to_be_signed(namespace, self.hash, message))
    }
}

impl Raw {
    fn parse(blob: &[u8], key: &PublicKey) -> Result<Self> {
        let damaged = || wrong("its content is damaged");
        let mut reader = Reader::new(blob);
        if reader.text().ok_or_else(damaged)? != key.algorithm().name() {
            return Err(wrong("it is of another type than its key"));
        }
        let bytes = reader.string().and_then(|s| s.try_into().ok()).ok_or_else(damaged)?;
        let token = match key.algorithm() {
            Algorithm::Ed25519 => None,
            Algorithm::SkEd25519 => Some((reader.byte().ok_or_else(damaged)?, reader.number().ok_or_else(damaged)?)),
        };
        reader.finish().ok_or_else(damaged)?;
        Ok(Self { bytes, token })
    }

    fn verify(&self, key: &PublicKey, signed: &[u8]) -> Result<Signed> {
        let framed = match (self.token, key.application()) {
            (Some((flags, counter)), Some(application)) => &authenticator_bytes(application, flags, counter, signed),
            _ => signed,
        };
        let verified = key.verifying().verify_strict(framed, &ed25519_dalek::Signature::from_bytes(&self.bytes));
        verified.map_err(|_| Error::verification("the signature does not fit what it is said to sign").with("key", key.fingerprint()))?;
        let token = self.token.map(|(flags, _)| Token { presence: flags & PRESENT != 0, pin: flags & VERIFIED != 0 });
        Ok(Signed { key: key.clone(), token })
    }
}

/// Signs a message in a namespace; returns the file's content. The fresh signature is verified before it is released, so that a fault
/// while signing cannot leak a key.
pub fn sign(signer: &dyn Signer, namespace: &str, message: &[u8]) -> Result<String> {
    let framed = to_be_signed(namespace, Hash::Sha512, message);
    let signature = signer.sign_ssh(&framed)?;
    let key = signer.public_key();
    Raw::parse(&signature, key).and_then(|raw| raw.verify(key, &framed)).map_err(|e| e.about("the signature just made"))?;
    Ok(armoured(key, namespace, Hash::Sha512, &signature))
}

fn armoured(key: &PublicKey, namespace: &str, hash: Hash, signature: &[u8]) -> String {
    let mut blob = MAGIC.to_vec();
    blob.extend_from_slice(&1u32.to_be_bytes());
    for part in [&key.blob()[..], namespace.as_bytes(), b"", hash.name().as_bytes(), signature] {
        put(&mut blob, part);
    }
    armour(&blob)
}

/// The SSH signature of plain Ed25519.
pub(super) fn ed25519_signature(bytes: &[u8; 64]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, Algorithm::Ed25519.name().as_bytes());
    put(&mut out, bytes);
    out
}

/// What an authenticator really signs (PROTOCOL.u2f, "SSH U2F signatures").
fn authenticator_bytes(application: &str, flags: u8, counter: u32, message: &[u8]) -> Vec<u8> {
    let mut out = Sha256::digest(application).to_vec();
    out.push(flags);
    out.extend_from_slice(&counter.to_be_bytes());
    out.extend_from_slice(&Sha256::digest(message));
    out
}

fn to_be_signed(namespace: &str, hash: Hash, message: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for part in [namespace.as_bytes(), b"", hash.name().as_bytes(), &hash.of(message)] {
        put(&mut out, part);
    }
    out
}

impl Hash {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

fn armour(blob: &[u8]) -> String {
    let encoded = BASE64.encode(blob);
    let mut out = String::from(BEGIN);
    for line in encoded.as_bytes().chunks(WIDTH) {
        out.extend(line.iter().copied().map(char::from));
        out.push('\n');
    }
    out + END
}

fn unarmour(armour: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(armour).ok()?;
    let body = text.strip_prefix(BEGIN)?.strip_suffix(END)?.strip_suffix('\n')?;
    let lines: Vec<&str> = body.split('\n').collect();
    if lines.iter().any(|line| line.is_empty() || line.len() > WIDEST) {
        return None;
    }
    base64(&lines.concat())
}

fn wrong(why: &str) -> Error {
    Error::verification(format!("the signature is refused: {why}"))
}
