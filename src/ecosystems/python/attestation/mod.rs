//! Attestations of files (PEP 740): the provenance object that an index has of a file, whether it is about this file, and whether an identity
//! that a policy names signed it.
//!
//! What an index says of the publisher stands beside the attestations and is signed by nobody: it is not read. A valid attestation says who
//! published a file, and nothing of what is in it.

#[cfg(test)]
mod tests;

use super::filename;
use super::format::Entry;
use crate::artifact::{Artifact, BlobRead, Blobs, Digest};
use crate::error::{Error, Result};
use crate::publisher::keyless::{Base64, Entry as LogEntry, Form, Signed, WireEntry};
use crate::publisher::{By, Carried, Kind, Looked, Scheme, UpstreamKey, Verdict, Worth, dsse};
use crate::scan::{Findings, rules};
use serde::Deserialize;
use std::io::Read;

/// Media type of a provenance object (Integrity API).
pub(super) const MEDIA_TYPE: &str = "application/vnd.pypi.integrity.v1+json";
/// Longest provenance object, in bytes.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// What stands behind a file's name in that of its provenance.
pub(super) const SUFFIX: &str = ".provenance";
/// Most attestations of one file.
const MOST: usize = 64;
/// What an envelope holds, and of which types it may be.
const STATEMENT: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The two predicates of PEP 740, and what findings call them; the first is named after the index that defined it.
const PREDICATES: [(&str, &str); 2] = [
    (concat!("https://docs.", "pypi", ".org/attestations/publish/v1"), "publish/v1"),
    ("https://slsa.dev/provenance/v1", "SLSA provenance v1"),
];

/// One attestation, with what verifies it.
pub(super) struct Attestation {
    payload: Vec<u8>,
    signature: Vec<u8>,
    certificate: Vec<u8>,
    entry: LogEntry,
}

#[derive(Deserialize)]
struct WireProvenance {
    version: u32,
    attestation_bundles: Vec<WireBundle>,
}

#[derive(Deserialize)]
struct WireBundle {
    attestations: Vec<WireAttestation>,
}

#[derive(Deserialize)]
struct WireAttestation {
    version: u32,
    envelope: WireEnvelope,
    verification_material: WireMaterial,
}

#[derive(Deserialize)]
struct WireEnvelope {
    statement: Base64,
    signature: Base64,
}

#[derive(Deserialize)]
struct WireMaterial {
    certificate: Base64,
    transparency_entries: Vec<WireEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    #[serde(default)]
    predicate: serde_json::Value,
}

#[derive(Deserialize)]
struct Subject {
    name: String,
    digest: Digests,
}

#[derive(Deserialize)]
struct Digests {
    sha256: String,
}

/// Reads a provenance object; why it is none, where it is none.
pub(super) fn read(bytes: &[u8]) -> std::result::Result<Vec<Attestation>, String> {
    if bytes.len() > MOST_BYTES {
        return Err(format!("it is longer than {MOST_BYTES} bytes"));
    }
    let object: WireProvenance = serde_json::from_slice(bytes).map_err(|e| format!("it is no provenance object: {e}"))?;
    let count: usize = object.attestation_bundles.iter().map(|bundle| bundle.attestations.len()).sum();
    if object.version != 1 || !(1..=MOST).contains(&count) {
        return Err(format!("it is of version {}, with {count} attestations: 1 to {MOST} of version 1 are read", object.version));
    }
    object.attestation_bundles.into_iter().flat_map(|bundle| bundle.attestations).map(WireAttestation::into_domain).collect()
}

impl WireAttestation {
    fn into_domain(self) -> std::result::Result<Attestation, String> {
        if self.version != 1 {
            return Err(format!("an attestation is of version {}", self.version));
        }
        let material = self.verification_material;
        let [entry] = <[WireEntry; 1]>::try_from(material.transparency_entries)
            .map_err(|_| "an attestation has not exactly one entry in a log of signatures")?;
        let entry = entry.into_domain().ok_or("an attestation's entry in a log of signatures cannot be read")?;
        let WireEnvelope { statement, signature } = self.envelope;
        Ok(Attestation { payload: statement.0, signature: signature.0, certificate: material.certificate.0, entry })
    }
}

impl Attestation {
    /// Which kind of statement it makes about a file; why it makes none, where it does not. Who makes it is not looked at.
    pub(super) fn about(&self, file: &Entry) -> std::result::Result<&'static str, String> {
        let statement: Statement = serde_json::from_slice(&self.payload).map_err(|_| "its statement cannot be read")?;
        if statement.kind != STATEMENT_TYPE {
            return Err(format!("its statement is of another type: {:.80}", statement.kind));
        }
        let known = PREDICATES.iter().find(|(kind, _)| *kind == statement.predicate_type);
        let (_, word) = known.ok_or_else(|| format!("what it says is not judged: {:.80}", statement.predicate_type))?;
        let empty = statement.predicate.is_null() || statement.predicate.as_object().is_some_and(serde_json::Map::is_empty);
        if *word == PREDICATES[0].1 && !empty {
            return Err(format!("it says more than {word} has room for"));
        }
        let [Subject { name, digest }] = &statement.subject[..] else { return Err("it is not about exactly one file".to_owned()) };
        if !same_file(name, file) {
            return Err(format!("it is of another file: {name:.255}, this is {}", file.filename));
        }
        match Digest::from_hex(&digest.sha256) {
            Ok(found) if found == file.digest => Ok(word),
            _ => Err(format!("it is of another content: {:.80} was signed, this is {}", digest.sha256, file.digest.hex())),
        }
    }

    /// Which identity made it of this file; else, why none did. The signature is judged first: nothing is read of a statement that nobody
    /// known has signed.
    fn judge(&self, keys: &[&UpstreamKey], file: &Entry) -> std::result::Result<By, String> {
        let bytes = dsse(STATEMENT, &self.payload);
        let signed = Signed {
            form: Form::Envelope,
            bytes: &bytes,
            payload: &self.payload,
            signature: &self.signature,
            certificate: &self.certificate,
            entry: &self.entry,
            envelope: None,
            timestamps: &[],
            must_be_placed: true,
        };
        let mut why = Vec::new();
        for key in keys {
            match key.verify_keyless(&signed) {
                Ok(by) => {
                    let word = self.about(file).map_err(|why| format!("by {by}, but {why}"))?;
                    return Ok(By { says: Some(word.to_owned()), ..by });
                }
                Err(refusal) => why.push(format!("not by {}: {refusal}", key.label())),
            }
        }
        Err(why.join("; "))
    }
}

/// Whether a name is that of the file: projects may be spelt in several ways.
fn same_file(name: &str, file: &Entry) -> bool {
    let tags = |name: &str| name.rsplit('-').take(3).map(str::to_owned).collect::<Vec<_>>();
    let same_kind = || filename::check(name, &file.project, &file.version).is_ok_and(|kind| kind == file.kind);
    name == file.filename
        || same_kind() && (file.kind == filename::Kind::Sdist || tags(name) == tags(&file.filename) && parts(name) == parts(&file.filename))
}

fn parts(name: &str) -> usize {
    name.split('-').count()
}

/// The attestations of a file, and what the identities of a policy say of them.
pub(super) fn look(artifact: &Artifact, all: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Looked> {
    let keys: Vec<&UpstreamKey> = all.iter().copied().filter(|key| key.kind() == Kind::Keyless).collect();
    let none = (keys.is_empty() && !all.is_empty()).then(|| format!("none of kind {} is, which is what attests it", Kind::Keyless.word()));
    let file = match Entry::read(artifact) {
        Ok(file) => file,
        Err(error) => return Ok(Looked::nothing(none.as_deref().unwrap_or_else(|| error.message()))),
    };
    let Some(known) = &file.provenance else {
        return Ok(Looked::nothing(none.as_deref().unwrap_or("no attestation is carried")));
    };
    let carried =
        |at: usize, worth: Worth| Carried { scheme: Scheme::Provenance, blobs: vec![known.digest], at, verdict: Verdict::signature(worth) };
    let signatures = match blobs.open(&known.digest)? {
        None => vec![carried(0, Worth::NotHere("its attestations are not here".to_owned()))],
        Some(mut blob) => match attestations(&bytes(&mut *blob, &file)?, known.digest) {
            Ok(all) => all
                .iter()
                .map(|one| Worth::judged(&keys, || one.judge(&keys, &file)))
                .enumerate()
                .map(|(at, worth)| carried(at, worth))
                .collect(),
            Err(why) => vec![carried(0, Worth::judged(&keys, || Err(why)))],
        },
    };
    Ok(Looked { signatures, none, ..Looked::default() })
}

/// The attestations in the bytes of a blob; why there are none, where they are not what they should be.
fn attestations(bytes: &[u8], digest: Digest) -> std::result::Result<Vec<Attestation>, String> {
    if Digest::of(bytes) != digest {
        return Err("its attestations are too long, or other bytes than the lock says".to_owned());
    }
    read(bytes).map_err(|why| format!("its attestations: {why}"))
}

/// At most one byte more than is read of a provenance object.
fn bytes(blob: &mut dyn BlobRead, file: &Entry) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = blob.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|e| Error::io(format!("the attestations of {} cannot be read", file.filename), &e))?;
    Ok(bytes)
}

/// Looks into a provenance object: whether each of its attestations is about the file that it is carried for.
pub(super) fn lint(artifact: &Artifact, blob: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    let file = Entry::read(artifact)?;
    match read(&bytes(blob, &file)?) {
        Err(why) => found.add(rules::ATTESTATION, "", why),
        Ok(attestations) => {
            for (at, why) in attestations.iter().enumerate().filter_map(|(at, one)| Some((at, one.about(&file).err()?))) {
                found.add(rules::ATTESTATION, format!("attestation {}", at + 1), why);
            }
        }
    }
    Ok(())
}
