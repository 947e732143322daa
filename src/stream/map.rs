//! Which blocks of a volume have arrived, in memory and in a file beside it (`docs/formats/stream.md`, "While it arrives").

use super::record::BLOCK;
use crate::error::{Error, Result, shown};
use std::collections::BTreeSet;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Blocks of one chunk: 16 MiB of a volume, 4 KiB of the map.
const BLOCKS: u64 = 32768;
const WORDS: usize = BLOCKS as usize / 64;
/// Bytes of a chunk in the file, and of what stands before the first.
pub const CHUNK: u64 = BLOCKS / 8;

/// Of each stretch of a volume only what is between nothing and everything takes memory.
#[derive(Debug, Clone)]
enum Chunk {
    Empty,
    Full,
    Part(Box<[u64; WORDS]>),
}

/// The blocks that are here.
#[derive(Debug)]
pub struct BlockMap {
    blocks: u64,
    here: u64,
    chunks: Vec<Chunk>,
    unsaved: BTreeSet<usize>,
}

impl BlockMap {
    /// A map of a volume of which nothing is here.
    pub fn new(length: u64) -> Self {
        let blocks = length / BLOCK;
        Self { blocks, here: 0, chunks: vec![Chunk::Empty; blocks.div_ceil(BLOCKS) as usize], unsaved: BTreeSet::new() }
    }

    /// Bytes that the map of a volume takes in its file.
    pub fn file_length(length: u64) -> u64 {
        CHUNK * (1 + (length / BLOCK).div_ceil(BLOCKS))
    }

    /// Bytes that are not here yet.
    pub fn missing(&self) -> u64 {
        (self.blocks - self.here) * BLOCK
    }

    /// How many blocks of a stretch of bytes are not here.
    pub fn missing_in(&self, bytes: Range<u64>) -> u64 {
        let range = bytes.start / BLOCK..bytes.end.div_ceil(BLOCK);
        let here: u64 = parts(range.clone()).map(|(chunk, bits)| self.count(chunk, bits)).sum();
        (range.end - range.start) - here
    }

    /// Notes that a stretch of bytes is here.
    pub fn add(&mut self, bytes: Range<u64>) {
        for (chunk, bits) in parts(bytes.start / BLOCK..bytes.end.div_ceil(BLOCK)) {
            let before = self.count(chunk, bits.clone());
            if before == bits.end - bits.start {
                continue;
            }
            self.here += bits.end - bits.start - before;
            self.unsaved.insert(chunk);
            let whole = self.whole(chunk);
            let words = self.words(chunk);
            spans(bits).for_each(|(word, mask)| words[word] |= mask);
            if words.iter().map(|w| u64::from(w.count_ones())).sum::<u64>() == whole {
                self.chunks[chunk] = Chunk::Full;
            }
        }
    }

    /// Blocks of the volume that a chunk is for.
    fn whole(&self, chunk: usize) -> u64 {
        BLOCKS.min(self.blocks - chunk as u64 * BLOCKS)
    }

    fn words(&mut self, chunk: usize) -> &mut [u64; WORDS] {
        let whole = self.whole(chunk);
        let place = &mut self.chunks[chunk];
        if !matches!(place, Chunk::Part(_)) {
            let mut words = Box::new([0; WORDS]);
            if matches!(place, Chunk::Full) {
                spans(0..whole).for_each(|(word, mask)| words[word] |= mask);
            }
            *place = Chunk::Part(words);
        }
        match place {
            Chunk::Part(words) => words,
            Chunk::Empty | Chunk::Full => unreachable!("it was made a part just now"),
        }
    }

    fn count(&self, chunk: usize, bits: Range<u64>) -> u64 {
        match &self.chunks[chunk] {
            Chunk::Empty => 0,
            Chunk::Full => bits.end - bits.start,
            Chunk::Part(words) => spans(bits).map(|(word, mask)| u64::from((words[word] & mask).count_ones())).sum(),
        }
    }

    /// Takes what an earlier run saved. Bits beyond the end of the volume mean nothing.
    pub fn load(&mut self, path: &Path, file: &File) -> Result<()> {
        let mut bytes = vec![0; CHUNK as usize];
        for chunk in 0..self.chunks.len() {
            let read = file.read_exact_at(&mut bytes, CHUNK * (chunk as u64 + 1));
            read.map_err(|e| Error::io(format!("{} cannot be read", shown(path)), &e))?;
            let whole = self.whole(chunk);
            for (word, mask) in spans(0..whole) {
                let saved = u64::from_le_bytes(std::array::from_fn(|n| bytes[word * 8 + n])) & mask;
                if saved != 0 {
                    self.words(chunk)[word] = saved;
                }
            }
            let here = self.count(chunk, 0..whole);
            self.here += here;
            if here == whole {
                self.chunks[chunk] = Chunk::Full;
            }
        }
        Ok(())
    }

    /// Saves what was noted since the last time; the bytes themselves must be durable already.
    pub fn save(&mut self, path: &Path, file: &File) -> Result<()> {
        let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", shown(path)), e);
        for chunk in std::mem::take(&mut self.unsaved) {
            let mut words = [0; WORDS];
            match &self.chunks[chunk] {
                Chunk::Empty => {}
                Chunk::Full => spans(0..self.whole(chunk)).for_each(|(word, mask)| words[word] |= mask),
                Chunk::Part(part) => words = **part,
            }
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            file.write_all_at(&bytes, CHUNK * (chunk as u64 + 1)).map_err(|e| wrong(&e))?;
        }
        file.sync_data().map_err(|e| wrong(&e))
    }
}

/// A range of blocks, by chunk.
fn parts(blocks: Range<u64>) -> impl Iterator<Item = (usize, Range<u64>)> {
    let (start, end) = (blocks.start, blocks.end);
    let chunks = if start < end { start / BLOCKS..end.div_ceil(BLOCKS) } else { 0..0 };
    chunks.map(move |chunk| {
        let first = chunk * BLOCKS;
        (chunk as usize, start.max(first) - first..end.min(first + BLOCKS) - first)
    })
}

/// A range of bits of a chunk, by word, as masks.
fn spans(bits: Range<u64>) -> impl Iterator<Item = (usize, u64)> {
    let (start, end) = (bits.start, bits.end);
    let words = if start < end { start / 64..end.div_ceil(64) } else { 0..0 };
    words.map(move |word| {
        let first = word * 64;
        let (from, to) = (start.max(first) - first, end.min(first + 64) - first);
        (word as usize, (u64::MAX >> (64 - (to - from))) << from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LENGTH: u64 = (BLOCKS * 2 + 77) * BLOCK;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_map_counts_like_a_list(ranges in proptest::collection::vec((0..LENGTH / BLOCK, 1_u64..40_000), 1..12)) {
            let folder = tempfile::TempDir::new().unwrap();
            let path = folder.path().join("map");
            let file = File::options().create(true).truncate(true).read(true).write(true).open(&path).unwrap();
            file.set_len(BlockMap::file_length(LENGTH)).unwrap();
            let (mut map, mut list) = (BlockMap::new(LENGTH), vec![false; (LENGTH / BLOCK) as usize]);
            for (start, count) in ranges {
                let end = (start + count).min(LENGTH / BLOCK);
                let missing = list[start as usize..end as usize].iter().filter(|here| !**here).count() as u64;
                prop_assert_eq!(map.missing_in(start * BLOCK..end * BLOCK), missing);
                map.add(start * BLOCK..end * BLOCK);
                list[start as usize..end as usize].fill(true);
            }
            let missing = list.iter().filter(|here| !**here).count() as u64 * BLOCK;
            prop_assert_eq!(map.missing(), missing);
            map.save(&path, &file).unwrap();
            let mut again = BlockMap::new(LENGTH);
            again.load(&path, &file).unwrap();
            prop_assert_eq!(again.missing(), missing);
            prop_assert_eq!(again.missing_in(0..LENGTH) * BLOCK, missing);
        }
    }

    #[test]
    fn what_is_whole_takes_no_memory() {
        let mut map = BlockMap::new(LENGTH);
        map.add(0..LENGTH - BLOCK);
        assert!(matches!(map.chunks[0], Chunk::Full) && matches!(map.chunks[2], Chunk::Part(_)));
        map.add(LENGTH - BLOCK..LENGTH);
        assert!(map.chunks.iter().all(|chunk| matches!(chunk, Chunk::Full)) && map.missing() == 0);
    }
}
