//! Keyless signatures (Sigstore): by a key that lived for minutes, which a certificate of Fulcio says whose it was, and a log of signatures
//! (Rekor) or an authority of timestamps (RFC 3161) when it signed.
//!
//! In: a [`TrustedRoot`] and an [`Identity`] that somebody on this side gave, the bytes and what came with them. Out: who signed, or which check
//! failed. The certificate is judged as of the times that these signed; no clock and no network is asked.

mod body;
mod certificate;
mod chain;
mod der;
mod entry;
mod refusal;
mod root;
#[cfg(test)]
mod tests;
mod timestamp;
mod token;
mod tree;
mod wire;

pub use entry::Entry;
pub use refusal::Refusal;
pub use root::{MAX_ROOT_BYTES, TrustedRoot};
pub use tree::Proof;
pub use wire::{Base64, WireCertificate, WireEntry, WireTimestamps, annotated};

use super::Pattern;
use super::spki::PublicKey;
use certificate::Certificate;
use std::sync::Arc;

/// Who has to have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What the certificate's authorities and logs are trusted by.
    pub root: Arc<TrustedRoot>,
    /// The provider that knew who asked for the certificate.
    pub issuer: String,
    /// Who may have asked.
    pub identities: Vec<Pattern>,
}

/// In which form it was signed, and so entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An envelope (DSSE) around a payload.
    Envelope,
    /// The payload itself.
    Plain,
}

/// A signature with what came along.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// In which form.
    pub form: Form,
    /// The bytes that were signed.
    pub bytes: &'a [u8],
    /// What they are about: the content of the envelope, or the bytes themselves.
    pub payload: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// The certificate, as DER.
    pub certificate: &'a [u8],
    /// The entry in a log of signatures.
    pub entry: &'a Entry,
    /// The envelope's exact bytes, where they are those that were entered.
    pub envelope: Option<&'a [u8]>,
    /// Timestamps of authorities over the signature, as DER.
    pub timestamps: &'a [Vec<u8>],
    /// Whether the entry's place in the tree has to be proven, beside its time.
    pub must_be_placed: bool,
}

/// Who signed, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// By the certificate.
    pub identity: String,
    /// When, as the log of signatures or an authority of timestamps signed it, in seconds since 1970.
    pub time: i64,
}

impl Identity {
    /// Who signed, where it is whom the policy names.
    pub fn verify(&self, signed: &Signed<'_>) -> Result<Signer, Refusal> {
        let certificate = Certificate::read(signed.certificate)?;
        let key = PublicKey::from_der(certificate.key.to_vec()).ok().filter(PublicKey::is_p256);
        let key = key.ok_or(Refusal::Certificate("its key is not one on P-256"))?;
        if !key.verifies(signed.bytes, signed.signature) {
            return Err(Refusal::Signature);
        }
        signed.entry.is_about(signed)?;
        let times = signed.entry.times(signed, &self.root)?;
        signed.entry.placed(&times, &self.root, signed.must_be_placed)?;
        for time in &times {
            chain::verify(signed.certificate, &certificate, *time, &self.root)?;
        }
        let (issuer, identity) = (certificate.issuer()?, certificate.identity()?);
        if issuer != self.issuer {
            return Err(Refusal::Issuer(issuer.to_owned()));
        }
        if !self.identities.iter().any(|pattern| pattern.covers(identity)) {
            return Err(Refusal::Identity(identity.to_owned()));
        }
        let time = times.first().copied().ok_or(Refusal::Untimed("nobody says when"))?;
        Ok(Signer { identity: identity.to_owned(), time })
    }
}
