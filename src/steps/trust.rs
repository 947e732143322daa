//! `trust`: found a trust domain, sign its root, accept it on a host, show it, hand an auditor the stock tool's file.

use crate::error::{Error, Kind, Result};
use crate::store::{Store, Writer, write_atomic};
use crate::trust::{
    Algorithm, BUNDLE, Custody, HeldKey, Principal, PublicKey, ROOT, Role, RootLimits, Rule, Signer, Tally, Terms, TrustRoot,
    allowed_signers, pinned, read_public, sign, signature_name,
};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// What a new trust domain is made of.
#[derive(Debug, Clone)]
pub struct Founding<'a> {
    /// Name of the domain.
    pub name: &'a str,
    /// `name=KEY.pub` or `name:custody=KEY.pub`; a name given twice has two keys.
    pub principals: &'a [String],
    /// How many people must sign a bundle, and the next root.
    pub threshold: usize,
    /// When it is made; fractions of a second are dropped.
    pub created: Timestamp,
    /// When it should be replaced.
    pub expires: Option<Timestamp>,
    /// What no signer can exceed.
    pub limits: RootLimits,
}

/// A root and who has signed it.
#[derive(Debug, Clone)]
pub struct RootShown {
    /// The root.
    pub root: TrustRoot,
    /// Where it lies.
    pub file: PathBuf,
    /// The signatures of its own root role.
    pub tally: Tally,
}

/// Founds a trust domain: writes `root.1.json` and a signature for each signer at hand.
pub fn init(folder: &Path, founding: &Founding<'_>, signers: &[Box<dyn Signer>]) -> Result<RootShown> {
    let principals = principals(founding.principals)?;
    let rule = Rule { principals: principals.iter().map(|p| p.name.clone()).collect(), threshold: founding.threshold };
    let root = TrustRoot::write(&Terms {
        version: 1,
        epoch: 0,
        previous: None,
        created: whole_seconds(founding.created),
        expires: founding.expires.map(whole_seconds),
        name: founding.name.to_owned(),
        principals,
        root: rule.clone(),
        bundle: rule,
        limits: founding.limits,
    })
    .map_err(|e| e.of_kind(Kind::Usage))?;
    let names = signers.iter().map(|signer| signature_file(&root, signer.as_ref())).collect::<Result<Vec<_>>>()?;
    let file = folder.join(root.file_name());
    if file.symlink_metadata().is_ok() {
        return Err(Error::usage(format!("{} exists already", file.display()))
            .hint("a trust root is never overwritten: give another folder with --out"));
    }
    std::fs::create_dir_all(folder).map_err(|e| Error::unwritten(format!("{} cannot be created", folder.display()), &e))?;
    if let Some(other) = pinned::signatures_in(folder, 1)?.first() {
        return Err(Error::usage(format!("{} is there already, without its root", folder.join(other).display()))
            .hint("it would be taken for a signature of the new root: give another folder with --out"));
    }
    // Signatures first: when the root's file is there, what was asked for has been done.
    for (signer, name) in signers.iter().zip(names) {
        write_atomic(&folder.join(name), sign(signer.as_ref(), ROOT, root.bytes())?.as_bytes())?;
    }
    write_atomic(&file, root.bytes())?;
    show(&file)
}

/// Adds a signature beside a root.
pub fn sign_root(file: &Path, signer: &dyn Signer) -> Result<RootShown> {
    let (root, _) = pinned::beside(file)?;
    let name = signature_file(&root, signer)?;
    let armour = sign(signer, ROOT, root.bytes())?;
    write_atomic(&file.with_file_name(name), armour.as_bytes())?;
    show(file)
}

/// Accepts a root on this host, because a person typed its fingerprint.
pub fn accept(store: &Writer, file: &Path, typed: &str) -> Result<RootShown> {
    let (root, signatures) = pinned::beside(file)?;
    let folder = store.store().trust_folder();
    pinned::accept(&folder, root.bytes(), &signatures, typed)?;
    show(&folder.join(root.file_name()))
}

/// Shows a root file and who has signed it.
pub fn show(file: &Path) -> Result<RootShown> {
    let (root, signatures) = pinned::beside(file)?;
    let tally = root.tally(Role::Root, ROOT, root.bytes(), &signatures)?;
    Ok(RootShown { root, file: file.to_owned(), tally })
}

/// Shows the newest root a host has accepted.
pub fn accepted(store: &Store) -> Result<RootShown> {
    let root = pinned::load(&store.trust_folder())?.ok_or_else(pinned::none_yet)?;
    show(&store.trust_folder().join(root.file_name()))
}

/// What `ssh-keygen -Y verify -f` wants, for the bundles and for the root itself.
pub fn signers_file(root: &TrustRoot) -> String {
    allowed_signers(root, Role::Bundle, BUNDLE) + &allowed_signers(root, Role::Root, ROOT)
}

fn signature_file(root: &TrustRoot, signer: &dyn Signer) -> Result<String> {
    let key = signer.public_key();
    let holder = root.holder(key).filter(|(p, _)| root.rule(Role::Root).principals.contains(&p.name));
    let (principal, _) = holder.ok_or_else(|| {
        Error::usage("this key may not sign the trust root")
            .with("found", key.fingerprint())
            .with("expected", format!("a key of {}", root.rule(Role::Root).principals.join(", ")))
            .with("trust root", root.label())
    })?;
    Ok(signature_name(&format!("root.{}", root.terms().version), &principal.name, key))
}

fn principals(given: &[String]) -> Result<Vec<Principal>> {
    let mut all: Vec<Principal> = Vec::new();
    for one in given {
        let (who, path) = one.split_once('=').ok_or_else(|| {
            Error::usage("a principal is given as NAME=KEY.pub")
                .with("found", format!("{one:.120}"))
                .hint("for example: --principal alice=alice.pub")
        })?;
        let (name, custody) = who.split_once(':').map_or((who, None), |(name, custody)| (name, Some(custody)));
        let (key, _) = read_public(Path::new(path))?;
        let custody = custody.map(Custody::named).transpose().map_err(|e| e.of_kind(Kind::Usage))?.unwrap_or(likely_custody(&key));
        match all.iter_mut().find(|p| p.name == name) {
            Some(principal) => principal.keys.push(HeldKey { key, custody }),
            None => all.push(Principal { name: name.to_owned(), keys: vec![HeldKey { key, custody }] }),
        }
    }
    Ok(all)
}

fn likely_custody(key: &PublicKey) -> Custody {
    match key.algorithm() {
        Algorithm::SkEd25519 => Custody::Fido2,
        Algorithm::Ed25519 => Custody::File,
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).expect("a time without its fraction is in range")
}
