//! When a signature was made, as an authority of timestamps says (RFC 3161): that it is about this signature, and by an authority of the trusted
//! root at a time for which that is trusted.

use super::certificate::{Certificate, TIME_STAMPING};
use super::chain::Path;
use super::refusal::Refusal;
use super::root::{Authority, TrustedRoot};
use super::token::{Hash, Token};
use aws_lc_rs::digest::{SHA256, SHA384, SHA512};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::EndEntityCert;
use webpki::aws_lc_rs::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P256_SHA512, ECDSA_P384_SHA256, ECDSA_P384_SHA384, ECDSA_P384_SHA512,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
};

type Verifier = &'static dyn SignatureVerificationAlgorithm;

/// What authorities of timestamps and those above them may sign with.
const ALGORITHMS: &[Verifier] = &[
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P256_SHA512,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
    ECDSA_P384_SHA512,
    RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
];
/// The same by what they sign: SHA-256, SHA-384, SHA-512.
static BY_ECDSA: [[Verifier; 2]; 3] =
    [[ECDSA_P256_SHA256, ECDSA_P384_SHA256], [ECDSA_P256_SHA384, ECDSA_P384_SHA384], [ECDSA_P256_SHA512, ECDSA_P384_SHA512]];
static BY_RSA: [[Verifier; 1]; 3] = [[RSA_PKCS1_2048_8192_SHA256], [RSA_PKCS1_2048_8192_SHA384], [RSA_PKCS1_2048_8192_SHA512]];
/// `ecdsa-with-SHA…` (1.2.840.10045.4.3) and what stands before `…WithRSAEncryption` and `rsaEncryption` (1.2.840.113549.1.1), without their last number.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];

impl TrustedRoot {
    /// When a signature was there at the latest, in seconds since 1970, by a timestamp over it.
    pub fn stamped(&self, timestamp: &[u8], signature: &[u8]) -> Result<i64, Refusal> {
        let wrong = |why: &str| Refusal::Timestamp(why.to_owned());
        let token = Token::read(timestamp).map_err(wrong)?;
        if !token.imprint.is_of(signature) {
            return Err(wrong("it is of another signature"));
        }
        let mut why = wrong("it is by no authority of the trusted root");
        for authority in &self.stampers {
            match stamped(&token, authority) {
                Ok(None) => {}
                Ok(Some(())) => return Ok(token.time),
                Err(refused) => why = wrong(&refused),
            }
        }
        Err(why)
    }
}

/// Whether the authority made it; `None` where it says that another one did.
fn stamped(token: &Token<'_>, authority: &Authority) -> Result<Option<()>, String> {
    let Some((leaf, above)) = authority.chain.split_first() else { return Ok(None) };
    let certificate = Certificate::read(leaf).map_err(|why| why.to_string())?;
    if (token.issuer, token.serial) != (certificate.issued_by, certificate.serial) {
        return Ok(None);
    }
    if !authority.period.covers(token.time) {
        return Err("the trusted root has its authority for another time".to_owned());
    }
    if !token.certificate.is_of(leaf) {
        return Err("it was signed by another certificate than the authority's".to_owned());
    }
    if !certificate.only_stamps() {
        return Err("the certificate of its authority is not for timestamps alone".to_owned());
    }
    let path = Path { algorithms: ALGORITHMS, purpose: TIME_STAMPING, time: token.time };
    path.leads(leaf, &certificate, above).map_err(|why| format!("the certificate of its authority is not good: {why}"))?;
    signed(token, leaf).map(Some)
}

/// That the key of the certificate signed what it says.
fn signed(token: &Token<'_>, leaf: &[u8]) -> Result<(), String> {
    if token.hash.of(token.content).as_ref() != token.message {
        return Err("the authority signed something else".to_owned());
    }
    let leaf = CertificateDer::from(leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(|why| why.to_string())?;
    let holds = |one: &Verifier| leaf.verify_signature(*one, &token.attributes, token.signature).is_ok();
    match verifiers(token.algorithm, token.hash).iter().any(holds) {
        true => Ok(()),
        false => Err("its signature is not by the key of its authority".to_owned()),
    }
}

/// What verifies a signature of that kind over a digest of that kind; the name of the former may say the latter, and has to say the same.
fn verifiers(algorithm: &[u8], hash: Hash) -> &'static [Verifier] {
    let Some(at) = [&SHA256, &SHA384, &SHA512].iter().position(|known| **known == *hash.0) else { return &[] };
    let last = |number: usize| u8::try_from(number + at).unwrap_or_default();
    match (algorithm.strip_prefix(ECDSA), algorithm.strip_prefix(RSA)) {
        (Some([number]), _) if *number == last(2) => &BY_ECDSA[at],
        (_, Some([number])) if *number == 1 || *number == last(11) => &BY_RSA[at],
        _ => &[],
    }
}
