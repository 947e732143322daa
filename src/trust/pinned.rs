//! The roots a host has accepted: a folder of `root.N.json` and signatures. The lowest number was typed in by people, the rest followed
//! by signature.

use super::chain::{Chain, Part, place};
use super::judge::{ROOT, SignatureFile};
use super::root::{MAX_ROOT_BYTES, Role, TrustRoot};
use super::sshsig::MAX_SIGNATURE_BYTES;
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{read_bounded, write_atomic};
use std::io::ErrorKind;
use std::path::Path;

/// Most roots and signatures in a folder.
const MAX_FILES: usize = 1024;

/// Accepts a root because a person typed its fingerprint: 20 characters as they are read aloud, or 64 hex digits. The root must be signed
/// by its own root role. A host has one trust domain: beside an accepted root, only its successor is taken.
pub fn accept(folder: &Path, root: &[u8], signatures: &[SignatureFile], typed: &str) -> Result<TrustRoot> {
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
    chain.anchor(lowest).and_then(|anchor| chain.follow(&anchor)).map(Some)
}

/// The roots of a folder and their signatures; for the accepted ones, as they travel on.
pub fn stored(folder: &Path) -> Result<Chain> {
    let files = files(folder)?;
    // A crash while a root was being kept leaves signatures without their root: as if it had not begun.
    let number = |name: &str| place(name).map(|(number, _)| number);
    let complete: Vec<_> =
        files.iter().filter(|(name, _)| place(name).is_some_and(|(_, part)| part == Part::Root)).map(|(n, _)| number(n)).collect();
    Chain::read(files.into_iter().filter(|(name, _)| complete.contains(&number(name))))
}

/// A root file and the signatures that lie beside it.
pub fn beside(path: &Path) -> Result<(TrustRoot, Vec<SignatureFile>)> {
    let missing = || Error::usage(format!("there is no trust root at {}", path.display())).hint("make one with: airlift trust init");
    let bytes = read_bounded(path, MAX_ROOT_BYTES as u64)?.ok_or_else(missing)?;
    let root = TrustRoot::parse(&bytes).map_err(|e| e.about(path.display()))?;
    let wanted = Some((root.terms().version, Part::Signature));
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let signatures = files(folder)?.into_iter().filter(|(name, _)| place(name) == wanted);
    Ok((root, signatures.collect()))
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
        let most = match place(name) {
            None => continue,
            Some((_, Part::Root)) => MAX_ROOT_BYTES,
            Some((_, Part::Signature)) => MAX_SIGNATURE_BYTES,
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

/// Keeps the newer roots of a chain that was followed from the accepted one; called once everything else about the bundle is right.
pub fn advance(folder: &Path, accepted: &TrustRoot, chain: &Chain) -> Result<TrustRoot> {
    let newest = chain.follow(accepted)?;
    keep(folder, chain, accepted.terms().version + 1)?;
    Ok(newest)
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
