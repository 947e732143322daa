//! What can be wrong with a deflate stream.

use std::fmt;

/// Why a deflate stream was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InflateError {
    /// A block of the reserved type 3.
    BlockType,
    /// The length of a stored block and its complement disagree.
    StoredLength,
    /// More codes are announced than the format has (286 for literals and lengths, 30 for distances).
    TooManyCodes,
    /// Code lengths that are over-subscribed, leave codes unused, or repeat past the end.
    CodeLengths,
    /// A code that stands for nothing.
    Symbol,
    /// A match that reaches back before the start of the stream.
    Distance,
    /// The stream ends before its last block does.
    Truncated,
    /// The stream makes more bytes than were allowed.
    TooLong,
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BlockType => "deflate block of the reserved type",
            Self::StoredLength => "stored deflate block: its length and the complement disagree",
            Self::TooManyCodes => "deflate block announces more codes than the format has",
            Self::CodeLengths => "deflate block with an invalid set of code lengths",
            Self::Symbol => "deflate code that stands for nothing",
            Self::Distance => "deflate match that reaches back before the start of the stream",
            Self::Truncated => "deflate stream ends before its last block",
            Self::TooLong => "deflate stream makes more bytes than it may",
        })
    }
}

impl std::error::Error for InflateError {}
