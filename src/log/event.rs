//! One event: what was about to be changed, by whom, and what it rests on.

use crate::artifact::Digest;
use crate::error::plain;
use jiff::Timestamp;

/// Longest line of an event, without its line feed, in bytes.
pub const MAX_LINE_BYTES: usize = 64 << 10;
/// Most subjects, and most pieces of evidence.
pub const MAX_ITEMS: usize = 256;
/// Longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 1000;
/// Longest name of an item, in bytes.
pub const MAX_NAME_BYTES: usize = 700;

/// What kinds of events this airlift writes. Readers take any word.
pub mod kind {
    /// The log begins; what the store held.
    pub const BEGIN: &str = "begin";
    /// A lock is held and its blobs are fetched.
    pub const FETCH: &str = "fetch";
    /// Volumes get their names.
    pub const PACK: &str = "pack";
    /// A signature goes into the volumes of a bundle.
    pub const SIGN: &str = "sign";
    /// A trust root that people typed the fingerprint of is accepted.
    pub const TRUST: &str = "trust";
    /// A root of another domain takes the place of the accepted one.
    pub const TRUST_RESET: &str = "trust-reset";
    /// A key counts no more.
    pub const REVOKE: &str = "revoke";
    /// The rules bundles are asked by change.
    pub const POLICY: &str = "policy";
    /// Somebody's decision about a bundle is kept.
    pub const APPROVE: &str = "approve";
    /// A bundle becomes a snapshot, and that the current one.
    pub const IMPORT: &str = "import";
    /// What is here of a bundle that is not all here is taken in; nothing is installed.
    pub const STAGE: &str = "stage";
    /// Blobs or the record of an installed bundle are put right.
    pub const RESTORE: &str = "restore";
    /// A bundle was refused; nothing is changed.
    pub const REFUSE: &str = "refuse";
    /// Another snapshot is served.
    pub const ROLLBACK: &str = "rollback";
    /// Blobs that nothing names are removed.
    pub const GC: &str = "gc";
    /// Damaged blobs are removed.
    pub const DISCARD: &str = "discard";
    /// A signed report is kept.
    pub const REPORT: &str = "report";
    /// Signed statements about vulnerabilities are kept.
    pub const VEX: &str = "vex";
    /// Statements that were kept are taken out again.
    pub const VEX_WITHDRAW: &str = "vex-withdraw";
    /// What is installed was listed, to be carried out.
    pub const INVENTORY: &str = "inventory";
    /// Blobs of bundles are brought together, to be packed again.
    pub const REPACK: &str = "repack";
    /// Another log's checkpoint is remembered.
    pub const WITNESS: &str = "witness";
    /// The name behind a pseudonym is erased.
    pub const ERASE: &str = "erase";
}

/// A thing an event is about or rests on: a word, a name, a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is: `bundle`, `lock`, `snapshot`, `root`, `key`, `blob`, `checkpoint`, `log`, `count`, `actor`.
    pub what: String,
    /// Its name or number.
    pub name: Option<String>,
    /// Its SHA-256.
    pub digest: Option<Digest>,
}

impl Item {
    /// Something with a name. Text from outside is made harmless and cut to what fits.
    pub fn named(what: &str, name: impl std::fmt::Display) -> Self {
        Self { what: what.to_owned(), name: Some(harmless(&name.to_string(), MAX_NAME_BYTES)), digest: None }
    }

    /// Something that has no name but its digest.
    pub fn of(what: &str, digest: Digest) -> Self {
        Self { what: what.to_owned(), name: None, digest: Some(digest) }
    }

    /// The same with its digest.
    #[must_use]
    pub fn digest(self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self }
    }
}

/// Plain text on one line, at most so many bytes.
pub(super) fn harmless(text: &str, most: usize) -> String {
    let mut text = plain(text).replace('\n', " ");
    while text.len() > most {
        text.pop();
    }
    text
}

/// What a step has to say; the log adds index, time, actor and the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// A word of [`kind`].
    pub kind: &'static str,
    /// What is changed.
    pub subjects: Vec<Item>,
    /// What the change rests on.
    pub evidence: Vec<Item>,
    /// A line for people.
    pub note: Option<String>,
}

impl Draft {
    /// An event about some things.
    pub fn new(kind: &'static str, subjects: Vec<Item>) -> Self {
        Self { kind, subjects, evidence: vec![], note: None }
    }

    /// The same with what it rests on.
    #[must_use]
    pub fn on(self, evidence: Vec<Item>) -> Self {
        Self { evidence, ..self }
    }

    /// The same with a line for people, made harmless.
    #[must_use]
    pub fn note(self, note: &str) -> Self {
        Self { note: Some(harmless(note, MAX_NOTE_BYTES)), ..self }
    }
}

/// The store's pointer as an event found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    /// The snapshot that was served.
    pub snapshot: u64,
    /// The highest that had been committed.
    pub highest: u64,
}

/// Whether the host's clock can be believed as far as the log knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// It is not behind what was logged before.
    Ok,
    /// It is behind an earlier event.
    Behind,
}

impl Clock {
    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Behind => "behind",
        }
    }
}

/// An event as it is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place, from 0.
    pub index: u64,
    /// The host's clock, in whole seconds.
    pub time: Timestamp,
    /// What is known of that clock.
    pub clock: Clock,
    /// The pseudonym of who did it.
    pub actor: String,
    /// A word, such as those of [`kind`].
    pub kind: String,
    /// What is changed.
    pub subjects: Vec<Item>,
    /// What the change rests on.
    pub evidence: Vec<Item>,
    /// A line for people.
    pub note: Option<String>,
    /// The store's pointer before the change; `None` where nothing had been imported.
    pub pointer: Option<Pointer>,
    /// Root of the tree of all events before this one.
    pub previous: Digest,
    /// What wrote it.
    pub tool: String,
}

impl Event {
    /// The first subject of a sort.
    pub fn subject(&self, what: &str) -> Option<&Item> {
        self.subjects.iter().find(|item| item.what == what)
    }
}
