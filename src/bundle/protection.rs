//! The files of volumes that are being written, and the parity that is put behind a payload.

use super::parity::{ParityTable, Target, body, ends, seal, spares};
use super::statement::MAX_VOLUMES;
use super::unfinished;
use super::writer::{Draft, PackOptions, Packed};
use crate::error::{Error, Result};
use crate::store::DirectFile;
use std::path::PathBuf;
use std::sync::Arc;

/// Adds spare volumes and parity to a payload that is written.
pub fn protect(draft: &Draft<'_>, options: &PackOptions<'_>, head: u64, mut packed: Packed) -> Result<Packed> {
    let ends = ends(&packed.table, head, packed.files.len()).ok_or_else(|| Error::failed("frames lie on volumes"))?;
    let layouts = options.redundancy.layouts(head, &ends);
    for volume in packed.files.len()..layouts.len() {
        packed.files.push(Arc::new(new_volume(draft, options, volume)?));
    }
    let mut table = ParityTable { redundancy: options.redundancy, layouts, pins: vec![] };
    let paths: Vec<PathBuf> = (0..packed.files.len()).map(|volume| unfinished::path(options.out, draft, volume)).collect();
    let target = |n: usize| Target { path: &paths[n], file: packed.files[n].file(), layout: &table.layouts[n] };
    options.progress.begin("parity", table.layouts.iter().map(|l| l.body_length).sum());
    let spare: Vec<_> = (table.data()..paths.len()).map(|n| (n - table.data(), target(n))).collect();
    let read = |n: usize, first: u64, out: &mut [u8]| body(&paths[n], packed.files[n].file(), &table.layouts[n], first, out);
    let pins = spares(&table, &spare, options.progress, read)
        .and_then(|()| (0..paths.len()).map(|n| seal(&target(n), options.threads, options.progress)).collect::<Result<Vec<_>>>());
    options.progress.end("parity");
    table.pins = pins?;
    packed.lengths = table.layouts.iter().map(|l| l.length).collect();
    packed.parity = Some(table);
    Ok(packed)
}

/// Creates the file of a volume, from 0.
pub fn new_volume(draft: &Draft<'_>, options: &PackOptions<'_>, volume: usize) -> Result<DirectFile> {
    if volume == MAX_VOLUMES {
        return Err(Error::usage(format!("the bundle needs more than {MAX_VOLUMES} volumes")).hint("choose a larger --volume-size"));
    }
    let path = unfinished::path(options.out, draft, volume);
    Ok(DirectFile::new(unfinished::create(&path)?, &path))
}
