//! Strings.

use super::convert::{text_of, texts_of};
use super::{ANY, Made, entry};
use crate::ecosystems::charts::template::{Arguments, Engine, Entry, Value, octets, quote, sprint_value};
use std::rc::Rc;

pub(super) const TABLE: &[Entry] = &[
    entry("hello", 0, 0, |_, _| Ok("Hello!".into())),
    entry("abbrev", 2, 2, |_, a| Ok(abbreviate(a.text(1)?, 0, a.int(0)?).into())),
    entry("abbrevboth", 3, 3, |_, a| both(a)),
    entry("trunc", 2, 2, |_, a| Ok(trunc(a.int(0)?, a.text(1)?).into())),
    entry("trim", 1, 1, |_, a| Ok(a.text(0)?.trim().into())),
    entry("substr", 3, 3, |_, a| substring(a)),
    entry("repeat", 2, 2, repeat),
    entry("trimall", 2, 2, |_, a| trim_all(a)),
    entry("trimAll", 2, 2, |_, a| trim_all(a)),
    entry("trimSuffix", 2, 2, |_, a| Ok(a.text(1)?.strip_suffix(&**a.text(0)?).unwrap_or(a.text(1)?).into())),
    entry("trimPrefix", 2, 2, |_, a| Ok(a.text(1)?.strip_prefix(&**a.text(0)?).unwrap_or(a.text(1)?).into())),
    entry("nospace", 1, 1, |_, a| Ok(a.text(0)?.split_whitespace().collect::<String>().into())),
    entry("wrap", 2, 2, |_, a| Ok(wrap(a.text(1)?, a.int(0)?, "\n", false).into())),
    entry("wrapWith", 3, 3, |_, a| Ok(wrap(a.text(2)?, a.int(0)?, a.text(1)?, true).into())),
    entry("contains", 2, 2, |_, a| Ok(a.text(1)?.contains(&**a.text(0)?).into())),
    entry("hasPrefix", 2, 2, |_, a| Ok(a.text(1)?.starts_with(&**a.text(0)?).into())),
    entry("hasSuffix", 2, 2, |_, a| Ok(a.text(1)?.ends_with(&**a.text(0)?).into())),
    entry("quote", 0, ANY, |_, a| Ok(quoted(a, |v| quote(&text_of(v))).into())),
    entry("squote", 0, ANY, |_, a| Ok(quoted(a, |v| format!("'{}'", sprint_value(v))).into())),
    entry("cat", 0, ANY, |_, a| Ok(quoted(a, sprint_value).into())),
    entry("indent", 2, 2, |e, a| indent(e, a, "")),
    entry("nindent", 2, 2, |e, a| indent(e, a, "\n")),
    entry("replace", 3, 3, replace),
    entry("plural", 3, 3, |_, a| Ok(Value::Text(if a.int(2)? == 1 { a.text(0)?.clone() } else { a.text(1)?.clone() }))),
    entry("toString", 1, 1, |_, a| Ok(Value::Text(text_of(a.any(0))))),
    entry("toStrings", 1, 1, |_, a| Ok(Value::strings(texts_of(a.any(0))))),
    entry("join", 2, 2, join),
    entry("split", 2, 2, |_, a| Ok(numbered(parts(a.text(1)?, a.text(0)?, -1)))),
    entry("splitn", 3, 3, |_, a| Ok(numbered(parts(a.text(2)?, a.text(0)?, a.int(1)?)))),
    entry("splitList", 2, 2, |_, a| Ok(Value::strings(parts(a.text(1)?, a.text(0)?, -1)))),
    entry("atoi", 1, 1, |_, a| Ok(Value::Int(a.text(0)?.parse().unwrap_or(0)))),
];

fn trim_all(a: Arguments<'_>) -> Made {
    let cut: Vec<char> = a.text(0)?.chars().collect();
    Ok(a.text(1)?.trim_matches(&cut[..]).into())
}

/// Go slices strings by bytes; of a character that is cut through, the bytes are left.
fn bytes(text: &str, start: usize, end: usize) -> String {
    octets::from_bytes(&octets::to_bytes(text)[start..end])
}

fn length_of(text: &str) -> usize {
    octets::to_bytes(text).len()
}

fn trunc(count: i64, text: &str) -> String {
    let length = length_of(text) as i64;
    if count < 0 && length + count > 0 {
        return bytes(text, (length + count) as usize, length as usize);
    }
    if count >= 0 && length > count {
        return bytes(text, 0, count as usize);
    }
    text.into()
}

fn substring(a: Arguments<'_>) -> Made {
    let (start, end, text) = (a.int(0)?, a.int(1)?, a.text(2)?);
    let length = length_of(text) as i64;
    let (from, to) = match (start, end) {
        (s, e) if s < 0 => (0, e),
        (s, e) if e < 0 || e > length => (s, length),
        other => other,
    };
    if from > to || to > length || to < 0 {
        return Err(format!("slice bounds out of range [{from}:{to}]").into());
    }
    Ok(bytes(text, from as usize, to as usize).into())
}

fn abbreviate(text: &str, offset: usize, width: i64) -> String {
    let Some(width) = usize::try_from(width).ok().filter(|w| *w >= 4) else { return text.into() };
    let length = length_of(text);
    if length <= width {
        return text.into();
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return bytes(text, 0, width - 3) + "...";
    }
    if width < 7 {
        return String::new();
    }
    if offset + width - 3 < length {
        return format!("...{}", abbreviate(&bytes(text, offset, length), 0, (width - 3) as i64));
    }
    format!("...{}", bytes(text, length - (width - 3), length))
}

fn both(a: Arguments<'_>) -> Made {
    let (left, right, text) = (a.int(0)?, a.int(1)?, a.text(2)?);
    if right < 4 || (left > 0 && right < 7) {
        return Ok(Value::Text(text.clone()));
    }
    // Left of the text is its beginning.
    Ok(abbreviate(text, usize::try_from(left).unwrap_or(0), right).into())
}

fn repeat(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let (count, text) = (a.int(0)?, a.text(1)?);
    let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count".to_string())?;
    engine.wrote(text.len().saturating_mul(count))?;
    Ok(text.repeat(count).into())
}

fn replace(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let (old, new, text) = (a.text(0)?, a.text(1)?, a.text(2)?);
    let count = if old.is_empty() { text.chars().count() + 1 } else { text.matches(&**old).count() };
    engine.wrote(count.saturating_mul(new.len()))?;
    Ok(text.replace(&**old, new).into())
}

fn indent(engine: &mut Engine, a: Arguments<'_>, before: &str) -> Made {
    let spaces = usize::try_from(a.int(0)?).map_err(|_| "strings: negative Repeat count".to_string())?;
    let text = a.text(1)?;
    engine.wrote(spaces.saturating_mul(text.matches('\n').count() + 1))?;
    let pad = " ".repeat(spaces);
    Ok(format!("{before}{pad}{}", text.replace('\n', &format!("\n{pad}"))).into())
}

fn quoted(a: Arguments<'_>, each: impl Fn(&Value) -> String) -> String {
    let parts: Vec<String> = a.values.iter().filter(|v| !v.is_nil()).map(each).collect();
    parts.join(" ")
}

fn join(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let (separator, parts) = (a.text(0)?, texts_of(a.any(1)));
    engine.wrote(parts.len().saturating_mul(separator.len()))?;
    Ok(parts.join(separator).into())
}

/// `strings.SplitN`
fn parts(text: &str, separator: &str, count: i64) -> Vec<Rc<str>> {
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    if most == 0 {
        return vec![];
    }
    if !separator.is_empty() {
        return text.splitn(most, separator).map(Rc::from).collect();
    }
    let mut out: Vec<Rc<str>> = vec![];
    for (at, c) in text.char_indices() {
        if out.len() + 1 == most {
            out.push(text[at..].into());
            break;
        }
        out.push(c.to_string().into());
    }
    out
}

fn numbered(parts: Vec<Rc<str>>) -> Value {
    Value::map(parts.into_iter().enumerate().map(|(i, p)| (format!("_{i}"), Value::Text(p))))
}

fn wrap(text: &str, width: i64, separator: &str, long: bool) -> String {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let separator = if separator.is_empty() { "\n" } else { separator };
    let bytes = octets::to_bytes(text);
    let (mut out, mut offset) = (Vec::new(), 0);
    while bytes.len() - offset > width {
        if bytes[offset] == b' ' {
            offset += 1;
            continue;
        }
        let window = &bytes[offset..=(width + offset).min(bytes.len() - 1)];
        if let Some(space) = window.iter().rposition(|b| *b == b' ') {
            out.extend_from_slice(&bytes[offset..offset + space]);
            out.extend_from_slice(&octets::to_bytes(separator));
            offset += space + 1;
        } else if long {
            out.extend_from_slice(&bytes[offset..offset + width]);
            out.extend_from_slice(&octets::to_bytes(separator));
            offset += width;
        } else if let Some(space) = bytes[offset + width..].iter().position(|b| *b == b' ') {
            out.extend_from_slice(&bytes[offset..offset + width + space]);
            out.extend_from_slice(&octets::to_bytes(separator));
            offset += width + space + 1;
        } else {
            break;
        }
    }
    out.extend_from_slice(&bytes[offset..]);
    octets::from_bytes(&out)
}
