//! `docs/formats/trust.md`, "Trust root", version 1: the wire form. Members are declared in alphabetical order, which is how they are
//! written. Scopes, revocations and further roles get their members with a later format version; until then they are unknown members,
//! and unknown members are refused.

use super::public::PublicKey;
use super::root::{Custody, HeldKey, MAX_ROOT_BYTES, Principal, RootLimits, Rule, Terms};
use crate::artifact::{Digest, Limits, parse_strict};
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

/// What every version has, so that a newer one is recognised as such whatever else it holds.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "airlift-root")]
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRoot {
    #[serde(rename = "airlift-root")]
    format: u32,
    created: String,
    epoch: u64,
    // Named so that a missing member is an error, not a null.
    #[serde(deserialize_with = "Option::deserialize")]
    expires: Option<String>,
    #[serde(default, skip_serializing_if = "WireLimits::is_empty")]
    limits: WireLimits,
    name: String,
    #[serde(deserialize_with = "Option::deserialize")]
    previous: Option<String>,
    principals: Vec<WirePrincipal>,
    roles: WireRoles,
    version: u64,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct WireLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blobs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePrincipal {
    keys: Vec<WireKey>,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKey {
    custody: String,
    key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRoles {
    bundle: WireRule,
    root: WireRule,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRule {
    principals: Vec<String>,
    threshold: usize,
}

/// Reads a root's members; whether they make sense together is checked by [`Terms`].
pub(super) fn parse(bytes: &[u8]) -> Result<Terms> {
    let limits = Limits { bytes: MAX_ROOT_BYTES, depth: 8 };
    let Version { format } = parse_strict("the trust root", bytes, limits)?;
    if format != VERSION {
        return Err(Error::verification("the trust root needs a newer airlift")
            .with("expected", format!("format version {VERSION}"))
            .with("found", format));
    }
    let wire: WireRoot = parse_strict("the trust root", bytes, limits)?;
    let previous = wire.previous.as_deref().map(Digest::from_hex).transpose().map_err(|e| {
        let found = e.context().iter().find(|(label, _)| *label == "found").map(|(_, value)| value.clone()).unwrap_or_default();
        Error::verification("the trust root is refused: `previous` is not a SHA-256 digest").with("found", found)
    })?;
    Ok(Terms {
        version: wire.version,
        epoch: wire.epoch,
        previous,
        created: timestamp("created", &wire.created)?,
        expires: wire.expires.as_deref().map(|text| timestamp("expires", text)).transpose()?,
        name: wire.name,
        principals: wire.principals.into_iter().map(WirePrincipal::into_domain).collect::<Result<_>>()?,
        root: wire.roles.root.into_domain(),
        bundle: wire.roles.bundle.into_domain(),
        limits: wire.limits.into_domain(),
    })
}

/// The bytes of a root.
pub(super) fn write(terms: &Terms) -> Vec<u8> {
    let wire = WireRoot {
        format: VERSION,
        created: terms.created.to_string(),
        epoch: terms.epoch,
        expires: terms.expires.map(|t| t.to_string()),
        limits: WireLimits::from_domain(terms.limits),
        name: terms.name.clone(),
        previous: terms.previous.map(|d| d.hex()),
        principals: terms.principals.iter().map(WirePrincipal::from_domain).collect(),
        roles: WireRoles { bundle: WireRule::from_domain(&terms.bundle), root: WireRule::from_domain(&terms.root) },
        version: terms.version,
    };
    let mut bytes = serde_json::to_vec_pretty(&wire).expect("a trust root has string keys only");
    bytes.push(b'\n');
    bytes
}

/// RFC 3339 in UTC and in one form only: whole seconds, `Z`.
fn timestamp(member: &str, text: &str) -> Result<Timestamp> {
    let read = text.parse::<Timestamp>().ok().filter(|t| t.subsec_nanosecond() == 0 && t.to_string() == text);
    read.ok_or_else(|| {
        Error::verification(format!("the trust root is refused: `{member}` is not a time"))
            .with("expected", "2026-11-23T10:00:00Z")
            .with("found", format!("{text:.40}"))
    })
}

impl WirePrincipal {
    fn into_domain(self) -> Result<Principal> {
        let keys = self
            .keys
            .into_iter()
            .map(WireKey::into_domain)
            .collect::<Result<_>>()
            .map_err(|e| e.with("principal", format!("{:.60}", self.name)))?;
        Ok(Principal { name: self.name, keys })
    }

    fn from_domain(principal: &Principal) -> Self {
        let keys = principal.keys.iter().map(|k| WireKey { custody: k.custody.name().to_owned(), key: k.key.line() });
        Self { keys: keys.collect(), name: principal.name.clone() }
    }
}

impl WireKey {
    fn into_domain(self) -> Result<HeldKey> {
        let (key, _) = PublicKey::from_line(&self.key)?;
        if key.line() != self.key {
            return Err(Error::verification("the trust root is refused: a key is more than its type and its base64")
                .with("found", format!("{:.160}", self.key)));
        }
        Ok(HeldKey { key, custody: Custody::named(&self.custody)? })
    }
}

impl WireRule {
    fn into_domain(self) -> Rule {
        Rule { principals: self.principals, threshold: self.threshold }
    }

    fn from_domain(rule: &Rule) -> Self {
        Self { principals: rule.principals.clone(), threshold: rule.threshold }
    }
}

impl WireLimits {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn into_domain(self) -> RootLimits {
        let Self { blob_bytes, blobs, bundle_bytes, frame_bytes, volumes } = self;
        RootLimits { bundle_bytes, blobs, blob_bytes, frame_bytes, volumes }
    }

    fn from_domain(limits: RootLimits) -> Self {
        let RootLimits { bundle_bytes, blobs, blob_bytes, frame_bytes, volumes } = limits;
        Self { blob_bytes, blobs, bundle_bytes, frame_bytes, volumes }
    }
}
