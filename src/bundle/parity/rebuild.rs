//! Writing damaged volumes anew, to the bytes they had.
//!
//! Nothing is mended where it lies: a whole volume is written beside, every frame of it compared with its BLAKE3 and every block with what
//! the statement pins, and only then does it get the name. So a kill changes nothing, and no worn sector is trusted with new bytes.

use super::damage::Damage;
use super::gather::place_of;
use super::seal::{Target, body, head, seal, spares};
use super::{Extent, Mender};
use crate::bundle::authentic::Authentic;
use crate::bundle::geometry::stretches;
use crate::bundle::reader::FrameReader;
use crate::bundle::sign::append;
use crate::bundle::unfinished;
use crate::error::{Error, Kind, Result, shown};
use crate::progress::{Progress, go_on};
use crate::store::{check_space, sync_folder};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the phase in reports.
const PHASE: &str = "repairing";

/// What a repair came to.
#[derive(Debug, Clone, Default)]
pub struct Repaired {
    /// What was damaged, by volume.
    pub damage: BTreeMap<usize, Damage>,
    /// The volumes that were written, by number from 0.
    pub written: BTreeMap<usize, PathBuf>,
}

/// A volume that is being written beside its place; removed unless it gets its name.
struct Beside {
    number: usize,
    path: PathBuf,
    to: PathBuf,
    file: Arc<File>,
    named: bool,
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.named {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Examines every byte of a set and writes each volume anew that is damaged or not here: into a folder, or without one in the place of the
/// damaged one.
pub fn repair(mut bundle: Authentic, out: Option<&Path>, threads: usize, progress: &dyn Progress) -> Result<Repaired> {
    let label = bundle.statement.label();
    let Some(mender) = &bundle.mender else {
        return Err(Error::usage(format!("{label}: it was packed without parity and cannot be repaired"))
            .hint("copy damaged volumes again from where they were made"));
    };
    bundle.check_geometry()?;
    bundle.examine(Extent::All, progress)?;
    let damage = mender.damage();
    let mut beside = damage.iter().map(|(n, d)| place(&bundle, *n, d, out)).collect::<Result<Vec<_>>>()?;
    let total = beside.iter().map(|b| bundle.statement.volumes[b.number]).sum();
    if let Some(first) = beside.first() {
        check_space(folder_of(&first.to), total)?;
        mender.spill_to(folder_of(&first.to));
    }
    progress.begin(PHASE, total);
    let written = write(&mut bundle, &mut beside, threads, progress);
    progress.end(PHASE);
    written.map_err(|e| e.about(&label))?;
    let mut repaired = Repaired { damage, written: BTreeMap::new() };
    for volume in &mut beside {
        std::fs::rename(&volume.path, &volume.to).map_err(|e| Error::io(format!("{} cannot be written", shown(&volume.to)), &e))?;
        volume.named = true;
        sync_folder(folder_of(&volume.to))?;
        repaired.written.insert(volume.number, volume.to.clone());
    }
    Ok(repaired)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where a volume is written anew.
fn place(bundle: &Authentic, number: usize, damage: &Damage, out: Option<&Path>) -> Result<Beside> {
    let name = bundle.statement.volume_name(number);
    let to = match (out, place_of(&bundle.volumes[number], damage)) {
        (Some(folder), _) => folder.join(&name),
        (None, Some(path)) => path.to_owned(),
        (None, None) => {
            return Err(Error::new(Kind::Incomplete, format!("volume {} is not here, and there is no place to repair it in", number + 1))
                .hint("name a folder for it with --out"));
        }
    };
    if out.is_some() && to.exists() {
        return Err(Error::usage(format!("{} is there already", shown(&to))).hint("name an empty folder, or repair it with --in-place"));
    }
    let path = to.with_file_name(format!(".{name}.repairing"));
    let _ = std::fs::remove_file(&path);
    Ok(Beside { number, file: Arc::new(unfinished::create(&path)?), path, to, named: false })
}

fn write(bundle: &mut Authentic, beside: &mut [Beside], threads: usize, progress: &dyn Progress) -> Result<()> {
    let Some(data) = bundle.mender.as_ref().map(|m| m.table.data()) else { return Ok(()) };
    for volume in beside.iter().filter(|b| b.number < data) {
        payload(bundle, volume, progress)?;
        finish(bundle, volume, threads, progress)?;
    }
    for volume in beside.iter().filter(|b| b.number < data) {
        bundle.volumes[volume.number].file = Arc::<File>::clone(&volume.file);
    }
    if beside.iter().any(|b| b.number >= data) {
        spare_bodies(bundle, beside, progress)?;
    }
    beside.iter().filter(|b| b.number >= data).try_for_each(|volume| finish(bundle, volume, threads, progress))
}

fn wrong(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |e| Error::io(format!("{} cannot be written", shown(path)), &e)
}

/// Frames, each as signed, and what lies between them.
fn payload(bundle: &Authentic, to: &Beside, progress: &dyn Progress) -> Result<()> {
    stretches(&bundle.table, bundle.head().end, bundle.volumes.len(), |stretch| {
        match usize::from(stretch.volume) == to.number && !stretch.last {
            true => to.file.write_all_at(&stretch.bytes, stretch.offset).map_err(wrong(&to.path)),
            false => Ok(()),
        }
    })?;
    let mut reader = FrameReader::new()?;
    for blob in &bundle.table.blobs {
        for (n, frame) in bundle.table.frames_of(blob).iter().enumerate().filter(|(_, f)| usize::from(f.volume) == to.number) {
            go_on(progress)?;
            let stored = reader.stored(bundle, blob, n, true)?;
            to.file.write_all_at(stored, frame.offset).map_err(wrong(&to.path))?;
            progress.advance(PHASE, u64::from(frame.stored));
        }
    }
    Ok(())
}

/// The bodies of spare volumes, from volumes that are whole by now.
fn spare_bodies(bundle: &Authentic, beside: &[Beside], progress: &dyn Progress) -> Result<()> {
    let Some(Mender { table, .. }) = &bundle.mender else { return Ok(()) };
    let data = table.data();
    let targets: Vec<(usize, Target<'_>)> = beside
        .iter()
        .filter(|b| b.number >= data)
        .map(|b| (b.number - data, Target { path: &b.path, file: &b.file, layout: &table.layouts[b.number] }))
        .collect();
    spares(table, &targets, progress, |n, first, out| {
        body(&bundle.volumes[n].path, &*bundle.volumes[n].file, &table.layouts[n], first, out)
    })
}

/// Parity, head and signatures. The check values of all that was written must be those that are pinned.
fn finish(bundle: &Authentic, to: &Beside, threads: usize, progress: &dyn Progress) -> Result<()> {
    let Some(Mender { table, .. }) = &bundle.mender else { return Ok(()) };
    let target = Target { path: &to.path, file: &to.file, layout: &table.layouts[to.number] };
    if seal(&target, threads, progress)? != table.pins[to.number] {
        return Err(Error::verification(format!("volume {} did not become what was signed", to.number + 1))
            .hint("a medium changed while it was read, or this machine is faulty: try again, elsewhere"));
    }
    let written = bundle.written_head(to.number)?;
    to.file.write_all_at(&written, 0).map_err(wrong(&to.path))?;
    head(&target, &written)?;
    for (name, armour) in bundle.volumes[to.number].head.signatures.iter() {
        append(&to.path, &to.file, &bundle.id, name, armour)?;
    }
    to.file.sync_all().map_err(wrong(&to.path))
}
