//! Certificates, called public keys by `gpg` (RFC 9580, section 10.1): a key that certifies itself and the keys below it.

use super::material::PublicKey;
use super::signature::{Signature, kind};
use super::{armour, cleartext, packet};

const PUBLIC_KEY: u8 = 6;
const SIGNATURE: u8 = 2;
const USER_ID: u8 = 13;
const SUBKEY: u8 = 14;
const MARKER: u8 = 10;
const TRUST: u8 = 12;

/// A key that signs texts: the first one of a certificate, or one below it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signing {
    key: PublicKey,
    /// The second it ends at; `None` for never.
    ends: Option<u64>,
}

/// A certificate, with the keys of it that may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    fingerprint: String,
    signing: Vec<Signing>,
}

/// A packet with the signatures that follow it.
struct Part<'a> {
    tag: u8,
    body: &'a [u8],
    signatures: Vec<Signature<'a>>,
}

impl Certificate {
    /// Reads one armoured certificate; why it is none, or can sign nothing that is judged, where that is so.
    pub fn read(text: &str) -> Result<Self, String> {
        let bytes = armour::read(text, "PGP PUBLIC KEY BLOCK")?;
        let parts = parts(&bytes)?;
        let (first, rest) = parts.split_first().ok_or("it is empty")?;
        if first.tag != PUBLIC_KEY || rest.iter().any(|part| part.tag == PUBLIC_KEY) {
            return Err("it is not one public key".to_owned());
        }
        let primary = PublicKey::read(first.body)
            .filter(PublicKey::is_known)
            .ok_or("its first key is of a kind that is not judged: version 4 with RSA, Ed25519, or ECDSA on P-256 or P-384 is")?;
        let hashed = primary.hashed();
        if first.signatures.iter().any(|s| s.kind == kind::REVOKES_KEY && s.verifies(&primary, &hashed)) {
            return Err("it was revoked by its owner".to_owned());
        }
        let newest = own_signatures(&primary, first, rest).max_by_key(|signature| signature.created);
        let newest = newest.ok_or_else(|| unsigned(&parts))?;
        let ends = ends(&primary, newest);
        let mut signing = Vec::new();
        if newest.lets_sign().unwrap_or(true) {
            signing.push(Signing { key: primary.clone(), ends });
        }
        signing.extend(rest.iter().filter(|part| part.tag == SUBKEY).filter_map(|part| subkey(&primary, ends, part)));
        if signing.is_empty() {
            return Err("none of its keys may sign, or they are of kinds that are not judged".to_owned());
        }
        Ok(Self { fingerprint: primary.fingerprint(), signing })
    }

    /// The fingerprint, as `gpg` prints it without spaces.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The lines of a clear-signed message that one of its keys signed, without escapes and without white space at their ends; why there are none, where so.
    pub fn verify(&self, message: &[u8]) -> Result<Vec<String>, String> {
        let (lines, armoured) = cleartext::read(message)?;
        let text = cleartext::canonical(&lines);
        let bytes = armour::read(&armoured, "PGP SIGNATURE")?;
        let packets = packet::all(&bytes)?;
        let mut why = "its signature is not by this key".to_owned();
        for (tag, body) in packets {
            let signature = Some(body).filter(|_| tag == SIGNATURE).and_then(Signature::read);
            let Some(signature) = signature else {
                "its signature is of a kind that is not judged".clone_into(&mut why);
                continue;
            };
            match self.judge(&signature, &text) {
                Ok(()) => return Ok(lines.iter().map(|line| cleartext::signed(line).to_owned()).collect()),
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    fn judge(&self, signature: &Signature<'_>, text: &[u8]) -> Result<(), String> {
        if signature.kind != kind::TEXT {
            return Err("its signature is not one of a text".to_owned());
        }
        if !signature.is_modern() {
            return Err(
                "its signature is over a digest that is not taken any more, or not known: SHA-256, SHA-384 and SHA-512 are".to_owned()
            );
        }
        let by = self.signing.iter().find(|signing| signature.verifies(&signing.key, text));
        let (by, made) = by.zip(signature.created).ok_or("its signature is not by this key, or the text was changed")?;
        if signature.expires {
            return Err("its signature says that it ends, and nothing here knows what time it is".to_owned());
        }
        if made < by.key.created || by.ends.is_some_and(|ends| made >= ends) {
            return Err("its signature was made when the key was not valid, as both say themselves".to_owned());
        }
        Ok(())
    }
}

/// Packets by what they belong to. Signatures of other versions say nothing, and neither do markers.
fn parts(bytes: &[u8]) -> Result<Vec<Part<'_>>, String> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for (tag, body) in packet::all(bytes)? {
        match (tag, parts.last_mut()) {
            (MARKER | TRUST, _) => {}
            (SIGNATURE, Some(part)) => part.signatures.extend(Signature::read(body)),
            (SIGNATURE, None) => return Err("it begins with a signature".to_owned()),
            _ => parts.push(Part { tag, body, signatures: vec![] }),
        }
    }
    Ok(parts)
}

/// What the key says of itself: directly, or with a name that it did not take back.
fn own_signatures<'a>(primary: &PublicKey, first: &'a Part<'_>, rest: &'a [Part<'_>]) -> impl Iterator<Item = &'a Signature<'a>> {
    let hashed = primary.hashed();
    let mut own: Vec<&Signature<'_>> = first.signatures.iter().filter(|s| s.kind == kind::DIRECT && s.verifies(primary, &hashed)).collect();
    for part in rest.iter().filter(|part| part.tag == USER_ID) {
        let length = u32::try_from(part.body.len()).unwrap_or(u32::MAX);
        let signed = [&hashed[..], &[0xb4], &length.to_be_bytes(), part.body].concat();
        let of = |signature: &&Signature<'_>| signature.verifies(primary, &signed);
        if part.signatures.iter().any(|s| s.kind == kind::REVOKES_CERTIFICATION && of(&s)) {
            continue;
        }
        own.extend(part.signatures.iter().filter(|s| kind::CERTIFICATIONS.contains(&s.kind)).filter(of));
    }
    own.into_iter()
}

/// Why a key has no signature of its own that counts.
fn unsigned(parts: &[Part<'_>]) -> String {
    let old = parts.iter().flat_map(|part| &part.signatures).any(|signature| !signature.is_modern());
    let reason = if old { "some are over SHA-1, or a digest that is not known: its owner can renew them" } else { "none fits" };
    format!("no signature of its own says what it is for: {reason}")
}

/// A key below the first one: bound to it, for signing, and with its own consent.
fn subkey(primary: &PublicKey, primary_ends: Option<u64>, part: &Part<'_>) -> Option<Signing> {
    let key = PublicKey::read(part.body).filter(PublicKey::is_known)?;
    let signed = [primary.hashed(), key.hashed()].concat();
    let by_primary = |s: &&Signature<'_>, kind: u8| s.kind == kind && s.verifies(primary, &signed);
    if part.signatures.iter().any(|s| by_primary(&s, kind::REVOKES_SUBKEY)) {
        return None;
    }
    let binding = part.signatures.iter().filter(|s| by_primary(s, kind::BINDING)).max_by_key(|s| s.created)?;
    let consent = binding.embedded.and_then(Signature::read).filter(|s| s.kind == kind::BACK && s.verifies(&key, &signed));
    if binding.lets_sign() != Some(true) || consent.is_none() {
        return None;
    }
    let ends = [ends(&key, binding), primary_ends].into_iter().flatten().min();
    Some(Signing { key, ends })
}

fn ends(key: &PublicKey, signature: &Signature<'_>) -> Option<u64> {
    Some(signature.key_lifetime).filter(|seconds| *seconds > 0).map(|seconds| key.created.saturating_add(seconds))
}
