//! Stock clients: skipped loudly where they are absent, required in the full run.

use std::path::PathBuf;

/// The path of an installed client; `None`, said aloud, when it is not installed. With `CI=true` its absence is a failure.
pub fn need(client: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(client)).find(|file| file.is_file());
    if found.is_none() {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        eprintln!("SKIPPED: {test}: {client} is not installed");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{test}: {client} is not installed, and the full run needs it");
    }
    found
}
