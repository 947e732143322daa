//! What an archive holds, compared with the list that it carries of itself.

use super::finding::Findings;
use super::rules;
use crate::artifact::{Digest, Sha256Writer};
use crate::error::Result;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};

/// Most files that are remembered.
const MOST: usize = 300_000;
/// Most bytes of their names.
const MOST_BYTES: usize = 64 << 20;

/// The files of an archive.
#[derive(Debug, Default)]
pub struct Contents {
    files: BTreeMap<String, File>,
    bytes: usize,
    full: bool,
}

/// A file as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct File {
    content: Content,
    listed: bool,
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// A file: its length and digest.
    File(u64, Digest),
    /// A symbolic link.
    Link,
    /// A file that could not be read to its end, which whoever reads on tells.
    Unread,
    /// A second name of what was not there before.
    Unresolved,
}

/// A file as the list has it.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its length, where the list says it.
    pub size: Option<u64>,
    /// Its digest, where the list says it.
    pub sha256: Option<Digest>,
    /// Whether the list says it is a link: then its length and digest are those of what it leads to.
    pub link: bool,
}

impl Contents {
    /// Reads a file to its end and remembers it.
    pub fn file(&mut self, name: &str, content: &mut dyn Read) -> Result<()> {
        let (mut sha256, mut buffer, mut whole) = (Sha256Writer::default(), [0u8; 16 << 10], true);
        loop {
            match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => sha256.update(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Whoever reads on meets it again, and tells.
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        let length = sha256.length();
        let digest = sha256.finish();
        self.put(name, if whole { Content::File(length, digest) } else { Content::Unread });
        Ok(())
    }

    /// Remembers a symbolic link.
    pub fn link(&mut self, name: &str) {
        self.put(name, Content::Link);
    }

    /// Remembers a second name of a file that was there before.
    pub fn hard_link(&mut self, name: &str, target: &str) {
        let content = self.files.get(target).map_or(Content::Unresolved, |file| file.content);
        self.put(name, content);
    }

    fn put(&mut self, name: &str, content: Content) {
        self.bytes += name.len();
        if self.files.len() >= MOST || self.bytes > MOST_BYTES {
            self.full = true;
            return;
        }
        self.files.insert(name.to_owned(), File { content, listed: false });
    }

    /// Compares: every file listed once and as it is, every listed file there. Names for which `exempt` holds need no line.
    pub fn compare(mut self, list: &str, listed: &[Listed], exempt: impl Fn(&str) -> bool, found: &mut Findings) {
        if self.full {
            found.add(rules::NOT_EXAMINED, list, "too many files to compare with the list");
            return;
        }
        for line in listed {
            let Some(file) = self.files.get_mut(&line.name) else {
                found.add(rules::LISTED_ABSENT, &line.name, format!("{list} lists it and it is not there"));
                continue;
            };
            if std::mem::replace(&mut file.listed, true) {
                found.add(rules::LIST, &line.name, format!("{list} lists it twice"));
            }
            match file.content {
                Content::Unresolved => {
                    found.add(
                        rules::LISTED_DIFFERS,
                        &line.name,
                        format!("it is a second name of what is not there before it, {list} lists it"),
                    );
                }
                Content::Link if !line.link => {
                    found.add(rules::LISTED_DIFFERS, &line.name, format!("it is a link, {list} says it is a file"));
                }
                Content::File(..) if line.link => found.add(rules::LISTED_DIFFERS, &line.name, format!("{list} says it is a link")),
                Content::File(size, _) if line.size.is_some_and(|listed| listed != size) => {
                    found.add(rules::LISTED_DIFFERS, &line.name, format!("it has {size} bytes, {list} says otherwise"));
                }
                Content::File(_, digest) if line.sha256.is_some_and(|listed| listed != digest) => {
                    found.add(rules::LISTED_DIFFERS, &line.name, format!("its bytes are {digest}, {list} says otherwise"));
                }
                _ => {}
            }
        }
        for (name, _) in self.files.iter().filter(|(name, file)| !file.listed && !exempt(name)) {
            found.add(rules::UNLISTED, name, format!("{list} does not list it"));
        }
    }
}
