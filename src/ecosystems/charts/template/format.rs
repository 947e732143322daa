//! Go's `fmt`: `Sprint`, `Sprintln`, `Sprintf`, for the values templates have.

use super::number::{float_text, format_float};
use super::object::Object;
use super::octets;
use super::value::{MAX_DEPTH, Value};

/// The longest padding a format may ask for.
const MAX_WIDTH: usize = 100_000;

/// `%v`
pub fn sprint_value(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0);
    out
}

fn write(out: &mut String, value: &Value, depth: usize) {
    if depth > MAX_DEPTH {
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
                write(out, item, depth + 1);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (index, (key, item)) in map.entries().iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write(out, item, depth + 1);
            }
            out.push(']');
        }
        Value::Object(object) => out.push_str(&object.print()),
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

/// `fmt.Sprintf`
pub(super) fn sprintf(format: &str, values: &[Value]) -> String {
    let mut out = String::new();
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
            Some(value) => out.push_str(&formatted(value, verb, &spec)),
            None => out.push_str(&format!("%!{verb}({})", if reordered { "BADINDEX" } else { "MISSING" })),
        }
        next += 1;
    }
    if !reordered && next < values.len() {
        let extra: Vec<String> = values[next..].iter().map(described).collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
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

fn described(value: &Value) -> String {
    if value.is_nil() { "<nil>".into() } else { format!("{}={}", value.type_name(), sprint_value(value)) }
}

fn formatted(value: &Value, verb: char, spec: &Spec) -> String {
    match verb {
        'T' => return pad(value.type_name(), spec, false),
        'v' if spec.sharp => return pad(&go_syntax(value), spec, false),
        _ => {}
    }
    let bad = || format!("%!{verb}({})", described(value));
    match (value, verb) {
        (Value::Absent | Value::Nil, 'v') => pad("<nil>", spec, false),
        (Value::Absent | Value::Nil, _) => format!("%!{verb}(<nil>)"),
        (Value::Bool(value), 'v' | 't') => pad(&value.to_string(), spec, false),
        (Value::Int(value) | Value::Long(value), _) => integer(*value, verb, spec).unwrap_or_else(bad),
        (Value::Float(value), 'v' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G') => float(*value, verb, spec),
        (Value::Text(text), _) => string(text, verb, spec).unwrap_or_else(bad),
        (Value::Object(object), _) => of_object(object, verb, spec).unwrap_or_else(bad),
        (Value::List(list), _) => {
            let parts: Vec<String> = list.items.iter().map(|v| formatted(v, verb, spec)).collect();
            format!("[{}]", parts.join(" "))
        }
        (Value::Map(map), _) => {
            let each = |(k, v): &(std::rc::Rc<str>, Value)| {
                format!("{}:{}", string(k, verb, spec).unwrap_or_else(|| format!("%!{verb}(string={k})")), formatted(v, verb, spec))
            };
            let parts: Vec<String> = map.entries().iter().map(each).collect();
            format!("map[{}]", parts.join(" "))
        }
        _ => bad(),
    }
}

fn of_object(object: &Object, verb: char, spec: &Spec) -> Option<String> {
    match object {
        Object::Bytes(bytes) if matches!(verb, 's' | 'q' | 'x' | 'X') => string(&octets::from_bytes(bytes), verb, spec),
        Object::Duration(nanos) if verb == 'd' => integer(*nanos, verb, spec),
        other => string(&other.print(), verb, spec),
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
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Text(text) => quote(text),
        Value::List(list) => {
            let parts: Vec<String> = list.items.iter().map(go_syntax).collect();
            format!("{}{{{}}}", value.type_name(), parts.join(", "))
        }
        Value::Map(map) => {
            let parts: Vec<String> = map.entries().iter().map(|(k, v)| format!("{}:{}", quote(k), go_syntax(v))).collect();
            format!("{}{{{}}}", value.type_name(), parts.join(", "))
        }
        Value::Absent | Value::Nil => "interface {}(nil)".into(),
        other => sprint_value(other),
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
