//! Files of tensors: whether the header describes exactly the bytes that follow, and whether there is more in the file than tensors.
//!
//! In: a stream from its first byte, and its length. Out: findings. Headers are read within bounds, tensors are passed over or not read at
//! all; sums are made in a width that does not overflow. Readers in other languages map these files into memory by what the header says:
//! a header that is wrong is how they are attacked. Called by whoever knows the form of a file.

mod gguf;
mod literal;
mod npy;
mod onnx;
mod safetensors;
mod settings;
#[cfg(test)]
mod tests;

pub use onnx::is_graph;
pub use settings::layers;

use super::finding::Findings;
use super::rules;
use std::io::{self, BufRead, Read};

/// A form that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A length, a JSON object, tensors.
    Safetensors,
    /// Settings and tensors of llama.cpp, versions 2 and 3.
    Gguf,
    /// One array (NEP 1).
    Npy,
    /// A graph of operators in protocol buffers.
    Onnx,
}

/// Reads a file of that form and of so many bytes.
///
/// # Errors
/// When the stream cannot be read.
pub fn examine(form: Form, stream: &mut dyn BufRead, size: u64, place: &str, found: &mut Findings) -> io::Result<()> {
    let mut source = Source { inner: stream, at: 0, size };
    let outcome = match form {
        Form::Safetensors => safetensors::read(&mut source).map(drop),
        Form::Gguf => gguf::read(&mut source, place, found).map(drop),
        Form::Npy => npy::read(&mut source, place, found),
        Form::Onnx => onnx::read(&mut source, place, found),
    };
    match outcome {
        Ok(()) => Ok(()),
        Err(Fault::Io(error)) => Err(error),
        Err(Fault::Wrong(what)) => {
            found.add(rules::TENSORS, place, what);
            Ok(())
        }
        Err(Fault::Unknown(what)) => {
            found.add(rules::NOT_EXAMINED, place, what);
            Ok(())
        }
    }
}

/// What the header of a file of tensors says of them all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// How many elements its tensors have together.
    pub elements: u64,
    /// The architecture that it names.
    pub architecture: Option<String>,
}

/// Counts the elements of the tensors of a file; `None` for forms whose headers do not list them, and where the header is not right.
///
/// # Errors
/// When the stream cannot be read.
pub fn count(form: Form, stream: &mut dyn BufRead, size: u64) -> io::Result<Option<Counted>> {
    let mut source = Source { inner: stream, at: 0, size };
    let outcome = match form {
        Form::Safetensors => safetensors::read(&mut source),
        Form::Gguf => gguf::read(&mut source, "", &mut Findings::default()),
        Form::Npy | Form::Onnx => return Ok(None),
    };
    match outcome {
        Ok(counted) => Ok(Some(counted)),
        Err(Fault::Io(error)) => Err(error),
        Err(Fault::Wrong(_) | Fault::Unknown(_)) => Ok(None),
    }
}

/// Why reading stopped.
#[derive(Debug)]
enum Fault {
    Io(io::Error),
    Wrong(String),
    /// It may be right, and was not looked at.
    Unknown(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

type Outcome<T> = Result<T, Fault>;

fn wrong<T>(what: impl Into<String>) -> Outcome<T> {
    Err(Fault::Wrong(what.into()))
}

/// A stream, how far it is, and how long it is said to be.
struct Source<'a> {
    inner: &'a mut dyn BufRead,
    at: u64,
    size: u64,
}

impl Source<'_> {
    fn left(&self) -> u64 {
        self.size.saturating_sub(self.at)
    }

    /// So many bytes; a length beyond the end of the file is refused before anything is set aside for it.
    fn bytes(&mut self, count: u64) -> Outcome<Vec<u8>> {
        if count > self.left() {
            return wrong(format!("it goes on for {count} bytes at byte {}, the file has {} more", self.at, self.left()));
        }
        let mut bytes = Vec::new();
        (&mut *self.inner).take(count).read_to_end(&mut bytes)?;
        self.at += bytes.len() as u64;
        if bytes.len() as u64 == count { Ok(bytes) } else { wrong(format!("it ends at byte {}", self.at)) }
    }

    fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let bytes = self.bytes(N as u64)?;
        bytes.try_into().map_err(|_| Fault::Wrong("it is cut short".to_owned()))
    }

    fn u32(&mut self) -> Outcome<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Outcome<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn skip(&mut self, count: u64) -> Outcome<()> {
        if count > self.left() {
            return wrong(format!("it goes on for {count} bytes at byte {}, the file has {} more", self.at, self.left()));
        }
        let skipped = io::copy(&mut (&mut *self.inner).take(count), &mut io::sink())?;
        self.at += skipped;
        if skipped == count { Ok(()) } else { wrong(format!("it ends at byte {}", self.at)) }
    }
}

/// The product of lengths, times the size of one of them, which no file reaches where it overflows.
fn product(lengths: &[u64], unit: u64) -> Option<u64> {
    lengths.iter().try_fold(unit, |product, length| product.checked_mul(*length))
}
