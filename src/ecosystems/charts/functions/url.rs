//! URLs: Go's `url.Parse` and `URL.String`, as far as Sprig shows them.

use super::{Made, entry};
use crate::ecosystems::charts::template::{Arguments, Entry, Value, octets};

pub(super) const TABLE: &[Entry] = &[entry("urlParse", 1, 1, |_, a| Ok(parse(a.text(0)?)?)), entry("urlJoin", 1, 1, |_, a| join(a))];

fn parse(text: &str) -> Result<Value, String> {
    let failed = |why: &str| format!("unable to parse url: parse {text:?}: {why}");
    if text.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return Err(failed("net/url: invalid control character in URL"));
    }
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (scheme, rest) = scheme(rest).ok_or_else(|| failed("missing protocol scheme"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (mut host, mut user, mut path, mut opaque) = ("", None, rest, "");
    if let Some(after) = rest.strip_prefix("//") {
        let (authority, tail) = after.split_at(after.find('/').unwrap_or(after.len()));
        (user, host) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
        path = tail;
    } else if !scheme.is_empty() && !rest.starts_with('/') {
        (opaque, path) = (rest, "");
    }
    let path = unescape(path).ok_or_else(|| failed("invalid URL escape"))?;
    let fragment = unescape(fragment).ok_or_else(|| failed("invalid URL escape"))?;
    let bare = host
        .strip_prefix('[')
        .map_or_else(|| host.rsplit_once(':').map_or(host, |(h, _)| h), |rest| rest.split_once(']').map_or(rest, |(h, _)| h));
    Ok(Value::map([
        ("scheme", scheme.to_ascii_lowercase().into()),
        ("host", host.into()),
        ("hostname", bare.into()),
        ("path", path.into()),
        ("query", query.into()),
        ("opaque", opaque.into()),
        ("fragment", fragment.into()),
        ("userinfo", user.unwrap_or("").into()),
    ]))
}

/// The scheme before a colon, if there is one; `None` where the colon comes first.
fn scheme(text: &str) -> Option<(&str, &str)> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return None,
            ':' => return Some((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Some(("", text))
}

fn unescape(text: &str) -> Option<String> {
    let bytes = octets::to_bytes(text);
    let (mut out, mut at) = (vec![], 0);
    while at < bytes.len() {
        if bytes[at] == b'%' {
            out.push(u8::from_str_radix(std::str::from_utf8(bytes.get(at + 1..at + 3)?).ok()?, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    Some(octets::from_bytes(&out))
}

fn escape(text: &str, kept: &str) -> String {
    let mut out = String::new();
    for b in octets::to_bytes(text).iter().copied() {
        let c = char::from(b);
        if c.is_ascii_alphanumeric() || "-_.~$&+,/:;=@!*'()".contains(c) || kept.contains(c) {
            out.push(c);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

fn join(a: Arguments<'_>) -> Made {
    let map = a.map(0)?;
    let part = |key: &str| match map.get(key) {
        None => Ok(String::new()),
        Some(Value::Text(text)) => Ok(text.to_string()),
        Some(other) => Err(format!("unable to parse {key} key, must be of type string, but {} found", other.kind())),
    };
    let (scheme, host, path, user) = (part("scheme")?, part("host")?, part("path")?, part("userinfo")?);
    let (query, opaque, fragment) = (part("query")?, part("opaque")?, part("fragment")?);
    let mut out = if scheme.is_empty() { String::new() } else { format!("{scheme}:") };
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !user.is_empty() {
            if !host.is_empty() || !path.is_empty() || !user.is_empty() {
                out.push_str("//");
            }
            if !user.is_empty() {
                out.push_str(&format!("{user}@"));
            }
            out.push_str(&host);
        }
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            out.push('/');
        }
        out.push_str(&escape(&path, ""));
    } else {
        out.push_str(&opaque);
    }
    if !query.is_empty() {
        out.push_str(&format!("?{query}"));
    }
    if !fragment.is_empty() {
        out.push_str(&format!("#{}", escape(&fragment, "?")));
    }
    Ok(out.into())
}
