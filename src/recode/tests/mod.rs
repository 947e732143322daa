//! Blobs of many shapes there and back, and streams that are damaged or made to do harm.

mod corrected;
mod damage;
mod frames;
mod hostile;
mod limits;
mod parts;
mod shapes;
mod tensors;

use super::encoder::Encoder;
use super::{Base, Effort, Error, Recoded, decode, encode};
use crate::artifact::Digest;
use std::fs::File;
use std::io::{Read, Seek, Write};

const EFFORT: Effort = Effort { level: 3, planes: true, threads: 2 };

/// Numbers without order, the same ones each time (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 56) as u8).collect()
    }

    /// Words of a small vocabulary, which deflate shrinks to about a third.
    fn text(&mut self, length: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(length + 16);
        while out.len() < length {
            let word = self.next() % 4000;
            out.extend_from_slice(format!("{:x} ", word * word * 7919).as_bytes());
        }
        out.truncate(length);
        out
    }
}

fn text(seed: u64, length: usize) -> Vec<u8> {
    Random(seed).text(length)
}

/// The same bytes with a few changed, taken out and put in, as a next version has them.
fn revised(bytes: &[u8], seed: u64) -> Vec<u8> {
    let (mut random, mut out) = (Random(seed), bytes.to_vec());
    for _ in 0..8 {
        let at = (random.next() % out.len().max(1) as u64) as usize;
        if out.len() > at + 40 {
            out.drain(at..at + 13);
            out[at + 5] ^= 0x55;
            let new = random.bytes(9);
            out.splice(at + 8..at + 8, new);
        }
    }
    out
}

fn zlib(level: u8) -> Encoder {
    // Stock zlib: level, window, memory level, default strategy.
    Encoder::from_code(&[1, level, 15, 8, 0]).expect("an encoder")
}

fn deflate(plain: &[u8], level: u8) -> Vec<u8> {
    let (mut deflater, mut out) = (zlib(level).start(), Vec::new());
    deflater.write(plain, &mut out).expect("an encoder");
    deflater.finish(&mut out).expect("an encoder");
    out
}

/// How a member of a zip is kept.
#[derive(Clone, Copy, PartialEq)]
enum How {
    Stored,
    Deflated(u8),
    Encrypted,
    Descriptor,
    Large,
    /// Says another length than its plain bytes have.
    Lying,
}

/// A zip with these members and this comment.
fn zip(members: &[(&str, &[u8], How)], comment: &[u8]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, plain, how) in members {
        let method: u16 = if *how == How::Stored { 0 } else { 8 };
        let body = match how {
            How::Stored => plain.to_vec(),
            How::Deflated(level) => deflate(plain, *level),
            _ => deflate(plain, 6),
        };
        let flags: u16 = match how {
            How::Encrypted => 1,
            How::Descriptor => 8,
            _ => 0,
        };
        let length = plain.len() as u64 + u64::from(*how == How::Lying);
        let large = *how == How::Large;
        let size = |value: u64| if large { u32::MAX } else { value as u32 };
        let mut common = Vec::new();
        for half in [20, flags, method, 0, 0] {
            common.extend_from_slice(&half.to_le_bytes());
        }
        let sizes = [crc32fast::hash(plain), size(body.len() as u64), size(length)];
        let extra =
            if large { [&[1, 0, 16, 0], &length.to_le_bytes()[..], &(body.len() as u64).to_le_bytes()].concat() } else { Vec::new() };
        let tail = [(name.len() as u16).to_le_bytes(), (extra.len() as u16).to_le_bytes()].concat();
        let offset = out.len() as u32;
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        for number in if *how == How::Descriptor { [0; 3] } else { sizes } {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&[&tail, name.as_bytes(), &extra, &body].concat());
        if *how == How::Descriptor {
            out.extend_from_slice(b"PK\x07\x08");
            sizes.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        }
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        sizes.iter().for_each(|number| directory.extend_from_slice(&number.to_le_bytes()));
        directory.extend_from_slice(&[&tail[..], &[0; 10], &offset.to_le_bytes(), name.as_bytes(), &extra].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (start, length) = ((out.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    out.extend_from_slice(&directory);
    out.extend_from_slice(
        &[b"PK\x05\x06\0\0\0\0", &count[..], &count, &length, &start, &(comment.len() as u16).to_le_bytes(), comment].concat(),
    );
    out
}

/// A member of a gzip file, with all fields a header can have.
fn gzip(plain: &[u8], level: u8, fields: bool) -> Vec<u8> {
    let mut out = vec![0x1F, 0x8B, 8, if fields { 0x1E } else { 0 }, 1, 2, 3, 4, 0, 3];
    if fields {
        out.extend_from_slice(b"\x05\x00extranotes.txt\0a comment\0\x12\x34");
    }
    out.extend_from_slice(&deflate(plain, level));
    out.extend_from_slice(&crc32fast::hash(plain).to_le_bytes());
    out.extend_from_slice(&(plain.len() as u32).to_le_bytes());
    out
}

/// A tar of some files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in files {
        let mut head = [0u8; 512];
        head[..name.len()].copy_from_slice(name.as_bytes());
        head[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        head[156] = b'0';
        head[257..263].copy_from_slice(b"ustar\0");
        head[148..156].copy_from_slice(b"        ");
        let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
        head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("room");
    file
}

fn name(bytes: &[u8]) -> Digest {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    digest[4..12].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
    Digest::from_bytes(digest)
}

/// The bases as files, and as the functions take them.
struct Bases(Vec<(Digest, File, u64)>);

impl Bases {
    fn new(bases: &[&[u8]]) -> Self {
        Self(bases.iter().map(|bytes| (name(bytes), file(bytes), bytes.len() as u64)).collect())
    }

    fn all(&self) -> Vec<Base<'_>> {
        self.0.iter().map(|(digest, file, size)| Base { digest: *digest, file, at: 0, size: *size }).collect()
    }
}

/// The stream of a blob.
fn encoded(blob: &[u8], bases: &[&[u8]], effort: &Effort) -> (Vec<u8>, Recoded) {
    let (own, mut out) = (Bases::new(bases), tempfile::tempfile().expect("a file"));
    let made = encode(&file(blob), blob.len() as u64, &own.all(), effort, u64::MAX, &tempfile::tempfile, &mut out);
    let made = made.expect("a blob that can be read").expect("no bound");
    let mut stream = Vec::new();
    out.rewind().expect("a file");
    out.read_to_end(&mut stream).expect("a file");
    assert_eq!(stream.len() as u64, made.length);
    (stream, made)
}

fn decoded(stream: &[u8], size: u64, bases: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let (own, mut out) = (Bases::new(bases), Vec::new());
    decode(&mut &stream[..], size, &own.all(), 2, &tempfile::tempfile, &mut out).map(|()| out)
}

/// There and back; how much of it was made.
fn round(blob: &[u8], bases: &[&[u8]]) -> Recoded {
    let (stream, made) = encoded(blob, bases, &EFFORT);
    let needed = super::bases(&mut &stream[..]).expect("a good stream");
    let of_use = |bytes: &&&[u8]| needed.iter().any(|(digest, _)| *digest == name(bytes));
    let bases_used: Vec<&[u8]> = bases.iter().filter(of_use).copied().collect();
    assert!(decoded(&stream, blob.len() as u64, &bases_used).expect("a good stream") == blob, "other bytes came back");
    let again = encoded(blob, bases, &Effort { threads: 1, ..EFFORT });
    assert!(again.0 == stream, "the stream depends on the number of threads");
    made
}
