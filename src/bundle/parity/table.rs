//! `docs/formats/bundle.md`, "Parity table": how much parity there is, and what its check values must hash to. Binary, little endian.

use super::code::SECTOR;
use super::layout::{CHECKS, Layout};
use crate::artifact::PIECE;
use crate::bundle::frames::{FrameTable, LONGEST_FRAME, MAX_TABLE_BYTES};
use crate::bundle::statement::MAX_VOLUMES;
use crate::error::{Error, Result};

const MAGIC: &[u8; 8] = b"ALPARITY";
const HEADER: usize = 24;
/// Bytes of a pin: the beginning of a BLAKE3.
const PIN: usize = 16;
/// Most parity: as much as there is payload.
pub const MOST_PERMILLE: u64 = 1000;

/// What a set has beyond its payload; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redundancy {
    /// Thousandths of parity in every volume.
    pub permille: u64,
    /// Spare volumes: as many may be lost.
    pub spares: usize,
}

/// The beginning of the BLAKE3 of a block of check values.
pub type BlockPin = [u8; PIN];

/// The pin of a block of check values.
pub fn pin(block: &[u8]) -> BlockPin {
    let mut pin = BlockPin::default();
    pin.copy_from_slice(&blake3::hash(block).as_bytes()[..PIN]);
    pin
}

/// The parity of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParityTable {
    /// How much of it there is.
    pub redundancy: Redundancy,
    /// Where everything lies on each volume, spare ones last.
    pub layouts: Vec<Layout>,
    /// The pins of each volume's blocks of check values.
    pub pins: Vec<Vec<BlockPin>>,
}

impl Redundancy {
    /// Whether there is any.
    pub const fn is_some(&self) -> bool {
        self.permille > 0 || self.spares > 0
    }

    /// How a set is laid out whose payload ends, on each of its volumes, at one of `ends`.
    pub fn layouts(&self, head: u64, ends: &[u64]) -> Vec<Layout> {
        let mut layouts: Vec<Layout> = ends.iter().map(|end| Layout::data(head, *end, self.permille)).collect();
        let longest = layouts.iter().map(|l| l.body.blocks).max().unwrap_or(0);
        layouts.extend((0..self.spares).map(|_| Layout::spare(head, longest, self.permille)));
        layouts
    }

    /// How long a volume or its spare becomes when the payload ends there.
    pub fn length(&self, head: u64, end: u64) -> u64 {
        self.layouts(head, &[end]).iter().map(|l| l.length).max().unwrap_or(0)
    }

    /// How long the parity table of a set is, before anything is placed: enough for frames that do not shrink, the rest being zeros.
    pub fn table_length(&self, plan: &FrameTable, volume_size: Option<u64>) -> u64 {
        let frames: u64 = plan.blobs.iter().map(|b| b.frames as u64).sum();
        let content: u64 = plan.blobs.iter().map(|b| b.held).sum();
        let volumes = if volume_size.is_some() { MAX_VOLUMES as u64 } else { 1 };
        let members = plan.blobs.len() as u64 + frames / 2000 + volumes;
        let stored = content + frames * (LONGEST_FRAME - PIECE) as u64 + members * 2 * SECTOR;
        let spare = stored.min(volume_size.unwrap_or(u64::MAX));
        let pins = self.most_pins(stored, volumes) + self.spares as u64 * self.most_pins(spare, 1);
        HEADER as u64 + pins * PIN as u64
    }

    /// The most pins that bodies of so many bytes together can have.
    const fn most_pins(&self, bytes: u64, volumes: u64) -> u64 {
        let blocks = bytes / SECTOR + volumes;
        let columns = blocks / super::code::MOST_ROWS + volumes;
        let parity = if self.permille == 0 { 0 } else { (blocks + columns) * self.permille / 1000 + columns };
        (blocks + parity) / CHECKS + volumes
    }
}

/// Where the payload ends on each of so many volumes.
pub fn ends(table: &FrameTable, head: u64, volumes: usize) -> Option<Vec<u64>> {
    let mut ends = vec![head; volumes];
    for frame in &table.frames {
        *ends.get_mut(usize::from(frame.volume))? = frame.offset + u64::from(frame.stored);
    }
    Some(ends)
}

impl ParityTable {
    /// The encoded table, filled up with zeros to `length`.
    pub fn to_bytes(&self, length: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(length as usize);
        out.extend_from_slice(MAGIC);
        for number in [SECTOR, self.redundancy.permille, self.redundancy.spares as u64, self.layouts.len() as u64] {
            out.extend_from_slice(&(number as u32).to_le_bytes());
        }
        self.pins.iter().flatten().for_each(|pin| out.extend_from_slice(pin));
        out.resize(out.len().max(length as usize), 0);
        out
    }

    /// What a table's beginning says of the parity; its digest has been compared, whether it makes sense has not.
    pub fn announced(bytes: &[u8]) -> Option<(Redundancy, usize)> {
        let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let redundancy = Redundancy { permille: number(12)?.into(), spares: number(16)? as usize };
        let sane = bytes.starts_with(MAGIC) && u64::from(number(8)?) == SECTOR && redundancy.permille <= MOST_PERMILLE;
        (sane && redundancy.is_some() && redundancy.spares < MAX_VOLUMES).then_some((redundancy, number(20)? as usize))
    }

    /// Reads a table whose digest has been checked, and refuses one that contradicts itself, the frame table or the volumes' lengths.
    pub fn parse(bytes: &[u8], table: &FrameTable, head: u64, volumes: &[u64]) -> Result<Self> {
        let malformed = || Error::verification("the parity table is malformed");
        let (redundancy, count) = Self::announced(bytes).ok_or_else(malformed)?;
        let data = volumes.len().checked_sub(redundancy.spares).filter(|data| *data > 0 && count == volumes.len()).ok_or_else(malformed)?;
        let ends = ends(table, head, data).filter(|ends| ends.iter().all(|end| *end >= head));
        let ends = ends.ok_or_else(|| Error::verification("the frame table has frames where the parity table has spare volumes"))?;
        // Every 512 blocks need a pin: before anything is laid out, the table's own length bounds how much there can be.
        let blocks = |end: &u64| (end - head) / SECTOR;
        let spare = ends.iter().map(blocks).max().unwrap_or(0).saturating_mul(redundancy.spares as u64);
        if ends.iter().map(blocks).fold(spare, u64::saturating_add) / CHECKS > bytes.len() as u64 / PIN as u64 {
            return Err(malformed());
        }
        let layouts = redundancy.layouts(head, &ends);
        if !layouts.iter().map(|l| l.length).eq(volumes.iter().copied()) {
            return Err(Error::verification("the volumes' lengths are not those that their payload and parity have"));
        }
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        let mut pins = Vec::with_capacity(count);
        for layout in &layouts {
            let (own, others) = rest.split_at_checked(layout.checks[0].blocks as usize * PIN).ok_or_else(malformed)?;
            pins.push(own.chunks_exact(PIN).map(|pin| pin.try_into().expect("as long as a pin")).collect());
            rest = others;
        }
        match rest.iter().all(|b| *b == 0) && bytes.len() as u64 <= MAX_TABLE_BYTES {
            true => Ok(Self { redundancy, layouts, pins }),
            false => Err(malformed()),
        }
    }

    /// How many volumes carry payload.
    pub fn data(&self) -> usize {
        self.layouts.len() - self.redundancy.spares
    }
}
