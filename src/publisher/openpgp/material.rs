//! Public keys of version 4 (RFC 9580, section 5.5.2), and what verifies with each.

use super::packet::Cursor;
use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA512_ASN1, EcdsaVerificationAlgorithm, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
};
use data_encoding::HEXUPPER;
use ed25519_dalek::{Signature, VerifyingKey};
use sha1::Digest as _;

const RSA: u8 = 1;
const RSA_SIGN_ONLY: u8 = 3;
const ECDSA: u8 = 19;
const EDDSA_LEGACY: u8 = 22;
const ED25519: u8 = 27;
const P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: [u8; 5] = [0x2b, 0x81, 0x04, 0x00, 0x22];
const ED25519_LEGACY: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];

/// Digests that signatures may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// By its number (RFC 9580, section 9.5); those that are broken or not in use are none.
    pub(super) const fn of(number: u8) -> Option<Self> {
        match number {
            8 => Some(Self::Sha256),
            9 => Some(Self::Sha384),
            10 => Some(Self::Sha512),
            _ => None,
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        };
        digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    /// The packet's body, by which it is known and signed.
    pub body: Vec<u8>,
    /// When it was made, in seconds since 1970.
    pub created: u64,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519([u8; 32]),
    /// It can be named, and verifies nothing.
    Other,
}

impl PublicKey {
    /// Reads a packet's body.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        if cursor.byte()? != 4 {
            return None;
        }
        let created = cursor.number(4)? as u64;
        let algorithm = cursor.byte()?;
        let material = material(algorithm, &mut cursor).filter(|_| cursor.is_done()).unwrap_or(Material::Other);
        Some(Self { body: body.to_vec(), created, material })
    }

    /// What every signature about a key begins with.
    pub(super) fn hashed(&self) -> Vec<u8> {
        [&[0x99][..], &u16::try_from(self.body.len()).unwrap_or(u16::MAX).to_be_bytes(), &self.body].concat()
    }

    /// The fingerprint, as `gpg` prints it without spaces.
    pub(super) fn fingerprint(&self) -> String {
        HEXUPPER.encode(&sha1::Sha1::digest(self.hashed()))
    }

    /// Whether it is of a kind that verifies something.
    pub(super) fn is_known(&self) -> bool {
        self.material != Material::Other
    }

    /// Whether the numbers of a signature are by this key over these bytes.
    pub(super) fn verifies(&self, algorithm: u8, hash: Hash, signed: &[u8], mut numbers: Cursor<'_>) -> bool {
        self.checked(algorithm, hash, signed, &mut numbers).unwrap_or(false) && numbers.is_done()
    }

    fn checked(&self, algorithm: u8, hash: Hash, signed: &[u8], numbers: &mut Cursor<'_>) -> Option<bool> {
        match (&self.material, algorithm) {
            (Material::Rsa { modulus, exponent }, RSA | RSA_SIGN_ONLY) => {
                let signature = padded(numbers.big()?, modulus.len())?;
                let key = RsaPublicKeyComponents { n: &modulus[..], e: &exponent[..] };
                Some(key.verify(rsa(hash), signed, &signature).is_ok())
            }
            (Material::P256(point), ECDSA) => {
                ecdsa(point, [&ECDSA_P256_SHA256_ASN1, &ECDSA_P256_SHA384_ASN1, &ECDSA_P256_SHA512_ASN1], hash, signed, numbers)
            }
            (Material::P384(point), ECDSA) => {
                ecdsa(point, [&ECDSA_P384_SHA256_ASN1, &ECDSA_P384_SHA384_ASN1, &ECDSA_P384_SHA512_ASN1], hash, signed, numbers)
            }
            (Material::Ed25519(key), EDDSA_LEGACY) => {
                let (r, s) = (padded(numbers.big()?, 32)?, padded(numbers.big()?, 32)?);
                ed25519(key, hash, signed, &[r, s].concat())
            }
            (Material::Ed25519(key), ED25519) => ed25519(key, hash, signed, numbers.take(64)?),
            _ => None,
        }
    }
}

fn material(algorithm: u8, cursor: &mut Cursor<'_>) -> Option<Material> {
    match algorithm {
        RSA | RSA_SIGN_ONLY => Some(Material::Rsa { modulus: cursor.big()?.to_vec(), exponent: cursor.big()?.to_vec() }),
        ECDSA => {
            let length = cursor.byte()?;
            let curve = cursor.take(usize::from(length))?;
            let point = cursor.big()?.to_vec();
            match curve {
                curve if curve == P256 => Some(Material::P256(point)),
                curve if curve == P384 => Some(Material::P384(point)),
                _ => None,
            }
        }
        EDDSA_LEGACY => {
            let length = cursor.byte()?;
            let curve = cursor.take(usize::from(length))?;
            let point = cursor.big()?.strip_prefix(&[0x40])?;
            (curve == ED25519_LEGACY).then_some(Material::Ed25519(point.try_into().ok()?))
        }
        ED25519 => Some(Material::Ed25519(cursor.take(32)?.try_into().ok()?)),
        _ => None,
    }
}

const fn rsa(hash: Hash) -> &'static RsaParameters {
    match hash {
        Hash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        Hash::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
    }
}

fn ecdsa(
    point: &[u8],
    algorithms: [&'static EcdsaVerificationAlgorithm; 3],
    hash: Hash,
    signed: &[u8],
    numbers: &mut Cursor<'_>,
) -> Option<bool> {
    let (r, s) = (integer(numbers.big()?)?, integer(numbers.big()?)?);
    let length = u8::try_from(r.len() + s.len()).ok().filter(|length| *length < 128)?;
    let signature = [&[0x30, length][..], &r, &s].concat();
    Some(ParsedPublicKey::new(algorithms[hash as usize], point).ok()?.verify_sig(signed, &signature).is_ok())
}

/// A positive number in DER, of at most 48 bytes.
fn integer(number: &[u8]) -> Option<Vec<u8>> {
    let sign: &[u8] = if number.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    let length = u8::try_from(number.len() + sign.len()).ok().filter(|length| *length <= 49)?;
    Some([&[0x02, length][..], sign, number].concat())
}

/// Ed25519 signs the digest of what is signed.
fn ed25519(key: &[u8; 32], hash: Hash, signed: &[u8], signature: &[u8]) -> Option<bool> {
    let (key, signature) = (VerifyingKey::from_bytes(key).ok()?, Signature::from_slice(signature).ok()?);
    Some(!key.is_weak() && key.verify_strict(&hash.digest(signed), &signature).is_ok())
}

/// A number with its leading zeros, to a length.
fn padded(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let zeros = length.checked_sub(number.len())?;
    Some([&vec![0; zeros][..], number].concat())
}
