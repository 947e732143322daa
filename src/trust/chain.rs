//! The chain of trust roots as it travels: `root.N.json` and `root.N.<principal>.<fp16>.sshsig`, the revocations beside it, and the walk
//! from an accepted root.

use super::judge::{ROOT, SignatureFile};
use super::revocation::{MAX_REVOCATION_BYTES, MAX_REVOCATIONS, Revocation};
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
    /// By the name of their document without its ending.
    revocations: BTreeMap<String, Link>,
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
        let root = chain
            .links
            .iter()
            .find(|(_, link)| link.root.is_empty())
            .map(|(number, _)| ("a root is missing", format!("root.{number}.json")));
        let said = || {
            chain
                .revocations
                .iter()
                .find(|(_, link)| link.root.is_empty())
                .map(|(stem, _)| ("a revocation is missing", format!("{stem}.json")))
        };
        match root.or_else(said) {
            Some((what, name)) => Err(refused(what).with("expected", name)),
            None => Ok(chain),
        }
    }

    fn add(&mut self, name: String, bytes: Vec<u8>) -> Result<()> {
        let (link, part, most) = match (place(&name), revocation_place(&name)) {
            (Some((number, part)), _) => (self.links.entry(number).or_default(), part, MAX_ROOT_BYTES),
            (None, Some((stem, part))) => (self.revocations.entry(stem).or_default(), part, MAX_REVOCATION_BYTES),
            (None, None) => return Err(refused("a file has no place in it").with("found", format!("{name:.100}"))),
        };
        match part {
            Part::Root if bytes.is_empty() || bytes.len() > most || !link.root.is_empty() => {
                return Err(refused("a document is empty, too large or there twice").with("found", name));
            }
            Part::Root => link.root = bytes,
            Part::Signature if link.signatures.iter().any(|(known, _)| *known == name) => {
                return Err(refused("a signature is there twice").with("found", name));
            }
            Part::Signature => link.signatures.push((name, bytes)),
        }
        if self.links.len() > MAX_ROOTS || self.revocations.len() > MAX_REVOCATIONS {
            return Err(refused("it has too many roots or revocations")
                .with("expected", format!("at most {MAX_ROOTS} roots, {MAX_REVOCATIONS} revocations")));
        }
        Ok(())
    }

    /// The files, sorted, as pack puts them into a bundle.
    pub fn files(&self) -> BTreeMap<String, &[u8]> {
        let roots = self.links.iter().map(|(n, link)| (format!("root.{n}.json"), link.root.as_slice()));
        let said = self.revocations.iter().map(|(stem, link)| (format!("{stem}.json"), link.root.as_slice()));
        let links = self.links.values().chain(self.revocations.values());
        let signatures = links.flat_map(|l| &l.signatures).map(|(name, bytes)| (name.clone(), bytes.as_slice()));
        roots.chain(said).chain(signatures).collect()
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
    /// (both thresholds, as in the TUF specification 5.3). Without newer roots this is the accepted one. Revocations that come along count
    /// when a root on the way lets their signer revoke; a revoked key counts over the roots its revocation says it knew, and no later one.
    pub fn follow(&self, accepted: &TrustRoot) -> Result<TrustRoot> {
        let start = accepted.terms().version;
        if let Some(link) = self.links.get(&start)
            && link.root != accepted.bytes()
        {
            return Err(another_root(accepted, Digest::of(&link.root)));
        }
        let mut newest = self.with_revocations(accepted.clone());
        for (number, link) in self.links.range(start + 1..) {
            self.check_next(&newest, *number)?;
            let in_force = newest.revocations().iter().filter(|r| !self.knew(r, *number)).cloned().collect();
            let new = step(&newest.clone().with_revocations(in_force), *number, link)?;
            newest = self.with_revocations(newest.known_by(new));
        }
        match newest.revocations().len() {
            n if n > MAX_REVOCATIONS => Err(refused("with what this host holds there are too many revocations")
                .with("expected", format!("at most {MAX_REVOCATIONS}"))
                .with("found", n)
                .hint("have them put into the next root, and accept that first: airlift trust rotate")),
            _ => Ok(newest),
        }
    }

    /// The same for roots that were accepted before: what was revoked since does not take them back.
    pub(super) fn follow_accepted(&self, anchor: &TrustRoot) -> Result<TrustRoot> {
        let (mut newest, mut revocations) = (anchor.clone(), self.revocations(anchor, &[]));
        for (number, link) in self.links.range(anchor.terms().version + 1..) {
            self.check_next(&newest, *number)?;
            newest = step(&newest, *number, link)?;
            let more = self.revocations(&newest, &revocations);
            revocations.extend(more);
        }
        Ok(newest.with_revocations(revocations))
    }

    fn check_next(&self, newest: &TrustRoot, number: u64) -> Result<()> {
        if number == newest.terms().version + 1 {
            return Ok(());
        }
        Err(refused("a root is missing").with("expected", format!("root.{}.json", newest.terms().version + 1)))
    }

    /// Whether the maker of a revocation knew root N as it is here. The roots before the one that is named are pinned by it, and the walk
    /// compares those pins.
    fn knew(&self, revocation: &Revocation, number: u64) -> bool {
        self.links.range(number..).any(|(_, link)| Digest::of(&link.root) == revocation.terms().root)
    }

    /// A root with the revocations here that it lets count, beside those it has.
    fn with_revocations(&self, root: TrustRoot) -> TrustRoot {
        let mut all = root.revocations().to_vec();
        all.extend(self.revocations(&root, &all));
        root.with_revocations(all)
    }

    /// The revocations here that a root lets count, that it does not hold itself and that are not known yet. Others are passed over: what is wrong with them is no harm.
    fn revocations(&self, root: &TrustRoot, known: &[Revocation]) -> Vec<Revocation> {
        let new = |link: &&Link| known.iter().all(|r| r.files()[1].1 != link.root);
        let judged = |link: &Link| link.signatures.iter().find_map(|(_, armour)| Revocation::judge(root, &link.root, armour).ok());
        let said = |revocation: &Revocation| root.terms().revoked.contains(revocation.revoked());
        self.revocations.values().filter(new).filter_map(judged).filter(|revocation| !said(revocation)).collect()
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
    if let Some(forgotten) = old.terms().revoked.iter().find(|revoked| !new.terms().revoked.contains(revoked)) {
        return Err(refused(&format!("{name} takes a revocation back, or changes it"))
            .with("expected", super::told(forgotten))
            .hint("a revoked key never counts again: give its owner a new one"));
    }
    let judge = old.known_by(new.clone());
    judge.judge(Role::Root, ROOT, &link.root, &link.signatures).map_err(|e| e.about(&name))?;
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
    is_signature(rest).then_some((number, Part::Signature))
}

/// Stem and part of `revoke.<16 hex>.json` and `revoke.<16 hex>.<principal>.<fp16>.sshsig`.
pub(super) fn revocation_place(name: &str) -> Option<(String, Part)> {
    let (short, rest) = name.strip_prefix("revoke.")?.split_once('.')?;
    let stem = format!("revoke.{short}");
    if !is_short(short) {
        return None;
    }
    if rest == "json" {
        return Some((stem, Part::Root));
    }
    is_signature(rest).then_some((stem, Part::Signature))
}

/// `<principal>.<fp16>.sshsig`.
fn is_signature(rest: &str) -> bool {
    let parts = rest.strip_suffix(".sshsig").and_then(|rest| rest.rsplit_once('.'));
    parts.is_some_and(|(principal, short)| check_word("principal", principal).is_ok() && is_short(short))
}

fn is_short(short: &str) -> bool {
    short.len() == 16 && short.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
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
