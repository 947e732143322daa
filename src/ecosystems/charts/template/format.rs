//! Go's `fmt`: `Sprint`, `Sprintln`, `Sprintf`, for the values templates have.

use super::number::{float_text, format_float};
use super::object::Object;
use super::octets;
use super::value::{MAX_DEPTH, MAX_NODES, Map, Value, spend};

/// The longest padding a format may ask for; Rust's own knows no longer one.
const MAX_WIDTH: usize = 65_535;

/// `%v`; what is too deep or too much is `…`.
pub fn sprint_value(value: &Value) -> String {
    let (mut out, mut left) = (String::new(), MAX_NODES);
    write(&mut out, value, 0, &mut left);
    out
}

pub(super) fn write(out: &mut String, value: &Value, depth: usize, left: &mut usize) {
    // A text alone is as long as it is; in a value it may stand many times.
    let size = if depth == 0 { 0 } else { value.text_size() };
    if depth > MAX_DEPTH || !spend(left, size) {
        out.push('…');
        return;
    }
    match value {
        Value::Absent | Value::Nil => out.push_str("<nil>"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) | Value::Long(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&float_text(*value, false)),
        Value::Text(text) => out.push_str(text),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write(out, item, depth + 1, left);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (index, (key, item)) in map.entries().iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                if !spend(left, key.len()) {
                    out.push('…');
                    break;
                }
                out.push_str(key);
                out.push(':');
                write(out, item, depth + 1, left);
            }
            out.push(']');
        }
        Value::Object(object) => out.push_str(&object.print(depth + 1, left)),
    }
}

/// `fmt.Sprint`: a space between operands when neither is a string.
pub(super) fn sprint(values: &[Value]) -> String {
    let mut out = String::new();
    let text = |v: &Value| matches!(v, Value::Text(_));
    for (index, value) in values.iter().enumerate() {
        if index > 0 && !text(value) && !text(&values[index - 1]) {
            out.push(' ');
        }
        out.push_str(&sprint_value(value));
    }
    out
}

/// `fmt.Sprintln`
pub(super) fn sprintln(values: &[Value]) -> String {
    let parts: Vec<String> = values.iter().map(sprint_value).collect();
    parts.join(" ") + "\n"
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "the five flags of a format verb")]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl Spec {
    /// How much it may add to each value.
    fn room(&self) -> usize {
        self.width.unwrap_or(0) + self.precision.unwrap_or(0)
    }
}

/// `fmt.Sprintf`; `None` where that is too much: a format may print each value any number of times.
pub(super) fn sprintf(format: &str, values: &[Value]) -> Option<String> {
    let (mut out, mut left) = (String::new(), MAX_NODES);
    let mut characters = format.chars().peekable();
    let mut next = 0;
    let mut reordered = false;
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = characters.next_if(|c| "+-# 0".contains(*c)) {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                _ => spec.zero = true,
            }
        }
        index(&mut characters, &mut next, &mut reordered);
        spec.width = count(&mut characters, values, &mut next, &mut out, "WIDTH", &mut spec.minus);
        if characters.next_if_eq(&'.').is_some() {
            index(&mut characters, &mut next, &mut reordered);
            let mut left = false;
            spec.precision = Some(count(&mut characters, values, &mut next, &mut out, "PREC", &mut left).unwrap_or(0));
        }
        index(&mut characters, &mut next, &mut reordered);
        let Some(verb) = characters.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        // With this verb the flag asks for names of fields, not for signs.
        spec.plus &= verb != 'v';
        match values.get(next) {
            Some(value) => formatted(&mut out, value, verb, &spec, 0, &mut left),
            None => out.push_str(&format!("%!{verb}({})", if reordered { "BADINDEX" } else { "MISSING" })),
        }
        next += 1;
    }
    if !reordered && next < values.len() {
        let extra: Vec<String> = values[next..].iter().map(|value| described(value, 0, &mut left)).collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    (left > 0).then_some(out)
}

/// `[n]`: which argument comes next.
fn index(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, next: &mut usize, reordered: &mut bool) {
    if characters.next_if_eq(&'[').is_none() {
        return;
    }
    let mut number = 0_usize;
    while let Some(digit) = characters.next_if(char::is_ascii_digit) {
        number = number.saturating_mul(10).saturating_add(digit as usize - '0' as usize);
    }
    characters.next_if_eq(&']');
    *next = number.checked_sub(1).unwrap_or(usize::MAX - 1);
    *reordered = true;
}

/// A width or precision: digits, or `*` for an argument.
fn count(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    values: &[Value],
    next: &mut usize,
    out: &mut String,
    what: &str,
    left: &mut bool,
) -> Option<usize> {
    if characters.next_if_eq(&'*').is_some() {
        let value = values.get(*next).and_then(|v| if let Value::Int(n) | Value::Long(n) = v { Some(*n) } else { None });
        *next += 1;
        let Some(value) = value else {
            out.push_str(&format!("%!(BAD{what})"));
            return None;
        };
        *left |= value < 0;
        return Some((value.unsigned_abs() as usize).min(MAX_WIDTH));
    }
    let mut number = None;
    while let Some(digit) = characters.next_if(char::is_ascii_digit) {
        number = Some((number.unwrap_or(0_usize) * 10 + digit as usize - '0' as usize).min(MAX_WIDTH));
    }
    number
}

fn described(value: &Value, depth: usize, left: &mut usize) -> String {
    if value.is_nil() {
        return "<nil>".into();
    }
    let mut out = format!("{}=", value.type_name());
    write(&mut out, value, depth, left);
    out
}

fn formatted(out: &mut String, value: &Value, verb: char, spec: &Spec, depth: usize, left: &mut usize) {
    if depth > MAX_DEPTH || !spend(left, value.text_size() + spec.room()) {
        out.push('…');
        return;
    }
    let made = match (value, verb) {
        (_, 'T') => Some(pad(value.type_name(), spec, false)),
        (_, 'v') if spec.sharp => {
            let mut text = String::new();
            go_syntax(&mut text, value, depth, left);
            Some(pad(&text, spec, false))
        }
        (Value::Absent | Value::Nil, 'v') => Some(pad("<nil>", spec, false)),
        (Value::Absent | Value::Nil, _) => Some(format!("%!{verb}(<nil>)")),
        (Value::Bool(value), 'v' | 't') => Some(pad(&value.to_string(), spec, false)),
        (Value::Int(value) | Value::Long(value), _) => integer(*value, verb, spec),
        (Value::Float(value), 'v' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G') => Some(float(*value, verb, spec)),
        (Value::Text(text), _) => string(text, verb, spec),
        (Value::Object(object), _) => of_object(object, verb, spec, depth, left),
        (Value::List(list), _) => {
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                formatted(out, item, verb, spec, depth + 1, left);
            }
            out.push(']');
            return;
        }
        (Value::Map(map), _) => {
            entries(out, map, verb, spec, depth, left);
            return;
        }
        _ => None,
    };
    match made {
        Some(text) => out.push_str(&text),
        None => {
            let text = described(value, depth, left);
            out.push_str(&format!("%!{verb}({text})"));
        }
    }
}

fn entries(out: &mut String, map: &Map, verb: char, spec: &Spec, depth: usize, left: &mut usize) {
    out.push_str("map[");
    for (index, (key, item)) in map.entries().iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if !spend(left, key.len() + spec.room()) {
            out.push('…');
            break;
        }
        out.push_str(&string(key, verb, spec).unwrap_or_else(|| format!("%!{verb}(string={key})")));
        out.push(':');
        formatted(out, item, verb, spec, depth + 1, left);
    }
    out.push(']');
}

fn of_object(object: &Object, verb: char, spec: &Spec, depth: usize, left: &mut usize) -> Option<String> {
    match object {
        Object::Bytes(bytes) if matches!(verb, 's' | 'q' | 'x' | 'X') => string(&octets::from_bytes(bytes), verb, spec),
        Object::Duration(nanos) if verb == 'd' => integer(*nanos, verb, spec),
        other => string(&other.print(depth + 1, left), verb, spec),
    }
}

fn integer(value: i64, verb: char, spec: &Spec) -> Option<String> {
    let size = value.unsigned_abs();
    let (mut digits, prefix) = match verb {
        'd' | 'v' => (size.to_string(), ""),
        'x' => (format!("{size:x}"), "0x"),
        'X' => (format!("{size:X}"), "0X"),
        'o' => (format!("{size:o}"), "0"),
        'O' => (format!("0o{size:o}"), ""),
        'b' => (format!("{size:b}"), "0b"),
        'c' => return Some(pad(&rune(value).to_string(), spec, false)),
        'q' => return Some(pad(&format!("'{}'", rune(value)), spec, false)),
        'U' => return Some(pad(&format!("U+{size:04X}"), spec, false)),
        _ => return None,
    };
    if let Some(precision) = spec.precision {
        digits = if precision == 0 && value == 0 { String::new() } else { format!("{digits:0>precision$}") };
    }
    let sign = if value < 0 {
        "-"
    } else if spec.plus {
        "+"
    } else if spec.space {
        " "
    } else {
        ""
    };
    let prefix = if spec.sharp { prefix } else { "" };
    if spec.zero && !spec.minus && spec.precision.is_none() {
        let width = spec.width.unwrap_or(0).saturating_sub(sign.len() + prefix.len());
        return Some(format!("{sign}{prefix}{digits:0>width$}"));
    }
    Some(pad(&format!("{sign}{prefix}{digits}"), spec, false))
}

fn rune(value: i64) -> char {
    u32::try_from(value).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn float(value: f64, verb: char, spec: &Spec) -> String {
    let (verb, precision) = match verb {
        'v' => ('g', spec.precision),
        'g' | 'G' => (verb, spec.precision),
        _ => (verb, Some(spec.precision.unwrap_or(6))),
    };
    let text = format_float(value, verb, precision);
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (&text[..1], rest),
        None => ("", text.as_str()),
    };
    let sign = match sign {
        "-" => "-",
        _ if spec.plus => "+",
        _ if spec.space => " ",
        "+" => "+",
        _ => "",
    };
    if spec.zero && !spec.minus && value.is_finite() {
        let width = spec.width.unwrap_or(0).saturating_sub(sign.len());
        return format!("{sign}{digits:0>width$}");
    }
    pad(&format!("{sign}{digits}"), spec, false)
}

fn string(text: &str, verb: char, spec: &Spec) -> Option<String> {
    let cut: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_string(),
    };
    let between = if spec.space { " " } else { "" };
    let hex = |upper: bool| -> String {
        let bytes: Vec<String> =
            octets::to_bytes(&cut).iter().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") }).collect();
        bytes.join(between)
    };
    Some(match verb {
        'v' | 's' => pad(&cut, spec, true),
        'q' if spec.sharp && !cut.contains('`') => pad(&format!("`{cut}`"), spec, true),
        'q' => pad(&quote(&cut), spec, true),
        'x' => pad(&hex(false), spec, true),
        'X' => pad(&hex(true), spec, true),
        _ => return None,
    })
}

fn pad(text: &str, spec: &Spec, zeros: bool) -> String {
    let width = spec.width.unwrap_or(0);
    if spec.minus {
        format!("{text:<width$}")
    } else if zeros && spec.zero {
        format!("{text:0>width$}")
    } else {
        format!("{text:>width$}")
    }
}

/// `%#v`, as far as templates meet it.
fn go_syntax(out: &mut String, value: &Value, depth: usize, left: &mut usize) {
    if depth > MAX_DEPTH || !spend(left, value.text_size()) {
        out.push('…');
        return;
    }
    match value {
        Value::Text(text) => out.push_str(&quote(text)),
        Value::List(list) => {
            out.push_str(value.type_name());
            out.push('{');
            for (index, item) in list.items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                go_syntax(out, item, depth + 1, left);
            }
            out.push('}');
        }
        Value::Map(map) => {
            out.push_str(value.type_name());
            out.push('{');
            for (index, (key, item)) in map.entries().iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                if !spend(left, key.len()) {
                    out.push('…');
                    break;
                }
                out.push_str(&quote(key));
                out.push(':');
                go_syntax(out, item, depth + 1, left);
            }
            out.push('}');
        }
        Value::Absent | Value::Nil => out.push_str("interface {}(nil)"),
        other => write(out, other, depth, left),
    }
}

/// `strconv.Quote`
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if let Some(byte) = octets::byte_of(c) => out.push_str(&format!("\\x{byte:02x}")),
            c if unprintable(c) => {
                let code = u32::from(c);
                out.push_str(&if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") });
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What Go does not count as printable: controls, separators and spaces other than the plain one, private and unassigned ranges.
fn unprintable(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..='\u{10ffff}')
}
