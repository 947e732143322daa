//! Streams that nobody honest makes: each is refused by name, before memory is taken for what it says.

use super::{decoded, text, zlib};
use crate::recode::format::{BaseTable, Header};
use crate::recode::layout::{Coding, Layout, Stream};
use crate::recode::limits::{LONGEST_REFERENCES, MOST_REFERENCES};
use crate::recode::planes::Filter;
use crate::recode::similar::Stretch;
use crate::recode::slice::{Method, Slice};
use crate::recode::{Error, zstandard};

fn stream(offset: u64, deflated: u64, plain: u64, inner: u32) -> Stream {
    Stream { offset, deflated, plain, inner, encoder: 0, coding: Coding::Deflate }
}

fn layout(size: u64, streams: &[Stream]) -> Result<Layout, Error> {
    Layout::new(size, streams.to_vec(), "a table")
}

/// The bytes of a header that is sound.
fn head(blob: Layout, bases: &[(&[u8], Layout)]) -> Vec<u8> {
    let bases = bases.iter().map(|(bytes, layout)| BaseTable { digest: super::name(bytes), layout: layout.clone() }).collect();
    let header = Header { encoders: vec![zlib(6).code().as_bytes().to_vec()], bases, blob };
    header.write().expect("a header")
}

/// A header of any bytes.
fn raw(plain: &[u8]) -> Vec<u8> {
    let stored = zstandard::compressed(plain, &[], 1).expect("a frame");
    [b"ALRECOD1", &(stored.len() as u32).to_le_bytes()[..], &(plain.len() as u32).to_le_bytes(), &stored].concat()
}

fn refused(stream: &[u8], size: u64, bases: &[&[u8]], what: &str) {
    let error = decoded(stream, size, bases).expect_err(what).to_string();
    assert!(error.contains(what), "{error} does not say {what}");
}

#[test]
fn lengths_of_the_header_are_bounded_before_it_is_read() {
    let huge = [b"ALRECOD1", &u32::MAX.to_le_bytes()[..], &8u32.to_le_bytes()].concat();
    refused(&huge, 1, &[], "at most");
    let huge = [b"ALRECOD1", &8u32.to_le_bytes()[..], &u32::MAX.to_le_bytes()].concat();
    refused(&huge, 1, &[], "at most");
    // Says 30 MB, has none.
    let short = [b"ALRECOD1", &30_000_000u32.to_le_bytes()[..], &30_000_000u32.to_le_bytes()].concat();
    refused(&short, 1, &[], "30000000 bytes");
    refused(b"ALRECOD2\0\0\0\0\0\0\0\0", 1, &[], "ALRECOD1");
    let mut liar = raw(&[1, 0, 0, 0]);
    liar[12] = 99;
    refused(&liar, 1, &[], "one zstd frame of 99 bytes");
}

#[test]
fn counts_of_the_header_are_bounded_by_its_bytes() {
    refused(&raw(&[1, 0xFF, 0xFF, 3]), 1, &[], "at most 255");
    refused(&raw(&[1, 0, 17]), 1, &[], "at most 16");
    // Half a million streams in five bytes.
    refused(&raw(&[1, 0, 0, 0xFF, 0xFF, 0x1F, 0]), 1, &[], "recipe");
    refused(&raw(&[1, 0, 0, 0xFF, 0xFF, 0xFF, 1]), 1, &[], "at most");
    refused(&raw(&[0x81, 0, 0]), 1, &[], "LEB128");
    refused(&raw(&[1, 1, 17, 0]), 1, &[], "at most 16");
    refused(&raw(&[1, 1, 1, 0xEE, 0, 0]), 1, &[], "encoders");
    // A stream without an encoder to make it.
    refused(&raw(&[9, 0, 0, 1, 0, 5, 5, 0, 0]), 9, &[], "one of 0 encoders");
    refused(&raw(&[1, 0, 0, 0, 7]), 1, &[], "its end");
}

#[test]
fn streams_that_cannot_lie_there_are_refused() {
    assert!(layout(100, &[stream(10, 20, 60, 0), stream(30, 70, 1000, 0)]).is_ok());
    for wrong in [
        vec![stream(10, 91, 60, 0)],
        vec![stream(10, 20, 60, 0), stream(29, 5, 6, 0)],
        vec![stream(10, 0, 60, 0)],
        vec![stream(10, 20, 60, 1)],
        vec![stream(10, 20, 60, u32::MAX)],
        vec![stream(10, 20, 60, 1), stream(41, 20, 60, 0)],
        vec![stream(10, 20, 60, 1), stream(0, 20, 60, 1), stream(0, 5, 6, 0)],
        vec![stream(10, 20, 30_000, 0)],
        vec![stream(u64::MAX - 5, 20, 60, 0)],
        vec![stream(10, u64::MAX, 60, 0)],
    ] {
        assert!(layout(100, &wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_blob_that_grows_beyond_measure_is_refused() {
    let size = 1 << 30;
    let blob = layout(size, &[stream(0, size, size * 1000, 0)]).expect("possible for deflate");
    refused(&head(blob, &[]), size, &[], "expanded");
}

fn slice(method: Method, length: usize, references: Vec<Stretch>, stored: Vec<u8>) -> Vec<u8> {
    let slice = Slice { method, length, references, stored };
    [slice.head(slice.stored.len()), slice.stored].concat()
}

#[test]
fn references_beyond_the_base_or_the_limits_are_refused() {
    let base = text(1, 100_000);
    let blob = text(2, 1000);
    let frame = zstandard::compressed(&blob, &base[..1000], 3).expect("a frame");
    let start = head(layout(1000, &[]).expect("no streams"), &[(&base, layout(100_000, &[]).expect("no streams"))]);
    let with = |references: Vec<Stretch>| [&start[..], &slice(Method::Zstd, 1000, references, frame.clone())].concat();
    let at = |offset, length| Stretch { base: 0, offset, length };
    assert!(decoded(&with(vec![at(0, 1000)]), 1000, &[&base]).expect("a good stream") == blob);
    for wrong in [at(99_999, 2), at(0, 0), at(0, u64::MAX), at(u64::MAX, 1), at(0, 100_001), Stretch { base: 1, ..at(0, 9) }] {
        refused(&with(vec![wrong]), 1000, &[&base], "stretches within 1 bases");
    }
    refused(&with(vec![at(0, 1); MOST_REFERENCES + 1]), 1000, &[&base], "at most 256 references");
    refused(&with(vec![at(0, 100_000); LONGEST_REFERENCES / 100_000 + 1]), 1000, &[&base], "in all");
    // What is not compressed against anything refers to nothing: nobody reads bases for it.
    let stored = |references: Vec<Stretch>| [&start[..], &slice(Method::Stored, 1000, references, blob.clone())].concat();
    assert!(decoded(&stored(vec![]), 1000, &[&base]).expect("a good stream") == blob);
    refused(&stored(vec![at(0, 1000)]), 1000, &[&base], "at most 0 references");
    let planes = Method::Planes(Filter::from_code(0x81).expect("a filter"));
    let planes = [&start[..], &slice(planes, 1000, vec![at(0, 1000)], blob.clone())].concat();
    refused(&planes, 1000, &[&base], "at most 0 references");
    // Overlapping ones are as good as any other, and others than the frame was made with are found out by the digest at the latest.
    let _ = decoded(&with(vec![at(0, 600), at(300, 600)]), 1000, &[&base]);
}

#[test]
fn slices_of_wrong_lengths_or_methods_are_refused() {
    let start = head(layout(1000, &[]).expect("no streams"), &[]);
    let with = |bytes: Vec<u8>| [&start[..], &bytes].concat();
    let blob = text(2, 1000);
    assert!(decoded(&with(slice(Method::Stored, 1000, Vec::new(), blob.clone())), 1000, &[]).expect("a good stream") == blob);
    refused(&with(slice(Method::Stored, 0, Vec::new(), Vec::new())), 1000, &[], "1 to 1000 bytes");
    refused(&with(slice(Method::Stored, 1001, Vec::new(), text(2, 1001))), 1000, &[], "1 to 1000 bytes");
    refused(&with(slice(Method::Stored, 1000, Vec::new(), text(2, 999))), 1000, &[], "at most 1000 bytes");
    refused(&with(slice(Method::Zstd, 1000, Vec::new(), vec![0; 3000])), 1000, &[], "at most 1000 bytes");
    refused(&with(slice(Method::Zstd, 1000, Vec::new(), b"no frame".to_vec())), 1000, &[], "slice 0");
    for method in [3, 0x7F, 0x80, 0x84, 0x89, 0xFF] {
        refused(&with(vec![method, 9, 0, 0, 0, 0, 0]), 1000, &[], "a method");
    }
    refused(&with(vec![1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), 1000, &[], "LEB128");
    // A frame that holds more, or says nothing of how much.
    for frame in [zstandard::compressed(&text(2, 2000), &[], 3).expect("a frame"), unsaid(&blob)] {
        refused(&with(slice(Method::Zstd, 1000, Vec::new(), frame)), 1000, &[], "one zstd frame of 1000 bytes");
    }
    let twice = [zstandard::compressed(&text(2, 1000), &[], 3).expect("a frame"), zstandard::compressed(b"more", &[], 3).expect("a frame")]
        .concat();
    refused(&with(slice(Method::Zstd, 1000, Vec::new(), twice)), 1000, &[], "behind the frame");
}

#[test]
fn frames_are_refused_where_they_cannot_be() {
    let frame = |offset, inner| Stream { coding: Coding::Zstd, ..stream(offset, 20, 60, inner) };
    assert!(layout(10_000, &[frame(10, 0), frame(30, 1), stream(5, 20, 60, 0)]).is_ok());
    assert!(layout(10_000, &[stream(10, 20, 60, 1), frame(0, 0)]).is_err());
    let many = |count: u64| (0..count).map(|number| frame(20 * number, 0)).collect::<Vec<_>>();
    assert!(layout(10_000, &many(256)).is_ok());
    assert!(layout(10_000, &many(257)).is_err());
}

#[test]
fn an_encoder_of_the_other_kind_or_with_too_much_memory_is_refused() {
    let with = |code: &[u8], coding, plain| {
        let blob = layout(1 << 30, &[Stream { coding, ..stream(0, 1 << 28, plain, 0) }]).expect("a stream");
        Header { encoders: vec![code.to_vec()], bases: Vec::new(), blob }.write().expect("a header")
    };
    refused(&with(&[1, 6, 15, 8, 0], Coding::Zstd, 1000), 1 << 30, &[], "an encoder of zstd");
    refused(&with(&[0x20, 3, 0, 0], Coding::Deflate, 1000), 1 << 30, &[], "an encoder of deflate streams");
    // Level 22, and level 19 with threads for more than there is room for.
    refused(&with(&[0x20, 22, 0, 0], Coding::Zstd, 1000), 1 << 30, &[], "at most 176 MiB");
    refused(&with(&[0x20, 19, 0, 4], Coding::Zstd, 1 << 27), 1 << 30, &[], "at most 176 MiB");
    // No such feed, level or window.
    for code in [
        &[0x20, 3, 0, 12][..],
        &[0x20, 0, 0, 0],
        &[0x20, 23, 0, 0],
        &[0x20, 0xF8, 0, 0],
        &[0x20, 3, 24, 0],
        &[0x20, 3, 0, 8],
        &[0x20, 3, 0],
    ] {
        refused(&with(code, Coding::Zstd, 1000), 1 << 30, &[], "one that is known here");
    }
}

/// A frame without its length, as streaming encoders make them.
fn unsaid(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).expect("a frame")
}

#[test]
fn a_stream_that_is_not_made_as_said_is_named() {
    let plain = text(1, 50_000);
    let deflated = super::deflate(&plain, 6).len() as u64;
    for said in [deflated - 1, deflated + 1] {
        let start = head(layout(said + 10, &[stream(5, said, 50_000, 0)]).expect("a stream"), &[]);
        let expanded = [b"12345", &plain[..], b"67890"].concat();
        let bytes = [start, slice(Method::Stored, expanded.len(), Vec::new(), expanded)].concat();
        refused(&bytes, said + 10, &[], "stream 0 of 50000 plain bytes");
    }
}

#[test]
fn a_short_slice_refers_to_little_and_a_base_grows_within_measure() {
    let base = text(1, 100_000);
    let start = head(layout(1, &[]).expect("no streams"), &[(&base, layout(100_000, &[]).expect("no streams"))]);
    let references = vec![Stretch { base: 0, offset: 0, length: 100_000 }; 11];
    let bytes = [start, slice(Method::Zstd, 1, references, vec![0; 9])].concat();
    refused(&bytes, 1, &[&base], "at most 1048640 bytes in all");
    let table = layout(100_000, &[stream(0, 90_000, 90_000_000, 0)]).expect("possible for deflate");
    refused(&head(layout(1, &[]).expect("no streams"), &[(&base, table)]), 1, &[&base], "plain bytes");
}

#[test]
fn what_a_slice_has_inflated_is_bounded_before_a_base_is_read() {
    // Two streams that say they expand to 100 MiB each, and a slice of one byte that wants the end of both.
    let (length, plain) = (110_000, 100 << 20);
    let base = vec![0; 8 << 20];
    let table = layout(8 << 20, &[stream(0, length, plain, 0), stream(length, length, plain, 0)]).expect("possible for deflate");
    let start = head(layout(1, &[]).expect("no streams"), &[(&base, table)]);
    let with = |references: Vec<Stretch>| [&start[..], &slice(Method::Zstd, 1, references, vec![0; 9])].concat();
    let ends = |stream: u64| Stretch { base: 0, offset: stream * plain - 10, length: 10 };
    refused(&with(vec![ends(1), ends(2)]), 1, &[&base], "references that take at most");
    // One of them is within measure: it is read, and is no stream at all.
    assert!(matches!(decoded(&with(vec![ends(1)]), 1, &[&base]), Err(Error::Base { index: 0, .. })));
}

#[test]
fn a_stream_of_a_base_that_makes_nothing_of_its_bytes_is_not_followed() {
    // Empty stored blocks, then one byte.
    let mut empty = [0, 0, 0, 0xFF, 0xFF].repeat(60_000);
    empty.extend_from_slice(&[1, 1, 0, 0xFE, 0xFF, b'x']);
    let table = layout(empty.len() as u64, &[stream(0, empty.len() as u64, 1, 0)]).expect("possible for deflate");
    let start = head(layout(1, &[]).expect("no streams"), &[(&empty, table)]);
    let frame = zstandard::compressed(b"x", b"x", 1).expect("a frame");
    let bytes = [start, slice(Method::Zstd, 1, vec![Stretch { base: 0, offset: 0, length: 1 }], frame)].concat();
    let error = decoded(&bytes, 1, &[&empty]).expect_err("nothing for 300 KB");
    assert!(matches!(error, Error::Base { index: 0, .. }) && error.to_string().contains("make fewer than"), "{error}");
    // Who writes does not name it: as it is, it is of no use.
    let plain = text(1, 40_000);
    let member = |body: &[u8], plain: &[u8]| {
        let end = [crc32fast::hash(plain).to_le_bytes(), (plain.len() as u32).to_le_bytes()].concat();
        [&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3][..], body, &end].concat()
    };
    let base = [member(&super::deflate(&plain, 6), &plain), member(&empty, b"x")].concat();
    let made = super::round(&super::gzip(&super::revised(&plain, 3), 6, false), &[&base]);
    assert!(made.bases == 1 && made.length < 2000, "{made:?}");
}
