//! `repair`: damaged and missing volumes of a set with parity are written anew, to the bytes they had. What is written is what was signed,
//! or nothing is.

use crate::bundle::{Authentic, Repaired, repair as rebuild};
use crate::error::{Error, Result};
use crate::progress::Progress;
use std::path::Path;

/// Repairs a set: into a folder, or without one beside each damaged volume, whose name it then takes.
pub fn repair(bundle: Authentic, out: Option<&Path>, threads: usize, progress: &dyn Progress) -> Result<Repaired> {
    if let Some(out) = out {
        std::fs::create_dir_all(out).map_err(|e| Error::unwritten(format!("{} cannot be created", out.display()), &e))?;
    }
    rebuild(bundle, out, threads, progress)
}
