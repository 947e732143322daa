//! Sigstore bundles (`protobuf-specs`, version 0.3) that cosign makes with a key or without: an envelope (DSSE) around a statement (in-toto)
//! that says which digests were signed. Which key it was is not taken from the bundle; a certificate in it is judged by a trusted root.

use super::key::{Kind, UpstreamKey};
use super::keyless::{Form, Signed, WireCertificate, WireEntry, WireTimestamps};
use super::simple::{by_identity, expected};
use super::worth::{By, Worth};
use crate::artifact::Digest;
use data_encoding::BASE64;
use serde::Deserialize;

/// Media type of a bundle.
pub const SIGSTORE_BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// Longest bundle, in bytes.
const MOST_BUNDLE_BYTES: usize = 1 << 20;
/// What the envelope holds.
const STATEMENT: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// What a statement says that is a signature and no attestation about something else.
const SIGNS: &str = "https://sigstore.dev/cosign/sign/v1";
/// Most signatures in an envelope that are looked at.
const MOST_SIGNATURES: usize = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Envelope,
    #[serde(default)]
    verification_material: Material,
}

/// What the signature is verified with; of a key there is only a hint in it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Material {
    certificate: Option<WireCertificate>,
    tlog_entries: Vec<WireEntry>,
    timestamp_verification_data: WireTimestamps,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    predicate_type: String,
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    digest: Digests,
}

#[derive(Deserialize)]
struct Digests {
    sha256: Option<String>,
}

/// Which key signed that the manifest of that digest is theirs; else, why none did. A bundle that is something else, such as an attestation,
/// is not judged: which of the two is all that is read of it before its signature is judged.
pub fn judge(bundle: &[u8], keys: &[&UpstreamKey], manifest: &Digest) -> Worth {
    let read = Read::of(bundle);
    match &read {
        // What it says it is decides what is said of it where it is by nobody; an attestation by somebody else is no wrong signature.
        Ok(Read { statement: Some(statement), .. }) if statement.predicate_type != SIGNS => {
            Worth::Unjudged(format!("it is no signature, and says something else: {:.120}", statement.predicate_type))
        }
        _ => Worth::judged(keys, || read?.judge(keys, manifest)),
    }
}

/// A bundle whose envelope could be read.
struct Read {
    payload: Vec<u8>,
    signatures: Vec<Vec<u8>>,
    statement: Option<Statement>,
    material: Material,
}

impl Read {
    fn of(bundle: &[u8]) -> Result<Self, String> {
        let fits = Some(bundle).filter(|bytes| bytes.len() <= MOST_BUNDLE_BYTES);
        let bundle = fits.and_then(|bytes| serde_json::from_slice::<Bundle>(bytes).ok());
        let Bundle { dsse_envelope: envelope, verification_material: material } =
            bundle.ok_or("its bundle is too long, or holds no envelope")?;
        let payload = BASE64.decode(envelope.payload.as_bytes()).ok().filter(|_| envelope.payload_type == STATEMENT);
        let payload = payload.ok_or("its envelope holds no statement")?;
        let signatures = envelope.signatures.iter().take(MOST_SIGNATURES).filter_map(|one| BASE64.decode(one.sig.as_bytes()).ok());
        Ok(Self { signatures: signatures.collect(), statement: serde_json::from_slice(&payload).ok(), payload, material })
    }

    fn judge(self, keys: &[&UpstreamKey], manifest: &Digest) -> Result<By, String> {
        let signed = dsse(STATEMENT, &self.payload);
        let made = |key: &UpstreamKey| key.cosign().is_some_and(|key| self.signatures.iter().any(|one| key.verifies(&signed, one)));
        let by = match keys.iter().filter(|key| made(key)).find_map(|key| key.by_key()) {
            Some(by) => by,
            None => without_key(keys, self.material, (&signed, &self.payload), &self.signatures)?,
        };
        content(self.statement, by, manifest)
    }
}

/// Which identity signed, where a certificate stands in place of a key. Exactly one signature and one entry, or it is not clear what the entry
/// is about.
fn without_key(keys: &[&UpstreamKey], material: Material, (bytes, payload): (&[u8], &[u8]), signatures: &[Vec<u8>]) -> Result<By, String> {
    let none = || format!("not by {}", expected(keys));
    let (Some(certificate), true) = (material.certificate, keys.iter().any(|key| key.kind() == Kind::Keyless)) else { return Err(none()) };
    let [entry] = <[WireEntry; 1]>::try_from(material.tlog_entries).map_err(|_| "it has not exactly one entry in a log of signatures")?;
    let entry = entry.into_domain().ok_or("its entry in a log of signatures cannot be read")?;
    let [signature] = signatures else { return Err("its envelope has not exactly one signature".to_owned()) };
    let (form, certificate, timestamps) =
        (Form::Envelope, &certificate.raw_bytes.0[..], &material.timestamp_verification_data.into_domain());
    by_identity(keys, &Signed { form, bytes, payload, signature, certificate, entry: &entry, timestamps, must_be_placed: true })
        .map(|(_, by)| by)
}

fn content(statement: Option<Statement>, by: By, manifest: &Digest) -> Result<By, String> {
    let statement = statement
        .filter(|statement| statement.kind == STATEMENT_TYPE)
        .ok_or_else(|| format!("by {by}, but its statement cannot be read"))?;
    let hex = manifest.hex();
    match statement.subject.iter().any(|subject| subject.digest.sha256.as_deref() == Some(&*hex)) {
        true => Ok(by),
        false => {
            let other = statement.subject.first().and_then(|subject| subject.digest.sha256.clone()).unwrap_or_else(|| "nothing".to_owned());
            Err(format!("by {by}, but of another content: {other:.80} was signed, this is {hex}"))
        }
    }
}

/// What is signed of an envelope (DSSE, "pre-authentication encoding").
pub fn dsse(kind: &str, payload: &[u8]) -> Vec<u8> {
    [format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).as_bytes(), payload].concat()
}
