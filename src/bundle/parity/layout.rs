//! Where everything lies on a volume with parity (`docs/formats/bundle.md`, "Volumes with parity"): a function of the lengths alone.

use super::capsule;
use super::code::{Grid, SECTOR};
use super::tail::TAIL;
use crate::bundle::geometry::gap;
use crate::bundle::member::{BLOCK, MAX_MEMBER, header};

/// Blocks of the longest member.
const PART: u64 = MAX_MEMBER / SECTOR;
/// Bytes of a block's check value.
pub const CHECK: u64 = 8;
/// Check values of one block of them.
pub const CHECKS: u64 = SECTOR / CHECK;

/// Blocks that lie one after another, in members of at most [`MAX_MEMBER`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first block.
    pub start: u64,
    /// How many there are.
    pub blocks: u64,
    /// How many lie side by side before the next member's header.
    part: u64,
}

impl Span {
    /// Where a block lies, and how many of the next `wanted` lie behind it without a header between.
    pub fn place(&self, block: u64, wanted: u64) -> (u64, u64) {
        let offset = self.start + block * SECTOR + block / self.part * SECTOR;
        (offset, wanted.min(self.part - block % self.part))
    }

    /// Where a byte of the span lies.
    pub fn byte(&self, at: u64) -> u64 {
        self.place(at / SECTOR, 1).0 + at % SECTOR
    }
}

/// A member behind the body.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    name: String,
    after: u64,
    start: u64,
    size: u64,
}

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What the parity is for: the payload, or what a spare volume holds instead.
    pub body: Span,
    /// Bytes of the body; the rest of its last block counts as zeros.
    pub body_length: u64,
    /// The body's words.
    pub grid: Grid,
    /// The check values of every block of the body and of its parity, twice.
    pub checks: [Span; 2],
    /// The parity of the body.
    pub rows: Span,
    /// The copy of the head.
    pub capsule: Span,
    /// Where the second room for signatures begins.
    pub tail: u64,
    /// Length of the volume.
    pub length: u64,
    members: Vec<Member>,
}

/// Puts members one behind the other, each at a multiple of [`SECTOR`].
struct Placing {
    end: u64,
    members: Vec<Member>,
}

impl Placing {
    fn place(&mut self, name: &str, blocks: u64) -> Span {
        let mut first = None;
        for n in 0..blocks.div_ceil(PART) {
            let start = (self.end.next_multiple_of(BLOCK) + BLOCK).next_multiple_of(SECTOR);
            let size = (blocks - n * PART).min(PART) * SECTOR;
            self.members.push(Member { name: format!("parity/{name}.{:03}", n + 1), after: self.end, start, size });
            self.end = start + size;
            first.get_or_insert(start);
        }
        Span { start: first.unwrap_or(self.end), blocks, part: PART }
    }
}

impl Layout {
    /// A volume whose payload ends at `end`; `head` is where its head does.
    pub fn data(head: u64, end: u64, permille: u64) -> Self {
        let body = Span { start: head, blocks: (end - head).div_ceil(SECTOR), part: u64::MAX };
        Self::behind(Placing { end, members: vec![] }, (body, end - head), head, permille)
    }

    /// A spare volume for bodies of at most so many blocks.
    pub fn spare(head: u64, blocks: u64, permille: u64) -> Self {
        let mut placing = Placing { end: head, members: vec![] };
        let body = placing.place("spare", blocks);
        Self::behind(placing, (body, blocks * SECTOR), head, permille)
    }

    fn behind(mut placing: Placing, (body, body_length): (Span, u64), head: u64, permille: u64) -> Self {
        let grid = Grid::new(body.blocks, permille);
        let checks = grid.all().div_ceil(CHECKS);
        let first = placing.place("checks", checks);
        let rows = placing.place("rows", grid.parity_blocks());
        let second = placing.place("checks-again", checks);
        let capsule = placing.place("head", capsule::blocks(head));
        let tail = placing.end;
        Self { body, body_length, grid, checks: [first, second], rows, capsule, tail, length: tail + TAIL, members: placing.members }
    }

    /// Every stretch behind the body that is neither data nor the last room: offset and the bytes it must have.
    pub fn stretches(&self) -> impl Iterator<Item = (u64, Vec<u8>)> + '_ {
        self.members.iter().map(|m| (m.after, gap(m.after, m.start, &header(&m.name, m.size))))
    }

    /// Where a block of the body or, numbered after it, of its parity lies, and how many of the next `wanted` lie behind it.
    pub fn place(&self, block: u64, wanted: u64) -> (u64, u64) {
        match block.checked_sub(self.grid.blocks) {
            None => self.body.place(block, wanted.min(self.grid.blocks - block)),
            Some(block) => self.rows.place(block, wanted.min(self.rows.blocks - block)),
        }
    }

    /// How much of a block belongs to it: what lies behind the body is not part of its last block.
    pub fn filled(&self, block: u64) -> usize {
        match block < self.grid.blocks {
            true => (self.body_length - block * SECTOR).min(SECTOR) as usize,
            false => SECTOR as usize,
        }
    }
}
