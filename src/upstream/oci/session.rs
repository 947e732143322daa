//! Who we are to a registry: challenges answered once for a repository of an origin, logins looked up once, refusals told as they are.

use super::challenge::challenges;
use super::login::{self, Login};
use super::token::token;
use crate::error::{Error, Kind};
use crate::upstream::client::bounded;
use crate::upstream::failure::shown;
use crate::upstream::retry::retry_after;
use crate::upstream::{Credential, Failure, Upstream};
use http::{HeaderValue, StatusCode, header};
use reqwest::{Client, RequestBuilder, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::sync::Mutex as Turn;
use url::Url;

/// Longest error body that is read, in bytes.
const MOST_ERROR_BYTES: usize = 16 << 10;

/// A request that was not answered with what was asked for.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// The status, when there was an answer.
    pub status: Option<StatusCode>,
    /// The failure.
    pub failure: Failure,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { status: None, failure }
    }
}

/// What is sent along to one repository; replaced when the registry no longer takes it.
#[derive(Default)]
struct Access {
    generation: u64,
    header: Option<HeaderValue>,
}

/// By origin and repository.
type AccessByPlace = BTreeMap<(String, String), Arc<Turn<Access>>>;

/// All access obtained in a run: in memory only, by origin and repository.
#[derive(Default)]
pub struct Sessions {
    access: Mutex<AccessByPlace>,
    logins: Turn<BTreeMap<String, Option<Login>>>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions(hidden)")
    }
}

impl Sessions {
    fn access(&self, url: &Url, repository: &str) -> Arc<Turn<Access>> {
        let key = (url.origin().ascii_serialization(), repository.to_owned());
        self.access.lock().expect("no holder of this lock panics").entry(key).or_default().clone()
    }
}

/// Sends a request for a repository of the registry at `url`, answering one challenge. Many requests at once get one token between them.
pub(super) async fn send(
    upstream: &Upstream,
    url: &Url,
    repository: &str,
    request: impl Fn(&Client) -> RequestBuilder + Send + Sync,
) -> std::result::Result<Response, Refused> {
    let access = upstream.sessions().access(url, repository);
    let (generation, sent) = {
        let access = access.lock().await;
        (access.generation, access.header.clone())
    };
    let response = once(url, authorized(request(upstream.client()), sent)).await?;
    // A storage host that a blob was redirected to has no say in where a registry's login goes.
    let own = response.url().origin() == url.origin();
    if response.status() != StatusCode::UNAUTHORIZED || !own {
        return told(upstream, url, repository, check(url, response).await).await;
    }
    let fresh = {
        let mut access = access.lock().await;
        if access.generation == generation {
            access.header = Some(negotiate(upstream, url, repository, response).await?);
            access.generation += 1;
        }
        access.header.clone()
    };
    let response = once(url, authorized(request(upstream.client()), fresh)).await?;
    told(upstream, url, repository, check(url, response).await).await
}

/// A refusal after all, with the login that was used or missed.
async fn told(
    upstream: &Upstream,
    url: &Url,
    repository: &str,
    answer: std::result::Result<Response, Refused>,
) -> std::result::Result<Response, Refused> {
    match answer {
        Err(Refused { status: Some(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)), failure }) => {
            let login = login(upstream, url, repository).await?;
            let why = if status == StatusCode::FORBIDDEN { "the registry does not allow it" } else { "the registry does not take it" };
            Err(Refused { status: Some(status), failure: explained(failure, login.as_ref(), why) })
        }
        other => other,
    }
}

fn authorized(request: RequestBuilder, access: Option<HeaderValue>) -> RequestBuilder {
    match access {
        Some(value) => request.header(header::AUTHORIZATION, value),
        None => request,
    }
}

/// One request, without judging its answer.
pub(super) async fn once(url: &Url, request: RequestBuilder) -> std::result::Result<Response, Failure> {
    request.send().await.map_err(|e| {
        let mut failure = Failure::of_request(url, &e);
        if e.is_connect() && url.scheme() == "https" && url.port().is_some() {
            failure.error = failure
                .error
                .hint("if this registry speaks plain HTTP, name it in `plain-http` where the section has it, or with --plain-http");
        }
        failure
    })
}

/// Success, or the refusal with what the registry says about it (distribution specification, "Error codes").
pub(super) async fn check(url: &Url, response: Response) -> std::result::Result<Response, Refused> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let mut failure = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => denied(url, status),
        _ => Failure::of_status(url, status, retry_after(response.headers())),
    };
    if let Some(said) = said(url, response).await {
        failure.error = failure.error.with("answer", said);
    }
    Err(Refused { status: Some(status), failure })
}

fn denied(url: &Url, status: StatusCode) -> Failure {
    Failure::permanent(Error::new(Kind::Upstream, format!("{}: the server answered {status}", shown(url))))
}

async fn said(url: &Url, response: Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    #[derive(Deserialize)]
    struct Details {
        #[serde(alias = "details", alias = "error_description", alias = "error")]
        message: String,
    }
    let bytes = bounded(url, response, MOST_ERROR_BYTES).await.ok()?;
    if let Ok(Errors { errors }) = serde_json::from_slice(&bytes) {
        let first = errors.first()?;
        return Some(format!("{:.60} {:.300}", first.code, first.message));
    }
    serde_json::from_slice::<Details>(&bytes).ok().map(|d| format!("{:.300}", d.message))
}

/// Answers a challenge: the value of the `Authorization` header to send from now on.
async fn negotiate(upstream: &Upstream, url: &Url, repository: &str, response: Response) -> std::result::Result<HeaderValue, Refused> {
    let offered = challenges(response.headers());
    let find = |scheme: &str| offered.iter().find(|c| c.scheme == scheme);
    if let Some(Credential::Bearer(token)) = upstream.settings().credentials.for_url(url) {
        return value(&format!("Bearer {token}"));
    }
    let login = login(upstream, url, repository).await?;
    if let Some(bearer) = find("bearer").filter(|c| c.parameters.contains_key("realm")) {
        return token(upstream, url, repository, bearer, login.as_ref()).await;
    }
    let refused = || denied(url, StatusCode::UNAUTHORIZED);
    match (find("basic"), &login) {
        (Some(_), Some(Login::Basic(name, password, _))) => value(&basic(name, password)),
        (Some(_), Some(Login::Refresh(..))) => {
            Err(explained(refused(), login.as_ref(), "the registry wants user name and password").into())
        }
        (Some(_), None) => Err(explained(refused(), None, "the registry wants a login").into()),
        (None, _) => match check(url, response).await {
            Err(refused) => Err(refused),
            Ok(_) => Err(refused().into()),
        },
    }
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", data_encoding::BASE64.encode(format!("{name}:{password}").as_bytes()))
}

/// A secret as a header value, kept out of debug output.
pub(super) fn value(text: &str) -> std::result::Result<HeaderValue, Refused> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|e| Failure::permanent(Error::new(Kind::Upstream, "a registry token has characters no header may have").because(&e)))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A refusal with what was tried; never with a secret.
pub(super) fn explained(mut failure: Failure, login: Option<&Login>, why: &'static str) -> Failure {
    failure.error = failure.error.with("reason", why);
    failure.error = match login {
        Some(login) => failure
            .error
            .with("login", format!("from {}", login.place()))
            .hint("log in again with docker login or podman login, or check what the account may pull"),
        None => failure.error.with("login", "none found").hint("log in with docker login or podman login, as the user who runs airlift"),
    };
    failure
}

/// The login for a registry: what was given to airlift itself, else what docker and podman have; looked up once.
async fn login(upstream: &Upstream, url: &Url, repository: &str) -> std::result::Result<Option<Login>, Refused> {
    if let Some(Credential::Basic { username, password }) = upstream.settings().credentials.for_url(url) {
        return Ok(Some(Login::Basic(username.clone(), password.clone(), "the netrc file or settings".into())));
    }
    let name = format!("{}/{repository}", registry_name(url));
    let mut known = upstream.sessions().logins.lock().await;
    if let Some(login) = known.get(&name) {
        return Ok(login.clone());
    }
    let login = login::find(upstream.settings().login_files.clone(), name.clone()).await.map_err(Failure::permanent)?;
    known.insert(name, login.clone());
    Ok(login)
}

/// The registry's name in login files: host and port, and `docker.io` for Docker Hub's own host.
fn registry_name(url: &Url) -> String {
    match (url.host_str().unwrap_or_default(), url.port()) {
        ("registry-1.docker.io" | "index.docker.io", None) => "docker.io".to_owned(),
        (host, None) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    }
}
