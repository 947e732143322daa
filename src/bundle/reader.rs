//! Reading frames: each byte of the payload once, in the order of the volumes, on as many threads as there are blobs and cores.

use super::authentic::{Authentic, COPY_AGAIN};
use super::encode::Decoder;
use super::frames::{BlobEntry, Encoding, Frame, LONGEST_FRAME};
use super::volumes::read_at;
use crate::artifact::{AlignedBuffer, BlobIntake, BlobSink, PIECE};
use crate::error::{Error, Kind, Result, shown};
use crate::progress::{Progress, Silent, go_on};
use std::sync::atomic::{AtomicBool, Ordering};

/// The buffers of one reading thread.
pub struct FrameReader {
    stored: AlignedBuffer,
    /// Once there is a frame that has to be decompressed.
    content: Option<AlignedBuffer>,
    decoder: Decoder,
}

/// Where the blobs of a bundle go.
pub struct Delivery<'a> {
    /// The bundle.
    pub bundle: &'a Authentic,
    /// What takes them in.
    pub intake: &'a dyn BlobIntake,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
    /// Name of the phase in reports.
    pub phase: &'static str,
    /// Set once another thread has failed: then nothing needs to be ended.
    pub stop: &'a AtomicBool,
}

impl FrameReader {
    /// Buffers for one frame.
    pub fn new() -> Result<Self> {
        Ok(Self { stored: AlignedBuffer::new(LONGEST_FRAME), content: None, decoder: Decoder::new()? })
    }

    /// Gives back what recoded blobs do not need.
    pub fn rest(&mut self) {
        self.content = None;
    }

    /// The content of a blob's `n`th frame, or the piece of its stream where it is recoded. With `authenticate`, the stored bytes are compared with their BLAKE3 first; without, only
    /// compressed ones are, because no decoder may see bytes that were not signed, while plain ones are covered by the blob's SHA-256.
    pub fn content(&mut self, bundle: &Authentic, blob: &BlobEntry, n: usize, authenticate: bool) -> Result<&[u8]> {
        self.stored(bundle, blob, n, authenticate || blob.encoding != Encoding::Stored)?;
        match blob.encoding {
            Encoding::Stored | Encoding::Recoded => Ok(&self.stored),
            Encoding::Zstd => {
                let content = self.content.get_or_insert_with(|| AlignedBuffer::new(PIECE));
                content.set_length(blob.content_length(n));
                let decoded = self.decoder.frame(&self.stored, content);
                decoded.map_err(|e| e.about(bundle.owner(&blob.digest)).with("digest", blob.digest))?;
                Ok(content)
            }
        }
    }

    /// The content that was read last, which was of that blob.
    pub fn last(&self, blob: &BlobEntry) -> &[u8] {
        match blob.encoding {
            Encoding::Stored | Encoding::Recoded => &self.stored,
            Encoding::Zstd => self.content.as_deref().unwrap_or_default(),
        }
    }

    /// The stored bytes of a blob's `n`th frame; compared with their BLAKE3 when asked, and worked out from parity where they are lost.
    pub fn stored(&mut self, bundle: &Authentic, blob: &BlobEntry, n: usize, authenticate: bool) -> Result<&[u8]> {
        let frame = &bundle.table.frames_of(blob)[n];
        if bundle.lacks_volume(usize::from(frame.volume)) {
            self.read_kept(bundle, blob, n)?;
            return Ok(&self.stored);
        }
        let read = self.load(bundle, frame).and_then(|()| if authenticate { check(bundle, blob, n, &self.stored) } else { Ok(()) });
        match (read, &bundle.mender) {
            (Err(_), Some(mender)) => {
                let about = |e: Error| e.about(bundle.owner(&blob.digest)).about(bundle.statement.label());
                mender.frame(&bundle.volumes, frame, &mut self.stored).map_err(about)?;
            }
            (read, _) => read?,
        }
        Ok(&self.stored)
    }

    fn load(&mut self, bundle: &Authentic, frame: &Frame) -> Result<()> {
        let volume = &bundle.volumes[usize::from(frame.volume)];
        read_at(&volume.path, &*volume.file, self.room(frame), frame.offset)
    }

    /// The buffer for the stored bytes of a frame.
    pub(super) fn room(&mut self, frame: &Frame) -> &mut [u8] {
        self.stored.set_length(frame.stored as usize);
        &mut self.stored
    }

    /// Moves one blob from the medium into the intake, going on where an earlier run stopped. What that run left may not be what it wrote,
    /// if the power failed: then the blob is received once more from its beginning, before anything is said about the medium. So it is where
    /// parity may help, and then each frame is compared before it is taken.
    pub fn deliver(&mut self, to: &Delivery<'_>, blob: &BlobEntry) -> Result<()> {
        let Some(mut sink) = to.intake.receive(&blob.digest, blob.size)? else {
            to.progress.advance(to.phase, blob.size);
            return Ok(());
        };
        let again = sink.offset() > 0 || to.bundle.mender.is_some();
        // What lies on a volume that is not here cannot be received once more: then nothing is taken before it is compared, so that what is
        // damaged is named and what is kept stays.
        let once = to.bundle.table.frames_of(blob).iter().any(|frame| to.bundle.lacks_volume(usize::from(frame.volume)));
        if !self.fill(to, blob, sink.as_mut(), to.progress, (blob.frames, once))? {
            return Ok(());
        }
        let mut outcome = sink.finish();
        if again && is_mismatch(&outcome) {
            let Some(mut sink) = to.intake.receive(&blob.digest, blob.size)? else { return Ok(()) };
            sink.rewind(0)?;
            if !self.fill(to, blob, sink.as_mut(), &Silent, (blob.frames, true))? {
                return Ok(());
            }
            outcome = sink.finish();
        }
        match outcome {
            Err(error) if error.kind() == Kind::Verification => Err(self.find_damage(to.bundle, blob, error)),
            other => other,
        }
    }

    /// Writes a blob's frames from where the sink stands up to one; false when it was told to stop before.
    pub(super) fn fill(
        &mut self,
        to: &Delivery<'_>,
        blob: &BlobEntry,
        sink: &mut dyn BlobSink,
        progress: &dyn Progress,
        (upto, authenticate): (usize, bool),
    ) -> Result<bool> {
        let there = sink.offset();
        // The last frame may be shorter than a piece: a blob of which every byte is there is not read again.
        let start = if there == blob.size { there } else { there / PIECE as u64 * PIECE as u64 };
        sink.rewind(start)?;
        progress.advance(to.phase, start);
        for n in start.div_ceil(PIECE as u64) as usize..upto {
            go_on(to.progress)?;
            if to.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let content = self.content(to.bundle, blob, n, authenticate)?;
            sink.write(content)?;
            progress.advance(to.phase, content.len() as u64);
        }
        Ok(true)
    }

    /// A blob has the wrong digest: its frames are read again to name the one that is damaged.
    fn find_damage(&mut self, bundle: &Authentic, blob: &BlobEntry, error: Error) -> Error {
        for n in 0..blob.frames {
            if let Err(found) = self.content(bundle, blob, n, true) {
                return found;
            }
        }
        error.about(bundle.owner(&blob.digest)).hint("every frame is as signed, but the blob is not: it was damaged before it was packed")
    }
}

fn is_mismatch(outcome: &Result<()>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == Kind::Verification)
}

fn check(bundle: &Authentic, blob: &BlobEntry, n: usize, stored: &[u8]) -> Result<()> {
    let frame = &bundle.table.frames_of(blob)[n];
    let found = *blake3::hash(stored).as_bytes();
    if found == frame.blake3 {
        return Ok(());
    }
    let short = |hash: &[u8; 32]| format!("{}…", data_encoding::HEXLOWER.encode(&hash[..8]));
    let path = &bundle.volumes[usize::from(frame.volume)].path;
    Err(Error::verification(format!("{}: frame {} of {} does not match the signed table", bundle.owner(&blob.digest), n + 1, blob.frames))
        .with("expected", format!("blake3 {}", short(&frame.blake3)))
        .with("found", format!("blake3 {}", short(&found)))
        .with("at", format!("byte {} of volume {}, {}", frame.offset, frame.volume + 1, shown(path)))
        .with_all("another copy", &bundle.copies[usize::from(frame.volume)])
        .hint(COPY_AGAIN))
}
