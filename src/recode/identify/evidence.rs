//! What the front of a stream tells about its encoder.

use super::super::encoder::Cut;
use super::super::inflate::{BlockKind, InflateError, Inflater, Observer, SeekPoint, Status};
use super::{IdentifyError, READ, Source};

/// How much of the stream itself is kept: enough for the tables of any block.
const FRONT: usize = 4096;
/// How many blocks are noted.
const BLOCKS: usize = 64;

/// A block, as far as its end was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Whether it ends the stream.
    pub last: bool,
    /// Its symbols.
    pub symbols: u64,
    /// Where its plain bytes start.
    pub from: u64,
    /// Where they end.
    pub to: u64,
}

/// The evidence.
pub struct Evidence {
    /// The first blocks that were seen whole.
    pub blocks: Vec<Block>,
    /// The farthest match of the prefix.
    pub farthest: usize,
    /// The longest match of the prefix.
    pub longest: usize,
    /// Matches in the prefix.
    pub matches: u64,
    /// Where the writer flushed, as far as can be seen.
    pub cut: Cut,
    /// The plain bytes at the front.
    pub prefix: Vec<u8>,
    /// The stream itself at the front.
    pub front: Vec<u8>,
    /// The lengths of the stream where the prefix is all of it.
    pub whole: Option<(u64, u64)>,
    /// Where to go on after the prefix.
    pub(super) point: SeekPoint,
}

#[derive(Default)]
struct Notes {
    open: Option<(BlockKind, bool, u64)>,
    blocks: Vec<Block>,
    farthest: usize,
    longest: usize,
    matches: u64,
}

impl Observer for Notes {
    fn block(&mut self, kind: BlockKind, last: bool, at: u64) {
        self.open = Some((kind, last, at));
    }

    fn block_end(&mut self, symbols: u64, at: u64) {
        if let Some((kind, last, from)) = self.open.take()
            && self.blocks.len() < BLOCKS
        {
            self.blocks.push(Block { kind, last, symbols, from, to: at });
        }
    }

    fn copy(&mut self, length: usize, distance: usize) {
        self.farthest = self.farthest.max(distance);
        self.longest = self.longest.max(length);
        self.matches += 1;
    }
}

impl Evidence {
    /// The blocks that ended because their encoder found it time: neither the last nor those that the writer flushed.
    pub fn ended(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| !block.last && block.from < block.to && !self.flushed(block))
    }

    /// Whether the block ended because the writer flushed.
    fn flushed(&self, block: &Block) -> bool {
        match self.cut {
            Cut::Nowhere => false,
            Cut::AtEnd => self.whole.is_some_and(|(_, plain)| plain == block.to),
            Cut::Every(length) => block.to.is_multiple_of(u64::from(length)),
        }
    }

    /// Inflates the front of a stream, `most` bytes or a little more, never more than some times that. `None` where there is no place
    /// to go on from.
    pub fn gather(source: &dyn Source, limit: u64, most: usize) -> Result<Option<Self>, IdentifyError> {
        let mut inflater = Inflater::new(limit);
        let mut notes = Notes::default();
        let (mut prefix, mut front) = (Vec::new(), Vec::new());
        let mut input = vec![0; READ];
        let mut at = 0;
        let mut point = None;
        'read: loop {
            let got = source.read_at(at, &mut input)?;
            if at == 0 {
                front.extend_from_slice(&input[..got.min(FRONT)]);
            }
            let mut used = 0;
            loop {
                let progress = inflater.inflate_observed(&input[used..got], &mut notes)?;
                used += progress.consumed;
                prefix.extend_from_slice(inflater.plain());
                // A full chunk is the better place, but some streams never fill one.
                let enough = match progress.status {
                    Status::Done => break 'read,
                    Status::NeedInput if got == 0 => return Err(InflateError::Truncated.into()),
                    Status::NeedInput => 2 * most,
                    Status::Full => most,
                };
                if prefix.len() >= enough {
                    point = inflater.seek_point();
                    if point.is_some() {
                        break 'read;
                    }
                    if prefix.len() > 4 * most {
                        return Ok(None);
                    }
                }
                if progress.status == Status::NeedInput {
                    break;
                }
            }
            at += got as u64;
        }
        let whole = inflater.is_done().then(|| (inflater.total_in(), inflater.total_out()));
        let Some(point) = point.or_else(|| inflater.seek_point()) else { return Err(InflateError::Truncated.into()) };
        let Notes { blocks, farthest, longest, matches, .. } = notes;
        let cut = cut(source, &blocks, whole)?;
        Ok(Some(Self { blocks, farthest, longest, matches, cut, prefix, front, whole, point }))
    }
}

/// A flush leaves an empty stored block; one before the end of the stream is followed by an empty last block.
fn cut(source: &dyn Source, blocks: &[Block], whole: Option<(u64, u64)>) -> Result<Cut, IdentifyError> {
    const END: [u8; 6] = [0, 0, 0xff, 0xff, 3, 0];
    if let Some(first) = blocks.iter().find(|block| block.kind == BlockKind::Stored(0) && !block.last)
        && whole.is_none_or(|(_, plain)| first.from < plain)
    {
        return Ok(u32::try_from(first.from).ok().filter(|&length| length > 0).map_or(Cut::Nowhere, Cut::Every));
    }
    let length = whole.map_or(source.len(), |(deflated, _)| deflated);
    let mut end = [0; END.len()];
    let at_end = length >= END.len() as u64 && source.read_at(length - END.len() as u64, &mut end)? == END.len() && end == END;
    Ok(if at_end { Cut::AtEnd } else { Cut::Nowhere })
}
