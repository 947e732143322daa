//! The chain of trust roots as it travels: `root.N.json` and `root.N.<principal>.<fp16>.sshsig`, and the walk from an accepted root.

use super::judge::{ROOT, SignatureFile};
use super::root::{MAX_ROOT_BYTES, Role, TrustRoot, check_word};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Most roots of a chain.
pub const MAX_ROOTS: usize = 256;

/// Roots and their signatures, sorted by number and not yet believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    links: BTreeMap<u64, Link>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Link {
    root: Vec<u8>,
    signatures: Vec<SignatureFile>,
}

impl Chain {
    /// Sorts files by their names. Nothing is parsed: that waits until a root that is already trusted has judged the bytes.
    pub fn read(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self> {
        let mut chain = Self::default();
        for (name, bytes) in files {
            chain.add(name, bytes)?;
        }
        match chain.links.iter().find(|(_, link)| link.root.is_empty()) {
            Some((number, _)) => Err(refused("a root is missing").with("expected", format!("root.{number}.json"))),
            None => Ok(chain),
        }
    }

    fn add(&mut self, name: String, bytes: Vec<u8>) -> Result<()> {
        let (number, part) = place(&name).ok_or_else(|| refused("a file has no place in it").with("found", format!("{name:.100}")))?;
        let link = self.links.entry(number).or_default();
        match part {
            Part::Root if bytes.is_empty() || bytes.len() > MAX_ROOT_BYTES || !link.root.is_empty() => {
                return Err(refused("a root is empty, too large or there twice").with("found", name));
            }
            Part::Root => link.root = bytes,
            Part::Signature if link.signatures.iter().any(|(known, _)| *known == name) => {
                return Err(refused("a signature is there twice").with("found", name));
            }
            Part::Signature => link.signatures.push((name, bytes)),
        }
        if self.links.len() > MAX_ROOTS {
            return Err(refused("it has too many roots").with("expected", format!("at most {MAX_ROOTS}")));
        }
        Ok(())
    }

    /// The files, sorted, as pack puts them into a bundle.
    pub fn files(&self) -> BTreeMap<String, &[u8]> {
        let roots = self.links.iter().map(|(n, link)| (format!("root.{n}.json"), link.root.as_slice()));
        let signatures = self.links.values().flat_map(|l| &l.signatures).map(|(name, bytes)| (name.clone(), bytes.as_slice()));
        roots.chain(signatures).collect()
    }

    /// Number and fingerprint of every root, for people to compare before anything is trusted.
    pub fn fingerprints(&self) -> Vec<(u64, Digest)> {
        self.links.iter().map(|(n, link)| (*n, Digest::of(&link.root))).collect()
    }

    /// A root that stands by itself: the one of that number, signed by the threshold of its own root role.
    pub fn anchor(&self, number: u64) -> Result<TrustRoot> {
        let link = self.links.get(&number).ok_or_else(|| refused("a root is missing").with("expected", format!("root.{number}.json")))?;
        let root = TrustRoot::parse(&link.root)?;
        if root.terms().version != number {
            return Err(misnamed(number, &root));
        }
        root.judge(Role::Root, ROOT, &link.root, &link.signatures).map_err(|e| e.about(root.file_name()))?;
        Ok(root)
    }

    /// Walks from an accepted root to the newest one here: each is judged by the root before it, then parsed, then judged by itself
    /// (both thresholds, as in the TUF specification 5.3). Without newer roots this is the accepted one.
    pub fn follow(&self, accepted: &TrustRoot) -> Result<TrustRoot> {
        let start = accepted.terms().version;
        if let Some(link) = self.links.get(&start)
            && link.root != accepted.bytes()
        {
            return Err(another_root(accepted, Digest::of(&link.root)));
        }
        let mut newest = accepted.clone();
        for (number, link) in self.links.range(start + 1..) {
            if *number != newest.terms().version + 1 {
                return Err(refused("a root is missing").with("expected", format!("root.{}.json", newest.terms().version + 1)));
            }
            newest = step(&newest, *number, link)?;
        }
        Ok(newest)
    }
}

fn step(old: &TrustRoot, number: u64, link: &Link) -> Result<TrustRoot> {
    let name = format!("root.{number}.json");
    old.judge(Role::Root, ROOT, &link.root, &link.signatures).map_err(|e| e.about(&name))?;
    let new = TrustRoot::parse(&link.root).map_err(|e| e.about(&name))?;
    if new.terms().version != number {
        return Err(misnamed(number, &new));
    }
    if new.terms().previous != Some(old.fingerprint()) {
        return Err(refused(&format!("{name} does not follow the root before it")).with("expected", old.fingerprint()));
    }
    if new.terms().name != old.terms().name || new.terms().epoch < old.terms().epoch {
        return Err(refused(&format!("{name} changes the trust domain's name or lowers its epoch"))
            .with("expected", format!("{}, epoch {} or higher", old.terms().name, old.terms().epoch))
            .with("found", format!("{}, epoch {}", new.terms().name, new.terms().epoch)));
    }
    new.judge(Role::Root, ROOT, &link.root, &link.signatures).map_err(|e| e.about(&name))?;
    Ok(new)
}

/// What a file of a chain is; signatures come first, because they are written first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Signature,
    Root,
}

/// N and part of `root.N.json` and `root.N.<principal>.<fp16>.sshsig`, N written without leading zeros.
pub(super) fn place(name: &str) -> Option<(u64, Part)> {
    let (digits, rest) = name.strip_prefix("root.")?.split_once('.')?;
    let number: u64 = digits.parse().ok().filter(|n: &u64| n.to_string() == digits && (1..1 << 53).contains(n))?;
    if rest == "json" {
        return Some((number, Part::Root));
    }
    let (principal, short) = rest.strip_suffix(".sshsig")?.rsplit_once('.')?;
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let fits = check_word("principal", principal).is_ok() && short.len() == 16 && short.bytes().all(is_hex);
    fits.then_some((number, Part::Signature))
}

fn another_root(accepted: &TrustRoot, found: Digest) -> Error {
    let number = accepted.terms().version;
    Error::verification(format!("the bundle comes with another trust root {number} than the one this host accepted"))
        .with("accepted", format!("{} {}", accepted.fingerprint().spoken(), accepted.label()))
        .with("found", found.spoken())
        .hint("ask its makers, by another channel than the medium, which fingerprint is theirs; if it is the accepted one, the medium is damaged")
}

fn misnamed(number: u64, root: &TrustRoot) -> Error {
    refused("a root is named by another number than its own").with("expected", number).with("found", root.terms().version)
}

fn refused(why: &str) -> Error {
    Error::verification(format!("the chain of trust roots is refused: {why}"))
}
