//! Whether there is room for what is to come, asked before anything starts.

use crate::error::{Error, Kind, Result};
use std::fs::File;
use std::path::Path;

/// Left free beyond what is needed: lists, logs, and the file system's own books.
const RESERVE: u64 = 16 << 20;

/// Bytes that are free where `folder` is.
pub fn free_space(folder: &Path) -> Result<u64> {
    let stat = rustix::fs::statvfs(folder).map_err(|e| Error::io(format!("{} cannot be looked at", folder.display()), &e.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Refuses early when the file system that holds `folder` has less than `needed` bytes free, and 16 MiB for lists, logs and its own books.
pub fn check_space(folder: &Path, needed: u64) -> Result<()> {
    shortfall(folder, needed)?.map_or(Ok(()), Err)
}

/// The same refusal, for whoever only wants to know.
pub fn shortfall(folder: &Path, needed: u64) -> Result<Option<Error>> {
    let free = free_space(folder)?;
    if needed == 0 || free >= needed.saturating_add(RESERVE) {
        return Ok(None);
    }
    let error = Error::new(Kind::Space, format!("there is not enough room in {}", folder.display()))
        .with("needed", format!("{needed} bytes, and {RESERVE} that stay free"))
        .with("free", format!("{free} bytes"))
        .hint("free space or choose another place; nothing was changed");
    Ok(Some(error))
}

/// How many bytes are free where a file lies, when that is less than `needed` and what stays free.
pub fn shortage_of(file: &File, needed: u64) -> std::io::Result<Option<u64>> {
    let stat = rustix::fs::fstatvfs(file)?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    Ok((free < needed.saturating_add(RESERVE)).then_some(free))
}
