//! What is said against the keys that signed: a bundle that was accepted stays, and whoever reads a report of it learns that a key counts no more.

use crate::artifact::Digest;
use crate::error::Result;
use crate::report::document::{Claim, Evidence, Report, Source, outside};
use crate::steps::approve::{record, signatures};
use crate::store::{Installed, Store};
use crate::trust::{BUNDLE, Revoked, Role, Tally, TrustRoot, Uncounted, Why, key_digest};
use std::collections::BTreeSet;

/// Why a key was revoked since, by its fingerprint; `None` where nothing is said against it.
pub(super) fn reason(root: &TrustRoot, fingerprint: &str) -> Option<String> {
    said(root, fingerprint).first().map(|said| said.reason.name().to_owned())
}

fn said<'a>(root: &'a TrustRoot, fingerprint: &str) -> Vec<&'a Revoked> {
    key_digest(fingerprint).map(|key| root.said_of(&key)).unwrap_or_default()
}

/// Remarks on the signatures of one bundle: those that count although their key was revoked, and those that do not for that.
pub(super) fn of_tally(report: &mut Report, tally: &Tally, bundle: &Digest, root: &TrustRoot) {
    let by = judged_by(root);
    for signer in &tally.signers {
        let said = said(root, &signer.fingerprint);
        let spared = said.iter().all(|said| said.spares(bundle));
        let key = if spared { "signer-spared" } else { "signer-revoked" };
        let reason = said.first().map(|said| said.reason.name());
        report.remarks.extend(reason.map(|reason| remark(key, &signer.principal, &signer.fingerprint, reason, &by)));
    }
    for Uncounted { fingerprint, why, .. } in &tally.uncounted {
        if let Why::Revoked(who, reason) = why {
            report.remarks.push(remark("signature-revoked", who, fingerprint, reason.name(), &by));
        }
    }
}

fn judged_by(root: &TrustRoot) -> Evidence {
    Evidence::named(Source::TrustRoot, &root.label(), root.fingerprint())
}

fn remark(key: &str, name: &str, fingerprint: &str, reason: &str, by: &Evidence) -> Claim {
    Claim::say(key, &[("name", name.to_owned()), ("key", fingerprint.to_owned()), ("reason", reason.to_owned())], by.clone())
}

/// Remarks on installed bundles that a revoked key signed; they are given back. How many records could not be read is said.
pub(super) fn of_installed(report: &mut Report, store: &Store, bundles: &[Installed], root: &TrustRoot) -> BTreeSet<Digest> {
    let (by, mut found, mut unread) = (judged_by(root), BTreeSet::new(), 0);
    for installed in bundles {
        let Ok(tally) = tally(store, installed, root) else {
            unread += 1;
            continue;
        };
        let keys = tally.signers.iter().map(|one| (&one.principal, &one.fingerprint));
        let others = tally.uncounted.iter().map(|one| (&one.fingerprint, &one.fingerprint));
        for (name, key) in keys.chain(others) {
            let Some(reason) = reason(root, key) else { continue };
            let holder = root.terms().principals.iter().find(|one| one.keys.iter().any(|held| held.key.fingerprint() == *key));
            let name = holder.map_or(name, |one| &one.name);
            let label = outside(&format!("{} {}", installed.name, installed.seq));
            let values = [("bundle", label), ("name", name.clone()), ("key", key.clone()), ("reason", reason)];
            report.remarks.push(Claim::say("installed-revoked", &values, by.clone()));
            found.insert(installed.bundle);
        }
    }
    report.not_checked.extend((unread > 0).then(|| Claim::say("unread-signers", &[("count", unread.to_string())], by)));
    found
}

fn tally(store: &Store, installed: &Installed, root: &TrustRoot) -> Result<Tally> {
    root.tally(Role::Bundle, BUNDLE, &record(store, installed, "bundle.json")?, &signatures(store, installed)?)
}
