//! The record of accepted bundles: statement, signatures, trust roots and lock, kept for audit.

use super::files::{create_folder, read_bounded, sync_folder, write_atomic};
use super::layout::Writer;
use crate::artifact::{Digest, check_name};
use crate::error::{Error, Result};
use std::path::Path;

impl Writer {
    /// Keeps the files of a bundle's head under its id. Written aside and renamed, so that a record is whole or absent. Files of a record
    /// that is there are put right, each on its own.
    pub fn keep_record(&self, id: &Digest, files: &[(String, Vec<u8>)]) -> Result<()> {
        let folder = self.store().bundle_folder(id);
        if folder.exists() {
            return files.iter().try_for_each(|(name, bytes)| put_right(&folder, name, bytes));
        }
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be written", folder.display()), e);
        let aside = folder.with_extension("new");
        if aside.exists() {
            std::fs::remove_dir_all(&aside).map_err(|e| wrong(&e))?;
        }
        create_folder(&aside)?;
        files.iter().try_for_each(|(name, bytes)| put_right(&aside, name, bytes))?;
        sync_folder(&aside)?;
        std::fs::rename(&aside, &folder).map_err(|e| wrong(&e))?;
        sync_folder(folder.parent().unwrap_or(&folder))
    }
}

fn put_right(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    check_name("file name in a bundle's head", name)?;
    let path = folder.join(name);
    if read_bounded(&path, bytes.len() as u64).is_ok_and(|found| found.as_deref() == Some(bytes)) {
        return Ok(());
    }
    create_folder(path.parent().unwrap_or(folder))?;
    write_atomic(&path, bytes)
}
