//! The frame around every page, and escaping.

use super::About;
use crate::artifact::html_escaped;
use crate::error::plain;
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderMap, HeaderValue};
use sha2::Digest as _;
use std::sync::LazyLock;

/// `Content-Type` of a page.
pub const PAGE_TYPE: &str = "text/html; charset=utf-8";

const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded or run; the one style is named by its digest (CSP level 3, section 2.3.1).
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = data_encoding::BASE64.encode(&sha2::Sha256::digest(STYLE));
    let policy = format!("default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    HeaderValue::try_from(policy).expect("base64 is a valid header value")
});

/// The headers that go with a page.
pub fn headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_SECURITY_POLICY, POLICY.clone())])
}

/// Text made harmless inside HTML, in content and in quoted attributes.
pub fn escape(text: &str) -> String {
    html_escaped(&plain(text))
}

/// `1 blob`, `1,204 blobs`.
pub fn count(number: usize, one: &str) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 8);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let plural = if number == 1 { "" } else { "s" };
    format!("{out} {one}{plural}")
}

/// Bytes for people: `812 B`, `1.9 GB`.
pub fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            let decimals = usize::from(unit != "B" && value < 99.95);
            return format!("{value:.decimals$} {unit}");
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// A whole page around its content.
pub fn frame(about: &About, title: &str, content: &str) -> String {
    let name = escape(&about.name);
    let title = if title.is_empty() { name.clone() } else { format!("{} · {name}", escape(title)) };
    let snapshot = about.snapshot.map_or_else(String::new, |number| format!("snapshot {number}"));
    let id = about.id.as_deref().map_or_else(String::new, |id| format!(" <code>{}</code>", escape(id)));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<header><a href=\"/\"><b>{name}</b></a><span>{snapshot}{id}</span></header>\n\
         <main>\n{content}</main>\n<footer>Served by airlift, read-only. State of the mirror: <a href=\"/healthz\">/healthz</a></footer>\n\
         </body>\n</html>\n"
    )
}
