//! Where a log lies, and its events as a stream: never more than one line in memory.

use super::checkpoint::Checkpoint;
use super::event::{Event, MAX_LINE_BYTES};
use super::format;
use super::merkle::{RangeRoots, Tree, consistency_ranges, inclusion_ranges, leaf_hash};
use super::note::{MAX_NOTE_FILE_BYTES, Note, VerifierKey};
use super::receipt::{Growth, Receipt};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{Store, read_bounded};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The event log of a store, for reading.
#[derive(Debug, Clone)]
pub struct EventLog {
    folder: PathBuf,
}

impl EventLog {
    /// The log of a store, whether or not it has begun.
    pub fn of(store: &Store) -> Self {
        Self { folder: store.root().join("log") }
    }

    /// A file or folder of it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The events, one a line.
    pub fn events_path(&self) -> PathBuf {
        self.path("events.jsonl")
    }

    pub(super) fn retained_path(&self, size: u64) -> PathBuf {
        self.path("checkpoints").join(size.to_string())
    }

    /// The largest size among the checkpoints that were kept; 0 where there are none.
    pub(super) fn last_retained(&self) -> Result<u64> {
        let folder = self.path("checkpoints");
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
        let entries = match std::fs::read_dir(&folder) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(0),
            other => other.map_err(|e| wrong(&e))?,
        };
        let mut last = 0;
        for entry in entries {
            let name = entry.map_err(|e| wrong(&e))?.file_name();
            last = last.max(name.to_str().and_then(|name| name.parse().ok()).unwrap_or(0));
        }
        Ok(last)
    }

    /// The note of the newest checkpoint; `None` before the first event.
    pub fn newest(&self) -> Result<Option<Note>> {
        self.note(&self.path("checkpoint"))
    }

    /// The note of the checkpoint of a size, when the log still has it.
    pub fn note_of(&self, size: u64, key: &VerifierKey) -> Result<Option<(Note, Checkpoint)>> {
        for path in [self.path("checkpoint"), self.retained_path(size)] {
            if let Some(note) = self.note(&path)? {
                let found = Checkpoint::verified(&path.display().to_string(), &note, key).map_err(|e| e.of_kind(Kind::Store))?;
                if found.size == size {
                    return Ok(Some((note, found)));
                }
            }
        }
        Ok(None)
    }

    pub(super) fn note(&self, path: &Path) -> Result<Option<Note>> {
        let damaged = |e: Error| e.of_kind(Kind::Store).hint(RESTORE);
        let bytes = read_bounded(path, MAX_NOTE_FILE_BYTES as u64).map_err(damaged)?;
        bytes.map(|bytes| Note::parse(&path.display().to_string(), &bytes)).transpose().map_err(damaged)
    }

    /// Its events from the first on.
    pub(super) fn walk(&self) -> Result<Walk> {
        let path = self.events_path();
        let file = match File::open(&path) {
            Ok(file) => Some(BufReader::with_capacity(1 << 17, file)),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(Error::io(format!("{} cannot be read", path.display()), &e)),
        };
        Ok(Walk { path, file, tree: Tree::default(), offset: 0, bytes: Vec::new() })
    }

    /// Feeds the hashes of the first `size` events to `take`; they must be there.
    fn leaves(&self, size: u64, mut take: impl FnMut(u64, &[u8])) -> Result<()> {
        let mut walk = self.walk()?;
        while walk.tree.size() < size {
            match walk.next()? {
                Step::Event(event) => take(event.index, &walk.bytes),
                _ => return Err(no_such(size, walk.tree.size())),
            }
        }
        Ok(())
    }

    /// The proof that an event is in the log as a checkpoint has it, and the event itself.
    pub fn receipt(&self, index: u64, note: &Note, size: u64) -> Result<Receipt> {
        if index >= size {
            return Err(no_such(index, size));
        }
        let (mut roots, mut line) = (RangeRoots::new(inclusion_ranges(index, size)), Vec::new());
        self.leaves(size, |at, bytes| {
            roots.push(leaf_hash(bytes));
            if at == index {
                line = bytes.to_vec();
            }
        })?;
        Ok(Receipt { index, line, path: roots.finish(), note: note.clone() })
    }

    /// The proof that the log of a checkpoint begins with the one of `old` events.
    pub fn growth(&self, old: u64, note: &Note, size: u64) -> Result<Growth> {
        if old > size {
            return Err(no_such(old, size));
        }
        let mut roots = RangeRoots::new(consistency_ranges(old, size));
        self.leaves(size, |_, bytes| roots.push(leaf_hash(bytes)))?;
        Ok(Growth { old, path: roots.finish(), note: note.clone() })
    }

    /// The root of the first `size` events.
    pub fn root_of(&self, size: u64) -> Result<Digest> {
        let mut tree = Tree::default();
        self.leaves(size, |_, bytes| tree.push(leaf_hash(bytes)))?;
        Ok(tree.root())
    }

    /// Calls `take` with each of the first `size` events and its line.
    pub fn each(&self, size: u64, mut take: impl FnMut(&Event, &[u8]) -> Result<()>) -> Result<()> {
        let mut walk = self.walk()?;
        while walk.tree.size() < size {
            match walk.next()? {
                Step::Event(event) => take(&event, &walk.bytes)?,
                _ => return Err(no_such(size, walk.tree.size())),
            }
        }
        Ok(())
    }
}

/// What to do about a damaged log.
pub(super) const RESTORE: &str = "keep the folder as evidence, put it back from a backup of the store, and compare with a checkpoint on \
                                  paper; docs/formats/log.md says how to begin another log";

fn no_such(asked: u64, size: u64) -> Error {
    Error::usage("the log has no such event or checkpoint")
        .with("asked for", asked)
        .with("events", size)
        .hint("airlift log show lists them")
}

/// One step along the events.
pub(super) enum Step {
    /// The next event; it is in the tree now, and its line in the walk.
    Event(Box<Event>),
    /// A line that is no event, or not the one that comes here.
    Wrong(Wrong),
    /// A last line without its end.
    Torn,
    /// No more.
    End,
}

/// What is wrong with a line.
pub(super) enum Wrong {
    /// The line itself.
    Line(Error),
    /// It follows another tree than that of the lines before it.
    Previous,
}

/// A walk along the events. Each is checked against its place and the tree before it.
pub(super) struct Walk {
    path: PathBuf,
    file: Option<BufReader<File>>,
    /// The tree of all events so far.
    pub(super) tree: Tree,
    /// Bytes up to the end of the last event.
    pub(super) offset: u64,
    /// The line just read, without its line feed.
    pub(super) bytes: Vec<u8>,
}

impl Walk {
    pub(super) fn next(&mut self) -> Result<Step> {
        let Some(file) = &mut self.file else { return Ok(Step::End) };
        self.bytes.clear();
        let read = file.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut self.bytes);
        read.map_err(|e| Error::io(format!("{} cannot be read", self.path.display()), &e))?;
        let ended = self.bytes.pop_if(|last| *last == b'\n').is_some();
        if !ended {
            return Ok(match self.bytes.len() {
                0 => Step::End,
                long if long > MAX_LINE_BYTES => Step::Wrong(Wrong::Line(Error::verification("the line is too long"))),
                _ => Step::Torn,
            });
        }
        let event = match format::parse(&self.bytes) {
            Ok(event) => event,
            Err(error) => return Ok(Step::Wrong(Wrong::Line(error))),
        };
        if event.index != self.tree.size() {
            let error = Error::verification("it says it is another event").with("found", format!("index {}", event.index));
            return Ok(Step::Wrong(Wrong::Line(error)));
        }
        if event.previous != self.tree.root() {
            return Ok(Step::Wrong(Wrong::Previous));
        }
        self.tree.push(leaf_hash(&self.bytes));
        self.offset += self.bytes.len() as u64 + 1;
        Ok(Step::Event(Box::new(event)))
    }
}
