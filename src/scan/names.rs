//! Names within archives and locks: which are dangerous, and which two are one to some systems.

use super::finding::Findings;
use super::rules;
use icu_normalizer::ComposingNormalizerBorrowed;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

/// Longest name that is taken, in bytes.
pub(super) const LONGEST: usize = 4096;
/// Most parts of a path.
const DEEPEST: usize = 256;
/// Names that are devices on Windows, whatever their ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// What several systems could take for the same name: letter case, compatible forms, dots and spaces at the end of a part.
pub fn collision_key(name: &str) -> String {
    let part = |part: &str| fold(part).trim_end_matches(['.', ' ']).to_owned();
    name.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Lower case and compatible normal form, without what is not seen.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let normal = ComposingNormalizerBorrowed::new_nfkc();
    let lower: String = normal.normalize(text).chars().flat_map(char::to_lowercase).filter(|c| !is_invisible(*c)).collect();
    normal.normalize(&lower).into_owned()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Tells whether a name can be taken; a name that cannot be is a finding, and its member is not looked up by it.
pub(super) fn check(name: &[u8], found: &mut Findings) -> bool {
    let shown = String::from_utf8_lossy(name);
    let wrong = |found: &mut Findings, why: &str| {
        found.add(rules::NAME, shown.chars().take(120).collect::<String>(), why);
        false
    };
    let parts = name.split(|b| *b == b'/');
    match () {
        () if name.is_empty() => wrong(found, "an empty name"),
        () if name.len() > LONGEST || parts.clone().count() > DEEPEST => wrong(found, "a name that is too long or too deep"),
        () if name.iter().any(|b| *b < 0x20 || *b == 0x7f) || crate::error::plain(&shown) != *shown => {
            wrong(found, "control or bidirectional characters in a name")
        }
        () if name.contains(&b'\\') => wrong(found, "a backslash, which some readers take for a slash"),
        () if name[0] == b'/' || name.get(1) == Some(&b':') && name[0].is_ascii_alphabetic() => wrong(found, "an absolute name"),
        () if parts.clone().any(|part| part == b"..") => wrong(found, "a name that leaves the archive"),
        () => {
            if std::str::from_utf8(name).is_err() {
                found.add(rules::NAME_RESERVED, &shown, "a name that is not in UTF-8");
            } else if shown.split('/').any(is_device) {
                found.add(rules::NAME_RESERVED, &shown, "a name that is a device on Windows");
            }
            true
        }
    }
}

fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = stem.len() == 4 && matches!(bare.len(), 3) && !stem.ends_with('0');
    DEVICES.iter().any(|device| {
        let port = matches!(*device, "com" | "lpt");
        bare.eq_ignore_ascii_case(device) && (if port { numbered } else { stem.len() == 3 })
    })
}

/// The path without what does not change where it leads: `./`, doubled slashes, a slash at its end.
pub fn canonical(name: &[u8]) -> Vec<u8> {
    let parts = name.split(|b| *b == b'/').filter(|part| !matches!(*part, b"" | b"."));
    parts.collect::<Vec<_>>().join(&b'/')
}

/// Whether a link at `name` leads out of the archive.
pub(super) fn escapes(name: &[u8], target: &[u8]) -> bool {
    if target.first() == Some(&b'/') || target.get(1) == Some(&b':') {
        return true;
    }
    let mut depth = canonical(name).split(|b| *b == b'/').count().saturating_sub(1);
    for part in target.split(|b| *b == b'/' || *b == b'\\') {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// The names of an archive, remembered by 64 bits each: a collision of those would only be one finding too many.
#[derive(Debug, Default)]
pub(super) struct Seen {
    names: HashSet<u64>,
    folded: HashSet<u64>,
    links: HashSet<u64>,
}

impl Seen {
    /// Takes a name in and tells what it collides with. Linear in the length of the name.
    pub fn take(&mut self, name: &[u8], is_link: bool, is_folder: bool, found: &mut Findings) {
        let (path, shown) = (canonical(name), String::from_utf8_lossy(name));
        if !self.links.is_empty() && self.is_below_link(&path) {
            found.add(rules::BELOW_LINK, &shown, "it lies below a link, or takes the place of one");
        }
        let key = hash(&path);
        if is_link {
            self.links.insert(key);
        }
        if !self.names.insert(key) {
            if !is_folder {
                found.add(rules::NAME_TWICE, &shown, "a name that comes twice");
            }
        } else if !self.folded.insert(hash(collision_key(&String::from_utf8_lossy(&path)).as_bytes())) {
            found.add(rules::NAME_COLLIDES, &shown, "some file systems take it for another name of the archive");
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    fn is_below_link(&self, path: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        for part in path.split(|b| *b == b'/') {
            hasher.write(part);
            if self.links.contains(&hasher.finish()) {
                return true;
            }
            hasher.write(b"/");
        }
        false
    }
}

fn hash(path: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (n, part) in path.split(|b| *b == b'/').enumerate() {
        if n > 0 {
            hasher.write(b"/");
        }
        hasher.write(part);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::escapes;

    #[test]
    fn links_that_lead_out_on_some_system_escape() {
        for target in ["/etc/passwd", "C:\\Windows", "C:x", "..", "a/../..", "..\\x", "a/../../x"] {
            assert!(escapes(b"link", target.as_bytes()), "{target}");
        }
        for (name, target) in
            [("link", "x"), ("link", "a/../x"), ("a/link", "../x"), ("a/b/link", "../../x"), ("link", "./x"), ("link", "")]
        {
            assert!(!escapes(name.as_bytes(), target.as_bytes()), "{name} {target}");
        }
        assert!(escapes(b"a/link", b"../../x") && escapes(b"./a//link", b"../../x"));
    }
}
