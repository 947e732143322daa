//! Writing parity: spare volumes, check values and rows of parity, once the payload is written. Each volume is read again for it, in
//! strides, so that memory does not grow with its length.

use super::capsule;
use super::code::{Encoder, SECTOR};
use super::layout::{CHECK, Layout};
use super::table::{BlockPin, ParityTable, pin};
use super::tail;
use crate::bundle::volumes::{ReadAt, read_at};
use crate::error::{Error, Result, shown};
use crate::progress::{Progress, go_on};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Columns that one thread takes at once: reads of 128 KiB, and 64 MiB of memory.
const STRIDE: u64 = 32;
/// Most threads, whatever the machine has: memory is bounded.
const THREADS: usize = 2;
/// Name of the phase in reports.
const PHASE: &str = "parity";

/// A volume that is being written, and where.
pub struct Target<'a> {
    /// Its place, for messages.
    pub path: &'a Path,
    /// The file, open for reading and writing.
    pub file: &'a File,
    /// How it is laid out.
    pub layout: &'a Layout,
}

/// The check value of a block, of which what does not belong to it counts as zeros.
pub fn check_of(block: &[u8]) -> [u8; CHECK as usize] {
    let mut check = [0; CHECK as usize];
    check.copy_from_slice(&blake3::hash(block).as_bytes()[..CHECK as usize]);
    check
}

impl Target<'_> {
    fn write(&self, bytes: &[u8], at: u64) -> Result<()> {
        self.file.write_all_at(bytes, at).map_err(|e| Error::io(format!("{} cannot be written", shown(self.path)), &e))
    }

    /// Reads blocks of the body; behind its end there are zeros.
    fn body(&self, first: u64, out: &mut [u8]) -> Result<()> {
        body(self.path, self.file, self.layout, first, out)
    }
}

/// Reads blocks of a body that is whole; behind its end there are zeros.
pub fn body(path: &Path, file: &dyn ReadAt, layout: &Layout, first: u64, out: &mut [u8]) -> Result<()> {
    out.fill(0);
    let count = (out.len() as u64 / SECTOR).min(layout.body.blocks.saturating_sub(first));
    let mut done = 0;
    while done < count {
        let (at, together) = layout.body.place(first + done, count - done);
        let end = ((done + together) * SECTOR).min(layout.body_length - first * SECTOR);
        read_at(path, file, &mut out[(done * SECTOR) as usize..end as usize], at)?;
        done += together;
    }
    Ok(())
}

/// Writes the bodies of some spare volumes, numbered among them, from those of the volumes with payload, which `read` gives: volume, first
/// block, room for blocks.
pub fn spares(
    table: &ParityTable,
    spares: &[(usize, Target<'_>)],
    progress: &dyn Progress,
    read: impl Fn(usize, u64, &mut [u8]) -> Result<()>,
) -> Result<()> {
    let Some((_, last)) = spares.last() else { return Ok(()) };
    let (data, blocks) = (table.data(), last.layout.body.blocks);
    let stride = (4096 / data as u64).clamp(16, 64);
    let mut encoder = Encoder::new(data, table.redundancy.spares, (stride * SECTOR) as usize)?;
    let mut buffer = vec![0; (stride * SECTOR) as usize];
    for first in (0..blocks).step_by(stride as usize) {
        go_on(progress)?;
        let length = (stride.min(blocks - first) * SECTOR) as usize;
        encoder.set_length(length)?;
        for volume in 0..data {
            read(volume, first, &mut buffer[..length])?;
            encoder.add(&buffer[..length])?;
        }
        encoder.finish(|n, bytes| match spares.iter().find(|(number, _)| *number == n) {
            Some((_, spare)) => write_blocks(spare, first, bytes, |l, b, w| l.body.place(b, w)),
            None => Ok(()),
        })?;
    }
    Ok(())
}

fn write_blocks(to: &Target<'_>, first: u64, bytes: &[u8], place: impl Fn(&Layout, u64, u64) -> (u64, u64)) -> Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        let (at, together) = place(to.layout, first + done as u64 / SECTOR, (bytes.len() - done) as u64 / SECTOR);
        let end = done + (together * SECTOR) as usize;
        to.write(&bytes[done..end], at)?;
        done = end;
    }
    Ok(())
}

/// Writes everything behind the body of a volume but the copy of its head and the last room. Gives the pins of its check values.
pub fn seal(to: &Target<'_>, threads: usize, progress: &dyn Progress) -> Result<Vec<BlockPin>> {
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be written", shown(to.path)), e);
    to.file.set_len(to.layout.length).map_err(|e| wrong(&e))?;
    to.layout.stretches().try_for_each(|(at, bytes)| to.write(&bytes, at))?;
    let (next, failed) = (AtomicU64::new(0), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, THREADS) {
            scope.spawn(|| {
                if let Err(error) = columns(to, &next, progress) {
                    next.store(u64::MAX / 2, Ordering::Relaxed);
                    failed.lock().expect("no sealing thread panics").get_or_insert(error);
                }
            });
        }
    });
    failed.into_inner().expect("no sealing thread panics").map_or(Ok(()), Err)?;
    pins(to)
}

/// One thread's part: strides of columns.
fn columns(to: &Target<'_>, next: &AtomicU64, progress: &dyn Progress) -> Result<()> {
    let grid = to.layout.grid;
    let with_parity = (grid.parity_blocks() > 0).then(|| {
        let length = STRIDE.min(grid.columns) * SECTOR;
        Encoder::new(grid.rows as usize, grid.parity as usize, length as usize)
    });
    let mut encoder = with_parity.transpose()?;
    let mut buffer = vec![0; (STRIDE * SECTOR) as usize];
    loop {
        let column = next.fetch_add(STRIDE, Ordering::Relaxed);
        if column >= grid.columns {
            return Ok(());
        }
        go_on(progress)?;
        let stride = &mut buffer[..(STRIDE.min(grid.columns - column) * SECTOR) as usize];
        if let Some(encoder) = &mut encoder {
            encoder.set_length(stride.len())?;
        }
        for row in 0..grid.rows {
            let first = row * grid.columns + column;
            to.body(first, stride)?;
            checks(to, first, &stride[..(grid.blocks.saturating_sub(first).min(stride.len() as u64 / SECTOR) * SECTOR) as usize])?;
            progress.advance(PHASE, grid.blocks.saturating_sub(first).min(stride.len() as u64 / SECTOR) * SECTOR);
            encoder.as_mut().map_or(Ok(()), |encoder| encoder.add(stride))?;
        }
        let Some(encoder) = &mut encoder else { continue };
        encoder.finish(|n, bytes| {
            let first = n as u64 * grid.columns + column;
            write_blocks(to, first, bytes, |l, b, w| l.rows.place(b, w))?;
            checks(to, grid.blocks + first, bytes)
        })?;
    }
}

/// Writes the check values of blocks, beginning with that of the `first`.
fn checks(to: &Target<'_>, first: u64, blocks: &[u8]) -> Result<()> {
    let values: Vec<u8> = blocks.chunks_exact(SECTOR as usize).flat_map(check_of).collect();
    let (span, mut at, mut rest) = (to.layout.checks[0], first * CHECK, values.as_slice());
    while !rest.is_empty() {
        let within = (SECTOR - at % SECTOR).min(rest.len() as u64);
        to.write(&rest[..within as usize], span.byte(at))?;
        (at, rest) = (at + within, &rest[within as usize..]);
    }
    Ok(())
}

/// Copies the check values to their second place.
fn pins(to: &Target<'_>) -> Result<Vec<BlockPin>> {
    let [first, second] = to.layout.checks;
    let mut block = vec![0; SECTOR as usize];
    (0..first.blocks)
        .map(|n| {
            read_at(to.path, to.file, &mut block, first.place(n, 1).0)?;
            to.write(&block, second.place(n, 1).0)?;
            Ok(pin(&block))
        })
        .collect()
}

/// Writes the copy of the head, and an empty last room.
pub fn head(to: &Target<'_>, head: &[u8]) -> Result<()> {
    capsule::encode(head, |index, block| to.write(block, to.layout.capsule.place(index, 1).0))?;
    to.write(&tail::empty(), to.layout.tail)
}
