//! A trust root in memory: who may sign what, and how many of them must.

use super::format;
use super::public::PublicKey;
use super::revocation::Revocation;
use super::revoked::Revoked;
use super::scope::Scope;
use super::terms::refused;
use crate::artifact::{Digest, check_name};
use crate::error::{Error, Result};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest trust root, in bytes.
pub const MAX_ROOT_BYTES: usize = 1 << 20;
/// Longest name of a trust domain or principal, in bytes.
const LONGEST_NAME: usize = 48;

/// What a principal may be needed for. Each role signs in namespaces of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Signs trust roots.
    Root,
    /// Signs bundles.
    Bundle,
    /// Says on the receiving side that a bundle may be imported.
    Approve,
    /// Revokes keys, beside the role `root`.
    Revoke,
    /// Signs reports.
    Report,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 5] = [Self::Root, Self::Bundle, Self::Approve, Self::Revoke, Self::Report];

    /// The member of `roles`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Bundle => "bundle",
            Self::Approve => "approve",
            Self::Revoke => "revoke",
            Self::Report => "report",
        }
    }

    /// What the role signs in.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::Root => super::judge::ROOT,
            Self::Bundle => super::judge::BUNDLE,
            Self::Approve => "approve.v1@airlift",
            Self::Revoke => super::judge::REVOKE,
            Self::Report => "report.v1@airlift",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name).ok_or_else(|| {
            refused("a role is unknown").with("expected", "root, bundle, approve, revoke or report").with("found", format!("{name:.40}"))
        })
    }
}

/// What a FIDO2 authenticator must have been given for its signature to count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presence {
    /// A touch.
    #[default]
    Touch,
    /// A touch, and its PIN or a fingerprint.
    Pin,
}

/// How a key is kept, as the root's makers state it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Custody {
    /// A file with a passphrase.
    File,
    /// An ssh-agent, nothing known about what is behind it.
    Agent,
    /// A FIDO2 authenticator; the one custody that signatures prove.
    Fido2,
    /// A PIV card.
    Piv,
    /// A PKCS#11 module.
    Pkcs11,
}

impl Custody {
    /// Every custody there is.
    pub const ALL: [Self; 5] = [Self::File, Self::Agent, Self::Fido2, Self::Piv, Self::Pkcs11];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Agent => "agent",
            Self::Fido2 => "fido2",
            Self::Piv => "piv",
            Self::Pkcs11 => "pkcs11",
        }
    }

    /// The custody of that name.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name).ok_or_else(|| {
            refused("a key's custody is unknown").with("expected", "file, agent, fido2, piv or pkcs11").with("found", format!("{name:.40}"))
        })
    }
}

/// A key and how it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldKey {
    /// The public half.
    pub key: PublicKey,
    /// Where the secret half lies.
    pub custody: Custody,
}

/// A person, or a machine that signs for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Lower-case name; goes into file names and `allowed_signers`.
    pub name: String,
    /// The keys; any of them speaks for the principal, all of them together count as one.
    pub keys: Vec<HeldKey>,
}

/// Who may act in a role, and how many distinct principals it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Names of principals.
    pub principals: Vec<String>,
    /// Between 1 and their number.
    pub threshold: usize,
    /// What it is about, in the role `bundle`; none means everything.
    pub scopes: Vec<Scope>,
    /// Whoever counted in one of these roles for the same bundle does not count here.
    pub distinct_from: Vec<Role>,
    /// What FIDO2 keys must show.
    pub presence: Presence,
    /// Only keys that are kept like this count; none means any.
    pub custody: Vec<Custody>,
}

impl Rule {
    /// A rule without further demands.
    pub fn new(threshold: usize, principals: Vec<String>) -> Self {
        Self { principals, threshold, ..Self::default() }
    }

    /// Whether it is about an artifact.
    pub fn covers(&self, ecosystem: &str, name: &str) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|scope| scope.matches(ecosystem, name))
    }

    /// What it asks for, in words.
    pub fn needs(&self) -> String {
        let mut text = format!("{} of {}", self.threshold, self.principals.join(", "));
        let mut more = Vec::new();
        if !self.scopes.is_empty() {
            more.push(format!("for {}", self.scopes.iter().map(Scope::text).collect::<Vec<_>>().join(", ")));
        }
        if !self.distinct_from.is_empty() {
            more.push(format!("other people than in {}", self.distinct_from.iter().map(|r| r.name()).collect::<Vec<_>>().join(", ")));
        }
        if self.presence == Presence::Pin {
            more.push("FIDO2 keys with PIN".to_owned());
        }
        if !self.custody.is_empty() {
            more.push(format!("only {} keys", self.custody.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")));
        }
        if !more.is_empty() {
            text.push_str(&format!(" ({})", more.join("; ")));
        }
        text
    }

    /// Whether a key is kept as it asks.
    pub(super) fn takes(&self, custody: Custody) -> bool {
        self.custody.is_empty() || self.custody.contains(&custody)
    }
}

/// What no signer can exceed; `None` leaves the reader's own cap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RootLimits {
    /// Largest sum of the blobs of a bundle, in bytes.
    pub bundle_bytes: Option<u64>,
    /// Most blobs of a bundle.
    pub blobs: Option<u64>,
    /// Largest blob, in bytes.
    pub blob_bytes: Option<u64>,
    /// Largest content of a frame, in bytes.
    pub frame_bytes: Option<u64>,
    /// Most volumes of a set.
    pub volumes: Option<u64>,
}

impl RootLimits {
    /// The names of the limits, as the root's `limits` has them.
    pub const NAMES: [&str; 5] = ["bundle-bytes", "blobs", "blob-bytes", "frame-bytes", "volumes"];

    /// Sets the limit of that name; false when there is none.
    pub fn set(&mut self, name: &str, most: u64) -> bool {
        let limit = match name {
            "bundle-bytes" => &mut self.bundle_bytes,
            "blobs" => &mut self.blobs,
            "blob-bytes" => &mut self.blob_bytes,
            "frame-bytes" => &mut self.frame_bytes,
            "volumes" => &mut self.volumes,
            _ => return false,
        };
        *limit = Some(most);
        true
    }
}

/// What a trust root says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// N of `root.N.json`, from 1.
    pub version: u64,
    /// Highest epoch a bundle may claim.
    pub epoch: u64,
    /// The root before this one; none for version 1.
    pub previous: Option<Digest>,
    /// When it was made, as its makers claim.
    pub created: Timestamp,
    /// When it should be replaced; advice, not a lock.
    pub expires: Option<Timestamp>,
    /// Name of the trust domain.
    pub name: String,
    /// Everybody.
    pub principals: Vec<Principal>,
    /// Who signs the next root.
    pub root: Rule,
    /// Who signs bundles; several rules differ in their scopes.
    pub bundle: Vec<Rule>,
    /// Who approves bundles on the receiving side; without it approvals are not in force.
    pub approve: Option<Rule>,
    /// Who revokes keys, beside the role `root`.
    pub revoke: Option<Rule>,
    /// Who signs reports.
    pub report: Option<Rule>,
    /// Caps.
    pub limits: RootLimits,
    /// Keys that count no more.
    pub revoked: Vec<Revoked>,
}

/// A well-formed trust root with its exact bytes, and what its holder knows beside it. Well-formed is not trusted: see [`super::pinned`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRoot {
    terms: Terms,
    bytes: Vec<u8>,
    known: Arc<Known>,
}

/// What a host knows that a root does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    /// Revocations that were accepted beside the root.
    revocations: Vec<Revocation>,
    /// Bundles this host accepted before: a revocation does not take them back.
    accepted: BTreeSet<Digest>,
}

impl TrustRoot {
    /// Reads a root; the bytes are kept as they are.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let terms = format::parse(bytes)?;
        terms.check()?;
        Ok(Self { terms, bytes: bytes.to_vec(), known: Arc::default() })
    }

    /// Writes a root: the same terms give the same bytes. What is written has been read back, so every reader will accept it.
    pub fn write(terms: &Terms) -> Result<Self> {
        Self::parse(&format::write(terms))
    }

    /// The same root with revocations that were accepted beside it, in place of those it had.
    #[must_use]
    pub fn with_revocations(mut self, revocations: Vec<Revocation>) -> Self {
        Arc::make_mut(&mut self.known).revocations = revocations;
        self
    }

    /// The same root on a host that accepted these bundles before.
    #[must_use]
    pub fn with_accepted(mut self, bundles: BTreeSet<Digest>) -> Self {
        Arc::make_mut(&mut self.known).accepted = bundles;
        self
    }

    /// Another root with what is known beside this one.
    pub(super) fn known_by(&self, mut other: Self) -> Self {
        other.known = Arc::clone(&self.known);
        other
    }

    /// The revocations that were accepted beside it.
    pub fn revocations(&self) -> &[Revocation] {
        &self.known.revocations
    }

    /// Everything that is said against a key: by the root, and by revocations beside it.
    pub fn said_against(&self, key: &PublicKey) -> Vec<&Revoked> {
        self.said_of(&key.id())
    }

    /// The same of a key of which no more than its SHA-256 is known.
    pub fn said_of(&self, key: &Digest) -> Vec<&Revoked> {
        let all = self.terms.revoked.iter().chain(self.known.revocations.iter().map(Revocation::revoked));
        all.filter(|revoked| revoked.key == *key).collect()
    }

    /// Why a key does not count over a document; the digests that a revocation spares, and bundles accepted before, still do.
    pub(super) fn revoked_for(&self, key: &PublicKey, message: &Digest) -> Option<&Revoked> {
        let against = self.said_against(key);
        let spared = self.known.accepted.contains(message) || against.iter().all(|r| r.spares(message));
        if spared { None } else { against.into_iter().find(|r| !r.spares(message)) }
    }

    /// What it says.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The exact bytes, which is what is signed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes; `spoken()` is what people compare.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// `root.N.json`.
    pub fn file_name(&self) -> String {
        format!("root.{}.json", self.terms.version)
    }

    /// `NAME root N`, as messages name it.
    pub fn label(&self) -> String {
        format!("{} root {}", self.terms.name, self.terms.version)
    }

    /// The rules of a role: one, several for `bundle`, none for a role that is not in force.
    pub fn rules(&self, role: Role) -> &[Rule] {
        self.terms.rules(role)
    }

    /// Everybody who may act in a role.
    pub fn people(&self, role: Role) -> Vec<&str> {
        let mut all: Vec<&str> = self.rules(role).iter().flat_map(|rule| rule.principals.iter().map(String::as_str)).collect();
        let mut seen = BTreeSet::new();
        all.retain(|name| seen.insert(*name));
        all
    }

    /// What a role asks for, in words.
    pub fn needs(&self, role: Role) -> String {
        self.rules(role).iter().map(Rule::needs).collect::<Vec<_>>().join("; ")
    }

    /// Whose key it is.
    pub fn holder(&self, key: &PublicKey) -> Option<(&Principal, &HeldKey)> {
        self.terms.principals.iter().find_map(|p| p.keys.iter().find(|k| k.key == *key).map(|k| (p, k)))
    }

    /// The principal of that name.
    pub fn principal(&self, name: &str) -> Option<&Principal> {
        self.terms.principals.iter().find(|p| p.name == name)
    }
}

/// The grammar of names that stand in file names, in `allowed_signers` and in messages: no wildcard, no separator, one case.
pub fn check_word(what: &str, word: &str) -> Result<()> {
    check_name(what, word)?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._@+-".contains(&b);
    let starts = word.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if starts && word.len() <= LONGEST_NAME && word.bytes().all(plain) {
        return Ok(());
    }
    Err(Error::verification(format!("{what} is refused"))
        .with("expected", format!("at most {LONGEST_NAME} of a-z 0-9 . _ @ + -, a letter or digit first"))
        .with("found", format!("{word:.60}")))
}
