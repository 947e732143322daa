//! The roots a host has accepted, and the revocations beside them: a folder of documents and signatures. The root of the lowest number was
//! typed in by people, the rest followed by signature.

use super::chain::{Chain, Part, place, revocation_place};
use super::judge::{ROOT, SignatureFile};
use super::public::PublicKey;
use super::revocation::{MAX_REVOCATION_BYTES, Revocation};
use super::root::{MAX_ROOT_BYTES, Role, TrustRoot};
use super::sshsig::MAX_SIGNATURE_BYTES;
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{read_bounded, write_atomic};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

/// Most roots and signatures in a folder.
const MAX_FILES: usize = 1024;

/// Accepts a root because a person typed its fingerprint: 20 characters as they are read aloud, or 64 hex digits. The root must be signed
/// by its own root role. A host has one trust domain: beside an accepted root, only its successor is taken.
pub fn accept(folder: &Path, root: &[u8], signatures: &[SignatureFile], typed: &str) -> Result<TrustRoot> {
    accept_after(folder, root, signatures, typed, |_| Ok(()))
}

/// The same, once `before` has agreed, which is asked when everything is right and nothing has been written.
pub fn accept_after(
    folder: &Path,
    root: &[u8],
    signatures: &[SignatureFile],
    typed: &str,
    before: impl FnOnce(&TrustRoot) -> Result<()>,
) -> Result<TrustRoot> {
    check_fingerprint(&Digest::of(root), typed)?;
    let root = TrustRoot::parse(root)?;
    root.judge(Role::Root, ROOT, root.bytes(), signatures).map_err(|e| e.about(root.file_name()))?;
    let number = root.terms().version;
    let chain = Chain::read(signatures.iter().cloned().chain([(root.file_name(), root.bytes().to_vec())]))?;
    match load(folder)? {
        Some(present) if number > present.terms().version => {
            chain.follow(&present)?;
        }
        Some(present) if !stored(folder)?.fingerprints().contains(&(number, root.fingerprint())) => {
            return Err(Error::new(Kind::Policy, "this host has accepted another trust root")
                .with("accepted", format!("{} {}", present.fingerprint().spoken(), present.label()))
                .with("found", format!("{} {}", root.fingerprint().spoken(), root.label()))
                .hint("for another trust domain use another store: --store DIR"));
        }
        _ => {}
    }
    before(&root)?;
    keep(folder, &chain, number)?;
    Ok(root)
}

/// The newest accepted root; `None` when none has been accepted. Every signature is judged again; what is not right any more is damage of
/// the store, [`Kind::Store`].
pub fn load(folder: &Path) -> Result<Option<TrustRoot>> {
    newest(folder).map_err(|e| match e.kind() {
        Kind::Verification => e
            .of_kind(Kind::Store)
            .about("the accepted trust roots")
            .hint("the folder was damaged or changed: restore it from a backup")
            .with("folder", folder.display()),
        _ => e,
    })
}

fn newest(folder: &Path) -> Result<Option<TrustRoot>> {
    let chain = stored(folder)?;
    let Some((lowest, _)) = chain.fingerprints().first().copied() else { return Ok(None) };
    chain.anchor(lowest).and_then(|anchor| chain.follow_accepted(&anchor)).map(Some)
}

/// Every root here, oldest first. They are read, not judged: [`load`] does that.
pub fn roots(folder: &Path) -> Result<Vec<TrustRoot>> {
    let chain = stored(folder)?;
    let files = chain.files();
    let numbers = chain.fingerprints().into_iter().map(|(number, _)| format!("root.{number}.json"));
    numbers.filter_map(|name| files.get(&name)).map(|bytes| TrustRoot::parse(bytes).map_err(|e| e.of_kind(Kind::Store))).collect()
}

/// Every key of every root here: revoked ones may be in no newer root any more.
pub fn keys(folder: &Path) -> Result<Vec<PublicKey>> {
    let roots = roots(folder)?;
    let mut keys: Vec<_> = roots.iter().flat_map(|r| &r.terms().principals).flat_map(|p| p.keys.iter().map(|k| k.key.clone())).collect();
    keys.sort();
    keys.dedup();
    Ok(keys)
}

/// A revocation and the signatures that lie beside it: the first that counts.
pub fn revocation_beside(root: &TrustRoot, path: &Path) -> Result<Revocation> {
    let missing = || Error::usage(format!("there is no revocation at {}", path.display())).hint("make one with: airlift trust revoke");
    let bytes = read_bounded(path, MAX_REVOCATION_BYTES as u64)?.ok_or_else(missing)?;
    let wanted = super::revocation::stem(&bytes);
    let mut first = None;
    for (_, armour) in beside_files(path)?.iter().filter(|(name, _)| stem(name) == Some((wanted.clone(), Part::Signature))) {
        match Revocation::judge(root, &bytes, armour) {
            Ok(revocation) => return Ok(revocation),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.map_or_else(
        || {
            Error::verification(format!("{}: no signature lies beside it", path.display()))
                .with("expected", format!("{wanted}.NAME.KEY.sshsig"))
        },
        |error| error.about(path.display()),
    ))
}

/// Keeps a revocation that was judged; the same again is no matter.
pub fn keep_revocation(folder: &Path, revocation: &Revocation) -> Result<()> {
    revocation.files().iter().try_for_each(|(name, bytes)| write_atomic(&folder.join(name), bytes))
}

/// The roots and revocations of a folder and their signatures; for the accepted ones, as they travel on.
pub fn stored(folder: &Path) -> Result<Chain> {
    let files = files(folder)?;
    // A crash while a document was being kept leaves signatures without it: as if it had not begun.
    let of = |name: &str| stem(name).map(|(stem, _)| stem);
    let whole: BTreeSet<_> =
        files.iter().filter_map(|(name, _)| stem(name)).filter(|(_, part)| *part == Part::Root).map(|(s, _)| s).collect();
    Chain::read(files.into_iter().filter(|(name, _)| of(name).is_some_and(|stem| whole.contains(&stem))))
}

/// What a file belongs to: the name of its document without the ending.
fn stem(name: &str) -> Option<(String, Part)> {
    place(name).map(|(number, part)| (format!("root.{number}"), part)).or_else(|| revocation_place(name))
}

/// A root file and the signatures that lie beside it.
pub fn beside(path: &Path) -> Result<(TrustRoot, Vec<SignatureFile>)> {
    let missing = || Error::usage(format!("there is no trust root at {}", path.display())).hint("make one with: airlift trust init");
    let bytes = read_bounded(path, MAX_ROOT_BYTES as u64)?.ok_or_else(missing)?;
    let root = TrustRoot::parse(&bytes).map_err(|e| e.about(path.display()))?;
    let wanted = Some((root.terms().version, Part::Signature));
    let signatures = beside_files(path)?.into_iter().filter(|(name, _)| place(name) == wanted);
    Ok((root, signatures.collect()))
}

/// The documents and signatures in the folder of a file.
fn beside_files(path: &Path) -> Result<Vec<SignatureFile>> {
    files(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// The root before one, when it lies beside it.
pub fn before(path: &Path, root: &TrustRoot) -> Result<Option<TrustRoot>> {
    let file = path.with_file_name(format!("root.{}.json", root.terms().version - 1));
    let bytes = if root.terms().previous.is_some() { read_bounded(&file, MAX_ROOT_BYTES as u64)? } else { None };
    bytes.filter(|bytes| Some(Digest::of(bytes)) == root.terms().previous).map(|bytes| TrustRoot::parse(&bytes)).transpose()
}

/// Names of the files in a folder that would be taken for signatures of root N.
pub fn signatures_in(folder: &Path, number: u64) -> Result<Vec<String>> {
    Ok(files(folder)?.into_iter().map(|(name, _)| name).filter(|name| place(name) == Some((number, Part::Signature))).collect())
}

fn files(folder: &Path) -> Result<Vec<SignatureFile>> {
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", folder.display()), e);
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(vec![]),
        other => other.map_err(|e| wrong(&e))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| wrong(&e))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let most = match stem(name) {
            None => continue,
            Some((_, Part::Signature)) => MAX_SIGNATURE_BYTES,
            Some((stem, Part::Root)) if stem.starts_with("root.") => MAX_ROOT_BYTES,
            Some((_, Part::Root)) => MAX_REVOCATION_BYTES,
        };
        if files.len() == MAX_FILES {
            return Err(Error::verification(format!("{} holds too many roots and signatures", folder.display()))
                .with("expected", format!("at most {MAX_FILES}")));
        }
        files.extend(read_bounded(&path, most as u64)?.map(|bytes| (name.to_owned(), bytes)));
    }
    files.sort();
    Ok(files)
}

/// Keeps the newer roots of a chain that was followed from the accepted one, and the revocations that came along; called once everything
/// else about the bundle is right.
pub fn advance(folder: &Path, accepted: &TrustRoot, chain: &Chain) -> Result<TrustRoot> {
    let newest = chain.follow(accepted)?;
    keep(folder, chain, accepted.terms().version + 1)?;
    let new = newest.revocations().iter().filter(|r| !accepted.revocations().contains(r));
    new.into_iter().try_for_each(|revocation| keep_revocation(folder, revocation))?;
    drop_said(folder, &newest)?;
    Ok(newest)
}

/// Revocations that a root holds itself need no files any more; documents go first, because signatures alone are passed over.
fn drop_said(folder: &Path, newest: &TrustRoot) -> Result<()> {
    let said = newest.revocations().iter().filter(|revocation| newest.terms().revoked.contains(revocation.revoked()));
    for (name, _) in said.flat_map(|revocation| revocation.files().into_iter().rev()) {
        match std::fs::remove_file(folder.join(&name)) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(Error::io(format!("{name} cannot be removed"), &e)),
            _ => {}
        }
    }
    Ok(())
}

/// Accepts the roots that lie beside a file and follow the accepted one by signature, up to the one in the file. `before` is asked when
/// everything is right and nothing has been written.
pub fn accept_next(folder: &Path, path: &Path, before: impl FnOnce(&TrustRoot) -> Result<()>) -> Result<TrustRoot> {
    let accepted = load(folder)?.ok_or_else(none_yet)?;
    let (root, _) = beside(path)?;
    let (number, from) = (root.terms().version, accepted.terms().version);
    if number <= from {
        return Err(Error::usage(format!("{} is not newer than the accepted root", root.label()))
            .with("accepted", format!("{} {}", accepted.fingerprint().spoken(), accepted.label()))
            .hint("a first root is accepted by its fingerprint: airlift trust accept FILE --fingerprint FINGERPRINT"));
    }
    let wanted = beside_files(path)?.into_iter().filter(|(name, _)| place(name).is_some_and(|(n, _)| n > from && n <= number));
    let chain = Chain::read(wanted)?;
    before(&chain.follow(&accepted)?)?;
    advance(folder, &accepted, &chain)
}

/// The re-bootstrap ceremony: a root of another domain takes the place of the accepted one, whose files are kept under `retired/`. Called
/// once people have typed both fingerprints; `note` says why and lies beside the old files; `before` is asked with the new root and the old
/// one when everything is right and nothing has been written. The files leave from the lowest number on, so that a crash leaves the newest root or none.
pub fn reset(
    folder: &Path,
    root: &[u8],
    signatures: &[SignatureFile],
    (new, old): (&str, &str),
    note: &[u8],
    before: impl FnOnce(&TrustRoot, &TrustRoot) -> Result<()>,
) -> Result<(TrustRoot, TrustRoot)> {
    let retiring = load(folder)?.ok_or_else(none_yet)?;
    check_fingerprint(&retiring.fingerprint(), old).map_err(|e| e.about("the root that is retired"))?;
    check_fingerprint(&Digest::of(root), new)?;
    let root = TrustRoot::parse(root)?;
    root.judge(Role::Root, ROOT, root.bytes(), signatures).map_err(|e| e.about(root.file_name()))?;
    if root.terms().name == retiring.terms().name {
        return Err(Error::new(Kind::Policy, "the new root has the name of the old trust domain")
            .with("found", &root.terms().name)
            .hint("give the new domain another name: its root 1 would be taken for the old one. While the threshold is there, use: airlift trust rotate"));
    }
    let keys = root.terms().principals.iter().flat_map(|p| &p.keys);
    if let Some(key) = keys.map(|held| &held.key).find(|key| !retiring.said_against(key).is_empty()) {
        return Err(Error::new(Kind::Policy, "the new root has a key that was revoked here")
            .with("key", key.fingerprint())
            .hint("a revoked key never counts again: give its owner a new one"));
    }
    before(&root, &retiring)?;
    let aside = folder.join("retired").join(retiring.fingerprint().hex());
    std::fs::create_dir_all(&aside).map_err(|e| Error::io(format!("{} cannot be created", aside.display()), &e))?;
    write_atomic(&aside.join("reset.json"), note)?;
    let mut names: Vec<_> = files(folder)?.into_iter().map(|(name, _)| name).collect();
    // Revocations leave last: they must not be gone while a root is there that they speak of.
    names.sort_by_key(|name| {
        place(name).map_or((u64::MAX, std::cmp::Reverse(Part::Root)), |(number, part)| (number, std::cmp::Reverse(part)))
    });
    for name in names {
        let wrong = |e: &std::io::Error| Error::io(format!("{name} cannot be retired"), e);
        std::fs::rename(folder.join(&name), aside.join(&name)).map_err(|e| wrong(&e))?;
    }
    let chain = Chain::read(signatures.iter().cloned().chain([(root.file_name(), root.bytes().to_vec())]))?;
    keep(folder, &chain, root.terms().version)?;
    Ok((root, retiring))
}

/// What to say when a root is needed and none has been accepted.
pub fn none_yet() -> Error {
    Error::verification("this host trusts nobody yet: no trust root has been accepted")
        .hint("airlift trust accept root.1.json --fingerprint XXXXX-XXXXX-XXXXX-XXXXX, as its makers read it to you")
}

/// Compares a digest with a fingerprint that was typed: its spoken form (any case, hyphens or spaces, O for 0, I and L for 1, as
/// Crockford's base32 allows) or its 64 hex digits. An error names both.
pub fn check_fingerprint(found: &Digest, typed: &str) -> Result<()> {
    let text: String = typed.trim().chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
    let hex = text.strip_prefix("SHA256:").unwrap_or(&text);
    let is_hex = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    let spoken: String = text
        .chars()
        .map(|c| {
            if c == 'O' {
                '0'
            } else if matches!(c, 'I' | 'L') {
                '1'
            } else {
                c
            }
        })
        .collect();
    if !is_hex && (spoken.len() != 20 || !spoken.bytes().all(|b| b.is_ascii_alphanumeric() && b != b'U')) {
        return Err(Error::usage("this is not a fingerprint")
            .with("expected", "20 characters such as 7Q2KD-0M4XF-9PBSW-T1H8C, or 64 hex digits")
            .with("found", format!("{typed:.80}")));
    }
    if (is_hex && found.hex().eq_ignore_ascii_case(hex)) || found.spoken().replace('-', "") == spoken {
        return Ok(());
    }
    Err(Error::verification("the trust root is not the one whose fingerprint was typed")
        .with("typed", format!("{typed:.80}"))
        .with("found", if is_hex { found.hex() } else { found.spoken() })
        .hint("get the fingerprint from the root's makers by telephone or on paper, never from the medium"))
}

/// Writes the roots from a number on, signatures first: a root counts once its own file is there.
fn keep(folder: &Path, chain: &Chain, from: u64) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| Error::io(format!("{} cannot be created", folder.display()), &e))?;
    let files = chain.files();
    let mut newer: Vec<_> = files.iter().filter(|(name, _)| place(name).is_some_and(|(number, _)| number >= from)).collect();
    newer.sort_by_key(|(name, _)| place(name));
    newer.into_iter().try_for_each(|(name, bytes)| write_atomic(&folder.join(name), bytes))
}
