//! Percent-encoding (RFC 3986, sections 2.1 and 2.3): one reading and one writing for URLs, paths and package URLs.

use std::fmt::Write;

/// Text as a path segment or query value: everything but unreserved characters is escaped.
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Decodes once; `None` for a stray percent sign or what is not UTF-8.
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, more)) = rest.split_first() {
        rest = more;
        bytes.push(if byte == b'%' { escaped(&mut rest)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

/// The byte that the two hex digits at the front stand for.
fn escaped(rest: &mut &[u8]) -> Option<u8> {
    let (digits, more) = rest.split_first_chunk::<2>()?;
    *rest = more;
    let hex = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(hex(digits[0])? << 4 | hex(digits[1])?).ok()
}
