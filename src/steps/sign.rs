//! `sign`: a person's signature over the statement, put into every volume of a finished set.

use super::pack::check_epoch;
use super::trust::check_not_revoked;
use crate::artifact::Digest;
use crate::bundle::{Head, Statement, append_signature, check_signature_fits};
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::trust::{BUNDLE, PublicKey, Role, Signature, Signer, TrustRoot, sign as sign_bytes, signature_name};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What a signature came to.
#[derive(Debug, Clone)]
pub struct SignOutcome {
    /// Who the root says the key belongs to.
    pub principal: String,
    /// The key, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
}

/// What a key has signed already.
struct Earlier<'a> {
    /// The signature an interrupted signing left on some of the volumes: it goes on the others as well, because a hardware key would make
    /// another one each time.
    armour: Option<Vec<u8>>,
    /// The volumes without one.
    lacking: Vec<&'a PathBuf>,
}

/// Looks at every volume before any is written to. What merely has the name of this key's signature is refused: nobody is told that they
/// have signed when another has.
fn earlier<'a>(volumes: &'a [PathBuf], name: &str, statement: &[u8], key: &PublicKey) -> Result<Earlier<'a>> {
    let mut earlier = Earlier { armour: None, lacking: vec![] };
    for path in volumes {
        let file = File::open(path).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
        let head = Head::read(path, &file)?;
        let Some((_, armour)) = head.signatures.iter().find(|(known, _)| known == name) else {
            earlier.lacking.push(path);
            continue;
        };
        let signed = Signature::parse(armour).and_then(|s| s.verify(BUNDLE, statement)).map_err(|e| damaged(path, name, &e))?;
        if signed.key != *key {
            return Err(Error::verification(format!("{}: {name} is not a signature of this key", path.display()))
                .with("expected", key.fingerprint())
                .with("found", signed.key.fingerprint())
                .hint("somebody put it there under this key's name: copy the volume again from where it was made, and sign that"));
        }
        earlier.armour = Some(armour.clone());
    }
    Ok(earlier)
}

fn damaged(path: &Path, name: &str, error: &Error) -> Error {
    Error::verification(format!("{}: the signature {name} is there and damaged", path.display()))
        .because(error)
        .hint("copy the volume again from where it was made, and sign that (nothing was changed)")
}

/// Signs the statement of a set that is all here, without a log.
pub fn sign(statement: &[u8], volumes: &[PathBuf], root: &TrustRoot, signer: &dyn Signer) -> Result<SignOutcome> {
    sign_after(statement, volumes, root, signer, |_| Ok(()))
}

/// The same, and logged before the first volume is written to. The log gets the key, which the trust root has a name for.
pub fn sign_logged(
    statement: &[u8],
    volumes: &[PathBuf],
    root: &TrustRoot,
    signer: &dyn Signer,
    journal: &Journal<'_>,
) -> Result<SignOutcome> {
    sign_after(statement, volumes, root, signer, |parsed| {
        let bundle = Item::named("bundle", parsed.label()).digest(Digest::of(statement));
        let evidence = vec![
            Item::named("key", signer.public_key().fingerprint()),
            Item::named("root", root.terms().version).digest(root.fingerprint()),
        ];
        journal.append(Draft::new(kind::SIGN, vec![bundle]).on(evidence)).map(|_| ())
    })
}

/// Signs once `before` has agreed, which is asked when everything else is right. A fresh signature has been checked before it is written: a faulty machine must not
/// release one that gives the key away.
fn sign_after(
    statement: &[u8],
    volumes: &[PathBuf],
    root: &TrustRoot,
    signer: &dyn Signer,
    before: impl FnOnce(&Statement) -> Result<()>,
) -> Result<SignOutcome> {
    let parsed = Statement::parse(statement)?;
    if volumes.len() != parsed.volumes.len() {
        return Err(Error::new(
            Kind::Incomplete,
            format!("{}: {} of {} volumes are here", parsed.label(), volumes.len(), parsed.volumes.len()),
        )
        .hint("name all of them: every volume carries the signatures"));
    }
    check_epoch(&parsed.label(), parsed.epoch, root)?;
    let key = signer.public_key();
    let principal = may_sign(root, key)?;
    let name = format!("sig/{}", signature_name("bundle", &principal.name, key));
    let Earlier { armour, lacking } = earlier(volumes, &name, statement, key)?;
    let armour = armour.map_or_else(|| sign_bytes(signer, BUNDLE, statement).map(String::into_bytes), Ok)?;
    let id = Digest::of(statement);
    lacking.iter().try_for_each(|volume| check_signature_fits(volume, &id, &name, &armour))?;
    if !lacking.is_empty() {
        before(&parsed)?;
    }
    lacking.iter().try_for_each(|volume| append_signature(volume, &id, &name, &armour))?;
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
    check_not_revoked(root, key)?;
    if root.people(Role::Bundle).contains(&principal.name.as_str()) {
        return Ok(principal);
    }
    Err(Error::usage(format!("{} may not sign bundles by this trust root", principal.name)).with("trust root", root.label()))
}
