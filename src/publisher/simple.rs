//! Simple signing as cosign writes it (its specification, "Signature Spec"): a JSON payload that names a manifest by its digest and the
//! repository it was signed in, and a signature over exactly these bytes.

use super::key::{Kind, UpstreamKey};
use super::keyless::{self, Form};
use super::worth::By;
use crate::artifact::Digest;
use data_encoding::BASE64;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

/// Media type of a payload.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The annotation of a payload's layer that holds the signature, in base64.
pub const SIGNATURE_ANNOTATION: &str = "dev.cosignproject.cosign/signature";
/// The annotations of a payload's layer that hold the certificate, in PEM, and the entry in a log of signatures, where it was signed without a
/// key that stays.
pub const CERTIFICATE_ANNOTATION: &str = "dev.sigstore.cosign/certificate";
/// See [`CERTIFICATE_ANNOTATION`].
pub const BUNDLE_ANNOTATION: &str = "dev.sigstore.cosign/bundle";
/// Longest certificate and entry in an annotation, in bytes.
const MOST_ANNOTATION_BYTES: usize = 64 << 10;
/// Longest payload, in bytes; those that are made have a few hundred.
const MOST_PAYLOAD_BYTES: usize = 64 << 10;
/// Longest signature in base64: that of an RSA key of 8192 bits has 1368.
const MOST_SIGNATURE_BYTES: usize = 2048;
/// What `critical.type` says.
const TYPE: &str = "cosign container image signature";

/// A payload and the signature over it.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The payload's exact bytes.
    pub payload: &'a [u8],
    /// The signature as its annotation has it; `None` where there is none.
    pub signature: Option<&'a str>,
    /// What stands in place of a key; `None` where nothing does.
    pub keyless: Option<Keyless<'a>>,
}

/// A certificate and an entry as their annotations have them.
#[derive(Debug, Clone, Copy)]
pub struct Keyless<'a> {
    /// The certificate, in PEM.
    pub certificate: &'a str,
    /// The entry in a log of signatures, as JSON.
    pub entry: &'a str,
}

impl Keyless<'_> {
    /// The certificate, and the entry, which tells no place in the tree.
    pub(super) fn read(&self) -> Result<(CertificateDer<'static>, keyless::Entry), String> {
        let fits = self.certificate.len() <= MOST_ANNOTATION_BYTES && self.entry.len() <= MOST_ANNOTATION_BYTES;
        let certificate = fits.then(|| CertificateDer::from_pem_slice(self.certificate.as_bytes()).ok()).flatten();
        let certificate = certificate.ok_or("its certificate cannot be read")?;
        let entry = keyless::annotated(self.entry).ok_or("its entry in a log of signatures cannot be read")?;
        Ok((certificate, entry))
    }
}

#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
    docker_reference: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Image {
    docker_manifest_digest: String,
}

impl Signed<'_> {
    /// Which key signed that the manifest of that digest is of that repository; else, why none did. The signature is judged first: nothing
    /// is read of a payload that nobody known has signed.
    pub fn judge(&self, keys: &[&UpstreamKey], manifest: &Digest, repository: &str) -> Result<By, String> {
        if self.payload.len() > MOST_PAYLOAD_BYTES {
            return Err(format!("its payload is longer than {MOST_PAYLOAD_BYTES} bytes"));
        }
        let encoded = self.signature.filter(|text| text.len() <= MOST_SIGNATURE_BYTES).ok_or("its layer has no signature")?;
        let signature = BASE64.decode(encoded.as_bytes()).map_err(|_| "its signature is not base64")?;
        let (key, by) = self.signer(keys, &signature)?;
        let payload: Payload =
            serde_json::from_slice(self.payload).map_err(|_| format!("by {by}, but its payload is not one of cosign's"))?;
        let Critical { identity: Identity { docker_reference }, image: Image { docker_manifest_digest }, kind } = payload.critical;
        if kind != TYPE {
            return Err(format!("by {by}, but its payload is of another type: {kind:.80}"));
        }
        if docker_manifest_digest != manifest.to_string() {
            return Err(format!("by {by}, but of another content: {docker_manifest_digest:.80} was signed, this is {manifest}"));
        }
        let taken = same(&docker_reference, repository) || key.signed_as.iter().any(|pattern| pattern.covers(named(&docker_reference)));
        if !taken {
            return Err(format!(
                "by {by}, but as {docker_reference:.200}, not as {repository}; where that is right, the key's signed-as has to say it"
            ));
        }
        Ok(by)
    }
}

impl Signed<'_> {
    /// Which of the keys or identities made the signature, and who that is.
    fn signer<'k>(&self, keys: &[&'k UpstreamKey], signature: &[u8]) -> Result<(&'k UpstreamKey, By), String> {
        let made = |key: &UpstreamKey| key.cosign().is_some_and(|key| key.verifies(self.payload, signature));
        if let Some(found) = keys.iter().filter(|key| made(key)).find_map(|key| Some((*key, key.by_key()?))) {
            return Ok(found);
        }
        let keyless = |key: &&&UpstreamKey| key.kind() == Kind::Keyless;
        let (Some(along), true) = (&self.keyless, keys.iter().any(|key| keyless(&key))) else {
            return Err(format!("not by {}", expected(keys)));
        };
        let (certificate, entry) = along.read()?;
        let signed = keyless::Signed {
            form: Form::Plain,
            bytes: self.payload,
            payload: self.payload,
            signature,
            certificate: &certificate,
            entry: &entry,
            envelope: None,
            timestamps: &[],
            // This form has no room for the place.
            must_be_placed: false,
        };
        by_identity(keys, &signed)
    }
}

/// Which of the identities signed without a key that stays, and who that was; else, why none did.
pub(super) fn by_identity<'k>(keys: &[&'k UpstreamKey], signed: &keyless::Signed<'_>) -> Result<(&'k UpstreamKey, By), String> {
    let mut why = Vec::new();
    for key in keys.iter().filter(|key| key.kind() == Kind::Keyless) {
        match key.verify_keyless(signed) {
            Ok(by) => return Ok((key, by)),
            Err(refusal) => why.push(format!("not by {}: {refusal}", key.label())),
        }
    }
    Err(why.join("; "))
}

/// The keys of which one had to sign.
pub(super) fn expected(keys: &[&UpstreamKey]) -> String {
    keys.iter()
        .filter(|key| [Kind::Cosign, Kind::Keyless].contains(&key.kind()))
        .map(|key| key.label())
        .collect::<Vec<_>>()
        .join(", nor by ")
}

/// A reference without its tag and digest.
fn named(reference: &str) -> &str {
    let name = reference.split_once('@').map_or(reference, |(name, _)| name);
    name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(name, |(name, _)| name)
}

/// Whether a reference is of that repository. Docker Hub's registry has two names.
fn same(reference: &str, repository: &str) -> bool {
    fn short(name: &str) -> &str {
        name.strip_prefix("index.").filter(|rest| rest.starts_with("docker.io/")).unwrap_or(name)
    }
    short(named(reference)) == short(repository)
}
