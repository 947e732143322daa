//! Blobs with a frame of zstd whose encoder takes all it may, in processes as users run them: packed, verified and imported within the memory that is
//! promised. One stream is as this program writes it, the other one is made by hand and uses the limits of bases and slices as well.

use crate::bounds::peak;
use crate::host::{Host, arg};
use crate::stock::need;
use crate::world::{World, key, noise};
use airlift::artifact::Digest;
use airlift::bundle::{Bases, Draft, PackOptions, Recoding, Redundancy, Stream, write};
use airlift::lock::Lock;
use airlift::progress::Silent;
use airlift::recode::encoder::Encoder;
use airlift::steps::sign::sign;
use airlift::trust::{Protection, SecretKey};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MIB: usize = 1 << 20;
/// What is promised, in KiB (`docs/formats/recode.md`).
const MOST: u64 = 256 << 10;
/// Longest slice.
const SLICE: usize = 8 * MIB;
/// zstd of level 19 with a thread of its own, told the length: its tables, plain bytes and what is made of them.
const CODE: [u8; 4] = [0x20, 19, 0, 4 | 2];
/// Slices of the stream that is made by hand: as many plain bytes as the format has memory for.
const SLICES: usize = 10;
/// How much is new of each version: what the frame gets by that pays for looking for its encoder.
const NEW: usize = 900 << 10;
/// Bases of the stream that is made by hand, the plain bytes of the DEFLATE stream of each, and how many streams of one byte it has as well.
const BASES: usize = 6;
const INFLATED: usize = 42 * MIB;
const TINY: usize = 16_000;
/// How many references one slice has, and how long they are, but for one.
const REFERENCES: usize = 216;
const REFERENCE: usize = 64 << 10;

/// The plain bytes of a slice; the encoder is done with most of them at once.
fn slice() -> Vec<u8> {
    noise(2 * MIB, 1).repeat(4)
}

/// The frame of plain bytes, which takes what it may.
fn frame(plain: &[u8]) -> Vec<u8> {
    let encoder = Encoder::from_code(&CODE).expect("an encoder");
    let (mut making, mut out) = (encoder.start_of(plain.len() as u64, 0), Vec::new());
    plain.chunks(128 << 10).for_each(|bytes| making.write(bytes, &mut out).expect("an encoder"));
    making.finish(&mut out).expect("an encoder");
    let Encoder::Zstd(zstd) = encoder else { panic!("a frame") };
    let memory = zstd.memory(out.len() as u64, plain.len() as u64) as usize / MIB;
    assert!((170..=176).contains(&memory), "{memory} MiB");
    out
}

/// What the commands that take these arguments had at most must be within what is promised.
fn bounded(host: &Host, python: &Path, commands: &[(&str, Vec<&str>)]) {
    let peaks: Vec<(&str, u64)> = commands.iter().map(|(what, args)| (*what, peak(host, python, args))).collect();
    println!("peak memory in KiB: {peaks:?}");
    assert!(peaks.iter().all(|(_, most)| *most <= MOST), "more than {MOST} KiB: {peaks:?}");
}

#[test]
fn a_large_frame_is_packed_and_made_again_within_the_memory_that_is_promised() {
    let Some(python) = need("python3") else { return };
    let (host, world) = (Host::new(), World::new());
    let [old, new] = [2, 3].map(|seed| {
        let mut plain = [noise(2 * MIB, 1), noise(NEW, seed)].concat();
        plain.resize(75 * MIB, 0);
        frame(&plain)
    });
    SecretKey::write(&key(1), &host.path("person1"), Protection::Plain).expect("a key");
    let (sender, receiver) = (world.sender.root().to_owned(), world.receiver("receiver"));
    let pack = |out| ["--store", arg(&sender), "pack", "kit.lock", "--out", out, "--key", "person1", "--allow-plain-key"];
    let on = |args: [&'static str; 2]| [&["--store", arg(receiver.root())], &args[..]].concat();
    host.write("kit.lock", world.lock("kit", &[old]).to_bytes());
    bounded(
        &host,
        &python,
        &[
            ("pack --small", [&pack("full")[..], &["--small"]].concat()),
            ("verify", on(["verify", "full"])),
            ("import", on(["import", "full"])),
        ],
    );
    host.write("kit.lock", world.lock("kit", &[new]).to_bytes());
    bounded(
        &host,
        &python,
        &[
            ("pack --base", [&pack("delta")[..], &["--base", "full"]].concat()),
            ("verify", on(["verify", "delta"])),
            ("import", on(["import", "delta"])),
        ],
    );
    let bundle = world.open(&[host.path("delta/kit-2.airlift")]).expect("authentic");
    assert_eq!(bundle.bases.recoded.len(), 1, "the frame is made again");
}

/// Bases with frames, which are unpacked into a file, and without.
#[test]
fn so_is_one_beside_bases_and_slices_that_take_all_they_may() {
    let Some(python) = need("python3") else { return };
    let bytes = slice();
    let blob = frame(&bytes.repeat(SLICES));
    for framed in [true, false] {
        let (host, world) = (Host::new(), World::new());
        let bases: Vec<Base> = (0..BASES).map(|number| Base::new(number, framed)).collect();
        let stream = stream(&blob, &bases, &bytes);
        let contents: Vec<Vec<u8>> = bases.iter().map(|base| base.bytes.clone()).chain([blob.clone()]).collect();
        let lock = world.lock("kit", &contents);
        let from = bases.iter().map(|base| (Digest::of(&base.bytes), base.bytes.len() as u64)).collect();
        let volume = packed(&world, &lock, Digest::of(&blob), from, &stream);
        let receiver = world.receiver("receiver");
        let on = |command| ["--store", arg(receiver.root()), command, arg(&volume)].to_vec();
        bounded(&host, &python, &[("verify", on("verify")), ("import", on("import"))]);
        assert!(receiver.blob(&Digest::of(&blob)).expect("readable").is_some(), "it was made");
    }
}

/// A volume in which a stream stands for a blob.
fn packed(world: &World, lock: &Lock, blob: Digest, from: Vec<(Digest, u64)>, stream: &[u8]) -> PathBuf {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(stream).expect("room");
    let stream = Stream { file: Arc::new(file), at: 0, length: stream.len() as u64 };
    let bases = Bases { recoded: BTreeMap::from([(blob, from)]), ..Bases::default() };
    let draft = Draft {
        lock,
        blobs: &world.sender,
        epoch: 0,
        seq: 1,
        previous: None,
        created: "2026-01-01T00:00:00Z".to_owned(),
        tool: "test".to_owned(),
        remember: &|_| Ok(()),
        recoding: &Recoding { bases, streams: BTreeMap::from([(blob, stream)]) },
        parents: &[],
        ancestors: &[],
        files: vec![],
    };
    let out = world.path("out");
    std::fs::create_dir(&out).expect("a folder");
    let options = PackOptions { out: &out, volume_size: None, threads: 2, redundancy: Redundancy::default(), progress: &Silent };
    let written = write(&draft, &options).expect("written");
    sign(&written.statement, &written.volumes, &world.root, &key(1)).expect("signed");
    written.volumes[0].clone()
}

/// A stream as a table has it.
struct Listed {
    offset: usize,
    length: usize,
    plain: usize,
    frame: bool,
}

struct Base {
    bytes: Vec<u8>,
    streams: Vec<Listed>,
}

impl Base {
    /// A DEFLATE stream of stored blocks of zeros, what a slice has, if asked for in a frame with the largest window, and many streams of one byte.
    fn new(number: usize, framed: bool) -> Self {
        let mut bytes = Vec::new();
        for begin in (0..INFLATED).step_by(65_535) {
            let length = (INFLATED - begin).min(65_535) as u16;
            bytes.push(u8::from(begin + 65_535 >= INFLATED));
            bytes.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
            bytes.resize(bytes.len() + usize::from(length), 0);
        }
        let mut streams = vec![Listed { offset: 0, length: bytes.len(), plain: INFLATED, frame: false }];
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("a level");
        encoder.window_log(23).expect("a window");
        let plain = [slice(), vec![0; 4 * MIB]].concat();
        if framed {
            encoder.write_all(&plain).expect("memory");
            let frame = encoder.finish().expect("a frame");
            streams.push(Listed { offset: bytes.len(), length: frame.len(), plain: plain.len(), frame: true });
            bytes.extend(frame);
        } else {
            bytes.extend(plain);
        }
        streams.extend((0..TINY).map(|n| Listed { offset: bytes.len() + n, length: 1, plain: 1, frame: false }));
        bytes.resize(bytes.len() + TINY, number as u8);
        Self { bytes, streams }
    }
}

fn varint(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn table(out: &mut Vec<u8>, streams: &[Listed]) {
    let mut end = 0;
    let gaps = streams.iter().map(|stream| stream.offset - std::mem::replace(&mut end, stream.offset + stream.length));
    let lengths = streams.iter().map(|stream| stream.length).chain(streams.iter().map(|stream| stream.plain));
    let kinds = streams.iter().map(|stream| usize::from(stream.frame) << 20);
    [streams.len()].into_iter().chain(gaps).chain(lengths).chain(kinds).for_each(|number| varint(out, number));
}

/// The recoded stream of a blob that is one frame, as `docs/formats/recode.md` has it: slices that refer to all they may and need nothing of it, each
/// to further places of all bases than the one before.
fn stream(blob: &[u8], bases: &[Base], bytes: &[u8]) -> Vec<u8> {
    let mut header = Vec::new();
    [blob.len(), 1, CODE.len()].into_iter().for_each(|number| varint(&mut header, number));
    header.extend(CODE);
    varint(&mut header, bases.len());
    for base in bases {
        header.extend(Digest::of(&base.bytes).as_bytes());
        varint(&mut header, base.bytes.len());
    }
    bases.iter().for_each(|base| table(&mut header, &base.streams));
    table(&mut header, &[Listed { offset: 0, length: blob.len(), plain: SLICES * SLICE, frame: true }]);
    header.push(0);
    let stored = zstd::bulk::compress(&header, 15).expect("a frame");
    let mut out = [&b"ALRECOD1"[..], &(stored.len() as u32).to_le_bytes(), &(header.len() as u32).to_le_bytes(), &stored].concat();
    for n in 0..SLICES {
        let references = references(n);
        out.push(if n == 0 { 1 } else { 2 });
        [SLICE, REFERENCES].into_iter().for_each(|number| varint(&mut out, number));
        references.iter().flatten().for_each(|number| varint(&mut out, *number));
        // A frame has the noise, a DEFLATE stream nothing but zeros.
        let referred =
            references.iter().map(|[_, offset, length]| if *offset < INFLATED { vec![0; *length] } else { bytes[..*length].to_vec() });
        let before = if n == 0 { Vec::new() } else { bytes.to_vec() };
        let stored = against(&[before, referred.collect::<Vec<_>>().concat()].concat(), bytes);
        out.extend((stored.len() as u32).to_le_bytes());
        out.extend(&stored);
    }
    assert!(out.len() < blob.len() / 2, "what stands for a blob is shorter than it");
    out
}

/// What slice `n` refers to: number of the base, offset, length.
fn references(n: usize) -> Vec<[usize; 3]> {
    let each = REFERENCES / BASES;
    let further = |k: usize| (n * 7 * MIB + k % each * 7 * MIB / each).min(INFLATED - REFERENCE);
    let mut all: Vec<[usize; 3]> = (0..REFERENCES).map(|k| [k / each, further(k), REFERENCE]).collect();
    if n == 0 {
        // Every frame is needed, and what the slice has is in one.
        all.iter_mut().step_by(each).for_each(|reference| reference[1] = INFLATED);
        all[0][2] = 2 * MIB;
    }
    all
}

/// One frame that refers to what comes before it.
fn against(before: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::with_ref_prefix(Vec::new(), 3, before).expect("a level");
    encoder.window_log(25).and_then(|()| encoder.long_distance_matching(true)).expect("known");
    encoder.set_pledged_src_size(Some(bytes.len() as u64)).expect("in time");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("a frame")
}
