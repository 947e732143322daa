//! Upper and lower case, and the cases programmers use.

use super::entry;
use crate::ecosystems::charts::template::{Entry, Value, octets};

pub(super) const TABLE: &[Entry] = &[
    entry("upper", 1, 1, |_, a| Ok(replaced(a.text(0)?, str::to_uppercase))),
    entry("lower", 1, 1, |_, a| Ok(replaced(a.text(0)?, str::to_lowercase))),
    entry("title", 1, 1, |_, a| Ok(title(a.text(0)?).into())),
    entry("untitle", 1, 1, |_, a| Ok(untitle(a.text(0)?).into())),
    entry("swapcase", 1, 1, |_, a| Ok(swap(a.text(0)?).into())),
    entry("initials", 1, 1, |_, a| Ok(initials(a.text(0)?).into())),
    entry("snakecase", 1, 1, |_, a| Ok(lowered(a.text(0)?, '_').into())),
    entry("kebabcase", 1, 1, |_, a| Ok(lowered(a.text(0)?, '-').into())),
    entry("camelcase", 1, 1, |_, a| Ok(camel(a.text(0)?).into())),
];

/// A change of case; what is no character becomes the one that says so, as in Go.
fn replaced(text: &str, change: fn(&str) -> String) -> Value {
    octets::from_text(&change(&octets::to_lossy(text))).into_owned().into()
}

/// `strings.Title`
fn title(text: &str) -> String {
    let mut before = ' ';
    let mut out = String::new();
    for c in text.chars() {
        let separator = if before.is_ascii() { !before.is_ascii_alphanumeric() && before != '_' } else { before.is_whitespace() };
        if separator {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        before = c;
    }
    out
}

fn untitle(text: &str) -> String {
    let mut first = true;
    let mut out = String::new();
    for c in text.chars() {
        if c.is_whitespace() {
            first = true;
            out.push(c);
        } else if first {
            out.extend(c.to_lowercase());
            first = false;
        } else {
            out.push(c);
        }
    }
    out
}

fn swap(text: &str) -> String {
    let mut space = true;
    let mut out = String::new();
    for c in text.chars() {
        if c.is_uppercase() {
            out.extend(c.to_lowercase());
            space = false;
        } else if c.is_lowercase() {
            out.extend(c.to_uppercase());
            space = false;
        } else {
            out.push(c);
            space = c.is_whitespace();
        }
    }
    let _ = space;
    out
}

fn initials(text: &str) -> String {
    let mut before = true;
    let mut out = String::new();
    for c in text.chars() {
        if c.is_whitespace() {
            before = true;
        } else if before {
            out.push(c);
            before = false;
        }
    }
    out
}

fn connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// `xstrings.ToCamelCase`
fn camel(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    let mut last = None;
    for c in characters.by_ref() {
        if !connector(c) {
            last = Some(upper(c));
            break;
        }
        out.push(c);
    }
    let Some(mut last) = last else { return out };
    for c in characters {
        let before = last;
        last = c;
        if connector(c) && connector(before) {
            out.push(before);
            continue;
        }
        if connector(before) {
            last = upper(c);
        } else {
            last = c.to_lowercase().next().unwrap_or(c);
            out.push(before);
        }
    }
    out.push(last);
    out
}

fn upper(c: char) -> char {
    c.to_uppercase().next().unwrap_or(c)
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    None,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

fn punctuation(c: char) -> bool {
    (c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c)) || matches!(c, '«' | '»' | '¡' | '¿' | '§' | '¶' | '·' | '\u{2010}'..='\u{2027}')
}

/// `xstrings.nextWord`: the next run of one kind, and the rest.
fn next_word(text: &str) -> (Word, &str, &str) {
    let Some(first) = text.chars().next() else { return (Word::None, "", "") };
    let lowercase = |c: char| c.is_alphabetic() && !c.is_uppercase();
    let run = |kind, more: &dyn Fn(char) -> bool| {
        let end = text.char_indices().skip(1).find(|(_, c)| !more(*c)).map_or(text.len(), |(i, _)| i);
        (kind, &text[..end], &text[end..])
    };
    if connector(first) {
        return run(Word::Connector, &connector);
    }
    if punctuation(first) {
        return run(Word::Punctuation, &punctuation);
    }
    if first.is_uppercase() {
        let second = text.chars().nth(1);
        if !second.is_some_and(char::is_uppercase) {
            return run(Word::Upper, &lowercase);
        }
        let (kind, word, rest) = run(Word::Upper, &char::is_uppercase);
        // "HTTPStatus" is "HTTP" and "Status"
        let last = word.chars().next_back().map_or(0, char::len_utf8);
        if rest.starts_with(char::is_alphabetic) {
            return (kind, &text[..word.len() - last], &text[word.len() - last..]);
        }
        return (kind, word, rest);
    }
    if first.is_alphabetic() {
        return run(Word::Alphabet, &lowercase);
    }
    if first.is_numeric() {
        return run(Word::Number, &char::is_numeric);
    }
    run(Word::Other, &|c| !(connector(c) || c.is_alphabetic() || c.is_numeric() || punctuation(c)))
}

fn push(out: &mut String, kind: Word, word: &str, joint: char) {
    if !matches!(kind, Word::Upper | Word::Connector) {
        out.push_str(word);
        return;
    }
    for c in word.chars() {
        if connector(c) { out.push(joint) } else { out.extend(c.to_lowercase()) }
    }
}

/// `xstrings.camelCaseToLowerCase`
fn lowered(text: &str, joint: char) -> String {
    let mut out = String::new();
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            push(&mut out, kind, word, joint);
        }
        let (before, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match before {
            Word::Number => {
                (kind, word, rest) = small(&mut out, (kind, word, rest), joint);
                if !matches!(kind, Word::None | Word::Punctuation | Word::Connector) {
                    out.push(joint);
                }
            }
            Word::Connector => push(&mut out, before, last, joint),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if !matches!(kind, Word::Connector | Word::Punctuation) {
                    out.push(joint);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind == Word::Alphabet {
                    out.push(joint);
                    push(&mut out, Word::Number, number, joint);
                    (kind, word, rest) = small(&mut out, (kind, word, rest), joint);
                    if !matches!(kind, Word::None | Word::Connector | Word::Punctuation) {
                        out.push(joint);
                    }
                } else {
                    push(&mut out, Word::Number, number, joint);
                    if !matches!(kind, Word::Connector | Word::Punctuation) {
                        out.push(joint);
                    }
                }
            }
        }
    }
    push(&mut out, kind, word, joint);
    out
}

/// Small letters and numbers belong to the number before them.
fn small<'t>(out: &mut String, mut next: (Word, &'t str, &'t str), joint: char) -> (Word, &'t str, &'t str) {
    while matches!(next.0, Word::Alphabet | Word::Number) {
        push(out, next.0, next.1, joint);
        next = next_word(next.2);
    }
    next
}
