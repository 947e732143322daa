//! What libyaml reads and the parser refuses: the text once more, with that place as the parser wants it.
//!
//! In: the text and the [`Refusal`]. Out: a text that means the same to libyaml, has the same lines, and is refused no more at this
//! place; `None` where there is no such text. Blanks before a line mean nothing within brackets or quotes, to libyaml in any number.

use saphyr_parser::ScanError;

/// Stands for a `-` that the parser does not take and go-yaml does: `[-, a]` is a list of `-` and `a` to it, as in YAML 1.1.
pub(super) const DASH: char = '\u{10fff1}';
/// The deepest column that lines are moved to.
const MAX_COLUMN: usize = 1_024;

/// Why the parser refused a text, as far as libyaml does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// A lone dash in a flow collection.
    Dash,
    /// A line of a flow collection left of the block around it.
    Flow,
    /// A line of a quoted scalar left of the block around it; the place is where the scalar begins.
    Quoted,
    /// A tab after the colon of a key.
    Tab,
    /// A comment without a blank before it.
    Comment,
}

/// A refusal and its place, in characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    reason: Reason,
    index: usize,
}

impl Refusal {
    /// The refusal of an error that libyaml would not have.
    pub(super) fn of(error: &ScanError) -> Option<Self> {
        let reason = match error.info() {
            "plain scalar cannot start with '-' followed by ,[]{}" => Reason::Dash,
            // Only in flow collections: elsewhere such a line ends the block.
            "invalid indentation" | "invalid indentation in flow construct" => Reason::Flow,
            "invalid indentation in quoted scalar" => Reason::Quoted,
            "':' must be followed by a valid YAML whitespace" => Reason::Tab,
            "comments must be separated from other tokens by whitespace" => Reason::Comment,
            _ => return None,
        };
        Some(Self { reason, index: error.marker().index() })
    }

    /// Whether the text then holds a [`DASH`].
    pub(super) fn is_dash(self) -> bool {
        self.reason == Reason::Dash
    }

    /// The text to read instead. Each repair takes away what it repairs, so that they come to an end.
    pub(super) fn repaired(self, text: &str, most: usize) -> Option<String> {
        let (at, c) = text.char_indices().nth(self.index)?;
        match self.reason {
            Reason::Dash => (c == '-').then(|| format!("{}{DASH}{}", &text[..at], &text[at + 1..])),
            Reason::Comment => (c == '#').then(|| format!("{} {}", &text[..at], &text[at..])),
            Reason::Tab => {
                let before = text[..at].trim_end_matches([' ', '\t']);
                let rest = text[before.len()..].strip_prefix('\t')?;
                before.ends_with(':').then(|| format!("{before} {rest}"))
            }
            Reason::Flow => moved(text, &flow(text.as_bytes(), at), most),
            Reason::Quoted => {
                let mut lines = vec![];
                quoted(text.as_bytes(), at, &mut lines);
                moved(text, &lines, most)
            }
        }
    }
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Moves these lines to the right of every block there is; `None` where they stand there, or the text would become too long.
fn moved(text: &str, lines: &[usize], most: usize) -> Option<String> {
    let blanks = |line: &str, set: &[char]| line.len() - line.trim_start_matches(set).len();
    // A block begins after blanks and the indicators of the blocks around it.
    let column = text.split(['\n', '\r']).map(|line| blanks(line, &[' ', '\t', '-', '?', ':'])).max().unwrap_or(0);
    let column = (column + 2).min(MAX_COLUMN);
    let left = lines.iter().any(|line| blanks(&text[*line..], &[' ']) < column);
    let length = lines.len().saturating_mul(column).saturating_add(text.len());
    if !left || length > most {
        return None;
    }
    let (mut out, mut from) = (String::with_capacity(length), 0);
    for line in lines {
        out.push_str(&text[from..*line]);
        out.extend(std::iter::repeat_n(' ', column));
        from = *line;
    }
    out.push_str(&text[from..]);
    Some(out)
}

/// The line of this place, which is in a flow collection, and those that surely follow in it. A plain scalar has no brackets there;
/// what could hide one, such as a comment or a tag before a quote, ends the search, and the next reading goes on from that line.
fn flow(text: &[u8], at: usize) -> Vec<usize> {
    let begin = text[..at].iter().rposition(|b| is_break(*b)).map_or(0, |before| before + 1);
    let (mut lines, mut depth, mut before, mut i) = (vec![begin], 0_usize, b',', at);
    while let Some(byte) = text.get(i).copied() {
        let blank = matches!(byte, b' ' | b'\t') || is_break(byte);
        match byte {
            byte if is_break(byte) && !line(text, i, &mut lines) => break,
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 0 => break,
            b']' | b'}' => depth -= 1,
            b'"' | b'\'' if begins(before, text, i) => match quoted(text, i, &mut lines) {
                Some(end) => i = end - 1,
                None => break,
            },
            b'"' | b'\'' if matches!(before, b':' | b'"' | b'\'' | b']' | b'}') => break,
            b'#' | b'!' | b'&' | b'*' | b'?' | b'|' | b'>' | b'%' | b'@' | b'`' => break,
            _ => {}
        }
        if !blank {
            before = byte;
        }
        i += 1;
    }
    lines
}

/// Whether a quote at this place begins a scalar: after an indicator, of which a colon has a blank behind it.
fn begins(before: u8, text: &[u8], at: usize) -> bool {
    matches!(before, b'[' | b'{' | b',') || (before == b':' && text[at - 1] != b':')
}

/// Where the quoted scalar that begins here ends; the lines that begin within it are added. `None` where it does not end.
fn quoted(text: &[u8], at: usize, lines: &mut Vec<usize>) -> Option<usize> {
    let quote = *text.get(at)?;
    let mut i = at + 1;
    loop {
        let byte = *text.get(i)?;
        let next = text.get(i + 1).copied();
        if byte == b'\\' && quote == b'"' && !next.is_some_and(is_break) || byte == b'\'' && quote == b'\'' && next == Some(b'\'') {
            i += 1;
        } else if byte == quote {
            return Some(i + 1);
        } else if is_break(byte) && !line(text, i, lines) {
            return None;
        }
        i += 1;
    }
}

/// Adds the line that begins behind this break; false where it ends the document.
fn line(text: &[u8], at: usize, lines: &mut Vec<usize>) -> bool {
    let rest = &text[at + 1..];
    if text[at] == b'\r' && rest.first() == Some(&b'\n') {
        return true;
    }
    let marker = rest.starts_with(b"---") || rest.starts_with(b"...");
    if marker && rest.get(3).is_none_or(u8::is_ascii_whitespace) {
        return false;
    }
    lines.push(at + 1);
    true
}
