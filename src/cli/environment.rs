//! Everything that is read from the environment, in one place.

use crate::artifact::Digest;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::time::SystemTime;

/// Every variable that counts, for the help; the last ones are read by the HTTP and TLS libraries.
pub const VARIABLES: [(&str, &str); 14] = [
    ("AIRLIFT_STORE", "the store's folder, where --store is not given"),
    ("AIRLIFT_PASSPHRASE_FILE", "file with the passphrase of a key, where there is no terminal to ask on"),
    (
        "AIRLIFT_ACTOR, SUDO_USER, USER",
        "who is acting: the first that is set is kept, with the user id, beside the event log, which itself holds a pseudonym",
    ),
    ("SOURCE_DATE_EPOCH", "seconds since 1970: the time to claim for what is made, so that two runs give the same bytes"),
    ("XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_CACHE_HOME", "folders that hold the store, the development key, and what can be made again"),
    ("HOME", "where those folders are, when they are not named"),
    ("TMPDIR", "folder for files without a name, where the store cannot be written to [default: /var/tmp]"),
    ("NETRC", "file with logins of upstreams; a password without a login is a bearer token [default: ~/.netrc]"),
    ("DOCKER_CONFIG", "folder of docker's logins at registries [default: ~/.docker]"),
    ("REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR", "podman's file of logins, or the folder that holds it"),
    ("SSH_AUTH_SOCK", "socket of the ssh-agent that holds keys"),
    ("HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY", "proxies on the way to upstreams"),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "certificate authorities to trust in place of the system's"),
    ("NO_COLOR, CLICOLOR", "whether help and errors of the command line are coloured"),
];

/// What the environment says.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `AIRLIFT_STORE`.
    pub store: Option<PathBuf>,
    /// Where programs keep data: `XDG_DATA_HOME`, else `~/.local/share`.
    pub data_home: PathBuf,
    /// Where programs keep settings: `XDG_CONFIG_HOME`, else `~/.config`.
    pub config_home: PathBuf,
    /// Where programs keep what can be made again: `XDG_CACHE_HOME`, else `~/.cache`.
    pub cache_home: PathBuf,
    /// Where files are put that are gone with the process: `TMPDIR`, else `/var/tmp`, which is on a disk.
    pub temporary: PathBuf,
    /// `NETRC`, else `~/.netrc`.
    pub netrc: PathBuf,
    /// `SSH_AUTH_SOCK`.
    pub agent: Option<PathBuf>,
    /// `SOURCE_DATE_EPOCH` as it stands: seconds since 1970 (reproducible-builds.org).
    pub source_date_epoch: Option<String>,
    /// Who acts, for the identities beside the event log: the user id, and `AIRLIFT_ACTOR`, `SUDO_USER` or `USER`.
    pub actor: String,
    /// `AIRLIFT_PASSPHRASE_FILE`: where the passphrase of a key is read when there is no terminal.
    pub passphrase_file: Option<PathBuf>,
    /// Where docker and podman keep logins (`DOCKER_CONFIG`, `REGISTRY_AUTH_FILE`, `XDG_RUNTIME_DIR` and their defaults).
    #[cfg(feature = "upstream")]
    pub login_files: Vec<PathBuf>,
}

impl Environment {
    /// SHA-256 of the program's own file, where that can be read.
    pub fn program(&self) -> Option<Digest> {
        let mut seen = Sha256::new();
        std::io::copy(&mut std::fs::File::open(std::env::current_exe().ok()?).ok()?, &mut seen).ok()?;
        Some(Digest::from_bytes(seen.finalize().into()))
    }

    /// Reads the variables.
    pub fn read() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let home = variable("HOME").unwrap_or_else(|| PathBuf::from("/"));
        let place = |name: &str, below: &str| variable(name).filter(|p| p.is_absolute()).unwrap_or_else(|| home.join(below));
        Self {
            store: variable("AIRLIFT_STORE"),
            data_home: place("XDG_DATA_HOME", ".local/share"),
            config_home: place("XDG_CONFIG_HOME", ".config"),
            cache_home: place("XDG_CACHE_HOME", ".cache"),
            temporary: variable("TMPDIR").unwrap_or_else(|| PathBuf::from("/var/tmp")),
            netrc: variable("NETRC").unwrap_or_else(|| home.join(".netrc")),
            agent: variable("SSH_AUTH_SOCK"),
            source_date_epoch: variable("SOURCE_DATE_EPOCH").map(|v| v.to_string_lossy().into_owned()),
            actor: actor(["AIRLIFT_ACTOR", "SUDO_USER", "USER"].into_iter().find_map(variable)),
            passphrase_file: variable("AIRLIFT_PASSPHRASE_FILE"),
            #[cfg(feature = "upstream")]
            login_files: crate::upstream::oci::login_files(|name| std::env::var_os(name), rustix::process::getuid().as_raw()),
        }
    }

    /// The clock.
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    /// The clock, for comparison with file times.
    pub fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }

    /// How many threads to use: two for each processor, because each waits for its own reads and writes, and at most eight, which
    /// outrun any disk; each takes up to 10 MiB.
    pub fn threads(&self) -> usize {
        std::thread::available_parallelism().map_or(4, |n| 2 * n.get()).min(8)
    }
}

/// The user id cannot be claimed by a variable; the name beside it can, and says so.
fn actor(name: Option<PathBuf>) -> String {
    let id = rustix::process::getuid().as_raw();
    name.map_or_else(|| format!("uid {id}"), |name| format!("uid {id}, calls itself {}", name.to_string_lossy()))
}
