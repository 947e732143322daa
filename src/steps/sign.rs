//! `sign`: a person's signature over the statement, put into every volume of a finished set.

use crate::artifact::Digest;
use crate::bundle::{Head, Statement, append_signature};
use crate::error::{Error, Kind, Result};
use crate::trust::{BUNDLE, Role, Signature, Signer, TrustRoot, sign as sign_bytes, signature_name};
use std::fs::File;
use std::path::PathBuf;

/// What a signature came to.
#[derive(Debug, Clone)]
pub struct SignOutcome {
    /// Who the root says the key belongs to.
    pub principal: String,
    /// The key, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
}

/// The signature an interrupted signing left on some of the volumes: it goes on the others as well, because a hardware key would make
/// another one each time.
fn earlier(volumes: &[PathBuf], name: &str, statement: &[u8]) -> Option<Vec<u8>> {
    let heads = volumes.iter().filter_map(|path| Head::read(path, &File::open(path).ok()?).ok());
    let found = heads.flat_map(|head| head.signatures).find(|(known, _)| known == name)?.1;
    Signature::parse(&found).ok()?.verify(BUNDLE, statement).ok()?;
    Some(found)
}

/// Signs the statement of a set that is all here. A fresh signature has been checked before it is written: a faulty machine must not
/// release one that gives the key away.
pub fn sign(statement: &[u8], volumes: &[PathBuf], root: &TrustRoot, signer: &dyn Signer) -> Result<SignOutcome> {
    let parsed = Statement::parse(statement)?;
    if volumes.len() != parsed.volumes.len() {
        return Err(Error::new(
            Kind::Incomplete,
            format!("{}: {} of {} volumes are here", parsed.label(), volumes.len(), parsed.volumes.len()),
        )
        .hint("name all of them: every volume carries the signatures"));
    }
    let key = signer.public_key();
    let principal = may_sign(root, key)?;
    let name = format!("sig/{}", signature_name("bundle", &principal.name, key));
    let armour = match earlier(volumes, &name, statement) {
        Some(armour) => armour,
        None => sign_bytes(signer, BUNDLE, statement)?.into_bytes(),
    };
    for volume in volumes {
        append_signature(volume, &Digest::of(statement), &name, &armour)?;
    }
    Ok(SignOutcome { principal: principal.name.clone(), fingerprint: key.fingerprint() })
}

/// Whose key it is, when the root lets it sign bundles.
pub fn may_sign<'a>(root: &'a TrustRoot, key: &crate::trust::PublicKey) -> Result<&'a crate::trust::Principal> {
    let (principal, _) = root.holder(key).ok_or_else(|| {
        Error::usage("the trust root does not know this key")
            .with("key", key.fingerprint())
            .with("trust root", root.label())
            .hint("sign with a key of the root, or make a root that names this one: airlift trust init")
    })?;
    if root.rule(Role::Bundle).principals.contains(&principal.name) {
        return Ok(principal);
    }
    Err(Error::usage(format!("{} may not sign bundles by this trust root", principal.name)).with("trust root", root.label()))
}
