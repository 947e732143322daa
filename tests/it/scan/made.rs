//! Archives made on purpose: sound ones, and such as no honest program writes.

use std::io::Write;

/// An entry of a tar and everything that can be said of it.
#[derive(Clone)]
pub struct Entry {
    pub name: Vec<u8>,
    pub content: Vec<u8>,
    pub kind: u8,
    pub link: String,
    pub mode: u32,
    /// What the header claims.
    pub size: Option<u64>,
    /// What fills the last block.
    pub fill: u8,
    /// `ustar`, or anything else.
    pub magic: [u8; 8],
    /// Records in front of it.
    pub pax: Option<Vec<u8>>,
}

pub fn file(name: &str, content: &[u8]) -> Entry {
    Entry {
        name: name.as_bytes().to_vec(),
        content: content.to_vec(),
        kind: b'0',
        link: String::new(),
        mode: 0o644,
        size: None,
        fill: 0,
        magic: *b"ustar\x0000",
        pax: None,
    }
}

pub fn of_kind(name: &str, kind: u8, link: &str) -> Entry {
    Entry { kind, link: link.to_owned(), ..file(name, b"") }
}

/// A file with records of an extended header.
pub fn extended(name: &str, content: &[u8], records: &[(&str, &str)]) -> Entry {
    Entry { pax: Some(records.iter().flat_map(|(key, value)| record(key, value)).collect()), ..file(name, content) }
}

pub fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..rest + 9).find(|length| length - rest == length.to_string().len()).expect("a length");
    format!("{length} {key}={value}\n").into_bytes()
}

/// One entry as bytes.
pub fn bytes(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(pax) = &entry.pax {
        out.extend(bytes(&Entry { content: pax.clone(), kind: b'x', pax: None, ..file("PaxHeaders/x", b"") }));
    }
    let mut block = [0u8; 512];
    block[..entry.name.len()].copy_from_slice(&entry.name);
    let octal = |field: &mut [u8], number: u64| {
        let width = field.len() - 1;
        field[..width].copy_from_slice(format!("{number:0width$o}").as_bytes());
    };
    octal(&mut block[100..108], u64::from(entry.mode));
    octal(&mut block[108..116], 0);
    octal(&mut block[116..124], 0);
    octal(&mut block[124..136], entry.size.unwrap_or(entry.content.len() as u64));
    octal(&mut block[136..148], 0);
    block[156] = entry.kind;
    block[157..157 + entry.link.len()].copy_from_slice(entry.link.as_bytes());
    block[257..265].copy_from_slice(&entry.magic);
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|b| u64::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out.extend(block);
    out.extend(&entry.content);
    out.resize(out.len().next_multiple_of(512), entry.fill);
    out
}

/// A whole tar with its end mark.
pub fn tar(entries: &[Entry]) -> Vec<u8> {
    [entries.iter().flat_map(bytes).collect::<Vec<u8>>(), vec![0; 1024]].concat()
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(content).unwrap();
    packer.finish().unwrap()
}

/// A member of a zip and everything that can be said of it.
#[derive(Clone)]
pub struct Part {
    pub name: Vec<u8>,
    pub local_name: Vec<u8>,
    pub packed: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub size: u32,
    pub extra: Vec<u8>,
    pub mode: u32,
    /// Bytes behind the content: a descriptor, or anything.
    pub behind: Vec<u8>,
    /// The offset that the directory claims.
    pub offset: Option<u32>,
}

pub fn part(name: &str, content: &[u8]) -> Part {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    Part {
        name: name.as_bytes().to_vec(),
        local_name: name.as_bytes().to_vec(),
        packed: content.to_vec(),
        method: 0,
        flags: 0,
        crc: crc.sum(),
        size: content.len() as u32,
        extra: vec![],
        mode: 0o100_644,
        behind: vec![],
        offset: None,
    }
}

pub fn deflated(name: &str, content: &[u8]) -> Part {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(content).unwrap();
    Part { packed: packer.finish().unwrap(), method: 8, ..part(name, content) }
}

/// A member with a data descriptor, as streaming writers make it.
pub fn described(name: &str, content: &[u8]) -> Part {
    let mut part = deflated(name, content);
    part.flags = 1 << 3;
    part.behind = [0x0807_4b50, part.crc, part.packed.len() as u32, part.size].iter().flat_map(|n| n.to_le_bytes()).collect();
    part
}

pub fn zip(parts: &[Part]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for part in parts {
        let numbers = |out: &mut Vec<u8>, name: &[u8], extra: &[u8], later: bool| {
            [part.flags, part.method, 0, 0].iter().for_each(|n| out.extend(n.to_le_bytes()));
            let said = [part.crc, part.packed.len() as u32, part.size];
            (if later { [0; 3] } else { said }).iter().for_each(|n| out.extend(n.to_le_bytes()));
            [name.len() as u16, extra.len() as u16].iter().for_each(|n| out.extend(n.to_le_bytes()));
        };
        let at = part.offset.unwrap_or(out.len() as u32);
        out.extend(0x0403_4b50u32.to_le_bytes());
        out.extend(20u16.to_le_bytes());
        numbers(&mut out, &part.local_name, &[], part.flags & 1 << 3 != 0);
        [&part.local_name, &part.packed, &part.behind].iter().for_each(|bytes| out.extend(*bytes));
        central.extend(0x0201_4b50u32.to_le_bytes());
        central.extend([20, 3, 20, 0]);
        numbers(&mut central, &part.name, &part.extra, false);
        central.extend([0u8; 6]);
        central.extend((part.mode << 16).to_le_bytes());
        central.extend(at.to_le_bytes());
        [&part.name, &part.extra].iter().for_each(|bytes| central.extend(*bytes));
    }
    let (begin, count) = (out.len() as u32, parts.len() as u16);
    out.extend(&central);
    out.extend(0x0605_4b50u32.to_le_bytes());
    [0, 0, count, count].iter().for_each(|n| out.extend(n.to_le_bytes()));
    [central.len() as u32, begin].iter().for_each(|n| out.extend(n.to_le_bytes()));
    out.extend(0u16.to_le_bytes());
    out
}
