//! Working out lost blocks, one piece of work at a time.

use super::code::{SECTOR, restore};
use super::kept::{Block, Place};
use super::layout::{CHECK, CHECKS, Layout};
use super::mender::State;
use super::seal::check_of;
use super::table::{ParityTable, pin};
use crate::bundle::volumes::Volume;
use crate::error::{Error, Kind, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Columns that are worked out together when one block of them is wanted: reads of 64 KiB, and at most 100 MiB of memory.
const TOGETHER: u64 = 16;
/// Longest run of blocks that is worked out from the other volumes at once.
const LONGEST_RUN: u64 = 1024;
/// A run from which on the other volumes are asked first.
const LONG_RUN: u64 = 64;

/// One piece of work on the volumes.
pub struct Work<'a> {
    pub table: &'a ParityTable,
    pub volumes: &'a [Volume],
    pub state: &'a mut State,
}

impl Work<'_> {
    fn layout(&self, volume: usize) -> &Layout {
        &self.table.layouts[volume]
    }

    fn is_absent(&self, volume: usize) -> bool {
        self.state.damage.get(&volume).is_some_and(|d| d.absent)
    }

    /// Blocks of a body, one after another: as they are read where they are whole, else worked out.
    pub fn blocks(&mut self, volume: usize, first: u64, count: u64) -> Result<Vec<u8>> {
        let mut out = vec![0; (count * SECTOR) as usize];
        let mut lost = BTreeSet::new();
        for n in 0..count {
            match self.whole(volume, first + n) {
                Some(block) => put(&mut out, n, &block),
                None => drop(lost.insert(n)),
            }
        }
        for (from, to) in runs(&lost) {
            self.run(volume, first + from, to - from, &mut out[(from * SECTOR) as usize..(to * SECTOR) as usize])?;
            let (start, end) = (self.layout(volume).place(first + from, 1).0, self.layout(volume).place(first + to - 1, 1).0 + SECTOR);
            self.state.note(volume, start, end);
        }
        Ok(out)
    }

    /// A run of lost blocks.
    fn run(&mut self, volume: usize, first: u64, count: u64, out: &mut [u8]) -> Result<()> {
        let mut from_others = vec![false; count as usize];
        if self.is_absent(volume) || count >= LONG_RUN {
            let longest = (8192 / self.table.layouts.len() as u64).clamp(1, LONGEST_RUN);
            let spares = self.table.redundancy.spares;
            let mut stretches: Vec<(u64, u64)> =
                (0..count).step_by(longest as usize).filter(|_| spares > 0).map(|from| (from, longest.min(count - from))).collect();
            // One lost block of another volume spoils a stretch: its halves may do, and theirs.
            while let Some((from, length)) = stretches.pop() {
                match self.across(volume, first + from, length)? {
                    Some(bytes) => {
                        out[(from * SECTOR) as usize..((from + length) * SECTOR) as usize].copy_from_slice(&bytes);
                        from_others[from as usize..(from + length) as usize].fill(true);
                    }
                    None if length > 1 => stretches.extend([(from, length / 2), (from + length / 2, length - length / 2)]),
                    None => {}
                }
            }
        }
        for n in (0..count).filter(|n| !from_others[*n as usize]) {
            let block = self.lost(volume, first + n)?;
            put(out, n, &block);
        }
        Ok(())
    }

    /// A lost block: from its volume, else from the others.
    fn lost(&mut self, volume: usize, block: u64) -> Result<Block> {
        if let Some(found) = self.by_column(volume, block)? {
            return Ok(found);
        }
        if let Some(found) = self.across(volume, block, 1)? {
            return Ok(found.into());
        }
        match self.with_everything(volume, block)? {
            Some(found) => Ok(found),
            None => Err(self.beyond_repair(volume, block)),
        }
    }

    /// The block's check value; `None` where both copies of it are lost.
    fn check(&mut self, volume: usize, block: u64) -> Option<[u8; CHECK as usize]> {
        let place = (volume, block / CHECKS);
        if self.state.checks(place).is_none() {
            let values = self.check_values(place);
            self.state.keep_checks(place, values);
        }
        let at = (block % CHECKS * CHECK) as usize;
        self.state.checks(place)?.as_ref()?[at..at + CHECK as usize].try_into().ok()
    }

    fn check_values(&self, (volume, n): Place) -> Option<Block> {
        let mut values = vec![0; SECTOR as usize].into_boxed_slice();
        let pinned = *self.table.pins[volume].get(n as usize)?;
        let copies = self.layout(volume).checks;
        copies
            .iter()
            .any(|span| self.volumes[volume].file.fill_at(&mut values, span.place(n, 1).0).is_ok() && pin(&values) == pinned)
            .then_some(values)
    }

    /// A block as it is read, when it is what its check value says.
    pub fn whole(&mut self, volume: usize, block: u64) -> Option<Block> {
        if self.is_absent(volume) {
            return None;
        }
        let layout = &self.table.layouts[volume];
        let mut bytes = vec![0; SECTOR as usize].into_boxed_slice();
        self.volumes[volume].file.fill_at(&mut bytes[..layout.filled(block)], layout.place(block, 1).0).ok()?;
        (self.check(volume, block)? == check_of(&bytes)).then_some(bytes)
    }

    /// A lost block from its column. Columns are worked out several at once, and what they give is kept.
    fn by_column(&mut self, volume: usize, block: u64) -> Result<Option<Block>> {
        let grid = self.layout(volume).grid;
        if let Some(block) = self.state.restored((volume, block)) {
            return Ok(Some(block));
        }
        let column = block % grid.columns;
        if self.is_absent(volume) || grid.parity == 0 || self.state.hopeless.contains_key(&(volume, column)) {
            return Ok(None);
        }
        let first = column / TOGETHER * TOGETHER;
        self.columns(volume, first, TOGETHER.min(grid.columns - first))?;
        Ok(self.state.restored((volume, block)))
    }

    /// Works out what is lost of some columns, unless it is too much. Where they have lost the same rows, as by a scratch, all at once.
    fn columns(&mut self, volume: usize, first: u64, count: u64) -> Result<()> {
        let grid = self.layout(volume).grid;
        let (rows, length) = (grid.rows + grid.parity, (count * SECTOR) as usize);
        let mut bytes = vec![0; rows as usize * length];
        let mut lost = vec![BTreeSet::new(); count as usize];
        for (row, stretch) in bytes.chunks_exact_mut(length).enumerate() {
            for column in self.row(volume, row as u64, first, stretch) {
                lost[column as usize].insert(row);
            }
        }
        let known = |lost: &BTreeSet<usize>| (0..rows as usize).filter(|row| !lost.contains(row)).collect::<Vec<_>>();
        if lost.iter().all(|rows| *rows == lost[0]) {
            let known = known(&lost[0]);
            return self.solve(volume, (first, count), &bytes, &known, lost[0].len());
        }
        for (n, rows) in lost.iter().enumerate() {
            let from = n * SECTOR as usize;
            let own: Vec<u8> = bytes.chunks_exact(length).flat_map(|row| &row[from..from + SECTOR as usize]).copied().collect();
            self.solve(volume, (first + n as u64, 1), &own, &known(rows), rows.len())?;
        }
        Ok(())
    }

    /// Reads a row of some columns; gives those whose block is lost. Blocks that are not stored are zeros.
    fn row(&mut self, volume: usize, row: u64, first: u64, out: &mut [u8]) -> Vec<u64> {
        let grid = self.layout(volume).grid;
        let count = out.len() as u64 / SECTOR;
        let stored: Vec<(u64, u64)> = (0..count).filter_map(|n| Some((n, grid.block(row, first + n)?))).collect();
        let Some(((_, start), together)) = stored.first().copied().zip(Some(stored.len() as u64)) else { return vec![] };
        let layout = &self.table.layouts[volume];
        let (at, contiguous) = layout.place(start, together);
        let end = (together - 1) * SECTOR + layout.filled(start + together - 1) as u64;
        let at_once = contiguous == together && self.volumes[volume].file.fill_at(&mut out[..end as usize], at).is_ok();
        let mut lost = vec![];
        for (n, block) in stored {
            let place = &mut out[(n * SECTOR) as usize..][..SECTOR as usize];
            let whole = if at_once {
                self.check(volume, block).is_some_and(|check| check == check_of(place))
            } else {
                self.whole(volume, block).map(|found| place.copy_from_slice(&found)).is_some()
            };
            if !whole {
                lost.push(n);
            }
        }
        lost
    }

    /// Works out the lost rows of columns of which these rows are known.
    fn solve(&mut self, volume: usize, (first, count): (u64, u64), bytes: &[u8], known: &[usize], lost: usize) -> Result<()> {
        let grid = self.layout(volume).grid;
        if lost as u64 > grid.parity {
            let columns = (first..first + count).map(|column| ((volume, column), lost as u64 - grid.parity));
            self.state.hopeless.extend(columns);
            return Ok(());
        }
        if lost == 0 {
            return Ok(());
        }
        let length = (count * SECTOR) as usize;
        let shape = (grid.rows as usize, grid.parity as usize, length);
        for (row, stretch) in restore(shape, known.iter().map(|row| (*row, &bytes[row * length..][..length])))? {
            for (n, block) in stretch.chunks_exact(SECTOR as usize).enumerate() {
                if let Some(number) = grid.block(row as u64, first + n as u64) {
                    self.state.keep((volume, number), block.into());
                }
            }
        }
        Ok(())
    }

    /// Works out a column of which enough is known.
    fn take(&mut self, volume: usize, column: u64, known: &BTreeMap<usize, Block>) -> Result<()> {
        let grid = self.layout(volume).grid;
        let shape = (grid.rows as usize, grid.parity as usize, SECTOR as usize);
        for (row, bytes) in restore(shape, known.iter().map(|(n, bytes)| (*n, &bytes[..])))? {
            if let Some(block) = grid.block(row as u64, column) {
                self.state.keep((volume, block), bytes.into());
            }
        }
        Ok(())
    }

    /// A run of lost blocks from the same blocks of other volumes; `None` where too few of those are whole.
    fn across(&mut self, volume: usize, first: u64, count: u64) -> Result<Option<Vec<u8>>> {
        let (data, spares) = (self.table.data(), self.table.redundancy.spares);
        if spares == 0 {
            return Ok(None);
        }
        let mut known: Vec<(usize, Vec<u8>)> = vec![];
        for other in (0..data + spares).filter(|other| *other != volume) {
            if known.len() == data {
                break;
            }
            known.extend(self.same(other, first, count)?.map(|bytes| (other, bytes)));
        }
        if known.len() < data {
            return Ok(None);
        }
        let shape = (data, spares, (count * SECTOR) as usize);
        let mut found = restore(shape, known.iter().map(|(n, bytes)| (*n, bytes.as_slice())))?;
        Ok(found.remove(&volume))
    }

    /// The same blocks of another volume, where they are whole or known; one that ends before has zeros there.
    fn same(&mut self, volume: usize, first: u64, count: u64) -> Result<Option<Vec<u8>>> {
        let mut out = vec![0; (count * SECTOR) as usize];
        let ends = self.layout(volume).grid.blocks;
        for n in (0..count).take_while(|n| first + n < ends) {
            let block = match self.whole(volume, first + n) {
                None if count == 1 => self.by_column(volume, first + n)?,
                found => found,
            };
            match block {
                Some(block) => put(&mut out, n, &block),
                None => return Ok(None),
            }
        }
        Ok(Some(out))
    }

    /// A lost block from its column, of which other volumes give back some.
    fn with_everything(&mut self, volume: usize, block: u64) -> Result<Option<Block>> {
        let grid = self.layout(volume).grid;
        if self.is_absent(volume) || grid.parity == 0 || self.table.redundancy.spares == 0 || volume >= self.table.data() {
            return Ok(None);
        }
        let column = block % grid.columns;
        let mut known: BTreeMap<usize, Block> = BTreeMap::new();
        for row in 0..grid.rows + grid.parity {
            let Some(other) = grid.block(row, column) else {
                known.insert(row as usize, vec![0; SECTOR as usize].into());
                continue;
            };
            let found = match self.whole(volume, other) {
                None if row < grid.rows => self.across(volume, other, 1)?.map(Into::into),
                found => found,
            };
            known.extend(found.map(|block| (row as usize, block)));
        }
        if (known.len() as u64) < grid.rows {
            return Ok(None);
        }
        self.take(volume, column, &known)?;
        Ok(self.state.restored((volume, block)))
    }

    fn beyond_repair(&mut self, volume: usize, block: u64) -> Error {
        let (data, spares) = (self.table.data(), self.table.redundancy.spares);
        let absent: Vec<usize> = (0..data + spares).filter(|n| self.is_absent(*n)).collect();
        let column = self.state.hopeless.get(&(volume, block % self.layout(volume).grid.columns)).copied();
        let kind = if absent.is_empty() { Kind::Verification } else { Kind::Incomplete };
        let mut error = Error::new(kind, format!("volume {} is damaged beyond what is here to repair it", volume + 1))
            .with("at", format!("byte {}", self.layout(volume).place(block, 1).0));
        if let Some(more) = column {
            error = error.with("needs", format!("{more} more whole sectors among those that belong together on volume {}", volume + 1));
        }
        if spares > 0 {
            let there = (0..data + spares).filter(|n| matches!(self.same(*n, block, 1), Ok(Some(_)))).count();
            let more = data.saturating_sub(there);
            error = error.with("needs", format!("{more} more of the volumes, whole at this place: {there} are, {data} would do"));
        }
        let missing: Vec<String> = absent.iter().map(|n| format!("volume {}", n + 1)).collect();
        error
            .with_all("not here", &missing)
            .hint("name more places that have volumes of this set, or copy the volume again from where it was made")
    }
}

fn put(out: &mut [u8], n: u64, block: &[u8]) {
    out[(n * SECTOR) as usize..][..SECTOR as usize].copy_from_slice(block);
}

/// Numbers that follow one another, as from and to.
fn runs(numbers: &BTreeSet<u64>) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = vec![];
    for n in numbers {
        match runs.last_mut() {
            Some((_, to)) if *to == *n => *to += 1,
            _ => runs.push((*n, *n + 1)),
        }
    }
    runs
}
