//! The files of `ssh-keygen -Y verify` (ssh-keygen(1), "ALLOWED SIGNERS" and `-r`), for an auditor without airlift.

use super::public::PublicKey;
use super::root::{Role, TrustRoot};
use std::fmt::Write;

/// One line for each key of a role, bound to one namespace; never a wildcard. The stock tool counts no people and asks for no touch:
/// `docs/formats/trust.md` says what is left to the auditor. Revoked keys are listed as well, for the bundles that are spared:
/// [`revoked_keys`] takes them back.
pub fn allowed_signers(root: &TrustRoot, role: Role, namespace: &str) -> String {
    let mut out = String::new();
    for principal in root.people(role).into_iter().filter_map(|name| root.principal(name)) {
        for held in &principal.keys {
            writeln!(out, "{} namespaces=\"{namespace}\" {}", principal.name, held.key.line()).expect("a string takes everything");
        }
    }
    out
}

/// The revoked keys, one a line, as `-r` takes them. The stock tool knows no last good bundle and refuses all of a key's signatures. A root
/// knows revoked keys by their digests: the lines are looked up among keys of earlier roots, and what is not among them is a comment.
pub fn revoked_keys(root: &TrustRoot, keys: &[PublicKey]) -> String {
    let mut revoked: Vec<_> = root.terms().revoked.iter().chain(root.revocations().iter().map(super::Revocation::revoked)).collect();
    let mut seen = std::collections::BTreeSet::new();
    revoked.retain(|one| seen.insert(one.key));
    let mut out = String::new();
    for one in revoked {
        let told = super::told(one);
        match keys.iter().find(|key| key.id() == one.key) {
            Some(key) => writeln!(out, "# {told}\n{}", key.line()),
            None => writeln!(out, "# {told}: no root here has this key"),
        }
        .expect("a string takes everything");
    }
    out
}
