//! Finding the volumes of a set: files or folders, in any order, from several mount points.

use super::head::Head;
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Most files looked at in one folder.
const MAX_FILES: usize = 10_000;

/// One volume file with its head.
#[derive(Debug)]
pub struct Volume {
    /// Where it lies.
    pub path: PathBuf,
    /// The open file.
    pub file: File,
    /// Its length in bytes.
    pub length: u64,
    /// Its head, not yet believed.
    pub head: Head,
}

/// All volumes found that carry one and the same statement.
#[derive(Debug)]
pub struct VolumeSet {
    /// SHA-256 of the statement: the bundle id.
    pub id: Digest,
    /// Volumes by number, from 0; a second copy of the same volume is in `copies`.
    pub volumes: BTreeMap<usize, Volume>,
    /// Further copies of volumes that are there already.
    pub copies: Vec<PathBuf>,
    /// Where volumes were looked for.
    pub looked_in: Vec<PathBuf>,
    /// Files in the folders that are not readable as volumes, and why.
    pub passed_over: Vec<String>,
}

/// Finds every set among files and folders. A file that is named and cannot be read as a volume is an error; in a folder, only files
/// ending in `.airlift` are looked at.
pub fn find(places: &[PathBuf]) -> Result<Vec<VolumeSet>> {
    let mut sets: BTreeMap<Digest, VolumeSet> = BTreeMap::new();
    let mut broken = Vec::new();
    for path in candidates(places)? {
        let volume = match Volume::open(&path) {
            Err(error) if !places.contains(&path) => {
                broken.push(error);
                continue;
            }
            other => other?,
        };
        let id = Digest::of(&volume.head.statement);
        let empty = || VolumeSet { id, volumes: BTreeMap::new(), copies: vec![], looked_in: places.to_vec(), passed_over: vec![] };
        let set = sets.entry(id).or_insert_with(empty);
        match set.volumes.entry(volume.head.volume) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(volume);
            }
            std::collections::btree_map::Entry::Occupied(_) => set.copies.push(path),
        }
    }
    for set in sets.values_mut() {
        set.passed_over = broken.iter().map(|e| e.message().to_owned()).collect();
    }
    if sets.is_empty() && !broken.is_empty() {
        return Err(broken.remove(0));
    }
    if sets.is_empty() {
        let list = places.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(Error::new(Kind::Incomplete, "there is no bundle here")
            .with("looked in", list)
            .hint("name the folder or the .airlift files of the medium"));
    }
    Ok(sets.into_values().collect())
}

fn candidates(places: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for place in places {
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", place.display()), e);
        if !place.metadata().map_err(|e| wrong(&e))?.is_dir() {
            files.push(place.clone());
            continue;
        }
        for entry in place.read_dir().map_err(|e| wrong(&e))?.take(MAX_FILES) {
            let path = entry.map_err(|e| wrong(&e))?.path();
            let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
            if !hidden && path.extension().is_some_and(|e| e == "airlift") && path.is_file() {
                files.push(path);
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
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", path.display()), e);
        let file = File::open(path).map_err(|e| wrong(&e))?;
        let length = file.metadata().map_err(|e| wrong(&e))?.len();
        let head = Head::read(path, &file)?;
        Ok(Self { path: path.to_owned(), file, length, head })
    }
}

/// Reads exactly so many bytes at an offset; a file that ends before is cut, which is a finding about the medium and not a bug.
pub fn read_at(path: &Path, file: &File, bytes: &mut [u8], at: u64) -> Result<()> {
    file.read_exact_at(bytes, at).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::verification(format!("{}: the file ends too early", path.display()))
            .with("expected", format!("at least {} bytes", at + bytes.len() as u64))
            .hint("it was cut while it was copied, or is not an airlift volume: copy it again"),
        _ => Error::io(format!("{} cannot be read at byte {at}", path.display()), &e).hint("the medium is damaged; nothing was changed"),
    })
}
