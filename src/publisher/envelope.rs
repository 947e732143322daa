//! Envelopes (DSSE) around a statement (in-toto) about an image: signatures as cosign 3 makes them, and attestations. In a Sigstore bundle, or by
//! themselves below cosign's tag `.att`, with what verifies them in annotations.

use super::key::{Kind, UpstreamKey};
use super::keyless::{Form, Signed};
use super::simple::{Keyless, by_identity, expected};
use super::worth::{By, Verdict, Worth};
use crate::artifact::Digest;
use crate::error::plain;
use data_encoding::BASE64;
use serde::Deserialize;

/// Media type of an envelope.
pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// Longest envelope, and longest bundle around one, in bytes; those around lists of packages are the long ones.
pub(super) const MOST_BYTES: usize = 4 << 20;
/// What the envelope holds.
const STATEMENT: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPES: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];
/// What a statement says that is a signature and no attestation.
const SIGNS: &str = "https://sigstore.dev/cosign/sign/v1";
/// How findings call what attestations say, by how the type begins; others by their type.
const CALLED: [(&str, &str); 6] = [
    ("https://slsa.dev/provenance/v1", "SLSA provenance v1"),
    ("https://slsa.dev/provenance/v0.2", "SLSA provenance v0.2"),
    ("https://slsa.dev/verification_summary/", "SLSA verification summary"),
    ("https://spdx.dev/Document", "SPDX"),
    ("https://cyclonedx.org/bom", "CycloneDX"),
    ("https://openvex.dev/ns", "OpenVEX"),
];
/// Longest type that findings repeat, in characters.
const LONGEST_TYPE: usize = 120;
/// Most signatures in an envelope that are looked at.
const MOST_SIGNATURES: usize = 16;

/// An envelope as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
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

/// An envelope whose content could be read.
pub(super) struct Sealed {
    pub(super) payload: Vec<u8>,
    pub(super) signatures: Vec<Vec<u8>>,
    statement: Option<Statement>,
}

impl Envelope {
    pub(super) fn open(self) -> Result<Sealed, String> {
        let payload = BASE64.decode(self.payload.as_bytes()).ok().filter(|_| self.payload_type == STATEMENT);
        let payload = payload.ok_or("its envelope holds no statement")?;
        let signatures = self.signatures.iter().take(MOST_SIGNATURES).filter_map(|one| BASE64.decode(one.sig.as_bytes()).ok());
        Ok(Sealed { signatures: signatures.collect(), statement: serde_json::from_slice(&payload).ok(), payload })
    }
}

impl Sealed {
    /// The one signature, where it has to be clear which it is.
    pub(super) fn signature(&self) -> Result<&[u8], String> {
        let [signature] = &self.signatures[..] else { return Err("its envelope has not exactly one signature".to_owned()) };
        Ok(signature)
    }

    fn judge(
        self,
        keys: &[&UpstreamKey],
        manifest: &Digest,
        without_key: impl FnOnce(&Self, &[u8]) -> Result<By, String>,
    ) -> Result<By, String> {
        let signed = dsse(STATEMENT, &self.payload);
        let made = |key: &UpstreamKey| key.cosign().is_some_and(|key| self.signatures.iter().any(|one| key.verifies(&signed, one)));
        let by = match keys.iter().filter(|key| made(key)).find_map(|key| key.by_key()) {
            Some(by) => by,
            None => without_key(&self, &signed)?,
        };
        content(self.statement, by, manifest)
    }
}

/// Which key or identity made the statement of an envelope about the manifest of that digest; else, why none did. What it says it is, before it is
/// judged, decides whether it is taken for a signature: a signature, something that cannot be read, or an attestation that the policy takes for one.
pub(super) fn judge(
    sealed: Result<Sealed, String>,
    keys: &[&UpstreamKey],
    manifest: &Digest,
    without_key: impl FnOnce(&Sealed, &[u8]) -> Result<By, String>,
) -> Verdict {
    let kind = sealed.as_ref().ok().and_then(|sealed| Some(sealed.statement.as_ref()?.predicate_type.clone()));
    let stands = |key: &UpstreamKey| kind.as_ref().is_none_or(|kind| kind == SIGNS || key.attested.iter().any(|known| known.covers(kind)));
    let worth = Worth::judged(keys, || sealed?.judge(keys, manifest, without_key));
    let signs = match &worth {
        Worth::Valid(by) => keys.iter().any(|key| key.name == by.name && stands(key)),
        _ => kind.as_deref().is_none_or(|kind| kind == SIGNS) || keys.iter().any(|key| stands(key)),
    };
    Verdict { worth, signs }
}

fn content(statement: Option<Statement>, by: By, manifest: &Digest) -> Result<By, String> {
    let known = |statement: &Statement| STATEMENT_TYPES.contains(&&*statement.kind);
    let statement = statement.filter(known).ok_or_else(|| format!("by {by}, but its statement cannot be read"))?;
    let by = By { says: says(&statement.predicate_type), ..by };
    let hex = manifest.hex();
    match statement.subject.iter().any(|subject| subject.digest.sha256.as_deref() == Some(&*hex)) {
        true => Ok(by),
        false => {
            let other = statement.subject.first().and_then(|subject| subject.digest.sha256.clone()).unwrap_or_else(|| "nothing".to_owned());
            Err(format!("by {by}, but of another content: {other:.80} was signed, this is {hex}"))
        }
    }
}

/// What a statement says that is no signature alone.
fn says(kind: &str) -> Option<String> {
    let called = CALLED.iter().find(|(known, _)| kind.starts_with(known)).map(|(_, called)| (*called).to_owned());
    (kind != SIGNS).then(|| called.unwrap_or_else(|| plain(kind).chars().take(LONGEST_TYPE).collect()))
}

/// What an envelope is worth that stands by itself, with what its annotations have in place of a key.
pub fn judge_envelope(bytes: &[u8], keyless: Option<Keyless<'_>>, keys: &[&UpstreamKey], manifest: &Digest) -> Verdict {
    let fits = Some(bytes).filter(|bytes| bytes.len() <= MOST_BYTES);
    let envelope = fits.and_then(|bytes| serde_json::from_slice::<Envelope>(bytes).ok());
    let sealed = envelope.ok_or_else(|| "it is too long, or no envelope".to_owned()).and_then(Envelope::open);
    judge(sealed, keys, manifest, |sealed, signed| {
        let (Some(along), true) = (keyless, keys.iter().any(|key| key.kind() == Kind::Keyless)) else {
            return Err(format!("not by {}", expected(keys)));
        };
        let (certificate, entry) = along.read()?;
        let signed = Signed {
            form: Form::Envelope,
            bytes: signed,
            payload: &sealed.payload,
            signature: sealed.signature()?,
            certificate: &certificate,
            entry: &entry,
            envelope: Some(bytes),
            timestamps: &[],
            // This form has no room for the place.
            must_be_placed: false,
        };
        by_identity(keys, &signed).map(|(_, by)| by)
    })
}

/// What is signed of an envelope (DSSE, "pre-authentication encoding").
pub fn dsse(kind: &str, payload: &[u8]) -> Vec<u8> {
    [format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).as_bytes(), payload].concat()
}
