//! Certificates (RFC 5280) as far as a keyless signature needs them: when they hold, whose key they are about, and what Fulcio wrote into
//! them. Their chain is verified elsewhere; nothing here is believed before that.

use super::der::{self, BITS, BOOLEAN, Element, INTEGER, OCTETS, OID, Reader, SEQUENCE, UTF8};
use super::refusal::Refusal;

/// Longest certificate, in bytes; those of Fulcio have less than 3 KiB.
pub(super) const MOST_CERTIFICATE_BYTES: usize = 16 << 10;
/// Most extensions of one certificate.
const MOST_EXTENSIONS: usize = 64;

/// `subjectAltName`.
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// Fulcio's issuer as raw text (1.3.6.1.4.1.57264.1.1) and as a string of DER (…1.8).
const ISSUER_RAW: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x01];
const ISSUER: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x08];
/// What logs of certificates promised (1.3.6.1.4.1.11129.2.4.2).
const PROMISES: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
/// `extKeyUsage`, and its one value `id-kp-timeStamping`.
const PURPOSES: &[u8] = &[0x55, 0x1d, 0x25];
pub(super) const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
const EMAIL: u8 = 0x81;
const URI: u8 = 0x86;

/// What a certificate says.
#[derive(Debug, Clone)]
pub(super) struct Certificate<'a> {
    /// Its public key, with what it is.
    pub(super) key: &'a [u8],
    /// From when until when it holds, in seconds since 1970.
    pub(super) holds: (i64, i64),
    /// Who issued it, as it names them, and whom it is about.
    pub(super) issued_by: &'a [u8],
    pub(super) subject: &'a [u8],
    /// Its number among those of its issuer.
    pub(super) serial: &'a [u8],
    signed: Vec<Element<'a>>,
    extensions: Vec<Extension<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Extension<'a> {
    oid: &'a [u8],
    critical: bool,
    whole: &'a [u8],
    value: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one, and nothing beside it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let fits = bytes.len() <= MOST_CERTIFICATE_BYTES;
        let read = fits.then(|| Self::parts(bytes)).flatten();
        read.ok_or(Refusal::Malformed("its certificate cannot be read"))
    }

    fn parts(bytes: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(der::only(bytes, SEQUENCE)?);
        let content = outer.take(SEQUENCE)?;
        outer.take(SEQUENCE)?;
        outer.take(BITS)?;
        if !outer.is_empty() {
            return None;
        }
        let (mut signed, mut reader) = (Vec::new(), Reader(content));
        while !reader.is_empty() && signed.len() < 10 {
            signed.push(reader.next()?);
        }
        // Version 3, with its serial number, algorithm, issuer, validity, subject, key and extensions, and without what nobody uses.
        let [version, serial, algorithm, issuer, validity, subject, key, extensions] = &signed[..] else { return None };
        let tags = [version, serial, algorithm, issuer, validity, subject, key, extensions].map(|element| element.tag);
        if tags != [0xa0, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, 0xa3] || version.content != [INTEGER, 1, 2] {
            return None;
        }
        let mut times = Reader(validity.content);
        let holds = (der::seconds(times.next()?)?, der::seconds(times.next()?)?);
        let read = Self {
            key: key.whole,
            holds,
            issued_by: issuer.whole,
            subject: subject.whole,
            serial: serial.content,
            extensions: extensions_of(extensions.content)?,
            signed: signed.clone(),
        };
        times.is_empty().then_some(read)
    }

    fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        self.extensions.iter().find(|extension| extension.oid == oid).map(|extension| extension.value)
    }

    /// The one name it is about: an address of the web or of mail. Several would leave open which of them signed.
    pub(super) fn identity(&self) -> Result<&'a str, Refusal> {
        let one = || {
            let mut names = Reader(der::only(self.extension(ALTERNATIVE_NAME)?, SEQUENCE)?);
            let name = names.next().filter(|name| [EMAIL, URI].contains(&name.tag) && names.is_empty())?;
            std::str::from_utf8(name.content).ok().filter(|text| !text.is_empty() && crate::error::plain(text) == *text)
        };
        one().ok_or(Refusal::Certificate("it is not about exactly one address of the web or of mail"))
    }

    /// Who says so: the provider that Fulcio asked.
    pub(super) fn issuer(&self) -> Result<&'a str, Refusal> {
        let newer = self.extension(ISSUER).map(|value| der::only(value, UTF8));
        let older = self.extension(ISSUER_RAW);
        let one = match (newer, older) {
            (Some(newer), None) => newer,
            (None, older) => older,
            (Some(newer), Some(older)) => newer.filter(|newer| *newer == older),
        };
        let text = one.and_then(|bytes| std::str::from_utf8(bytes).ok()).filter(|text| !text.is_empty());
        text.ok_or(Refusal::Certificate("it does not say, or says in two ways, which provider knew who asked for it"))
    }

    /// What logs of certificates promised, as TLS lists it.
    pub(super) fn promises(&self) -> Option<&'a [u8]> {
        der::only(self.extension(PROMISES)?, OCTETS)
    }

    /// Whether its key may sign timestamps and nothing else, and it says so as what has to be understood (RFC 3161, section 2.3).
    pub(super) fn only_stamps(&self) -> bool {
        let purposes = self.extensions.iter().find(|extension| extension.oid == PURPOSES && extension.critical);
        let list = purposes.and_then(|extension| der::only(extension.value, SEQUENCE));
        list.and_then(|list| der::only(list, OID)) == Some(TIME_STAMPING)
    }

    /// What was shown to those logs: the certificate without their promises.
    pub(super) fn without_promises(&self) -> Option<Vec<u8>> {
        let kept: Vec<u8> = self.extensions.iter().filter(|one| one.oid != PROMISES).flat_map(|one| one.whole).copied().collect();
        let last = der::wrapped(0xa3, &der::wrapped(SEQUENCE, &kept)?)?;
        let (_, others) = self.signed.split_last()?;
        let content: Vec<u8> = others.iter().flat_map(|element| element.whole).copied().chain(last).collect();
        der::wrapped(SEQUENCE, &content)
    }
}

/// All extensions; each at most once, as RFC 5280 says.
fn extensions_of(content: &[u8]) -> Option<Vec<Extension<'_>>> {
    let mut reader = Reader(der::only(content, SEQUENCE)?);
    let mut all: Vec<Extension<'_>> = Vec::new();
    while !reader.is_empty() {
        let element = reader.next().filter(|element| element.tag == SEQUENCE)?;
        let mut inner = Reader(element.content);
        let oid = inner.take(OID)?;
        let critical = inner.optional(BOOLEAN).is_some_and(|value| value != [0]);
        let extension = Extension { oid, critical, whole: element.whole, value: inner.take(OCTETS)? };
        if !inner.is_empty() || all.len() >= MOST_EXTENSIONS || all.iter().any(|known| known.oid == oid) {
            return None;
        }
        all.push(extension);
    }
    Some(all)
}
