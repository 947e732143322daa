//! What can go wrong with a recoded stream, told apart by who has to act.

use crate::error::Error as Told;
use crate::progress::interrupted;
use std::fmt;
use std::io;

/// Why a blob was not encoded or not made again.
#[derive(Debug)]
pub enum Error {
    /// Reading or writing failed.
    Io {
        /// What was read or written.
        part: String,
        /// What the system said.
        source: io::Error,
    },
    /// The stream is not what `docs/formats/recode.md` describes, or says other than what comes out.
    Malformed {
        /// Which part of the stream or of the blob.
        part: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A base is not what the stream says: another blob, or a damaged one.
    Base {
        /// Which of the stream's bases, from 0.
        index: usize,
        /// Which part of it.
        part: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Whoever waits for the work wants no more of it.
    Stopped,
}

/// What most functions here return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A part of the stream that is not as it has to be.
    pub fn malformed(part: impl Into<String>, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self::Malformed { part: part.into(), expected: expected.to_string(), found: found.to_string() }
    }

    /// A failure to read or write.
    pub fn io(part: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let part = part.into();
        move |source| Self::Io { part, source }
    }

    /// A base that is not what the stream says.
    pub fn base(index: usize, part: impl Into<String>, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self::Base { index, part: part.into(), expected: expected.to_string(), found: found.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { part, source } => write!(f, "{part}: {source}"),
            Self::Malformed { part, expected, found } => write!(f, "recoded stream, {part}: expected {expected}, found {found}"),
            Self::Stopped => write!(f, "stopped"),
            Self::Base { index, part, expected, found } => write!(f, "base {index}, {part}: expected {expected}, found {found}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<Error> for Told {
    fn from(error: Error) -> Self {
        match &error {
            Error::Io { part, source } => Self::io(format!("{part} of a recoded blob"), source),
            Error::Malformed { part, expected, found } => {
                Self::verification(format!("recoded stream: {part} is not what it must be")).with("expected", expected).with("found", found)
            }
            Error::Stopped => interrupted(),
            Error::Base { index, part, expected, found } => {
                let told = Self::verification(format!("recoded stream: base {index}, {part} is not what the stream was made from"));
                told.with("expected", expected).with("found", found)
            }
        }
    }
}
