//! The copy of a head that a volume with parity carries at its end (`docs/formats/bundle.md`, "Copy of the head"): blocks that know their own
//! place and whether they are whole, with parity of their own. So a volume is told and judged whichever of its sectors are lost.
//!
//! Nothing of it is believed: what comes out is read as a head is, and judged as a head is.

use super::code::{Encoder, Grid, SECTOR, restore};
use crate::bundle::volumes::ReadAt;
use crate::error::Result;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

const MAGIC: &[u8; 8] = b"ALHEAD01";
/// Bytes of a block that are not content.
const LABEL: usize = 64;
/// Bytes of a block that are.
const CONTENT: usize = SECTOR as usize - LABEL;
/// Longest head that anybody writes: lock, frame table, parity table, and the rest.
const MAX_HEAD: u64 = (256 + 512 + 512 + 16) << 20;
/// How many blocks from the end on are tried before the copy is given up.
const TRIED: u64 = 256;
/// Most restored blocks that are kept.
const KEPT: usize = 4096;

/// The grid of a head's copy: a quarter of parity and a little more.
fn grid(head: u64) -> Grid {
    let grid = Grid::new(head.div_ceil(CONTENT as u64), 0);
    Grid { blocks: grid.rows * grid.columns, parity: grid.rows.div_ceil(4) + 8, ..grid }
}

/// How many blocks the copy of a head of that length takes.
pub fn blocks(head: u64) -> u64 {
    grid(head).all()
}

fn labelled(head: u64, index: u64, content: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(SECTOR as usize);
    block.extend_from_slice(MAGIC);
    block.extend_from_slice(&head.to_le_bytes());
    block.extend_from_slice(&index.to_le_bytes());
    let check = check(&block, content);
    block.extend_from_slice(&check);
    block.resize(LABEL, 0);
    block.extend_from_slice(content);
    block
}

fn check(label: &[u8], content: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new().update(label).update(content).finalize().as_bytes()
}

/// Length of the head and number of a block that is whole.
fn label(block: &[u8]) -> Option<(u64, u64)> {
    let number = |at: usize| Some(u64::from_le_bytes(block.get(at..at + 8)?.try_into().ok()?));
    let (head, index) = (number(8)?, number(16)?);
    let whole = block.starts_with(MAGIC) && block[24..56] == check(&block[..24], &block[LABEL..]) && block[56..LABEL] == [0; 8];
    (whole && head > 0 && head <= MAX_HEAD && index < blocks(head)).then_some((head, index))
}

/// Hands every block of a head's copy to `take`, in no order, by its number.
pub fn encode(head: &[u8], mut take: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
    let (length, grid) = (head.len() as u64, grid(head.len() as u64));
    let mut encoder = Encoder::new(grid.rows as usize, grid.parity as usize, CONTENT)?;
    for column in 0..grid.columns {
        for row in 0..grid.rows {
            let index = row * grid.columns + column;
            let from = (index as usize * CONTENT).min(head.len());
            let mut content = head[from..(from + CONTENT).min(head.len())].to_vec();
            content.resize(CONTENT, 0);
            encoder.add(&content)?;
            take(index, &labelled(length, index, &content))?;
        }
        encoder.finish(|n, content| {
            let index = (grid.rows + n as u64) * grid.columns + column;
            take(index, &labelled(length, index, content))
        })?;
    }
    Ok(())
}

/// A head's copy on a volume, read as if it were the head.
#[derive(Debug)]
pub struct Capsule {
    file: Arc<dyn ReadAt>,
    start: u64,
    head: u64,
    grid: Grid,
    restored: Mutex<BTreeMap<u64, Vec<u8>>>,
}

impl Capsule {
    /// The copy that ends at an offset of a file; `None` when nothing of it is left.
    pub fn find(file: &Arc<dyn ReadAt>, end: u64) -> Option<Self> {
        let mut block = vec![0; SECTOR as usize];
        for n in 1..=TRIED.min(end / SECTOR) {
            let at = end - n * SECTOR;
            if file.fill_at(&mut block, at).is_err() {
                continue;
            }
            let Some((head, index)) = label(&block) else { continue };
            let start = at.checked_sub(index * SECTOR).filter(|start| start + blocks(head) * SECTOR == end)?;
            return Some(Self { file: Arc::clone(file), start, head, grid: grid(head), restored: Mutex::default() });
        }
        None
    }

    /// The content of a block that is whole.
    fn whole(&self, index: u64) -> Option<Vec<u8>> {
        let mut block = vec![0; SECTOR as usize];
        self.file.fill_at(&mut block, self.start + index * SECTOR).ok()?;
        (label(&block) == Some((self.head, index))).then(|| block.split_off(LABEL))
    }

    fn content(&self, index: u64) -> io::Result<Vec<u8>> {
        if let Some(content) = self.whole(index) {
            return Ok(content);
        }
        let mut restored = self.restored.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = restored.get(&index) {
            return Ok(content.clone());
        }
        let column = index % self.grid.columns;
        let word: Vec<(usize, Vec<u8>)> = (0..self.grid.rows + self.grid.parity)
            .filter_map(|row| Some((row as usize, self.whole(row * self.grid.columns + column)?)))
            .collect();
        let shape = (self.grid.rows as usize, self.grid.parity as usize, CONTENT);
        let lost = || io::Error::new(io::ErrorKind::InvalidData, "too much of the copy of the head is lost");
        let found = restore(shape, word.iter().map(|(n, bytes)| (*n, bytes.as_slice()))).map_err(|_| lost())?;
        if restored.len() + found.len() > KEPT {
            restored.clear();
        }
        restored.extend(found.into_iter().map(|(row, bytes)| (row as u64 * self.grid.columns + column, bytes)));
        restored.get(&index).cloned().ok_or_else(lost)
    }
}

impl ReadAt for Capsule {
    fn fill_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        if at.checked_add(bytes.len() as u64).is_none_or(|end| end > self.head) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        while done < bytes.len() {
            let (index, from) = ((at + done as u64) / CONTENT as u64, ((at + done as u64) % CONTENT as u64) as usize);
            let content = self.content(index)?;
            let take = (CONTENT - from).min(bytes.len() - done);
            bytes[done..done + take].copy_from_slice(&content[from..from + take]);
            done += take;
        }
        Ok(())
    }
}
