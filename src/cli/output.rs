//! All output: data on stdout, talk and errors on stderr.

use super::interrupt::Stoppable;
use super::reporting;
use crate::error::{Error, Result, plain};
use crate::progress::Progress;
use serde_json::{Value, json};
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where a command's words go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    /// Output as the global flags ask for it.
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Whether `--json` was given.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether `--quiet` was given.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Data: one JSON document with `--json`, else the text. A closed pipe is an error that `main` takes for success.
    pub fn data(&self, document: &Value, text: &str) -> Result<()> {
        let mut stdout = std::io::stdout().lock();
        let document = if self.json { format!("{document}\n") } else { String::new() };
        let written = stdout.write_all(if self.json { &document } else { text }.as_bytes());
        written.and_then(|()| stdout.flush()).map_err(|e| unwritable(&e))
    }

    /// Text that is data by itself, whatever the flags.
    pub fn raw(&self, text: &str) -> Result<()> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|e| unwritable(&e))
    }

    /// One line of talk.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.quiet && !self.json {
            tell(plain(line.as_ref()));
        }
    }

    /// A line that is worth telling while work goes on; an event with `--json`.
    pub fn note(&self, line: &str) {
        match self.json {
            true => tell(json!({ "event": "note", "message": plain(line) }).to_string()),
            false => self.say(line),
        }
    }

    /// A line that `--quiet` does not hide: a warning.
    pub fn warn(&self, line: impl AsRef<str>) {
        let line = plain(line.as_ref());
        tell(if self.json { json!({ "warning": line }).to_string() } else { format!("warning: {line}") });
    }

    /// An error, with its evidence and next steps.
    pub fn error(&self, error: &Error) {
        tell(if self.json { as_json(error).to_string() } else { format!("error: {error}") });
    }

    /// Progress as the place allows it: bars on a terminal, a line now and then elsewhere, events with `--json`.
    pub fn progress(&self) -> Arc<dyn Progress> {
        let shown: Arc<dyn Progress> = match () {
            () if self.json => Arc::new(reporting::Events::default()),
            () if self.quiet => crate::progress::silent(),
            () if std::io::stderr().is_terminal() => Arc::new(reporting::Bars::default()),
            () => Arc::new(reporting::Lines::default()),
        };
        Arc::new(Stoppable::new(shown))
    }
}

/// A line on stderr, in one piece: other threads and programs write there too. Where nobody reads it, nothing can be done.
pub fn tell(mut line: String) {
    line.push('\n');
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn as_json(error: &Error) -> Value {
    let context: serde_json::Map<String, Value> =
        error.context().iter().map(|(label, value)| ((*label).to_owned(), json!(value))).collect();
    json!({ "error": {
        "kind": error.kind().name(),
        "exit": error.kind().exit_code(),
        "message": error.message(),
        "causes": error.causes(),
        "context": context,
        "hints": error.hints(),
    } })
}

const UNWRITABLE: &str = "standard output cannot be written";
static READER_IS_GONE: AtomicBool = AtomicBool::new(false);

/// The error of standard output that cannot be written; one that nobody reads any more is no error to `main`.
pub fn unwritable(error: &std::io::Error) -> Error {
    READER_IS_GONE.store(error.kind() == ErrorKind::BrokenPipe, Ordering::Relaxed);
    Error::io(UNWRITABLE, error)
}

/// Whether a command ended only because nobody reads its output any more.
pub fn is_closed_pipe(error: &Error) -> bool {
    error.message() == UNWRITABLE && READER_IS_GONE.load(Ordering::Relaxed)
}
