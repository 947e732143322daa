//! Bytes as text that a person can type from paper and that fits a QR code's alphanumeric mode: Crockford's base32 in rows, each with a
//! check of its own, so that a slip is found in the row where it was made (`docs/formats/trust.md`, "Typed form").

use super::Digest;
use crate::error::{Error, Result};

/// Crockford's base32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bytes of a whole row.
const ROW: usize = 15;
/// Characters of a whole row, without its check.
const WIDTH: usize = 24;
/// Characters of a row's check.
const CHECK: usize = 4;
/// Longest text that is looked at, in characters.
const LONGEST: usize = 8192;

/// The rows, each ended by a line feed: four groups of six characters and four to check them by.
pub fn typed_rows(bytes: &[u8]) -> String {
    let chunks: Vec<&[u8]> = bytes.chunks(ROW).collect();
    let mut out = String::new();
    for (n, chunk) in chunks.iter().enumerate() {
        let row = encode(chunk);
        for group in row.as_bytes().chunks(6) {
            out.extend(group.iter().map(|b| char::from(*b)));
            out.push(' ');
        }
        out.push_str(&check(n, chunk));
        out.push('\n');
    }
    out
}

/// Reads rows back: any case, any blanks and hyphens, O for 0, I and L for 1. An error names the row that was mistyped.
pub fn read_typed(text: &str) -> Result<Vec<u8>> {
    if text.len() > LONGEST {
        return Err(Error::verification("the typed text is too long").with("expected", format!("at most {LONGEST} characters")));
    }
    let plain: Vec<u8> = text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(value).collect::<Option<_>>().ok_or_else(|| {
        Error::verification("the typed text holds a character that is not used").with("expected", "0-9 and A-Z without U")
    })?;
    let mut out = Vec::new();
    for (n, row) in plain.chunks(WIDTH + CHECK).enumerate() {
        let mistyped = || {
            Error::verification(format!("row {} of the typed text is not right", n + 1))
                .with("found", row.iter().map(|v| char::from(ALPHABET[usize::from(*v)])).collect::<String>())
                .hint("compare that row with the paper: each row has 28 characters, the last one may be shorter")
        };
        let (data, ending) = row.split_at_checked(row.len().saturating_sub(CHECK)).ok_or_else(mistyped)?;
        let bytes = decode(data).ok_or_else(mistyped)?;
        if bytes.is_empty() || check(n, &bytes).bytes().map(|b| value(char::from(b)).unwrap_or(0)).ne(ending.iter().copied()) {
            return Err(mistyped());
        }
        out.extend(bytes);
    }
    Ok(out)
}

/// 20 bits of a hash over the row's number and bytes: one mistyped character in a million stays unseen, and two rows cannot be swapped.
fn check(row: usize, bytes: &[u8]) -> String {
    let digest = Digest::of(&[&[row as u8], bytes].concat());
    encode(&digest.as_bytes()[..3]).chars().take(CHECK).collect()
}

fn encode(bytes: &[u8]) -> String {
    let (mut held, mut bits, mut out) = (0u32, 0, String::new());
    let mut push = |v: u32| out.push(char::from(ALPHABET[(v & 31) as usize]));
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    out
}

/// The one way back: bits that fill up the last character must be zero.
fn decode(values: &[u8]) -> Option<Vec<u8>> {
    let (mut held, mut bits, mut out) = (0u32, 0, Vec::new());
    for value in values {
        held = (held << 5 | u32::from(*value)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
        }
    }
    (bits < 5 && held & ((1 << bits) - 1) == 0).then_some(out)
}

fn value(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|b| char::from(*b) == c).map(|n| n as u8)
}

#[cfg(test)]
mod tests {
    use super::{read_typed, typed_rows};

    #[test]
    fn rows_come_back_however_they_are_typed() {
        for length in 0..64 {
            let bytes: Vec<u8> = (0..length).map(|n| (n * 37 + length) as u8).collect();
            let rows = typed_rows(&bytes);
            for typed in
                [rows.clone(), rows.replace([' ', '\n'], ""), rows.to_lowercase().replace('0', "o").replace('1', "l").replace(' ', "-")]
            {
                assert_eq!(read_typed(&typed).expect("right"), bytes, "{typed}");
            }
        }
    }

    #[test]
    fn a_slip_is_found_in_its_row() {
        let rows = typed_rows(&[7; 40]);
        let mut lines: Vec<String> = rows.lines().map(str::to_owned).collect();
        lines.swap(0, 1);
        assert!(read_typed(&lines.concat()).expect_err("swapped").message().contains("row 1 of"));
        for (n, line) in rows.lines().enumerate() {
            for at in (0..line.len()).filter(|at| line.as_bytes()[*at] != b' ') {
                let mut wrong = line.as_bytes().to_vec();
                wrong[at] = if wrong[at] == b'Z' { b'Y' } else { b'Z' };
                let wrong = rows.replacen(line, std::str::from_utf8(&wrong).expect("ASCII"), 1);
                // Rows with the same bytes: the replaced one is the first that is written like this.
                let first = rows.lines().position(|l| l == line).unwrap_or(n);
                let refusal = read_typed(&wrong).expect_err("mistyped");
                assert!(refusal.message().contains(&format!("row {} of", first + 1)), "{refusal}");
            }
        }
        for wrong in ["U", "ABC", "0000", &"0".repeat(9000), "é"] {
            assert!(read_typed(wrong).is_err(), "{wrong:.20}");
        }
    }
}
