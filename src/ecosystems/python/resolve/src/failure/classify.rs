//! uv's errors, sorted into our kinds.

use std::error::Error;

use uv_client::ErrorKind;
use uv_distribution_types::{DerivationChain, IndexCapabilities, IndexLocations};
use uv_errors::Hint;
use uv_resolver::{NoSolutionError, ResolveError};

use super::{Failure, FailureKind, chain};
use crate::limits::TOO_MUCH;
use crate::provider::{Notes, TOO_MANY};

/// What a failed resolution means, given what was seen while it ran.
pub(crate) fn of_resolve(error: &ResolveError, notes: &Notes, locations: &IndexLocations, capabilities: &IndexCapabilities) -> Failure {
    let kind = match error {
        ResolveError::NoSolution(conflict) => {
            return of_conflict(conflict, notes, locations, capabilities);
        }
        other => kind_of_resolve(other),
    };
    let failure = match error {
        ResolveError::UnhashedPackage(name) => {
            let message = format!("{name} is needed, but no requirement pins it with == and a hash");
            Failure::new(kind, message).hint("every package must have a hash where one is required")
        }
        _ => Failure::from_error(kind, error).uv_hints(error.hints()),
    };
    derivation(error).into_iter().fold(failure, Failure::hint)
}

/// A client that could not be set up.
pub(crate) fn of_client_build(error: &(dyn Error + 'static)) -> Failure {
    Failure::from_error(FailureKind::Invalid, error)
}

fn of_conflict(conflict: &NoSolutionError, notes: &Notes, locations: &IndexLocations, capabilities: &IndexCapabilities) -> Failure {
    let denied =
        locations.allowed_indexes().into_iter().any(|index| capabilities.unauthorized(index.url()) || capabilities.forbidden(index.url()));
    let missing = conflict.packages().any(|name| notes.missing(name));
    let kind = if conflict.packages().any(|name| notes.offline(name)) {
        FailureKind::Unreachable
    } else if missing && denied {
        FailureKind::Denied
    } else if missing {
        FailureKind::NotFound
    } else {
        FailureKind::Unsatisfiable
    };
    Failure::new(kind, conflict.report()).uv_hints(conflict.hints())
}

fn kind_of_resolve(error: &ResolveError) -> FailureKind {
    match error {
        ResolveError::Dependencies(inner, ..) => kind_of_resolve(inner),
        ResolveError::Client(error) => kind_of_client(error),
        ResolveError::Distribution(error) => kind_of_distribution(error),
        ResolveError::Dist(.., error) => kind_of_distribution(error),
        ResolveError::DisallowedUrl { .. } => FailureKind::Refused,
        ResolveError::ConflictingUrls { .. }
        | ResolveError::ConflictingIndexesForEnvironment { .. }
        | ResolveError::ConflictingIndexes(..)
        | ResolveError::UnhashedPackage(_) => FailureKind::Invalid,
        ResolveError::PackageUnavailable(_) => FailureKind::NotFound,
        _ => FailureKind::Malformed,
    }
}

fn kind_of_client(error: &uv_client::Error) -> FailureKind {
    if let ErrorKind::Io(error) = error.kind()
        && let Some(ours) = error.get_ref().and_then(|error| error.downcast_ref::<Failure>())
    {
        return ours.kind;
    }
    let text = chain(error);
    if text.contains(TOO_MUCH) || text.contains(TOO_MANY) {
        return FailureKind::Malformed;
    }
    match error.kind() {
        ErrorKind::WrappedReqwestError(_, error) => kind_of_status(error.status()),
        ErrorKind::Offline(_) | ErrorKind::NoIndex(_) => FailureKind::Unreachable,
        ErrorKind::RemotePackageNotFound(_) => FailureKind::NotFound,
        ErrorKind::CacheWrite(_) | ErrorKind::CacheLock(_) | ErrorKind::Io(_) | ErrorKind::Encode(_) | ErrorKind::ArchiveWrite(_) => {
            FailureKind::Storage
        }
        ErrorKind::Git(_) | ErrorKind::NonFileUrl(_) => FailureKind::Refused,
        _ => FailureKind::Malformed,
    }
}

pub(crate) fn kind_of_status(status: Option<http::StatusCode>) -> FailureKind {
    match status.map(|status| status.as_u16()) {
        Some(401 | 403) => FailureKind::Denied,
        Some(404 | 410) => FailureKind::NotFound,
        _ => FailureKind::Unreachable,
    }
}

fn kind_of_distribution(error: &uv_distribution::Error) -> FailureKind {
    use uv_distribution::Error;
    match error {
        Error::NoBuild | Error::NoBuildPackage(_) | Error::Build(_) | Error::Git(_) => FailureKind::Refused,
        Error::Client(error) => kind_of_client(error),
        Error::Reqwest(error) => kind_of_status(error.status()),
        Error::ReqwestMiddlewareError(_) => FailureKind::Unreachable,
        Error::MismatchedHashes { .. }
        | Error::MismatchedSize { .. }
        | Error::MissingHashes { .. }
        | Error::MissingActualHashes { .. }
        | Error::MissingExpectedHashes { .. } => FailureKind::Mismatch,
        Error::CacheRead(_) | Error::CacheWrite(_) | Error::CacheLock(_) | Error::CacheWalk(_) | Error::CacheEncode(_) => {
            FailureKind::Storage
        }
        Error::NotFound(_) => FailureKind::NotFound,
        _ => FailureKind::Malformed,
    }
}

/// Why the package that failed was needed at all.
fn derivation(error: &ResolveError) -> Option<String> {
    let (name, chain): (String, &DerivationChain) = match error {
        ResolveError::Dependencies(_, name, version, chain) => (format!("{name} {version}"), chain),
        ResolveError::Dist(_, dist, chain, _) => (dist.to_string(), chain),
        _ => return None,
    };
    let mut steps = chain.iter().map(|step| match &step.version {
        Some(version) => format!("{} {version}", step.name),
        None => step.name.to_string(),
    });
    let first = steps.next()?;
    let path = steps.fold(first, |path, step| format!("{path}, which needs {step}"));
    Some(format!("{name} is needed by {path}"))
}
