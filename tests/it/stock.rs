//! Stock clients and servers that tests run against when they are installed.

use std::path::PathBuf;

/// Where a client is; `None`, said loudly, when it is not installed. Under `CI=true` a missing client is a failure.
pub fn need(client: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(client)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var("CI").map_or(true, |ci| ci != "true"), "{client} is not installed, and CI must not skip");
        eprintln!("SKIPPED: {client} is not installed");
    }
    found
}
