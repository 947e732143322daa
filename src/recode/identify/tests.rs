//! Encoders found again.

use super::super::corpora;
use super::super::encoder::{Chunk, Cut, Encoder, InfoZip, Joint, MinizOxide, Pigz, Strategy, Zlib, ZlibRs};
use super::{Evidence, Found, IdentifyError, Outcome, PREFIX, Source, identify};

fn deflate(encoder: &Encoder, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut running = encoder.start();
    running.write(plain, &mut out).unwrap();
    running.finish(&mut out).unwrap();
    out
}

fn zlib(level: u8, memory: u8, cut: Cut) -> Encoder {
    Encoder::Zlib(Zlib::new(level, 15, memory, Strategy::Default).unwrap(), cut)
}

/// A plain text longer than what is kept of a stream.
fn long() -> Vec<u8> {
    corpora::all().into_iter().filter(|(name, _)| *name != "zeros").flat_map(|(_, plain)| plain).collect()
}

#[test]
fn found_are_all_families() {
    let plain = long();
    let encoders = [
        zlib(6, 8, Cut::Nowhere),
        zlib(9, 8, Cut::Nowhere),
        zlib(1, 9, Cut::Nowhere),
        zlib(4, 5, Cut::AtEnd),
        zlib(6, 8, Cut::Every(65_536)),
        zlib(6, 8, Cut::Every(10_000)),
        Encoder::InfoZip(InfoZip::zip(9).unwrap()),
        Encoder::InfoZip(InfoZip::zip(1).unwrap()),
        Encoder::InfoZip(InfoZip::gzip(6).unwrap()),
        Encoder::Pigz(Pigz::new(6, 128, Joint::Dictionary).unwrap()),
        Encoder::Pigz(Pigz::new(9, 128, Joint::Continued).unwrap()),
        Encoder::Pigz(Pigz::new(6, 128, Joint::Independent).unwrap()),
        Encoder::ZlibRs(ZlibRs::new(6, Chunk::Kib(8)).unwrap(), Cut::AtEnd),
        Encoder::ZlibRs(ZlibRs::new(3, Chunk::Whole).unwrap(), Cut::Nowhere),
        Encoder::MinizOxide(MinizOxide::new(6, Chunk::Whole).unwrap(), Cut::Nowhere),
        Encoder::Zlib(Zlib::new(6, 12, 8, Strategy::Default).unwrap(), Cut::Nowhere),
        Encoder::Zlib(Zlib::new(6, 15, 8, Strategy::Rle).unwrap(), Cut::Nowhere),
        Encoder::Zlib(Zlib::new(6, 15, 8, Strategy::HuffmanOnly).unwrap(), Cut::Nowhere),
        Encoder::Zlib(Zlib::new(6, 15, 8, Strategy::Fixed).unwrap(), Cut::Nowhere),
        Encoder::Zlib(Zlib::new(6, 15, 8, Strategy::Filtered).unwrap(), Cut::Nowhere),
    ];
    for encoder in encoders {
        let stream = deflate(&encoder, &plain);
        let Outcome::Found(found) = identify(&stream.as_slice(), 1 << 24, None).unwrap() else { panic!("{encoder:?}") };
        // The same family; another member of it only where that makes the same stream.
        assert_eq!(found.encoder.code().as_bytes()[0], encoder.code().as_bytes()[0], "{encoder:?} as {found:?}");
        assert!(found.encoder == encoder || deflate(&found.encoder, &plain) == stream, "{encoder:?} as {found:?}");
        assert_eq!(found, Found { encoder: found.encoder.clone(), deflated: stream.len() as u64, plain: plain.len() as u64 });
    }
}

#[test]
fn what_is_found_makes_the_stream_again() {
    for (name, plain) in corpora::all() {
        for encoder in [zlib(6, 8, Cut::Nowhere), Encoder::InfoZip(InfoZip::zip(6).unwrap()), zlib(2, 3, Cut::AtEnd)] {
            let stream = deflate(&encoder, &plain);
            let Outcome::Found(found) = identify(&stream.as_slice(), 1 << 24, Some(&encoder)).unwrap() else {
                panic!("{name} {encoder:?}")
            };
            assert_eq!((found.deflated, found.plain), (stream.len() as u64, plain.len() as u64));
            assert!(deflate(&found.encoder, &plain) == stream, "{name} {encoder:?} as {found:?}");
        }
    }
}

#[test]
fn a_stream_in_front_of_other_bytes_is_found() {
    let plain = long();
    let mut stream = deflate(&zlib(6, 8, Cut::Nowhere), &plain);
    let deflated = stream.len() as u64;
    stream.extend_from_slice(&plain[..1000]);
    let Outcome::Found(found) = identify(&stream.as_slice(), 1 << 24, None).unwrap() else { panic!("not found") };
    assert_eq!(found.deflated, deflated);
}

#[test]
fn a_stream_of_two_encoders_is_unknown() {
    let plain = long();
    for front in [100_000, 400_000] {
        let mut stream = Vec::new();
        let mut running = zlib(6, 8, Cut::Nowhere).start();
        running.write(&plain[..front], &mut stream).unwrap();
        let mut flushed = Vec::new();
        let mut cut = zlib(6, 8, Cut::Every(front as u32)).start();
        cut.write(&plain[..front], &mut flushed).unwrap();
        assert!(flushed.ends_with(&[0, 0, 0xff, 0xff]));
        flushed.extend(deflate(&zlib(9, 8, Cut::Nowhere), &plain[front..]));
        let outcome = identify(&flushed.as_slice(), 1 << 24, None).unwrap();
        assert_eq!(outcome, Outcome::Unknown { deflated: flushed.len() as u64, plain: plain.len() as u64 });
    }
}

#[test]
fn a_padding_bit_that_no_encoder_sets_makes_a_stream_unknown() {
    // 'x' in a fixed block: 10 bits and the end of block leave padding in the last byte.
    let stream = deflate(&zlib(6, 8, Cut::Nowhere), b"x");
    let mut other = stream.clone();
    *other.last_mut().unwrap() |= 0x80;
    assert!(matches!(identify(&stream.as_slice(), 10, None).unwrap(), Outcome::Found(_)));
    assert_eq!(identify(&other.as_slice(), 10, None).unwrap(), Outcome::Unknown { deflated: stream.len() as u64, plain: 1 });
}

#[test]
fn broken_and_long_streams_are_errors() {
    let plain = long();
    let stream = deflate(&zlib(6, 8, Cut::Nowhere), &plain);
    let cut = &stream[..stream.len() - 10];
    assert!(matches!(identify(&cut, 1 << 24, None), Err(IdentifyError::Inflate(_))));
    assert!(matches!(identify(&stream.as_slice(), 500_000, None), Err(IdentifyError::Inflate(_))));
    assert!(matches!(identify(&[].as_slice(), 10, None), Err(IdentifyError::Inflate(_))));
}

struct Failing;

impl Source for Failing {
    fn read_at(&self, _: u64, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("gone"))
    }

    fn len(&self) -> u64 {
        10
    }
}

#[test]
fn a_source_that_fails_is_said_to() {
    assert!(identify(&Failing, 10, None).unwrap_err().to_string().contains("gone"));
}

#[test]
fn a_stream_that_never_fills_a_chunk_is_not_kept_whole() {
    // One block of the fixed codes: literals 255, each of nine bits that are set, then the end of the block.
    let plain = (8 << 20) + 5;
    let mut stream = vec![0xFF; (9 * plain + 3) / 8];
    stream[0] = 0b1111_1011;
    stream.push(0);
    let evidence = Evidence::gather(&stream.as_slice(), plain as u64, PREFIX).unwrap().unwrap();
    assert!(evidence.prefix.len() < 5 * PREFIX, "{}", evidence.prefix.len());
    let Outcome::Unknown { deflated, plain: length } = identify(&stream.as_slice(), plain as u64, None).unwrap() else { panic!() };
    assert_eq!((deflated, length), (stream.len() as u64, plain as u64));
}
