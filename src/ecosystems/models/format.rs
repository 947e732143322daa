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

/// The header's length, eight bytes, then a JSON object that fits into the file.
fn is_safetensors(start: &[u8], size: u64) -> bool {
    let Some((length, rest)) = start.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    (2..=100 << 20).contains(&length) && length.checked_add(8).is_some_and(|end| end <= size) && rest.first() == Some(&b'{')
}

/// `PROTO` of protocol 2 and later followed by an opcode, or a protocol 0 or 1 stream that imports a class at once.
fn is_pickle(start: &[u8]) -> bool {
    match start {
        // FRAME, GLOBAL, MARK and the empty containers, strings, numbers: what a stream can begin with.
        [0x80, 2..=5, opcode, ..] => b"\x95c(]})N.X\x8cB\x8aJKMG\x8f\x88\x89U".contains(opcode) || *opcode == b'}',
        [b'c', rest @ ..] => {
            let mut lines = rest.splitn(3, |b| *b == b'\n');
            let word = |line: Option<&[u8]>| {
                line.is_some_and(|l| !l.is_empty() && l.iter().all(|b| b.is_ascii_alphanumeric() || b"._".contains(b)))
            };
            word(lines.next()) && word(lines.next()) && lines.next().is_some()
        }
        [b'(', b'd' | b'l' | b'c' | b'i', ..] => true,
        _ => false,
    }
}

/// A torch archive begins with its pickle; the name of the first member stands at byte 30.
fn zip(start: &[u8]) -> Format {
    let length = start.get(26..28).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    let name = start.get(30..30 + length).unwrap_or_default();
    if name.ends_with(b".pkl") || name.ends_with(b".pickle") { Format::PickleInZip } else { Format::Zip }
}

/// The header of an array file names its type of element; `O` is a Python object.
fn objects(start: &[u8]) -> bool {
    let header = &start[..start.len().min(1024)];
    header.windows(11).any(|w| w.starts_with(b"'descr'") && w.ends_with(b"|O")) || header.windows(13).any(|w| w == b"'descr': '|O'")
}
