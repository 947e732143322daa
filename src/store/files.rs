//! The few ways the store touches files, each with the path in its error.

use crate::error::{Error, Kind, Result};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

/// Reads a whole file of at most `most` bytes; `None` when there is none.
pub fn read_bounded(path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io(format!("{} cannot be read", path.display()), &e)),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
    if bytes.len() as u64 > most {
        return Err(Error::usage(format!("{} is too large", path.display())).with("expected", format!("at most {most} bytes")));
    }
    Ok(Some(bytes))
}

/// The same for a file the store itself wrote: one that is too large is damage.
pub(super) fn read_own(path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    read_bounded(path, most).map_err(|e| if e.kind() == Kind::Usage { e.of_kind(Kind::Store) } else { e })
}

/// Writes a file so that a crash leaves the old or the new content: temporary name, fsync, rename, fsync of the directory.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", path.display()), e);
    let name = path.file_name().ok_or_else(|| Error::failed(format!("{} is not a file name", path.display())))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = name.to_owned();
    temporary.push(".new");
    let temporary = folder.join(temporary);
    let mut file = File::create(&temporary).map_err(|e| wrong(&e))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|e| {
        // A full disk gets nothing that nobody will read.
        let _ = fs::remove_file(&temporary);
        if path.is_dir() { wrong(&e).hint("a folder has that name: name a file in it") } else { wrong(&e) }
    })?;
    sync_folder(folder)
}

/// The same at a path that a person names: what is no file, such as `/dev/null` or a pipe, is written to as it is, and behind a link what it leads
/// to is replaced, not the link.
pub fn write_named(path: &Path, bytes: &[u8]) -> Result<()> {
    let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", path.display()), e);
    match fs::metadata(path) {
        Ok(there) if !there.is_file() && !there.is_dir() => {
            let opened = File::options().write(true).open(path);
            opened.and_then(|mut file| file.write_all(bytes)).map_err(|e| wrong(&e))
        }
        Ok(_) if path.is_symlink() => write_atomic(&fs::canonicalize(path).map_err(|e| wrong(&e))?, bytes),
        _ => write_atomic(path, bytes),
    }
}

/// Makes renames and new names in a folder durable.
pub fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|f| f.sync_all());
    synced.map_err(|e| Error::io(format!("{} cannot be synced", folder.display()), &e))
}

/// Creates a folder and its parents.
pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| {
        let error = Error::unwritten(format!("{} cannot be created", path.display()), &e);
        if path.is_file() { error.hint("a file has that name: name a folder, or move the file away") } else { error }
    })
}

/// Removes a file that may be gone already.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(format!("{} cannot be removed", path.display()), &e)),
        _ => Ok(()),
    }
}
