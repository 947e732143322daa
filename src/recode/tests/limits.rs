//! Streams that use all limits of the format at once: they are made again on eight threads, within the memory that is promised. What that is, is
//! measured from outside: `docs/formats/recode.md`.

use crate::artifact::Digest;
use crate::recode::encoder::{Deflater, Encoder};
use crate::recode::format::{BaseTable, Header};
use crate::recode::layout::{Coding, Layout, Stream};
use crate::recode::limits::{MOST_BASES, MOST_REFERENCES, MOST_STREAMS, SLICE};
use crate::recode::similar::Stretch;
use crate::recode::slice::{Method, Slice};
use crate::recode::{Base, Error, decode, zstandard};
use std::fs::File;
use std::io::{BufReader, Seek, Write};
use std::os::unix::fs::FileExt;

const MIB: u64 = 1 << 20;
/// Plain bytes of the DEFLATE stream of each base: enough for all its seek points.
const INFLATED: u64 = 42 * MIB;
/// How much of it one slice goes on: what inflating that takes is just allowed.
const STEP: u64 = 7 * MIB;
/// Bytes of a base that one reference has.
const REFERENCE: u64 = 64 << 10;
/// Plain bytes of a member: as many are made at a time as may be held.
const MEMBER: usize = 2 << 20;

fn noise(length: usize) -> Vec<u8> {
    super::Random(7).bytes(length)
}

fn stream(offset: u64, deflated: u64, plain: u64, coding: Coding) -> Stream {
    Stream { offset, deflated, plain, inner: 0, encoder: 0, coding }
}

/// A base: a stream of stored blocks of zeros, a frame of zstd with the largest window, and many streams of one byte.
fn base(tiny: usize) -> (File, Layout) {
    let file = tempfile::tempfile().expect("a file");
    let mut at = 0;
    for begin in (0..INFLATED).step_by(65_535) {
        let length = (INFLATED - begin).min(65_535) as u16;
        let head = [&[u8::from(begin + 65_535 >= INFLATED)][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
        file.write_all_at(&head, at).expect("room");
        at += 5 + u64::from(length);
    }
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("a level");
    encoder.window_log(23).expect("a window");
    encoder.write_all(&noise(64 << 10)).and_then(|()| encoder.write_all(&vec![0; 12 << 20])).expect("memory");
    let frame = encoder.finish().expect("a frame");
    file.write_all_at(&frame, at).expect("room");
    let plain = (12 << 20) + (64 << 10);
    let end = at + frame.len() as u64;
    let mut streams = vec![stream(0, at, INFLATED, Coding::Deflate), stream(at, frame.len() as u64, plain, Coding::Zstd)];
    streams.extend((0..tiny as u64).map(|n| stream(end + n, 1, 1, Coding::Deflate)));
    let size = end + tiny as u64;
    file.set_len(size).expect("room");
    (file, Layout::new(size, streams, "a base").expect("a table"))
}

/// What slice `n` refers to: all it may, from every base a stretch further than the slices before; the first one a frame as well.
fn references(n: u64, bases: u64) -> Vec<Stretch> {
    let each = MOST_REFERENCES as u64 / bases;
    let at = |base: u64, k: u64| (n * STEP + k * STEP / each).min(INFLATED - REFERENCE) * u64::from(n > 0 || base > 0 || k > 0);
    let stretch = |base: u64, k: u64| Stretch { base: base as usize, offset: at(base, k), length: REFERENCE };
    let mut all: Vec<Stretch> = (0..bases).flat_map(|base| (0..each).map(move |k| (base, k))).map(|(base, k)| stretch(base, k)).collect();
    if n == 0 {
        all[0].offset = INFLATED + MIB;
    }
    all
}

/// Makes a blob of these streams, whose expanded bytes are those of a slice again and again, from so many bases with so many streams in all tables;
/// the CRC-32 of what comes out.
fn made_again(encoder: &Encoder, blob: Layout, bytes: Vec<u8>, (bases, streams): (usize, usize)) -> Result<u32, Error> {
    let (file, table) = base((streams - blob.streams().len()) / bases - 2);
    let digest = |n: usize| Digest::of(&[n as u8]);
    let tables = (0..bases).map(|n| BaseTable { digest: digest(n), layout: table.clone() }).collect();
    let (size, expanded) = (blob.size(), blob.expanded());
    let mut out = tempfile::tempfile().expect("a file");
    let header = Header { encoders: vec![encoder.code().as_bytes().to_vec()], bases: tables, blob };
    out.write_all(&header.write().expect("a header")).expect("room");
    drop(header);
    // A frame that could refer to what it does not need.
    let stored = zstandard::compressed(&bytes, &[], 1).expect("a frame");
    for n in 0..expanded / SLICE as u64 {
        let method = if n % 2 == 0 { Method::Zstd } else { Method::Following };
        let slice = Slice { method, length: SLICE, references: references(n, bases as u64), stored: Vec::new() };
        out.write_all(&slice.head(stored.len())).and_then(|()| out.write_all(&stored)).expect("room");
    }
    drop((bytes, stored));
    out.rewind().expect("a file");
    let size_of_base = table.size();
    drop(table);
    let bases: Vec<Base<'_>> = (0..bases).map(|n| Base { digest: digest(n), file: &file, at: 0, size: size_of_base }).collect();
    let mut sum = Sum(crc32fast::Hasher::new(), 0);
    decode(&mut BufReader::new(out), size, &bases, 8, &tempfile::tempfile, &mut sum)?;
    assert_eq!(sum.1, size);
    Ok(sum.0.finalize())
}

/// The CRC-32 and the length of what is written.
struct Sum(crc32fast::Hasher, u64);

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        self.1 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn made(mut deflater: Box<dyn Deflater>, plain: &[u8], times: usize) -> Vec<u8> {
    let mut out = Vec::new();
    (0..times).for_each(|_| plain.chunks(16 << 10).for_each(|bytes| deflater.write(bytes, &mut out).expect("an encoder")));
    deflater.finish(&mut out).expect("an encoder");
    out
}

#[test]
fn a_stream_that_uses_all_limits_at_once_is_made_on_eight_threads() {
    let encoder = Encoder::from_code(&[4, 1, 8]).expect("an encoder");
    let (bytes, mut streams, mut sum, mut at) = (noise(SLICE), Vec::new(), crc32fast::Hasher::new(), 0);
    let members: Vec<Vec<u8>> = bytes.chunks(MEMBER).map(|plain| made(encoder.start(), plain, 1)).collect();
    for member in (0..6).flat_map(|_| &members) {
        streams.push(stream(at, member.len() as u64, MEMBER as u64, Coding::Deflate));
        sum.update(member);
        at += member.len() as u64;
    }
    drop(members);
    let blob = Layout::new(at, streams, "a blob").expect("a table");
    let made = made_again(&encoder, blob, bytes, (MOST_BASES, MOST_STREAMS));
    assert_eq!(made.expect("within all limits"), sum.finalize(), "other bytes came out");
}

#[test]
fn so_is_one_with_a_frame_of_zstd_that_takes_all_its_encoder_may() {
    let encoder = Encoder::from_code(&[0x20, 19, 0, 4 | 2]).expect("an encoder");
    let (bytes, plain) = (noise(MEMBER).repeat(SLICE / MEMBER), 9 * SLICE as u64);
    let frame = made(encoder.start_of(plain, 0), &bytes, 9);
    let (length, sum) = (frame.len() as u64, crc32fast::hash(&frame));
    drop(frame);
    let Encoder::Zstd(zstd) = &encoder else { panic!("a frame") };
    let memory = zstd.memory(length, plain) / MIB;
    assert!((160..=176).contains(&memory), "{memory}");
    let blob = || Layout::new(length, vec![stream(0, length, plain, Coding::Zstd)], "a blob").expect("a table");
    for (bases, streams) in [(MOST_BASES, 1000), (1, MOST_STREAMS)] {
        let refusal = made_again(&encoder, blob(), bytes.clone(), (bases, streams)).expect_err("too much beside such a frame");
        assert!(refusal.to_string().contains("beside a zstd frame"), "{refusal}");
    }
    assert_eq!(made_again(&encoder, blob(), bytes, (6, 100_000)).expect("within all limits"), sum, "other bytes came out");
}
