//! Credentials, put into each request for their own origin and into no other.
//!
//! uv has a middleware for this that also looks into places of its own: a store of credentials
//! below the home directory, a keyring, netrc. Here only what the caller gives is known.

use std::fmt;
use std::sync::Arc;

use http::{Extensions, HeaderValue, header::AUTHORIZATION};
use reqwest::Request;
use reqwest_middleware::Next;
use url::{Origin, Url};
use uv_auth::Credentials;

use crate::limits::Sent;

/// User name and password (or token) for a URL, from wherever the caller keeps them; to be sent
/// to that URL alone.
#[derive(Clone)]
pub struct Login(pub Arc<FindLogin>);

/// From a URL to user name and password.
pub type FindLogin = dyn Fn(&Url) -> Option<(String, String)> + Send + Sync;

impl Login {
    /// Knows nothing.
    pub fn none() -> Self {
        Self(Arc::new(|_| None))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// A middleware that sees every request, also those that follow a redirect.
pub(crate) fn authorise(
    indexes: Vec<(Origin, Credentials)>,
    login: Login,
) -> impl for<'a> Fn(Request, &'a mut Extensions, Next<'a>) -> Sent<'a> + Send + Sync + 'static {
    move |mut request, extensions, next| {
        if let Some(header) = header(request.url(), &indexes, &login) {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        Box::pin(async move { next.run(request, extensions).await })
    }
}

fn header(url: &Url, indexes: &[(Origin, Credentials)], login: &Login) -> Option<HeaderValue> {
    let origin = url.origin();
    if let Some((_, credentials)) = indexes.iter().find(|(of, _)| *of == origin) {
        return Some(credentials.to_header_value());
    }
    let (username, password) = (login.0)(url)?;
    Some(Credentials::basic(Some(username), Some(password)).to_header_value())
}
