//! Frames of zstd (RFC 8878): what their headers say, and their plain bytes.

use super::limits::LARGEST_WINDOW;
use super::source::{Part, ReadAt};
use std::io;
use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

/// What a frame begins with.
pub const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// Longest header.
pub const LONGEST_HEADER: usize = 18;
/// How much is read, and unpacked, at a time.
const READ: u64 = 128 << 10;

/// What the header of a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Bytes that its decoder keeps.
    pub window: u64,
    /// Whether that is all of the frame.
    pub single: bool,
    /// Length of the plain bytes, where it is said.
    pub size: Option<u64>,
    /// Whether a checksum follows the last block.
    pub checksum: bool,
}

impl FrameHeader {
    /// The header that stands there; None where it is none, needs a dictionary or a larger window than is kept here.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let descriptor = *bytes.get(4).filter(|_| bytes.starts_with(&MAGIC))?;
        let single = descriptor & 0x20 != 0;
        // A reserved bit, and two for a dictionary.
        if descriptor & 0x0B != 0 {
            return None;
        }
        let mut at = 5;
        let mut window = 0;
        if !single {
            let byte = *bytes.get(at)?;
            let base = 1u64 << (10 + (byte >> 3));
            window = base + base / 8 * u64::from(byte & 7);
            at += 1;
        }
        let length = match descriptor >> 6 {
            0 => usize::from(single),
            shift => 1 << shift,
        };
        let number = bytes.get(at..at + length)?.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        let size = if length == 2 { number + 256 } else { number };
        let window = if single { size } else { window };
        let header = Self { window, single, size: (length > 0).then_some(size), checksum: descriptor & 4 != 0 };
        (window <= 1 << LARGEST_WINDOW).then_some(header)
    }
}

/// Is handed plain bytes.
pub type Take<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;

/// Unpacks frames one after the other. Takes as much memory as the largest window, and keeps it: an allocator would keep that for each thread that
/// ever unpacked one.
pub struct Unpacker(DCtx<'static>);

impl Default for Unpacker {
    fn default() -> Self {
        Self(DCtx::create())
    }
}

impl Unpacker {
    /// Unpacks the frame that a part begins with and hands its plain bytes on: its length and that of the plain bytes. None where it is no
    /// good one, does not end, or has more than `most` plain bytes.
    pub fn unpack(&mut self, part: Part<'_>, most: u64, take: Take<'_>) -> io::Result<Option<(u64, u64)>> {
        let Self(context) = self;
        if FrameHeader::parse(&part.some(0, LONGEST_HEADER)?).is_none()
            || context.reset(ResetDirective::SessionOnly).is_err()
            || context.set_parameter(DParameter::WindowLogMax(LARGEST_WINDOW)).is_err()
        {
            return Ok(None);
        }
        unpack_by(context, part, most, take)
    }
}

fn unpack_by(context: &mut DCtx<'_>, part: Part<'_>, most: u64, take: Take<'_>) -> io::Result<Option<(u64, u64)>> {
    let (mut packed, mut plain) = (0u64, 0u64);
    let (mut input, mut out) = (Vec::new(), Vec::with_capacity(READ as usize));
    loop {
        input.resize((part.length() - packed).min(READ) as usize, 0);
        part.fill(packed, &mut input)?;
        let mut from = InBuffer::around(&input);
        loop {
            out.clear();
            let before = from.pos;
            let Ok(left) = context.decompress_stream(&mut OutBuffer::around(&mut out), &mut from) else { return Ok(None) };
            packed += (from.pos - before) as u64;
            plain += out.len() as u64;
            if plain > most {
                return Ok(None);
            }
            take(&out)?;
            if left == 0 {
                return Ok(Some((packed, plain)));
            }
            if from.pos == input.len() && out.len() < out.capacity() {
                break;
            }
        }
        if packed == part.length() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameHeader, MAGIC, Part, Unpacker};

    fn header(bytes: &[u8]) -> Option<FrameHeader> {
        FrameHeader::parse(&[&MAGIC[..], bytes].concat())
    }

    #[test]
    fn headers_of_all_kinds_are_read() {
        let said = |window, single, size, checksum| Some(FrameHeader { window, single, size, checksum });
        assert_eq!(header(&[0x04, 0x68]), said(1 << 23, false, None, true));
        assert_eq!(header(&[0x20, 200]), said(200, true, Some(200), false));
        assert_eq!(header(&[0x60, 0, 1]), said(512, true, Some(512), false));
        assert_eq!(header(&[0x80, 0x59, 1, 0, 16, 0]), said((1 << 21) + (1 << 18), false, Some((1 << 20) + 1), false));
        assert_eq!(header(&[0xC0, 0x60, 0, 0, 0, 0, 1, 0, 0, 0]), said(1 << 22, false, Some(1 << 32), false));
        // A larger window, a dictionary, a reserved bit, too short.
        for refused in [&[0x04, 0x69][..], &[0x21, 1, 200], &[0x28, 200], &[0x60, 0]] {
            assert_eq!(header(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn frames_end_where_they_end() {
        let plain: Vec<u8> = (0..400_000u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        let mut bytes = zstd::bulk::compress(&plain, 3).expect("a frame");
        let length = bytes.len() as u64;
        bytes.extend_from_slice(b"and more");
        // One for all: what was broken off before does no harm.
        let mut unpacker = Unpacker::default();
        let mut unpacked = |bytes: &[u8], most| {
            let mut out = Vec::new();
            let mut take = |bytes: &[u8]| {
                out.extend_from_slice(bytes);
                Ok(())
            };
            let lengths = unpacker.unpack(Part::new(&bytes, 0, bytes.len() as u64), most, &mut take).expect("bytes in memory");
            (lengths, out)
        };
        let size = plain.len() as u64;
        assert_eq!(unpacked(&bytes, size), (Some((length, size)), plain));
        assert_eq!(unpacked(&bytes, size - 1).0, None);
        assert_eq!(unpacked(&bytes[..length as usize - 1], size).0, None);
        bytes[length as usize / 2] ^= 0x10;
        bytes.truncate(length as usize);
        assert_ne!(unpacked(&bytes, size).0, Some((length, size - 1)));
    }
}
