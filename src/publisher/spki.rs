//! Public keys as X.509 has them (RFC 5280, `SubjectPublicKeyInfo`) in PEM, and what verifies with each. The key says which algorithm it is,
//! never the signature.

use crate::artifact::Digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use ed25519_dalek::{Signature, VerifyingKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;

/// What stands before the point of a key on P-256 (RFC 5480), uncompressed.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
    0x07, 0x03, 0x42, 0x00,
];
/// What stands before an Ed25519 key (RFC 8410).
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A public key, by its algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    algorithm: Algorithm,
    der: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    EcdsaP256,
    Ed25519,
    Rsa,
}

impl PublicKey {
    /// Reads one key in PEM, and nothing beside it; why it is none, where it is none.
    pub(super) fn from_pem(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let whole = text.starts_with("-----BEGIN PUBLIC KEY-----") && text.ends_with("-----END PUBLIC KEY-----");
        if !whole || text.matches("-----BEGIN").count() != 1 {
            return Err("it is not one key in PEM, from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----".to_owned());
        }
        let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()).map_err(|_| "its PEM cannot be read".to_owned())?;
        Self::from_der(der.as_ref().to_vec())
    }

    /// Reads one key in DER.
    pub(super) fn from_der(der: Vec<u8>) -> Result<Self, String> {
        let parsed = |algorithm| ParsedPublicKey::new(algorithm, &der).is_ok();
        let algorithm = match &der[..] {
            key if key.len() == 91 && key.starts_with(&P256) && parsed(&ECDSA_P256_SHA256_ASN1) => Algorithm::EcdsaP256,
            key if key.len() == 44 && key.starts_with(&ED25519) => {
                ed25519(key).filter(|key| !key.is_weak()).ok_or("it is a weak key, or no point of its curve")?;
                Algorithm::Ed25519
            }
            _ if ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der).is_ok() => Algorithm::Rsa,
            _ => return Err("it is of a kind that is not judged: ECDSA on P-256, Ed25519, or RSA of 2048 to 8192 bits is".to_owned()),
        };
        Ok(Self { algorithm, der })
    }

    /// Whether a signature is by this key over these bytes: ECDSA and RSA (PKCS#1, version 1.5) over their SHA-256, Ed25519 over themselves.
    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let parsed = |algorithm| ParsedPublicKey::new(algorithm, &self.der).is_ok_and(|key| key.verify_sig(signed, signature).is_ok());
        match self.algorithm {
            Algorithm::EcdsaP256 => parsed(&ECDSA_P256_SHA256_ASN1),
            Algorithm::Rsa => parsed(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Ed25519 => Signature::from_slice(signature)
                .is_ok_and(|signature| ed25519(&self.der).is_some_and(|key| key.verify_strict(signed, &signature).is_ok())),
        }
    }

    /// Whether it is for ECDSA on P-256.
    pub(super) fn is_p256(&self) -> bool {
        self.algorithm == Algorithm::EcdsaP256
    }

    /// The 32 bytes of an Ed25519 key.
    pub(super) fn point(&self) -> Option<&[u8]> {
        self.der.get(ED25519.len()..).filter(|_| self.algorithm == Algorithm::Ed25519)
    }

    /// Whether that is the SHA-256 of its bytes.
    pub(super) fn is_named(&self, name: &Digest) -> bool {
        Digest::of(&self.der) == *name
    }

    /// SHA-256 of its bytes: `openssl pkey -pubin -outform DER | sha256sum`.
    pub(super) fn fingerprint(&self) -> String {
        Digest::of(&self.der).to_string()
    }
}

fn ed25519(der: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(der.get(ED25519.len()..)?.try_into().ok()?).ok()
}
