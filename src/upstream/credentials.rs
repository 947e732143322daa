//! Credentials, each bound to one origin and never sent to another.

use std::collections::BTreeMap;
use std::fmt;
use url::Url;

/// A secret for one origin.
#[derive(Clone)]
pub enum Credential {
    /// Basic authentication (RFC 7617).
    Basic {
        /// User name.
        username: String,
        /// Password or access token.
        password: String,
    },
    /// A bearer token (RFC 6750).
    Bearer(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(hidden)")
    }
}

/// All credentials of a run, by origin (scheme, host, port; RFC 6454).
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    by_origin: BTreeMap<String, Credential>,
    by_host: BTreeMap<String, Credential>,
}

impl Credentials {
    /// Adds a credential for an origin, such as that of an index.
    pub fn insert(&mut self, origin: &Url, credential: Credential) {
        self.by_origin.insert(origin.origin().ascii_serialization(), credential);
    }

    /// Reads a netrc file (`machine`, `login`, `password`); other words are passed over, as curl does. Its entries know no scheme: they
    /// are used over TLS and on loopback only.
    pub fn read_netrc(&mut self, text: &str) {
        let (mut machine, mut login) = (None, None);
        let mut words = text.lines().map(|l| l.split(" #").next().unwrap_or(l)).flat_map(str::split_whitespace);
        while let Some(word) = words.next() {
            match word {
                "machine" => (machine, login) = (words.next(), None),
                "login" => login = words.next(),
                "password" => {
                    if let (Some(machine), Some(login), Some(password)) = (machine, login, words.next()) {
                        let basic = Credential::Basic { username: login.to_owned(), password: password.to_owned() };
                        self.by_host.insert(machine.to_ascii_lowercase(), basic);
                    }
                }
                _ => {}
            }
        }
    }

    /// What to send to a URL, if anything.
    pub fn for_url(&self, url: &Url) -> Option<&Credential> {
        let host = url.host_str()?;
        let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let by_host = || (url.scheme() == "https" || loopback).then(|| self.by_host.get(host)).flatten();
        self.by_origin.get(&url.origin().ascii_serialization()).or_else(by_host)
    }
}
