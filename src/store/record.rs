//! The record of accepted bundles: statement, signatures, trust roots and lock, kept for audit.

use super::files::{create_folder, sync_folder, write_atomic};
use super::layout::Writer;
use crate::artifact::{Digest, check_name};
use crate::error::{Error, Result};

impl Writer {
    /// Keeps the files of a bundle's head under its id. Written aside and renamed, so that a record is whole or absent.
    pub fn keep_record(&self, id: &Digest, files: &[(String, Vec<u8>)]) -> Result<()> {
        let folder = self.store().bundle_folder(id);
        if folder.exists() {
            return Ok(());
        }
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be written", folder.display()), e);
        let aside = folder.with_extension("new");
        if aside.exists() {
            std::fs::remove_dir_all(&aside).map_err(|e| wrong(&e))?;
        }
        create_folder(&aside)?;
        for (name, bytes) in files {
            check_name("file name in a bundle's head", name)?;
            let path = aside.join(name);
            create_folder(path.parent().unwrap_or(&aside))?;
            write_atomic(&path, bytes)?;
        }
        std::fs::rename(&aside, &folder).map_err(|e| wrong(&e))?;
        sync_folder(folder.parent().unwrap_or(&folder))
    }
}
