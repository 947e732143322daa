//! Frames of zstd in blobs and bases, as the library writes them for those who use it.

use super::{Error, How, encoded, revised, round, tar, text, zip};
use std::io::Write;

/// How a program writes a frame.
#[derive(Clone, Copy)]
struct Writer {
    level: i32,
    workers: u32,
    checksum: bool,
    sized: bool,
}

const CONDA: Writer = Writer { level: 19, workers: 1, checksum: false, sized: true };
const STREAMED: Writer = Writer { level: 3, workers: 0, checksum: true, sized: false };

fn frame(plain: &[u8], writer: Writer) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), writer.level).expect("a level");
    if writer.workers > 0 {
        encoder.multithread(writer.workers).expect("threads");
    }
    encoder.include_checksum(writer.checksum).expect("a flag");
    if writer.sized {
        encoder.set_pledged_src_size(Some(plain.len() as u64)).expect("a length");
    }
    plain.chunks(50_000).for_each(|bytes| encoder.write_all(bytes).expect("memory"));
    encoder.finish().expect("a frame")
}

/// A package as Conda has them.
fn package(seed: u64, revision: u64) -> Vec<u8> {
    let new = |bytes: Vec<u8>| if revision > 0 { revised(&bytes, revision) } else { bytes };
    let files = [new(text(seed, 700_000)), text(seed + 1, 90_000)];
    let within = super::gzip(&new(text(seed + 2, 60_000)), 6, true);
    let content = tar(&[("lib/a", &files[0]), ("lib/b", &files[1]), ("share/c.gz", &within)]);
    let info = tar(&[("info/index.json", &new(text(seed + 3, 3_000)))]);
    let (content, info) = (frame(&content, CONDA), frame(&info, CONDA));
    zip(&[("metadata.json", b"{}", How::Stored), ("pkg-a.tar.zst", &content, How::Stored), ("info-a.tar.zst", &info, How::Stored)], b"")
}

#[test]
fn packages_come_back_and_have_their_old_version_as_base() {
    let (old, new) = (package(1, 0), package(1, 9));
    let made = round(&new, &[]);
    assert!(made.deflated > new.len() as u64 - 1000, "{made:?}");
    let small = round(&new, &[&old]);
    assert!(small.bases == 1 && small.length * 20 < new.len() as u64, "{small:?} of {}", new.len());
}

#[test]
fn frames_of_many_writers_come_back() {
    let plain = text(5, 700_000);
    let mut blobs = Vec::new();
    for level in [-3, 1, 3, 9, 16] {
        for (workers, sized) in [(0, false), (0, true), (1, true), (3, false)] {
            blobs.push(frame(&plain, Writer { level, workers, checksum: sized, sized }));
        }
        // All at once, and less than a block.
        blobs.push(zstd::bulk::compress(&plain, level).expect("a frame"));
        blobs.push(frame(&plain[..20_000], Writer { level, ..STREAMED }));
    }
    for blob in blobs {
        let made = round(&blob, &[]);
        assert_eq!(made.deflated, blob.len() as u64, "{:?}", &blob[..12]);
    }
}

#[test]
fn frames_behind_each_other_and_between_skipped_ones_come_back() {
    let mut blob = frame(&text(1, 300_000), STREAMED);
    let first = blob.len();
    blob.extend_from_slice(&[0x53, 0x2A, 0x4D, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5]);
    blob.extend(frame(&text(2, 200_000), CONDA));
    assert_eq!(round(&blob, &[]).deflated, blob.len() as u64 - 13);
    // A frame that is damaged is none, and ends the search.
    blob[first - 3] ^= 1;
    assert!(round(&blob, &[]).deflated < blob.len() as u64 / 2);
    blob.truncate(first / 2);
    assert_eq!(round(&blob, &[]).deflated, 0);
}

#[test]
fn damage_of_a_base_with_frames_is_named() {
    let (old, new) = (package(1, 0), package(1, 9));
    let (stream, _) = encoded(&new, &[&old], &super::EFFORT);
    let own = super::Bases::new(&[&old]);
    for at in [200, old.len() / 2] {
        let mut changed = old.clone();
        changed[at] ^= 0x40;
        let file = super::file(&changed);
        let bases = [super::Base { digest: own.0[0].0, file: &file, at: 0, size: old.len() as u64 }];
        let mut out = Vec::new();
        let done = super::decode(&mut &stream[..], new.len() as u64, &bases, 2, &tempfile::tempfile, &mut out);
        assert!(matches!(done, Err(Error::Base { .. })) || out != new, "{done:?}");
    }
    // No room for what is unpacked is nobody's fault but the disk's.
    let full = || -> std::io::Result<std::fs::File> { Err(std::io::ErrorKind::StorageFull.into()) };
    let done = super::decode(&mut &stream[..], new.len() as u64, &own.all(), 2, &full, &mut Vec::new());
    assert!(matches!(done, Err(Error::Io { .. })), "{done:?}");
}
