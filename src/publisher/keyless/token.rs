//! Timestamps as they are written (RFC 3161): an answer of an authority, and in it the signed message (CMS, RFC 5652) around what it says.
//! Strictly DER, of one signer, with nothing left over; the certificates in it are not read.

use super::der::{self, BOOLEAN, GENERALIZED_TIME, INTEGER, OCTETS, OID, Reader, SEQUENCE, SET};
use aws_lc_rs::digest::{self, Algorithm};

/// Longest timestamp, in bytes: with all of its certificates one has less than 8 KiB.
const MOST_BYTES: usize = 32 << 10;
/// Most attributes of a signer.
const MOST_ATTRIBUTES: usize = 16;

const NULL: u8 = 0x05;
/// `id-signedData` (1.2.840.113549.1.7.2) and `id-ct-TSTInfo` (1.2.840.113549.1.9.16.1.4).
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// Attributes: `contentType`, `messageDigest` and `signingCertificateV2` (RFC 5035).
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
/// SHA-256, SHA-384 and SHA-512 (2.16.840.1.101.3.4.2.1 to 3).
const SHA2: [u8; 8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// A timestamp that could be read; nothing of it is believed yet.
pub(super) struct Token<'a> {
    /// What it says, as it was signed.
    pub(super) content: &'a [u8],
    /// What it was made of.
    pub(super) imprint: Imprint<'a>,
    /// When it was made, in seconds since 1970.
    pub(super) time: i64,
    /// Who signed it: the issuer of the certificate and its number there.
    pub(super) issuer: &'a [u8],
    pub(super) serial: &'a [u8],
    /// By what the content was hashed.
    pub(super) hash: Hash,
    /// What the signer said beside it, as it was signed.
    pub(super) attributes: Vec<u8>,
    /// Of these the digest of the content, and that of the certificate.
    pub(super) message: &'a [u8],
    pub(super) certificate: Imprint<'a>,
    /// How it was signed, and the signature.
    pub(super) algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// A digest, and by what it was made.
#[derive(Clone, Copy)]
pub(super) struct Imprint<'a> {
    hash: Hash,
    digest: &'a [u8],
}

impl Imprint<'_> {
    /// Whether it was made of these bytes.
    pub(super) fn is_of(&self, bytes: &[u8]) -> bool {
        self.hash.of(bytes).as_ref() == self.digest
    }
}

/// A function of the family of SHA-2 that digests are made by.
#[derive(Clone, Copy)]
pub(super) struct Hash(pub(super) &'static Algorithm);

impl Hash {
    pub(super) fn of(self, bytes: &[u8]) -> digest::Digest {
        digest::digest(self.0, bytes)
    }

    /// By its name and nothing else; whatever is older or rarer is none.
    fn named(oid: &[u8]) -> Option<Self> {
        match oid.strip_prefix(&SHA2)? {
            [1] => Some(Self(&digest::SHA256)),
            [2] => Some(Self(&digest::SHA384)),
            [3] => Some(Self(&digest::SHA512)),
            _ => None,
        }
    }
}

impl<'a> Token<'a> {
    /// Reads an answer, and nothing beside it; why it is none, where it is none.
    pub(super) fn read(answer: &'a [u8]) -> Result<Self, &'static str> {
        if answer.len() > MOST_BYTES {
            return Err("it is too long");
        }
        let mut answer = Reader(der::only(answer, SEQUENCE).ok_or("it cannot be read")?);
        let status = answer.take(SEQUENCE).and_then(|status| Reader(status).take(INTEGER)).ok_or("it cannot be read")?;
        if ![&[0][..], &[1]].contains(&status) {
            return Err("the authority did not grant it");
        }
        let message = answer.take(SEQUENCE).filter(|_| answer.is_empty());
        message.and_then(Self::message).ok_or("what the authority signed cannot be read")
    }

    /// The signed message: one signer, and what was signed.
    fn message(message: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(message);
        outer.take(OID).filter(|oid| *oid == SIGNED_DATA)?;
        let mut signed = Reader(der::only(outer.take(0xa0).filter(|_| outer.is_empty())?, SEQUENCE)?);
        signed.take(INTEGER).filter(|version| *version == [3])?;
        let hash = Hash::named(algorithm(der::only(signed.take(SET)?, SEQUENCE)?)?)?;
        let mut inside = Reader(signed.take(SEQUENCE)?);
        inside.take(OID).filter(|oid| *oid == INFO)?;
        let content = der::only(inside.take(0xa0).filter(|_| inside.is_empty())?, OCTETS)?;
        signed.optional(0xa0);
        signed.optional(0xa1);
        let signer = der::only(signed.take(SET).filter(|_| signed.is_empty())?, SEQUENCE)?;
        let (imprint, time) = info(content)?;
        Self::signer(signer, content, imprint, time).filter(|token| *token.hash.0 == *hash.0)
    }

    /// Who signed it, by the certificate's issuer and number, and with which attributes.
    fn signer(signer: &'a [u8], content: &'a [u8], imprint: Imprint<'a>, time: i64) -> Option<Self> {
        let mut signer = Reader(signer);
        signer.take(INTEGER).filter(|version| *version == [1])?;
        let mut name = Reader(signer.take(SEQUENCE)?);
        let issuer = name.next().filter(|issuer| issuer.tag == SEQUENCE)?.whole;
        let serial = name.take(INTEGER).filter(|_| name.is_empty())?;
        let hash = Hash::named(algorithm(signer.take(SEQUENCE)?)?)?;
        let attributes = signer.take(0xa0)?;
        let (message, certificate) = said(attributes)?;
        let algorithm = algorithm(signer.take(SEQUENCE)?)?;
        let signature = signer.take(OCTETS)?;
        signer.optional(0xa1);
        // Signed is what they are, and not at which place they stand (RFC 5652, section 5.4).
        let attributes = der::wrapped(SET, attributes)?;
        let whole = Self { content, imprint, time, issuer, serial, hash, attributes, message, certificate, algorithm, signature };
        signer.is_empty().then_some(whole)
    }
}

/// What a timestamp says (`TSTInfo`): of what it was made, and when. Extensions that have to be understood are not.
fn info(content: &[u8]) -> Option<(Imprint<'_>, i64)> {
    let mut info = Reader(der::only(content, SEQUENCE)?);
    info.take(INTEGER).filter(|version| *version == [1])?;
    info.take(OID)?;
    let mut imprint = Reader(info.take(SEQUENCE)?);
    let hash = Hash::named(algorithm(imprint.take(SEQUENCE)?)?)?;
    let digest = imprint.take(OCTETS).filter(|_| imprint.is_empty())?;
    info.take(INTEGER)?;
    let time = der::moment(info.take(GENERALIZED_TIME)?)?;
    for tag in [SEQUENCE, BOOLEAN, INTEGER, 0xa0] {
        info.optional(tag);
    }
    info.is_empty().then_some((Imprint { hash, digest }, time))
}

/// The name of an algorithm that has no parameters.
fn algorithm(content: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader(content);
    let oid = reader.take(OID)?;
    let plain = reader.optional(NULL).is_none_or(<[u8]>::is_empty);
    (plain && reader.is_empty()).then_some(oid)
}

/// What a signer has to say: that it is a timestamp, the digest of its content, and by which certificate it is. Each of these once.
fn said(attributes: &[u8]) -> Option<(&[u8], Imprint<'_>)> {
    let (mut reader, mut all) = (Reader(attributes), Vec::new());
    while !reader.is_empty() {
        let mut attribute = Reader(reader.take(SEQUENCE)?);
        let (oid, values) = (attribute.take(OID)?, attribute.take(SET)?);
        if !attribute.is_empty() || all.len() >= MOST_ATTRIBUTES || all.iter().any(|(known, _)| *known == oid) {
            return None;
        }
        all.push((oid, values));
    }
    let of = |oid: &[u8]| all.iter().find(|(known, _)| *known == oid).map(|(_, values)| *values);
    der::only(of(CONTENT_TYPE)?, OID).filter(|kind| *kind == INFO)?;
    Some((der::only(of(MESSAGE_DIGEST)?, OCTETS)?, certificate(of(CERTIFICATE)?)?))
}

/// The digest of the certificate that signed (`SigningCertificateV2`): the first of its list. Without a name it is by SHA-256.
fn certificate(values: &[u8]) -> Option<Imprint<'_>> {
    let mut list = Reader(der::only(values, SEQUENCE)?);
    let mut first = Reader(Reader(list.take(SEQUENCE)?).take(SEQUENCE)?);
    let hash = match first.optional(SEQUENCE) {
        Some(named) => Hash::named(algorithm(named)?)?,
        None => Hash(&digest::SHA256),
    };
    Some(Imprint { hash, digest: first.take(OCTETS)? })
}
