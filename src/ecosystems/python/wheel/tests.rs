//! Wheels as they are, and as they must not be.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{MOST_METADATA, metadata};
use crate::artifact::InMemory;
use std::io::{Cursor, Write};

const FILE: &str = "demo_pkg-1.0-py3-none-any.whl";
const NAME: &str = "demo_pkg-1.0.dist-info/METADATA";
const TEXT: &[u8] = b"Metadata-Version: 2.1\nName: demo-pkg\nVersion: 1.0\n";

fn read(bytes: &[u8]) -> Result<Vec<u8>, String> {
    metadata(FILE, &mut InMemory::new(bytes)).map_err(|e| e.to_string())
}

/// A member with whatever it claims.
#[derive(Clone)]
struct Part {
    name: Vec<u8>,
    local_name: Vec<u8>,
    packed: Vec<u8>,
    method: u16,
    flags: u16,
    crc: u32,
    size: u32,
    packed_claim: u32,
    extra: Vec<u8>,
    offset: Option<u32>,
}

fn part(name: &str, content: &[u8]) -> Part {
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflate.write_all(content).unwrap();
    let packed = deflate.finish().unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let (name, size, packed_claim) = (name.as_bytes().to_vec(), content.len() as u32, packed.len() as u32);
    Part { local_name: name.clone(), name, packed, method: 8, flags: 0, crc: crc.sum(), size, packed_claim, extra: vec![], offset: None }
}

struct End {
    prefix: Vec<u8>,
    gap: Vec<u8>,
    suffix: Vec<u8>,
    count: Option<u16>,
    wide: Option<[u64; 3]>,
}

fn end() -> End {
    End { prefix: vec![], gap: vec![], suffix: vec![], count: None, wide: None }
}

fn zip(parts: &[Part], end: &End) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut central, mut begin) = (Vec::new(), 0u32);
    for part in parts {
        let numbers = |out: &mut Vec<u8>, name: &[u8], extra: &[u8]| {
            [part.flags, part.method, 0, 0].iter().for_each(|n| out.extend(n.to_le_bytes()));
            [part.crc, part.packed_claim, part.size].iter().for_each(|n| out.extend(n.to_le_bytes()));
            [name.len() as u16, extra.len() as u16].iter().for_each(|n| out.extend(n.to_le_bytes()));
        };
        let at = out.len() as u32;
        out.extend(0x0403_4b50u32.to_le_bytes());
        out.extend(20u16.to_le_bytes());
        numbers(&mut out, &part.local_name, &[]);
        out.extend(&part.local_name);
        out.extend(&part.packed);
        central.extend(0x0201_4b50u32.to_le_bytes());
        central.extend([20, 0, 20, 0]);
        numbers(&mut central, &part.name, &part.extra);
        central.extend([0u8; 10]);
        central.extend(part.offset.unwrap_or(at).to_le_bytes());
        central.extend(&part.name);
        central.extend(&part.extra);
        begin = out.len() as u32;
    }
    out.extend(&central);
    out.extend(&end.gap);
    let count = end.count.unwrap_or(parts.len() as u16);
    if let Some([members, length, start]) = end.wide {
        let record = out.len() as u64;
        out.extend(0x0606_4b50u32.to_le_bytes());
        out.extend(44u64.to_le_bytes());
        out.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        [members, members, length, start].iter().for_each(|n| out.extend(n.to_le_bytes()));
        out.extend(0x0706_4b50u32.to_le_bytes());
        out.extend(0u32.to_le_bytes());
        out.extend(record.to_le_bytes());
        out.extend(1u32.to_le_bytes());
    }
    out.extend(0x0605_4b50u32.to_le_bytes());
    [0, 0, count, count].iter().for_each(|n| out.extend(n.to_le_bytes()));
    out.extend((central.len() as u32).to_le_bytes());
    out.extend(begin.to_le_bytes());
    out.extend((end.suffix.len() as u16).to_le_bytes());
    out.extend(&end.suffix);
    [end.prefix.clone(), out].concat()
}

fn whole() -> Vec<Part> {
    vec![part("demo_pkg/__init__.py", b"print()\n"), part(NAME, TEXT), part("demo_pkg-1.0.dist-info/RECORD", b"")]
}

/// The good wheel with its METADATA changed.
fn with(change: impl FnOnce(&mut Part)) -> Vec<u8> {
    let mut parts = whole();
    change(&mut parts[1]);
    zip(&parts, &end())
}

#[test]
fn a_wheel_gives_its_metadata() {
    assert_eq!(read(&zip(&whole(), &end())).unwrap(), TEXT);
    let commented = End { suffix: b"a comment".to_vec(), ..end() };
    assert_eq!(read(&zip(&whole(), &commented)).unwrap(), TEXT);
}

#[test]
fn a_wheel_of_another_writer_gives_its_metadata() {
    for (method, wide) in [(zip::CompressionMethod::Stored, false), (zip::CompressionMethod::Deflated, true)] {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(method).large_file(wide);
        for (name, content) in [("demo_pkg/__init__.py", b"".as_slice()), (NAME, TEXT)] {
            writer.start_file(name, options).unwrap();
            writer.write_all(content).unwrap();
        }
        assert_eq!(read(&writer.finish().unwrap().into_inner()).unwrap(), TEXT);
    }
}

#[test]
fn a_64_bit_end_record_is_read_where_it_agrees() {
    let plain = zip(&whole(), &end());
    let at = plain.len() - 22;
    let number = |from: usize| u64::from(u32::from_le_bytes(plain[from..from + 4].try_into().unwrap()));
    let (length, start) = (number(at + 12), number(at + 16));
    let wide = |numbers| zip(&whole(), &End { wide: Some(numbers), ..end() });
    assert_eq!(read(&wide([3, length, start])).unwrap(), TEXT);
    for lie in [[4, length, start], [3, length - 1, start], [3, length, start + 1], [u64::MAX, u64::MAX, u64::MAX]] {
        assert!(read(&wide(lie)).unwrap_err().contains("the two end records say different things"), "{lie:?}");
    }
}

#[test]
fn hostile_wheels_are_refused() {
    let bomb = part(NAME, &vec![b'a'; MOST_METADATA as usize + 1]);
    let twice = |name: &str| zip(&[whole(), vec![part(name, b"Name: other\n")]].concat(), &end());
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a bomb that says how large it is", zip(std::slice::from_ref(&bomb), &end()), "too large"),
        ("a bomb that lies", zip(&[Part { size: 50, ..bomb }], &end()), "another length"),
        ("shorter than it says", with(|m| m.size = 90), "another length"),
        ("a wrong check sum", with(|m| m.crc ^= 1), "check sum"),
        ("no METADATA", zip(&whole()[..1], &end()), "no *.dist-info/METADATA"),
        ("the same METADATA twice", twice(NAME), "more than one"),
        ("METADATA of two projects", twice("other-2.0.dist-info/METADATA"), "more than one"),
        ("METADATA by another case", twice("demo_pkg-1.0.DIST-INFO/metadata"), "more than one"),
        ("METADATA by backslash", twice("demo_pkg-1.0.dist-info\\METADATA"), "more than one"),
        ("METADATA by a name cut at NUL", twice("demo_pkg-1.0.dist-info/METADATA\0.txt"), "more than one"),
        ("another project", with(|m| rename(m, "other-1.0.dist-info/METADATA")), "another project or version"),
        ("another version", with(|m| rename(m, "demo_pkg-1.1.dist-info/METADATA")), "another project or version"),
        ("only by backslash", with(|m| rename(m, "demo_pkg-1.0.dist-info\\METADATA")), "another project or version"),
        ("encrypted", with(|m| m.flags = 1), "encrypted"),
        ("an unknown method", with(|m| m.method = 14), "method"),
        ("a header of another name", with(|m| m.local_name = b"demo_pkg-1.0.dist-info/METADATB".to_vec()), "own header"),
        ("a header elsewhere", with(|m| m.offset = Some(0)), "own header"),
        ("a header behind the directory", with(|m| m.offset = Some(1 << 20)), "behind the central directory"),
        ("reaches into the directory", with(|m| m.packed_claim = 5000), "reaches into"),
        ("a 64-bit size that is missing", with(|m| m.size = u32::MAX), "64-bit value is missing"),
        ("an extra field cut short", with(|m| m.extra = vec![1, 0, 8, 0, 1]), "cut short"),
        ("two 64-bit fields", with(|m| m.extra = [1, 0, 0, 0].repeat(2)), "two 64-bit extra fields"),
        ("a 64-bit bomb", with(|m| wide_size(m, u64::MAX)), "too large"),
        ("bytes in front", zip(&whole(), &End { prefix: b"#!/bin/sh\n".to_vec(), ..end() }), "bytes before, between or after"),
        ("bytes in between", zip(&whole(), &End { gap: vec![0; 9], ..end() }), "bytes before, between or after"),
        ("bytes behind", [zip(&whole(), &end()), b"more".to_vec()].concat(), "no end record"),
        ("more members than it says", zip(&whole(), &End { count: Some(2), ..end() }), "more members"),
        ("fewer members than it says", zip(&whole(), &End { count: Some(4), ..end() }), "cut short"),
        ("two end records", zip(&whole(), &End { suffix: [b"PK\x05\x06".as_slice(), &[0; 18]].concat(), ..end() }), "two end records"),
        ("nothing", vec![], "no end record"),
        ("not a zip", b"<html>not found</html>".repeat(9).clone(), "no end record"),
    ];
    for (what, bytes, expected) in table {
        let error = read(&bytes).expect_err(what);
        assert!(error.contains(expected), "{what}: {error}");
        assert!(error.starts_with(FILE), "{what}: {error}");
    }
}

fn rename(member: &mut Part, name: &str) {
    (member.name, member.local_name) = (name.as_bytes().to_vec(), name.as_bytes().to_vec());
}

fn wide_size(member: &mut Part, size: u64) {
    member.size = u32::MAX;
    member.extra = [[1, 0, 8, 0].as_slice(), &size.to_le_bytes()].concat();
}

proptest::proptest! {
    #[test]
    fn one_changed_byte_gives_the_same_or_nothing(at in 0usize..600, to: u8) {
        let mut bytes = zip(&whole(), &end());
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(found) = read(&bytes) {
            proptest::prop_assert_eq!(found, TEXT);
        }
    }

    #[test]
    fn any_length_is_refused_or_whole(length in 0usize..600) {
        let bytes = zip(&whole(), &end());
        let length = length.min(bytes.len());
        proptest::prop_assert_eq!(read(&bytes[..length]).is_ok(), length == bytes.len());
    }
}
