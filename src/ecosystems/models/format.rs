//! What a file is by its bytes: its name is not believed.

use super::pickle::{Walk, is_opcode, walk};

/// How many bytes are looked at first.
pub(super) const LOOKED_AT: usize = 4096;
/// How many bytes are looked at at most: headers of the largest models have less than a quarter of it.
pub(super) const MOST_LOOKED_AT: u64 = 16 << 20;
/// How many bytes are looked at where the first do not tell whether they are a pickle.
const LOOKED_FURTHER: u64 = 1 << 20;
/// Longest header of tensors, in bytes; that of its own reader.
const LONGEST_HEADER: u64 = 100_000_000;
/// What files are called that are usually pickles.
const CARRIERS: [&str; 16] =
    ["bin", "ckpt", "cloudpickle", "dat", "data", "dill", "joblib", "mdl", "model", "p", "pickle", "pk", "pkl", "pt", "pth", "sav"];

/// A format of model files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    /// Tensors and nothing else.
    Safetensors,
    /// Tensors and settings of llama.cpp.
    Gguf,
    /// Columns of a dataset.
    Parquet,
    /// Python's object format, bare: loading it runs what it says.
    Pickle,
    /// An archive whose members hold pickles: PyTorch since 1.6.
    PickleInZip,
    /// An array file whose elements are pickled objects.
    NumpyObjects,
    /// An archive that says nothing by its first member.
    Zip,
    /// HDF5, which Keras uses.
    Hdf5,
}

impl Format {
    /// The word in reports.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Gguf => "gguf",
            Self::Parquet => "parquet",
            Self::Pickle => "pickle",
            Self::PickleInZip => "pickle in zip",
            Self::NumpyObjects => "numpy objects",
            Self::Zip => "zip",
            Self::Hdf5 => "hdf5",
        }
    }

    /// Whether loading the file runs what it says.
    pub(super) const fn carries_pickle(self) -> bool {
        matches!(self, Self::Pickle | Self::PickleInZip | Self::NumpyObjects)
    }
}

/// What the beginning of a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// A format that is known.
    Is(Format),
    /// None of them, and no reader of pickles gets anywhere.
    Other,
    /// It is not known yet; so many bytes from the beginning would tell more.
    Unsure(u64),
}

/// What the beginning of a file of so many bytes shows. What a reader of pickles would run is one, whatever it is to other readers.
pub(super) fn recognise(start: &[u8], size: u64) -> Sight {
    match start {
        [b'P', b'K', 3, 4, ..] => return Sight::Is(zip(start)),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return numpy(start, size),
        _ => {}
    }
    match (walk(start, size), header(start, size)) {
        (Walk::Calls, _) | (Walk::Data, Header::None) => Sight::Is(Format::Pickle),
        (_, Header::Longer(wanted)) => Sight::Unsure(wanted),
        (Walk::Open, _) => Sight::Unsure(size.min(LOOKED_FURTHER)),
        (_, Header::Json) => Sight::Is(Format::Safetensors),
        (Walk::Nothing, Header::None) => by_mark(start).map_or(Sight::Other, Sight::Is),
    }
}

fn by_mark(start: &[u8]) -> Option<Format> {
    match start {
        [b'G', b'G', b'U', b'F', ..] => Some(Format::Gguf),
        [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
        [0x89, b'H', b'D', b'F', ..] => Some(Format::Hdf5),
        // `PROTO`, and something to do.
        [0x80, 0..=5, opcode, ..] if is_opcode(*opcode) => Some(Format::Pickle),
        _ => None,
    }
}

/// Whether a file of that name is usually a pickle; one without a name may be.
pub(super) fn may_be_pickle(name: Option<&str>) -> bool {
    let parts = |name: &str| name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name.is_none_or(|name| parts(name).split('.').skip(1).any(|part| CARRIERS.contains(&part)))
}

/// Whether it is compressed, or an archive: readers of pickles unpack such files by themselves (joblib, pandas, torch).
pub(super) fn is_packed(start: &[u8]) -> bool {
    let marks: [&[u8]; 10] = [
        b"\x1f\x8b",
        b"\x78\x01",
        b"\x78\x5e",
        b"\x78\x9c",
        b"\x78\xda",
        b"BZh",
        b"\xfd7zXZ",
        b"\x5d\x00\x00",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
    ];
    marks.iter().any(|mark| start.starts_with(mark)) || start.get(257..262) == Some(b"ustar")
}

/// What the first bytes are as a header of tensors.
enum Header {
    None,
    /// The header is here, and it is what it should be.
    Json,
    /// It goes on up to there.
    Longer(u64),
}

/// The header's length, eight bytes, then a JSON object that fits into the file. The eight bytes may be the beginning of something else, so
/// that the length alone says nothing: the whole header is read.
fn header(start: &[u8], size: u64) -> Header {
    let Some((length, rest)) = start.split_first_chunk::<8>() else { return Header::None };
    let length = u64::from_le_bytes(*length);
    if !(2..=LONGEST_HEADER).contains(&length) || length + 8 > size || rest.first() != Some(&b'{') {
        return Header::None;
    }
    let Some(header) = usize::try_from(length).ok().and_then(|length| rest.get(..length)) else { return Header::Longer(length + 8) };
    let text = std::str::from_utf8(header).ok();
    let is_json = text.is_some_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    if is_json { Header::Json } else { Header::None }
}

/// A torch archive begins with its pickle; the name of the first member stands at byte 30.
fn zip(start: &[u8]) -> Format {
    let length = start.get(26..28).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    let name = start.get(30..30 + length).unwrap_or_default();
    if name.ends_with(b".pkl") || name.ends_with(b".pickle") { Format::PickleInZip } else { Format::Zip }
}

/// The header of an array file names its type of element, or those of its fields; `O` is a Python object. Its length stands before it (NEP 1).
fn numpy(start: &[u8], size: u64) -> Sight {
    let (at, length) = match start.get(6..12) {
        Some([1, _, low, high, ..]) => (10, u64::from(u16::from_le_bytes([*low, *high]))),
        Some([_, _, a, b, c, d]) => (12, u64::from(u32::from_le_bytes([*a, *b, *c, *d]))),
        _ => (start.len() as u64, 0),
    };
    let end = (at + length).min(size);
    let header = &start[..start.len().min(usize::try_from(end).unwrap_or(usize::MAX))];
    // `|O`, `f8,O`, `3O`, `object`: anything that might be such a type counts as one.
    let types = header.get(usize::try_from(at).unwrap_or(usize::MAX)..).unwrap_or_default();
    let objects = types.windows(2).any(|w| w[1] == b'O' && !w[0].is_ascii_alphabetic()) || types.windows(6).any(|w| w == b"object");
    match objects {
        true => Sight::Is(Format::NumpyObjects),
        false if (header.len() as u64) < end => Sight::Unsure(end),
        false => Sight::Other,
    }
}
