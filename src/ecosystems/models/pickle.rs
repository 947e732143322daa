//! Whether bytes would run something as a pickle: their opcodes are walked from the first byte, and none is obeyed.
//!
//! Arguments have lengths that need no stack (Python's `pickletools`, protocols 0 to 5), so that a walk sees what a reader would see, whatever
//! else the bytes are: a stream of protocol 0 or 1 has no mark of its own and may begin with any opcode. Where a reader would raise, the walk ends.

/// What a walk has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// Something is imported and called, or is imported where what is here ends.
    Calls,
    /// Pickles from the first byte to the last, which build data.
    Data,
    /// A reader stops before anything is called.
    Nothing,
    /// It goes on behind what is here.
    Open,
}

/// What stands behind an opcode.
#[derive(Clone, Copy)]
enum Argument {
    Bytes(u64),
    /// A length of so many bytes, then as many.
    Counted(usize),
    Line(fn(&[u8]) -> bool),
    /// A module, and what is meant of it.
    Global,
    /// A reader raises: a text for `persistent_load`, which no stock reader takes, or a code that somebody had to register.
    Raises,
}

/// Whether a byte is an opcode of some protocol.
pub(super) fn is_opcode(byte: u8) -> bool {
    argument(byte).is_some()
}

fn argument(opcode: u8) -> Option<Argument> {
    Some(match opcode {
        b'(' | b'.' | b'0' | b'1' | b'2' | b'N' | b'Q' | b'R' | b'a' | b'b' | b'd' | b'}' | b'e' | b'l' | b']' | b'o' | b's' | b't' => {
            Argument::Bytes(0)
        }
        b')' | b'u' | 0x81 | 0x85..=0x89 | 0x8f..=0x94 | 0x97 | 0x98 => Argument::Bytes(0),
        b'K' | b'h' | b'q' | 0x80 => Argument::Bytes(1),
        b'M' => Argument::Bytes(2),
        b'J' | b'j' | b'r' => Argument::Bytes(4),
        b'G' | 0x95 => Argument::Bytes(8),
        b'U' | b'C' | 0x8a | 0x8c => Argument::Counted(1),
        b'T' | b'B' | b'X' | 0x8b => Argument::Counted(4),
        0x8d | 0x8e | 0x96 => Argument::Counted(8),
        b'F' | b'I' | b'L' | b'g' | b'p' => Argument::Line(is_number),
        b'S' => Argument::Line(|line| line.first().is_none_or(|b| matches!(b, b'\'' | b'"'))),
        b'V' => Argument::Line(|_| true),
        b'c' | b'i' => Argument::Global,
        b'P' | 0x82..=0x84 => Argument::Raises,
        _ => return None,
    })
}

/// Everything that a number, or the beginning of one, is written with: `0x1F`, `-1e5`, `12L`, `nan`.
fn is_number(line: &[u8]) -> bool {
    line.iter().all(|b| b.is_ascii_alphanumeric() || b" \t\r_+-.".contains(b))
}

/// What a module, or something in it, is called.
fn is_name(line: &[u8]) -> bool {
    line.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b) || *b >= 0x80)
}

/// Where an argument ends; or why the walk does.
enum Step {
    To(usize),
    Ends,
    /// Behind what is here.
    Beyond,
}

/// Walks the beginning of a file of so many bytes.
pub(super) fn walk(start: &[u8], size: u64) -> Walk {
    let (mut at, mut before, mut imported, mut stopped) = (0, 0_u64, false, false);
    let open = |imported| if imported { Walk::Calls } else { Walk::Open };
    while let Some(&opcode) = start.get(at) {
        // A class that is called stands on the stack with its arguments: something came besides it.
        let calls = matches!(opcode, b'R' | b'o' | b'b' | 0x81 | 0x92) && imported && before > 1;
        match step(start, at, size) {
            Step::Ends => return Walk::Nothing,
            Step::Beyond => return open(imported),
            Step::To(_) if calls || opcode == b'i' => return Walk::Calls,
            Step::To(next) => at = next,
        }
        (imported, stopped, before) = (imported || matches!(opcode, b'c' | 0x93), opcode == b'.', before + 1);
    }
    match (at as u64 >= size, stopped) {
        (true, true) => Walk::Data,
        (true, false) => Walk::Nothing,
        (false, _) => open(imported),
    }
}

fn step(start: &[u8], at: usize, size: u64) -> Step {
    let (opcode, rest) = (start[at], &start[at + 1..]);
    // Later protocols are refused by the readers that know five.
    if opcode == 0x80 && rest.first().is_some_and(|version| *version > 5) {
        return Step::Ends;
    }
    match argument(opcode) {
        None | Some(Argument::Raises) => Step::Ends,
        Some(Argument::Bytes(length)) => skipped(start, at + 1, length, size),
        Some(Argument::Counted(width)) => match rest.get(..width) {
            Some(count) => {
                let length = count.iter().rev().fold(0_u64, |n, b| n << 8 | u64::from(*b));
                skipped(start, at + 1 + width, length, size)
            }
            None => skipped(start, at + 1, width as u64, size),
        },
        Some(Argument::Line(fits)) => line(start, at + 1, size, fits),
        Some(Argument::Global) => match line(start, at + 1, size, is_name) {
            Step::To(next) if next > at + 2 => line(start, next, size, is_name),
            Step::To(_) => Step::Ends,
            other => other,
        },
    }
}

/// So many bytes on; a file that is shorter makes a reader raise.
fn skipped(start: &[u8], from: usize, length: u64, size: u64) -> Step {
    match (from as u64).checked_add(length).filter(|to| *to <= size) {
        Some(to) if to <= start.len() as u64 => Step::To(from + usize::try_from(length).unwrap_or(0)),
        Some(_) => Step::Beyond,
        None => Step::Ends,
    }
}

fn line(start: &[u8], from: usize, size: u64, fits: fn(&[u8]) -> bool) -> Step {
    let rest = start.get(from..).unwrap_or_default();
    match rest.iter().position(|b| *b == b'\n') {
        Some(end) if fits(&rest[..end]) => Step::To(from + end + 1),
        None if fits(rest) && (start.len() as u64) < size => Step::Beyond,
        _ => Step::Ends,
    }
}
