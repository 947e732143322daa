//! An authority of timestamps of its own (RFC 3161): what it answers is written byte by byte, so that each part of it can be another one.

use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SerialNumber, SigningKey, date_time_ymd,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const ROOT: &str = "Stamps";
const SERIAL: [u8; 4] = [9, 8, 7, 6];
const SHA256: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA384: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const INFO: &[u8] = &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
const ECDSA: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const CONTENT_TYPE: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const CERTIFICATE: &[u8] = &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
/// What the certificate is for: signing timestamps, or code.
pub const STAMPS: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
pub const SIGNS: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

/// An authority: what signs, and the root above it.
pub struct Stamper {
    key: KeyPair,
    chain: [Vec<u8>; 2],
}

/// What can be other than it should be in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It was not granted.
    Refused,
    /// Something else is said to be signed.
    AnotherType,
    /// The digest of another content is signed.
    AnotherContent,
    /// Another certificate is said to be the one.
    AnotherCertificate,
    /// It is not said which certificate it is.
    NoCertificate,
    /// It is hashed by something else than what it names.
    AnotherHash,
    /// There are two signers.
    TwoSigners,
}

impl Stamper {
    pub fn good() -> Self {
        Self::of(STAMPS, true, 2025)
    }

    /// One whose certificate is for that, which has to be understood or not, and begins in that year.
    pub fn of(purpose: &[u8], critical: bool, year: i32) -> Self {
        let key = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let named = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params.not_after = date_time_ymd(2035, 1, 1);
            params
        };
        let mut root = named(ROOT);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        root.not_before = date_time_ymd(2025, 1, 1);
        let (root_key, key) = (key(), key());
        let whole = root.self_signed(&root_key).unwrap();
        let mut leaf = named("Stamp");
        leaf.not_before = date_time_ymd(year, 1, 1);
        leaf.serial_number = Some(SerialNumber::from_slice(&SERIAL));
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.use_authority_key_identifier_extension = true;
        let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], purpose.to_vec());
        extension.set_criticality(critical);
        leaf.custom_extensions = vec![extension];
        let leaf = leaf.signed_by(&key, &Issuer::from_params(&root, &root_key)).unwrap();
        Self { key, chain: [leaf.der().to_vec(), whole.der().to_vec()] }
    }

    /// How a trusted root has it.
    pub fn known(&self) -> Value {
        let chain = self.chain.iter().map(|one| json!({ "rawBytes": BASE64.encode(one) })).collect::<Vec<_>>();
        json!({
            "subject": { "organization": "example", "commonName": "Stamps" }, "uri": "https://stamps.example",
            "certChain": { "certificates": chain }, "validFor": { "start": "2020-01-01T00:00:00Z" },
        })
    }

    /// Its answer about a signature.
    pub fn stamps(&self, signature: &[u8], time: &str) -> Vec<u8> {
        self.stamps_with(signature, time, None)
    }

    pub fn stamps_with(&self, signature: &[u8], time: &str, flaw: Option<Flaw>) -> Vec<u8> {
        let sha256 = der(0x30, &[SHA256, &[0x05, 0x00]]);
        let info = der(
            0x30,
            &[
                &[0x02, 1, 1, 0x06, 2, 0x2a, 3],
                &der(0x30, &[&sha256, &der(0x04, &[&Sha256::digest(signature)])]),
                &[0x02, 1, 5],
                &der(0x18, &[time.as_bytes()]),
                &[0x30, 3, 0x02, 1, 1, 0x02, 1, 77],
            ],
        );
        let content = if flaw == Some(Flaw::AnotherContent) { b"another".to_vec() } else { info.clone() };
        let certificate = if flaw == Some(Flaw::AnotherCertificate) { &self.chain[1] } else { &self.chain[0] };
        let attribute = |oid: &[u8], value: &[u8]| der(0x30, &[oid, &der(0x31, &[value])]);
        let by = der(0x30, &[&der(0x30, &[&der(0x30, &[&der(0x04, &[&Sha256::digest(certificate)])])])]);
        let kind = if flaw == Some(Flaw::AnotherType) { SIGNED_DATA } else { INFO };
        let mut attributes = [attribute(CONTENT_TYPE, kind), attribute(MESSAGE_DIGEST, &der(0x04, &[&Sha256::digest(content)]))].concat();
        if flaw != Some(Flaw::NoCertificate) {
            attributes.extend(attribute(CERTIFICATE, &by));
        }
        let signed = self.key.sign(&der(0x31, &[&attributes])).unwrap();
        let hash = if flaw == Some(Flaw::AnotherHash) { der(0x30, &[SHA384]) } else { sha256 };
        let signer = der(
            0x30,
            &[
                &[0x02, 1, 1],
                &der(0x30, &[&name(), &der(0x02, &[&SERIAL])]),
                &hash,
                &der(0xa0, &[&attributes]),
                &der(0x30, &[ECDSA]),
                &der(0x04, &[&signed]),
            ],
        );
        let signers = if flaw == Some(Flaw::TwoSigners) { der(0x31, &[&signer, &signer]) } else { der(0x31, &[&signer]) };
        let inside = der(0x30, &[INFO, &der(0xa0, &[&der(0x04, &[&info])])]);
        let data = der(0x30, &[&[0x02, 1, 3], &der(0x31, &[&hash]), &inside, &signers]);
        let status = [0x30, 3, 0x02, 1, if flaw == Some(Flaw::Refused) { 2 } else { 0 }];
        der(0x30, &[&status, &der(0x30, &[SIGNED_DATA, &der(0xa0, &[&data])])])
    }
}

/// How the root is called.
fn name() -> Vec<u8> {
    der(0x30, &[&der(0x31, &[&der(0x30, &[&[0x06, 3, 0x55, 4, 3], &der(0x0c, &[ROOT.as_bytes()])])])])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let head = match length {
        0..=0x7f => vec![tag, u8::try_from(length).unwrap()],
        0x80..=0xff => vec![tag, 0x81, u8::try_from(length).unwrap()],
        _ => [&[tag, 0x82][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [head, content].concat()
}
