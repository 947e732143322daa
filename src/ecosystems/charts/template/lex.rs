//! Template text into pieces: text, and the tokens between `{{` and `}}`.

use super::octets;
use std::rc::Rc;

/// A token of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, a keyword, `true`, `nil`.
    Name(String),
    /// `.name`; an empty name is the dot alone.
    Field(String),
    /// `$name`, with the dollar.
    Variable(String),
    /// A string, unquoted.
    Text(Rc<str>),
    /// A number or character as it stands.
    Number(String),
    /// `|`
    Pipe,
    /// `:=`
    Declare,
    /// `=`
    Assign,
    /// `,`
    Comma,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// A token, where it begins and ends, and whether white space stood before it.
#[derive(Debug, Clone)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) spaced: bool,
}

/// A piece of a template.
pub(super) enum Piece {
    /// Text to copy.
    Text(Rc<str>),
    /// An action: its tokens, and where its `{{` stands.
    Action(Vec<Spanned>, usize),
}

/// A message and where it happened.
pub(super) type Failure = (usize, String);

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

pub(super) fn pieces(source: &str) -> Result<Vec<Piece>, Failure> {
    let mut pieces = vec![];
    let mut at = 0;
    let mut trim = false;
    loop {
        let open = source[at..].find("{{").map(|i| at + i);
        let mut text = &source[at..open.unwrap_or(source.len())];
        if trim {
            text = text.trim_start_matches(SPACE);
        }
        let Some(open) = open else {
            push_text(&mut pieces, text);
            return Ok(pieces);
        };
        let mut inside = open + 2;
        if source[inside..].starts_with('-') && source[inside + 1..].starts_with(SPACE) {
            text = text.trim_end_matches(SPACE);
            inside += 2;
        }
        push_text(&mut pieces, text);
        if source[inside..].starts_with("/*") {
            (at, trim) = comment(source, inside)?;
        } else {
            let tokens;
            (tokens, at, trim) = action(source, inside)?;
            pieces.push(Piece::Action(tokens, open));
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
}

fn comment(source: &str, start: usize) -> Result<(usize, bool), Failure> {
    let end = source[start..].find("*/").ok_or((start, "unclosed comment".to_string()))? + start + 2;
    close(source, end).ok_or((start, "comment ends before closing delimiter".to_string()))
}

/// The closing delimiter at this place: where the text goes on, and whether it is trimmed.
fn close(source: &str, at: usize) -> Option<(usize, bool)> {
    let rest = &source[at..];
    if rest.starts_with("}}") {
        return Some((at + 2, false));
    }
    (rest.starts_with(SPACE) && rest[1..].starts_with("-}}")).then_some((at + 4, true))
}

fn action(source: &str, start: usize) -> Result<(Vec<Spanned>, usize, bool), Failure> {
    let mut tokens: Vec<Spanned> = vec![];
    let mut at = start;
    let mut open = vec![];
    let mut spaced = true;
    loop {
        if let Some((next, trim)) = close(source, at) {
            if let Some(open) = open.last() {
                return Err((*open, "unclosed left paren".into()));
            }
            return Ok((tokens, next, trim));
        }
        let Some(c) = source[at..].chars().next() else { return Err((start, "unclosed action".into())) };
        if SPACE.contains(&c) {
            at += 1;
            spaced = true;
            continue;
        }
        let (token, end) = token(source, at, c)?;
        match token {
            Token::Open => open.push(at),
            Token::Close if open.pop().is_none() => return Err((at, "unexpected right paren".into())),
            _ => {}
        }
        tokens.push(Spanned { token, start: at, end, spaced });
        spaced = false;
        at = end;
    }
}

fn token(source: &str, at: usize, c: char) -> Result<(Token, usize), Failure> {
    let rest = &source[at..];
    let single = |token| Ok((token, at + 1));
    match c {
        '|' => single(Token::Pipe),
        ',' => single(Token::Comma),
        '(' => single(Token::Open),
        ')' => single(Token::Close),
        '=' => single(Token::Assign),
        ':' if rest.starts_with(":=") => Ok((Token::Declare, at + 2)),
        ':' => Err((at, "expected :=".into())),
        '"' => quoted(rest, at),
        '`' => {
            let end = rest[1..].find('`').ok_or((at, "unterminated raw quoted string".to_string()))?;
            Ok((Token::Text(rest[1..=end].into()), at + end + 2))
        }
        '\'' => character(rest, at),
        '$' => {
            let end = at + 1 + word(&rest[1..]);
            Ok((Token::Variable(source[at..end].into()), end))
        }
        '.' if !rest[1..].starts_with(|d: char| d.is_ascii_digit()) => {
            let end = at + 1 + word(&rest[1..]);
            Ok((Token::Field(source[at + 1..end].into()), end))
        }
        '+' | '-' | '.' | '0'..='9' => number(rest, at),
        c if c == '_' || c.is_alphanumeric() => {
            let end = at + word(rest);
            Ok((Token::Name(source[at..end].into()), end))
        }
        other => Err((at, format!("unexpected {other:?} in operand"))),
    }
}

fn word(text: &str) -> usize {
    text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len())
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Failure> {
    let mut end = usize::from(rest.starts_with(['+', '-']));
    let hex = rest[end..].starts_with("0x") || rest[end..].starts_with("0X");
    let bytes = rest.as_bytes();
    while let Some(b) = bytes.get(end) {
        let exponent = end > 0 && (if hex { b"pP".as_slice() } else { b"eE" }).contains(&bytes[end - 1]);
        if b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.' || (exponent && matches!(b, b'+' | b'-')) {
            end += 1;
        } else {
            break;
        }
    }
    let text = &rest[..end];
    if super::tree::Number::parse(text).is_none() {
        return Err((at, format!("bad number syntax: {text:?}")));
    }
    Ok((Token::Number(text.into()), at + end))
}

fn character(rest: &str, at: usize) -> Result<(Token, usize), Failure> {
    let bad = || (at, "unterminated character constant".to_string());
    let body = &rest[1..];
    let first = body.chars().next().ok_or_else(bad)?;
    let (value, length) = match first {
        '\\' => escape(body).map(|(escaped, length)| (escaped.code(), length)).ok_or_else(bad)?,
        first => (u32::from(first), first.len_utf8()),
    };
    if !body[length..].starts_with('\'') {
        return Err(bad());
    }
    Ok((Token::Number(value.to_string()), at + length + 2))
}

fn quoted(rest: &str, at: usize) -> Result<(Token, usize), Failure> {
    let mut out = vec![];
    let mut offset = 1;
    loop {
        let c = rest[offset..].chars().next().filter(|c| *c != '\n').ok_or((at, "unterminated quoted string".to_string()))?;
        match c {
            '"' => return Ok((Token::Text(octets::from_bytes(&out).into()), at + offset + 1)),
            '\\' => {
                let (value, length) = escape(&rest[offset..]).ok_or((at, "invalid syntax in quoted string".to_string()))?;
                match value {
                    Escaped::Byte(byte) => out.push(byte),
                    Escaped::Character(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
                offset += length;
            }
            c => {
                let end = offset + c.len_utf8();
                out.extend_from_slice(&octets::to_bytes(&rest[offset..end]));
                offset = end;
            }
        }
    }
}

/// What an escape means: `\xff` and `\377` are bytes, all others characters.
enum Escaped {
    Byte(u8),
    Character(char),
}

impl Escaped {
    fn code(&self) -> u32 {
        match self {
            Self::Byte(byte) => (*byte).into(),
            Self::Character(c) => (*c).into(),
        }
    }
}

/// An escape of Go's string literals, and how long it is written.
fn escape(text: &str) -> Option<(Escaped, usize)> {
    let code = text[1..].chars().next()?;
    let digits = |from: usize, count: usize, radix: u32| {
        let value = u32::from_str_radix(text.get(from..from + count)?, radix).ok()?;
        let escaped = match matches!(code, 'u' | 'U') {
            true => Escaped::Character(char::from_u32(value)?),
            false => Escaped::Byte(u8::try_from(value).ok()?),
        };
        Some((escaped, from + count))
    };
    let simple = match code {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '\'' | '"' => code,
        'x' => return digits(2, 2, 16),
        'u' => return digits(2, 4, 16),
        'U' => return digits(2, 8, 16),
        '0'..='7' => return digits(1, 3, 8),
        _ => return None,
    };
    Some((Escaped::Character(simple), 2))
}
