//! A folder that is there whole or not at all, and the proof that a file is in it.

use crate::artifact::{Digest, Sha256Writer};
use crate::error::{Error, Kind, Result};
use crate::store::{create_folder, sync_folder};
use std::collections::BTreeMap;
use std::fs::{File, remove_dir_all};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The list that `sha256sum -c` reads.
const SUMS: &str = "SHA256SUMS";
/// Most files.
const MAX_FILES: usize = 100_000;
/// Longest segment of a name, in bytes.
const LONGEST: usize = 160;

/// A file that was written, as [`Folder`] alone can say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Filed {
    name: String,
    digest: Digest,
}

impl Filed {
    /// Its name within the folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of its bytes.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    #[cfg(test)]
    pub(super) fn made_up(name: &str) -> Self {
        Self { name: name.to_owned(), digest: Digest::of(name.as_bytes()) }
    }
}

/// A folder being written beside its place. What is dropped before it is finished is taken away.
#[derive(Debug)]
pub struct Folder {
    to: PathBuf,
    aside: PathBuf,
    files: BTreeMap<String, Digest>,
    finished: bool,
}

impl Folder {
    /// Begins a folder at a place where there is nothing yet.
    pub fn begin(to: &Path) -> Result<Self> {
        let taken = |what: &str| Error::usage(format!("{}: {what}", to.display())).hint("name a folder that is not there yet");
        let name = to.file_name().and_then(|name| name.to_str()).ok_or_else(|| taken("this is no name for a folder"))?;
        if to.symlink_metadata().is_ok() {
            return Err(taken("there is something already"));
        }
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        create_folder(parent)?;
        let aside = parent.join(format!(".{name}.airlift-part"));
        if aside.symlink_metadata().is_ok() {
            // What a run that was killed left under this name.
            remove_dir_all(&aside).map_err(|e| Error::unwritten(format!("{} cannot be removed", aside.display()), &e))?;
        }
        std::fs::create_dir(&aside).map_err(|e| Error::unwritten(format!("{} cannot be created", aside.display()), &e))?;
        Ok(Self { to: to.to_owned(), aside, files: BTreeMap::new(), finished: false })
    }

    /// Writes a file.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<Filed> {
        self.stream(name, |out| out.write_all(bytes).map_err(|e| Error::unwritten(name, &e)))
    }

    /// Writes a file as it comes, without ever holding it.
    pub fn stream(&mut self, name: &str, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<Filed> {
        check(name)?;
        if name == SUMS || self.files.contains_key(name) || self.files.len() >= MAX_FILES {
            return Err(Error::failed(format!("{name}: the folder has this file already, or too many")));
        }
        let path = self.aside.join(name);
        create_folder(path.parent().unwrap_or(&self.aside))?;
        let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", path.display()), e);
        let file = File::create_new(&path).map_err(|e| wrong(&e))?;
        let mut out = Hashing { file: BufWriter::with_capacity(1 << 16, file), seen: Sha256Writer::default() };
        write(&mut out)?;
        let file = out.file.into_inner().map_err(|e| wrong(e.error()))?;
        file.sync_all().map_err(|e| wrong(&e))?;
        let digest = out.seen.finish();
        self.files.insert(name.to_owned(), digest);
        Ok(Filed { name: name.to_owned(), digest })
    }

    /// What was written so far.
    pub fn files(&self) -> impl Iterator<Item = Filed> + '_ {
        self.files.iter().map(|(name, digest)| Filed { name: name.clone(), digest: *digest })
    }

    /// Adds the list of digests, beside it what `seal` makes of that list, and gives the folder its name; the digest of the list stands
    /// for all of it.
    pub fn finish(mut self, seal: impl FnOnce(&[u8]) -> Result<Vec<(String, Vec<u8>)>>) -> Result<Digest> {
        let sums: String = self.files.iter().map(|(name, digest)| format!("{}  {name}\n", digest.hex())).collect();
        for (name, bytes) in seal(sums.as_bytes())?.into_iter().chain([(SUMS.to_owned(), sums.clone().into_bytes())]) {
            check(&name)?;
            let path = self.aside.join(&name);
            let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", path.display()), e);
            let mut file = File::create_new(&path).map_err(|e| wrong(&e))?;
            file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|e| wrong(&e))?;
        }
        sync_folder(&self.aside)?;
        // Where something came to be meanwhile, a rename fails but for an empty folder.
        std::fs::rename(&self.aside, &self.to).map_err(|e| Error::unwritten(format!("{} cannot be made", self.to.display()), &e))?;
        self.finished = true;
        sync_folder(self.to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        Ok(Digest::of(sums.as_bytes()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.finished {
            let _ = remove_dir_all(&self.aside);
        }
    }
}

/// Names are made here, not taken from what is carried; this holds if a mistake is made.
fn check(name: &str) -> Result<()> {
    let fine = |part: &str| {
        let first = part.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        first && part.len() <= LONGEST && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@+-".contains(&b))
    };
    if name.split('/').count() <= 5 && name.split('/').all(fine) {
        return Ok(());
    }
    Err(Error::new(Kind::Failed, "a name cannot be one in a pack").with("found", format!("{name:.200}")))
}

struct Hashing {
    file: BufWriter<File>,
    seen: Sha256Writer,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.seen.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
