//! Layouts, base views and the choice of stretches, each against the simplest way to say the same.

use super::{How, Random, gzip, revised, tar, text, zip};
use crate::recode::base::BaseView;
use crate::recode::expand::Expansion;
use crate::recode::similar::{BUCKET, Index, Reading};
use crate::recode::unpacked::Unpacked;
use crate::recode::{Result, container, source::Part, varint};

fn expansion(blob: &[u8]) -> Expansion<'_> {
    // Tests hold the bytes as long as the expansion.
    Expansion::new(Box::leak(Box::new(super::file(blob))), blob.len() as u64, tempfile::tempfile().expect("a file"), None, 2)
        .expect("a blob")
}

/// Archives with streams in streams, and their expanded streams put together by hand.
fn nested() -> (Vec<u8>, Vec<u8>) {
    let (a, b) = (text(1, 200_000), text(2, 90_000));
    let inner = gzip(&b, 9, true);
    let before = inner.len() - super::deflate(&b, 9).len() - 8;
    let archive = tar(&[("inner.gz", &inner), ("a", &a)]);
    let blob = gzip(&archive, 6, false);
    let expanded = [&blob[..10], &archive[..512 + before], &b[..], &archive[512 + inner.len() - 8..], &blob[blob.len() - 8..]].concat();
    (blob, expanded)
}

#[test]
fn an_expanded_stream_is_the_blob_with_plain_bytes_in_place_of_deflated_ones() {
    let (blob, expected) = nested();
    let expansion = expansion(&blob);
    assert_eq!(expansion.layout.streams().len(), 2);
    let mut bytes = vec![0; expansion.layout.expanded() as usize];
    expansion.read(0, &mut bytes).expect("an expansion");
    assert!(bytes == expected);
}

#[test]
fn a_base_view_reads_the_same_at_any_place() {
    let (blob, expected) = nested();
    let large = zip(&[("a", &text(5, 6 << 20), How::Deflated(1)), ("b", &text(6, 1 << 20), How::Deflated(6))], b"");
    let other = expansion(&large);
    let mut plain = vec![0; other.layout.expanded() as usize];
    other.read(0, &mut plain).expect("an expansion");
    for (blob, expected) in [(&blob, &expected), (&large, &plain)] {
        let layout = expansion(blob).layout;
        let source = &blob[..];
        let unpacked = Unpacked::new(&tempfile::tempfile);
        let view = BaseView::new((0, 1), &source, &layout, &unpacked);
        std::thread::scope(|scope| {
            for seed in 0..3 {
                let (view, expected) = (&view, expected);
                scope.spawn(move || {
                    let mut random = Random(seed + 1);
                    for _ in 0..60 {
                        let from = (random.next() % expected.len() as u64) as usize;
                        let length = (random.next() % 70_000) as usize % (expected.len() - from) + 1;
                        let mut bytes = vec![0; length];
                        view.read(from as u64, &mut bytes).expect("a place of the base");
                        assert!(bytes == expected[from..from + length], "{length} bytes at {from}");
                    }
                });
            }
        });
    }
}

#[test]
fn a_layout_without_some_streams_has_their_bytes_as_they_are() {
    let (a, b) = (text(1, 50_000), text(2, 60_000));
    let blob = zip(&[("a", &a, How::Deflated(6)), ("b", &b, How::Deflated(6)), ("c", &a, How::Deflated(9))], b"");
    let full = expansion(&blob).layout;
    for keep in [[true, false, true], [false, false, false], [false, true, false]] {
        let some = full.only(&keep).expect("fewer streams");
        let source = &blob[..];
        let unpacked = Unpacked::new(&tempfile::tempfile);
        let view = BaseView::new((0, 1), &source, &some, &unpacked);
        let mut bytes = vec![0; some.expanded() as usize];
        view.read(0, &mut bytes).expect("a base");
        let whole = |stream: usize, plain: &[u8]| if keep[stream] { plain.to_vec() } else { blob_part(&blob, &full, stream) };
        let start = full.streams()[0].offset as usize;
        assert!(bytes[start..].starts_with(&whole(0, &a)));
        assert!(bytes.windows(1000).any(|window| window == &whole(1, &b)[..1000]));
    }
}

fn blob_part(blob: &[u8], layout: &crate::recode::layout::Layout, stream: usize) -> Vec<u8> {
    let stream = layout.streams()[stream];
    blob[stream.offset as usize..stream.end() as usize].to_vec()
}

#[test]
fn stretches_are_those_that_a_slice_was_made_of() {
    let bases = [text(1, 3 << 20), Random(2).bytes(2 << 20)];
    let readings: Vec<_> = bases
        .iter()
        .map(|bytes| {
            move |at: u64, to: &mut [u8]| -> Result<()> {
                to.copy_from_slice(&bytes[at as usize..at as usize + to.len()]);
                Ok(())
            }
        })
        .collect();
    let all: Vec<(u64, Reading<'_>)> = bases.iter().zip(&readings).map(|(bytes, read)| (bytes.len() as u64, read as Reading<'_>)).collect();
    let index = Index::new(&all, 2).expect("bases that can be read");
    let slice = [revised(&bases[1][900_000..1_400_000], 3), revised(&bases[0][2_000_000..2_300_000], 4)].concat();
    let picked = index.pick(&slice);
    assert!(picked.covers());
    for (base, from, to) in [(1, 900_000, 1_400_000), (0, 2_000_000, 2_300_000)] {
        let inside = |at: u64| picked.stretches.iter().any(|s| s.base == base && s.offset <= at && at < s.offset + s.length);
        assert!((from + 1000..to - 1000).step_by(10_000).all(inside), "{picked:?}");
    }
    let most = slice.len() as u64 + 6 * BUCKET;
    assert!(picked.stretches.iter().map(|stretch| stretch.length).sum::<u64>() <= most, "{picked:?}");
    assert!(index.pick(&Random(9).bytes(1 << 20)).stretches.is_empty());
}

#[test]
fn what_cannot_be_walked_has_no_streams() {
    let good = zip(&[("a", &text(1, 3_000), How::Deflated(6)), ("b", &text(2, 3_000), How::Stored)], b"");
    let found = |bytes: &[u8]| container::walk(Part::new(&bytes, 0, bytes.len() as u64)).expect("bytes at hand").streams;
    assert_eq!(found(&good).len(), 1);
    // Any change, anywhere: other streams or none, always in order and inside.
    for at in 0..good.len() {
        for value in [0, 0xFF, good[at] ^ 1] {
            let mut changed = good.clone();
            changed[at] = value;
            let streams = found(&changed);
            assert!(streams.iter().all(|stream| stream.offset + stream.deflated <= changed.len() as u64));
            assert!(streams.windows(2).all(|pair| pair[0].offset + pair[0].deflated <= pair[1].offset));
        }
        assert!(found(&good[..at]).is_empty());
    }
    let archive = tar(&[("a.gz", &gzip(&text(1, 3_000), 6, true)), ("b.zip", &good)]);
    assert_eq!(found(&archive).len(), 2);
    for at in 0..2_000 {
        let mut changed = archive.clone();
        changed[at] ^= 0xFF;
        let _ = found(&changed);
    }
}

#[test]
fn numbers_have_one_form() {
    for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
        let mut bytes = Vec::new();
        varint::put(&mut bytes, number);
        assert_eq!(varint::get(&mut &bytes[..]).expect("a number"), number);
    }
    for wrong in [&[0x80, 0][..], &[0x80], &[0xFF; 10], &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2]] {
        assert!(varint::get(&mut &wrong[..]).is_err());
    }
}

#[test]
fn a_zip_that_says_more_than_it_has_reaches_nowhere() {
    let text = text(1, 3_000);
    let good = zip(&[("a", &text, How::Large), ("b", &text, How::Large)], b"");
    // The lengths of 64 bits in the extra field of the first entry of the directory.
    let at = good.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").expect("a directory");
    for large in [u64::MAX, u64::MAX - 100, 1 << 63, good.len() as u64] {
        let mut changed = good.clone();
        let first = good.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a directory");
        // The second entry says that its header is there, the first one that it has all before that.
        changed[first + 46 + 1 + 4 + 8..][..8].copy_from_slice(&(large - 200).to_le_bytes());
        changed[first + 46 + 1 + 4..][..8].copy_from_slice(&u64::MAX.to_le_bytes());
        changed[at + 42..at + 46].copy_from_slice(&u32::MAX.to_le_bytes());
        changed[at + 46 + 1 + 2] = 24;
        changed[at + 30] += 8;
        changed.splice(at + 46 + 1 + 20..at + 46 + 1 + 20, large.to_le_bytes());
        let end = changed.len() - 22;
        changed[end + 12] += 8;
        let whole = container::walk(Part::new(&&changed[..], 0, changed.len() as u64)).expect("bytes at hand");
        assert!(whole.streams.iter().all(|stream| stream.offset + stream.deflated <= changed.len() as u64), "{:?}", whole.streams);
    }
}
