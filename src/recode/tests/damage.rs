//! A small stream, cut at every place and with every byte changed: an error with a name, or the same bytes.

use super::{How, decoded, encoded, revised, text, zip};
use crate::recode::Error;

/// A blob, its base and its stream.
fn small() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let (a, b) = (text(1, 6_000), text(2, 3_000));
    let base = zip(&[("a", &a, How::Deflated(6)), ("b", &b, How::Deflated(9))], b"");
    let blob = zip(&[("a", &revised(&a, 3), How::Deflated(6)), ("b", &b, How::Deflated(9)), ("c", b"new", How::Stored)], b"");
    let (stream, made) = encoded(&blob, &[&base], &super::EFFORT);
    assert!(made.bases == 1 && made.deflated > 0, "{made:?}");
    (blob, base, stream)
}

#[test]
fn every_truncation_is_refused() {
    let (blob, base, stream) = small();
    for length in 0..stream.len() {
        let error = decoded(&stream[..length], blob.len() as u64, &[&base]).expect_err("a cut stream");
        assert!(matches!(error, Error::Malformed { .. }), "{length}: {error}");
    }
}

#[test]
fn every_changed_byte_is_refused_or_shows_in_what_comes_out() {
    let (blob, base, stream) = small();
    let mut refused = 0;
    for at in 0..stream.len() {
        for bit in [0x01, 0x10, 0x80] {
            let mut changed = stream.clone();
            changed[at] ^= bit;
            match decoded(&changed, blob.len() as u64, &[&base]) {
                // The digest of the blob decides; here it is enough that nothing is longer than said.
                Ok(bytes) => assert_eq!(bytes.len(), blob.len()),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > stream.len(), "only {refused} of {} were refused", stream.len() * 3);
}

#[test]
fn bytes_behind_the_end_are_refused() {
    let (blob, base, mut stream) = small();
    stream.push(0);
    assert!(decoded(&stream, blob.len() as u64, &[&base]).expect_err("one more").to_string().contains("end"));
}

#[test]
fn a_base_that_is_missing_or_of_another_size_is_named() {
    let (blob, base, stream) = small();
    for bases in [&[][..], &[&base[1..]]] {
        let error = decoded(&stream, blob.len() as u64, bases).expect_err("no such base");
        assert!(matches!(error, Error::Base { index: 0, .. }), "{error}");
    }
    assert!(decoded(&stream, blob.len() as u64 - 1, &[&base]).is_err());
}

#[test]
fn bases_that_are_not_needed_are_refused() {
    let (blob, base, stream) = small();
    let error = decoded(&stream, blob.len() as u64, &[&base, b"another blob"]).expect_err("one too many");
    assert!(error.to_string().contains("the bases that are listed"), "{error}");
    assert!(decoded(&stream, blob.len() as u64, &[b"another blob", &base]).is_err());
    assert!(decoded(&stream, blob.len() as u64, &[&base]).is_ok());
}

#[test]
fn a_damaged_base_is_told_from_a_damaged_stream() {
    let (blob, base, stream) = small();
    let (own, mut named, mut shown) = (super::Bases::new(&[&base]), 0, 0);
    for at in (0..base.len()).step_by(7) {
        let mut changed = base.clone();
        changed[at] ^= 0x40;
        // Under the same name, as a store has it whose disk went bad.
        let file = super::file(&changed);
        let bases = [super::Base { digest: own.0[0].0, file: &file, at: 0, size: base.len() as u64 }];
        let mut out = Vec::new();
        match super::decode(&mut &stream[..], blob.len() as u64, &bases, 2, &tempfile::tempfile, &mut out) {
            Err(Error::Base { .. }) => named += 1,
            Err(_) => shown += 1,
            Ok(()) => shown += usize::from(out != blob),
        }
    }
    assert!(named > 100 && shown > 10, "{named} named, {shown} shown");
}

#[test]
fn the_bases_are_told_from_the_first_bytes() {
    let (_, base, stream) = small();
    let bases = crate::recode::bases(&mut &stream[..]).expect("a header");
    assert_eq!(bases, [(super::name(&base), base.len() as u64)]);
}
