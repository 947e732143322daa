//! What can go wrong, in the words of uv where uv knows best.

mod classify;
mod text;

use std::error::Error;
use std::fmt;

pub(crate) use classify::{kind_of_status, of_client_build, of_resolve};
pub(crate) use text::{in_our_words, plain, redact};

/// Why nothing came out. The message is complete: it says which requirement, index or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort of failure it is.
    pub kind: FailureKind,
    /// One or more lines without colours or credentials; a conflict is uv's own explanation.
    pub message: String,
    /// What may help, each one sentence.
    pub hints: Vec<String>,
}

/// The sorts of failure that a caller treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The requirements contradict each other, or nothing suits the target.
    Unsatisfiable,
    /// No index has the project.
    NotFound,
    /// An index did not answer, or answered 5xx or 429 to the last; or the cache does not hold
    /// what an offline resolution needs.
    Unreachable,
    /// An index answered 401 or 403.
    Denied,
    /// An index or a lock file says something that cannot be used.
    Malformed,
    /// A file has none of the digests that the requirements allow.
    Mismatch,
    /// The request needs what is refused here: a build, git, a local path.
    Refused,
    /// The request itself is wrong: a requirement, a URL, a date, a file it names.
    Invalid,
    /// The cache directory cannot be read or written.
    Storage,
}

impl Failure {
    /// A failure with this message, cleaned of colours and credentials.
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: redact(&plain(&message.into())), hints: Vec::new() }
    }

    /// A failure whose message is the error followed by its causes.
    pub(crate) fn from_error(kind: FailureKind, error: &(dyn Error + 'static)) -> Self {
        Self::new(kind, chain(error))
    }

    /// The same with one more hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = redact(&plain(&hint.into()));
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
        self
    }

    /// The same with those of uv's hints that help here.
    pub(crate) fn uv_hints(self, hints: uv_errors::Hints<'_>) -> Self {
        let hints = hints.into_iter().filter_map(|hint| in_our_words(&plain(&hint)));
        hints.fold(self, Self::hint)
    }

    /// The same with every occurrence of these secrets blotted out.
    pub(crate) fn without(mut self, secrets: &[String]) -> Self {
        let blot = |text: &str| secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "****"));
        self.message = blot(&self.message);
        self.hints = self.hints.iter().map(|hint| blot(hint)).collect();
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// `error: cause: cause`, without a cause that its parent has already printed.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}
