//! Streams of encoders that nobody here makes, made again; and corrections that are damaged or made to do harm.

use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::io::Read;

use super::super::bits::BitWriter;
use super::super::{Cut, Deflater, Encoder, EncoderError, Strategy, Zlib};
use super::coder::{Coder, Writer};
use super::guess::{Guesser, Token};
use super::model::{Extent, Head, Kind, MOST_TOKENS, Model};
use super::presets::PRESETS;
use super::window::Match;
use super::{CorrectedDeflater, Cost, LONGEST, STEP, corrections, most};
use crate::recode::corpora;
use crate::recode::inflate::InflateReader;

/// What `tests/vectors/deflate/others.py` wrote, and how long the corrections of each are.
const OTHERS: &[(&str, &[u8], usize)] = &[
    ("7zip-5", include_bytes!("../../../../tests/vectors/deflate/others/7zip-5"), 436),
    ("isal-1", include_bytes!("../../../../tests/vectors/deflate/others/isal-1"), 226),
    ("libdeflate-1", include_bytes!("../../../../tests/vectors/deflate/others/libdeflate-1"), 103),
    ("libdeflate-6", include_bytes!("../../../../tests/vectors/deflate/others/libdeflate-6"), 46),
    ("libdeflate-9", include_bytes!("../../../../tests/vectors/deflate/others/libdeflate-9"), 67),
    ("libdeflate-12", include_bytes!("../../../../tests/vectors/deflate/others/libdeflate-12"), 397),
    ("node-1", include_bytes!("../../../../tests/vectors/deflate/others/node-1"), 6),
    ("node-6", include_bytes!("../../../../tests/vectors/deflate/others/node-6"), 7),
    ("node-9", include_bytes!("../../../../tests/vectors/deflate/others/node-9"), 7),
    ("zlib-ng-1", include_bytes!("../../../../tests/vectors/deflate/others/zlib-ng-1"), 242),
    ("zlib-ng-6", include_bytes!("../../../../tests/vectors/deflate/others/zlib-ng-6"), 45),
    ("zlib-ng-9", include_bytes!("../../../../tests/vectors/deflate/others/zlib-ng-9"), 8),
    ("zopfli", include_bytes!("../../../../tests/vectors/deflate/others/zopfli"), 403),
];
/// SHA-256 of the corrections of all of them and of the corpora by levels of zlib, one behind the other: what they mean is part of the format.
const PINNED: &str = "d7045faaf0dbe9e420b066eadf23b9697b57dfe70c73110719c7a6f68450fe6f";

fn inflated(stream: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    InflateReader::new(stream, 1 << 24).read_to_end(&mut plain).expect("a sound stream");
    plain
}

fn deflated(encoder: &Encoder, plain: &[u8]) -> Vec<u8> {
    let (mut running, mut out) = (encoder.start(), Vec::new());
    running.write(plain, &mut out).expect("an encoder");
    running.finish(&mut out).expect("an encoder");
    out
}

fn found(stream: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let cost = Cost { most: stream.len() as u64 / 2 + 32, work: u64::MAX };
    corrections(|| (stream, plain), (stream.len() as u64, plain.len() as u64), cost).expect("bytes in memory")
}

/// What is made of corrections and plain bytes, given in pieces.
fn made(taken: &[u8], most: usize, piece: usize) -> Result<Vec<u8>, EncoderError> {
    let (mut deflater, mut out) = (CorrectedDeflater::new(taken.len() as u64, most as u64), Vec::new());
    for piece in taken.chunks(piece) {
        deflater.write(piece, &mut out)?;
    }
    deflater.finish(&mut out)?;
    Ok(out)
}

fn zlib(level: u8, strategy: Strategy, cut: Cut) -> Encoder {
    Encoder::Zlib(Zlib::new(level, 15, 8, strategy).expect("a level"), cut)
}

#[test]
fn streams_of_other_encoders_are_made_again() {
    let (mut hash, mut lengths) = (Sha256::new(), Vec::new());
    for (name, stream, _) in OTHERS {
        let plain = inflated(stream);
        let front = found(stream, &plain).expect("a stream that can be made");
        for piece in [1, 7, 1000, usize::MAX / 2] {
            let again = made(&[&front[..], &plain].concat(), stream.len(), piece).expect("what was just found");
            assert!(again == *stream, "{name} in pieces of {piece}");
        }
        lengths.push((*name, front.len()));
        hash.update(&front);
    }
    for level in [1, 6, 9] {
        for (_, plain) in corpora::all() {
            hash.update(found(&deflated(&zlib(level, Strategy::Default, Cut::Nowhere), &plain), &plain).expect("a stream of zlib"));
        }
    }
    let expected: Vec<(&str, usize)> = OTHERS.iter().map(|(name, _, length)| (*name, *length)).collect();
    assert_eq!(lengths, expected);
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, PINNED);
}

#[test]
fn what_zlib_makes_takes_next_to_nothing() {
    for level in 1..=9 {
        for (name, plain) in corpora::all().into_iter().filter(|(_, plain)| plain.len() > 1000) {
            let stream = deflated(&zlib(level, Strategy::Default, Cut::Nowhere), &plain);
            let front = found(&stream, &plain).expect("a stream of zlib");
            assert!(front.len() <= stream.len() / 16 + 40, "{name} at level {level}: {} of {}", front.len(), stream.len());
            assert!(made(&[&front[..], &plain].concat(), stream.len(), 5000).expect("what was just found") == stream);
        }
    }
}

#[test]
fn blocks_of_all_kinds_are_made_again() {
    let cuts = [Cut::AtEnd, Cut::Every(1000), Cut::Every(100)];
    let strategies = [Strategy::Filtered, Strategy::HuffmanOnly, Strategy::Rle, Strategy::Fixed];
    let encoders = cuts.into_iter().map(|cut| zlib(6, Strategy::Default, cut));
    for encoder in encoders.chain(strategies.into_iter().map(|strategy| zlib(6, strategy, Cut::Nowhere))) {
        for (name, plain) in corpora::all() {
            let plain = &plain[..plain.len().min(70_000)];
            let stream = deflated(&encoder, plain);
            let front = found(&stream, plain).unwrap_or_else(|| panic!("{name} by {encoder:?}"));
            assert!(made(&[&front[..], plain].concat(), stream.len(), 16 << 10).expect("what was just found") == stream);
        }
    }
}

#[test]
fn bits_that_mean_nothing_are_kept() {
    // A stored block with ones before its length, then an empty one of the fixed codes with ones behind it.
    let stream = [0b1111_1000, 3, 0, 0xFC, 0xFF, b'a', b'b', b'c', 0b0000_0011, 0b1111_1100];
    let front = found(&stream, b"abc").expect("a stream that can be made");
    assert_eq!(made(&[&front[..], b"abc"].concat(), stream.len(), 1), Ok(stream.to_vec()));
}

#[test]
fn what_can_be_written_in_two_ways_is_left_where_it_is_the_other_one() {
    // 258 bytes by the code of 227 to 257 and all extra bits: nobody writes that.
    let (mut bits, mut stream) = (BitWriter::default(), Vec::new());
    for (value, count) in [(0b011, 3), (0b1000_1001, 8), (0b0010_0011, 8), (31, 5), (0, 5), (0, 7)] {
        bits.put(value, count, &mut stream);
    }
    bits.align(&mut stream);
    let plain = inflated(&stream);
    assert!(plain.len() == 259 && plain.iter().all(|byte| *byte == plain[0]));
    assert_eq!(found(&stream, &plain), None);
}

#[test]
fn corrections_that_are_too_long_or_cost_too_much_are_not_found() {
    let (_, stream, _) = OTHERS[0];
    let plain = inflated(stream);
    let front = found(stream, &plain).expect("a stream that can be made").len() as u64;
    let ask = |most, work| {
        let lengths = (stream.len() as u64, plain.len() as u64);
        corrections(|| (stream, &plain[..]), lengths, Cost { most, work }).expect("bytes in memory")
    };
    assert!(ask(front, u64::MAX).is_some() && ask(front - 1, u64::MAX).is_none());
    // With no work to spare no preset is tried, and the first one has more to correct.
    let little = ask(u64::MAX, 2 * plain.len() as u64).expect("a stream that can be made").len() as u64;
    assert!(little > front && ask(u64::MAX, 2 * plain.len() as u64 - 1).is_none(), "{little} {front}");
    let never = || -> (&[u8], &[u8]) { panic!("nothing is read") };
    let cost = Cost { most: u64::MAX, work: u64::MAX };
    assert_eq!(corrections(never, (10, LONGEST + 1), cost).expect("bytes in memory"), None);
}

#[test]
fn what_is_not_made_again_as_it_is_has_none() {
    let (_, stream, _) = OTHERS[0];
    let plain = inflated(stream);
    let mut flipped = stream.to_vec();
    flipped[stream.len() / 2] ^= 1;
    let others = [stream.to_vec(), flipped, stream[..stream.len() - 1].to_vec(), [stream, &[0]].concat()];
    let found = others.map(|other| {
        // As if it had changed before it was compared.
        let opened = Cell::new(0);
        let open = || {
            opened.set(opened.get() + 1);
            (if opened.get() == 3 { &other[..] } else { stream }, &plain[..])
        };
        let cost = Cost { most: u64::MAX, work: u64::MAX };
        corrections(open, (stream.len() as u64, plain.len() as u64), cost).expect("bytes in memory").is_some()
    });
    assert_eq!(found, [true, false, false, false]);
}

#[test]
fn damaged_corrections_are_refused_or_make_something_that_is_bounded() {
    let mut random = 1u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let (mut refused, mut other) = (0, 0);
    for (_, stream, _) in OTHERS {
        let plain = inflated(stream);
        let front = found(stream, &plain).expect("a stream that can be made");
        for turn in 0..60 {
            let mut taken = [&front[..], &plain].concat();
            match turn % 4 {
                0 => taken[next(front.len())] ^= 1 << next(8),
                1 => drop(taken.drain(next(front.len())..front.len())),
                2 => taken.insert(next(front.len()), next(256) as u8),
                _ => taken.truncate(taken.len() - 1 - next(plain.len())),
            }
            match made(&taken, stream.len(), 1 + next(5000)) {
                Ok(again) => {
                    assert!(again.len() <= stream.len());
                    other += 1;
                }
                Err(EncoderError::Corrections(_)) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(refused > 10 * other, "{refused} refused, {other} made something");
}

/// Corrections that were made to do harm, behind their length and before these plain bytes.
fn harmful(tell: impl Fn(&mut Model, &mut Writer), plain: &[u8]) -> Vec<u8> {
    let (mut model, mut writer) = (Model::new(), Writer::new());
    tell(&mut model, &mut writer);
    let told = [&[5], &writer.finish()[..]].concat();
    let mut taken = Vec::new();
    crate::recode::varint::put(&mut taken, told.len() as u64);
    [&taken[..], &told, plain].concat()
}

#[test]
fn empty_blocks_end_where_the_stream_is_long_enough() {
    let head = Head { last: false, kind: Kind::Fixed, extent: Extent::Count(0), filling: 0 };
    let taken =
        harmful(|model, writer| (0..200_000).for_each(|_| assert!(model.head(writer, 50_000, 0, head).is_some())), &vec![7; 50_000]);
    assert!(taken.len() < 60_000, "{}", taken.len());
    let mut out = Vec::new();
    let mut deflater = CorrectedDeflater::new(taken.len() as u64, 1000);
    assert_eq!(deflater.write(&taken, &mut out), Err(EncoderError::Corrections("a stream that is no longer than it was")));
    assert!(out.len() < 1100, "{}", out.len());
}

#[test]
fn blocks_that_there_cannot_be_are_refused() {
    let head = |kind, extent| Head { last: false, kind, extent, filling: 0 };
    let heads = [
        head(Kind::Fixed, Extent::Count(MOST_TOKENS + 1)),
        head(Kind::Stored, Extent::Count(0x1_0000)),
        head(Kind::Stored, Extent::Rest),
        head(Kind::Stored, Extent::Count(65_535)),
    ];
    for (number, head) in heads.into_iter().enumerate() {
        let plain = vec![7; if number == 3 { 10_000 } else { 70_000 }];
        let taken = harmful(|model, writer| assert!(model.head(writer, plain.len(), 0, head).is_some()), &plain);
        assert_eq!(made(&taken, 1 << 20, 4096), Err(EncoderError::Corrections("a block that there can be")), "{number}");
    }
}

#[test]
fn copies_of_what_was_not_there_are_refused() {
    let head = Head { last: true, kind: Kind::Fixed, extent: Extent::Rest, filling: 0 };
    let plain = b"abcdefghijklm";
    for (length, distance) in [(3, 1), (3, 5), (3, 6), (3, 32_768), (8, 1), (9, 1), (258, 1)] {
        let tell = |model: &mut Model, writer: &mut Writer| {
            assert!(model.head(writer, plain.len(), 0, head).is_some());
            let mut guesser = Guesser::new(PRESETS[5], plain.len());
            guesser.window.feed(plain, 0);
            (0..5).for_each(|_| assert!(model.token(writer, &mut guesser, Token::Literal).is_some()));
            assert!(model.token(writer, &mut guesser, Token::Copy(Match { length, distance })).is_none());
        };
        let expected = Err(EncoderError::Corrections("bytes that were there before"));
        assert_eq!(made(&harmful(tell, plain), 1 << 20, 4096), expected, "{length} {distance}");
    }
}

#[test]
fn they_are_for_as_many_plain_bytes_as_were_told() {
    let (_, stream, _) = OTHERS[0];
    let plain = inflated(stream);
    let taken = [found(stream, &plain).expect("a stream that can be made"), plain].concat();
    for (told, expected) in [(taken.len() - 1, "fewer plain bytes"), (taken.len() + 1, "more plain bytes")] {
        let (mut deflater, mut out) = (CorrectedDeflater::new(told as u64, stream.len() as u64), Vec::new());
        let said = deflater.write(&taken, &mut out).and_then(|()| deflater.finish(&mut out));
        assert_eq!(said, Err(EncoderError::Corrections(expected)));
    }
    for (plain, expected) in [(LONGEST, Ok(())), (LONGEST + 1, Err(EncoderError::Corrections("more of them than there may be")))] {
        assert_eq!(CorrectedDeflater::new(2 + plain, 10).write(&[1, 0], &mut Vec::new()), expected);
    }
}

#[test]
fn a_block_of_all_that_is_left_has_no_more_tokens_than_others() {
    let head = Head { last: true, kind: Kind::Fixed, extent: Extent::Rest, filling: 0 };
    for (more, expected) in [(0, None), (1, Some(EncoderError::Corrections("a block that ends")))] {
        // Numbers one after the other: no three bytes come again.
        let plain: Vec<u8> = (0..1u32 << 18).flat_map(|n| n.to_be_bytes().into_iter().skip(1)).take(MOST_TOKENS as usize + more).collect();
        let tell = |model: &mut Model, writer: &mut Writer| {
            assert!(model.head(writer, plain.len(), 0, head).is_some());
            let mut guesser = Guesser::new(PRESETS[5], plain.len());
            for part in plain.chunks(STEP) {
                guesser.window.feed(part, guesser.at);
                while guesser.at < plain.len() && guesser.window.reaches(guesser.at) {
                    assert!(model.token(writer, &mut guesser, Token::Literal).is_some());
                }
            }
        };
        assert_eq!(made(&harmful(tell, &plain), 1 << 20, 4096).err(), expected);
    }
}

#[test]
fn their_length_and_preset_are_looked_at_first() {
    let refused = |taken: &[u8]| made(taken, 1 << 20, 1).expect_err("nothing can be made");
    let long = most(100_000) as usize + 1;
    let mut taken = Vec::new();
    crate::recode::varint::put(&mut taken, long as u64);
    taken.resize(100_000, 0);
    assert_eq!(refused(&taken), EncoderError::Corrections("more of them than there may be"));
    assert_eq!(refused(&[0x80; 9]), EncoderError::Corrections("a length that is too long"));
    assert_eq!(refused(&[0x80, 0]), EncoderError::Corrections("a length that is none"));
    assert_eq!(refused(&[0]), EncoderError::Corrections("a preset that is known"));
    assert_eq!(refused(&[1, 200]), EncoderError::Corrections("a preset that is known"));
    assert_eq!(refused(&[]), EncoderError::Corrections("their beginning"));
    assert_eq!(refused(&[9, 1]), EncoderError::Corrections("more of them than there may be"));
}

#[test]
fn numbers_come_back_at_all_lengths() {
    use super::coder::{Number, Reader};
    let values: Vec<u32> = (0..19).flat_map(|bits| [(1 << bits) - 1, 1 << bits]).chain([(1 << 20) - 2, 0, 5]).collect();
    let (mut writer, mut number) = (Writer::new(), Number::NEW);
    for value in &values {
        assert_eq!(number.code(&mut writer, *value), *value);
        writer.plain(16, 0xABCD);
    }
    let (mut reader, mut number) = (Reader::new(writer.finish()), Number::NEW);
    for value in &values {
        assert_eq!(number.code(&mut reader, 0), *value);
        assert_eq!(reader.plain(16, 0), 0xABCD);
    }
    assert!(reader.is_at_end());
}
