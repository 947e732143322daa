//! Pickles, Python's object format, read as the programs they are and never run (protocols 0 to 5).
//!
//! In: a stream that begins with a pickle. Out: a [`Report`], whose [`Verdict`] fails closed: what is not on the list, cannot be followed or
//! goes beyond a bound is never [`Verdict::Data`] nor [`Verdict::Allowed`]. No object is ever made. A reader may be called once or once
//! for each pickle of a file, with what it remembers or without, and may know of bytes between the opcodes: all these readings are
//! followed. Linear in the stream; memory is bounded. Whoever knows that bytes are a pickle calls it.

mod arrays;
mod machine;
mod names;
mod opcode;
#[cfg(test)]
mod tests;
mod value;

pub use names::LIST;

use super::finding::Findings;
use super::rules;
use machine::{Effect, Machine, World};
use names::Standing;
use opcode::{Source, is_opcode};
use std::io::{self, BufRead, Cursor};
use value::Value;

/// Most opcodes of a stream.
const MOST_OPCODES: u64 = 1 << 30;
/// Most of an array's bytes that are read as opcodes too, and most values that are copied for it.
const LOOKED_AT: usize = 64 << 10;
const MOST_COPIED: usize = 1 << 26;
/// Pickles of a file of five: four and an index, then bytes of tensors.
const FIVE: u64 = 5;

/// What is told of a pickle, from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It names nothing: it builds data.
    Data,
    /// Every name is on the list.
    Allowed,
    /// There are names that are not on the list.
    Unlisted,
    /// It could not be read to its end, or not in one way.
    Undetermined,
    /// There are names that run something.
    Dangerous,
}

/// What was seen in a stream of pickles.
#[derive(Debug, Clone)]
pub struct Report {
    /// The judgement.
    pub verdict: Verdict,
    /// How many pickles stand one behind the other, as far as it was read.
    pub pickles: u64,
    /// Names that are on no list, in the order in which they were met.
    pub unlisted: Vec<String>,
    /// Names that run something.
    pub dangerous: Vec<String>,
    /// Why it is undetermined.
    pub doubts: Vec<String>,
}

/// Why reading stopped.
#[derive(Debug)]
enum Trouble {
    Io(io::Error),
    /// What is wrong, and at which byte.
    Wrong(u64, String),
}

impl Trouble {
    fn at(at: u64, what: impl Into<String>) -> Self {
        Self::Wrong(at, what.into())
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads a stream of pickles to its end.
///
/// # Errors
/// When the stream cannot be read.
pub fn examine(stream: &mut dyn BufRead) -> io::Result<Report> {
    let mut reading = Reading { source: Source::new(stream), world: World::default(), pickles: 0, copied: 0 };
    let why = match reading.all() {
        Ok(()) => None,
        Err(Trouble::Wrong(at, what)) => Some(format!("{what} (byte {at})")),
        Err(Trouble::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Some("it is cut short".to_owned()),
        Err(Trouble::Io(error)) => return Err(error),
    };
    Ok(reading.report(why))
}

struct Reading<'a> {
    source: Source<&'a mut dyn BufRead>,
    world: World,
    pickles: u64,
    copied: usize,
}

impl Reading<'_> {
    fn all(&mut self) -> Result<(), Trouble> {
        let (mut first, mut kept, mut of_five, mut opcodes) = (Machine::default(), None, false, 0u64);
        loop {
            opcodes += 1;
            if opcodes > MOST_OPCODES {
                return Err(Trouble::at(self.source.at, "more opcodes than are followed"));
            }
            let Some(value) = self.step(&mut first, &mut kept)? else { continue };
            self.pickles += 1;
            of_five |= self.pickles == 1 && value == Value::MarkOfFive;
            // Readers of such a file call for so many pickles, and take the rest as bytes.
            if of_five && self.pickles == FIVE {
                return Ok(());
            }
            match self.source.peek()? {
                None => return Ok(()),
                Some(byte) if is_opcode(byte) => {}
                Some(_) => return Err(Trouble::at(self.source.at, "bytes behind the last pickle are none")),
            }
            kept = Some(kept.unwrap_or_else(|| std::mem::take(&mut first)).next_pickle());
            first = Machine::default();
        }
    }

    /// One opcode in both readings: of a reader without what earlier pickles left in the memo, and of one with it.
    fn step(&mut self, first: &mut Machine, kept: &mut Option<Machine>) -> Result<Option<Value>, Trouble> {
        let at = self.source.at;
        let op = self.source.next()?;
        if let Some(machine) = kept
            && machine.apply(&op, &mut self.world).is_err()
        {
            *kept = None;
        }
        match first.apply(&op, &mut self.world).map_err(|why| Trouble::at(at, why))? {
            Effect::Next => Ok(None),
            Effect::Stopped(value) => Ok(Some(value)),
            Effect::Array(follows) => self.array(first, follows).map(|()| None),
        }
    }

    /// Passes over the bytes of an array, and reads their beginning as a reader would that knows nothing of arrays.
    fn array(&mut self, machine: &Machine, follows: arrays::Follows) -> Result<(), Trouble> {
        let mut head = Vec::new();
        if follows.padded {
            let padding = self.source.bytes(1, 1)?;
            head.extend(&padding);
            head.extend(self.source.bytes(padding.first().map_or(0, |count| u64::from(*count)), 255)?);
        }
        head.extend(self.source.bytes(follows.bytes, LOOKED_AT)?);
        if head.first().is_none_or(|first| is_opcode(*first)) {
            self.copied += machine.weight();
            if self.copied > MOST_COPIED {
                return Err(Trouble::at(self.source.at, "more arrays that read as opcodes than are followed"));
            }
            self.plainly(machine.clone(), &head)?;
        }
        Ok(())
    }

    /// Where that reader raises, nothing comes of it. Where it gets to the end of what is here, it would go on.
    fn plainly(&mut self, mut machine: Machine, head: &[u8]) -> Result<(), Trouble> {
        machine.plain = true;
        let mut source = Source::new(Cursor::new(head));
        while source.peek()?.is_some() {
            let Ok(op) = source.next() else { break };
            match machine.apply(&op, &mut self.world) {
                Ok(Effect::Stopped(_)) | Err(_) => return Ok(()),
                Ok(_) => {}
            }
        }
        // Of the opcode on which reading ended, the end of what is here may be the reason.
        if source.at as usize >= head.len() {
            self.world.doubts.add("bytes of an array that read as opcodes too");
        }
        Ok(())
    }

    fn report(self, why: Option<String>) -> Report {
        let of = |standing: Standing| {
            let names = self.world.pool.names.iter().filter(|name| name.standing == standing);
            names.map(|name| name.full.clone()).collect::<Vec<_>>()
        };
        let (unlisted, dangerous) = (of(Standing::Unlisted), of(Standing::Dangerous));
        let doubts: Vec<String> = why.into_iter().chain(self.world.doubts.list().iter().map(|doubt| (*doubt).to_owned())).collect();
        let verdict = match () {
            () if !dangerous.is_empty() => Verdict::Dangerous,
            () if !doubts.is_empty() => Verdict::Undetermined,
            () if !unlisted.is_empty() => Verdict::Unlisted,
            () if !self.world.pool.names.is_empty() => Verdict::Allowed,
            () => Verdict::Data,
        };
        Report { verdict, pickles: self.pickles, unlisted, dangerous, doubts }
    }
}

impl Report {
    /// Tells of it, as one finding for each thing that is to be known.
    pub fn tell(&self, place: &str, found: &mut Findings) {
        if !self.dangerous.is_empty() {
            found.add(rules::PICKLE_DANGEROUS, place, format!("executable content: {}", listed(&self.dangerous)));
        }
        if !self.unlisted.is_empty() {
            found.add(rules::PICKLE_UNLISTED, place, format!("executable content: not on list {LIST}: {}", listed(&self.unlisted)));
        }
        if !self.doubts.is_empty() {
            found.add(rules::PICKLE_UNDETERMINED, place, format!("not fully analysed: {}", self.doubts.join("; ")));
        }
        match self.verdict {
            Verdict::Data => found.add(rules::PICKLE, place, "it names nothing (complete parse)"),
            Verdict::Allowed => found.add(rules::PICKLE, place, format!("only listed names (list {LIST}, complete parse)")),
            _ => {}
        }
    }
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(8).map(|name| name.chars().take(80).collect()).collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
