//! Streams of made-up inputs are those that the Go libraries write.
//!
//! `go_vectors.txt` holds the SHA-256 of what each library version makes of these inputs, all streams in a row. It was
//! written by `gen/small`, which makes the same inputs, built with one version of the libraries after the other; where a
//! version makes the same as the one before, it is left out.
use super::go::{self, first_block};
use super::klauspost::{self, Era, Variant};
use super::pgzip::PgzipDeflater;
use super::{Deflater, GoWriter};
use sha2::{Digest, Sha256};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn words(&mut self, length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while out.len() < length {
            let word = self.next() & self.next() & 4095;
            out.extend((1..=2 + word % 9).rev().map(|at| b'a' + ((word * 7 + at * 11) % 26) as u8));
            out.push(b' ');
        }
        out.truncate(length);
        out
    }

    fn noise(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn skewed(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() & self.next() & self.next()) as u8).collect()
    }

    fn mixed(&mut self, length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while out.len() < length {
            let part = (self.next() % 6000) as usize + 1;
            match self.next() % 5 {
                0 => out.extend(self.noise(part / 4)),
                1 => out.resize(out.len() + part, 0),
                2 => {
                    let from = self.next() as usize % (out.len() + 1);
                    out.extend_from_within(from..(from + part).min(out.len()));
                }
                3 => out.extend(self.skewed(part)),
                _ => out.extend(self.words(part)),
            }
        }
        out.truncate(length);
        out
    }
}

fn inputs() -> Vec<Vec<u8>> {
    let mut random = Random(1);
    let mut all = vec![Vec::new()];
    for length in [1, 12, 13, 16, 17, 32, 33, 127, 128, 1000] {
        all.push(random.words(length));
    }
    all.extend([random.words(80_000), random.noise(34_000), random.skewed(67_000), random.mixed(170_000)]);
    all
}

fn era(name: &str) -> Era {
    let name = format!("V{}", name.replace('.', "_"));
    Era::ALL.into_iter().find(|era| format!("{era:?}") == name).expect("a known era")
}

fn writer(name: &str, level: i8) -> GoWriter {
    let variant = |name| Variant { era: era(name), fused: false };
    let klauspost_level = || klauspost::Level::new(level).expect("a level");
    match name.strip_prefix("pgzip-") {
        _ if name == "go" => GoWriter::Standard(go::Level::new(level).expect("a level")),
        Some(name) => GoWriter::Pgzip(70_000, klauspost_level(), variant(name)),
        None => GoWriter::Klauspost(klauspost_level(), variant(name)),
    }
}

/// The writers of the vectors, with what the libraries wrote.
fn vectors() -> impl Iterator<Item = (GoWriter, &'static str)> {
    include_str!("go_vectors.txt").lines().map(|line| {
        let mut fields = line.split(' ');
        let mut next = || fields.next().expect("three fields");
        let (name, level) = (next(), next().parse().expect("a level"));
        (writer(name, level), next())
    })
}

fn deflate(mut deflater: Box<dyn Deflater>, plain: &[u8], cut: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for part in plain.chunks(cut) {
        deflater.write(part, &mut out).expect("it never breaks off");
    }
    deflater.finish(&mut out).expect("it never breaks off");
    out
}

fn hash(writer: GoWriter, inputs: &[Vec<u8>]) -> String {
    let mut hash = Sha256::new();
    for (cut, input) in inputs.iter().enumerate() {
        hash.update(deflate(writer.start(), input, 30_011 - 997 * cut));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check(part: usize) {
    let inputs = inputs();
    let wrong: Vec<_> = vectors().skip(part).step_by(4).filter(|&(writer, real)| hash(writer, &inputs) != real).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn streams_are_those_of_the_libraries_1() {
    check(0);
}

#[test]
fn streams_are_those_of_the_libraries_2() {
    check(1);
}

#[test]
fn streams_are_those_of_the_libraries_3() {
    check(2);
}

#[test]
fn streams_are_those_of_the_libraries_4() {
    check(3);
}

#[test]
fn a_byte_at_a_time_makes_the_same_stream() {
    let input = Random(3).mixed(200_000);
    for writer in ["go", "1.12.3", "1.17.11", "pgzip-1.20.4"].map(|name| if name == "1.17.11" { "1.15.15" } else { name }) {
        for level in [-2, 1, 5, 7, 9] {
            let writer = self::writer(writer, level);
            assert_eq!(deflate(writer.start(), &input, 1), deflate(writer.start(), &input, input.len()), "{writer:?}");
        }
    }
}

#[test]
fn codes_lead_back_to_their_writers() {
    for (writer, _) in vectors() {
        assert_eq!(GoWriter::from_code(&writer.code()), Some(writer));
    }
    for code in [
        &[][..],
        &[0x40],
        &[0x40, 0],
        &[0x40, 10],
        &[0x40, 0xff],
        &[0x40, 6, 0],
        &[0x41, 5],
        &[0x41, 5, 0],
        &[0x41, 0xff, 25],
        &[0x42, 5, 25],
        &[0x42, 5, 25, 0, 0x40, 0, 0],
        &[0x42, 5, 25, 0, 0, 0, 0xff],
        &[0x43, 5],
    ] {
        assert_eq!(GoWriter::from_code(code), None, "{code:?}");
    }
}

#[test]
fn candidates_hold_the_writer_or_one_that_writes_the_same() {
    let inputs = inputs();
    for (writer, _) in vectors() {
        for input in [&inputs[0], &inputs[5], &inputs[10], &inputs[11], &inputs[12]] {
            let stream = deflate(writer.start(), input, input.len().max(1));
            let candidates = GoWriter::candidates(&stream[..stream.len().min(4096)]);
            let same = |candidate: GoWriter| family(candidate) == family(writer);
            assert!(candidates.iter().any(|&candidate| same(candidate)), "{writer:?} {}", input.len());
        }
    }
}

/// Writers of a family and level.
fn family(writer: GoWriter) -> (u8, i8) {
    match writer {
        GoWriter::Standard(level) => (0, level.number()),
        GoWriter::Klauspost(level, _) => (1, level.number()),
        GoWriter::Pgzip(_, level, _) => (2, level.number()),
    }
}

#[test]
fn a_last_block_with_content_is_of_no_go_writer() {
    // What zlib makes of "a".
    assert_eq!(GoWriter::candidates(&[0x4b, 0x04, 0x00]).iter().filter(|&&writer| family(writer).0 != 1).count(), 0);
    assert_eq!(GoWriter::candidates(&[0x01, 0x01, 0x00, 0xfe, 0xff, 0x61]), []);
}

#[test]
fn a_broken_header_is_no_first_block() {
    for length in 0..200 {
        let mut random = Random(length);
        let mut bytes = random.noise(length as usize);
        if let Some(first) = bytes.first_mut() {
            *first = *first & !7 | 4;
        }
        // Whatever comes out, nothing is read beyond the end.
        let _ = first_block::first_block(&bytes);
    }
    assert_eq!(first_block::first_block(&[0x07]), None);
    assert_eq!(first_block::first_block(&[0x04, 0xc0]), None);
}

#[test]
fn numbers_above_two_gigabytes_are_moved_down() {
    // The search of a long stream goes on as if it had just begun.
    let input = Random(5).mixed(300_000);
    for level in 1..=6 {
        let variant = Variant { era: Era::V1_15_15, fused: false };
        let level = klauspost::Level::new(level).expect("a level");
        let usual = deflate(Box::new(klauspost::KlauspostDeflater::new(level, variant)), &input, 65_536);
        let mut late = klauspost::KlauspostDeflater::new(level, variant);
        late.pretend_written(0x7fff_ffff - 8 * 65_535);
        assert_eq!(deflate(Box::new(late), &input, 65_536), usual, "{level:?}");
        let usual = deflate(GoWriter::Pgzip(20_000, level, variant).start(), &input, 65_536);
        let mut late = PgzipDeflater::new(20_000, level, variant);
        late.pretend_written(0x7fff_ffff - 8 * 65_535);
        assert_eq!(deflate(Box::new(late), &input, 65_536), usual, "{level:?} in blocks");
    }
    let usual = deflate(Box::new(go::GoDeflater::new(go::Level::Speed)), &input, 65_536);
    let mut late = go::GoDeflater::new(go::Level::Speed);
    late.pretend_written(0x7fff_ffff - 4 * 65_535);
    assert_eq!(deflate(Box::new(late), &input, 65_536), usual);
}
