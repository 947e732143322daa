//! What a file is by its first bytes: its name is not believed.

/// How many bytes are looked at.
pub(super) const LOOKED_AT: usize = 4096;

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

/// The format that the beginning of a file of so many bytes shows.
pub(super) fn recognise(start: &[u8], size: u64) -> Option<Format> {
    match start {
        [b'G', b'G', b'U', b'F', ..] => Some(Format::Gguf),
        [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
        [0x89, b'H', b'D', b'F', ..] => Some(Format::Hdf5),
        [b'P', b'K', 3, 4, ..] => Some(zip(start)),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => objects(start).then_some(Format::NumpyObjects),
        _ if is_safetensors(start, size) => Some(Format::Safetensors),
        _ if is_pickle(start) => Some(Format::Pickle),
        _ => None,
    }
}

/// The header's length, eight bytes, then a JSON object that fits into the file. The eight bytes may be the beginning of a pickle too, so
/// what is here of the header must be JSON: all of it where it is all here, else as far as lines without control characters and in ASCII
/// tell, between which no pickle imports anything.
fn is_safetensors(start: &[u8], size: u64) -> bool {
    let Some((length, rest)) = start.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    if !(2..=100 << 20).contains(&length) || length + 8 > size {
        return false;
    }
    match usize::try_from(length).ok().and_then(|length| rest.get(..length)) {
        Some(header) => serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(header).is_ok(),
        None => rest.starts_with(b"{\"") && rest.iter().all(|b| (b' '..=b'~').contains(b)),
    }
}

/// `PROTO` and whatever follows it, or a stream of protocol 0 or 1 that imports a class or builds a container at once.
fn is_pickle(start: &[u8]) -> bool {
    match start {
        [b'c', rest @ ..] => {
            let mut lines = rest.splitn(3, |b| *b == b'\n');
            let word = |line: Option<&[u8]>| {
                line.is_some_and(|l| !l.is_empty() && l.iter().all(|b| b.is_ascii_alphanumeric() || b"._".contains(b)))
            };
            word(lines.next()) && word(lines.next()) && lines.next().is_some()
        }
        [0x80, 0..=5, _, ..] | [b'(', b'd' | b'l' | b'c' | b'i', ..] | [b']' | b'}' | b')', b'q' | b'p' | b'.' | b'(', ..] => true,
        _ => false,
    }
}

/// A torch archive begins with its pickle; the name of the first member stands at byte 30.
fn zip(start: &[u8]) -> Format {
    let length = start.get(26..28).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    let name = start.get(30..30 + length).unwrap_or_default();
    if name.ends_with(b".pkl") || name.ends_with(b".pickle") { Format::PickleInZip } else { Format::Zip }
}

/// The header of an array file names its type of element, or those of its fields; `O` is a Python object.
fn objects(start: &[u8]) -> bool {
    start.windows(3).any(|w| matches!(w, [b'\'' | b'"' | b'|', b'O', b'\'' | b'"']))
}
