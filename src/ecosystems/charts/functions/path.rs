//! Slash-separated paths: Go's package `path`.

use super::entry;
use crate::ecosystems::charts::template::Entry;

pub(super) const TABLE: &[Entry] = &[
    entry("base", 1, 1, |_, a| Ok(base(a.text(0)?).into())),
    entry("osBase", 1, 1, |_, a| Ok(base(a.text(0)?).into())),
    entry("dir", 1, 1, |_, a| Ok(dir(a.text(0)?).into())),
    entry("osDir", 1, 1, |_, a| Ok(dir(a.text(0)?).into())),
    entry("clean", 1, 1, |_, a| Ok(clean(a.text(0)?).into())),
    entry("osClean", 1, 1, |_, a| Ok(clean(a.text(0)?).into())),
    entry("ext", 1, 1, |_, a| Ok(ext(a.text(0)?).into())),
    entry("osExt", 1, 1, |_, a| Ok(ext(a.text(0)?).into())),
    entry("isAbs", 1, 1, |_, a| Ok(a.text(0)?.starts_with('/').into())),
    entry("osIsAbs", 1, 1, |_, a| Ok(a.text(0)?.starts_with('/').into())),
];

fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".into();
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/".into() } else { trimmed.rsplit('/').next().unwrap_or(trimmed).into() }
}

fn dir(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

fn ext(path: &str) -> &str {
    let name = &path[path.rfind('/').map_or(0, |at| at + 1)..];
    name.rfind('.').map_or("", |at| &name[at..])
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}
