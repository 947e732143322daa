//! Writing to the log, under the store's writer lock: the line, made durable; then the checkpoint, atomically.

use super::checkpoint::Checkpoint;
use super::event::{Clock, Draft, Event, Item, MAX_LINE_BYTES, Pointer, kind};
use super::folder::{EventLog, RESTORE, Step};
use super::format;
use super::identities::{self, Identities};
use super::key::LogKey;
use super::merkle::{Tree, leaf_hash};
use super::note::VerifierKey;
use super::receipt::Receipt;
use crate::error::{Error, Kind, Result};
use crate::store::{Store, Writer, create_folder, write_atomic};
use crate::trust::pinned;
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

/// What events name as their maker.
const TOOL: &str = concat!("airlift ", env!("CARGO_PKG_VERSION"));

/// Who acts, and what time they say it is.
#[derive(Debug, Clone)]
pub struct Scribe {
    /// The host's clock.
    pub clock: fn() -> Timestamp,
    /// Who acts, in the host's words; the log gets a pseudonym.
    pub actor: String,
}

/// The right to change a store, and to say so first. Every event is durable before what it tells of.
pub struct Journal<'a> {
    writer: &'a Writer,
    scribe: Scribe,
    log: EventLog,
    key: LogKey,
    state: Mutex<Option<State>>,
}

/// The log as this process knows it; nobody else can write.
#[derive(Debug, Clone)]
struct State {
    tree: Tree,
    /// Bytes of its lines.
    length: u64,
    /// The latest time in it.
    latest: Timestamp,
    /// The highest pseudonym and snapshot it names.
    pseudonym: u64,
    highest: u64,
}

impl<'a> Journal<'a> {
    /// Opens the log of a store for writing, makes it where there is none, and finishes what a kill interrupted. A log that is damaged, or
    /// knows of more than the store has, is not written to, and so nothing is changed.
    pub fn open(writer: &'a Writer, scribe: Scribe) -> Result<Self> {
        let log = EventLog::of(writer.store());
        create_folder(&log.path("checkpoints")).map_err(unwritable)?;
        let key = key(&log)?;
        let journal = Self { writer, scribe, log, key, state: Mutex::new(None) };
        let state = journal.recover()?;
        journal.refuse_set_back(&state)?;
        let empty = state.tree.size() == 0;
        *journal.state.lock().expect("no writing thread panics") = Some(state);
        if empty {
            journal.append(journal.beginning()?)?;
        }
        Ok(journal)
    }

    /// The right to change the store.
    pub fn writer(&self) -> &'a Writer {
        self.writer
    }

    /// The store.
    pub fn store(&self) -> &'a Store {
        self.writer.store()
    }

    /// The host's time.
    pub fn now(&self) -> Timestamp {
        (self.scribe.clock)()
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Logs one event; it is durable when this returns. Its index is given back.
    pub fn append(&self, draft: Draft) -> Result<u64> {
        let mut kept = self.state.lock().expect("no writing thread panics");
        // After a failure only what is on disk counts.
        let mut state = match kept.take() {
            Some(state) => state,
            None => self.recover()?,
        };
        let event = self.event(draft, &mut state)?;
        let line = format::line(&event);
        if line.len() > MAX_LINE_BYTES {
            return Err(Error::failed("the event is longer than a line of the log may be").with("found", format!("{} bytes", line.len())));
        }
        format::parse(&line).map_err(|e| e.about("the event just made"))?;
        self.write_line(&line, state.length)?;
        state.tree.push(leaf_hash(&line));
        state.length += line.len() as u64 + 1;
        state.latest = state.latest.max(event.time);
        self.sign(&state.tree)?;
        *kept = Some(state);
        Ok(event.index)
    }

    /// Logs that a bundle was refused, and gives the refusal back. Where that cannot be logged, both are told.
    pub fn refused(&self, subjects: Vec<Item>, error: Error) -> Error {
        let note = format!("{}: {}", error.kind().name(), error.message());
        match self.append(Draft::new(kind::REFUSE, subjects).note(&note)) {
            Ok(_) => error,
            Err(failed) => error.with("also", failed.message()),
        }
    }

    /// Writes the proof of an event under a name.
    pub fn write_receipt(&self, name: &str, index: u64) -> Result<PathBuf> {
        let folder = self.log.path("receipts");
        create_folder(&folder).map_err(unwritable)?;
        let path = folder.join(format!("{name}.tlog-proof"));
        write_atomic(&path, self.receipt(index)?.to_string().as_bytes()).map_err(unwritable)?;
        Ok(path)
    }

    /// The proof of an event, for a file of somebody's own.
    pub fn proof(&self, index: u64) -> Result<String> {
        Ok(self.receipt(index)?.to_string())
    }

    /// The verifier key of this log.
    pub fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    fn receipt(&self, index: u64) -> Result<Receipt> {
        let size = self.state.lock().expect("no writing thread panics").as_ref().map_or(0, |state| state.tree.size());
        let note = self.log.newest()?.ok_or_else(|| Error::new(Kind::Store, "the event log's checkpoint went missing"))?;
        self.log.receipt(index, &note, size)
    }

    /// Erases the name behind a pseudonym. The event that tells of it comes first, and names nobody.
    pub fn erase(&self, pseudonym: &str) -> Result<()> {
        let mut identities = Identities::read(&self.log)?;
        if !identities.erase(pseudonym) {
            return Err(Error::usage(format!("no name is kept for {pseudonym:.60}")).hint("airlift log identities lists them"));
        }
        self.append(Draft::new(kind::ERASE, vec![Item::named("actor", pseudonym)]))?;
        // The event may have made a new pseudonym for whoever erases.
        let mut identities = Identities::read(&self.log)?;
        identities.erase(pseudonym);
        identities.write(&self.log).map_err(unwritable)
    }

    fn event(&self, draft: Draft, state: &mut State) -> Result<Event> {
        let (size, root) = (state.tree.size(), state.tree.root());
        let time = Timestamp::from_second((self.scribe.clock)().as_second()).expect("a time without its fraction is in range");
        let clock = if time < state.latest { Clock::Behind } else { Clock::Ok };
        let actor = self.actor(state)?;
        let pointer = self.store().pointed()?.map(|(snapshot, highest)| Pointer { snapshot, highest });
        let Draft { kind, subjects, evidence, note } = draft;
        let (kind, tool) = (kind.to_owned(), TOOL.to_owned());
        Ok(Event { index: size, time, clock, actor, kind, subjects, evidence, note, pointer, previous: root, tool })
    }

    fn actor(&self, state: &mut State) -> Result<String> {
        let mut identities = Identities::read(&self.log)?;
        let (actor, new) = identities.pseudonym(&self.scribe.actor, state.pseudonym);
        if new {
            identities.write(&self.log).map_err(unwritable)?;
        }
        state.pseudonym = state.pseudonym.max(identities::number(&actor));
        Ok(actor)
    }

    /// What the first event says: which key the log has, and what was here before it.
    fn beginning(&self) -> Result<Draft> {
        let mut evidence = Vec::new();
        let mut subjects = vec![Item::named("log", self.key.verifier())];
        if let Some(snapshot) = self.store().current()? {
            subjects.push(Item::named("snapshot", snapshot.number).digest(self.store().snapshot_digest(snapshot.number)?));
        }
        if let Some(root) = pinned::load(&self.store().trust_folder())? {
            evidence.push(Item::named("root", root.terms().version).digest(root.fingerprint()));
        }
        Ok(Draft::new(kind::BEGIN, subjects).on(evidence))
    }

    /// Appends a line behind what is known to be good. Where that fails, what was written of it is taken away again.
    fn write_line(&self, line: &[u8], length: u64) -> Result<()> {
        let path = self.log.events_path();
        let wrong = |e: &std::io::Error| unwritable(Error::unwritten(format!("{} cannot be written", path.display()), e));
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(|e| wrong(&e))?;
        let whole = [line, b"\n"].concat();
        file.write_all(&whole).and_then(|()| file.sync_all()).map_err(|e| {
            let _ = file.set_len(length);
            wrong(&e)
        })
    }

    /// Keeps the checkpoint that was, then puts the new one in its place: the moment from which the event is logged.
    fn sign(&self, tree: &Tree) -> Result<()> {
        let path = self.log.path("checkpoint");
        if let Some(old) = self.log.newest()? {
            let kept = self.log.retained_path(tree.size() - 1);
            if !kept.exists() {
                write_atomic(&kept, old.to_string().as_bytes()).map_err(unwritable)?;
            }
        }
        write_atomic(&path, self.key.sign(tree.size(), tree.root()).to_string().as_bytes()).map_err(unwritable)
    }

    /// Reads the log as it lies there, and finishes what a kill left: a torn last line is cut off, a whole one is signed.
    fn recover(&self) -> Result<State> {
        let signed = match self.log.newest()? {
            Some(note) => {
                Checkpoint::verified("log/checkpoint", &note, self.key.verifier()).map_err(|e| e.of_kind(Kind::Store).hint(RESTORE))?
            }
            None => Checkpoint { origin: String::new(), size: 0, root: Tree::default().root() },
        };
        let mut walk = self.log.walk()?;
        let mut state = State { tree: Tree::default(), length: 0, latest: Timestamp::MIN, pseudonym: 0, highest: 0 };
        while walk.tree.size() < signed.size {
            match walk.next()? {
                Step::Event(event) => state.learn(&event),
                _ => return Err(self.name_damage()),
            }
        }
        if walk.tree.root() != signed.root {
            return Err(self.name_damage());
        }
        match walk.next()? {
            Step::Event(event) => {
                state.learn(&event);
                if !matches!(walk.next()?, Step::End) {
                    return Err(self.name_damage());
                }
                self.sync_events()?;
                self.sign(&walk.tree)?;
            }
            Step::End => {}
            Step::Torn => self.cut(walk.offset)?,
            Step::Wrong(_) => return Err(self.name_damage()),
        }
        (state.tree, state.length) = (walk.tree, walk.offset);
        Ok(state)
    }

    /// The error that names the first bad event.
    fn name_damage(&self) -> Error {
        let error = match self.log.check(Some(self.key.verifier()), &[]) {
            Err(error) => error,
            Ok(_) => Error::new(Kind::Store, "the event log changed while it was read"),
        };
        error.hint("nothing was changed, and nothing will be, until the log is right")
    }

    fn sync_events(&self) -> Result<()> {
        let path = self.log.events_path();
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|e| unwritable(Error::io(format!("{} cannot be synced", path.display()), &e)))
    }

    fn cut(&self, length: u64) -> Result<()> {
        let path = self.log.events_path();
        let cut = OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(length).and_then(|()| file.sync_all()));
        cut.map_err(|e| unwritable(Error::unwritten(format!("{} cannot be written", path.display()), &e)))
    }

    /// A store that has fewer snapshots than its log saw was set back: marks would be forgotten.
    fn refuse_set_back(&self, state: &State) -> Result<()> {
        let highest = self.store().pointed()?.map_or(0, |(_, highest)| highest);
        if highest >= state.highest {
            return Ok(());
        }
        Err(Error::new(Kind::Store, "the store was set back: its event log knows snapshots it does not have")
            .with("expected", format!("snapshot {} or higher", state.highest))
            .with("found", highest)
            .hint("put the whole store back from a backup that is as new as its log: otherwise older bundles could be imported again"))
    }
}

impl State {
    fn learn(&mut self, event: &Event) {
        self.latest = self.latest.max(event.time);
        self.pseudonym = self.pseudonym.max(identities::number(&event.actor));
        self.highest = self.highest.max(event.pointer.map_or(0, |pointer| pointer.highest));
    }
}

/// The log's key; made only where there is no log yet.
fn key(log: &EventLog) -> Result<LogKey> {
    let path = log.path("key");
    if let Some(key) = LogKey::read(&path)? {
        return Ok(key);
    }
    if log.path("checkpoint").exists() {
        return Err(Error::new(Kind::Store, "the event log's key is missing, and without it nothing can be logged or changed")
            .with("expected", path.display())
            .hint("put the file back from a backup of the store; docs/formats/log.md says how to begin another log"));
    }
    LogKey::make(&path).map_err(unwritable)
}

fn unwritable(error: Error) -> Error {
    error.about("the event log").hint("what cannot be logged is not done: nothing was changed")
}
