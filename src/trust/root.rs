//! A trust root in memory: who may sign what, and how many of them must.

use super::format;
use super::public::{Algorithm, PublicKey};
use crate::artifact::{Digest, check_name};
use crate::error::{Error, Result};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Longest trust root, in bytes.
pub const MAX_ROOT_BYTES: usize = 1 << 20;
/// Longest name of a trust domain or principal, in bytes.
const LONGEST_NAME: usize = 48;
/// Most principals of a root, and most keys of a principal.
const MOST: usize = 64;

/// What a principal may be needed for. Each role signs in namespaces of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Signs trust roots.
    Root,
    /// Signs bundles.
    Bundle,
}

impl Role {
    /// The member of `roles`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Bundle => "bundle",
        }
    }
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Names of principals.
    pub principals: Vec<String>,
    /// Between 1 and their number.
    pub threshold: usize,
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
    /// Who signs bundles.
    pub bundle: Rule,
    /// Caps.
    pub limits: RootLimits,
}

/// A well-formed trust root with its exact bytes. Well-formed is not trusted: see [`super::pinned`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRoot {
    terms: Terms,
    bytes: Vec<u8>,
}

impl TrustRoot {
    /// Reads a root; the bytes are kept as they are.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let terms = format::parse(bytes)?;
        terms.check()?;
        Ok(Self { terms, bytes: bytes.to_vec() })
    }

    /// Writes a root: the same terms give the same bytes. What is written has been read back, so every reader will accept it.
    pub fn write(terms: &Terms) -> Result<Self> {
        Self::parse(&format::write(terms))
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

    /// Who may act in a role.
    pub fn rule(&self, role: Role) -> &Rule {
        match role {
            Role::Root => &self.terms.root,
            Role::Bundle => &self.terms.bundle,
        }
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

impl Terms {
    fn check(&self) -> Result<()> {
        check_word("the name of the trust domain", &self.name)?;
        if self.version == 0 || (self.version == 1) != self.previous.is_none() {
            return Err(refused("version 1 has no previous root, every later one has").with("version", self.version));
        }
        if self.expires.is_some_and(|expires| expires <= self.created) {
            return Err(refused("it expires before it was made"));
        }
        if self.principals.is_empty() || self.principals.len() > MOST {
            return Err(refused("it names no principal, or too many").with("expected", format!("between 1 and {MOST}")));
        }
        self.check_principals()?;
        self.check_rule(Role::Root, &self.root)?;
        self.check_rule(Role::Bundle, &self.bundle)?;
        let limits = self.limits;
        if [limits.bundle_bytes, limits.blobs, limits.blob_bytes, limits.frame_bytes, limits.volumes].contains(&Some(0)) {
            return Err(refused("a limit of 0 admits nothing"));
        }
        Ok(())
    }

    fn check_principals(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        let mut points = BTreeSet::new();
        for principal in &self.principals {
            check_word("the name of a principal", &principal.name)?;
            let about = |why: &str| refused(why).with("principal", &principal.name);
            if !names.insert(&principal.name) {
                return Err(about("a principal is named twice"));
            }
            if principal.keys.is_empty() || principal.keys.len() > MOST {
                return Err(about("a principal has no key, or too many").with("expected", format!("between 1 and {MOST}")));
            }
            for held in &principal.keys {
                if !points.insert(held.key.point()) {
                    return Err(about("a key is listed twice: one key belongs to one principal").with("key", held.key.fingerprint()));
                }
                if (held.custody == Custody::Fido2) != (held.key.algorithm() == Algorithm::SkEd25519) {
                    return Err(
                        about("`fido2` is for sk-ssh-ed25519 keys, and they are always `fido2`").with("key", held.key.fingerprint())
                    );
                }
            }
        }
        Ok(())
    }

    fn check_rule(&self, role: Role, needs: &Rule) -> Result<()> {
        let about = |why: &str| refused(why).with("role", role.name());
        let distinct: BTreeSet<&String> = needs.principals.iter().collect();
        if distinct.len() != needs.principals.len() {
            return Err(about("a role lists a principal twice"));
        }
        if let Some(stranger) = needs.principals.iter().find(|name| self.principals.iter().all(|p| p.name != **name)) {
            return Err(about("a role lists a principal the root does not have").with("found", format!("{stranger:.60}")));
        }
        if needs.threshold == 0 || needs.threshold > distinct.len() {
            return Err(about("a threshold is out of range")
                .with("expected", format!("between 1 and {}", distinct.len()))
                .with("found", needs.threshold));
        }
        Ok(())
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

fn refused(why: &str) -> Error {
    Error::verification(format!("the trust root is refused: {why}"))
}
