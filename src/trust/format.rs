//! `docs/formats/trust.md`, "Trust root", versions 1 and 2: the wire form. Members are declared in alphabetical order, which is how they
//! are written. Version 1 is written where nothing of version 2 is said, so that older readers stay in the chain as long as they can.

use super::public::PublicKey;
use super::revoked::{Reason, Revoked, WireLastGood, key_digest};
use super::root::{Custody, HeldKey, MAX_ROOT_BYTES, Presence, Principal, Role, RootLimits, Rule, Terms};
use super::scope::Scope;
use crate::artifact::{Digest, Limits, parse_strict};
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// The newest version.
const VERSION: u32 = 2;

/// What every version has, so that a newer one is recognised as such whatever else it holds.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "airlift-root")]
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRoot<R> {
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
    // Version 2 must have it, version 1 must not.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    revoked: Option<Vec<WireRevoked>>,
    roles: R,
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

/// The roles of version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles1 {
    bundle: Rule1,
    root: Rule1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule1 {
    principals: Vec<String>,
    threshold: usize,
}

/// The roles of version 2.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles2 {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    approve: Option<Rule2>,
    bundle: Vec<Rule2>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    report: Option<Rule2>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    revoke: Option<Rule2>,
    root: Rule2,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule2 {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    custody: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    distinct_from: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    presence: Option<String>,
    principals: Vec<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    threshold: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireRevoked {
    key: String,
    last_good: Vec<WireLastGood>,
    reason: String,
}

/// A member that may be absent and may not be null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The five roles of a root as they are in memory.
struct Rules {
    root: Rule,
    bundle: Vec<Rule>,
    approve: Option<Rule>,
    revoke: Option<Rule>,
    report: Option<Rule>,
}

/// Reads a root's members; whether they make sense together is checked by [`Terms`].
pub(super) fn parse(bytes: &[u8]) -> Result<Terms> {
    let limits = Limits { bytes: MAX_ROOT_BYTES, depth: 8 };
    let Version { format } = parse_strict("the trust root", bytes, limits)?;
    match format {
        1 => read::<Roles1>(bytes, limits, false, |roles| {
            let (root, bundle) = (roles.root.into_domain(), vec![roles.bundle.into_domain()]);
            Ok(Rules { root, bundle, approve: None, revoke: None, report: None })
        }),
        2 => read::<Roles2>(bytes, limits, true, Roles2::into_domain),
        _ => Err(Error::verification("the trust root needs a newer airlift")
            .with("expected", format!("format version 1 to {VERSION}"))
            .with("found", format)),
    }
}

fn read<R: DeserializeOwned>(bytes: &[u8], limits: Limits, revokes: bool, roles: impl Fn(R) -> Result<Rules>) -> Result<Terms> {
    let wire: WireRoot<R> = parse_strict("the trust root", bytes, limits)?;
    if wire.revoked.is_some() != revokes {
        return Err(Error::verification("the trust root is not in the strict form").with("member", "revoked"));
    }
    let previous = wire.previous.as_deref().map(Digest::from_hex).transpose().map_err(|e| {
        let found = e.context().iter().find(|(label, _)| *label == "found").map(|(_, value)| value.clone()).unwrap_or_default();
        Error::verification("the trust root is refused: `previous` is not a SHA-256 digest").with("found", found)
    })?;
    let Rules { root, bundle, approve, revoke, report } = roles(wire.roles)?;
    Ok(Terms {
        version: wire.version,
        epoch: wire.epoch,
        previous,
        created: timestamp("created", &wire.created)?,
        expires: wire.expires.as_deref().map(|text| timestamp("expires", text)).transpose()?,
        name: wire.name,
        principals: wire.principals.into_iter().map(WirePrincipal::into_domain).collect::<Result<_>>()?,
        root,
        bundle,
        approve,
        revoke,
        report,
        limits: wire.limits.into_domain(),
        revoked: wire.revoked.unwrap_or_default().into_iter().map(WireRevoked::into_domain).collect::<Result<_>>()?,
    })
}

/// The bytes of a root.
pub(super) fn write(terms: &Terms) -> Vec<u8> {
    let plain = |rule: &Rule| *rule == Rule::new(rule.threshold, rule.principals.clone());
    let first = match terms.bundle.as_slice() {
        [bundle] if plain(bundle) && plain(&terms.root) && terms.revoked.is_empty() => Some(bundle),
        _ => None,
    };
    let more = terms.approve.is_some() || terms.revoke.is_some() || terms.report.is_some();
    match first {
        Some(bundle) if !more => {
            let roles = Roles1 { bundle: Rule1::from_domain(bundle), root: Rule1::from_domain(&terms.root) };
            to_bytes(terms, 1, None, roles)
        }
        _ => to_bytes(terms, 2, Some(terms.revoked.iter().map(WireRevoked::from_domain).collect()), Roles2::from_domain(terms)),
    }
}

fn to_bytes<R: Serialize>(terms: &Terms, format: u32, revoked: Option<Vec<WireRevoked>>, roles: R) -> Vec<u8> {
    let wire = WireRoot {
        format,
        created: terms.created.to_string(),
        epoch: terms.epoch,
        expires: terms.expires.map(|t| t.to_string()),
        limits: WireLimits::from_domain(terms.limits),
        name: terms.name.clone(),
        previous: terms.previous.map(|d| d.hex()),
        principals: terms.principals.iter().map(WirePrincipal::from_domain).collect(),
        revoked,
        roles,
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

impl Rule1 {
    fn into_domain(self) -> Rule {
        Rule::new(self.threshold, self.principals)
    }

    fn from_domain(rule: &Rule) -> Self {
        Self { principals: rule.principals.clone(), threshold: rule.threshold }
    }
}

impl Roles2 {
    fn into_domain(self) -> Result<Rules> {
        let one = |rule: Option<Rule2>| rule.map(Rule2::into_domain).transpose();
        Ok(Rules {
            root: self.root.into_domain()?,
            bundle: self.bundle.into_iter().map(Rule2::into_domain).collect::<Result<_>>()?,
            approve: one(self.approve)?,
            revoke: one(self.revoke)?,
            report: one(self.report)?,
        })
    }

    fn from_domain(terms: &Terms) -> Self {
        let one = |rule: &Option<Rule>| rule.as_ref().map(Rule2::from_domain);
        Self {
            approve: one(&terms.approve),
            bundle: terms.bundle.iter().map(Rule2::from_domain).collect(),
            report: one(&terms.report),
            revoke: one(&terms.revoke),
            root: Rule2::from_domain(&terms.root),
        }
    }
}

impl Rule2 {
    fn into_domain(self) -> Result<Rule> {
        let presence = match self.presence.as_deref() {
            None | Some("touch") => Presence::Touch,
            Some("pin") => Presence::Pin,
            Some(other) => {
                return Err(Error::verification("the trust root is refused: what a token must show is unknown")
                    .with("expected", "touch or pin")
                    .with("found", format!("{other:.40}")));
            }
        };
        let named = |names: Option<Vec<String>>| names.unwrap_or_default();
        Ok(Rule {
            principals: self.principals,
            threshold: self.threshold,
            scopes: named(self.scopes).iter().map(|text| Scope::parse(text)).collect::<Result<_>>()?,
            distinct_from: named(self.distinct_from).iter().map(|name| Role::named(name)).collect::<Result<_>>()?,
            presence,
            custody: named(self.custody).iter().map(|name| Custody::named(name)).collect::<Result<_>>()?,
        })
    }

    fn from_domain(rule: &Rule) -> Self {
        let some = |names: Vec<String>| (!names.is_empty()).then_some(names);
        Self {
            custody: some(rule.custody.iter().map(|c| c.name().to_owned()).collect()),
            distinct_from: some(rule.distinct_from.iter().map(|r| r.name().to_owned()).collect()),
            presence: (rule.presence == Presence::Pin).then(|| "pin".to_owned()),
            principals: rule.principals.clone(),
            scopes: some(rule.scopes.iter().map(|s| s.text().to_owned()).collect()),
            threshold: rule.threshold,
        }
    }
}

impl WireRevoked {
    fn into_domain(self) -> Result<Revoked> {
        let last_good = self.last_good.into_iter().map(WireLastGood::into_domain).collect::<Result<_>>()?;
        Ok(Revoked { key: key_digest(&self.key)?, reason: Reason::named(&self.reason)?, last_good })
    }

    fn from_domain(revoked: &Revoked) -> Self {
        let last_good = revoked.last_good.iter().map(WireLastGood::from_domain).collect();
        Self { key: revoked.fingerprint(), last_good, reason: revoked.reason.name().to_owned() }
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
