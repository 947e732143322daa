//! The one public error: what kind it is, which thing it is about, what was expected and found, and what to do next.
//!
//! Every module returns [`Error`]; the kind alone decides the process exit code (`docs/cli.md`, "Exit codes"). The message names
//! the artifact or file, `context` lines carry the evidence (expected, found, looked in), `hints` say the next step. Text that came
//! from outside is escaped when it is shown, never when it is stored. This module depends on nothing else of ours.

use std::fmt;

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, as far as a caller or a script may want to branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Anything that fits no other kind: an input/output error, a failed request.
    Failed,
    /// The command line or a manifest is wrong.
    Usage,
    /// Something that is needed is not here yet: a volume, a blob, a signature still to be made.
    Incomplete,
    /// Bytes, digests, signatures or structure are not what was signed.
    Verification,
    /// Authentic, but refused by a rule of the receiver: replay, rollback, fork.
    Policy,
    /// An upstream cannot be reached or refuses to answer.
    Upstream,
    /// The store is locked by another process, or damaged.
    Store,
    /// No space left, a read-only medium, no right to write, a file too large for the file system.
    Space,
    /// Stopped by the user.
    Interrupted,
}

impl Kind {
    /// All of them, by exit code.
    pub const ALL: [Self; 9] = [
        Self::Failed,
        Self::Usage,
        Self::Incomplete,
        Self::Verification,
        Self::Policy,
        Self::Upstream,
        Self::Store,
        Self::Space,
        Self::Interrupted,
    ];

    /// What the kind means, in a line for people.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Failed => "anything else, such as an input/output error",
            Self::Usage => "the command line, a manifest or a key is wrong",
            Self::Incomplete => "something is not here yet: a volume, a blob, a store",
            Self::Verification => "bytes, digests or signatures are not what was signed or locked",
            Self::Policy => "authentic, but refused by a rule: older than what is installed, a fork, a limit",
            Self::Upstream => "an upstream cannot be reached or refuses",
            Self::Store => "the store is being changed by another airlift, or is damaged",
            Self::Space => "no space left, a place that cannot be written to, a file too large for its file system",
            Self::Interrupted => "stopped by Ctrl-C; nothing is half done: run the same command again",
        }
    }

    /// The process exit code; never renumbered.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Verification => 4,
            Self::Policy => 5,
            Self::Upstream => 6,
            Self::Store => 7,
            Self::Space => 8,
            Self::Interrupted => 130,
        }
    }

    /// The kind's name in `--json` output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Incomplete => "incomplete",
            Self::Verification => "verification",
            Self::Policy => "policy",
            Self::Upstream => "upstream",
            Self::Store => "store",
            Self::Space => "space",
            Self::Interrupted => "interrupted",
        }
    }
}

/// An error with its evidence and its next step.
#[derive(Debug, Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Debug, Clone)]
struct Inner {
    kind: Kind,
    message: String,
    context: Vec<(&'static str, String)>,
    causes: Vec<String>,
    hints: Vec<String>,
}

impl Error {
    /// A new error; the message is lower case, without a period, and names the thing it is about.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { inner: Box::new(Inner { kind, message: message.into(), context: vec![], causes: vec![], hints: vec![] }) }
    }

    /// Shorthand for [`Kind::Failed`].
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// Shorthand for [`Kind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Shorthand for [`Kind::Verification`].
    pub fn verification(message: impl Into<String>) -> Self {
        Self::new(Kind::Verification, message)
    }

    /// An input/output error about a named thing; the kind follows from the operating system's code.
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let made = Self::new(io_kind(error), what.to_string()).because(error);
        match error.kind() {
            Io::ReadOnlyFilesystem => made.hint("it can only be read: choose another place, or mount it for writing"),
            Io::FileTooLarge => {
                made.hint("files may not be that long there: choose another place, or a smaller --volume-size for a bundle")
            }
            _ if made.kind() == Kind::Space => {
                made.hint("free space or choose another place; nothing that was finished is lost, run the command again")
            }
            _ => made,
        }
    }

    /// The same where something was to be written: a place that the account may not write to is no place to write, [`Kind::Space`].
    pub fn unwritten(what: impl fmt::Display, error: &std::io::Error) -> Self {
        let made = Self::io(what, error);
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                made.of_kind(Kind::Space).hint("this account may not write there: choose another place, or have it given the right")
            }
            _ => made,
        }
    }

    /// Adds a line of evidence, such as `expected` or `found`.
    #[must_use]
    pub fn with(mut self, label: &'static str, value: impl fmt::Display) -> Self {
        self.inner.context.push((label, value.to_string()));
        self
    }

    /// Adds a line of evidence for each of several values.
    #[must_use]
    pub fn with_all(self, label: &'static str, values: &[String]) -> Self {
        values.iter().fold(self, |error, value| error.with(label, value))
    }

    /// Adds the cause beneath the message, and the causes beneath that one.
    #[must_use]
    pub fn because(mut self, cause: &(dyn std::error::Error + '_)) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            let text = error.to_string();
            if self.inner.causes.last() != Some(&text) {
                self.inner.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.inner.hints.push(hint.into());
        self
    }

    /// Puts the thing the error is about in front of the message, unless it is there already.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        let subject = format!("{subject}: ");
        if !self.inner.message.starts_with(&subject) {
            self.inner.message.insert_str(0, &subject);
        }
        self
    }

    /// The same error under another kind.
    #[must_use]
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.inner.kind = kind;
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The first line.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The lines of evidence, in the order they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.inner.context
    }

    /// The chain of causes, nearest first.
    pub fn causes(&self) -> &[String] {
        &self.inner.causes
    }

    /// The next steps.
    pub fn hints(&self) -> &[String] {
        &self.inner.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&indented(&self.inner.message))?;
        for cause in &self.inner.causes {
            write!(f, "\n  caused by: {}", indented(&shortened(cause)))?;
        }
        for (label, value) in &self.inner.context {
            write!(f, "\n  {label:<10} {}", indented(value))?;
        }
        for hint in &self.inner.hints {
            write!(f, "\n  hint: {}", indented(hint))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

fn io_kind(error: &std::io::Error) -> Kind {
    use std::io::ErrorKind as Io;
    match error.kind() {
        Io::StorageFull | Io::QuotaExceeded | Io::ReadOnlyFilesystem | Io::FileTooLarge => Kind::Space,
        Io::Interrupted => Kind::Interrupted,
        _ => Kind::Failed,
    }
}

/// Longest cause that is shown, in characters.
const LONGEST_CAUSE: usize = 500;

fn shortened(cause: &str) -> String {
    match cause.char_indices().nth(LONGEST_CAUSE) {
        Some((end, _)) => format!("{}…", &cause[..end]),
        None => cause.to_owned(),
    }
}

/// Harmless text whose further lines cannot be taken for lines of ours, which begin at the left.
fn indented(text: &str) -> String {
    plain(text).replace('\n', "\n    ")
}

/// A path for a message: harmless, and on one line whatever a file is called.
pub fn shown(path: &std::path::Path) -> String {
    plain(&path.display().to_string()).replace('\n', "\\u{a}")
}

/// Text from outside made harmless for a terminal: control and bidirectional characters are shown as escapes, so that a name in a
/// hostile bundle cannot repaint the screen. Line feeds stay: multi-line explanations are ours or a resolver's.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let bidi = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\n') || bidi {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
