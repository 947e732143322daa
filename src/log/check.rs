//! Verification of a whole log: every line, every checkpoint it kept, every cosignature; the first bad event is named.

use super::checkpoint::{Checkpoint, read_paper};
use super::cosign::{Cosignature, cosignatures};
use super::event::{Event, kind};
use super::folder::{EventLog, RESTORE, Step, Wrong};
use super::key::LogKey;
use super::note::{Note, VerifierKey};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::trust::PublicKey;
use std::collections::BTreeMap;

/// How often a log that grows meanwhile is read again.
const MOST_READINGS: usize = 20;

/// A checkpoint from elsewhere that the log is compared with.
#[derive(Debug, Clone)]
pub enum Remembered {
    /// A signed one.
    Note(Note),
    /// As it was written on paper.
    Paper(String),
}

/// A log that is what it says.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The key that signed it.
    pub key: VerifierKey,
    /// Its newest checkpoint.
    pub checkpoint: Checkpoint,
    /// The same as it was signed.
    pub note: Note,
    /// How many older checkpoints were there and agree.
    pub retained: u64,
    /// Who cosigned it at which size.
    pub cosigned: Vec<(u64, PublicKey)>,
    /// Whether an event follows that a kill kept from being signed; the next change signs it.
    pub unfinished: bool,
    /// The last event that names a snapshot, and the digest of its list, by the snapshot's number.
    pub snapshots: BTreeMap<u64, (u64, Digest)>,
    /// The highest snapshot that was there before the log began.
    pub before: u64,
}

impl EventLog {
    /// Verifies everything. The key is the one given, else the one that lies with the log, else what its first event says. It takes no
    /// lock: where the log grew meanwhile, what looks like damage may be its growth, and it is read again.
    pub fn check(&self, given: Option<&VerifierKey>, remembered: &[Remembered]) -> Result<Checked> {
        for _ in 0..MOST_READINGS {
            let note = self.newest()?;
            let checked = self.check_against(note.clone(), given, remembered);
            if checked.is_ok() || self.newest()? == note {
                return checked;
            }
        }
        Err(Error::new(Kind::Store, "the event log grew each time it was read").hint("run the command again when the store is at rest"))
    }

    fn check_against(&self, note: Option<Note>, given: Option<&VerifierKey>, remembered: &[Remembered]) -> Result<Checked> {
        let none = || Error::new(Kind::Incomplete, "there is no event log here yet").with("looked in", self.folder().display());
        let note = match note {
            Some(note) => note,
            None if self.only_begun()? => return Err(none().hint("it begins with the first change of the store")),
            None => return Err(self.without_checkpoint()),
        };
        let key = given.cloned().map_or_else(|| self.key(), Ok)?;
        let checkpoint = Checkpoint::verified("log/checkpoint", &note, &key).map_err(|e| e.of_kind(Kind::Store).hint(RESTORE))?;
        let mut checking = Checking::begin(self, &key, checkpoint.clone(), remembered)?;
        checking.walk()?;
        checking.left_over()?;
        let Checking { retained, cosigned, unfinished, snapshots, before, .. } = checking;
        Ok(Checked { key, checkpoint, note, retained, cosigned, unfinished, snapshots, before })
    }

    /// Whether there is nothing yet but what a kill may leave of the first event.
    fn only_begun(&self) -> Result<bool> {
        let mut walk = self.walk()?;
        Ok(self.last_retained()? == 0 && (matches!(walk.next()?, Step::End) || matches!(walk.next()?, Step::End)))
    }

    /// The public key: of the secret one where that may be read, else as the first event says.
    pub fn key(&self) -> Result<VerifierKey> {
        if let Ok(Some(key)) = LogKey::read(&self.path("key")) {
            return Ok(key.verifier().clone());
        }
        let damaged = || self.bad(0, 0, "it does not name the log's key");
        match self.walk()?.next()? {
            Step::Event(event) => {
                VerifierKey::parse(event.subject("log").and_then(|log| log.name.as_deref()).unwrap_or_default()).map_err(|_| damaged())
            }
            _ => Err(damaged()),
        }
    }

    /// The newest checkpoint as its key signed it; `None` where the log has not begun. A log that has begun and has none is damaged.
    pub fn signed(&self) -> Result<Option<Checkpoint>> {
        match self.newest()? {
            Some(note) => {
                let checkpoint = Checkpoint::verified("log/checkpoint", &note, &self.key()?);
                checkpoint.map(Some).map_err(|e| e.of_kind(Kind::Store).hint(RESTORE))
            }
            None if self.only_begun()? => Ok(None),
            None => Err(self.without_checkpoint()),
        }
    }

    /// Calls `take` with each event that a checkpoint covers and its line; an error when they are not those it was signed for.
    pub fn each_of(&self, checkpoint: &Checkpoint, mut take: impl FnMut(&Event, &[u8]) -> Result<()>) -> Result<()> {
        let mut walk = self.walk()?;
        while walk.tree.size() < checkpoint.size {
            let at = walk.tree.size();
            match walk.next()? {
                Step::Event(event) => take(&event, &walk.bytes)?,
                Step::Wrong(Wrong::Line(error)) => return Err(self.bad(at, at, error.message()).with_all("because", error.causes())),
                Step::Wrong(Wrong::Previous) => return Err(self.bad(0, at, "it follows other events than those before it")),
                Step::Torn | Step::End => return Err(self.bad(at, at, "it is missing: the log was cut")),
            }
        }
        match walk.tree.root() == checkpoint.root {
            true => Ok(()),
            false => Err(self.bad(0, checkpoint.size.saturating_sub(1), "the log is another than its own checkpoint says")),
        }
    }

    fn without_checkpoint(&self) -> Error {
        self.damaged("its newest checkpoint is missing").with("expected", self.path("checkpoint").display())
    }

    fn damaged(&self, why: &str) -> Error {
        Error::new(Kind::Store, format!("the event log is damaged: {why}")).with("file", self.events_path().display()).hint(RESTORE)
    }

    /// The first bad event is one of `first..=last`.
    fn bad(&self, first: u64, last: u64, why: &str) -> Error {
        let which = match first == last {
            true => format!("event {first} is the first bad one"),
            false => format!("the first bad event is one of {first} to {last}"),
        };
        self.damaged(&which).with("index", first).with("found", why)
    }
}

/// What is found on the way along the events.
struct Checking<'a> {
    log: &'a EventLog,
    key: &'a VerifierKey,
    newest: Checkpoint,
    remembered: BTreeMap<u64, Vec<Expected>>,
    signed: BTreeMap<u64, Vec<Cosignature>>,
    /// How many events a signed checkpoint has confirmed so far.
    sure: u64,
    retained: u64,
    cosigned: Vec<(u64, PublicKey)>,
    unfinished: bool,
    snapshots: BTreeMap<u64, (u64, Digest)>,
    before: u64,
}

/// A root, or its first 200 bits.
enum Expected {
    Root(Digest),
    Paper(String),
}

impl<'a> Checking<'a> {
    fn begin(log: &'a EventLog, key: &'a VerifierKey, newest: Checkpoint, given: &[Remembered]) -> Result<Self> {
        let mut remembered: BTreeMap<u64, Vec<Expected>> = BTreeMap::new();
        for one in given {
            let (size, expected) = match one {
                Remembered::Note(note) => {
                    let found = Checkpoint::verified("the checkpoint to compare with", note, key)?;
                    (found.size, Expected::Root(found.root))
                }
                Remembered::Paper(text) => read_paper(text).map(|(size, words)| (size, Expected::Paper(words)))?,
            };
            if size > newest.size {
                return Err(Error::verification("the log was cut: it has fewer events than a checkpoint of it that was remembered")
                    .with("remembered", format!("{size} events"))
                    .with("found", format!("{} events", newest.size))
                    .hint(RESTORE));
            }
            remembered.entry(size).or_default().push(expected);
        }
        let signed = cosignatures(log)?;
        let checking = Self {
            log,
            key,
            newest,
            remembered,
            signed,
            sure: 0,
            retained: 0,
            cosigned: vec![],
            unfinished: false,
            snapshots: BTreeMap::new(),
            before: 0,
        };
        checking.refuse_later()?;
        Ok(checking)
    }

    /// A checkpoint that was kept, or a cosignature, of more events than the newest: the log was cut and its newest checkpoint set back.
    fn refuse_later(&self) -> Result<()> {
        let later = self.signed.keys().next_back().copied().max(Some(self.log.last_retained()?)).filter(|size| *size > self.newest.size);
        match later {
            Some(size) => Err(self
                .log
                .bad(self.newest.size, self.newest.size, "it is missing: the log was cut, and its newest checkpoint set back")
                .with("expected", format!("{size} events, as a kept checkpoint or cosignature says"))),
            None => Ok(()),
        }
    }

    fn walk(&mut self) -> Result<()> {
        let mut walk = self.log.walk()?;
        while walk.tree.size() < self.newest.size {
            let at = walk.tree.size();
            match walk.next()? {
                Step::Event(event) => {
                    self.compare(walk.tree.size(), walk.tree.root())?;
                    self.learn(&event);
                }
                Step::Wrong(Wrong::Line(error)) => return Err(self.log.bad(at, at, error.message()).with_all("because", error.causes())),
                // What the line says about the lines before it is wrong, or they are.
                Step::Wrong(Wrong::Previous) if self.sure == at => {
                    return Err(self.log.bad(at, at, "it follows other events than those before it"));
                }
                Step::Wrong(Wrong::Previous) => return Err(self.log.bad(at - 1, at - 1, "the event after it was written behind another")),
                Step::Torn => return Err(self.log.bad(at, at, "its line has no end")),
                Step::End => {
                    return Err(self
                        .log
                        .bad(at, at, "it is missing: the log was cut")
                        .with("expected", format!("{} events", self.newest.size)));
                }
            }
        }
        // What a kill may leave behind what was signed: part of a line, or one whole event.
        let size = self.newest.size;
        self.unfinished = match walk.next()? {
            Step::End => return Ok(()),
            Step::Torn | Step::Event(_) => true,
            Step::Wrong(_) => return Err(self.log.bad(size, size, "the line after what was signed last does not belong there")),
        };
        match walk.next()? {
            Step::End => Ok(()),
            _ => Err(self.log.bad(size, size, "more than one line follows what was signed last")),
        }
    }

    /// Compares the tree with everything that was signed or remembered of this size.
    fn compare(&mut self, size: u64, root: Digest) -> Result<()> {
        let (log, sure) = (self.log, self.sure);
        let changed = |who: String| log.bad(sure, size - 1, &format!("the log is another than {who} at {size} events"));
        let own = if size == self.newest.size { Some(self.newest.root) } else { self.kept(size)? };
        if own.is_some_and(|own| own != root) {
            return Err(changed("its own checkpoint says".to_owned()));
        }
        let text = Checkpoint { origin: self.newest.origin.clone(), size, root }.text();
        for one in self.signed.remove(&size).unwrap_or_default() {
            one.verify(text.as_bytes()).map_err(|_| changed(format!("{} cosigned, or the cosignature was changed", one.file)))?;
            self.cosigned.push((size, one.key().clone()));
        }
        for expected in self.remembered.remove(&size).unwrap_or_default() {
            let same = match &expected {
                Expected::Root(expected) => *expected == root,
                Expected::Paper(words) => paper_words(size, root) == *words,
            };
            if !same {
                return Err(forked(size, sure));
            }
        }
        if own.is_some() {
            self.sure = size;
        }
        Ok(())
    }

    fn kept(&mut self, size: u64) -> Result<Option<Digest>> {
        let path = self.log.retained_path(size);
        let Some(note) = self.log.note(&path)? else { return Ok(None) };
        let found = Checkpoint::verified(&path.display().to_string(), &note, self.key).map_err(|e| e.of_kind(Kind::Store).hint(RESTORE))?;
        if found.size != size {
            return Err(self.log.damaged("a kept checkpoint is named by another size than its own").with("checkpoint", path.display()));
        }
        self.retained += u64::from(size != self.newest.size);
        Ok(Some(found.root))
    }

    fn learn(&mut self, event: &Event) {
        if event.index == 0 {
            self.before = event.pointer.map_or(0, |pointer| pointer.highest);
        }
        if event.kind == kind::IMPORT || event.kind == kind::BEGIN {
            let snapshot = event.subject("snapshot").and_then(|s| Some((s.name.as_ref()?.parse().ok()?, s.digest?)));
            if let Some((number, digest)) = snapshot {
                self.snapshots.insert(number, (event.index, digest));
            }
        }
    }

    /// Cosignatures and remembered checkpoints of no events at all.
    fn left_over(&self) -> Result<()> {
        match self.signed.keys().next().or(self.remembered.keys().next()) {
            Some(size) => Err(self.log.damaged("something was signed or remembered that no log can have").with("size", size)),
            None => Ok(()),
        }
    }
}

/// The words of a checkpoint on paper, without hyphens.
fn paper_words(size: u64, root: Digest) -> String {
    let paper = Checkpoint { origin: String::new(), size, root }.paper();
    paper.split_once(' ').map(|(_, words)| words.replace('-', "")).unwrap_or_default()
}

fn forked(size: u64, sure: u64) -> Error {
    Error::verification(format!("fork: this is not the log whose checkpoint of {size} events was remembered"))
        .with("index", format!("the first event that differs is below {size}"))
        .with("confirmed", format!("{sure} events by the log's own checkpoints"))
        .hint("somebody with the log's key wrote its history anew, or the checkpoint is of another log: keep both as evidence")
}
