//! Compressed streams, unpacked within bounds: what they give is capped by what they take.

use super::budget::Budget;
use super::coders::{self, Fused, Single};
use super::finding::{Findings, settle};
use super::members::Members;
use super::rules;
use crate::error::Result;
use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

/// How a stream is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// bzip2.
    Bzip2,
    /// RFC 1950, which has no mark of its own: only who knows of it says so.
    Zlib,
    /// xz.
    Xz,
    /// `.lzma`, the form before xz, which has no mark of its own either.
    Lzma,
    /// Frames of lz4.
    Lz4,
}

/// Largest zstd window, as a power of two: 128 MiB, what `zstd --long` and conda packers use at most.
const WINDOW: u32 = 27;

impl Packing {
    /// What the first four bytes say.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', ..] => Self::Xz,
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Lz4,
            _ => Self::None,
        }
    }

    /// What bytes may be packed by that have no mark: as many of them as there are say more.
    pub fn without_mark(start: &[u8]) -> Option<Self> {
        match start {
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some(Self::Zlib),
            _ => coders::begins_lzma(start).then_some(Self::Lzma),
        }
    }
}

/// A stream gave more than its length lets expect.
#[derive(Debug)]
pub(super) struct Expands(u64);

impl fmt::Display for Expands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it unpacks to more than {} bytes and was not read further", self.0)
    }
}

impl std::error::Error for Expands {}

/// Ends a stream that gives more than it may, by itself or together with the others of its blob.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
    most: u64,
    budget: Arc<Budget>,
}

impl<R> Bounded<R> {
    /// Of a stream that takes `packed` bytes.
    pub fn new(inner: R, packed: u64, budget: Arc<Budget>) -> Self {
        let most = Budget::most(packed);
        Self { inner, left: most, most, budget }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            self.left = 0;
            return Err(io::Error::other(Expands(self.most)));
        };
        self.left = left;
        self.budget.take(read as u64).map_err(|most| io::Error::other(Expands(most)))?;
        Ok(read)
    }
}

/// Gives `look` what a stream of `size` packed bytes unpacks to, and tells what is wrong with the packing: what `look` leaves is read too.
/// Where no budget was set for the blob, the stream is taken for the blob.
pub fn unpacked(
    packing: Packing,
    size: u64,
    packed: &mut (impl Read + ?Sized),
    place: &str,
    found: &mut Findings,
    look: impl FnOnce(&mut dyn BufRead, &mut Findings) -> Result<()>,
) -> Result<()> {
    let mut packed = BufReader::with_capacity(64 << 10, packed);
    if packing == Packing::None {
        return all(&mut packed, place, found, look);
    }
    let budget = found.budget(size);
    let Some(_deeper) = budget.enter() else {
        found.add(rules::NOT_EXAMINED, place, "it is packed within too many others");
        return Ok(());
    };
    let bounded = Bounds { size, budget: &budget };
    match packing {
        Packing::None => Ok(()),
        Packing::Gzip => {
            let mut gzip = Members::<GzDecoder<_>>::new(packed);
            all(&mut bounded.of(&mut gzip), place, found, look)?;
            if gzip.count > 1 {
                found.add(rules::GZIP_MEMBERS, place, format!("{} members", gzip.count));
            }
            if gzip.trailing {
                found.add(rules::GZIP_TRAILING, place, "bytes behind the last gzip member");
            }
            Ok(())
        }
        Packing::Zstd => {
            let decoder = zstd::Decoder::with_buffer(packed).and_then(|mut decoder| decoder.window_log_max(WINDOW).map(|()| decoder));
            match decoder {
                Ok(decoder) => all(&mut bounded.of(decoder), place, found, look),
                Err(error) => settle(Err(error.into()), place, found),
            }
        }
        Packing::Bzip2 => {
            let mut bzip2 = Members::<BzDecoder<_>>::new(packed);
            all(&mut bounded.of(&mut bzip2), place, found, look)?;
            if bzip2.trailing {
                found.add(rules::GZIP_TRAILING, place, "bytes behind the last bzip2 stream");
            }
            Ok(())
        }
        Packing::Zlib => bounded.single(Single::zlib(packed), place, found, look),
        Packing::Lzma => bounded.single(Single::lzma(packed), place, found, look),
        Packing::Xz => all(&mut bounded.of(coders::xz(packed)), place, found, look),
        Packing::Lz4 => all(&mut bounded.of(coders::lz4(packed)), place, found, look),
    }
}

/// What a stream may give.
struct Bounds<'a> {
    size: u64,
    budget: &'a Arc<Budget>,
}

impl Bounds<'_> {
    fn of<R>(&self, stream: R) -> Bounded<R> {
        Bounded::new(stream, self.size, self.budget.clone())
    }

    fn single(
        &self,
        stream: Single<impl BufRead>,
        place: &str,
        found: &mut Findings,
        look: impl FnOnce(&mut dyn BufRead, &mut Findings) -> Result<()>,
    ) -> Result<()> {
        let mut stream = Fused::new(stream);
        all(&mut self.of(&mut stream), place, found, look)?;
        if stream.inner().trailing() {
            found.add(rules::GZIP_TRAILING, place, "bytes behind the end of the packed stream");
        }
        Ok(())
    }
}

fn all(
    stream: &mut dyn Read,
    place: &str,
    found: &mut Findings,
    look: impl FnOnce(&mut dyn BufRead, &mut Findings) -> Result<()>,
) -> Result<()> {
    let mut stream = BufReader::with_capacity(64 << 10, stream);
    found.halted = false;
    look(&mut stream, found)?;
    if found.halted {
        return Ok(());
    }
    settle(io::copy(&mut stream, &mut io::sink()).map(|_| ()).map_err(Into::into), place, found)
}
