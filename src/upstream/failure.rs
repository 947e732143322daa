//! What can go wrong on the network, and whether asking again can help.

use crate::error::{Error, Kind};
use http::StatusCode;
use std::fmt;
use std::time::Duration;

/// A failed request.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What happened, for people.
    pub error: Error,
    /// Whether another attempt can succeed: a time-out, a cut connection, 408, 429 or a server error.
    pub transient: bool,
    /// How long the server asked to wait (`Retry-After`, RFC 9110, section 10.2.3).
    pub wait: Option<Duration>,
    /// The status of the answer, when there was one.
    pub status: Option<StatusCode>,
}

impl Failure {
    /// Asking again will not help.
    pub fn permanent(error: Error) -> Self {
        Self { error, transient: false, wait: None, status: None }
    }

    /// Asking again may help.
    pub fn transient(error: Error) -> Self {
        Self { error, transient: true, wait: None, status: None }
    }

    /// An answer that is not to be used, whatever its status says; asking the same again will not help.
    pub(super) fn of_answer(error: Error, status: StatusCode) -> Self {
        Self { status: Some(status), ..Self::permanent(error) }
    }

    /// The failure of a request that brought no answer, or broke off while its body was read.
    pub fn of_request(url: &url::Url, error: &reqwest::Error) -> Self {
        let shown = shown(url);
        let what = match () {
            () if error.is_timeout() => format!("{shown}: no answer in time"),
            () if error.is_connect() => format!("{shown}: cannot connect"),
            () if error.is_redirect() => format!("{shown}: redirected where it must not go"),
            () if error.is_body() || error.is_decode() => format!("{shown}: the connection broke off"),
            () => format!("{shown}: the request failed"),
        };
        let made = Error::new(Kind::Upstream, what).because(&ShortCause(error));
        if error.is_redirect() || error.is_builder() { Self::permanent(made) } else { Self::transient(made) }
    }

    /// The same for a request with a login: who asks is known then, so that a 403 speaks of the account.
    pub(super) fn of_status_with_login(url: &url::Url, status: StatusCode, wait: Option<Duration>) -> Self {
        let mut failure = Self::of_status(url, status, wait);
        if status == StatusCode::FORBIDDEN {
            let message = failure.error.message().to_owned();
            failure.error = Error::new(Kind::Upstream, message).hint("the server knows who asks and refuses; check the account's rights");
        }
        failure
    }

    /// The failure a status code stands for.
    pub fn of_status(url: &url::Url, status: StatusCode, wait: Option<Duration>) -> Self {
        let error = Error::new(Kind::Upstream, format!("{}: the server answered {status}", shown(url)));
        let transient = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
        let error = match status.as_u16() {
            401 => error
                .hint("credentials are missing or wrong: put them in the netrc file, or the registry's in the docker or podman login file"),
            403 => error.hint("the server refuses: it may want a login (of the netrc file, or of docker or podman for a registry), or the account lacks the right"),
            404 | 410 => error.hint("it does not exist there; check name and version"),
            429 => error.hint("the server limits requests; wait, or use fewer with --parallel"),
            _ => error,
        };
        Self { error, transient, wait, status: Some(status) }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// A URL as it may be shown: without user, password, query and fragment, any of which may hold a secret.
pub fn shown(url: &url::Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// reqwest repeats the URL, query included, in its text: only the causes beneath it are shown.
#[derive(Debug)]
struct ShortCause<'a>(&'a reqwest::Error);

impl fmt::Display for ShortCause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut deepest: &dyn std::error::Error = self.0;
        while let Some(next) = deepest.source() {
            deepest = next;
        }
        match std::ptr::eq(std::ptr::from_ref(deepest).cast::<()>(), std::ptr::from_ref(self.0).cast::<()>()) {
            true => f.write_str("no further detail"),
            false => fmt::Display::fmt(deepest, f),
        }
    }
}

impl std::error::Error for ShortCause<'_> {}
