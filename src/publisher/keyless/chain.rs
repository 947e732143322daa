//! From a short-lived certificate to an authority of the trusted root: the path (RFC 5280, by webpki), at the time of the signature, for
//! signing code, and that a log of certificates promised to list it (RFC 6962).

use super::certificate::Certificate;
use super::refusal::Refusal;
use super::root::{Authority, Log, TrustedRoot};
use crate::artifact::Digest;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use std::time::Duration;
use webpki::aws_lc_rs::{ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// What authorities may sign with.
const ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384];
/// `id-kp-codeSigning` (1.3.6.1.5.5.7.3.3).
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
/// Most promises of one certificate that are looked at.
const MOST_PROMISES: usize = 16;

/// That an authority issued a certificate which held at that time, and that a log promised to list it.
pub(super) fn verify(bytes: &[u8], certificate: &Certificate<'_>, time: i64, root: &TrustedRoot) -> Result<(), Refusal> {
    let mut why = Refusal::Chain("none of them is for that time".to_owned());
    for authority in root.authorities.iter().filter(|authority| authority.period.covers(time)) {
        match issued(bytes, certificate, time, authority) {
            Ok(issuer_key) => return listed(certificate, issuer_key, root),
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}

/// The key of the authority that issued it.
fn issued<'a>(bytes: &[u8], certificate: &Certificate<'_>, time: i64, authority: &'a Authority) -> Result<&'a [u8], Refusal> {
    let path = Path { algorithms: ALGORITHMS, purpose: CODE_SIGNING, time };
    path.leads(bytes, certificate, &authority.chain).map_err(Refusal::Chain)
}

/// What a path from a certificate to the root of a chain has to be.
pub(super) struct Path {
    /// What may have been signed with.
    pub(super) algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    /// What the certificate has to be for.
    pub(super) purpose: &'static [u8],
    /// When all of it has to hold, in seconds since 1970.
    pub(super) time: i64,
}

impl Path {
    /// The key of who issued the certificate, where it leads over the chain to its root; why it does not, where it does not.
    pub(super) fn leads<'a>(&self, bytes: &[u8], certificate: &Certificate<'_>, chain: &'a [Vec<u8>]) -> Result<&'a [u8], String> {
        let whole = chain.iter().map(|one| Certificate::read(one)).collect::<Result<Vec<_>, _>>().map_err(|why| why.to_string())?;
        // Of a root, webpki looks at name and key only.
        if whole.iter().any(|one| self.time < one.holds.0 || self.time > one.holds.1) {
            return Err("one of the authority's certificates does not hold at that time".to_owned());
        }
        let issuer = whole.first().filter(|issuer| issuer.subject == certificate.issued_by).ok_or("it names another issuer")?;
        let chain: Vec<CertificateDer<'_>> = chain.iter().map(|one| CertificateDer::from(&one[..])).collect();
        let (last, between) = chain.split_last().ok_or("it is empty")?;
        let told = |error: webpki::Error| error.to_string();
        let anchor = anchor_from_trusted_cert(last).map_err(told)?;
        let leaf = CertificateDer::from(bytes);
        let leaf = EndEntityCert::try_from(&leaf).map_err(told)?;
        let at = u64::try_from(self.time).map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
        let at = at.map_err(|_| "the time is before 1970")?;
        leaf.verify_for_usage(self.algorithms, &[anchor], between, at, KeyUsage::required(self.purpose), None, None).map_err(told)?;
        Ok(issuer.key)
    }
}

/// That one of the logs of the trusted root promised to list the certificate (RFC 6962, section 3.2).
fn listed(certificate: &Certificate<'_>, issuer_key: &[u8], root: &TrustedRoot) -> Result<(), Refusal> {
    let promises = certificate.promises().ok_or(Refusal::Unlisted("no log promised anything"))?;
    let shown = certificate.without_promises().ok_or(Refusal::Unlisted("what was promised cannot be read"))?;
    let promises = all(promises).ok_or(Refusal::Unlisted("what was promised cannot be read"))?;
    let holds = |promise: &Promise<'_>| promise.by(&root.certificate_logs, issuer_key, &shown);
    if promises.iter().any(|promise| holds(promise).is_some()) {
        Ok(())
    } else {
        Err(Refusal::Unlisted("no promise is by a log of the trusted root about this certificate"))
    }
}

/// A promise of a log (`SignedCertificateTimestamp`).
struct Promise<'a> {
    log: &'a [u8],
    time: &'a [u8],
    extensions: &'a [u8],
    signature: &'a [u8],
}

fn all(list: &[u8]) -> Option<Vec<Promise<'_>>> {
    let (list, rest) = counted(list)?;
    let (mut all, mut left) = (Vec::new(), list);
    while !left.is_empty() && all.len() < MOST_PROMISES {
        let (one, behind) = counted(left)?;
        all.extend(Promise::read(one));
        left = behind;
    }
    rest.is_empty().then_some(all)
}

/// Bytes that stand behind their length, and what follows.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

impl<'a> Promise<'a> {
    /// Of version 1, with a signature by ECDSA over SHA-256.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[0])?;
        let (log, rest) = rest.split_at_checked(32)?;
        let (time, rest) = rest.split_at_checked(8)?;
        let (extensions, rest) = counted(rest)?;
        let (signature, rest) = counted(rest.strip_prefix(&[4, 3])?)?;
        rest.is_empty().then_some(Self { log, time, extensions, signature })
    }

    fn by(&self, logs: &[Log], issuer_key: &[u8], shown: &[u8]) -> Option<()> {
        let milliseconds = u64::from_be_bytes(self.time.try_into().ok()?);
        let seconds = i64::try_from(milliseconds / 1000).ok()?;
        let log = logs.iter().find(|log| log.id.as_bytes() == self.log && log.period.covers(seconds))?;
        let length = u32::try_from(shown.len()).ok().filter(|length| *length < 1 << 24)?.to_be_bytes();
        let issuer = Digest::of(issuer_key);
        let signed = [
            &[0, 0][..],
            self.time,
            &[0, 1],
            issuer.as_bytes(),
            &length[1..],
            shown,
            &u16::try_from(self.extensions.len()).ok()?.to_be_bytes(),
            self.extensions,
        ];
        log.key.verifies(&signed.concat(), self.signature).then_some(())
    }
}
