//! The window of levels 7 to 9 and its hash chains.

use crate::recode::encoder::go::bytes::{common, load32};
use crate::recode::encoder::go::codes::{DISTANCE_EXTRA, LENGTH_EXTRA, LONGEST, WINDOW, distance_code, length_code};

/// The shortest match that is looked for.
pub(super) const SHORTEST: usize = 4;
const HASH_BITS: u32 = 17;
const REBASE_ABOVE: usize = 1 << 28;

/// A match: its length and distance.
pub(super) type Match = (usize, usize);
pub(super) const NO_MATCH: Match = (SHORTEST - 1, 0);

/// How a match is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The longest.
    Longest,
    /// The longest, but four bytes only from near by.
    LongestNear,
    /// The one that saves most where a literal takes so many bits, as reckoned for the bytes ahead.
    PerByte,
    /// The one that saves most against literals: the least to save, and what a match costs.
    Gain {
        /// What must be saved.
        least: i32,
        /// What a match costs beside its extra bits.
        cost: i32,
    },
}

/// How hard a level looks.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    pub(super) lazy: usize,
    pub(super) nice: usize,
    pub(super) chain: usize,
    pub(super) choice: Choice,
}

/// Two windows of bytes, and where each four of them stood before.
pub(super) struct Window {
    pub(super) bytes: Vec<u8>,
    pub(super) end: usize,
    pub(super) index: usize,
    /// Where the current block starts; `None`: before the window.
    pub(super) block: Option<usize>,
    /// Positions are kept plus `base`; 0 is none.
    heads: Vec<u32>,
    previous: Vec<u32>,
    /// The last position with the hash of the one that was inserted last, plus `base`.
    head: usize,
    base: usize,
    /// From here on too few bytes follow for a hash.
    pub(super) insert_end: usize,
    /// Hashes read their bytes most significant first.
    big_endian: bool,
    /// Bits of a literal.
    pub(super) literal_price: i32,
    /// Bits of the literals before each position, as far as they are known.
    pub(super) literal_bits: Vec<i32>,
}

impl Window {
    pub(super) fn new(big_endian: bool) -> Self {
        Self {
            bytes: vec![0; 2 * WINDOW],
            end: 0,
            index: 0,
            block: Some(0),
            heads: vec![0; 1 << HASH_BITS],
            previous: vec![0; WINDOW],
            head: 0,
            base: 1,
            insert_end: 0,
            big_endian,
            literal_price: 8,
            literal_bits: Vec::new(),
        }
    }

    /// Forgets everything and starts behind `dictionary`.
    pub(super) fn restart(&mut self, dictionary: &[u8], block_after: bool) {
        let dictionary = &dictionary[dictionary.len().saturating_sub(WINDOW)..];
        self.heads.fill(0);
        self.previous.fill(0);
        (self.head, self.base, self.insert_end) = (0, 1, 0);
        self.bytes[..dictionary.len()].copy_from_slice(dictionary);
        (self.end, self.index) = (dictionary.len(), dictionary.len());
        self.block = Some(if block_after { self.end } else { 0 });
        for at in 0..self.end.saturating_sub(SHORTEST - 1) {
            self.note(at);
        }
    }

    /// Moves down by one window.
    pub(super) fn slide(&mut self) {
        self.bytes.copy_within(WINDOW.., 0);
        self.index -= WINDOW;
        self.end -= WINDOW;
        self.block = self.block.and_then(|block| block.checked_sub(WINDOW));
        self.base += WINDOW;
        if self.base > REBASE_ABOVE {
            let delta = self.base - 1;
            self.base = 1;
            self.head = self.head.saturating_sub(delta);
            for entry in self.heads.iter_mut().chain(&mut self.previous) {
                *entry = entry.saturating_sub(delta as u32);
            }
        }
    }

    /// The bytes of the block up to `index`, if they are all in the window.
    pub(super) fn block(&mut self, index: usize) -> Option<&[u8]> {
        let start = self.block.replace(index);
        start.filter(|&start| start <= index).map(|start| &self.bytes[start..index])
    }

    fn hash(&self, at: usize) -> usize {
        let word = load32(&self.bytes, at);
        let word = if self.big_endian { word.swap_bytes() } else { word };
        (word.wrapping_mul(2_654_435_761) >> (32 - HASH_BITS)) as usize
    }

    /// The last position whose four bytes have the hash of those at `at`, plus `base`.
    fn head_at(&self, at: usize) -> usize {
        self.heads[self.hash(at)] as usize
    }

    fn note(&mut self, at: usize) -> usize {
        let hash = self.hash(at);
        let before = self.heads[hash];
        self.previous[at % WINDOW] = before;
        self.heads[hash] = (at + self.base) as u32;
        before as usize
    }

    /// Inserts the index, if enough bytes follow, and keeps what stood before.
    pub(super) fn insert(&mut self) {
        if self.index < self.insert_end {
            self.head = self.note(self.index);
        }
    }

    /// Inserts what is between the index and `next`.
    pub(super) fn insert_through(&mut self, next: usize) {
        for at in self.index + 1..next.min(self.insert_end) {
            self.note(at);
        }
    }

    /// The best match at the index.
    pub(super) fn look(&self, ahead: usize, effort: Effort) -> Match {
        let oldest = self.index.saturating_sub(WINDOW);
        match self.head.checked_sub(self.base) {
            Some(head) if head >= oldest => self.best(head, ahead, effort),
            _ => NO_MATCH,
        }
    }

    fn best(&self, head: usize, ahead: usize, effort: Effort) -> Match {
        let position = self.index;
        let oldest = position.saturating_sub(WINDOW);
        let reach = ahead.min(LONGEST);
        let window = &self.bytes[..position + reach];
        let nice = effort.nice.min(reach);
        let mut found = NO_MATCH;
        let mut gain = match effort.choice {
            Choice::Gain { least, .. } => least,
            Choice::PerByte => 4 * self.literal_price - 12,
            _ => 0,
        };
        let mut at = head;
        for _ in 0..effort.chain {
            if window[position + found.0] == window[at + found.0] {
                let length = common(&window[at..at + reach], &window[position..]);
                if length > found.0 && self.gains(length, position - at, effort.choice, &mut gain) {
                    found = (length, position - at);
                    if length >= nice {
                        break;
                    }
                }
            }
            if at <= oldest {
                break;
            }
            match (self.previous[at % WINDOW] as usize).checked_sub(self.base) {
                Some(next) if next >= oldest => at = next,
                _ => break,
            }
        }
        found
    }

    /// Whether this longer match is better; then `gain` becomes what it saves.
    fn gains(&self, length: usize, distance: usize, choice: Choice, gain: &mut i32) -> bool {
        let saves = match choice {
            Choice::Longest => return true,
            Choice::LongestNear => return length > SHORTEST || distance <= 4096,
            Choice::PerByte => (length as u32).cast_signed() * self.literal_price - distance.ilog2().cast_signed() - 1,
            Choice::Gain { cost, .. } => self.saves(length, distance) - cost,
        };
        if saves > *gain {
            *gain = saves;
            return true;
        }
        false
    }

    /// The bits of the literals less the extra bits of the match.
    fn saves(&self, length: usize, distance: usize) -> i32 {
        let literals = self.literal_bits[self.index + length] - self.literal_bits[self.index];
        // The library looks the whole distance up, not the distance less one; the longest one wraps to code 14.
        let code = if distance == WINDOW { 14 } else { distance_code(distance as u32) };
        let distance = i32::from(DISTANCE_EXTRA[code]);
        literals - distance - i32::from(LENGTH_EXTRA[length_code((length - 3) as u8)])
    }

    /// Where a match that agrees at `end`, behind `length` bytes from the one before the index, would start.
    pub(super) fn start_by_end(&self, end: usize, length: usize) -> Option<usize> {
        self.head_at(end).checked_sub(self.base + length)
    }
}
