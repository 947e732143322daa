//! How content becomes stored bytes: probed once per blob, then as it is or as one zstd frame per piece.

use super::frames::Encoding;
use crate::artifact::{BlobRead, PIECE};
use crate::error::{Error, Result};
use std::io::SeekFrom;
use zstd::bulk::{Compressor, Decompressor};

/// Level of the frames that are worth it: level 3 is the last one that keeps up with a disk.
const LEVEL: i32 = 3;
/// Level of a frame within a compressible blob that does not shrink itself: gives up at once and stays a valid zstd frame.
const GIVE_UP: i32 = -50;
/// Length of a sample.
const SAMPLE: usize = 128 << 10;
/// Blobs of at most this length are not worth a frame of their own.
const SMALL: u64 = 4096;

/// The compressor of one thread, with its buffers.
pub struct Encoder {
    worth: Compressor<'static>,
    probe: Compressor<'static>,
    give_up: Compressor<'static>,
    out: Vec<u8>,
}

impl Encoder {
    /// A compressor with room for one frame.
    pub fn new() -> Result<Self> {
        let make = |level| Compressor::new(level).map_err(|e| Error::io("zstd cannot be set up", &e));
        Ok(Self { worth: make(LEVEL)?, probe: make(1)?, give_up: make(GIVE_UP)?, out: vec![0; zstd::zstd_safe::compress_bound(PIECE)] })
    }

    /// Whether a blob is worth compressing: samples from its beginning, middle and end, at the fastest useful level.
    pub fn choose(&mut self, blob: &mut dyn BlobRead) -> Result<Encoding> {
        let size = blob.size();
        if size <= SMALL {
            return Ok(Encoding::Stored);
        }
        let mut sample = vec![0; SAMPLE.min(size as usize)];
        let last = size - sample.len() as u64;
        for at in [0, last / 2, last] {
            let read = blob.seek(SeekFrom::Start(at)).and_then(|_| blob.read_exact(&mut sample));
            read.map_err(|e| Error::io("a blob cannot be read", &e))?;
            if self.shrinks(&sample) {
                return Ok(Encoding::Zstd);
            }
        }
        Ok(Encoding::Stored)
    }

    /// Whether a sample loses at least 3 % of its length.
    fn shrinks(&mut self, sample: &[u8]) -> bool {
        let length = self.probe.compress_to_buffer(sample, &mut self.out[..]).unwrap_or(usize::MAX);
        length <= sample.len() / 100 * 97
    }

    /// One zstd frame of a piece of content.
    pub fn frame(&mut self, content: &[u8]) -> Result<&[u8]> {
        let middle = content.len().saturating_sub(SAMPLE) / 2;
        let worth = content.len() <= SAMPLE || self.shrinks(&content[middle..middle + SAMPLE]);
        let compressor = if worth { &mut self.worth } else { &mut self.give_up };
        let length = compressor.compress_to_buffer(content, &mut self.out[..]).map_err(|e| Error::io("zstd failed", &e))?;
        Ok(&self.out[..length])
    }
}

/// How many bytes a blob takes on a volume that is not recoded.
pub fn stored_length(blob: &mut dyn BlobRead) -> Result<u64> {
    let (mut encoder, size) = (Encoder::new()?, blob.size());
    if encoder.choose(blob)? == Encoding::Stored {
        return Ok(size);
    }
    let wrong = |e: &std::io::Error| Error::io("a blob cannot be read", e);
    let (mut stored, mut left) = (0, size);
    blob.seek(SeekFrom::Start(0)).map_err(|e| wrong(&e))?;
    let mut content = vec![0; PIECE.min(size as usize)];
    while left > 0 {
        content.truncate(left.min(PIECE as u64) as usize);
        blob.read_exact(&mut content).map_err(|e| wrong(&e))?;
        stored += encoder.frame(&content)?.len() as u64;
        left -= content.len() as u64;
    }
    Ok(stored)
}

/// The decompressor of one thread.
pub struct Decoder {
    zstd: Decompressor<'static>,
}

impl Decoder {
    /// A decompressor.
    pub fn new() -> Result<Self> {
        Ok(Self { zstd: Decompressor::new().map_err(|e| Error::io("zstd cannot be set up", &e))? })
    }

    /// Decodes exactly one zstd frame that holds exactly `content.len()` bytes. Called only for bytes whose BLAKE3 is the signed one.
    pub fn frame(&mut self, stored: &[u8], content: &mut [u8]) -> Result<()> {
        let single = zstd::zstd_safe::find_frame_compressed_size(stored).ok() == Some(stored.len());
        let announced = zstd::zstd_safe::get_frame_content_size(stored).ok().flatten() == Some(content.len() as u64);
        if single && announced && self.zstd.decompress_to_buffer(stored, content).ok() == Some(content.len()) {
            return Ok(());
        }
        Err(Error::verification("a frame is signed but is not one zstd frame of the signed length")
            .hint("the bundle was made by a faulty or malicious tool"))
    }
}

#[cfg(test)]
mod tests {
    use super::Decoder;

    /// T5: only one frame that announces exactly the signed length, and fills it, is decoded.
    #[test]
    fn a_frame_never_gives_more_or_less_than_was_signed() {
        let mut decoder = Decoder::new().expect("a decompressor");
        let mut decode = |stored: &[u8], length: usize| decoder.frame(stored, &mut vec![0; length]).is_ok();
        let pack = |bytes: &[u8]| zstd::bulk::compress(bytes, 3).expect("packed");
        let frame = pack(&[7; 1000]);
        assert!(decode(&frame, 1000));
        assert!(!decode(&frame, 999) && !decode(&frame, 1001), "another length than was signed");
        let bomb = pack(&vec![0; 64 << 20]);
        assert!(bomb.len() < 10_000 && !decode(&bomb, 1000), "a bomb is not begun");
        assert!(!decode(&[&frame[..], &frame].concat(), 2000), "two frames");
        assert!(!decode(&[&frame[..], b"x"].concat(), 1000), "bytes behind the frame");
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..], &frame].concat();
        assert!(!decode(&skippable, 1000), "a skippable frame in front");
        assert!(!decode(&frame[..frame.len() - 1], 1000) && !decode(b"", 0), "a frame that is cut");
        let mut stream = zstd::Encoder::new(Vec::new(), 3).expect("a compressor");
        std::io::Write::write_all(&mut stream, &[7; 1000]).expect("packed");
        assert!(!decode(&stream.finish().expect("packed"), 1000), "a frame that does not say how long it is");
        let mut trained = zstd::bulk::Compressor::with_dictionary(3, &[b'd'; 4096]).expect("a compressor");
        let with_dictionary = trained.compress(&[b'd'; 1000]).expect("packed");
        let told = zstd::zstd_safe::get_dict_id_from_frame(&with_dictionary).is_some();
        assert!(!told || !decode(&with_dictionary, 1000), "a frame that needs a dictionary");
    }
}
