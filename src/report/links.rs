//! What may stand where documents want an address or a media type: what others refuse is left out rather than bent.

/// Whether a text is an absolute address (RFC 3986) without characters that have no place in one.
pub(super) fn is_link(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric()) && is_uri(text)
}

/// Whether a text that begins with a scheme has no characters that have no place in a URI, as a package URL may.
pub(super) fn is_uri(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&b);
    text.contains(':') && text.bytes().all(fits) && text.len() <= 4000
}

/// Whether a text is a media type as the schema of CycloneDX takes it.
pub(super) fn is_media_type(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-+.".contains(&b));
    text.split_once('/').is_some_and(|(kind, name)| part(kind) && part(name))
}
