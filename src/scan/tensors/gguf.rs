//! GGUF, the form of llama.cpp: counts, settings with types, tensors with offsets, padding, bytes.

use super::super::rules;
use super::{Counted, Fault, Outcome, Source, product, wrong};
use crate::scan::Findings;
use std::collections::BTreeSet;

/// Most settings and tensors, and the longest of their names in bytes.
const MOST_SETTINGS: u64 = 1 << 16;
const MOST_TENSORS: u64 = 1 << 18;
const LONGEST_NAME: u64 = 1 << 10;
/// Deepest arrays within arrays.
const DEEPEST: u32 = 4;
/// Longest template that is looked into, in bytes.
const LONGEST_TEMPLATE: u64 = 1 << 20;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

pub(super) fn read(source: &mut Source<'_>, place: &str, found: &mut Findings) -> Outcome<Counted> {
    let (mark, version) = (source.array::<4>()?, source.u32()?);
    match version {
        _ if mark != *b"GGUF" => return wrong("it does not begin with GGUF"),
        2 | 3 => {}
        _ => return Err(Fault::Unknown(format!("version {version} of GGUF, or its bytes are in the other order: 2 and 3 are read"))),
    }
    let (tensors, settings) = (source.u64()?, source.u64()?);
    if tensors > MOST_TENSORS || settings > MOST_SETTINGS {
        return wrong(format!("{tensors} tensors and {settings} settings; {MOST_TENSORS} and {MOST_SETTINGS} are the most"));
    }
    let (alignment, architecture) = all_settings(source, settings, place, found)?;
    all_tensors(source, tensors, alignment).map(|elements| Counted { elements, architecture })
}

fn name(source: &mut Source<'_>) -> Outcome<String> {
    let length = source.u64()?;
    if length > LONGEST_NAME {
        return wrong(format!("a name of {length} bytes"));
    }
    String::from_utf8(source.bytes(length)?).or_else(|_| wrong("a name that is not in UTF-8"))
}

/// Reads the settings; the alignment of tensors is one of them, and the name of the architecture.
fn all_settings(source: &mut Source<'_>, count: u64, place: &str, found: &mut Findings) -> Outcome<(u64, Option<String>)> {
    let (mut alignment, mut architecture, mut keys) = (32, None, BTreeSet::new());
    for _ in 0..count {
        let (key, kind) = (name(source)?, source.u32()?);
        match (key.as_str(), kind) {
            ("general.alignment", 4) => alignment = u64::from(source.u32()?),
            ("general.alignment", _) => return wrong("an alignment of another type than a number of 32 bits"),
            ("general.architecture", STRING) => architecture = Some(name(source)?),
            (key, STRING) if key.starts_with("tokenizer.chat_template") => template(source, key, place, found)?,
            _ => value(source, kind, 0)?,
        }
        if !keys.insert(key) {
            return wrong("two settings of one name");
        }
    }
    match alignment {
        8..=0x10_0000 if alignment.is_power_of_two() => Ok((alignment, architecture)),
        _ => wrong(format!("an alignment of {alignment}")),
    }
}

/// A template is a program. Those that do what templates are for reach for nothing that begins with two low lines.
fn template(source: &mut Source<'_>, key: &str, place: &str, found: &mut Findings) -> Outcome<()> {
    let length = source.u64()?;
    if length > LONGEST_TEMPLATE {
        found.add(rules::NOT_EXAMINED, place, format!("{key:.60} has {length} bytes"));
        return source.skip(length);
    }
    let text = source.bytes(length)?;
    if super::settings::reaches_out(&String::from_utf8_lossy(&text)) {
        found.add(rules::TEMPLATE, place, format!("{key:.60} reaches for what is not of templates"));
    }
    Ok(())
}

fn width(kind: u32) -> Option<u64> {
    Some(match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => return None,
    })
}

fn value(source: &mut Source<'_>, kind: u32, depth: u32) -> Outcome<()> {
    match kind {
        STRING => source.u64().and_then(|length| source.skip(length)),
        ARRAY if depth < DEEPEST => {
            let (kind, count) = (source.u32()?, source.u64()?);
            // Each element has a byte at least, so that the file bounds the count.
            if count > source.left() {
                return wrong(format!("an array of {count}, the file has {} bytes more", source.left()));
            }
            match width(kind) {
                Some(width) => source.skip(product(&[count], width).unwrap_or(u64::MAX)),
                None => (0..count).try_for_each(|_| value(source, kind, depth + 1)),
            }
        }
        ARRAY => wrong("arrays in arrays, too deep"),
        kind => width(kind).map_or_else(|| wrong(format!("a setting of type {kind}, which there is not")), |width| source.skip(width)),
    }
}

/// Reads where tensors lie: one behind the other, each at a multiple of the alignment, and within the file.
fn all_tensors(source: &mut Source<'_>, count: u64, alignment: u64) -> Outcome<u64> {
    let (mut end, mut padded, mut elements, mut names) = (0u64, 0u64, 0u64, BTreeSet::new());
    for _ in 0..count {
        let name = name(source)?;
        let (here, length, offset) = tensor(source, &name)?;
        elements = elements.saturating_add(here);
        if offset != padded {
            return wrong(format!("{name:.60} lies at {offset}; behind the one before it is {padded}"));
        }
        end = offset.checked_add(length).ok_or_else(|| Fault::Wrong("more bytes than there can be".to_owned()))?;
        padded = end.checked_next_multiple_of(alignment).ok_or_else(|| Fault::Wrong("more bytes than there can be".to_owned()))?;
        if !names.insert(name) {
            return wrong("two tensors of one name");
        }
    }
    let start = source.at.checked_next_multiple_of(alignment).unwrap_or(u64::MAX);
    // Without tensors the padding may be left out, and behind the last one too.
    match source.size.checked_sub(start) {
        _ if count == 0 && source.size <= start => Ok(elements),
        Some(here) if here == end || here == padded => Ok(elements),
        here => wrong(format!("its tensors have {end} bytes, the file has {} for them", here.unwrap_or(0))),
    }
}

/// The number of elements of a tensor, its length and its offset.
fn tensor(source: &mut Source<'_>, name: &str) -> Outcome<(u64, u64, u64)> {
    let dimensions = source.u32()?;
    if dimensions > 4 {
        return wrong(format!("{name:.60} has {dimensions} dimensions, 4 are the most"));
    }
    let shape = (0..dimensions).map(|_| source.u64()).collect::<Outcome<Vec<_>>>()?;
    let (kind, offset) = (source.u32()?, source.u64()?);
    let (block, size) = block(kind).ok_or_else(|| Fault::Unknown(format!("{name:.60} is of type {kind}, which is not known here")))?;
    let elements = product(&shape, 1).filter(|elements| i64::try_from(*elements).is_ok());
    let rows = shape.first().copied().unwrap_or(1) % block == 0;
    match elements.filter(|_| rows).and_then(|elements| Some((elements, (elements / block).checked_mul(size)?))) {
        Some((elements, length)) => Ok((elements, length, offset)),
        None => wrong(format!("{name:.60} has a shape that cannot be: {shape:?}")),
    }
}

/// How many elements a block of that type has, and how many bytes (`ggml_type`).
fn block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        24 => (1, 1),
        27 | 28 => (1, 8),
        2 | 20 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        9 => (32, 36),
        10 => (256, 84),
        11 | 21 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        15 => (256, 292),
        16 | 35 => (256, 66),
        17 => (256, 74),
        18 => (256, 98),
        19 => (256, 50),
        22 => (256, 82),
        23 => (256, 136),
        29 => (256, 56),
        34 => (256, 54),
        39 => (32, 17),
        _ => return None,
    })
}
