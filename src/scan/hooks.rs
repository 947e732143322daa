//! What runs by itself, once it is installed: lines of path files, modules that an interpreter looks for, scripts of installers.

use super::finding::Findings;
use super::{names, rules};
use std::io::Read;

/// Longest path file that is read, in bytes.
pub const LONGEST: u64 = 1 << 20;

/// The path as an installer makes it: `./x` and `x//y` lead where `x` and `x/y` do.
fn canonical(path: &str) -> String {
    String::from_utf8_lossy(&names::canonical(path.as_bytes())).into_owned()
}

/// Where a file has to lie so that an interpreter looks at it when it starts.
fn in_site_folder(path: &str) -> Option<&str> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let parts: Vec<&str> = folder.split('/').collect();
    let site = matches!(parts.last(), Some(&("" | "site-packages" | "dist-packages")));
    // Folders of a wheel whose content is put where modules lie.
    let spread = matches!(parts[..], [data, "purelib" | "platlib"] if data.strip_suffix(".data").is_some());
    (site || spread).then_some(file)
}

/// Whether the content of a file decides whether it runs.
pub fn is_path_file(path: &str) -> bool {
    in_site_folder(&canonical(path)).is_some_and(|file| file.to_ascii_lowercase().ends_with(".pth"))
}

/// Tells of a file that runs by its name alone.
pub fn by_name(path: &str, found: &mut Findings) {
    let customises = |file: &str| ["sitecustomize", "usercustomize"].iter().any(|name| file.split('.').next() == Some(name));
    // A module, or a folder that is one.
    let plain = canonical(path);
    let is_package = |file: &str| file.split('.').next() == Some("__init__");
    let folder = plain.rsplit_once('/').filter(|(_, file)| is_package(file)).and_then(|(folder, _)| in_site_folder(folder));
    if [in_site_folder(&plain), folder].into_iter().flatten().any(customises) {
        found.add(rules::START_HOOK, path, "a module that every start of an interpreter loads");
    }
}

/// Tells of a path file with lines that are run. Lines end wherever some interpreter ends them.
pub fn path_file(path: &str, content: &[u8], found: &mut Findings) {
    let text = String::from_utf8_lossy(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)).into_owned();
    let ends = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let runs = text.split(ends).filter(|line| line.starts_with("import ") || line.starts_with("import\t")).count();
    if runs > 0 {
        found.add(rules::START_HOOK, path, format!("{runs} of its lines are run at every start of an interpreter"));
    }
    if text.contains('\0') {
        found.add(rules::NOT_EXAMINED, path, "a path file that is no text");
    }
}

/// Reads a path file whole, where it is one and short enough; tells where it is not. What cannot be read is told of by whoever hands it out.
pub fn read(path: &str, size: u64, content: &mut dyn Read, found: &mut Findings) -> Option<Vec<u8>> {
    if !is_path_file(path) {
        return None;
    }
    if size > LONGEST {
        found.add(rules::NOT_EXAMINED, path, format!("a path file of {size} bytes"));
        return None;
    }
    let mut text = Vec::new();
    let _ = content.take(LONGEST).read_to_end(&mut text);
    path_file(path, &text, found);
    Some(text)
}
