//! What lies between the frames of a volume: tar headers, alignment, the end. A function of the frame table alone, used to write it and
//! to check that nothing else is there.

use super::frames::{Encoding, FrameTable};
use super::member::{BLOCK, END, MAX_MEMBER, PAD, blob_name, header, padding};
use crate::error::Result;

/// Stored blobs of at least this length begin at a multiple of 4096 in the volume, so that a file system can share their blocks.
const ALIGN_FROM: u64 = 64 << 10;
const ALIGNMENT: u64 = 4096;

/// Where the data of the next member begins, when the one before ended at `end`.
pub fn data_start(end: u64, size: u64, encoding: Encoding) -> u64 {
    let earliest = end.next_multiple_of(BLOCK) + BLOCK;
    match encoding {
        Encoding::Stored if size >= ALIGN_FROM => earliest.next_multiple_of(ALIGNMENT),
        _ => earliest,
    }
}

/// The bytes from `end` to the data of the next member at `start`: padding, a `.pad` member where alignment leaves blocks over, the header.
pub fn gap(end: u64, start: u64, next: &[u8; 512]) -> Vec<u8> {
    let mut bytes = vec![0; padding(end) as usize];
    let left = start - BLOCK - end.next_multiple_of(BLOCK);
    if left > 0 {
        bytes.extend_from_slice(&header(PAD, left - BLOCK));
        bytes.resize(bytes.len() + (left - BLOCK) as usize, 0);
    }
    bytes.extend_from_slice(next);
    bytes
}

/// The bytes that end a volume whose last member ended at `end`.
pub fn ending(end: u64) -> Vec<u8> {
    vec![0; (padding(end) + END) as usize]
}

/// A stretch of a volume that holds no frame, with the bytes it must have.
#[derive(Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Volume, from 0.
    pub volume: u16,
    /// Offset of its first byte.
    pub offset: u64,
    /// What must stand there.
    pub bytes: Vec<u8>,
    /// Whether the volume ends with it.
    pub last: bool,
}

/// One member of the payload.
struct Part {
    blob: usize,
    volume: u16,
    start: u64,
    end: u64,
}

fn parts(table: &FrameTable) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (index, blob) in table.blobs.iter().enumerate() {
        for frame in table.frames_of(blob) {
            let end = frame.offset + u64::from(frame.stored);
            match parts.last_mut() {
                Some(part) if part.blob == index && part.volume == frame.volume && part.end == frame.offset => part.end = end,
                _ => parts.push(Part { blob: index, volume: frame.volume, start: frame.offset, end }),
            }
        }
    }
    parts
}

/// Hands every stretch between head and end of every volume to `check`, in order. `head` is the offset at which each head ends. Returns
/// false when members do not lie where this table's members must, so that no volume can look like it.
pub fn stretches(table: &FrameTable, head: u64, volumes: usize, mut check: impl FnMut(Stretch) -> Result<()>) -> Result<bool> {
    let parts = parts(table);
    if parts.iter().any(|p| p.end - p.start > MAX_MEMBER) {
        return Ok(false);
    }
    let (mut volume, mut end, mut number) = (0u16, head, 0);
    for (i, part) in parts.iter().enumerate() {
        while volume < part.volume {
            check(Stretch { volume, offset: end, bytes: ending(end), last: true })?;
            (volume, end) = (volume + 1, head);
        }
        let blob = &table.blobs[part.blob];
        let continues = i > 0 && parts[i - 1].blob == part.blob;
        number = if continues { number + 1 } else { 0 };
        let alone = !continues && parts.get(i + 1).is_none_or(|p| p.blob != part.blob);
        let name = blob_name(&blob.digest, blob.encoding, (!alone).then_some(number));
        if part.start != data_start(end, blob.size, blob.encoding) {
            return Ok(false);
        }
        check(Stretch { volume, offset: end, bytes: gap(end, part.start, &header(&name, part.end - part.start)), last: false })?;
        end = part.end;
    }
    while usize::from(volume) < volumes {
        check(Stretch { volume, offset: end, bytes: ending(end), last: true })?;
        (volume, end) = (volume + 1, head);
    }
    Ok(true)
}
