//! Which style a scalar may be written in: libyaml's analysis of its characters, and go-yaml's choice before it.

use super::scalar::{Scalar, resolve};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What the characters of a scalar allow.
#[expect(clippy::struct_excessive_bools, reason = "these are libyaml's own flags")]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    plain: bool,
    single: bool,
    block: bool,
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// Indicators that rule out a plain scalar in block context.
fn indicators(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let mut before_blank = true;
    let mut characters = text.chars().peekable();
    let mut first = true;
    while let Some(c) = characters.next() {
        let then_blank = characters.peek().is_none_or(|n| is_blank(*n));
        let indicator = match c {
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => first,
            '#' => first || before_blank,
            '?' | '-' => first && then_blank,
            ':' => then_blank,
            _ => false,
        };
        if indicator {
            return true;
        }
        before_blank = is_blank(c) || is_break(c);
        first = false;
    }
    false
}

pub(super) fn analyse(text: &str) -> Analysis {
    if text.is_empty() {
        return Analysis { multiline: false, plain: true, single: true, block: false };
    }
    let special = text.chars().any(|c| !is_printable(c));
    let breaks = text.chars().any(is_break);
    let pair =
        |first: fn(char) -> bool, second: fn(char) -> bool| text.chars().zip(text.chars().skip(1)).any(|(a, b)| first(a) && second(b));
    let space = |c: char| c == ' ';
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
    let edges = edge(text.chars().next()) || edge(text.chars().next_back());
    let break_space = breaks && pair(is_break, space);
    let space_break = breaks && pair(space, is_break);
    Analysis {
        multiline: breaks,
        plain: !(edges || break_space || space_break || special || breaks || indicators(text)),
        single: !(break_space || space_break || special),
        block: !(text.ends_with(' ') || space_break || special),
    }
}

/// The style of a string: go-yaml asks for one, libyaml gives way where the characters forbid it.
pub(super) fn of_string(text: &str, analysis: &Analysis, simple_key: bool) -> Style {
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if matches!(resolve(text), Scalar::Text | Scalar::Merge) && !base_60(text) {
        Style::Plain
    } else {
        Style::Double
    };
    match wanted {
        _ if simple_key && analysis.multiline => Style::Double,
        Style::Literal if !analysis.block || simple_key => Style::Double,
        Style::Plain if analysis.plain && !(text.is_empty() && simple_key) => Style::Plain,
        Style::Plain if analysis.single => Style::Single,
        Style::Plain => Style::Double,
        other => other,
    }
}

/// `1:30` was a number to YAML 1.1: `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`.
fn base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let head = parts.next().unwrap_or("");
    if !head.starts_with(|c: char| c.is_ascii_digit()) || !head.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return false;
    }
    let mut rest: Vec<&str> = parts.collect();
    let Some(last) = rest.pop() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    let sixty = |p: &str| match p.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
        _ => false,
    };
    rest.into_iter().all(sixty) && sixty(last) && fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}
