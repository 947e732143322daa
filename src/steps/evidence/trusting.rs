//! Who may sign: the roots of a host with their signatures, as files that `ssh-keygen` reads, and the signatures that count by them.

use super::Notes;
use super::hand::About;
use super::seal::{EVIDENCE, role};
use crate::artifact::{Artifact, Digest};
use crate::error::Result;
use crate::log::CHECKPOINT;
use crate::report::controls::{Filed, Folder};
use crate::steps::trust::{revoked_file, signers_file, trusted};
use crate::store::Store;
use crate::trust::{
    BUNDLE, Chain, PublicKey, ROOT, Role, Signature, SignatureFile, Tally, TrustRoot, allowed_signers, pinned, signature_name,
};
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

/// Signatures over a statement, by the root that judges them.
pub struct Judged {
    /// The files that count.
    pub files: Vec<Filed>,
    /// Who counts.
    pub tally: Tally,
    /// Who counts only by keys that were revoked since and whose owners do not stand by it: `check.sh` counts those no more.
    pub revoked: BTreeSet<String>,
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
        let installed: BTreeSet<Digest> = store.accepted()?.into_iter().map(|installed| installed.bundle).collect();
        let (mut roots, mut lists) = (Vec::new(), vec![revoked.clone()]);
        let numbers = Chain::read(files.iter().map(|(name, bytes)| (name.clone(), bytes.clone())))?.fingerprints();
        for (number, _) in numbers.into_iter().rev() {
            let root =
                if newest.terms().version == number { newest.clone() } else { TrustRoot::parse(&files[&format!("root.{number}.json")])? };
            let root = root.with_revocations(newest.revocations().to_vec()).with_accepted(installed.clone());
            let signers = folder.write(&format!("trust/allowed_signers.{number}"), signers(&root).as_bytes())?;
            lists.push(signers.clone());
            roots.push((root, signers));
        }
        let trusting = Self { newest, roots, revoked, files: filed.values().cloned().chain(lists).collect() };
        trusting.tell_roots(&files, &filed, notes)?;
        Ok(trusting)
    }

    /// That each root was signed by its own people, and by those of the one before it, which it names. What was revoked since takes no
    /// root back, so they are judged as they stand.
    fn tell_roots(&self, files: &BTreeMap<String, Vec<u8>>, filed: &BTreeMap<String, Filed>, notes: &mut Notes) -> Result<()> {
        notes.hand.digest(About::Root, &filed[&self.newest.file_name()]);
        for (root, own) in &self.roots {
            let name = root.file_name();
            let stem = name.trim_end_matches("json");
            let signatures: Vec<SignatureFile> =
                files.iter().filter(|(file, _)| file.starts_with(stem) && **file != name).map(|(n, b)| (n.clone(), b.clone())).collect();
            let before = self.roots.iter().find(|(older, _)| older.terms().version + 1 == root.terms().version);
            if let Some((older, _)) = before {
                notes.hand.names(About::Chain, &filed[&name], &filed[&older.file_name()]);
            }
            for (judge, signers) in std::iter::once((root, own)).chain(before.map(|(root, signers)| (root, signers))) {
                let tally = TrustRoot::parse(judge.bytes())?.tally(Role::Root, ROOT, root.bytes(), &signatures)?;
                for (signature, who) in counted(&tally, &signatures) {
                    notes.hand.signature(About::Chain, (signers, None), &who, ROOT, (&filed[&signature.0], &filed[&name]));
                }
                let (what, found) =
                    (format!("{} by {}", root.label(), judge.label()), format!("{} of {}", tally.people(), tally.threshold));
                notes.transcript("people who signed the root, of those needed", &what, &found);
            }
        }
        Ok(())
    }

    /// The root of that fingerprint, else the newest.
    pub fn in_force(&self, fingerprint: Option<&str>) -> &TrustRoot {
        let named = |(root, _): &&(TrustRoot, Filed)| fingerprint.is_some_and(|hex| root.fingerprint().hex() == hex);
        self.roots.iter().find(named).map_or(&self.newest, |(root, _)| root)
    }

    /// Writes the signatures over a statement that count by the newest root by which enough do, for all that is in it; else by the newest.
    pub fn signed(
        &self,
        folder: &mut Folder,
        notes: &mut Notes,
        place: &str,
        (document, bytes): (&Filed, &[u8]),
        signatures: &[SignatureFile],
        artifacts: &[Artifact],
    ) -> Result<Judged> {
        let judged = |(root, signers)| Ok((root, signers, TrustRoot::tally(root, Role::Bundle, BUNDLE, bytes, signatures)?));
        let mut all =
            self.roots.iter().map(|(root, signers)| judged((root, signers))).collect::<Result<Vec<(&TrustRoot, &Filed, Tally)>>>()?;
        let enough = |(root, _, tally): &(&TrustRoot, _, Tally)| tally.missing() == 0 && root.judge_scopes(tally, artifacts).is_ok();
        let (root, signers, tally) = all.swap_remove(all.iter().position(enough).unwrap_or(0));
        let (mut files, mut revoked, mut standing) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (signature, who) in counted(&tally, signatures) {
            let key = Signature::parse(&signature.1)?.claimed_key().clone();
            let filed = folder.write(&format!("{place}/{}", signature_name("bundle", &who, &key)), &signature.1)?;
            // The stock tool spares nothing of a revoked key; airlift spares what it had signed before.
            let list = Some(&self.revoked).filter(|_| root.said_against(&key).is_empty() && self.stands(&key));
            notes.hand.signature(About::Bundle, (signers, list), &who, BUNDLE, (&filed, document));
            files.push(filed);
            // What the key's owner stands by counts with everybody who reads the revocation.
            let said =
                root.said_against(&key).into_iter().chain(self.newest.said_against(&key)).any(|said| !said.spares(&document.digest()));
            if said {
                revoked.insert(who)
            } else {
                standing.insert(who)
            };
        }
        revoked.retain(|who| !standing.contains(who));
        Ok(Judged { files, tally, revoked })
    }

    /// Who gave an approval, and the list they stand in: by the root that was in force, else by the newest by which it counts. `Err` says
    /// why it counts by none.
    pub fn approver(
        &self,
        in_force: &TrustRoot,
        (document, signature): &(Vec<u8>, Vec<u8>),
        signers: &Tally,
    ) -> std::result::Result<(String, PublicKey, &Filed), String> {
        let key = Signature::parse(signature).map_err(|e| e.message().to_owned())?.claimed_key().clone();
        if !self.stands(&key) {
            return Err(format!("{}: the key was revoked", key.fingerprint()));
        }
        let (first, others): (Vec<_>, Vec<_>) = self.roots.iter().partition(|(root, _)| root.fingerprint() == in_force.fingerprint());
        let files = [("the approval".to_owned(), signature.clone())];
        let mut why = "no trust root here has the role".to_owned();
        for (root, list) in first.into_iter().chain(others).filter(|(root, _)| !root.rules(Role::Approve).is_empty()) {
            match root.tally_apart(Role::Approve, document, &files, &[(Role::Bundle, signers)]) {
                Ok(tally) => match tally.signers.first() {
                    Some(counted) => return Ok((counted.principal.clone(), key, list)),
                    None => why = tally.uncounted.first().map_or(why, |u| u.explain(Role::Approve)),
                },
                Err(error) => error.message().clone_into(&mut why),
            }
        }
        Err(why)
    }

    /// Who may cosign with a key: a person of the roles `bundle` or `approve` in the newest root that lets them, whose key was not revoked.
    pub fn cosigner(&self, key: &PublicKey) -> Option<(String, &Filed)> {
        let may = |root: &TrustRoot, who: &str| [Role::Bundle, Role::Approve].iter().any(|role| root.people(*role).contains(&who));
        self.roots.iter().filter(|_| self.stands(key)).find_map(|(root, signers)| {
            let (who, _) = root.holder(key)?;
            may(root, &who.name).then(|| (who.name.clone(), signers))
        })
    }

    /// Whether nothing is said against a key.
    fn stands(&self, key: &PublicKey) -> bool {
        self.newest.said_against(key).is_empty()
    }

    /// The revoked keys, for `ssh-keygen -r`.
    pub const fn revoked(&self) -> &Filed {
        &self.revoked
    }
}

/// Allowed signers for everything, cosignatures and seals included.
fn signers(root: &TrustRoot) -> String {
    let mut text = signers_file(root);
    let more = [(Role::Bundle, CHECKPOINT), (Role::Approve, CHECKPOINT), (role(root), EVIDENCE)];
    let lines: BTreeSet<String> =
        more.iter().flat_map(|(role, space)| allowed_signers(root, *role, space).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

/// The signature files that count, each key once, and whose they are.
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
