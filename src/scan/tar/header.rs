//! One header block of a tar (POSIX.1-1988 ustar, GNU, and the form of the time before).

/// A header, its numbers read.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// Name, with the prefix in front.
    pub name: Vec<u8>,
    /// Target, for links.
    pub link: Vec<u8>,
    /// Kind of entry.
    pub kind: u8,
    /// Bytes of content.
    pub size: u64,
    /// Permissions.
    pub mode: u64,
    /// Whether it is of the time before POSIX.
    pub old: bool,
    /// Whether a GNU sparse map goes on in the next block.
    pub extended: bool,
}

/// Why a block is no header.
pub(super) fn parse(block: &[u8; 512]) -> Result<Header, &'static str> {
    let sum = number(&block[148..156]).ok_or("its check sum is no number")?;
    let found: u64 = block.iter().enumerate().map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte })).sum();
    if sum != found {
        return Err("its check sum is wrong");
    }
    let posix = &block[257..263] == b"ustar\0";
    let gnu = &block[257..265] == b"ustar  \0";
    let mut name = text(&block[..100]).to_vec();
    let prefix = text(&block[345..500]);
    if posix && !prefix.is_empty() {
        name = [prefix, b"/", &name].concat();
    }
    Ok(Header {
        name,
        link: text(&block[157..257]).to_vec(),
        kind: block[156],
        size: number(&block[124..136]).ok_or("its length is no number")?,
        mode: number(&block[100..108]).unwrap_or_default(),
        old: !posix && !gnu,
        extended: gnu && block[482] == 1,
    })
}

/// Whether some reader takes the check sum for right: they add the bytes up with and without sign, and read the number in many ways.
pub(super) fn is_summed(block: &[u8; 512]) -> bool {
    let sum = |value: fn(u8) -> i64| -> i64 {
        block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { i64::from(b' ') } else { value(*byte) }).sum()
    };
    let said = loosely(&block[148..156]);
    said.is_some_and(|said| said == sum(i64::from) || said == sum(|byte| i64::from(byte.cast_signed())))
}

/// A number as the most lenient reader has it: base 256, also below zero, or whatever octal digits there are, as in `0o17_4`.
fn loosely(field: &[u8]) -> Option<i64> {
    if let [first @ (0x80 | 0xff), rest @ ..] = field {
        let value = rest.iter().try_fold(0i64, |sum, byte| sum.checked_mul(256)?.checked_add(i64::from(*byte)))?;
        return Some(if *first == 0xff { value - (1 << 56) } else { value });
    }
    let digits = text(field);
    let value = digits.iter().filter(|b| matches!(b, b'0'..=b'7')).fold(0i64, |sum, digit| sum << 3 | i64::from(digit - b'0'));
    Some(if digits.trim_ascii_start().starts_with(b"-") { -value } else { value })
}

/// Up to the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|b| *b == 0).next().unwrap_or_default()
}

/// Octal digits with blanks around them, or GNU's base 256; `None` for anything else, for negative numbers and for more than 63 bits.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let (head, tail) = field.split_at(field.len() - 8);
        let high = head.iter().enumerate().all(|(at, byte)| *byte == if at == 0 { 0x80 } else { 0 });
        let value = u64::from_be_bytes(tail.try_into().ok()?);
        let whole = if head.is_empty() { value & !(1 << 63) } else { value };
        return (high && whole < 1 << 63).then_some(whole);
    }
    let start = field.iter().position(|b| *b != b' ')?;
    let digits: Vec<u8> = field[start..].iter().copied().take_while(u8::is_ascii_digit).collect();
    let rest = &field[start + digits.len()..];
    if !rest.iter().all(|b| matches!(b, 0 | b' ')) || digits.iter().any(|b| *b > b'7') {
        return None;
    }
    Some(digits.iter().fold(0, |sum, digit| sum << 3 | u64::from(digit - b'0')))
}
