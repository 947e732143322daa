//! Blobs of many shapes, with and without bases.

use super::{How, Random, deflate, gzip, revised, round, tar, text, zip};

#[test]
fn nothing_and_next_to_nothing_come_back() {
    for blob in [&b""[..], b"x", b"PK\x05\x06", b"\x1f\x8b\x08", &[0; 22], &[0xFF; 600]] {
        round(blob, &[]);
        round(blob, &[blob]);
        round(blob, &[b"", b"another one"]);
    }
}

#[test]
fn a_zip_of_all_kinds_of_members_comes_back() {
    let (a, b) = (text(1, 90_000), text(2, 4_000));
    let noise = Random(3).bytes(5_000);
    let members = [
        ("stored", &a[..], How::Stored),
        ("six", &a, How::Deflated(6)),
        ("nine", &b, How::Deflated(9)),
        ("one", &a, How::Deflated(1)),
        ("locked", &b, How::Encrypted),
        ("described", &b, How::Descriptor),
        ("large", &a, How::Large),
        ("lying", &b, How::Lying),
        ("noise", &noise, How::Deflated(6)),
        ("empty", &[], How::Deflated(6)),
    ];
    for comment in [&b""[..], b"made in a test", b"PK\x05\x06 within a comment"] {
        let blob = zip(&members, comment);
        let made = round(&blob, &[]);
        assert!(made.deflated > 100_000 && made.expanded > 3 * 90_000, "{made:?}");
        assert!(made.length < blob.len() as u64);
    }
}

#[test]
fn members_that_lie_or_are_locked_stay_as_they_are() {
    let a = text(1, 50_000);
    for how in [How::Encrypted, How::Lying] {
        let made = round(&zip(&[("a", &a, how)], b""), &[]);
        assert_eq!(made.deflated, 0);
    }
    for how in [How::Deflated(6), How::Descriptor, How::Large] {
        let made = round(&zip(&[("a", &a, how)], b""), &[]);
        assert_eq!(made.deflated, deflate(&a, 6).len() as u64);
    }
}

#[test]
fn the_next_version_is_a_small_part_of_its_size() {
    let files: Vec<Vec<u8>> = (1..30).map(|seed| text(seed, 40_000)).collect();
    let next: Vec<Vec<u8>> = files.iter().enumerate().map(|(at, file)| if at % 3 == 0 { revised(file, 7) } else { file.clone() }).collect();
    let pack = |files: &[Vec<u8>]| {
        let members: Vec<(String, &Vec<u8>)> = files.iter().enumerate().map(|(at, file)| (format!("file{at}"), file)).collect();
        let members: Vec<(&str, &[u8], How)> = members.iter().map(|(name, file)| (name.as_str(), &file[..], How::Deflated(6))).collect();
        zip(&members, b"")
    };
    let (old, new) = (pack(&files), pack(&next));
    let made = round(&new, &[&old]);
    assert!(made.length * 25 < new.len() as u64, "{made:?} of {}", new.len());
    assert_eq!(made.bases, 1);
    // Of several bases, those that help are named.
    let made = round(&new, &[&text(99, 300_000), &old, &Random(4).bytes(200_000)]);
    assert_eq!(made.bases, 1);
    assert!(made.length * 25 < new.len() as u64, "{made:?}");
}

#[test]
fn a_blob_is_next_to_nothing_against_itself() {
    for blob in [zip(&[("a", &text(1, 300_000), How::Deflated(6))], b""), gzip(&text(2, 300_000), 6, true), Random(5).bytes(300_000)] {
        let made = round(&blob, &[&blob]);
        assert!(made.length < 400, "{made:?}");
        let (longer, shorter) = ([&blob[..], &text(8, 70_000)].concat(), &blob[..blob.len() / 2]);
        round(&blob, &[&longer]);
        round(&blob, &[shorter]);
        round(&longer, &[&blob]);
        round(shorter, &[&blob]);
    }
}

#[test]
fn gzip_with_several_members_and_any_fields_comes_back() {
    let parts = [gzip(&text(1, 100_000), 6, true), gzip(&text(2, 30_000), 9, false), gzip(b"", 6, false), gzip(&text(3, 60_000), 1, true)];
    let made = round(&parts.concat(), &[]);
    assert!(made.expanded > 190_000, "{made:?}");
    let mut trailing = parts.concat();
    trailing.extend_from_slice(b"garbage behind the last member");
    round(&trailing, &[&parts.concat()]);
    round(&parts.concat()[..30_000], &[]);
}

#[test]
fn streams_within_streams_are_expanded_once_more_and_no_deeper() {
    let plain = text(1, 200_000);
    let inner = gzip(&plain, 6, false);
    let archive = tar(&[("notes", b"some"), ("inner.gz", &inner), ("inner.zip", &zip(&[("p", &plain, How::Deflated(9))], b""))]);
    let blob = gzip(&archive, 6, false);
    let made = round(&blob, &[]);
    assert!(made.expanded > 400_000, "{made:?}");
    let within = zip(&[("a.gz", &inner, How::Stored), ("b.gz", &inner, How::Deflated(6))], b"");
    let made = round(&within, &[]);
    assert!(made.expanded > 400_000, "{made:?} of {}", within.len());
    // Three deep: the innermost one stays as it is.
    let deepest = gzip(&gzip(&archive, 6, false), 6, false);
    let made = round(&deepest, &[]);
    assert!(made.expanded < 300_000, "{made:?}");
    // Bases are entered as deep.
    let next = tar(&[("notes", b"else"), ("inner.gz", &gzip(&revised(&plain, 4), 6, false))]);
    let made = round(&gzip(&next, 6, false), &[&blob]);
    assert!(made.length < 3_000, "{made:?}");
}

#[test]
fn tars_and_texts_without_streams_are_compressed_against_bases() {
    let (a, b) = (Random(1).bytes(400_000), text(2, 100_000));
    let old = tar(&[("a", &a), ("b", &b)]);
    let new = tar(&[("b", &b), ("a", &revised(&a, 3)), ("c", b"new")]);
    let made = round(&new, &[&old]);
    assert!(made.length < 4_000, "{made:?}");
    assert_eq!(made.deflated, 0);
}

#[test]
fn several_slices_refer_to_far_places() {
    // Long enough for several slices, and for streams that are not made in one piece.
    let a = text(1, 18 << 20);
    let old = zip(&[("b", &text(2, 300_000), How::Deflated(6)), ("a", &a, How::Deflated(1))], b"");
    let new = zip(&[("a", &revised(&a, 3), How::Deflated(1)), ("b", &text(2, 300_000), How::Deflated(6))], b"");
    let made = round(&new, &[&old]);
    assert!(made.length < 40_000, "{made:?}");
}

#[test]
fn a_bound_that_is_not_met_gives_nothing() {
    let blob = Random(1).bytes(100_000);
    let file = super::file(&blob);
    let mut out = tempfile::tempfile().expect("a file");
    let made = super::encode(&file, 100_000, &[], &super::EFFORT, 100_000, &tempfile::tempfile, &mut out).expect("a file");
    assert_eq!(made, None);
}

#[test]
fn the_example_of_the_document_is_what_is_written() {
    let (stream, _) = super::encoded(b"hello", &[], &super::EFFORT);
    assert_eq!(stream[..8], *b"ALRECOD1");
    assert_eq!(stream[8..16], [13, 0, 0, 0, 4, 0, 0, 0]);
    assert_eq!(stream[29..], *b"\x00\x05\x00\x05\x00\x00\x00hello");
}
