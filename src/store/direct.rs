//! Files that are written past the page cache where that can be had: a bundle or a blob is written once and not read again soon, and
//! the cache would copy each byte, throw other pages out, and keep the disk idle until the end.

use rustix::fs::OFlags;
use std::fs::File;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// What `O_DIRECT` wants of offsets, lengths and addresses (open(2), NOTES): the largest block in use.
pub const ALIGNMENT: usize = 4096;
/// Shorter writes are worth the copy.
const WORTHWHILE: usize = 256 << 10;

/// A file that takes aligned bytes directly and all others through the page cache.
#[derive(Debug)]
pub struct DirectFile {
    file: File,
    /// The same file with `O_DIRECT`; `None` where the file system refuses it.
    direct: Option<File>,
}

impl DirectFile {
    /// Takes a file that was opened for writing under that path.
    pub fn new(file: File, path: &Path) -> Self {
        let direct = File::options().write(true).custom_flags(OFlags::DIRECT.bits().cast_signed()).open(path).ok();
        Self { file, direct }
    }

    /// The file, for everything but writing.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The file alone, for when everything is written.
    pub fn into_file(self) -> File {
        self.file
    }

    /// Writes all bytes at an offset.
    pub fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let direct = self.write_direct(bytes, offset)?;
        self.file.write_all_at(&bytes[direct..], offset + direct as u64)
    }

    /// How many bytes from the beginning were written directly.
    fn write_direct(&self, bytes: &[u8], offset: u64) -> Result<usize> {
        let Some(direct) = &self.direct else { return Ok(0) };
        let (whole, mut done) = (bytes.len() / ALIGNMENT * ALIGNMENT, 0);
        while whole - done >= WORTHWHILE && is_aligned(&bytes[done..], offset + done as u64) {
            match direct.write_at(&bytes[done..whole], offset + done as u64) {
                Ok(0) => break,
                Ok(written) => done += written,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                // This file system wants another alignment: the cache takes the rest.
                Err(e) if e.kind() == ErrorKind::InvalidInput => break,
                Err(e) => return Err(e),
            }
        }
        Ok(done)
    }
}

fn is_aligned(bytes: &[u8], offset: u64) -> bool {
    offset.is_multiple_of(ALIGNMENT as u64) && bytes.as_ptr().align_offset(ALIGNMENT) == 0
}
