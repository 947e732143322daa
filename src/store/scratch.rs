//! Files without a name, for what is made on the way and gone with the process.

use super::layout::Store;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{ErrorKind, Result};
use std::path::Path;

impl Store {
    /// A new file where the store is. It has no name, so that a kill leaves nothing.
    pub fn scratch(&self) -> Result<File> {
        unnamed(&self.root().join("partial"))
    }
}

/// A new file in a folder, without a name.
pub fn unnamed(folder: &Path) -> Result<File> {
    match rustix::fs::open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR) {
        Ok(file) => return Ok(File::from(file)),
        // Not every file system has files without names.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR | rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    for n in 0u64.. {
        let path = folder.join(format!("scratch-{n}"));
        match File::options().read(true).write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => return std::fs::remove_file(&path).map(|()| file),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}
