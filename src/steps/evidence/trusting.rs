//! Who may sign: the roots of a host with their signatures, as files that `ssh-keygen` reads, and the signatures that count by them.

use super::Notes;
use super::checks::Allowed;
use crate::error::Result;
use crate::log::CHECKPOINT;
use crate::report::controls::{Filed, Folder};
use crate::steps::trust::{revoked_file, signers_file, trusted};
use crate::store::Store;
use crate::trust::{Chain, ROOT, Role, Signature, SignatureFile, Tally, TrustRoot, allowed_signers, pinned, signature_name};
use std::collections::{BTreeMap, BTreeSet};

/// The roots as they were written, and by whose word a signature counts.
pub struct Trusting {
    /// The newest root.
    pub newest: TrustRoot,
    /// All roots, the newest first, each with its allowed signers.
    roots: Vec<(TrustRoot, Filed)>,
    revoked: Filed,
    /// Roots, signatures, revocations, allowed signers.
    pub files: Vec<Filed>,
}

/// Signatures that count, as they were written.
pub struct Signed {
    /// The files.
    pub files: Vec<Filed>,
    /// How many people.
    pub people: usize,
    /// How many are needed.
    pub needed: usize,
    /// The list they stand in.
    pub signers: Option<Filed>,
}

impl Trusting {
    /// Writes the accepted roots to `trust/`, and a newer one that a bundle brought along.
    pub fn lay(store: &Store, brought: Option<(&TrustRoot, &Chain)>, folder: &mut Folder, notes: &mut Notes) -> Result<Self> {
        let accepted = trusted(store)?;
        let kept = pinned::stored(&store.trust_folder())?;
        let mut files: BTreeMap<String, Vec<u8>> = kept.files().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect();
        let newer = brought.filter(|(root, _)| root.terms().version > accepted.terms().version);
        for (name, bytes) in newer.iter().flat_map(|(_, chain)| chain.files()) {
            files.entry(name).or_insert_with(|| bytes.to_vec());
        }
        let newest = newer.map_or(accepted, |(root, _)| root.clone());
        let mut filed = BTreeMap::new();
        for (name, bytes) in &files {
            filed.insert(name.clone(), folder.write(&format!("trust/{name}"), bytes)?);
        }
        let revoked = folder.write("trust/revoked_keys", revoked_file(&newest, &store.trust_folder())?.as_bytes())?;
        let (mut roots, mut lists) = (Vec::new(), vec![revoked.clone()]);
        let numbers = Chain::read(files.iter().map(|(name, bytes)| (name.clone(), bytes.clone())))?.fingerprints();
        for (number, _) in numbers.into_iter().rev() {
            let name = format!("root.{number}.json");
            let root = if newest.terms().version == number { newest.clone() } else { TrustRoot::parse(&files[&name])? };
            let signers = folder.write(&format!("trust/allowed_signers.{number}"), signers(&root).as_bytes())?;
            notes.checks.listed(&signers, &filed[&name]);
            lists.push(signers.clone());
            roots.push((root, signers));
        }
        let trusting = Self { newest, roots, revoked, files: filed.values().cloned().chain(lists).collect() };
        trusting.check_roots(&files, &filed, notes)?;
        Ok(trusting)
    }

    /// That each root was signed by its own people, and by those of the one before it, which it names.
    fn check_roots(&self, files: &BTreeMap<String, Vec<u8>>, filed: &BTreeMap<String, Filed>, notes: &mut Notes) -> Result<()> {
        notes.checks.root(&filed[&self.newest.file_name()]);
        for (root, own) in &self.roots {
            let name = root.file_name();
            let stem = name.trim_end_matches("json");
            let signatures: Vec<SignatureFile> =
                files.iter().filter(|(file, _)| file.starts_with(stem) && **file != name).map(|(n, b)| (n.clone(), b.clone())).collect();
            let before = self.roots.iter().find(|(older, _)| older.terms().version + 1 == root.terms().version);
            if let Some((older, _)) = before {
                notes.checks.names(&filed[&name], &filed[&older.file_name()]);
            }
            for (judge, signers) in std::iter::once((root, own)).chain(before.map(|(root, signers)| (root, signers))) {
                let tally = judge.tally(Role::Root, ROOT, root.bytes(), &signatures)?;
                for (signature, who) in counted(&tally, &signatures) {
                    let allowed = Allowed { signers: signers.clone(), revoked: None };
                    notes.checks.signature(&allowed, &who, ROOT, (&filed[&signature.0], &filed[&name]));
                }
                let what = format!("{} by {}", root.label(), judge.label());
                notes.checks.people(tally.threshold, signers, &filed[&name], &what);
                notes.transcript(
                    "people who signed the root, of those needed",
                    &what,
                    &format!("{} of {}", tally.people(), tally.threshold),
                );
            }
        }
        Ok(())
    }

    /// Writes the signatures over a document that count by the newest root by which enough do; else by the newest.
    pub fn signed(
        &self,
        folder: &mut Folder,
        notes: &mut Notes,
        place: &str,
        (role, namespace, stem): (Role, &str, &str),
        (document, bytes): (&Filed, &[u8]),
        signatures: &[SignatureFile],
    ) -> Result<Signed> {
        let mut chosen = None;
        for (root, signers) in self.roots.iter().filter(|(root, _)| !root.rules(role).is_empty()) {
            let tally = root.tally(role, namespace, bytes, signatures)?;
            let enough = tally.missing() == 0 && !tally.signers.is_empty();
            if enough || chosen.is_none() {
                chosen = Some((tally, root, signers));
            }
            if enough {
                break;
            }
        }
        let Some((tally, root, signers)) = chosen else { return Ok(Signed { files: vec![], people: 0, needed: 0, signers: None }) };
        let mut files = Vec::new();
        for (signature, who) in counted(&tally, signatures) {
            let key = Signature::parse(&signature.1)?.claimed_key().clone();
            let filed = folder.write(&format!("{place}/{}", signature_name(stem, &who, &key)), &signature.1)?;
            // The stock tool spares nothing of a revoked key; airlift spares what it had signed before.
            let revoked =
                if root.said_against(&key).is_empty() && self.newest.said_against(&key).is_empty() { Some(&self.revoked) } else { None };
            let allowed = Allowed { signers: signers.clone(), revoked: revoked.cloned() };
            notes.checks.signature(&allowed, &who, namespace, (&filed, document));
            files.push(filed);
        }
        Ok(Signed { files, people: tally.people(), needed: tally.threshold, signers: Some(signers.clone()) })
    }

    /// The revoked keys as the stock tool reads them.
    pub const fn revoked(&self) -> &Filed {
        &self.revoked
    }

    /// Who holds a key, by the newest root that knows it, and the list it stands in.
    pub fn holder(&self, key: &crate::trust::PublicKey) -> Option<(String, Allowed)> {
        self.roots.iter().find_map(|(root, signers)| {
            let (who, _) = root.holder(key)?;
            Some((who.name.clone(), Allowed { signers: signers.clone(), revoked: None }))
        })
    }
}

/// Allowed signers for everything, cosignatures included.
fn signers(root: &TrustRoot) -> String {
    let mut text = signers_file(root);
    let roles = [Role::Bundle, Role::Approve];
    let lines: BTreeSet<String> =
        roles.iter().flat_map(|role| allowed_signers(root, *role, CHECKPOINT).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

/// The signature files that count, each once, and whose they are.
fn counted<'a>(tally: &Tally, signatures: &'a [SignatureFile]) -> Vec<(&'a SignatureFile, String)> {
    let mut seen = BTreeSet::new();
    let owner = |signature: &'a SignatureFile| {
        let fingerprint = Signature::parse(&signature.1).ok()?.claimed_key().fingerprint();
        let counted = tally.signers.iter().find(|counted| counted.fingerprint == fingerprint)?;
        Some((signature, counted.principal.clone(), fingerprint))
    };
    let found = signatures.iter().filter_map(owner).filter(|(.., fingerprint)| seen.insert(fingerprint.clone()));
    found.map(|(signature, who, _)| (signature, who)).collect()
}
