//! `format`: those that charts ask for. One that is not known here is met by everything, as in Helm.

use crate::ecosystems::charts::template::bounded_regex;
use std::net::{Ipv4Addr, Ipv6Addr};
use url::Url;

/// Whether a text has a format.
pub(super) fn meets(format: &str, text: &str) -> bool {
    match format {
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.contains(':') && text.parse::<Ipv6Addr>().is_ok(),
        "hostname" => text.len() < 256 && text.split('.').all(label),
        "email" | "idn-email" => text.rsplit_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()),
        "uri" | "iri" => !text.contains('\\') && !text.contains(char::is_whitespace) && Url::parse(text).is_ok(),
        "uuid" => is_uuid(text),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "time" => text.trim_end_matches('Z').parse::<jiff::civil::Time>().is_ok(),
        "date-time" => text.len() >= 19 && (text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok()),
        "regex" => bounded_regex(text).is_ok(),
        "json-pointer" => text.is_empty() || text.starts_with('/'),
        _ => true,
    }
}

fn label(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=63).contains(&text.len()) && text.chars().all(letters) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}
