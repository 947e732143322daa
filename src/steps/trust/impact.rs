//! What a key has admitted on this host: the list that a revocation is followed by.

use crate::artifact::{Artifact, Digest};
use crate::bundle::MAX_SIGNATURES;
use crate::error::{Error, Kind, Result};
use crate::log::{EventLog, kind};
use crate::store::{Installed, Store, read_bounded};
use crate::trust::{
    BUNDLE, MAX_SIGNATURE_BYTES, ROOT, Revocation, Revoked, Role, Signature, SignatureFile, TrustRoot, fingerprint, pinned, told,
};
use std::collections::BTreeMap;
use std::path::Path;

/// Longest statement, in bytes.
const LONGEST: u64 = 1 << 20;

/// What a key has admitted.
#[derive(Debug, Clone)]
pub struct Impact {
    /// The key, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// What the accepted root, and revocations beside it, say against it; nothing where it is not revoked.
    pub said: Vec<Revoked>,
    /// Every accepted bundle it signed, in the order of lines and numbers.
    pub bundles: Vec<Admitted>,
    /// Numbers of accepted roots it signed.
    pub roots: Vec<u64>,
    /// Bundles whose record cannot be read: nobody knows whether it signed them.
    pub unread: Vec<Installed>,
}

/// A bundle that a key signed.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The bundle.
    pub installed: Installed,
    /// Whether it is in the snapshot that is served.
    pub served: bool,
    /// Whether the others who signed it were enough by the root that let it in; by the newest one where the log does not tell which that was.
    pub stands: bool,
    /// Whether the key's owner stands by it: each revocation of the key names its id as the last good one of its line.
    pub spared: bool,
    /// What it carries.
    pub artifacts: Vec<Artifact>,
}

/// The revoked keys that signed bundles which are served, by bundle: what is installed stays, and is shown.
pub fn revoked_signers(store: &Store, root: &TrustRoot) -> Result<BTreeMap<Digest, Vec<String>>> {
    let mut signers: BTreeMap<Digest, Vec<String>> = BTreeMap::new();
    let said = root.terms().revoked.iter().chain(root.revocations().iter().map(Revocation::revoked));
    let keys: BTreeMap<Digest, &Revoked> = said.map(|revoked| (revoked.key, revoked)).collect();
    if keys.is_empty() {
        return Ok(signers);
    }
    for installed in store.current()?.map(|snapshot| snapshot.bundles).unwrap_or_default() {
        let Ok((statement, signatures)) = record(store, &installed) else { continue };
        for revoked in keys.values().filter(|said| signatures.iter().any(|file| signed_by(&said.key, file, BUNDLE, &statement))) {
            signers.entry(installed.bundle).or_default().push(told(revoked));
        }
    }
    Ok(signers)
}

/// What a key has admitted, whether it is revoked or not.
pub fn impact(store: &Store, key: &Digest) -> Result<Impact> {
    let folder = store.trust_folder();
    let newest = pinned::load(&folder)?.ok_or_else(pinned::none_yet)?;
    let roots: Vec<_> = pinned::roots(&folder)?.into_iter().map(|root| root.with_revocations(newest.revocations().to_vec())).collect();
    let admitting = admitting(store);
    let served = store.current()?.map(|snapshot| snapshot.bundles).unwrap_or_default();
    let said: Vec<Revoked> = newest.said_of(key).into_iter().cloned().collect();
    let mut impact = Impact { fingerprint: fingerprint(key), said, bundles: vec![], roots: roots_signed(&folder, key)?, unread: vec![] };
    for installed in store.accepted()? {
        match record(store, &installed) {
            Ok((statement, signatures)) => {
                let signed = |file: &SignatureFile| signed_by(key, file, BUNDLE, &statement);
                if signatures.iter().any(signed) {
                    let counts = |file: &SignatureFile| !signed(file) && !is_revoked(&newest, file, &statement);
                    let others: Vec<_> = signatures.into_iter().filter(counts).collect();
                    let artifacts = store.lock_of(&installed)?.artifacts;
                    let by = roots.iter().find(|root| admitting.get(&installed.bundle) == Some(&root.fingerprint())).or(roots.last());
                    let stands = by.is_some_and(|root| enough(root, &statement, &others, &artifacts));
                    let served = served.contains(&installed);
                    let spared = !impact.said.is_empty() && impact.said.iter().all(|said| said.spares(&installed.bundle));
                    impact.bundles.push(Admitted { installed, served, stands, spared, artifacts });
                }
            }
            Err(_) => impact.unread.push(installed),
        }
    }
    Ok(impact)
}

/// The fingerprints of the roots that let bundles in, as the log tells of the last import of each. A log that cannot be read tells nothing.
fn admitting(store: &Store) -> BTreeMap<Digest, Digest> {
    let mut found = BTreeMap::new();
    let log = EventLog::of(store);
    let Ok(Some(checkpoint)) = log.signed() else { return found };
    let read = log.each_of(&checkpoint, |event, _| {
        let root = event.evidence.iter().find(|item| item.what == "root").and_then(|item| item.digest);
        if let (kind::IMPORT, Some(bundle), Some(root)) = (event.kind.as_str(), event.subject("bundle").and_then(|item| item.digest), root)
        {
            found.insert(bundle, root);
        }
        Ok(())
    });
    if read.is_ok() { found } else { BTreeMap::new() }
}

fn enough(root: &TrustRoot, statement: &[u8], signatures: &[SignatureFile], artifacts: &[Artifact]) -> bool {
    let judged = root.judge(Role::Bundle, BUNDLE, statement, signatures);
    judged.and_then(|judged| root.judge_scopes(&judged.tally, artifacts)).is_ok()
}

fn signed_by(key: &Digest, (_, armour): &SignatureFile, namespace: &str, message: &[u8]) -> bool {
    let signed = Signature::parse(armour).and_then(|signature| signature.verify(namespace, message));
    signed.is_ok_and(|signed| signed.key.id() == *key)
}

/// Whether the key of a signature was revoked and its owner does not stand by this bundle: older roots do not know that.
fn is_revoked(newest: &TrustRoot, (_, armour): &SignatureFile, statement: &[u8]) -> bool {
    let signed = Signature::parse(armour).and_then(|signature| signature.verify(BUNDLE, statement));
    signed.is_ok_and(|signed| newest.said_against(&signed.key).iter().any(|said| !said.spares(&Digest::of(statement))))
}

fn roots_signed(folder: &Path, key: &Digest) -> Result<Vec<u64>> {
    let mut signed = Vec::new();
    for root in pinned::roots(folder)? {
        let (_, signatures) = pinned::beside(&folder.join(root.file_name()))?;
        if signatures.iter().any(|file| signed_by(key, file, ROOT, root.bytes())) {
            signed.push(root.terms().version);
        }
    }
    Ok(signed)
}

/// The statement and the signatures of an accepted bundle, as they were kept.
fn record(store: &Store, installed: &Installed) -> Result<(Vec<u8>, Vec<SignatureFile>)> {
    let folder = store.bundle_folder(&installed.bundle);
    let lost = || Error::new(Kind::Store, format!("the record of {} {} is damaged", installed.name, installed.seq));
    let statement = read_bounded(&folder.join("bundle.json"), LONGEST)?.filter(|bytes| Digest::of(bytes) == installed.bundle);
    let mut signatures = Vec::new();
    for entry in std::fs::read_dir(folder.join("sig")).map_err(|_| lost())?.take(MAX_SIGNATURES + 1) {
        let path = entry.map_err(|_| lost())?.path();
        let bytes = read_bounded(&path, MAX_SIGNATURE_BYTES as u64)?.ok_or_else(lost)?;
        signatures.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes));
    }
    if signatures.is_empty() {
        return Err(lost());
    }
    Ok((statement.ok_or_else(lost)?, signatures))
}
