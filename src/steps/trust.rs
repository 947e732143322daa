//! `trust`: found a trust domain, sign its root, accept it on a host, show it, replace it, revoke keys, hand an auditor the stock tool's
//! files.

mod age;
mod compare;
mod impact;
mod revoke;
mod rotate;

pub use age::{Age, age, check_age, known_time};
pub use compare::compare;
pub use impact::{Admitted, Impact, impact, revoked_signers};
pub use revoke::{Revoking, apply, last_good, read, revoke};
pub use rotate::{Edits, next, rotate};

use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::store::{Store, write_atomic};
use crate::trust::{
    Algorithm, Custody, HeldKey, Principal, PublicKey, ROOT, Role, RootLimits, Rule, Signer, Tally, Terms, TrustRoot, allowed_signers,
    pinned, read_public, revoked_keys, sign, signature_name, told,
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
    /// The same by the root before it, where that lies beside it: both thresholds must be met.
    pub before: Option<Tally>,
}

impl RootShown {
    /// How many more people have to sign: by its own role, and by that of the root before it.
    pub fn missing(&self) -> usize {
        self.tally.missing().max(self.before.as_ref().map_or(0, Tally::missing))
    }
}

/// Founds a trust domain: writes `root.1.json` and a signature for each signer at hand.
pub fn init(folder: &Path, founding: &Founding<'_>, signers: &[Box<dyn Signer>]) -> Result<RootShown> {
    let principals = principals(founding.principals)?;
    let rule = Rule::new(founding.threshold, principals.iter().map(|p| p.name.clone()).collect());
    let root = TrustRoot::write(&Terms {
        version: 1,
        epoch: 0,
        previous: None,
        created: whole_seconds(founding.created),
        expires: founding.expires.map(whole_seconds),
        name: founding.name.to_owned(),
        principals,
        root: rule.clone(),
        bundle: vec![rule],
        approve: None,
        revoke: None,
        report: None,
        limits: founding.limits,
        revoked: vec![],
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
    let before = pinned::before(file, &root)?;
    // Whoever leaves with this root signs it as a person of the one before.
    let name = match before.as_ref().filter(|before| signature_file(before, signer).is_ok()) {
        Some(before) => signature_file(before, signer)?.replacen(&before.terms().version.to_string(), &root.terms().version.to_string(), 1),
        None => signature_file(&root, signer)?,
    };
    let armour = sign(signer, ROOT, root.bytes())?;
    write_atomic(&file.with_file_name(name), armour.as_bytes())?;
    show(file)
}

/// Accepts a root on this host, because a person typed its fingerprint.
pub fn accept(journal: &Journal<'_>, file: &Path, typed: &str) -> Result<RootShown> {
    let (root, signatures) = pinned::beside(file)?;
    let folder = journal.store().trust_folder();
    pinned::accept_after(&folder, root.bytes(), &signatures, typed, |root| said(journal, root))?;
    show(&folder.join(root.file_name()))
}

/// Logs that a root is about to be accepted.
fn said(journal: &Journal<'_>, root: &TrustRoot) -> Result<()> {
    journal.append(Draft::new(kind::TRUST, vec![item(root)])).map(|_| ())
}

fn item(root: &TrustRoot) -> Item {
    Item::named("root", root.terms().version).digest(root.fingerprint())
}

/// Accepts roots that follow the accepted one by signature, up to the one in a file.
pub fn accept_next(journal: &Journal<'_>, file: &Path) -> Result<RootShown> {
    let folder = journal.store().trust_folder();
    let root = pinned::accept_next(&folder, file, |root| said(journal, root))?;
    show(&folder.join(root.file_name()))
}

/// What a re-bootstrap was, for the record.
#[derive(Debug, Clone)]
pub struct Reset {
    /// The root that is trusted now.
    pub shown: RootShown,
    /// The root that was trusted before.
    pub retired: TrustRoot,
    /// Why, in a person's words.
    pub reason: String,
}

/// Puts a root of another domain in the place of the accepted one: for a threshold that is lost. Both fingerprints were typed. Marks stay:
/// what was imported is not taken back, and no older bundle gets in.
pub fn reset(journal: &Journal<'_>, file: &Path, typed: (&str, &str), reason: &str, time: Timestamp) -> Result<Reset> {
    if reason.trim().is_empty() {
        return Err(Error::usage("say why the trust root is replaced").hint("--reason \"who lost what, and when\""));
    }
    let (root, signatures) = pinned::beside(file)?;
    let folder = journal.store().trust_folder();
    let note = serde_json::json!({ "new": root.fingerprint().hex(), "reason": reason, "time": whole_seconds(time).to_string() });
    let (root, retired) = pinned::reset(&folder, root.bytes(), &signatures, typed, format!("{note}\n").as_bytes(), |new, old| {
        journal.append(Draft::new(kind::TRUST_RESET, vec![item(new)]).on(vec![item(old)]).note(reason)).map(|_| ())
    })?;
    Ok(Reset { shown: show(&folder.join(root.file_name()))?, retired, reason: reason.to_owned() })
}

/// The newest accepted root, with the revocations beside it and the bundles that are accepted already.
pub fn trusted(store: &Store) -> Result<TrustRoot> {
    let root = pinned::load(&store.trust_folder())?.ok_or_else(pinned::none_yet)?;
    Ok(root.with_accepted(store.accepted()?.into_iter().map(|installed| installed.bundle).collect()))
}

/// Shows a root file and who has signed it.
pub fn show(file: &Path) -> Result<RootShown> {
    let (root, signatures) = pinned::beside(file)?;
    let tally = root.tally(Role::Root, ROOT, root.bytes(), &signatures)?;
    let before = pinned::before(file, &root)?.map(|before| before.tally(Role::Root, ROOT, root.bytes(), &signatures)).transpose()?;
    Ok(RootShown { root, file: file.to_owned(), tally, before })
}

/// Shows the newest root a host has accepted.
pub fn accepted(store: &Store) -> Result<RootShown> {
    let root = pinned::load(&store.trust_folder())?.ok_or_else(pinned::none_yet)?;
    show(&store.trust_folder().join(root.file_name()))
}

/// What `ssh-keygen -Y verify -f` wants, for everything the root's people sign.
pub fn signers_file(root: &TrustRoot) -> String {
    let roles = [Role::Bundle, Role::Root, Role::Approve, Role::Revoke, Role::Report];
    let mut text: String = roles.map(|role| allowed_signers(root, role, role.namespace())).concat();
    // People of the role `root` revoke as well.
    for line in allowed_signers(root, Role::Root, Role::Revoke.namespace()).lines() {
        if root.terms().revoke.is_some() && !text.lines().any(|known| known == line) {
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}

/// What `ssh-keygen -Y verify -r` wants: the revoked keys.
pub fn revoked_file(root: &TrustRoot, folder: &Path) -> Result<String> {
    let mut keys = pinned::keys(folder)?;
    keys.extend(root.terms().principals.iter().flat_map(|p| p.keys.iter().map(|k| k.key.clone())));
    Ok(revoked_keys(root, &keys))
}

/// Refuses a key that was revoked on this host.
pub fn check_not_revoked(root: &TrustRoot, key: &PublicKey) -> Result<()> {
    let Some(said) = root.said_against(key).first().copied() else { return Ok(()) };
    Err(Error::new(Kind::Policy, "this key was revoked and signs nothing any more")
        .with("key", told(said))
        .with("trust root", root.label())
        .hint("make a new key and have it put into the next root: airlift trust rotate --add-key"))
}

fn signature_file(root: &TrustRoot, signer: &dyn Signer) -> Result<String> {
    let key = signer.public_key();
    let holder = root.holder(key).filter(|(p, _)| root.people(Role::Root).contains(&p.name.as_str()));
    let (principal, _) = holder.ok_or_else(|| {
        Error::usage("this key may not sign the trust root")
            .with("found", key.fingerprint())
            .with("expected", format!("a key of {}", root.people(Role::Root).join(", ")))
            .with("trust root", root.label())
    })?;
    Ok(signature_name(&format!("root.{}", root.terms().version), &principal.name, key))
}

fn principals(given: &[String]) -> Result<Vec<Principal>> {
    let mut all: Vec<Principal> = Vec::new();
    for one in given {
        let (name, held) = named_key(one)?;
        match all.iter_mut().find(|p| p.name == name) {
            Some(principal) => principal.keys.push(held),
            None => all.push(Principal { name: name.to_owned(), keys: vec![held] }),
        }
    }
    Ok(all)
}

/// `NAME=KEY.pub` or `NAME:CUSTODY=KEY.pub`.
fn named_key(one: &str) -> Result<(&str, HeldKey)> {
    let (who, path) = one.split_once('=').ok_or_else(|| {
        Error::usage("a principal is given as NAME=KEY.pub")
            .with("found", format!("{one:.120}"))
            .hint("for example: --principal alice=alice.pub")
    })?;
    let (name, custody) = who.split_once(':').map_or((who, None), |(name, custody)| (name, Some(custody)));
    let (key, _) = read_public(Path::new(path))?;
    let custody = custody.map(Custody::named).transpose().map_err(|e| e.of_kind(Kind::Usage))?.unwrap_or(likely_custody(&key));
    Ok((name, HeldKey { key, custody }))
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
