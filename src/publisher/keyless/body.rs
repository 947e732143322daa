//! What was entered in a log of signatures: about which signature, by which certificate, of which content, by the kind of the entry.

use super::entry::Entry;
use super::refusal::Refusal;
use super::wire::{Base64, WireCertificate};
use super::{Form, Signed};
use crate::artifact::Digest;
use data_encoding::BASE64;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The kind of key that certificates are for.
const KEY_DETAILS: &str = "PKIX_ECDSA_P256_SHA_256";

impl Entry {
    /// That it is about this signature, by this certificate, of these bytes.
    pub(super) fn is_about(&self, signed: &Signed<'_>) -> Result<(), Refusal> {
        let Entered { of, hash, signature, certificate } = Entered::read(&self.body, signed.form)?;
        let bytes = match of {
            Of::Payload => Some(signed.payload),
            Of::Signed => Some(signed.bytes),
            Of::Envelope => signed.envelope,
        };
        if hash.is_none() || hash != bytes.map(Digest::of) {
            return Err(Refusal::OtherEntry("content"));
        }
        if signature.is_some_and(|entered| entered != signed.signature) {
            return Err(Refusal::OtherEntry("signature"));
        }
        if certificate.as_deref() != Some(signed.certificate) {
            return Err(Refusal::OtherEntry("certificate"));
        }
        Ok(())
    }
}

/// What was entered, whatever the kind of the entry.
struct Entered {
    of: Of,
    /// SHA-256 of that; none where it is something else.
    hash: Option<Digest>,
    /// None where the digest is of it as well.
    signature: Option<Vec<u8>>,
    /// As DER; none where it is a key, or cannot be read.
    certificate: Option<Vec<u8>>,
}

/// What the digest of an entry is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// What an envelope holds, or a payload without one.
    Payload,
    /// The bytes that were signed.
    Signed,
    /// The whole envelope, with its signature.
    Envelope,
}

impl Entered {
    fn read(body: &[u8], form: Form) -> Result<Self, Refusal> {
        let unreadable = || Refusal::OtherEntry("kind of thing, or cannot be read");
        let body: Body<'_> = serde_json::from_slice(body).map_err(|_| unreadable())?;
        let spec = body.spec.get();
        match (form, &*body.kind, &*body.api_version) {
            (Form::Envelope, "dsse", "0.0.1") => read::<Dsse>(spec)?.entered(),
            (Form::Plain, "hashedrekord", "0.0.1") => Ok(read::<Hashed>(spec)?.entered()),
            // Logs of version 2 take in envelopes both ways, the newer ones by the bytes that were signed.
            (_, "hashedrekord", "0.0.2") => Ok(read::<HashedSpec2>(spec)?.hashed_rekord_v002.entered()),
            (Form::Envelope, "dsse", "0.0.2") => read::<DsseSpec2>(spec)?.dsse_v002.entered(),
            (Form::Envelope, "intoto", "0.0.1") => Ok(read::<WholeInToto>(spec)?.entered()),
            (Form::Envelope, "intoto", "0.0.2") => read::<InToto>(spec)?.entered(),
            _ => Err(Refusal::OtherEntry("kind of thing")),
        }
    }
}

fn read<'a, T: Deserialize<'a>>(spec: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(spec).map_err(|_| Refusal::OtherEntry("kind of thing, or cannot be read"))
}

fn only<T>(signatures: Vec<T>) -> Result<T, Refusal> {
    let one = <[T; 1]>::try_from(signatures).map_err(|_| Refusal::OtherEntry("envelope: it has not exactly one signature"));
    one.map(|[one]| one)
}

fn pem(text: &[u8]) -> Option<Vec<u8>> {
    CertificateDer::from_pem_slice(text).ok().map(|certificate| certificate.to_vec())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    api_version: String,
    kind: String,
    #[serde(borrow)]
    spec: &'a RawValue,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

impl Hash {
    fn read(&self) -> Option<Digest> {
        Digest::from_hex(&self.value).ok().filter(|_| self.algorithm == "sha256")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dsse {
    payload_hash: Hash,
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
struct DsseSignature {
    signature: Base64,
    verifier: Base64,
}

impl Dsse {
    fn entered(self) -> Result<Entered, Refusal> {
        let one = only(self.signatures)?;
        let (hash, certificate) = (self.payload_hash.read(), pem(&one.verifier.0));
        Ok(Entered { of: Of::Payload, hash, signature: Some(one.signature.0), certificate })
    }
}

#[derive(Deserialize)]
struct Hashed {
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

impl Hashed {
    fn entered(self) -> Entered {
        let certificate = pem(&self.signature.public_key.content.0);
        Entered { of: Of::Payload, hash: self.data.hash.read(), signature: Some(self.signature.content.0), certificate }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WholeInToto {
    content: WholeContent,
    public_key: Base64,
}

#[derive(Deserialize)]
struct WholeContent {
    hash: Hash,
}

impl WholeInToto {
    fn entered(self) -> Entered {
        Entered { of: Of::Envelope, hash: self.content.hash.read(), signature: None, certificate: pem(&self.public_key.0) }
    }
}

#[derive(Deserialize)]
struct InToto {
    content: InTotoContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InTotoContent {
    envelope: InTotoEnvelope,
    payload_hash: Hash,
}

#[derive(Deserialize)]
struct InTotoEnvelope {
    signatures: Vec<InTotoSignature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InTotoSignature {
    sig: Base64,
    public_key: Base64,
}

impl InToto {
    /// The log keeps the signature as the envelope has it, which is base64 already.
    fn entered(self) -> Result<Entered, Refusal> {
        let InTotoContent { envelope, payload_hash } = self.content;
        let one = only(envelope.signatures)?;
        let signature = BASE64.decode(&one.sig.0).map_err(|_| Refusal::OtherEntry("signature"))?;
        Ok(Entered { of: Of::Payload, hash: payload_hash.read(), signature: Some(signature), certificate: pem(&one.public_key.0) })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HashedSpec2 {
    hashed_rekord_v002: Hashed2,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DsseSpec2 {
    dsse_v002: Dsse2,
}

#[derive(Deserialize)]
struct Hashed2 {
    data: Hash2,
    signature: Signature2,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dsse2 {
    payload_hash: Hash2,
    signatures: Vec<Signature2>,
}

#[derive(Deserialize)]
struct Hash2 {
    algorithm: String,
    digest: Base64,
}

#[derive(Deserialize)]
struct Signature2 {
    content: Base64,
    verifier: Verifier2,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verifier2 {
    key_details: String,
    x509_certificate: Option<WireCertificate>,
}

impl Hash2 {
    fn read(self) -> Option<Digest> {
        self.digest.0.try_into().ok().map(Digest::from_bytes).filter(|_| self.algorithm == "SHA2_256")
    }
}

impl Signature2 {
    fn entered(self, of: Of, hash: Option<Digest>) -> Entered {
        let certificate = self.verifier.x509_certificate.filter(|_| self.verifier.key_details == KEY_DETAILS);
        Entered { of, hash, signature: Some(self.content.0), certificate: certificate.map(|one| one.raw_bytes.0) }
    }
}

impl Hashed2 {
    fn entered(self) -> Entered {
        self.signature.entered(Of::Signed, self.data.read())
    }
}

impl Dsse2 {
    fn entered(self) -> Result<Entered, Refusal> {
        Ok(only(self.signatures)?.entered(Of::Payload, self.payload_hash.read()))
    }
}
