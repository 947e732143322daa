//! Finding the encoder of a deflate stream: cheap evidence makes a short list, each of the list is run from the start and compared
//! until the first difference. What is returned made the whole stream again, bit for bit.

mod candidates;
mod evidence;
mod source;
#[cfg(test)]
mod tests;
mod zstd;

use std::fmt;
use std::io;

use super::encoder::{Encoder, EncoderError, WHOLE};
use super::inflate::{InflateError, Inflater, Status};
pub use evidence::Evidence;
pub use source::{Section, Source};
pub use zstd::frame;

/// How much of the plain bytes is looked at before candidates are named, and kept for them.
const PREFIX: usize = 256 * 1024;
/// How much of the stream is read at a time.
const READ: usize = 64 * 1024;
/// How many times the length of a stream is encoded at most where nobody says how much it may cost.
const PASSES: u64 = 4;
/// What it costs to start an encoder, in bytes that it could encode in the time.
pub const START: u64 = 4 << 10;

/// What is known of a stream whose encoder was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Makes the stream from the plain bytes.
    pub encoder: Encoder,
    /// Bytes of the stream.
    pub deflated: u64,
    /// Bytes it stands for.
    pub plain: u64,
}

/// What a look at a stream came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The encoder is known.
    Found(Found),
    /// A valid stream that no known encoder makes.
    Unknown {
        /// Bytes of the stream.
        deflated: u64,
        /// Bytes it stands for.
        plain: u64,
    },
}

/// Why a stream could not be looked at.
#[derive(Debug)]
pub enum IdentifyError {
    /// Reading failed.
    Io(io::Error),
    /// It is no valid stream, or too long.
    Inflate(InflateError),
    /// An encoder broke off.
    Encoder(EncoderError),
}

impl fmt::Display for IdentifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot read a deflate stream: {error}"),
            Self::Inflate(error) => error.fmt(f),
            Self::Encoder(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IdentifyError {}

impl From<io::Error> for IdentifyError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<InflateError> for IdentifyError {
    fn from(error: InflateError) -> Self {
        Self::Inflate(error)
    }
}

impl From<EncoderError> for IdentifyError {
    fn from(error: EncoderError) -> Self {
        Self::Encoder(error)
    }
}

/// Looks for the encoder of the deflate stream that starts `source`, which may make at most `limit` bytes. `hint` is tried first
/// where it is given: the members of one archive mostly come from one encoder.
pub fn identify(source: &dyn Source, limit: u64, hint: Option<&Encoder>) -> Result<Outcome, IdentifyError> {
    let most = source.len().saturating_mul(4 * PASSES).max(PASSES << 24);
    let looked = search(source, limit, hint.map(std::slice::from_ref).unwrap_or_default(), most)?;
    if let Some(found) = looked.found {
        return Ok(Outcome::Found(found));
    }
    let (deflated, plain) = match looked.whole {
        Some(totals) => totals,
        None => measure(source, limit)?,
    };
    Ok(Outcome::Unknown { deflated, plain })
}

/// What a search came to.
pub struct Looked {
    /// The encoder, where it was found.
    pub found: Option<Found>,
    /// How much was spent: bytes that were encoded, and [`START`] for each encoder that was started.
    pub spent: u64,
    /// The lengths of the stream, where they were seen in passing.
    whole: Option<(u64, u64)>,
}

/// Looks for the encoder of a stream and spends no more than `most`, whatever the stream is made of. `hints` are tried first, in their
/// order, where the evidence leaves them.
pub fn search(source: &dyn Source, limit: u64, hints: &[Encoder], most: u64) -> Result<Looked, IdentifyError> {
    let Some(evidence) = Evidence::gather(source, limit, PREFIX)? else { return Ok(Looked { found: None, spent: 0, whole: None }) };
    let mut list = candidates::list(&evidence);
    list.sort_by_key(|candidate| hints.iter().position(|hint| hint == candidate).unwrap_or(hints.len()));
    let mut looked = Looked { found: None, spent: 0, whole: evidence.whole };
    for encoder in list {
        let Some(left) = most.checked_sub(looked.spent + START).filter(|left| *left > 0) else { break };
        let (same, encoded, totals) = match remakes(source, &encoder, limit, &evidence, left) {
            Err(IdentifyError::Encoder(EncoderError::TooLong)) => (false, WHOLE as u64, None),
            other => other?,
        };
        looked.spent += START + encoded;
        if same && let Some((deflated, plain)) = totals {
            looked.found = Some(Found { encoder, deflated, plain });
            break;
        }
    }
    Ok(looked)
}

/// The lengths of a stream, by inflating it.
pub fn measure(source: &dyn Source, limit: u64) -> Result<(u64, u64), IdentifyError> {
    let mut inflater = Inflater::new(limit);
    feed(source, &mut inflater, |_| Ok(true))?;
    Ok((inflater.total_in(), inflater.total_out()))
}

/// Inflates until the end, or until `take` says no.
fn feed(
    source: &dyn Source,
    inflater: &mut Inflater,
    mut take: impl FnMut(&[u8]) -> Result<bool, IdentifyError>,
) -> Result<bool, IdentifyError> {
    let mut input = vec![0; READ];
    let mut at = inflater.total_in();
    loop {
        let got = source.read_at(at, &mut input)?;
        let mut used = 0;
        loop {
            let progress = inflater.inflate(&input[used..got])?;
            used += progress.consumed;
            if !take(inflater.plain())? {
                return Ok(false);
            }
            match progress.status {
                Status::Done => return Ok(true),
                Status::NeedInput if got == 0 => return Err(InflateError::Truncated.into()),
                Status::NeedInput => break,
                Status::Full => {}
            }
        }
        at += got as u64;
    }
}

/// Compares what an encoder makes with the stream.
struct Comparison<'a> {
    source: &'a dyn Source,
    at: u64,
    made: Vec<u8>,
    read: Vec<u8>,
}

impl Comparison<'_> {
    /// Whether the stream goes on with what was made since the last call.
    fn agrees(&mut self) -> io::Result<bool> {
        for made in self.made.chunks(READ) {
            let read = &mut self.read[..made.len()];
            if self.source.read_at(self.at, read)? != made.len() || read != made {
                return Ok(false);
            }
            self.at += made.len() as u64;
        }
        self.made.clear();
        Ok(true)
    }
}

/// What running a candidate came to: whether it made the stream again, how much it encoded, and the lengths of the stream.
type Run = (bool, u64, Option<(u64, u64)>);

/// Runs a candidate until the first difference, and no longer than for `most` bytes.
fn remakes(source: &dyn Source, encoder: &Encoder, limit: u64, evidence: &Evidence, most: u64) -> Result<Run, IdentifyError> {
    let mut deflater = encoder.start();
    let mut comparison = Comparison { source, at: 0, made: Vec::new(), read: vec![0; READ] };
    let mut encoded = 0;
    for plain in evidence.prefix.chunks(READ / 4) {
        if encoded + plain.len() as u64 > most {
            return Ok((false, encoded, None));
        }
        encoded += plain.len() as u64;
        deflater.write(plain, &mut comparison.made)?;
        if !comparison.agrees()? {
            return Ok((false, encoded, None));
        }
    }
    let totals = match evidence.whole {
        Some(totals) => totals,
        None => {
            let mut inflater = Inflater::new(limit);
            inflater.restore(&evidence.point)?;
            let same = feed(source, &mut inflater, |plain| {
                if encoded + plain.len() as u64 > most {
                    return Ok(false);
                }
                encoded += plain.len() as u64;
                deflater.write(plain, &mut comparison.made)?;
                Ok(comparison.agrees()?)
            })?;
            if !same {
                return Ok((false, encoded, None));
            }
            (inflater.total_in(), inflater.total_out())
        }
    };
    deflater.finish(&mut comparison.made)?;
    let same = comparison.agrees()? && comparison.at == totals.0;
    Ok((same, encoded, Some(totals)))
}
