//! The resolver's failures as errors: its explanation word for word, under the kind that decides the exit code.

use crate::error::{Error, Kind};
use airlift_python_resolve::{Failure, FailureKind};

/// The failure as an error.
pub fn error(failure: &Failure) -> Error {
    let (kind, what) = match failure.kind {
        FailureKind::Unsatisfiable => (Kind::Usage, "the requirements are unsatisfiable"),
        FailureKind::NotFound => (Kind::Usage, "a package is on none of the indexes"),
        FailureKind::Invalid => (Kind::Usage, "what is asked is not valid"),
        FailureKind::Refused => (Kind::Usage, "what is asked is refused"),
        FailureKind::Mismatch => (Kind::Verification, "a file does not have the digest that is asked for"),
        FailureKind::Unreachable => (Kind::Upstream, "an index did not answer"),
        FailureKind::Denied => (Kind::Upstream, "an index refuses access"),
        FailureKind::Malformed => (Kind::Upstream, "an index or a lock file says something that cannot be used"),
        FailureKind::Storage => (Kind::Failed, "the resolver's cache cannot be used"),
    };
    let made = Error::new(kind, what).because(failure);
    let made = failure.hints.iter().fold(made, |made, hint| made.hint(hint.clone()));
    match failure.kind {
        FailureKind::Unsatisfiable if failure.message.contains("no usable wheels") => {
            made.hint("to carry source distributions that have static metadata, add to the section: sdists = \"carry\"")
        }
        FailureKind::Denied => made.hint("put the credentials for the index into the netrc file: machine HOST login NAME password TOKEN"),
        FailureKind::Unreachable => made.hint("run the command again; what was learned so far is kept"),
        FailureKind::NotFound => made.hint("check the spelling; a private package needs its index under [[python.NAME.indexes]]"),
        _ => made,
    }
}
