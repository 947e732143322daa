//! Sigstore bundles (`protobuf-specs`, version 0.3) that cosign makes with a key or without: an envelope (DSSE) around a statement (in-toto)
//! that says which digests were signed. Which key it was is not taken from the bundle; a certificate in it is judged by a trusted root.

use super::envelope::{Envelope, MOST_BYTES, Sealed, judge as judge_sealed};
use super::key::{Kind, UpstreamKey};
use super::keyless::{Form, Signed, WireCertificate, WireEntry, WireTimestamps};
use super::simple::{by_identity, expected};
use super::worth::{By, Verdict};
use crate::artifact::Digest;
use serde::Deserialize;

/// Media type of a bundle.
pub const SIGSTORE_BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

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

/// What a bundle is worth: which key or identity signed that the manifest of that digest is theirs, or attested something of it.
pub fn judge(bundle: &[u8], keys: &[&UpstreamKey], manifest: &Digest) -> Verdict {
    let fits = Some(bundle).filter(|bytes| bytes.len() <= MOST_BYTES);
    let read = fits.and_then(|bytes| serde_json::from_slice::<Bundle>(bytes).ok());
    let (sealed, material) = match read.ok_or_else(|| "its bundle is too long, or holds no envelope".to_owned()) {
        Ok(Bundle { dsse_envelope, verification_material }) => (dsse_envelope.open(), verification_material),
        Err(why) => (Err(why), Material::default()),
    };
    judge_sealed(sealed, keys, manifest, |sealed, signed| material.signer(keys, sealed, signed))
}

impl Material {
    /// Which identity signed, where a certificate stands in place of a key. Exactly one signature and one entry, or it is not clear what the
    /// entry is about.
    fn signer(self, keys: &[&UpstreamKey], sealed: &Sealed, signed: &[u8]) -> Result<By, String> {
        let none = || format!("not by {}", expected(keys));
        let (Some(certificate), true) = (self.certificate, keys.iter().any(|key| key.kind() == Kind::Keyless)) else { return Err(none()) };
        let [entry] = <[WireEntry; 1]>::try_from(self.tlog_entries).map_err(|_| "it has not exactly one entry in a log of signatures")?;
        let entry = entry.into_domain().ok_or("its entry in a log of signatures cannot be read")?;
        let signed = Signed {
            form: Form::Envelope,
            bytes: signed,
            payload: &sealed.payload,
            signature: sealed.signature()?,
            certificate: &certificate.raw_bytes.0,
            entry: &entry,
            // How it stood when it was entered is not known.
            envelope: None,
            timestamps: &self.timestamp_verification_data.into_domain(),
            must_be_placed: true,
        };
        by_identity(keys, &signed).map(|(_, by)| by)
    }
}
