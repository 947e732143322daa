//! Where charts come from: a classic repository or a path in a registry, and the name under which it is served.

use crate::artifact::is_loopback_host;
use crate::error::{Error, Result};
use url::Url;

/// A repository of charts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A web server with an `index.yaml`; the address ends with a slash.
    Classic(Url),
    /// A registry: host, with the port where there is one, and the path the charts lie under.
    Registry(String, String),
}

impl Place {
    /// Reads an address; hosts in `plain_http`, and loopback, may be asked without TLS.
    pub(super) fn parse(text: &str, plain_http: &[String]) -> Result<Self> {
        let shown = || text.split(['?', '#']).next().unwrap_or_default().rsplit('@').next().unwrap_or_default().to_owned();
        let wrong = |why: &str| Error::usage(format!("{:.200}: {why}", shown()));
        if let Some(rest) = text.strip_prefix("oci://") {
            let rest = rest.trim_end_matches('/');
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host_ok = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
            let segments_ok = path.is_empty() || path.split('/').all(is_component);
            if !host_ok || !segments_ok || text.len() > 300 {
                return Err(wrong("not a path in a registry").with("expected", "oci://HOST/PATH, in lower case"));
            }
            return Ok(Self::Registry(host.to_ascii_lowercase(), path.to_owned()));
        }
        if let Some(local) = ["file:", "alias:", "@"].into_iter().find(|start| text.starts_with(start)) {
            return Err(wrong("it names something on the machine of whoever wrote it")
                .with("found", local)
                .hint("put the chart into `charts/` of the one that needs it, or write the address of its repository"));
        }
        let mut url = Url::parse(text).map_err(|e| wrong("not the address of a repository").because(&e))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("an address must not hold credentials: it would stand in the lock").hint("put them into the netrc file"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("an address with a query is not taken: it would stand in the lock"));
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        match url.scheme() {
            "https" => {}
            "http" if is_loopback_host(&host) || plain_http.contains(&authority) => {}
            "http" => return Err(wrong("it would be asked over plain HTTP").hint(format!("plain-http = [\"{authority}\"], or use https"))),
            other => return Err(wrong("the scheme is not known").with("expected", "https, or oci").with("found", format!("{other:.20}"))),
        }
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self::Classic(url))
    }

    /// The name it is served under: host and path, as a registry's grammar allows them.
    pub(super) fn served(&self) -> String {
        let (host, path) = match self {
            Self::Classic(url) => {
                let host = url.host_str().unwrap_or_default();
                (url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")), url.path().to_owned())
            }
            Self::Registry(host, path) => (host.clone(), path.clone()),
        };
        let parts: Vec<String> = std::iter::once(host.replace(':', "_")).chain(path.split('/').map(str::to_owned)).collect();
        parts.iter().map(|part| component(part)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// As people write it.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Classic(url) => url.to_string(),
            Self::Registry(host, path) => format!("oci://{host}/{path}").trim_end_matches('/').to_owned(),
        }
    }
}

/// Text as one component of a repository's name: what the grammar has no place for becomes a dash.
fn component(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        let word = c.is_ascii_lowercase() || c.is_ascii_digit();
        match c {
            _ if word => out.push(c),
            '.' | '_' if out.ends_with(|l: char| l.is_ascii_alphanumeric()) => out.push(c),
            _ if out.ends_with(|l: char| l.is_ascii_alphanumeric()) => out.push('-'),
            _ => {}
        }
    }
    out.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

/// A component of a repository's name: lower-case words joined by `.`, `_`, `__` or dashes.
pub(super) fn is_component(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = text.split(word).filter(|s| !s.is_empty());
    text.starts_with(word)
        && text.ends_with(word)
        && text.len() <= 128
        && separators.into_iter().all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}
