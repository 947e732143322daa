//! The trusted root of a deployment of Sigstore (`trusted_root.json`, `protobuf-specs`): its authorities and logs, each with the time that it is
//! for. Somebody on this side gives it; it is never fetched.

use super::certificate::Certificate;
use super::wire::{Base64, WireCertificate, WireId};
use crate::artifact::Digest;
use crate::publisher::spki::PublicKey;
use jiff::Timestamp;
use serde::Deserialize;

/// Longest trusted root, in bytes.
pub const MAX_ROOT_BYTES: usize = 48 << 10;
/// Most authorities, most logs of a kind, and most certificates of a chain.
const MOST: usize = 32;
const MOST_CHAIN: usize = 8;
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot";

/// What a deployment is trusted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedRoot {
    pub(super) authorities: Vec<Authority>,
    pub(super) logs: Vec<Log>,
    pub(super) certificate_logs: Vec<Log>,
    /// Authorities of timestamps: of each the certificate that signs them, and the chain above it.
    pub(super) stampers: Vec<Authority>,
    /// Its text, as it was given.
    pub json: String,
    /// SHA-256 of that.
    pub digest: Digest,
}

/// A chain of certificates, from the one that issues (or stamps) to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) period: Period,
}

/// A log and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) id: Digest,
    pub(super) key: PublicKey,
    pub(super) period: Period,
}

impl Log {
    /// By which four bytes signatures of its key are marked below a note of that name (C2SP `signed-note`): of Ed25519 they are made of the name and the
    /// key, of other kinds, and of logs that are named by the digest of their key, they are the beginning of the log's name.
    pub(super) fn note_key(&self, name: &str) -> [u8; 4] {
        let [a, b, c, d, ..] = match self.key.point().filter(|_| !self.key.is_named(&self.id)) {
            Some(point) => *Digest::of(&[name.as_bytes(), b"\n\x01", point].concat()).as_bytes(),
            None => *self.id.as_bytes(),
        };
        [a, b, c, d]
    }
}

/// From when until when something is for, both included, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    start: i64,
    end: i64,
}

impl Period {
    pub(super) const fn covers(&self, seconds: i64) -> bool {
        self.start <= seconds && seconds <= self.end
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRoot {
    media_type: String,
    tlogs: Vec<WireLog>,
    certificate_authorities: Vec<WireAuthority>,
    ctlogs: Vec<WireLog>,
    #[serde(default)]
    timestamp_authorities: Vec<WireAuthority>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLog {
    hash_algorithm: String,
    public_key: WireKey,
    log_id: WireId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireKey {
    raw_bytes: Base64,
    valid_for: WirePeriod,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAuthority {
    cert_chain: WireChain,
    valid_for: WirePeriod,
}

#[derive(Deserialize)]
struct WireChain {
    certificates: Vec<WireCertificate>,
}

#[derive(Deserialize)]
struct WirePeriod {
    start: Timestamp,
    end: Option<Timestamp>,
}

impl TrustedRoot {
    /// Reads one; why it is none, where it is none. One without a log of either kind would leave checks out, and is refused.
    pub fn read(json: &str) -> Result<Self, String> {
        if json.len() > MAX_ROOT_BYTES {
            return Err(format!("it is longer than {MAX_ROOT_BYTES} bytes"));
        }
        let wire: WireRoot = serde_json::from_str(json).map_err(|e| format!("it is no trusted root in JSON: {e}"))?;
        if !wire.media_type.starts_with(MEDIA_TYPE) {
            return Err(format!("it is of another media type: {:.80}", wire.media_type));
        }
        if wire.timestamp_authorities.len() > MOST {
            return Err(format!("it has more than {MOST} authorities of timestamps"));
        }
        let counts = [wire.certificate_authorities.len(), wire.tlogs.len(), wire.ctlogs.len()];
        if counts.iter().any(|count| !(1..=MOST).contains(count)) {
            return Err(format!("it has no authorities, logs of signatures or logs of certificates, or more than {MOST}"));
        }
        let authorities = |all: Vec<WireAuthority>| all.into_iter().map(WireAuthority::into_domain).collect::<Result<Vec<_>, String>>();
        let (authorities, stampers) = (authorities(wire.certificate_authorities)?, authorities(wire.timestamp_authorities)?);
        let logs = |logs: Vec<WireLog>| logs.into_iter().map(WireLog::into_domain).collect::<Result<Vec<_>, String>>();
        let (logs, certificate_logs) = (logs(wire.tlogs)?, logs(wire.ctlogs)?);
        Ok(Self { authorities, logs, certificate_logs, stampers, json: json.to_owned(), digest: Digest::of(json.as_bytes()) })
    }
}

impl WirePeriod {
    fn into_domain(self) -> Period {
        Period { start: self.start.as_second(), end: self.end.map_or(i64::MAX, Timestamp::as_second) }
    }
}

impl WireAuthority {
    fn into_domain(self) -> Result<Authority, String> {
        let chain: Vec<Vec<u8>> = self.cert_chain.certificates.into_iter().map(|one| one.raw_bytes.0).collect();
        if chain.is_empty() || chain.len() > MOST_CHAIN {
            return Err("an authority of it has no certificates, or too many".to_owned());
        }
        if chain.iter().any(|one| Certificate::read(one).is_err()) {
            return Err("a certificate of an authority of it cannot be read".to_owned());
        }
        Ok(Authority { chain, period: self.valid_for.into_domain() })
    }
}

impl WireLog {
    fn into_domain(self) -> Result<Log, String> {
        if self.hash_algorithm != "SHA2_256" {
            return Err(format!("a log of it hashes by {:.20}, which is not judged", self.hash_algorithm));
        }
        let id = self.log_id.key_id.0.try_into().map_err(|_| "the name of a log of it is not 32 bytes")?;
        let key = PublicKey::from_der(self.public_key.raw_bytes.0).map_err(|why| format!("the key of a log of it: {why}"))?;
        Ok(Log { id: Digest::from_bytes(id), key, period: self.public_key.valid_for.into_domain() })
    }
}
