//! Streams of no known encoder, which are made again with corrections.

use super::{How, Random, decoded, deflate, encoded, gzip, revised, round, tar, text, zip};
use crate::recode::format::Lengths;

/// A stream that nobody makes: ten bytes stored, the others by zlib.
fn odd(plain: &[u8]) -> Vec<u8> {
    let (first, others) = plain.split_at(10);
    [&[0, 10, 0, 0xF5, 0xFF], first, &deflate(others, 6)].concat()
}

fn odd_gzip(plain: &[u8]) -> Vec<u8> {
    let head = [0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 0, 3];
    [&head[..], &odd(plain), &crc32fast::hash(plain).to_le_bytes(), &(plain.len() as u32).to_le_bytes()].concat()
}

/// A zip with one member of this stream.
fn odd_zip(plain: &[u8], stream: &[u8]) -> Vec<u8> {
    let mut whole = zip(&[("a", plain, How::Deflated(6))], b"");
    let as_it_was = deflate(plain, 6);
    let at = whole.windows(as_it_was.len()).position(|bytes| bytes == as_it_was).expect("the member");
    whole.splice(at..at + as_it_was.len(), stream.iter().copied());
    let mut put = |at: usize, value: usize| whole[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
    let directory = 31 + stream.len();
    put(18, stream.len());
    put(directory + 20, stream.len());
    put(directory + 47 + 16, directory);
    whole
}

#[test]
fn streams_of_no_known_encoder_are_opened() {
    let plain = text(1, 200_000);
    let blob = odd_gzip(&plain);
    for blob in [blob.clone(), odd_zip(&plain, &odd(&plain))] {
        let made = round(&blob, &[]);
        assert_eq!(made.deflated, odd(&plain).len() as u64);
        assert!((200_000..200_200).contains(&made.expanded), "{made:?}");
    }
    // Against the version before, and against one that another encoder packed.
    let next = odd_gzip(&revised(&plain, 3));
    for old in [&blob, &gzip(&plain, 9, true)] {
        let made = round(&next, &[old]);
        assert!(made.length < 1_500 && made.bases == 1, "{made:?}");
    }
    let made = round(&gzip(&revised(&plain, 3), 9, true), &[&blob]);
    assert!(made.length < 1_500, "{made:?}");
}

#[test]
fn small_streams_alone_are_opened_too() {
    for length in [150, 700, 3_000] {
        let plain = text(length as u64, length);
        let made = round(&odd_gzip(&plain), &[&plain]);
        assert!(made.deflated > 0 && made.expanded < length as u64 + 60, "{made:?}");
    }
}

#[test]
fn what_lies_in_a_corrected_stream_is_opened_as_in_any_other() {
    let plain = text(1, 150_000);
    let archive = |plain: &[u8]| tar(&[("notes", b"some"), ("a.gz", &gzip(plain, 6, false)), ("b.gz", &odd_gzip(plain)), ("end", b"more")]);
    let blob = odd_gzip(&archive(&plain));
    let made = round(&blob, &[]);
    assert!(made.expanded > 300_000, "{made:?}");
    let made = round(&odd_gzip(&archive(&revised(&plain, 5))), &[&blob]);
    assert!(made.length < 3_000, "{made:?}");
    let made = round(&gzip(&archive(&revised(&plain, 5)), 6, false), &[&blob]);
    assert!(made.length < 3_000, "{made:?}");
}

#[test]
fn long_streams_are_made_as_their_bytes_come() {
    // Stored blocks: what takes time otherwise is finding matches.
    let plain = Random(1).bytes((16 << 20) + 99_999);
    let stored = |bytes: &[u8]| [&[0][..], &(bytes.len() as u16).to_le_bytes(), &(!(bytes.len() as u16)).to_le_bytes(), bytes].concat();
    let mut stream: Vec<u8> = plain.chunks(40_000).flat_map(stored).collect();
    let last = stream.len() - 5 - plain.len() % 40_000;
    stream[last] = 1;
    let blob =
        [&[0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 0, 3][..], &stream, &crc32fast::hash(&plain).to_le_bytes(), &(plain.len() as u32).to_le_bytes()]
            .concat();
    let (made, recoded) = encoded(&blob, &[], &super::EFFORT);
    assert_eq!(recoded.deflated, stream.len() as u64);
    assert!(decoded(&made, blob.len() as u64, &[]).expect("a good stream") == blob);
}

#[test]
fn damaged_corrections_never_make_another_blob() {
    let plain = text(1, 40_000);
    let blob = odd_gzip(&plain);
    let (stream, _) = encoded(&blob, &[], &super::EFFORT);
    let mut rest = &stream[..];
    let header = Lengths::read(&mut rest).and_then(|lengths| lengths.header(&mut rest)).expect("a header");
    assert_eq!(header.encoders, [[6]]);
    let mut random = Random(9);
    for _ in 0..100 {
        let mut damaged = stream.clone();
        let at = random.next() as usize % damaged.len();
        damaged[at] ^= 1 << (random.next() % 8);
        // It is refused, or what comes of it is for its digest to tell: no longer than the blob.
        if let Ok(other) = decoded(&damaged, blob.len() as u64, &[]) {
            assert_eq!(other.len(), blob.len());
        }
    }
}
