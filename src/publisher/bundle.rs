//! Sigstore bundles (`protobuf-specs`, version 0.3) that cosign makes with a key: an envelope (DSSE) around a statement (in-toto) that says
//! which digests were signed. Which key it was is not taken from the bundle.

use super::key::UpstreamKey;
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

/// Which key signed that the manifest of that digest is theirs; else, why none did. `None` for a bundle that is something else, such as
/// an attestation: which of the two is all that is read of it before its signature is judged.
pub fn judge(bundle: &[u8], keys: &[&UpstreamKey], manifest: &Digest) -> Option<Result<String, String>> {
    let envelope =
        Some(bundle).filter(|bytes| bytes.len() <= MOST_BUNDLE_BYTES).and_then(|bytes| serde_json::from_slice::<Bundle>(bytes).ok());
    let Some(Bundle { dsse_envelope: envelope }) = envelope else {
        return Some(Err("its bundle is too long, or holds no envelope".to_owned()));
    };
    let payload = BASE64.decode(envelope.payload.as_bytes()).ok().filter(|_| envelope.payload_type == STATEMENT);
    let Some(payload) = payload else { return Some(Err("its envelope holds no statement".to_owned())) };
    let signed = encoded(&envelope.payload_type, &payload);
    let signatures = envelope.signatures.iter().take(MOST_SIGNATURES).filter_map(|one| BASE64.decode(one.sig.as_bytes()).ok());
    let signatures: Vec<Vec<u8>> = signatures.collect();
    let made = |key: &&&UpstreamKey| key.cosign().is_some_and(|key| signatures.iter().any(|signature| key.verifies(&signed, signature)));
    let statement = serde_json::from_slice::<Statement>(&payload);
    // What it says it is decides what is said of it where it is by nobody; an attestation by somebody else is no wrong signature.
    if statement.as_ref().is_ok_and(|statement| statement.predicate_type != SIGNS) {
        return None;
    }
    let Some(key) = keys.iter().find(made) else {
        return Some(Err(format!("not by {}", super::simple::expected(keys))));
    };
    Some(content(statement.ok(), key.label(), manifest))
}

fn content(statement: Option<Statement>, by: String, manifest: &Digest) -> Result<String, String> {
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
fn encoded(kind: &str, payload: &[u8]) -> Vec<u8> {
    [format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).as_bytes(), payload].concat()
}
