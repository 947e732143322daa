//! The inflater against valid, cut and hostile streams.

use std::io::Read;

use super::super::corpora;
use super::super::encoder::{Cut, Encoder, InfoZip, Strategy, Zlib};
use super::{BlockKind, InflateError, InflateReader, Inflater, Observer, Status};

fn zlib(level: u8, memory: u8, strategy: Strategy) -> Encoder {
    Encoder::Zlib(Zlib::new(level, 15, memory, strategy).unwrap(), Cut::Nowhere)
}

fn deflate(encoder: &Encoder, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut running = encoder.start();
    running.write(plain, &mut out).unwrap();
    running.finish(&mut out).unwrap();
    out
}

fn encoders() -> Vec<Encoder> {
    vec![
        zlib(6, 8, Strategy::Default),
        zlib(6, 1, Strategy::Default),
        zlib(6, 8, Strategy::Fixed),
        Encoder::InfoZip(InfoZip::zip(9).unwrap()),
    ]
}

/// Inflates in pieces; gives the plain bytes and how many bytes were consumed.
fn inflate(stream: &[u8], piece: usize) -> Result<(Vec<u8>, u64), InflateError> {
    let mut inflater = Inflater::new(1 << 24);
    let (mut plain, mut at) = (Vec::new(), 0);
    loop {
        let end = (at + piece).min(stream.len());
        let progress = inflater.inflate(&stream[at..end])?;
        at += progress.consumed;
        plain.extend_from_slice(inflater.plain());
        match progress.status {
            Status::Done => {
                assert_eq!(inflater.total_in(), at as u64);
                assert_eq!(inflater.total_out(), plain.len() as u64);
                return Ok((plain, inflater.total_in()));
            }
            Status::NeedInput if at == stream.len() => return Err(InflateError::Truncated),
            _ => {}
        }
    }
}

/// A stream of bits, lowest first, for streams that no encoder makes.
#[derive(Default)]
struct Bits(Vec<u8>, u32);

impl Bits {
    fn put(mut self, value: u32, count: u32) -> Self {
        for at in 0..count {
            if self.1.is_multiple_of(8) {
                self.0.push(0);
            }
            *self.0.last_mut().unwrap() |= ((value >> at & 1) as u8) << (self.1 % 8);
            self.1 += 1;
        }
        self
    }

    /// The header of a dynamic block with the lengths of the code for code lengths in the order of sending.
    fn dynamic(self, literals: u32, distances: u32, lengths: &[u32]) -> Self {
        let head = self.put(1, 1).put(2, 2).put(literals, 5).put(distances, 5).put(lengths.len() as u32 - 4, 4);
        lengths.iter().fold(head, |bits, &length| bits.put(length, 3))
    }
}

#[test]
fn every_corpus_however_it_is_cut() {
    for (name, plain) in corpora::all() {
        for encoder in encoders() {
            let mut stream = deflate(&encoder, &plain);
            let length = stream.len() as u64;
            stream.extend_from_slice(b"what stands behind");
            for piece in [usize::MAX >> 1, 4096, 13, 1] {
                if piece > 1 || plain.len() < 130_000 {
                    let (found, consumed) = inflate(&stream, piece).unwrap();
                    assert!(found == plain, "{name} {encoder:?} in pieces of {piece}");
                    assert_eq!(consumed, length, "{name} {encoder:?} in pieces of {piece}");
                }
            }
        }
    }
}

#[test]
fn a_stream_that_ends_early_is_truncated() {
    let (_, plain) = corpora::all().swap_remove(11);
    let stream = deflate(&zlib(6, 8, Strategy::Default), &plain[..150_000]);
    for length in (0..2000).chain((2000..stream.len()).step_by(997)) {
        assert_eq!(inflate(&stream[..length], 500), Err(InflateError::Truncated), "{length}");
        let read = InflateReader::new(&stream[..length], 1 << 24).read_to_end(&mut Vec::new());
        assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    }
}

#[test]
fn more_than_allowed_is_refused() {
    let stream = deflate(&zlib(6, 8, Strategy::Default), &vec![0; 1_000_000]);
    let read = |limit| InflateReader::new(&stream[..], limit).read_to_end(&mut Vec::new());
    assert_eq!(read(1_000_000).unwrap(), 1_000_000);
    assert_eq!(read(999_999).unwrap_err().to_string(), InflateError::TooLong.to_string());
    assert_eq!(read(0).unwrap_err().to_string(), InflateError::TooLong.to_string());
}

#[test]
fn hostile_blocks() {
    let wrong = [
        ("reserved type", Bits::default().put(1, 1).put(3, 2), InflateError::BlockType),
        ("stored length", Bits::default().put(1, 8).put(5, 16).put(5, 16), InflateError::StoredLength),
        ("287 literals", Bits::default().put(5, 3).put(30, 5).put(0, 5).put(0, 4), InflateError::TooManyCodes),
        ("31 distances", Bits::default().put(5, 3).put(0, 5).put(30, 5).put(0, 4), InflateError::TooManyCodes),
        ("no code for lengths", Bits::default().dynamic(0, 0, &[0, 0, 0, 0]), InflateError::CodeLengths),
        ("over-subscribed", Bits::default().dynamic(0, 0, &[1, 1, 1, 0]), InflateError::CodeLengths),
        ("incomplete", Bits::default().dynamic(0, 0, &[1, 2, 0, 0]), InflateError::CodeLengths),
        ("repeats nothing", Bits::default().dynamic(0, 0, &[1, 0, 1, 0]).put(0, 1).put(0, 2), InflateError::CodeLengths),
        (
            "repeats past the end",
            Bits::default().dynamic(0, 0, &[0, 0, 1, 1]).put(1, 1).put(127, 7).put(1, 1).put(127, 7),
            InflateError::CodeLengths,
        ),
        (
            "no end of block",
            Bits::default().dynamic(0, 0, &[0, 0, 1, 1]).put(1, 1).put(127, 7).put(1, 1).put(109, 7),
            InflateError::CodeLengths,
        ),
        // Length 3 is code 257, seven bits of 0000001; distance 1 is five zero bits.
        ("too far back", Bits::default().put(3, 3).put(0x40, 7).put(0, 5), InflateError::Distance),
        ("length code 286", Bits::default().put(3, 3).put(0x63, 8).put(0, 5), InflateError::Symbol),
        ("distance code 30", Bits::default().put(3, 3).put(0x0c, 8).put(0x40, 7).put(0x0f, 5), InflateError::Symbol),
    ];
    for (name, Bits(mut stream, _), error) in wrong {
        assert_eq!(inflate(&stream, 1), Err(error), "{name}");
        stream.resize(stream.len() + 64, 0);
        assert_eq!(inflate(&stream, 1000), Err(error), "{name}, more behind it");
    }
}

#[test]
fn a_single_distance_code_of_one_bit_is_legal() {
    // Code lengths by a code of 0 → 1 bit for length 1, 18 → 1 bit: literals 'a' and end of block have one bit each, distance 0 one.
    let bits = Bits::default().dynamic(0, 0, &[0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let bits = bits.put(1, 1).put(97 - 11, 7).put(0, 1).put(1, 1).put(127, 7).put(1, 1).put(20 - 11, 7).put(0, 1).put(0, 1);
    // 'a', end of block.
    let Bits(stream, _) = bits.put(0, 1).put(1, 1);
    assert_eq!(inflate(&stream, 3).unwrap().0, b"a");
}

#[test]
fn endless_empty_blocks_make_nothing_and_end_with_their_input() {
    let empty_stored = [0, 0, 0, 0xff, 0xff].repeat(20_000);
    assert_eq!(inflate(&empty_stored, 1000), Err(InflateError::Truncated));
    let Bits(empty_fixed, _) = (0..40_000).fold(Bits::default(), |bits, _| bits.put(2, 10));
    assert_eq!(inflate(&empty_fixed, 1000), Err(InflateError::Truncated));
}

#[test]
fn garbage_is_an_error_and_never_a_panic() {
    let (_, plain) = corpora::all().swap_remove(6);
    for start in 0..1000 {
        let _ = inflate(&plain[start..start + 5000], 333);
    }
    let (_, text) = corpora::all().swap_remove(3);
    let good = deflate(&zlib(6, 8, Strategy::Default), &text[..20_000]);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        let _ = inflate(&bad, 1 << 20);
    }
}

#[test]
fn a_stream_goes_on_from_any_seek_point() {
    for (name, plain) in corpora::all() {
        for encoder in encoders() {
            let stream = deflate(&encoder, &plain);
            let mut inflater = Inflater::new(1 << 24);
            // Some where a chunk is full, some where the input ends.
            let (mut points, mut at, mut end) = (Vec::new(), 0, stream.len().min(7));
            loop {
                let progress = inflater.inflate(&stream[at..end]).unwrap();
                at += progress.consumed;
                points.extend(inflater.seek_point());
                if progress.status == Status::NeedInput {
                    end = (end + 40_000).min(stream.len());
                }
                if progress.status == Status::Done {
                    break;
                }
            }
            assert!(points.len() > plain.len() / (super::WINDOW + super::CHUNK), "{name} {encoder:?}");
            for point in points {
                assert!(point.weight() < 34_000);
                let rest = &stream[point.deflated() as usize..];
                let mut found = Vec::new();
                InflateReader::resume(rest, 1 << 24, &point).unwrap().read_to_end(&mut found).unwrap();
                assert!(found == plain[point.plain() as usize..], "{name} {encoder:?} from {}", point.plain());
            }
        }
    }
}

#[derive(Default)]
struct Count {
    kinds: Vec<BlockKind>,
    symbols: u64,
    copied: u64,
    copies: u64,
    end: u64,
}

impl Observer for Count {
    fn block(&mut self, kind: BlockKind, _: bool, at: u64) {
        assert_eq!(at, self.end);
        self.kinds.push(kind);
    }
    fn block_end(&mut self, symbols: u64, at: u64) {
        self.symbols += symbols;
        self.end = at;
    }
    fn copy(&mut self, length: usize, distance: usize) {
        assert!((3..=258).contains(&length) && (1..=32_768).contains(&distance));
        self.copies += 1;
        self.copied += length as u64;
    }
}

#[test]
fn an_observer_sees_blocks_and_matches() {
    for (name, plain) in corpora::all() {
        let stream = deflate(&zlib(6, 8, Strategy::Default), &plain);
        let mut count = Count::default();
        let mut inflater = Inflater::new(1 << 24);
        let mut at = 0;
        while !inflater.is_done() {
            at += inflater.inflate_observed(&stream[at..], &mut count).unwrap().consumed;
        }
        let stored: u64 = count.kinds.iter().map(|kind| if let BlockKind::Stored(length) = kind { u64::from(*length) } else { 0 }).sum();
        assert_eq!(count.end, plain.len() as u64, "{name}");
        assert_eq!(count.symbols - count.copies + count.copied + stored, plain.len() as u64, "{name}");
    }
}
