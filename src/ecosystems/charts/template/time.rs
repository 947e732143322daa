//! Times in Go's layouts (`2006-01-02T15:04:05Z07:00`) and its durations (`1h2m3.5s`).

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Zoned};

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The parts a layout is made of, longest first where one begins another.
const PARTS: [&str; 32] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "Z07:00:00",
    "-07:00:00",
    "Z070000",
    "-070000",
    "Z07:00",
    "-07:00",
    "Z0700",
    "-0700",
    "Z07",
    "-07",
    "002",
    "__2",
    "_2",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "1",
    "2",
    "3",
    "4",
];

/// The first part of a layout: its place and itself.
fn next_part(layout: &str) -> Option<(usize, &str)> {
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        if let Some(length) = fraction(rest) {
            return Some((at, &rest[..length]));
        }
        let found = PARTS.iter().chain(["5"].iter()).find(|p| rest.starts_with(**p));
        if let Some(part) = found {
            // "Jan" in "Janet" is no month to Go either way; "January" is tried first. "_2006" is an underscore and a year.
            if *part == "_2" && rest.starts_with("_2006") {
                continue;
            }
            return Some((at, &rest[..part.len()]));
        }
    }
    None
}

/// `.000` or `.999` after the seconds: its length.
fn fraction(text: &str) -> Option<usize> {
    let digit = text.strip_prefix(['.', ','])?.chars().next().filter(|c| *c == '0' || *c == '9')?;
    let length = 1 + text[1..].chars().take_while(|c| *c == digit).count();
    (!text[length..].starts_with(|c: char| c.is_ascii_digit())).then_some(length)
}

/// `Time.Format`
pub fn time_text(time: &Zoned, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some((at, part)) = next_part(rest) {
        out.push_str(&rest[..at]);
        out.push_str(&formatted(time, part));
        rest = &rest[at + part.len()..];
    }
    out + rest
}

fn formatted(time: &Zoned, part: &str) -> String {
    let hour = time.hour();
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month = MONTHS[time.month() as usize - 1];
    let day = DAYS[time.weekday().to_sunday_zero_offset() as usize];
    match part {
        "January" => month.into(),
        "Jan" => month[..3].into(),
        "01" => format!("{:02}", time.month()),
        "1" => time.month().to_string(),
        "Monday" => day.into(),
        "Mon" => day[..3].into(),
        "2006" => format!("{:04}", time.year()),
        "06" => format!("{:02}", time.year() % 100),
        "002" => format!("{:03}", time.day_of_year()),
        "__2" => format!("{:3}", time.day_of_year()),
        "02" => format!("{:02}", time.day()),
        "_2" => format!("{:2}", time.day()),
        "2" => time.day().to_string(),
        "15" => format!("{hour:02}"),
        "03" => format!("{twelve:02}"),
        "3" => twelve.to_string(),
        "04" => format!("{:02}", time.minute()),
        "4" => time.minute().to_string(),
        "05" => format!("{:02}", time.second()),
        "5" => time.second().to_string(),
        "PM" => if hour < 12 { "AM" } else { "PM" }.into(),
        "pm" => if hour < 12 { "am" } else { "pm" }.into(),
        "MST" => zone_name(time),
        zone if zone.starts_with(['Z', '-']) => offset(time, zone),
        _ => subseconds(time, part),
    }
}

fn zone_name(time: &Zoned) -> String {
    let zone = time.time_zone();
    match zone.iana_name() {
        Some(_) => zone.to_offset_info(time.timestamp()).abbreviation().to_string(),
        None if time.offset().seconds() == 0 => "UTC".into(),
        None => offset(time, "-0700"),
    }
}

fn offset(time: &Zoned, layout: &str) -> String {
    let seconds = time.offset().seconds();
    if seconds == 0 && layout.starts_with('Z') {
        return "Z".into();
    }
    let (sign, size) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let (h, m, s) = (size / 3600, size / 60 % 60, size % 60);
    let colon = if layout.contains(':') { ":" } else { "" };
    match layout.bytes().filter(u8::is_ascii_digit).count() {
        2 => format!("{sign}{h:02}"),
        4 => format!("{sign}{h:02}{colon}{m:02}"),
        _ => format!("{sign}{h:02}{colon}{m:02}{colon}{s:02}"),
    }
}

fn subseconds(time: &Zoned, part: &str) -> String {
    let digits = format!("{:09}", time.subsec_nanosecond());
    let kept = &digits[..(part.len() - 1).min(9)];
    if part.as_bytes()[1] == b'9' {
        let kept = kept.trim_end_matches('0');
        return if kept.is_empty() { String::new() } else { format!("{}{kept}", &part[..1]) };
    }
    format!("{}{kept}", &part[..1])
}

/// What has been read of a time.
#[derive(Default)]
struct Read {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
    afternoon: Option<bool>,
    offset: Option<i32>,
}

/// `time.ParseInLocation(layout, text, UTC)`; the message is Go's.
pub fn parse_time(layout: &str, text: &str) -> Result<Zoned, String> {
    let failed = |what: &str| format!("parsing time {text:?} as {layout:?}: cannot parse {what:?}");
    let mut read = Read { month: 1, day: 1, ..Read::default() };
    let (mut rest, mut pattern) = (text, layout);
    while let Some((at, part)) = next_part(pattern) {
        rest = rest.strip_prefix(&pattern[..at]).ok_or_else(|| failed(rest))?;
        pattern = &pattern[at + part.len()..];
        rest = take(&mut read, part, rest).ok_or_else(|| failed(rest))?;
        // Fractions of a second are read even where the layout has none.
        if matches!(part, "05" | "5")
            && fraction(pattern).is_none()
            && rest.starts_with(['.', ','])
            && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            rest = take(&mut read, ".9", rest).ok_or_else(|| failed(rest))?;
        }
    }
    if rest != pattern {
        return Err(failed(rest));
    }
    finish(&read).ok_or_else(|| format!("parsing time {text:?}: out of range"))
}

fn finish(read: &Read) -> Option<Zoned> {
    let hour = match read.afternoon {
        Some(true) if read.hour < 12 => read.hour + 12,
        Some(false) if read.hour == 12 => 0,
        _ => read.hour,
    };
    let date = Date::new(read.year, read.month, read.day).ok()?;
    let time = Time::new(hour, read.minute, read.second, read.nanos).ok()?;
    let zone = match read.offset {
        None | Some(0) => TimeZone::UTC,
        Some(seconds) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
    };
    date.to_datetime(time).to_zoned(zone).ok()
}

fn digits(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (count >= least).then(|| text[..count].parse().ok()).flatten().map(|n| (n, &text[count..]))
}

fn take<'t>(read: &mut Read, part: &str, text: &'t str) -> Option<&'t str> {
    let named = |names: &[&str], short: bool| {
        let matches = |n: &&str| {
            let name = if short { &n[..3] } else { n };
            text.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name))
        };
        let at = names.iter().position(matches)?;
        Some((at as i8, &text[if short { 3 } else { names[at].len() }..]))
    };
    let number = |least, most| digits(text.trim_start_matches(|c| part.starts_with('_') && c == ' '), least, most);
    Some(match part {
        "January" => named(&MONTHS, false).map(|(m, rest)| {
            read.month = m + 1;
            rest
        })?,
        "Jan" => named(&MONTHS, true).map(|(m, rest)| {
            read.month = m + 1;
            rest
        })?,
        "Monday" => named(&DAYS, false)?.1,
        "Mon" => named(&DAYS, true)?.1,
        "2006" => number(4, 4).map(|(n, rest)| {
            read.year = n as i16;
            rest
        })?,
        "06" => number(2, 2).map(|(n, rest)| {
            read.year = n as i16 + if n >= 69 { 1900 } else { 2000 };
            rest
        })?,
        "01" => number(2, 2).map(|(n, rest)| {
            read.month = n as i8;
            rest
        })?,
        "1" => number(1, 2).map(|(n, rest)| {
            read.month = n as i8;
            rest
        })?,
        "02" => number(2, 2).map(|(n, rest)| {
            read.day = n as i8;
            rest
        })?,
        "2" | "_2" => number(1, 2).map(|(n, rest)| {
            read.day = n as i8;
            rest
        })?,
        "15" => number(2, 2).map(|(n, rest)| {
            read.hour = n as i8;
            rest
        })?,
        "03" => number(2, 2).map(|(n, rest)| {
            read.hour = n as i8;
            rest
        })?,
        "3" => number(1, 2).map(|(n, rest)| {
            read.hour = n as i8;
            rest
        })?,
        "04" => number(2, 2).map(|(n, rest)| {
            read.minute = n as i8;
            rest
        })?,
        "4" => number(1, 2).map(|(n, rest)| {
            read.minute = n as i8;
            rest
        })?,
        "05" => number(2, 2).map(|(n, rest)| {
            read.second = n as i8;
            rest
        })?,
        "5" => number(1, 2).map(|(n, rest)| {
            read.second = n as i8;
            rest
        })?,
        "PM" | "pm" => {
            let half = text.get(..2)?;
            read.afternoon = Some(half.eq_ignore_ascii_case("pm"));
            &text[2..]
        }
        "MST" => {
            let length = text.bytes().take_while(u8::is_ascii_uppercase).count();
            (3..=4).contains(&length).then(|| &text[length..])?
        }
        zone if zone.starts_with(['Z', '-']) => take_offset(read, zone, text)?,
        "002" | "__2" => number(3, 3)?.1,
        _ => {
            let length = 1 + text.strip_prefix(['.', ','])?.bytes().take_while(u8::is_ascii_digit).count();
            let text_digits = format!("{:0<9}", &text[1..length]);
            read.nanos = text_digits.get(..9)?.parse().ok()?;
            &text[length..]
        }
    })
}

fn take_offset<'t>(read: &mut Read, layout: &str, text: &'t str) -> Option<&'t str> {
    if layout.starts_with('Z')
        && let Some(rest) = text.strip_prefix('Z')
    {
        read.offset = Some(0);
        return Some(rest);
    }
    let sign = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(&text[1..], 2, 2)?;
    let rest = if layout.contains(':') { rest.strip_prefix(':')? } else { rest };
    let (minutes, rest) = if layout.len() > 3 { digits(rest, 2, 2)? } else { (0, rest) };
    read.offset = Some(sign * (hours * 3600 + minutes * 60) as i32);
    Some(rest)
}

/// `Duration.String`
pub fn go_duration(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let decimal = |value: u64, unit: u64| {
        let (whole, part) = (value / unit, value % unit);
        let width = unit.ilog10() as usize;
        let digits = format!("{part:0width$}");
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() || unit == 1 { whole.to_string() } else { format!("{whole}.{digits}") }
    };
    match size {
        0 => "0s".into(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", decimal(size, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", decimal(size, 1_000_000)),
        _ => {
            let minutes = size / 60_000_000_000;
            let seconds = decimal(size % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, m) => format!("{sign}{m}m{seconds}s"),
                (h, m) => format!("{sign}{h}h{m}m{seconds}s"),
            }
        }
    }
}

/// `time.ParseDuration`
pub fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let invalid = || format!("time: invalid duration {}", super::quote(text));
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..length].parse().map_err(|_| invalid())?;
        rest = &rest[length..];
        let length = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..length] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            "" => return Err(format!("time: missing unit in duration {}", super::quote(text))),
            other => return Err(format!("time: unknown unit {} in duration {}", super::quote(other), super::quote(text))),
        };
        total += number * unit;
        rest = &rest[length..];
    }
    if total > i64::MAX as f64 {
        return Err(invalid());
    }
    Ok(SignedDuration::from_nanos((sign * total).round() as i64))
}
