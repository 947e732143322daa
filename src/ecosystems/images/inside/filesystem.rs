//! The files of an image as its layers leave them (OCI image layer specification, "Applying Changesets").
//!
//! A layer is taken in as a whole before it is applied: what it deletes is of the layers below, never its own, and each deleted node is
//! met once, so that the work is linear in what the layers hold.

use super::wanted::is_licence;
use crate::report::Licensing;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Most nodes of one image, and of one layer.
const MOST_NODES: usize = 1_500_000;
/// Most bytes of their paths.
const MOST_PATHS: u64 = 256 << 20;
/// Most bytes of files that are kept of one image.
const MOST_KEPT: u64 = 256 << 20;
/// Most licence files that are named of one package.
pub(super) const MOST_LICENCES: usize = 50;
/// Most links that are followed for one path, as Linux does.
const MOST_LINKS: usize = 40;
/// Longest path that a system opens, in bytes (`PATH_MAX` of Linux).
pub(super) const LONGEST_PATH: usize = 4096;
/// Most bytes of paths that are looked up while links are followed: every folder on the way is looked up.
const MOST_FOLLOWED: u64 = 1 << 32;

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// A file, and whether a package accounts for it.
    File(bool),
    /// A folder.
    Folder,
    /// A symbolic link, and where it leads.
    Link(String),
    /// A device or pipe.
    Other,
}

/// One layer, read to its end.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// What it brings.
    pub nodes: BTreeMap<String, Node>,
    /// Contents that are kept, by their path; of licence files a line for each licence that was recognised.
    pub kept: BTreeMap<String, Vec<u8>>,
    /// Hard links, each with its place in the layer and the path it is a second name of.
    pub links: BTreeMap<String, (usize, String)>,
    /// Paths it deletes.
    pub removed: Vec<String>,
    /// Folders it empties of what lies below.
    pub opaque: Vec<String>,
    /// How many paths it names, and their length in bytes.
    pub named: (usize, u64),
}

/// All layers so far.
#[derive(Debug, Default)]
pub(super) struct Filesystem {
    nodes: BTreeMap<String, Node>,
    kept: BTreeMap<String, Vec<u8>>,
    held: u64,
    paths: u64,
    followed: Cell<u64>,
    /// What could not be assessed, for people.
    pub not_assessed: Vec<String>,
}

impl Filesystem {
    /// How many bytes may still be kept.
    pub fn room(&self) -> u64 {
        MOST_KEPT.saturating_sub(self.held)
    }

    /// Whether a layer that names so much more is too much.
    pub fn is_full(&self, (count, bytes): (usize, u64)) -> bool {
        self.nodes.len() + count > MOST_NODES || self.paths + bytes > MOST_PATHS
    }

    /// Puts a layer upon the others.
    pub fn apply(&mut self, layer: Layer) {
        layer.opaque.iter().for_each(|folder| self.remove_below(folder));
        for path in &layer.removed {
            self.remove_below(path);
            self.remove(path);
        }
        for (path, node) in layer.nodes {
            if node != Node::Folder {
                self.remove_below(&path);
            }
            self.remove(&path);
            self.paths += path.len() as u64;
            self.nodes.insert(path, node);
        }
        for (path, bytes) in layer.kept {
            self.held += bytes.len() as u64;
            self.kept.insert(path, bytes);
        }
        // A link may lead to one that came before it.
        let mut links: Vec<_> = layer.links.into_iter().collect();
        links.sort_by_key(|(_, (number, _))| *number);
        for (path, (_, target)) in links {
            if let Some(bytes) = self.kept.get(&target).filter(|bytes| bytes.len() as u64 <= self.room()).cloned() {
                self.held += bytes.len() as u64;
                self.kept.insert(path, bytes);
            }
        }
    }

    fn remove(&mut self, path: &str) {
        if self.nodes.remove(path).is_some() {
            self.paths -= path.len() as u64;
        }
        self.forget(path);
    }

    fn forget(&mut self, path: &str) {
        if let Some(bytes) = self.kept.remove(path) {
            self.held -= bytes.len() as u64;
        }
    }

    fn remove_below(&mut self, folder: &str) {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let below: Vec<String> =
            self.nodes.range(prefix.clone()..).map(|(path, _)| path).take_while(|p| p.starts_with(&prefix)).cloned().collect();
        below.iter().for_each(|path| self.remove(path));
    }

    /// The content of a file that is kept.
    pub fn content(&self, path: &str) -> Option<&[u8]> {
        self.kept.get(path).map(Vec::as_slice)
    }

    /// The content of a file that is kept, through the links that it and its folders may be.
    pub fn content_through_links(&self, path: &str) -> Option<&[u8]> {
        self.content(path).or_else(|| self.content(&self.through_links(path)?))
    }

    /// The path that another leads to, through the links that it and its folders may be.
    pub fn through_links(&self, path: &str) -> Option<String> {
        self.resolved(&format!("{path}/.")).ok()
    }

    /// What was recognised in the licence files below a folder, whose name ends with a slash.
    pub fn licences(&self, folder: &str) -> Vec<Licensing> {
        let below = self.kept.range(folder.to_owned()..).take_while(|(path, _)| path.starts_with(folder));
        below.filter(|(path, _)| is_licence(path)).take(MOST_LICENCES).flat_map(|(path, _)| self.licence(path)).collect()
    }

    /// What was recognised in one licence file.
    pub fn licence(&self, path: &str) -> Vec<Licensing> {
        let found = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
        self.content(path).filter(|_| is_licence(path)).map(|bytes| Licensing::found(path, &found(bytes))).unwrap_or_default()
    }

    /// All files that are kept, by their path.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.kept.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Whether there is a file at that path.
    pub fn has(&self, path: &str) -> bool {
        matches!(self.nodes.get(path), Some(Node::File(_)))
    }

    /// Notes that a package accounts for what lies at a path, through the links that its folders may be.
    pub fn account(&mut self, path: &str) {
        let path = path.trim_matches('/');
        let path = match self.nodes.get(path) {
            Some(_) => path.to_owned(),
            None => match self.resolved(path) {
                Ok(path) => path,
                Err(why) => return self.note(why),
            },
        };
        if let Some(Node::File(accounted)) = self.nodes.get_mut(&path) {
            *accounted = true;
        }
    }

    /// Notes that a package accounts for everything below a folder, whose name ends with a slash.
    pub fn account_below(&mut self, folder: &str) {
        let below = self.nodes.range_mut(folder.to_owned()..).take_while(|(path, _)| path.starts_with(folder));
        for (_, node) in below {
            if let Node::File(accounted) = node {
                *accounted = true;
            }
        }
    }

    /// Says something once.
    fn note(&mut self, what: &str) {
        if !self.not_assessed.iter().any(|said| said == what) {
            self.not_assessed.push(what.to_owned());
        }
    }

    /// The path with every folder that is a link replaced by what it leads to.
    fn resolved(&self, path: &str) -> Result<String, &'static str> {
        let (mut done, mut links) = (String::new(), 0);
        let mut rest: Vec<&str> = path.split('/').rev().collect();
        while let Some(part) = rest.pop() {
            match part {
                "" | "." => continue,
                ".." => {
                    cut(&mut done);
                    continue;
                }
                _ if done.is_empty() => done.push_str(part),
                _ => done.extend(["/", part]),
            }
            self.followed.set(self.followed.get() + done.len() as u64);
            if self.followed.get() > MOST_FOLLOWED || done.len() > LONGEST_PATH {
                return Err("some paths of packages are too long, or lead through too many folders");
            }
            let Some(Node::Link(target)) = self.nodes.get(&done).filter(|_| !rest.is_empty()) else { continue };
            links += 1;
            if links > MOST_LINKS {
                break;
            }
            if target.len() > LONGEST_PATH {
                return Err("some links lead further than any system follows");
            }
            cut(&mut done);
            if target.starts_with('/') {
                done.clear();
            }
            rest.extend(target.split('/').rev());
        }
        Ok(done)
    }

    /// How many files there are, and how many of them some package accounts for.
    pub fn counts(&self) -> (u64, u64) {
        let files = self.nodes.values().filter(|node| matches!(node, Node::File(_))).count();
        let accounted = self.nodes.values().filter(|node| **node == Node::File(true)).count();
        (files as u64, accounted as u64)
    }
}

/// Takes the last part off a path.
fn cut(path: &mut String) {
    path.truncate(path.rfind('/').unwrap_or(0));
}
