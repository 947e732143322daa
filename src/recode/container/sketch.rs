//! What a blob is made of, in a few hashes: enough to say without any name which of many blobs are like it.
//!
//! A zip is known by the CRC-32 and length of its members, as its directory has them; a tar, also within gzip, by the length and the
//! ends of its files; anything else by pieces of its bytes that a rolling hash picks. Of many hashes the smallest are kept, which are
//! the same ones in every blob that has them.

use super::{gzip, tar, zip};
use crate::recode::similar::hashes;
use crate::recode::source::{Forward, Part, ReadAt};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

/// Most hashes that are kept.
const KEPT: usize = 512;
/// With fewer, nothing can be said.
const FEWEST: usize = 4;
/// Most bytes that are looked at, within gzip after inflating: the blob may begin with something new, but is mostly like it further on.
const MOST_READ: u64 = 64 << 20;
/// Most files of a tar.
const MOST_FILES: usize = 1 << 16;
/// How much is read at a time, and asked whether to go on.
const READ: usize = 1 << 20;
const BLOCK: u64 = 512;

/// The smallest hashes of what a blob is made of, each with the bytes that it stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    parts: BTreeMap<u64, u64>,
    /// There are no hashes up to this one but those that are kept.
    upto: u64,
    read: u64,
}

impl Sketch {
    /// How many bytes had to be read and inflated for it.
    pub const fn read(&self) -> u64 {
        self.read
    }

    /// Whether there is enough to compare by.
    pub fn says_something(&self) -> bool {
        self.parts.len() >= FEWEST
    }

    /// How much of this one another has, estimated: of its bytes, and of its parts, in thousandths.
    pub fn shares(&self, other: &Self) -> (u64, u64) {
        let upto = self.upto.min(other.upto);
        let (mut all, mut both) = ((0u64, 0u64), (0u64, 0u64));
        for (hash, bytes) in self.parts.range(..=upto) {
            let add = |to: (u64, u64)| (to.0.saturating_add(*bytes), to.1 + 1);
            all = add(all);
            both = if other.parts.contains_key(hash) { add(both) } else { both };
        }
        let part = |both: u64, all: u64| (u128::from(both) * 1000 / u128::from(all.max(1))) as u64;
        (part(both.0, all.0), part(both.1, all.1))
    }

    /// Whether another one is worth comparing with, and how much: the more the better.
    pub fn likeness(&self, other: &Self) -> Option<u64> {
        let (bytes, parts) = self.shares(other);
        // A licence that everybody has is neither much of the bytes nor many of the parts.
        let alike = bytes >= 32 || parts >= 250;
        (alike && self.says_something() && other.says_something()).then_some(bytes + parts)
    }

    fn of(mut parts: Vec<(u64, u64)>, read: u64) -> Self {
        parts.sort_unstable();
        parts.dedup_by_key(|part| part.0);
        let upto = if parts.len() > KEPT { parts[KEPT - 1].0 } else { u64::MAX };
        parts.truncate(KEPT);
        Self { parts: parts.into_iter().collect(), upto, read }
    }
}

/// Whether to go on, asked now and then.
type GoOn<'a> = &'a dyn Fn() -> io::Result<()>;

/// Looks at a blob. What is not what it seems to be has few parts, or none; only what cannot be read is an error, or that it is not to go on.
pub fn sketch(blob: &dyn ReadAt, size: u64, go_on: GoOn<'_>) -> io::Result<Sketch> {
    go_on()?;
    let part = Part::new(blob, 0, size);
    let head = part.some(0, BLOCK as usize)?;
    if (head.starts_with(&zip::LOCAL) || head.starts_with(&zip::END))
        && let Some((members, limit)) = zip::members(part)?
    {
        let full = members.iter().filter(|member| member.plain > 0);
        let parts = full.map(|member| (mixed(&[1, member.crc, member.plain]), member.stored)).collect();
        return Ok(Sketch::of(parts, size.saturating_sub(limit)));
    }
    if tar::begins(&head) {
        return files(&mut Placed { part, at: 0, asked: 0, go_on });
    }
    if head.starts_with(&gzip::MAGIC) {
        let inflated = || BufReader::with_capacity(READ, MultiGzDecoder::new(Forward::new(part)).take(MOST_READ));
        let mut head = vec![0; BLOCK as usize];
        let is_tar = inflated().read_exact(&mut head).is_ok() && tar::begins(&head);
        return if is_tar {
            files(&mut Inflated { from: inflated(), at: 0, go_on })
        } else {
            pieces(inflated(), size.saturating_mul(4), go_on)
        };
    }
    pieces(Forward::new(part).take(MOST_READ), size, go_on)
}

/// Hashes numbers into one (the finaliser of splitmix64 on each).
fn mixed(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0x0005_EED0_5CE7_C4E5, |state: u64, number| {
        let mut z = (state ^ number).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

/// Hashes bytes.
fn hashed(kind: u64, length: u64, bytes: &[u8]) -> u64 {
    let word = |chunk: &[u8]| chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    bytes.chunks(8).fold(mixed(&[kind, length]), |state, chunk| mixed(&[state, word(chunk)]))
}

/// Bytes that can only be gone through.
trait Forwards {
    /// Fills `to` with what comes next; false where there is less.
    fn next(&mut self, to: &mut [u8]) -> io::Result<bool>;
    /// Goes past so many bytes; false where there are fewer.
    fn pass(&mut self, bytes: u64) -> io::Result<bool>;
    /// How many bytes were read so far.
    fn read(&self) -> u64;
}

/// Those of a part: what is passed is not read.
struct Placed<'a> {
    part: Part<'a>,
    at: u64,
    asked: u64,
    go_on: GoOn<'a>,
}

impl Forwards for Placed<'_> {
    fn next(&mut self, to: &mut [u8]) -> io::Result<bool> {
        if self.at.checked_add(to.len() as u64).is_none_or(|end| end > self.part.length()) {
            return Ok(false);
        }
        if self.asked.is_multiple_of(256) {
            (self.go_on)()?;
        }
        self.part.fill(self.at, to)?;
        (self.at, self.asked) = (self.at + to.len() as u64, self.asked + 1);
        Ok(true)
    }

    fn pass(&mut self, bytes: u64) -> io::Result<bool> {
        self.at = self.at.saturating_add(bytes);
        Ok(self.at <= self.part.length())
    }

    fn read(&self) -> u64 {
        self.asked * BLOCK
    }
}

/// Those that are inflated.
struct Inflated<'a, R> {
    from: R,
    at: u64,
    go_on: GoOn<'a>,
}

impl<R: Read> Forwards for Inflated<'_, R> {
    fn next(&mut self, to: &mut [u8]) -> io::Result<bool> {
        if self.at >> 20 != (self.at + to.len() as u64) >> 20 {
            (self.go_on)()?;
        }
        self.at += to.len() as u64;
        // A stream that is damaged or cut off ends here.
        Ok(self.from.read_exact(to).is_ok())
    }

    fn pass(&mut self, mut bytes: u64) -> io::Result<bool> {
        let mut buffer = vec![0; bytes.min(64 << 10) as usize];
        while bytes > 0 {
            let most = bytes.min(buffer.len() as u64) as usize;
            if !self.next(&mut buffer[..most])? {
                return Ok(false);
            }
            bytes -= most as u64;
        }
        Ok(true)
    }

    fn read(&self) -> u64 {
        self.at
    }
}

/// The files of a tar, by their length, first and last block.
fn files(from: &mut dyn Forwards) -> io::Result<Sketch> {
    let (mut parts, mut head) = (Vec::new(), [0; BLOCK as usize]);
    while parts.len() < MOST_FILES && from.next(&mut head)? {
        let Some((size, regular)) = tar::file(&head) else { break };
        let Some(whole) = size.checked_next_multiple_of(BLOCK) else { break };
        if !regular || size == 0 {
            if !from.pass(whole)? {
                break;
            }
            continue;
        }
        let mut ends = vec![0; if whole > BLOCK { 2 * BLOCK } else { BLOCK } as usize];
        let (first, last) = ends.split_at_mut(BLOCK as usize);
        if !from.next(first)? || !(last.is_empty() || from.pass(whole - 2 * BLOCK)? && from.next(last)?) {
            break;
        }
        parts.push((hashed(2, size, &ends), size));
    }
    Ok(Sketch::of(parts, from.read()))
}

/// Pieces of bytes: the more bytes there are, the rarer ones are picked.
fn pieces(mut from: impl Read, size: u64, go_on: GoOn<'_>) -> io::Result<Sketch> {
    let rarity = (size.min(MOST_READ) / (2 * KEPT as u64)).max(1).ilog2().clamp(6, 16);
    let (mut parts, mut read, mut bytes) = (Vec::new(), 0, vec![0; READ]);
    loop {
        go_on()?;
        let mut length = 0;
        while length < READ
            && let Ok(more @ 1..) = from.read(&mut bytes[length..])
        {
            length += more;
        }
        if length == 0 {
            return Ok(Sketch::of(parts, read));
        }
        read += length as u64;
        hashes(&bytes[..length], rarity, |_, hash| parts.push((mixed(&[3, u64::from(hash)]), 1 << rarity)));
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Sketch, sketch};
    use std::io::{self, Write};

    fn of(bytes: &[u8]) -> Sketch {
        sketch(&bytes, bytes.len() as u64, &|| Ok(())).expect("bytes can be read")
    }

    fn noise(length: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    fn tar(files: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        for file in files {
            let mut head = [0u8; 512];
            head[..4].copy_from_slice(b"file");
            head[124..135].copy_from_slice(format!("{:011o}", file.len()).as_bytes());
            head[156] = b'0';
            summed(&mut head);
            out.extend_from_slice(&head);
            out.extend_from_slice(file);
            out.resize(out.len().next_multiple_of(512), 0);
        }
        out.resize(out.len() + 1024, 0);
        out
    }

    /// Writes the sum of a header into it.
    fn summed(head: &mut [u8]) {
        head[148..156].copy_from_slice(&[b' '; 8]);
        let sum: u64 = head.iter().map(|byte| u64::from(*byte)).sum();
        head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        to.write_all(bytes).expect("room");
        to.finish().expect("room")
    }

    fn zip(files: &[Vec<u8>]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (n, file) in files.iter().enumerate() {
            zip.start_file(format!("{n}"), zip::write::SimpleFileOptions::default()).expect("a member");
            zip.write_all(file).expect("room");
        }
        zip.finish().expect("a zip").into_inner()
    }

    #[test]
    fn what_is_alike_is_found_whatever_it_lies_in() {
        let files =
            |new: u64| -> Vec<Vec<u8>> { (0..20).map(|n| noise(3000 + n as usize * 100, if n < 5 { new + n } else { n })).collect() };
        let all: [fn(&[Vec<u8>]) -> Vec<u8>; 4] = [tar, |files| gzip(&tar(files)), zip, <[Vec<u8>]>::concat];
        for made in all {
            let (one, two) = (of(&made(&files(100))), of(&made(&files(200))));
            let other = of(&made(&[&files(100)[..5], &[noise(60_000, 9)]].concat()));
            let (bytes, parts) = one.shares(&two);
            assert!((600..=900).contains(&bytes) && (600..=900).contains(&parts), "{bytes} {parts}");
            assert_eq!(one.shares(&one), (1000, 1000));
            let alien = of(&made(&(0..20).map(|n| noise(4000, 900 + n)).collect::<Vec<_>>()));
            assert_eq!((one.shares(&alien), one.likeness(&alien)), ((0, 0), None));
            assert!(one.likeness(&two) > one.likeness(&other) && one.likeness(&other).is_some(), "{:?}", one.likeness(&other));
        }
    }

    #[test]
    fn of_many_parts_the_same_ones_are_kept() {
        let half = |from: u64| -> Vec<Vec<u8>> { (from..from + 4000).map(|n| noise(40, n + 1)).collect() };
        let (one, two) = (of(&tar(&half(0))), of(&tar(&half(2000))));
        assert_eq!((one.parts.len(), two.parts.len()), (KEPT, KEPT));
        let (bytes, parts) = one.shares(&two);
        assert!((400..600).contains(&bytes) && (400..600).contains(&parts), "half of them are the same: {bytes} {parts}");
    }

    #[test]
    fn what_is_cut_off_or_made_up_is_no_error_and_ends() {
        let files: Vec<Vec<u8>> = (0..20).map(|n| noise(3000, n + 1)).collect();
        for bytes in [tar(&files), gzip(&tar(&files)), zip(&files), gzip(&noise(9000, 3)), noise(9000, 4)] {
            for length in (0..bytes.len()).step_by(997) {
                of(&bytes[..length]);
                let mut changed = bytes.clone();
                changed[length] ^= 0x55;
                of(&changed);
            }
        }
        // A file that says it is longer than anything.
        let mut long = tar(&files);
        for length in [&[0x80, 0, 0, 0, 0, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF][..], b"77777777777\0"] {
            long[124..136].copy_from_slice(length);
            summed(&mut long[..512]);
            assert!(!of(&long).says_something() && !of(&gzip(&long)).says_something());
        }
        let stop = || Err(io::Error::other("stopped"));
        assert!(sketch(&&tar(&files)[..], 9000, &stop).is_err());
    }
}
