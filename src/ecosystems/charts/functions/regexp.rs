//! Regular expressions: RE2 as Go has it.

use super::{Made, entry};
use crate::ecosystems::charts::template::{Arguments, Engine, Entry, Fault, Value, bounded_regex};
use regex::{NoExpand, Regex};

pub(super) const TABLE: &[Entry] = &[
    entry("regexMatch", 2, 2, |_, a| {
        a.text(1)?;
        Ok(compiled(a.text(0)?).is_ok_and(|r| r.is_match(a.text(1).map_or("", |t| t))).into())
    }),
    entry("mustRegexMatch", 2, 2, |_, a| Ok(compiled(a.text(0)?)?.is_match(a.text(1)?).into())),
    entry("regexFind", 2, 2, |_, a| find(a)),
    entry("mustRegexFind", 2, 2, |_, a| find(a)),
    entry("regexFindAll", 3, 3, |_, a| find_all(a)),
    entry("mustRegexFindAll", 3, 3, |_, a| find_all(a)),
    entry("regexReplaceAll", 3, 3, |e, a| replace(e, a, false)),
    entry("mustRegexReplaceAll", 3, 3, |e, a| replace(e, a, false)),
    entry("regexReplaceAllLiteral", 3, 3, |e, a| replace(e, a, true)),
    entry("mustRegexReplaceAllLiteral", 3, 3, |e, a| replace(e, a, true)),
    entry("regexSplit", 3, 3, |_, a| split(a)),
    entry("mustRegexSplit", 3, 3, |_, a| split(a)),
    entry("regexQuoteMeta", 1, 1, |_, a| Ok(quote_meta(a.text(0)?).into())),
];

fn compiled(pattern: &str) -> Result<Regex, Fault> {
    Ok(go_regex(pattern)?)
}

/// A regular expression that means what it means to Go.
pub(in crate::ecosystems::charts) fn go_regex(pattern: &str) -> Result<Regex, String> {
    bounded_regex(&translated(pattern))
}

/// Go's classes are ASCII, in a bracket `[`, `&` and `~` mean themselves, and so does `{` where it begins no repetition.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut characters = pattern.chars().peekable();
    let mut bracket = None;
    while let Some(c) = characters.next() {
        let begun = bracket.map_or(0, |n: usize| n + 1);
        if bracket.is_some() {
            bracket = Some(begun);
        }
        match c {
            '\\' => escaped(&mut characters, &mut out, bracket.is_some()),
            '[' if bracket.is_none() => {
                out.push('[');
                bracket = Some(0);
                if characters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                if characters.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            '[' if characters.peek() == Some(&':') => {
                out.push('[');
                for inner in characters.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' if bracket.is_some() => {
                out.push('\\');
                out.push(c);
            }
            '{' if bracket.is_none() && !repetition(characters.clone()) => out.push_str("\\{"),
            ']' => {
                bracket = None;
                out.push(']');
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether what follows a `{` makes it a repetition: `2}`, `2,}`, `2,5}`.
fn repetition(following: impl Iterator<Item = char>) -> bool {
    let inner: String = following.take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '}')).collect();
    inner.split_once('}').is_some_and(|(bounds, _)| bounds.starts_with(|c: char| c.is_ascii_digit()) && bounds.matches(',').count() < 2)
}

fn escaped(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String, bracket: bool) {
    let Some(c) = characters.next() else {
        out.push('\\');
        return;
    };
    let class = match c {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => "\\t\\n\\f\\r ",
        _ => "",
    };
    match (c, bracket) {
        ('d' | 'w' | 's', true) => out.push_str(class),
        ('d' | 'w' | 's', false) => out.push_str(&format!("[{class}]")),
        ('D', _) => out.push_str("[^0-9]"),
        ('W', _) => out.push_str("[^0-9A-Za-z_]"),
        ('S', _) => out.push_str("[^\\t\\n\\f\\r ]"),
        ('b' | 'B', false) => out.push_str(&format!("(?-u:\\{c})")),
        ('Q', false) => {
            let mut literal = String::new();
            for inner in characters.by_ref() {
                literal.push(inner);
                if literal.ends_with("\\E") {
                    literal.truncate(literal.len() - 2);
                    break;
                }
            }
            out.push_str(&regex::escape(&literal));
        }
        _ => {
            out.push('\\');
            out.push(c);
            // The name of a class or the number of a character: its braces are no repetition.
            if matches!(c, 'p' | 'P' | 'x') && characters.peek() == Some(&'{') {
                for inner in characters.by_ref() {
                    out.push(inner);
                    if inner == '}' {
                        break;
                    }
                }
            }
        }
    }
}

fn find(a: Arguments<'_>) -> Made {
    Ok(compiled(a.text(0)?)?.find(a.text(1)?).map_or("", |m| m.as_str()).into())
}

fn find_all(a: Arguments<'_>) -> Made {
    let most = usize::try_from(a.int(2)?).unwrap_or(usize::MAX);
    let regex = compiled(a.text(0)?)?;
    let found: Vec<&str> = regex.find_iter(a.text(1)?).take(most).map(|m| m.as_str()).collect();
    Ok(Value::strings(found))
}

fn replace(engine: &mut Engine, a: Arguments<'_>, literal: bool) -> Made {
    let (regex, text, with) = (compiled(a.text(0)?)?, a.text(1)?, a.text(2)?);
    engine.wrote(regex.find_iter(text).count().saturating_mul(with.len() + if literal { 0 } else { text.len() / 4 }))?;
    Ok(if literal { regex.replace_all(text, NoExpand(with)) } else { regex.replace_all(text, &**with) }.into_owned().into())
}

fn split(a: Arguments<'_>) -> Made {
    let (regex, text, most) = (compiled(a.text(0)?)?, a.text(1)?, a.int(2)?);
    if most == 0 {
        return Ok(Value::strings(Vec::<&str>::new()));
    }
    if !a.text(0)?.is_empty() && text.is_empty() {
        return Ok(Value::strings([""]));
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (mut out, mut begin, mut end) = (vec![], 0, 0);
    for found in regex.find_iter(text).take(most) {
        if out.len() == most - 1 {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            out.push(&text[begin..end]);
        }
        begin = found.end();
    }
    if end != text.len() {
        out.push(&text[begin..]);
    }
    Ok(Value::strings(out))
}

fn quote_meta(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
