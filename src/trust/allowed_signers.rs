//! The `allowed_signers` file of `ssh-keygen -Y verify` (ssh-keygen(1), "ALLOWED SIGNERS"), for an auditor without airlift.

use super::root::{Role, TrustRoot};
use std::fmt::Write;

/// One line for each key of a role, bound to one namespace; never a wildcard. The stock tool counts no people and asks for no touch:
/// `docs/formats/trust.md` says what is left to the auditor.
pub fn allowed_signers(root: &TrustRoot, role: Role, namespace: &str) -> String {
    let mut out = String::new();
    for principal in root.rule(role).principals.iter().filter_map(|name| root.principal(name)) {
        for held in &principal.keys {
            writeln!(out, "{} namespaces=\"{namespace}\" {}", principal.name, held.key.line()).expect("a string takes everything");
        }
    }
    out
}
