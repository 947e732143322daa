//! Plain HTTP, which anybody on the way may read and change: to this machine, and where a person allows it.

use super::{is_loopback, shown};
use crate::error::{Error, Result};
use url::Url;

/// Refuses an address that would be asked over plain HTTP. `allowed` are hosts with their ports, as people write them: `mirror.lan:8080`,
/// or `mirror.lan` for port 80.
pub fn check_plain<'a>(url: &Url, allowed: impl IntoIterator<Item = &'a String>) -> Result<()> {
    let host = url.host_str().unwrap_or_default();
    if url.scheme() != "http" || is_loopback(url) {
        return Ok(());
    }
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let whole = format!("{host}:{}", url.port_or_known_default().unwrap_or(80));
    if allowed.into_iter().any(|known| known.eq_ignore_ascii_case(&authority) || known.eq_ignore_ascii_case(&whole)) {
        return Ok(());
    }
    Err(Error::usage(format!("{}: it would be asked over plain HTTP", shown(url)))
        .hint(format!("use https; where there is none: plain-http = [\"{authority}\"] in the section, or --plain-http {authority}")))
}
