//! A key of a publisher: what it is called, what it signs, and how it verifies.

use super::keyless::{Identity, Refusal, Signed, Signer};
use super::openpgp::Certificate;
use super::pattern::Pattern;
use super::spki::PublicKey;
use super::worth::{By, Means};

/// Longest key as text, in bytes.
pub const MAX_KEY_BYTES: usize = 32 << 10;

/// What signatures a key makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Simple signing, as cosign writes it with a key.
    Cosign,
    /// Clear-signed texts, as `gpg` and `helm package --sign` write them.
    OpenPgp,
    /// Signatures with a certificate of Fulcio: by an identity, and no key that anybody keeps.
    Keyless,
}

impl Kind {
    const WORDS: [(&'static str, Self); 3] = [("cosign", Self::Cosign), ("openpgp", Self::OpenPgp), ("keyless", Self::Keyless)];
    /// Those that have a key, by their words in policies.
    pub const KEYS: [(&'static str, Self); 2] = [Self::WORDS[0], Self::WORDS[1]];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// A key that somebody on this side took from a publisher, or an identity that they know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamKey {
    /// What it is called.
    pub name: String,
    /// What has to be signed with it, as `ecosystem/name`.
    pub artifacts: Vec<Pattern>,
    /// Which names in signatures are taken for the artifact's, beside its own.
    pub signed_as: Vec<Pattern>,
    /// Of which types attestations count for signatures.
    pub attested: Vec<Pattern>,
    /// The key as it was given; empty for an identity.
    text: String,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Cosign(PublicKey),
    OpenPgp(Certificate),
    Keyless(Identity),
}

impl UpstreamKey {
    /// A key from its text; why it is none, where it is none.
    pub fn read(name: String, kind: Kind, text: &str, artifacts: Vec<Pattern>, signed_as: Vec<Pattern>) -> Result<Self, String> {
        if text.len() > MAX_KEY_BYTES {
            return Err(format!("it is longer than {MAX_KEY_BYTES} bytes"));
        }
        let material = match kind {
            Kind::Cosign => Material::Cosign(PublicKey::from_pem(text)?),
            Kind::OpenPgp => Material::OpenPgp(Certificate::read(text)?),
            Kind::Keyless => return Err("it is an identity, and has no key".to_owned()),
        };
        Ok(Self { name, artifacts, signed_as, attested: vec![], text: text.to_owned(), material })
    }

    /// An identity in place of a key.
    pub const fn keyless(name: String, identity: Identity, artifacts: Vec<Pattern>, signed_as: Vec<Pattern>) -> Self {
        Self { name, artifacts, signed_as, attested: Vec::new(), text: String::new(), material: Material::Keyless(identity) }
    }

    /// The same, for whom attestations of these types count for signatures.
    #[must_use]
    pub fn counting(self, attested: Vec<Pattern>) -> Self {
        Self { attested, ..self }
    }

    /// What signatures it makes.
    pub const fn kind(&self) -> Kind {
        match self.material {
            Material::Cosign(_) => Kind::Cosign,
            Material::OpenPgp(_) => Kind::OpenPgp,
            Material::Keyless(_) => Kind::Keyless,
        }
    }

    /// Whether it is for an artifact, by its `ecosystem/name`.
    pub fn is_for(&self, artifact: &str) -> bool {
        self.artifacts.iter().any(|pattern| pattern.covers(artifact))
    }

    /// How people tell it from others: its name, its kind and its fingerprint, or who says who it is.
    pub fn label(&self) -> String {
        let issuer = self.identity().map(|identity| format!("{} ({}, known to {:.200})", self.name, self.kind().word(), identity.issuer));
        issuer.or_else(|| self.by_key().map(|by| by.to_string())).unwrap_or_default()
    }

    /// Who it is whose key this is; `None` for an identity, of whom only a signature says who it was.
    pub(super) fn by_key(&self) -> Option<By> {
        let fingerprint = match &self.material {
            Material::Cosign(key) => key.fingerprint(),
            Material::OpenPgp(certificate) => certificate.fingerprint().to_owned(),
            Material::Keyless(_) => return None,
        };
        Some(By { name: self.name.clone(), means: Means::Key { kind: self.kind(), fingerprint }, says: None })
    }

    /// The key as it was given, where it is one.
    pub fn text(&self) -> Option<&str> {
        self.identity().is_none().then_some(&*self.text)
    }

    /// The identity, where it is one.
    pub const fn identity(&self) -> Option<&Identity> {
        match &self.material {
            Material::Keyless(identity) => Some(identity),
            Material::Cosign(_) | Material::OpenPgp(_) => None,
        }
    }

    /// The key of simple signing, where it is one.
    pub(super) const fn cosign(&self) -> Option<&PublicKey> {
        match &self.material {
            Material::Cosign(key) => Some(key),
            Material::OpenPgp(_) | Material::Keyless(_) => None,
        }
    }

    /// Who signed without a key that stays: the name of this one, and what its certificate says.
    pub fn verify_keyless(&self, signed: &Signed<'_>) -> Result<By, Refusal> {
        let known = self.identity().ok_or(Refusal::Malformed("it is with a certificate, and no key"))?;
        let Signer { identity, time } = known.verify(signed)?;
        let means = Means::Identity { identity, issuer: known.issuer.clone(), time, root: known.root.digest };
        Ok(By { name: self.name.clone(), means, says: None })
    }

    /// The lines of a clear-signed message that this key signed, and whose they are; why there are none, where there are none.
    pub fn signed_lines(&self, message: &[u8]) -> Result<(Vec<String>, By), String> {
        match (&self.material, self.by_key()) {
            (Material::OpenPgp(certificate), Some(by)) => Ok((certificate.verify(message)?, by)),
            _ => Err("it is no key of OpenPGP".to_owned()),
        }
    }
}
