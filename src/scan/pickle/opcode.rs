//! Opcodes of protocols 0 to 5 and their arguments, read from a stream (Python's `pickletools` has the table, 68 of them).
//!
//! Arguments have lengths that need no stack. Short texts are kept, because names are made of them; everything long is passed over.

use super::Trouble;
use std::io::{BufRead, Read};

/// Longest text that is kept, in bytes: no name of a module or of what is in it is longer.
pub(super) const LONGEST_KEPT: usize = 256;
/// Longest line of a number or a text in protocol 0, in bytes.
const LONGEST_LINE: u64 = 64 << 20;
/// What the first of the pickles says that the torch of before 1.6 wrote one behind the other.
const MARK_OF_FIVE: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// A text: short and read as every reader reads it, or one that cannot be followed.
pub(super) type Text = Option<String>;

/// One step of a pickle, with as much of its argument as matters.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Op {
    /// Data that no name is made of: numbers, bytes, lists, sets.
    Data,
    None,
    Int(i64),
    Text(Text),
    /// The number that begins a file of five pickles.
    MarkOfFive,
    Mark,
    Stop,
    Pop,
    PopMark,
    Dup,
    Get(u64),
    Put(u64),
    Memoize,
    /// Takes that many values and puts nothing, into what lies below: APPEND, SETITEM.
    Into(usize),
    /// Takes all above the mark, into what lies below: APPENDS, ADDITEMS.
    AllInto,
    SetItem,
    SetItems,
    EmptyDict,
    /// All above the mark become one: LIST, FROZENSET.
    Gather,
    DictOf,
    Tuple,
    TupleOf(usize),
    Global(Text, Text),
    StackGlobal,
    Inst(Text, Text),
    Obj,
    NewObj,
    NewObjEx,
    Reduce,
    Build,
    PersistentLine,
    Persistent,
    Extension(u32),
    /// FRAME and what else changes nothing here.
    Nothing,
}

/// Whether a byte is an opcode of some protocol.
pub(super) fn is_opcode(byte: u8) -> bool {
    b"(.012FIJKLMNPQRSTUVXabcdeghijlopqrstu}])BCG".contains(&byte) || (0x80..=0x98).contains(&byte)
}

/// A stream of opcodes, and how far it is.
pub(super) struct Source<R> {
    inner: R,
    pub at: u64,
    /// Where the frame ends that it is in.
    frame: Option<u64>,
}

type Outcome<T> = Result<T, Trouble>;

impl<R: BufRead> Source<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, at: 0, frame: None }
    }

    /// The next byte, without taking it.
    pub fn peek(&mut self) -> Outcome<Option<u8>> {
        Ok(self.inner.fill_buf()?.first().copied())
    }

    fn byte(&mut self) -> Outcome<u8> {
        let byte = self.peek()?.ok_or_else(|| Trouble::at(self.at, "it ends within a pickle"))?;
        self.inner.consume(1);
        self.at += 1;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// So many bytes, passed over.
    pub fn skip(&mut self, mut count: u64) -> Outcome<()> {
        while count > 0 {
            let here = self.inner.fill_buf()?.len();
            if here == 0 {
                return Err(Trouble::at(self.at, "it ends within a pickle"));
            }
            let step = usize::try_from(count).unwrap_or(usize::MAX).min(here);
            self.inner.consume(step);
            (self.at, count) = (self.at + step as u64, count - step as u64);
        }
        Ok(())
    }

    /// So many bytes; of more than `most` only that many are kept.
    pub fn bytes(&mut self, count: u64, most: usize) -> Outcome<Vec<u8>> {
        let (mut kept, wanted) = (Vec::new(), count.min(most as u64));
        (&mut self.inner).take(wanted).read_to_end(&mut kept)?;
        self.at += kept.len() as u64;
        if (kept.len() as u64) < wanted {
            return Err(Trouble::at(self.at, "it ends within a pickle"));
        }
        self.skip(count - wanted)?;
        Ok(kept)
    }

    fn data(&mut self, count: u64) -> Outcome<Op> {
        self.skip(count)?;
        Ok(Op::Data)
    }

    fn text(&mut self, count: u64) -> Outcome<Op> {
        if count > LONGEST_KEPT as u64 {
            self.skip(count)?;
            return Ok(Op::Text(None));
        }
        Ok(Op::Text(String::from_utf8(self.bytes(count, LONGEST_KEPT)?).ok()))
    }

    fn long(&mut self, count: u64) -> Outcome<Op> {
        let bytes = self.bytes(count, 16)?;
        Ok(match bytes.len() as u64 == count {
            true if bytes == MARK_OF_FIVE => Op::MarkOfFive,
            true if bytes.len() <= 8 => Op::Int(signed(&bytes)),
            _ => Op::Data,
        })
    }

    /// A line without its end; one that is too long to be kept is `None`.
    fn line(&mut self) -> Outcome<Option<Vec<u8>>> {
        let (mut kept, mut length) = (Vec::new(), 0u64);
        loop {
            let here = self.inner.fill_buf()?;
            if here.is_empty() || length > LONGEST_LINE {
                return Err(Trouble::at(self.at, "a line without an end"));
            }
            let end = here.iter().position(|b| *b == b'\n');
            let part = &here[..end.unwrap_or(here.len())];
            kept.extend_from_slice(&part[..part.len().min(LONGEST_KEPT + 1 - kept.len())]);
            length += part.len() as u64;
            let step = part.len() + usize::from(end.is_some());
            self.inner.consume(step);
            self.at += step as u64;
            if end.is_some() {
                return Ok(Some(kept).filter(|kept| kept.len() <= LONGEST_KEPT));
            }
        }
    }

    /// A module, or what is meant of it, as GLOBAL and INST have it.
    fn name(&mut self) -> Outcome<Text> {
        Ok(self.line()?.and_then(|line| String::from_utf8(line).ok()))
    }

    /// A number in a line: one that is no small number counts as data.
    fn number(&mut self, what: &'static str) -> Outcome<Op> {
        let at = self.at;
        let Some(line) = self.line()? else { return Ok(Op::Data) };
        let text = String::from_utf8_lossy(&line);
        let plain = line.iter().all(|b| b.is_ascii_alphanumeric() || b" \t\r_+-.".contains(b));
        match text.trim().trim_end_matches('L').parse() {
            Ok(number) => Ok(Op::Int(number)),
            Err(_) if plain => Ok(Op::Data),
            Err(_) => Err(Trouble::at(at, what)),
        }
    }

    fn index(&mut self) -> Outcome<u64> {
        let at = self.at;
        let line = self.line()?.unwrap_or_default();
        let number = std::str::from_utf8(&line).ok().and_then(|text| text.trim().parse().ok());
        number.ok_or_else(|| Trouble::at(at, "an entry of the memo that is no number"))
    }

    /// A text in quotes. Escapes have more than one form: what has any is not followed.
    fn quoted(&mut self) -> Outcome<Op> {
        let at = self.at;
        let Some(line) = self.line()? else { return Ok(Op::Text(None)) };
        let line = line.trim_ascii();
        match line {
            [first @ (b'\'' | b'"'), inside @ .., last] if first == last => Ok(Op::Text(unescaped(inside))),
            _ => Err(Trouble::at(at, "a text without quotes")),
        }
    }

    /// The next opcode with its argument. Frames end where opcodes do: of one that does not, the reader in C drops the rest of the frame
    /// and reads on behind it, where the one in Python raises.
    pub fn next(&mut self) -> Outcome<Op> {
        self.frame = self.frame.filter(|end| self.at < *end);
        let op = self.opcode()?;
        match self.frame {
            Some(end) if self.at > end => Err(Trouble::at(self.at, "a frame ends within an opcode")),
            Some(end) if op == Op::Stop && self.at < end => Err(Trouble::at(self.at, "a frame goes on behind the end of its pickle")),
            _ => Ok(op),
        }
    }

    fn frame(&mut self) -> Outcome<Op> {
        let (at, length) = (self.at, u64::from_le_bytes(self.array()?));
        if self.frame.is_some() {
            return Err(Trouble::at(at, "a frame begins within a frame"));
        }
        self.frame = Some(self.at.saturating_add(length));
        Ok(Op::Nothing)
    }

    fn opcode(&mut self) -> Outcome<Op> {
        let at = self.at;
        let opcode = self.byte()?;
        Ok(match opcode {
            b'(' | b'.' | b'0' | b'1' | b'2' | b'a' | b'e' | b's' | b'u' | b'}' | b'l' | b'd' | b't' | b')' | 0x85..=0x87 | 0x90 | 0x91 => {
                plain(opcode)
            }
            b'c' => Op::Global(self.name()?, self.name()?),
            b'i' => Op::Inst(self.name()?, self.name()?),
            b'o' | b'R' | b'b' | b'Q' | 0x81 | 0x92..=0x94 => calling(opcode),
            b'P' => self.line().map(|_| Op::PersistentLine)?,
            b'g' => Op::Get(self.index()?),
            b'p' => Op::Put(self.index()?),
            b'h' => Op::Get(u64::from(self.byte()?)),
            b'q' => Op::Put(u64::from(self.byte()?)),
            b'j' => Op::Get(u64::from(u32::from_le_bytes(self.array()?))),
            b'r' => Op::Put(u64::from(u32::from_le_bytes(self.array()?))),
            0x80 => match self.byte()? {
                0..=5 => Op::Nothing,
                later => return Err(Trouble::at(at, format!("protocol {later}, which is not known"))),
            },
            0x82 => Op::Extension(u32::from(self.byte()?)),
            0x83 => Op::Extension(u32::from(u16::from_le_bytes(self.array()?))),
            0x84 => Op::Extension(u32::from_le_bytes(self.array()?)),
            0x95 => self.frame()?,
            0x98 => Op::Nothing,
            _ => self.literal(opcode, at)?,
        })
    }

    fn literal(&mut self, opcode: u8, at: u64) -> Outcome<Op> {
        match opcode {
            b'N' => Ok(Op::None),
            b']' | 0x88 | 0x89 | 0x8f | 0x97 => Ok(Op::Data),
            b'J' => Ok(Op::Int(i64::from(i32::from_le_bytes(self.array()?)))),
            b'K' => Ok(Op::Int(i64::from(self.byte()?))),
            b'M' => Ok(Op::Int(i64::from(u16::from_le_bytes(self.array()?)))),
            b'G' => self.data(8),
            b'I' | b'L' | b'F' => self.number("a number that is none"),
            0x8a => self.byte().and_then(|count| self.long(u64::from(count))),
            0x8b => self.length4().and_then(|count| self.long(count)),
            b'S' => self.quoted(),
            b'V' => Ok(Op::Text(self.line()?.as_deref().and_then(unescaped))),
            b'U' | 0x8c => self.byte().and_then(|count| self.text(u64::from(count))),
            b'T' | b'X' => self.length4().and_then(|count| self.text(count)),
            0x8d => self.array().map(u64::from_le_bytes).and_then(|count| self.text(count)),
            b'C' => self.byte().and_then(|count| self.data(u64::from(count))),
            b'B' => self.length4().and_then(|count| self.data(count)),
            0x8e | 0x96 => self.array().map(u64::from_le_bytes).and_then(|count| self.data(count)),
            _ => Err(Trouble::at(at, format!("0x{opcode:02x} is no opcode"))),
        }
    }

    fn length4(&mut self) -> Outcome<u64> {
        Ok(u64::from(u32::from_le_bytes(self.array()?)))
    }
}

fn plain(opcode: u8) -> Op {
    match opcode {
        b'(' => Op::Mark,
        b'.' => Op::Stop,
        b'0' => Op::Pop,
        b'1' => Op::PopMark,
        b'2' => Op::Dup,
        b'a' => Op::Into(1),
        b'e' | 0x90 => Op::AllInto,
        b's' => Op::SetItem,
        b'u' => Op::SetItems,
        b'}' => Op::EmptyDict,
        b'l' | 0x91 => Op::Gather,
        b'd' => Op::DictOf,
        b't' => Op::Tuple,
        b')' => Op::TupleOf(0),
        _ => Op::TupleOf(usize::from(opcode.saturating_sub(0x84))),
    }
}

fn calling(opcode: u8) -> Op {
    match opcode {
        b'o' => Op::Obj,
        b'R' => Op::Reduce,
        b'b' => Op::Build,
        b'Q' => Op::Persistent,
        0x81 => Op::NewObj,
        0x92 => Op::NewObjEx,
        0x93 => Op::StackGlobal,
        _ => Op::Memoize,
    }
}

fn unescaped(text: &[u8]) -> Text {
    if text.contains(&b'\\') { None } else { String::from_utf8(text.to_vec()).ok() }
}

/// A little-endian number in two's complement, of at most eight bytes.
fn signed(bytes: &[u8]) -> i64 {
    let fill = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
    let mut whole = [fill; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(whole)
}
