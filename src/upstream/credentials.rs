//! Credentials, each bound to one origin and never sent to another.

use crate::artifact::is_loopback_host;
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

/// Whether a URL stays on this machine, where plain HTTP gives nothing away.
pub fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
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

    /// Reads a netrc file (`machine`, `login`, `password`, in any order after the machine; of two entries for a host the first counts).
    /// An entry for every host (`default`) is not used: a credential is for one origin. Entries know no scheme: they are used over TLS
    /// and on loopback only. An entry without a login is a bearer token, as model hubs ask for.
    /// Tells what is not used, never with a secret in it.
    pub fn read_netrc(&mut self, text: &str) -> Vec<String> {
        let mut unused = Vec::new();
        for Entry { machine, login, password, default } in entries(text) {
            match (machine, password, default) {
                (Some(machine), None, _) => unused.push(format!("the entry of machine {machine:.100} has no password and is not used")),
                (None, _, true) => unused.push("its entry `default` is not used: a login is for one host".to_owned()),
                (None, _, false) if login.is_some() || password.is_some() => {
                    unused.push("a login or password stands before the first `machine` and is not used".to_owned());
                }
                _ => {}
            }
            if let (Some(machine), Some(password)) = (machine, password) {
                let password = password.to_owned();
                let credential = match login {
                    Some(login) => Credential::Basic { username: login.to_owned(), password },
                    None => Credential::Bearer(password),
                };
                self.by_host.entry(machine.to_ascii_lowercase()).or_insert(credential);
            }
        }
        unused
    }

    /// What to send to a URL, if anything.
    pub fn for_url(&self, url: &Url) -> Option<&Credential> {
        let host = url.host_str()?;
        let by_host = || (url.scheme() == "https" || is_loopback(url)).then(|| self.by_host.get(host)).flatten();
        self.by_origin.get(&url.origin().ascii_serialization()).or_else(by_host)
    }
}

/// One entry of a netrc file; that of `default` has no machine.
#[derive(Default)]
struct Entry<'a> {
    machine: Option<&'a str>,
    login: Option<&'a str>,
    password: Option<&'a str>,
    default: bool,
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let (mut entries, mut lines) = (vec![Entry::default()], text.lines());
    let mut wanted = "";
    while let Some(line) = lines.next() {
        for word in line.split_whitespace() {
            let keyword = std::mem::take(&mut wanted);
            let last = entries.last_mut().expect("there is one from the beginning");
            match (keyword, word) {
                ("machine", host) => entries.push(Entry { machine: Some(host), ..Entry::default() }),
                ("login", name) => last.login = Some(name),
                // A password may begin with any character.
                ("password", secret) => last.password = Some(secret),
                ("account", _) => {}
                ("macdef", _) => {
                    // A macro ends with an empty line.
                    lines.by_ref().find(|line| line.trim().is_empty());
                    break;
                }
                (_, comment) if comment.starts_with('#') => break,
                (_, "default") => entries.push(Entry { default: true, ..Entry::default() }),
                (_, next) => wanted = next,
            }
        }
    }
    entries
}
