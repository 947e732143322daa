//! `extract`: artifacts come out of bundles, as files. Each file is compared with the signed lock while it is written, wherever it is
//! copied from, and gets its name only when all of them are right.

use super::repack::{made, refuse_missing, sizes};
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Sha256Writer, check_blob};
use crate::bundle::{Authentic, Verification};
use crate::error::{Error, Kind, Result, shown};
use crate::progress::go_on;
use crate::store::{Store, check_space, sync_folder};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The artifacts that a person means by a name: `NAME` or its last segment, `ECOSYSTEM/NAME`, either with a version behind a space, the name
/// of a file, or a digest of a blob.
pub fn meant<'a>(artifacts: &'a [Artifact], word: &str) -> Result<Vec<&'a Artifact>> {
    let digest = Digest::from_hex(word.trim_start_matches("sha256:")).ok();
    let is = |artifact: &&Artifact| {
        let (name, version) = (&artifact.name, &artifact.version);
        let known = [name.clone(), format!("{name} {version}"), format!("{}/{name}", artifact.ecosystem), artifact.label()];
        let file = |d: &Descriptor| Some(d.digest) == digest || d.name.as_deref() == Some(word);
        known.iter().any(|known| known == word) || last_segment(name) == word || artifact.descriptors.iter().any(file)
    };
    let found: Vec<&Artifact> = artifacts.iter().filter(is).collect();
    match found.is_empty() {
        false => Ok(found),
        true => Err(Error::usage(format!("{word:.100}: the bundle has no such artifact")).hint("airlift inspect --artifacts lists them")),
    }
}

/// Takes the blobs of some artifacts out of bundles, of which the last names them; `held` is a store that may have what they are made from.
pub fn extract(
    bundles: &[Authentic],
    artifacts: &[&Artifact],
    (out, held): (&Path, Option<&Store>),
    verification: &Verification<'_>,
) -> Result<Vec<PathBuf>> {
    let last = bundles.last().ok_or_else(|| Error::usage("there is nothing to extract from"))?;
    let files = targets(artifacts, out)?;
    let folder = fresh_folder(out)?;
    let taken = take_out(bundles, last, &files, (&folder, held), verification).and_then(|taken| put_in_place(&taken, &files));
    let removed = std::fs::remove_dir_all(&folder).map_err(|e| Error::io(format!("{} cannot be removed", shown(&folder)), &e));
    taken.and(removed)?;
    sync_folder(out)?;
    Ok(files.into_keys().collect())
}

/// Where each file will lie, with the digest and size that the lock says. Names that meet are refused before anything is read.
fn targets(artifacts: &[&Artifact], out: &Path) -> Result<BTreeMap<PathBuf, (Digest, u64)>> {
    let mut files = BTreeMap::new();
    for artifact in artifacts {
        let only = (artifact.descriptors.len() == 1).then(|| last_segment(&artifact.name));
        for descriptor in &artifact.descriptors {
            let path = out.join(file_name(descriptor.name.as_deref().or(only), &descriptor.digest));
            let file = (descriptor.digest, descriptor.size);
            if path.symlink_metadata().is_ok() {
                return Err(there_already(&path));
            }
            if let Some((other, _)) = files.insert(path.clone(), file).filter(|other| *other != file) {
                return Err(Error::usage(format!("two files would be called {}", shown(&path)))
                    .with("one", other)
                    .with("the other", descriptor.digest)
                    .hint("take them out one by one, each into a folder of its own"));
            }
        }
    }
    Ok(files)
}

fn there_already(path: &Path) -> Error {
    Error::usage(format!("{} is there already", shown(path))).hint("choose another folder")
}

/// A folder for what is made on the way. It is new and nobody else's: what lies on a stick already is never taken for work of ours.
fn fresh_folder(out: &Path) -> Result<PathBuf> {
    let wrong = |e: &io::Error| Error::unwritten(format!("{} cannot be written to", shown(out)), e);
    for n in 0u16.. {
        let folder = out.join(format!(".airlift-extract-{n}"));
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists && n < u16::MAX => {}
            created => return created.map(|()| folder).map_err(|e| wrong(&e)),
        }
    }
    Err(wrong(&ErrorKind::AlreadyExists.into()))
}

/// Writes every file into the folder, compared with what the lock says; returns them in their order.
fn take_out(
    bundles: &[Authentic],
    last: &Authentic,
    files: &BTreeMap<PathBuf, (Digest, u64)>,
    (folder, held): (&Path, Option<&Store>),
    verification: &Verification<'_>,
) -> Result<Vec<PathBuf>> {
    let workshop = Store::open_or_create(&folder.join("store"))?;
    let writer = workshop.writer()?;
    let both = Both { first: &workshop, second: held };
    let sizes = sizes(bundles);
    let unusable = unusable(held, files)?;
    let has = |digest: &Digest| match (held, sizes.get(digest)) {
        (Some(held), Some(size)) if !unusable.contains(digest) => held.has(digest, *size),
        _ => Ok(false),
    };
    let mut wanted = unusable.clone();
    let mut parts = Vec::new();
    for bundle in bundles.iter().rev() {
        let (own, others) = bundle.closure(&wanted);
        wanted = absent(others, has)?;
        parts.push((bundle, own));
    }
    refuse_damaged(held, files, &wanted)?;
    refuse_missing(last, has, wanted)?;
    let size = |(_, own): &(_, BTreeSet<Digest>)| own.iter().filter_map(|digest| sizes.get(digest)).sum::<u64>();
    check_space(folder, parts.iter().map(size).sum::<u64>().saturating_add(files.values().map(|(_, size)| size).sum()))?;
    for (bundle, own) in parts.iter().rev() {
        made(bundle, verification.take(bundle, own, &writer, &both)?)?;
    }
    let mut taken = Vec::new();
    for (n, (digest, size)) in files.values().enumerate() {
        go_on(verification.progress)?;
        let missing = || Error::failed(format!("{digest} was taken out and is not there"));
        let path = folder.join(format!("file-{n}"));
        write(&path, both.open(digest)?.ok_or_else(missing)?.as_mut(), (digest, *size))?;
        taken.push(path);
    }
    Ok(taken)
}

/// Those of some blobs that are not there.
fn absent(blobs: BTreeSet<Digest>, there: impl Fn(&Digest) -> Result<bool>) -> Result<BTreeSet<Digest>> {
    let mut missing = BTreeSet::new();
    for digest in blobs {
        if !there(&digest)? {
            missing.insert(digest);
        }
    }
    Ok(missing)
}

/// Blobs that a store does not have, or has with other bytes: those come from a bundle.
fn unusable(held: Option<&Store>, files: &BTreeMap<PathBuf, (Digest, u64)>) -> Result<BTreeSet<Digest>> {
    let mut wanted = BTreeSet::new();
    for (digest, size) in files.values() {
        let blob = held.map(|held| held.blob(digest)).transpose()?.flatten();
        let right = match blob {
            Some(mut blob) if blob.size() == *size => copy(&mut blob, &mut io::sink(), *size).is_ok_and(|found| found == (*digest, *size)),
            _ => false,
        };
        if !right {
            wanted.insert(*digest);
        }
    }
    Ok(wanted)
}

/// What no bundle carries can only come from the store: where it is there with other bytes, the store is at fault.
fn refuse_damaged(held: Option<&Store>, files: &BTreeMap<PathBuf, (Digest, u64)>, wanted: &BTreeSet<Digest>) -> Result<()> {
    for (digest, _) in files.values().filter(|(digest, _)| wanted.contains(digest)) {
        if held.map(|held| held.size(digest)).transpose()?.flatten().is_some() {
            return Err(Error::new(Kind::Store, format!("{digest} in the store is damaged, and no bundle here carries it")).hint(
                "airlift scrub --discard takes it out, importing the bundle that brought it brings it back; or name that with --base",
            ));
        }
    }
    Ok(())
}

/// Gives the files their names, or none of them.
fn put_in_place(taken: &[PathBuf], files: &BTreeMap<PathBuf, (Digest, u64)>) -> Result<()> {
    let mut done: Vec<&PathBuf> = Vec::new();
    for (from, to) in taken.iter().zip(files.keys()) {
        rename_new(from, to).inspect_err(|_| done.iter().for_each(|path| drop(std::fs::remove_file(path))))?;
        done.push(to);
    }
    Ok(())
}

/// Renames a file to a name that nothing has.
fn rename_new(from: &Path, to: &Path) -> Result<()> {
    let renamed = match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can: then it is looked first.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match to.symlink_metadata() {
            Ok(_) => Err(ErrorKind::AlreadyExists.into()),
            Err(_) => std::fs::rename(from, to),
        },
        renamed => renamed.map_err(io::Error::from),
    };
    match renamed {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Err(there_already(to)),
        renamed => renamed.map_err(|e| Error::unwritten(format!("{} cannot be written", shown(to)), &e)),
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A name of one segment that is not hidden; what has none is called by its digest.
fn file_name(name: Option<&str>, digest: &Digest) -> String {
    let plain = |name: &&str| {
        let all = name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_@+ ".contains(&b));
        all && !name.starts_with('.') && (1..=200).contains(&name.len())
    };
    name.filter(plain).map_or_else(|| digest.hex(), str::to_owned)
}

/// Writes a blob and compares it with what it should be.
fn write(path: &Path, blob: &mut dyn BlobRead, (digest, size): (&Digest, u64)) -> Result<()> {
    let wrong = |e: &io::Error| Error::unwritten(format!("{} cannot be written", shown(path)), e);
    let mut file = File::options().write(true).create_new(true).open(path).map_err(|e| wrong(&e))?;
    let (found, length) = copy(blob, &mut file, size).map_err(|e| wrong(&e))?;
    check_blob(digest, size, length, found)?;
    file.sync_all().map_err(|e| wrong(&e))
}

/// Copies a blob, at most a byte more than it should have, and says what it was.
fn copy(blob: &mut dyn Read, to: &mut dyn Write, size: u64) -> io::Result<(Digest, u64)> {
    let (mut sha256, mut buffer) = (Sha256Writer::default(), vec![0; 1 << 20]);
    let mut blob = blob.take(size.saturating_add(1));
    loop {
        match blob.read(&mut buffer) {
            Ok(0) => {
                let length = sha256.length();
                return Ok((sha256.finish(), length));
            }
            Ok(read) => {
                sha256.update(&buffer[..read]);
                to.write_all(&buffer[..read])?;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Two places for blobs, as one.
struct Both<'a> {
    first: &'a Store,
    second: Option<&'a Store>,
}

impl Blobs for Both<'_> {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        match (self.first.open(digest)?, self.second) {
            (None, Some(second)) => second.open(digest),
            (found, _) => Ok(found),
        }
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        match (Blobs::size(self.first, digest)?, self.second) {
            (None, Some(second)) => Blobs::size(second, digest),
            (found, _) => Ok(found),
        }
    }

    fn scratch(&self) -> std::io::Result<File> {
        Blobs::scratch(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::{file_name, targets};
    use crate::artifact::{Artifact, Descriptor, Digest, Learned, SideDigests};
    use std::path::Path;

    fn artifact(name: &str, file: Option<&str>, bytes: &[u8]) -> Artifact {
        let blob = Descriptor {
            media_type: "application/octet-stream".to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            name: file.map(str::to_owned),
            origins: vec![],
            learned: Learned::Pinned,
            side_digests: SideDigests::default(),
        };
        Artifact {
            ecosystem: "room".to_owned(),
            sections: vec![],
            name: name.to_owned(),
            version: "1".to_owned(),
            descriptors: vec![blob],
            subject: None,
            meta: serde_json::Value::Null,
        }
    }

    #[test]
    fn no_file_takes_the_place_of_another() {
        let out = tempfile::tempdir().expect("a folder");
        let (one, same) = (artifact("a", Some("x"), b"one"), artifact("b", Some("x"), b"one"));
        assert_eq!(targets(&[&one, &same], out.path()).expect("one file").len(), 1);
        for other in [artifact("b", Some("x"), b"two"), artifact("some/x", None, b"two")] {
            let error = targets(&[&one, &other], out.path()).expect_err("two files of one name");
            assert!(error.message().starts_with("two files would be called"), "{error}");
        }
        std::fs::write(out.path().join("x"), b"one").expect("a file");
        let error = targets(&[&one], out.path()).expect_err("it is there");
        assert!(error.message().ends_with("is there already"), "{error}");
    }

    /// A lock is made outside: its names lead nowhere else, and hide nothing.
    #[test]
    fn a_name_that_could_do_harm_is_not_taken() {
        let digest = Digest::of(b"x");
        let long = "x".repeat(201);
        for name in [".bashrc", ".", "..", "../x", "a/b", "/etc/passwd", "", "a\nb", "a\u{202e}b", "a\\b", "a;b", "~", long.as_str()] {
            assert_eq!(file_name(Some(name), &digest), digest.hex(), "{name:?}");
        }
        for name in ["thing-1.0_2+x@y.whl", "a name", &long[1..]] {
            assert_eq!(file_name(Some(name), &digest), name);
        }
        assert_eq!(file_name(None, &digest), digest.hex());
        let hidden = artifact("room/.profile", None, b"x");
        let files = targets(&[&hidden], Path::new("nowhere")).expect("a name of its own");
        assert_eq!(files.into_keys().collect::<Vec<_>>(), [Path::new("nowhere").join(digest.hex())]);
    }
}
