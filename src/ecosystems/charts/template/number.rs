//! Numbers as Go writes them: `strconv.FormatFloat` and what `encoding/json` makes of a float.

/// Decimal digits of a finite number and the place of the point: `0.d1d2… × 10^point`.
fn shortest(scientific: &str) -> (bool, Vec<u8>, i32) {
    let (negative, text) = scientific.strip_prefix('-').map_or((false, scientific), |t| (true, t));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    (negative, digits, exponent + 1)
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        None
    }
}

/// `%v` of a float: `FormatFloat(value, 'g', -1, 64)`, with 32 bits of precision if `narrow`.
pub fn float_text(value: f64, narrow: bool) -> String {
    if let Some(text) = special(value) {
        return text.into();
    }
    let (negative, digits, point) = if narrow { shortest(&format!("{:e}", value as f32)) } else { shortest(&format!("{value:e}")) };
    let exponent = point - 1;
    let sign = if negative { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0");
    }
    if !(-4..6).contains(&exponent) {
        return format!("{sign}{}", scientific(&digits, exponent, 'e'));
    }
    format!("{sign}{}", positional(&digits, point))
}

fn scientific(digits: &[u8], exponent: i32, letter: char) -> String {
    let text = String::from_utf8_lossy(digits);
    let (first, rest) = text.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}{letter}{sign}{:02}", exponent.abs())
}

fn positional(digits: &[u8], point: i32) -> String {
    let text = String::from_utf8_lossy(digits);
    let count = digits.len() as i32;
    if point <= 0 {
        return format!("0.{}{text}", "0".repeat(point.unsigned_abs() as usize));
    }
    if point >= count {
        return format!("{text}{}", "0".repeat((point - count) as usize));
    }
    let (whole, fraction) = text.split_at(point as usize);
    format!("{whole}.{fraction}")
}

/// A float as `encoding/json` writes it; an integer has no point.
pub fn json_float(value: f64) -> String {
    let size = value.abs();
    let (negative, digits, point) = shortest(&format!("{value:e}"));
    let sign = if negative { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0");
    }
    if !(1e-6..1e21).contains(&size) {
        let text = scientific(&digits, point - 1, 'e');
        // encoding/json writes e-9 for e-09
        let text = match text.split_once("e-0") {
            Some((mantissa, digit)) if digit.len() == 1 => format!("{mantissa}e-{digit}"),
            _ => text,
        };
        return format!("{sign}{text}");
    }
    format!("{sign}{}", positional(&digits, point))
}

/// `%e`, `%f`, `%g` and their kind with a precision; `None` is the shortest that reads back.
pub fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if let Some(text) = special(value) {
        return text.into();
    }
    let upper = verb.is_ascii_uppercase();
    let text = match (verb.to_ascii_lowercase(), precision) {
        ('f', None) => format!("{value}"),
        ('f', Some(p)) => format!("{value:.p$}"),
        ('e', p) => {
            let text = p.map_or_else(|| format!("{value:e}"), |p| format!("{value:.p$e}"));
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        (_, None) => float_text(value, false),
        (_, Some(p)) => general(value, p),
    };
    if upper { text.to_uppercase() } else { text }
}

/// `%.3g`: so many significant digits, without trailing zeros.
fn general(value: f64, precision: usize) -> String {
    let p = precision.max(1);
    let (negative, mut digits, point) = shortest(&format!("{value:.*e}", p - 1));
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    let sign = if negative { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0");
    }
    let exponent = point - 1;
    let mut limit = p as i32;
    if limit > digits.len() as i32 && digits.len() as i32 >= point {
        limit = digits.len() as i32;
    }
    if exponent < -4 || exponent >= limit {
        return format!("{sign}{}", scientific(&digits, exponent, 'e'));
    }
    format!("{sign}{}", positional(&digits, point))
}
