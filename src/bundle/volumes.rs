//! Finding the volumes of a set: files or folders, in any order, from several mount points.

use super::head::{Head, PARITY};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result, shown};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most volumes looked at in one folder.
const MAX_FILES: usize = 10_000;
/// Most memory of all heads together: they are held before anybody is believed. What the volumes of a set have in common counts once.
pub const MAX_HEAD_BYTES: u64 = 32 << 20;
/// Most files that are named as passed over.
const MAX_NAMED: usize = 16;

/// Bytes at any place of a volume.
pub trait ReadAt: Send + Sync + std::fmt::Debug {
    /// Fills `bytes` with what stands at an offset; an error where the file ends before.
    fn fill_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;
}

impl ReadAt for File {
    fn fill_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        self.read_exact_at(bytes, at)
    }
}

impl ReadAt for Vec<u8> {
    fn fill_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let from = usize::try_from(at).ok().and_then(|at| self.get(at..)).and_then(|rest| rest.get(..bytes.len()));
        bytes.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// One volume file with its head.
#[derive(Debug)]
pub struct Volume {
    /// Where it lies.
    pub path: PathBuf,
    /// The open file.
    pub file: Arc<dyn ReadAt>,
    /// Its length in bytes.
    pub length: u64,
    /// Its head, not yet believed.
    pub head: Head,
    /// Whether its head is damaged, and this is the copy of it.
    pub salvaged: bool,
}

/// All volumes found that carry one and the same statement.
#[derive(Debug)]
pub struct VolumeSet {
    /// SHA-256 of the statement: the bundle id.
    pub id: Digest,
    /// Volumes by number, from 0: of each the first that was found.
    pub volumes: BTreeMap<usize, Volume>,
    /// Further copies of volumes that are there already.
    pub copies: Vec<Volume>,
    /// Where volumes were looked for.
    pub looked_in: Vec<PathBuf>,
    /// Files in the folders that are not readable as volumes, and why.
    pub passed_over: Vec<String>,
}

/// Finds every set among files and folders. A file that is named and cannot be read as a volume is an error; in a folder, only files
/// ending in `.airlift` are looked at, and passed over where they are damaged. What the system cannot read is an error everywhere.
pub fn find(places: &[PathBuf]) -> Result<Vec<VolumeSet>> {
    let mut sets: BTreeMap<Digest, VolumeSet> = BTreeMap::new();
    let (mut broken, mut unread, mut held) = (Vec::new(), None, 0);
    for path in candidates(places)? {
        let mut volume = match Volume::open(&path).or_else(|error| Volume::salvaged(&path).ok_or(error)) {
            Ok(volume) => volume,
            Err(error) if matches!(error.kind(), Kind::Verification | Kind::Failed) => {
                if error.kind() == Kind::Failed || places.contains(&path) {
                    unread.get_or_insert_with(|| error.clone());
                }
                if broken.len() < MAX_NAMED {
                    broken.push(error);
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        let id = Digest::of(&volume.head.statement);
        held += volume.head.share(sets.get(&id).and_then(|set| set.volumes.values().next()).map(|first| &first.head));
        if held > MAX_HEAD_BYTES {
            return Err(Error::verification("the heads of the volumes here are larger than this airlift takes together")
                .with("expected", format!("at most {MAX_HEAD_BYTES} bytes, of which a set's common part counts once"))
                .with("up to", shown(&path))
                .hint("name the files of one bundle"));
        }
        let empty = || VolumeSet { id, volumes: BTreeMap::new(), copies: vec![], looked_in: places.to_vec(), passed_over: vec![] };
        let set = sets.entry(id).or_insert_with(empty);
        match set.volumes.entry(volume.head.volume) {
            Entry::Vacant(place) => drop(place.insert(volume)),
            Entry::Occupied(_) => set.copies.push(volume),
        }
    }
    // What nothing is known of may be what a set with parity can do without.
    let may_do_without = sets.values().flat_map(|set| set.volumes.values()).any(|v| v.head.places.contains_key(PARITY));
    if let Some(error) = unread.filter(|_| !may_do_without) {
        return Err(error);
    }
    for set in sets.values_mut() {
        set.passed_over = broken.iter().map(in_a_line).collect();
    }
    match sets.is_empty() {
        true => Err(nothing_here(places, broken)),
        false => Ok(sets.into_values().collect()),
    }
}

fn in_a_line(error: &Error) -> String {
    std::iter::once(error.message()).chain(error.causes().iter().map(String::as_str)).collect::<Vec<_>>().join(": ")
}

fn nothing_here(places: &[PathBuf], mut broken: Vec<Error>) -> Error {
    if !broken.is_empty() {
        return broken.remove(0);
    }
    let list = places.iter().map(|p| shown(p)).collect::<Vec<_>>().join(", ");
    Error::new(Kind::Incomplete, "there is no bundle here")
        .with("looked in", list)
        .hint("name the folder or the .airlift files of the medium")
}

fn candidates(places: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for place in places {
        let wrong = |e: &std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => Error::new(Kind::Incomplete, format!("{} is not here", shown(place)))
                .hint("plug the medium in, and name the folder where it is mounted or the .airlift files on it"),
            _ => Error::io(format!("{} cannot be read", shown(place)), e),
        };
        if !place.metadata().map_err(|e| wrong(&e))?.is_dir() {
            files.push(place.clone());
            continue;
        }
        let before = files.len();
        for entry in place.read_dir().map_err(|e| wrong(&e))? {
            let path = entry.map_err(|e| wrong(&e))?.path();
            let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
            if !hidden && path.extension().is_some_and(|e| e == "airlift") && path.is_file() {
                files.push(path);
            }
            if files.len() - before > MAX_FILES {
                return Err(Error::usage(format!("{} holds too many files that end in .airlift", shown(place)))
                    .with("expected", format!("at most {MAX_FILES}"))
                    .hint("name the files of one bundle"));
            }
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

impl Volume {
    /// Opens a file and walks its head.
    pub fn open(path: &Path) -> Result<Self> {
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", shown(path)), e);
        // Opening a fifo would wait for whoever writes to it.
        if !path.metadata().map_err(|e| wrong(&e))?.is_file() {
            return Err(
                Error::usage(format!("{} is not a file", shown(path))).hint("name the .airlift files, or the folder that holds them")
            );
        }
        let file = File::open(path).map_err(|e| wrong(&e))?;
        let length = file.metadata().map_err(|e| wrong(&e))?.len();
        let named = |e: Error| {
            let e = if e.message().contains(&shown(path)) { e } else { e.about(shown(path)) };
            match e.hints() {
                [] if e.kind() == Kind::Verification => {
                    e.hint("it is damaged, or not an airlift volume: copy it again from where it was made")
                }
                _ => e,
            }
        };
        let head = Head::read(path, &file).map_err(named)?;
        Ok(Self { path: path.to_owned(), file: Arc::new(file), length, head, salvaged: false })
    }
}

/// Reads exactly so many bytes at an offset; a file that ends before is cut, which is a finding about the medium and not a bug.
pub fn read_at(path: &Path, file: &dyn ReadAt, bytes: &mut [u8], at: u64) -> Result<()> {
    file.fill_at(bytes, at).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::verification(format!("{}: the file ends too early", shown(path)))
            .with("expected", format!("at least {} bytes", at + bytes.len() as u64))
            .hint("it was cut while it was copied, or is not an airlift volume: copy it again"),
        _ => Error::io(format!("{} cannot be read at byte {at}", shown(path)), &e).hint("the medium is damaged; nothing was changed"),
    })
}
