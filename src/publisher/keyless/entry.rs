//! Entries of a log of signatures (Rekor, version 1): that the log signed when and where it took one in, that it is in the log's tree, and that
//! it is about this very signature.

use super::refusal::Refusal;
use super::root::{Log, TrustedRoot};
use super::wire::Base64;
use super::{Form, Signed};
use crate::artifact::Digest;
use crate::log::{leaf_hash, verify_inclusion};
use data_encoding::BASE64;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

/// Longest signed tree of a log, in bytes, and most signatures below one.
const MOST_CHECKPOINT_BYTES: usize = 4096;
const MOST_SIGNERS: usize = 16;

/// An entry as it was carried along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The log's name.
    pub log: Digest,
    /// Its number in the log.
    pub index: u64,
    /// When the log took it in, in seconds since 1970.
    pub time: Option<i64>,
    /// What was entered.
    pub body: Vec<u8>,
    /// The log's signature over all of the above.
    pub timestamp: Option<Vec<u8>>,
    /// That it is in the tree.
    pub proof: Option<Proof>,
}

/// A way from an entry to the root of its tree (RFC 9162).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The entry's number in the tree.
    pub index: u64,
    /// How many entries the tree has.
    pub size: u64,
    /// The tree's root.
    pub root: Digest,
    /// What lies beside the way.
    pub hashes: Vec<Digest>,
    /// Size and root as the log signed them.
    pub checkpoint: String,
}

impl Entry {
    /// When the log took it in, once that is proven: a proof of its place alone tells no time, so the log's own signature over it is needed.
    pub(super) fn proven(&self, root: &TrustedRoot, must_be_placed: bool) -> Result<i64, Refusal> {
        let time = self.time.ok_or(Refusal::Untimed("its entry has no time; timestamps of authorities are not judged"))?;
        let promise = self.timestamp.as_deref().ok_or(Refusal::Untimed("its entry has a time that the log did not sign"))?;
        let log = root.logs.iter().find(|log| log.id == self.log && log.period.covers(time)).ok_or(Refusal::UnknownLog)?;
        if !log.key.verifies(self.promised(time).as_bytes(), promise) {
            return Err(Refusal::EntryTimestamp);
        }
        match &self.proof {
            Some(proof) => proof.verify(&self.body, log)?,
            None if must_be_placed => return Err(Refusal::Inclusion("there is no proof of it")),
            None => {}
        }
        Ok(time)
    }

    /// What the log signed: JSON whose members stand in their order (RFC 8785).
    fn promised(&self, time: i64) -> String {
        let body = BASE64.encode(&self.body);
        format!(r#"{{"body":"{body}","integratedTime":{time},"logID":"{}","logIndex":{}}}"#, self.log.hex(), self.index)
    }

    /// That it is about this signature, by this certificate, of these bytes.
    pub(super) fn is_about(&self, signed: &Signed<'_>) -> Result<(), Refusal> {
        let body: Body = serde_json::from_slice(&self.body).map_err(|_| Refusal::OtherEntry("kind of thing, or cannot be read"))?;
        let (hash, signature, certificate) = match (signed.form, body) {
            (Form::Envelope, Body::Dsse { version, spec }) if version == "0.0.1" => {
                let [one] = <[DsseSignature; 1]>::try_from(spec.signatures)
                    .map_err(|_| Refusal::OtherEntry("envelope: it has not exactly one signature"))?;
                (spec.payload_hash, one.signature, one.verifier)
            }
            (Form::Plain, Body::Hashedrekord { version, spec }) if version == "0.0.1" => {
                (spec.data.hash, spec.signature.content, spec.signature.public_key.content)
            }
            _ => return Err(Refusal::OtherEntry("kind of thing")),
        };
        if hash.algorithm != "sha256" || hash.value != Digest::of(signed.payload).hex() {
            return Err(Refusal::OtherEntry("content"));
        }
        if signature.0 != signed.signature {
            return Err(Refusal::OtherEntry("signature"));
        }
        let certificate = CertificateDer::from_pem_slice(&certificate.0).ok();
        if certificate.is_none_or(|certificate| certificate.as_ref() != signed.certificate) {
            return Err(Refusal::OtherEntry("certificate"));
        }
        Ok(())
    }
}

impl Proof {
    fn verify(&self, body: &[u8], log: &Log) -> Result<(), Refusal> {
        let (size, root) = signed_tree(&self.checkpoint, log)?;
        if (size, root) != (self.size, self.root) {
            return Err(Refusal::Checkpoint("it signed another tree"));
        }
        verify_inclusion(leaf_hash(body), self.index, size, &self.hashes, root)
            .map_err(|_| Refusal::Inclusion("the proof does not lead to the tree's root"))
    }
}

/// Size and root of a tree, as the log signed them (C2SP `tlog-checkpoint`, with the log's own kind of signature).
fn signed_tree(checkpoint: &str, log: &Log) -> Result<(u64, Digest), Refusal> {
    let malformed = || Refusal::Checkpoint("it cannot be read");
    let fits = checkpoint.len() <= MOST_CHECKPOINT_BYTES;
    let at = checkpoint.find("\n\n").filter(|_| fits).ok_or_else(malformed)?;
    let (text, signatures) = (&checkpoint[..=at], &checkpoint[at + 2..]);
    let by_log = |line: &str| {
        let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        // The first line begins with the log's name.
        let named = text.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '\n']));
        let bytes = BASE64.decode(encoded.as_bytes()).ok().filter(|_| named)?;
        let (hint, signature) = bytes.split_at_checked(4)?;
        (log.id.as_bytes().starts_with(hint) && log.key.verifies(text.as_bytes(), signature)).then_some(())
    };
    if !signatures.lines().take(MOST_SIGNERS).any(|line| by_log(line).is_some()) {
        return Err(Refusal::Checkpoint("none of its signatures is by the log's key"));
    }
    let mut lines = text.lines().skip(1);
    let size = lines.next().and_then(|line| line.parse().ok()).ok_or_else(malformed)?;
    let root = lines.next().and_then(|line| BASE64.decode(line.as_bytes()).ok()?.try_into().ok()).ok_or_else(malformed)?;
    Ok((size, Digest::from_bytes(root)))
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Body {
    Dsse {
        #[serde(rename = "apiVersion")]
        version: String,
        spec: DsseSpec,
    },
    Hashedrekord {
        #[serde(rename = "apiVersion")]
        version: String,
        spec: HashedSpec,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DsseSpec {
    payload_hash: Hash,
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
struct DsseSignature {
    signature: Base64,
    verifier: Base64,
}

#[derive(Deserialize)]
struct HashedSpec {
    data: HashedData,
    signature: HashedSignature,
}

#[derive(Deserialize)]
struct HashedData {
    hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HashedSignature {
    content: Base64,
    public_key: HashedKey,
}

#[derive(Deserialize)]
struct HashedKey {
    content: Base64,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}
