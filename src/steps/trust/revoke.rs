//! `trust revoke` and `trust apply-revocation`: one person takes a key out, and every host can be told by paper.

use super::{check_not_revoked, impact::Impact, impact::impact, whole_seconds};
use crate::artifact::{Digest, LARGEST};
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::store::Store;
use crate::trust::{
    MAX_REVOCATIONS, Mark, REVOKE, Reason, Revocation, RevocationTerms, Revoked, Signer, TrustRoot, key_digest, pinned, sign, told,
};
use jiff::Timestamp;
use std::path::Path;

/// What is to be said against a key.
#[derive(Debug, Clone)]
pub struct Revoking<'a> {
    /// `SHA256:…`.
    pub key: &'a str,
    /// Why.
    pub reason: Reason,
    /// What its owner stands by.
    pub last_good: Vec<Mark>,
    /// When it is said.
    pub time: Timestamp,
}

/// Signs a revocation; it is judged as every host will before it is given out.
pub fn revoke(root: &TrustRoot, revoking: Revoking<'_>, signer: &dyn Signer) -> Result<Revocation> {
    let key = key_digest(revoking.key).map_err(|e| e.of_kind(Kind::Usage))?;
    if signer.public_key().id() != key {
        check_not_revoked(root, signer.public_key())?;
    }
    let terms = RevocationTerms {
        domain: root.terms().name.clone(),
        root: root.fingerprint(),
        revoked: Revoked { key, reason: revoking.reason, last_good: revoking.last_good },
        time: whole_seconds(revoking.time),
    };
    let bytes = terms.to_bytes();
    Revocation::judge(root, &bytes, sign(signer, REVOKE, &bytes)?.as_bytes())
}

/// `NAME@LINE:[EPOCH.]SEQ[:ID]`; without the id, or with its spoken form, the bundle must have been accepted here.
pub fn last_good(store: &Store, text: &str) -> Result<Mark> {
    let wrong = || {
        Error::usage("a last good bundle is given as NAME@LINE:SEQ:ID")
            .with("found", format!("{text:.120}"))
            .hint("airlift status shows them; in a later epoch: NAME@LINE:EPOCH.SEQ:ID")
    };
    let mut parts = text.split(':');
    let (name, line) = parts.next().and_then(|set| set.split_once('@')).ok_or_else(wrong)?;
    let number = parts.next().ok_or_else(wrong)?;
    let (epoch, seq) = number.split_once('.').unwrap_or(("0", number));
    let (epoch, seq) = epoch.parse().ok().zip(seq.parse().ok()).filter(|n: &(u64, u64)| n.0.max(n.1) <= LARGEST).ok_or_else(wrong)?;
    let id = parts.next();
    if parts.next().is_some() {
        return Err(wrong());
    }
    let id = match id.map(Digest::from_hex) {
        Some(Ok(id)) => id,
        _ => {
            let accepted = store.accepted()?;
            let mut here =
                accepted.iter().filter(|i| i.name == name && i.line == line && (i.epoch, i.seq) == (epoch, seq)).map(|i| i.bundle);
            let found = here.find(|bundle| id.is_none_or(|typed| pinned::check_fingerprint(bundle, typed).is_ok()));
            found.ok_or_else(|| wrong().hint("this host has not accepted that bundle: give its whole id, 64 hex digits"))?
        }
    };
    Ok(Mark { name: name.to_owned(), line: line.to_owned(), epoch, seq, id })
}

/// Reads a revocation: a document with its signature beside it, or a file that holds the typed text.
pub fn read(store: &Store, root: &TrustRoot, path: &Path) -> Result<Revocation> {
    let bytes =
        crate::store::read_bounded(path, 1 << 16)?.ok_or_else(|| Error::usage(format!("there is no revocation at {}", path.display())))?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.trim_start().starts_with('{') => Revocation::from_text(root, &pinned::keys(&store.trust_folder())?, text),
        _ => pinned::revocation_beside(root, path),
    }
}

/// Keeps a revocation on this host, and tells what its key had admitted.
pub fn apply(journal: &Journal<'_>, revocation: &Revocation) -> Result<Impact> {
    let store = journal.store();
    let root = pinned::load(&store.trust_folder())?.ok_or_else(pinned::none_yet)?;
    if !root.revocations().contains(revocation) {
        if root.revocations().len() >= MAX_REVOCATIONS {
            return Err(Error::new(Kind::Policy, "this host holds as many revocations as it takes")
                .with("expected", format!("at most {MAX_REVOCATIONS}"))
                .hint("have them put into the next root (airlift trust rotate does) and accept that"));
        }
        let subjects = vec![Item::of("revocation", Digest::of(&revocation.files()[1].1))];
        let said = Draft::new(kind::REVOKE, subjects).on(vec![Item::named("key", told(revocation.revoked()))]);
        journal.append(said)?;
        pinned::keep_revocation(&store.trust_folder(), revocation)?;
    }
    impact(store, &revocation.revoked().key)
}
