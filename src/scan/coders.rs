//! What packing by LZMA (`.xz`, `.lzma`), lz4 and zlib needs beside a decoder: a bound of memory, all streams that stand one behind the other,
//! and what stands behind the last. Readers of models read on where another stream follows.

use flate2::bufread::ZlibDecoder;
use lz4_flex::frame::FrameDecoder;
use lzma_rust2::{LzmaReader, XzReader};
use std::io::{self, BufRead, Read};

/// Most memory of a decoder of LZMA, in KiB: windows of 128 MiB, as of zstd, and what is held beside one.
const MEMORY: u32 = (128 << 10) + (8 << 10);
/// The longest content that a `.lzma` says it has, as strict readers take it.
const LONGEST: u64 = 1 << 38;

/// Whether bytes may begin a `.lzma` file, which has no mark: properties, a size of the window and a length that its reader takes (liblzma).
pub(super) fn begins_lzma(start: &[u8]) -> bool {
    let Some(([properties, window @ ..], rest)) = start.split_first_chunk::<5>() else { return false };
    let Some(length) = rest.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes)) else { return false };
    let window = u32::from_le_bytes(*window);
    // A power of two, or the sum of one and its half.
    let usual = window == u32::MAX || window.is_power_of_two() || window.count_ones() == 2 && (window & (window >> 1)) != 0;
    *properties < 225 && usual && (length == u64::MAX || length < LONGEST)
}

/// A decoder that is asked for nothing more once it has failed, and never for nothing.
pub(super) struct Fused<R> {
    inner: R,
    failed: bool,
    /// What the operating system said then.
    code: Option<i32>,
}

impl<R: Read> Fused<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, failed: false, code: None }
    }

    pub fn inner(&self) -> &R {
        &self.inner
    }
}

impl<R: Read> Read for Fused<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match (self.failed, self.code) {
            (true, Some(code)) => Err(io::Error::from_raw_os_error(code)),
            (true, None) => Err(io::Error::new(io::ErrorKind::InvalidData, "it cannot be unpacked further")),
            (false, _) if buffer.is_empty() => Ok(0),
            (false, _) => self.inner.read(buffer).inspect_err(|error| (self.failed, self.code) = (true, error.raw_os_error())),
        }
    }
}

/// All streams of an `.xz` file; what is no stream behind one is an error.
pub(super) fn xz<R: Read>(packed: R) -> Fused<XzReader<R>> {
    Fused::new(XzReader::new_mem_limit(packed, true, MEMORY))
}

/// All frames of an lz4 file. The decoder stops between two, and at blocks without content.
pub(super) struct Lz4<R: BufRead>(FrameDecoder<R>);

pub(super) fn lz4<R: BufRead>(packed: R) -> Fused<Lz4<R>> {
    Fused::new(Lz4(FrameDecoder::new(packed)))
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(buffer)?;
            if read > 0 || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(read);
            }
        }
    }
}

/// A decoder of one stream, behind which others may stand.
pub(super) enum Single<R: BufRead> {
    Begins(R),
    Lzma(Box<LzmaReader<R>>),
    Zlib { decoder: Box<ZlibDecoder<R>>, begun: bool },
    Ended { trailing: bool },
}

impl<R: BufRead> Single<R> {
    pub fn lzma(packed: R) -> Self {
        Self::Begins(packed)
    }

    pub fn zlib(packed: R) -> Self {
        Self::Zlib { decoder: Box::new(ZlibDecoder::new(packed)), begun: false }
    }

    /// Whether something stands behind the end, once that was reached.
    pub fn trailing(&self) -> bool {
        matches!(self, Self::Ended { trailing: true })
    }
}

impl<R: BufRead> Read for Single<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self {
            Self::Ended { .. } => return Ok(0),
            Self::Begins(_) => None,
            Self::Lzma(decoder) => Some(decoder.read(buffer)?),
            // What a call gives before an error is lost: the first byte is asked for alone, so that it is known whether anything comes.
            Self::Zlib { decoder, begun } => {
                let most = if std::mem::replace(begun, true) { buffer.len() } else { 1 };
                Some(decoder.read(&mut buffer[..most])?)
            }
        };
        if let Some(read) = read.filter(|read| *read > 0) {
            return Ok(read);
        }
        *self = match std::mem::replace(self, Self::Ended { trailing: false }) {
            Self::Begins(packed) => {
                let mut decoder = LzmaReader::new_mem_limit(packed, MEMORY, None)?;
                decoder.set_relaxed_end_condition(false);
                // What came before an error is seen by other readers too.
                decoder.set_defer_errors(true);
                Self::Lzma(Box::new(decoder))
            }
            Self::Lzma(decoder) => {
                let (mut rest, unused) = decoder.into_parts();
                Self::Ended { trailing: !unused.is_empty() || !rest.fill_buf()?.is_empty() }
            }
            Self::Zlib { decoder, .. } => Self::Ended { trailing: !decoder.into_inner().fill_buf()?.is_empty() },
            ended @ Self::Ended { .. } => ended,
        };
        self.read(buffer)
    }
}
