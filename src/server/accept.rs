//! Proactive negotiation (RFC 9110, sections 12.5.1 and 12.5.3).

use super::coding::Coding;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};
use http::request::Parts;

/// A quality in thousandths; 0 means "not acceptable".
type Quality = u16;

/// The index of the offer that the request's `Accept` prefers; ties go to the earlier offer, an absent header to the first.
pub fn preferred(parts: &Parts, offers: &[&str]) -> Option<usize> {
    let ranges: Vec<(&str, Quality)> = elements(parts, &ACCEPT).filter(|(range, _)| range.contains('/')).collect();
    if ranges.is_empty() {
        return (!offers.is_empty()).then_some(0);
    }
    let qualities = offers.iter().map(|offer| quality_of(offer, &ranges)).enumerate();
    qualities.rev().max_by_key(|(_, quality)| *quality).filter(|(_, quality)| *quality > 0).map(|(index, _)| index)
}

/// The content coding for a document: the best the client takes, zstd before gzip where it does not care.
pub(super) fn coding(parts: &Parts) -> Coding {
    let named: Vec<(&str, Quality)> = elements(parts, &ACCEPT_ENCODING).collect();
    let gzip = |name: &str| name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip");
    let mut best = (Coding::Identity, 0);
    for (name, quality) in &named {
        let (name, quality) = (*name, *quality);
        let coding = match name {
            name if name.eq_ignore_ascii_case("zstd") => Coding::Zstd,
            name if gzip(name) => Coding::Gzip,
            // A client that takes anything is one that knows the oldest coding, unless it says otherwise.
            "*" if !named.iter().any(|(name, _)| gzip(name)) => Coding::Gzip,
            name if name.eq_ignore_ascii_case("identity") => Coding::Identity,
            _ => continue,
        };
        if quality > 0 && (quality, coding) > (best.1, best.0) {
            best = (coding, quality);
        }
    }
    best.0
}

/// Elements of a list header with their qualities; what does not parse is left out.
fn elements<'a>(parts: &'a Parts, name: &HeaderName) -> impl Iterator<Item = (&'a str, Quality)> + use<'a> {
    let lines = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(element)
}

/// One element: everything before `;q=`, and the quality, 1000 where none is given.
fn element(text: &str) -> Option<(&str, Quality)> {
    let text = text.trim_matches([' ', '\t']);
    let mut from = 0;
    while let Some(at) = text[from..].find(';').map(|at| at + from) {
        let parameter = text[at + 1..].trim_start_matches([' ', '\t']);
        if let Some(value) = parameter.strip_prefix(['q', 'Q']).and_then(|rest| rest.strip_prefix('=')) {
            let value = value.split(';').next().unwrap_or_default();
            return quality(value.trim_matches([' ', '\t'])).map(|quality| (text[..at].trim_end_matches([' ', '\t']), quality));
        }
        from = at + 1;
    }
    (!text.is_empty()).then_some((text, 1000))
}

/// `qvalue` of RFC 9110, section 12.4.2: `0` to `1` with at most three decimals.
fn quality(text: &str) -> Option<Quality> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{decimals:0<3}").parse::<Quality>().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// The quality of the most specific range that covers the offer; 0 when none does.
fn quality_of(offer: &str, ranges: &[(&str, Quality)]) -> Quality {
    let matching = ranges.iter().filter_map(|(range, quality)| Some((specificity(offer, range)?, *quality)));
    matching.max_by_key(|(specific, _)| *specific).map_or(0, |(_, quality)| quality)
}

/// How closely a media range describes the offer; `None` when it does not.
fn specificity(offer: &str, range: &str) -> Option<usize> {
    let (kind, parameters) = split_type(range);
    let (offered, offered_parameters) = split_type(offer);
    let main = offered.split('/').next().unwrap_or_default();
    if kind.eq_ignore_ascii_case(offered) {
        let given: Vec<&str> = parameters.collect();
        let offered: Vec<&str> = offered_parameters.collect();
        let covered = given.iter().all(|p| offered.iter().any(|o| o.eq_ignore_ascii_case(p)));
        return covered.then_some(3 + given.len());
    }
    match kind.split_once('/') {
        Some(("*", "*")) => Some(1),
        Some((kind, "*")) if kind.eq_ignore_ascii_case(main) => Some(2),
        _ => None,
    }
}

fn split_type(text: &str) -> (&str, impl Iterator<Item = &str>) {
    let mut parts = text.split(';').map(|part| part.trim_matches([' ', '\t']));
    (parts.next().unwrap_or_default(), parts.filter(|p| !p.is_empty()))
}
