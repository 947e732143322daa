//! Stock clients: the programs other people install, found where the set-up script put them.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The program of that name: in the folder of the set-up script, else on the path. Without it the caller has nothing to test: that is
/// said loudly, and is a failure where nobody reads along (`CI=true`).
pub fn need(client: &str) -> Option<PathBuf> {
    said(client, find(client))
}

/// A program under another name than its client's, as there are several releases of it: `python` of `pip-23.2.1`.
pub fn need_as(client: &str, program: &str) -> Option<PathBuf> {
    said(client, set_up(client, program))
}

fn said(client: &str, found: Option<PathBuf>) -> Option<PathBuf> {
    if found.is_none() {
        skip(&format!("the client {client} is not installed"));
    }
    found
}

/// The same, for a caller who says himself what he has to do without.
pub fn find(client: &str) -> Option<PathBuf> {
    set_up(client, client).or_else(|| on_path(client))
}

/// The Python environment of that name, such as `pip-20.3.4`; to be copied, never to be installed into.
pub fn environment(name: &str) -> Option<PathBuf> {
    let found = Some(folder().join(name)).filter(|path| path.join("bin/python").exists());
    if found.is_none() {
        skip(&format!("the environment {name} has not been made"));
    }
    found
}

/// A file or folder that was taken out of a package, such as a published schema.
pub fn file(name: &str, path: &str) -> Option<PathBuf> {
    let found = Some(folder().join(name).join(path)).filter(|path| path.exists());
    if found.is_none() {
        skip(&format!("{name} has not been fetched"));
    }
    found
}

/// Says that a test was not made, and why.
pub fn skip(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    eprintln!("SKIPPED: {test}: {why}");
    if let Some(list) = std::env::var_os("AIRLIFT_SKIPPED") {
        let list = std::fs::File::options().create(true).append(true).open(list);
        list.and_then(|mut list| writeln!(list, "{test}: {why}")).expect("the list of skipped tests can be written");
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{test}: {why}, and the full run skips nothing");
}

/// The folder the set-up script installs into.
pub fn folder() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients");
    std::env::var_os("AIRLIFT_CLIENTS").map_or_else(default, PathBuf::from)
}

fn set_up(client: &str, program: &str) -> Option<PathBuf> {
    let path = folder().join(client).join("bin").join(program);
    path.is_file().then_some(path)
}

fn on_path(client: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(client)).find(|path| path.is_file())
}
