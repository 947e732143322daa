//! What a section may call hosts and mirrors; references themselves are read at the door.

use crate::error::{Error, Result};

pub(super) use crate::upstream::oci::Reference;

/// Refuses what is not `host` or `host:port`.
pub(super) fn check_host(what: &str, text: &str) -> Result<()> {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let ok = host.len() <= 253 && host.split('.').all(label) && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0));
    if ok {
        return Ok(());
    }
    let error = Error::usage(format!("{what} is not a registry host"));
    Err(error.with("expected", "HOST or HOST:PORT, in lower case, without https://").with("found", format!("{text:.120}")))
}

/// Refuses what is not `host[:port][/path]`.
pub(super) fn check_mirror(text: &str) -> Result<()> {
    let (host, path) = text.split_once('/').map_or((text, None), |(host, path)| (host, Some(path)));
    check_host("the mirror", host)?;
    if path.is_none_or(crate::server::oci::is_name) {
        return Ok(());
    }
    Err(Error::usage("the path of a mirror is not a repository name").with("found", format!("{text:.120}")))
}
