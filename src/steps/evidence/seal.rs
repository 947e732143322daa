//! A person signs the list of a pack, and so all of it.

use crate::error::{Error, Result};
use crate::steps::trust::check_not_revoked;
use crate::trust::{Role, Signer, TrustRoot, sign, signature_name};

/// What the list of a pack is signed in.
pub const EVIDENCE: &str = "evidence.v1@airlift";

/// Who signs packs: those who sign reports. A root that names nobody for these leaves them to those who sign bundles.
pub fn role(root: &TrustRoot) -> Role {
    if root.rules(Role::Report).is_empty() { Role::Bundle } else { Role::Report }
}

/// Refuses a key that may not sign packs, before there is one. [`Kind::Usage`](crate::error::Kind) when it may not.
pub fn may_seal(root: &TrustRoot, signer: &dyn Signer) -> Result<String> {
    let key = signer.public_key();
    check_not_revoked(root, key)?;
    let holder = root.holder(key).filter(|(person, _)| root.people(role(root)).contains(&person.name.as_str()));
    holder.map(|(person, _)| person.name.clone()).ok_or_else(|| {
        Error::usage("the trust root names nobody who signs evidence with this key")
            .with("key", key.fingerprint())
            .with("expected", format!("a key of {}", root.people(role(root)).join(", ")))
            .with("trust root", root.label())
    })
}

/// The signature over the list, under its name.
pub fn seal(sums: &[u8], root: &TrustRoot, signer: &dyn Signer) -> Result<(String, Vec<u8>)> {
    let who = may_seal(root, signer)?;
    let file = (signature_name("evidence", &who, signer.public_key()), sign(signer, EVIDENCE, sums)?.into_bytes());
    // The role may ask for more than a name, such as a touch of the key.
    let tally = root.tally(role(root), EVIDENCE, sums, std::slice::from_ref(&file))?;
    match tally.uncounted.first() {
        None => Ok(file),
        Some(uncounted) => {
            Err(Error::usage("the trust root does not count this signature for evidence").with("found", uncounted.explain(role(root))))
        }
    }
}
