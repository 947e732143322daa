//! The one HTTP client.

use super::failure::shown;
use super::oci::Sessions;
use super::part::receive;
use super::retry::retry_after;
use super::{Backoff, Body, Credential, Credentials, Failure, Notice, Part};
use crate::error::{Error, Kind, Result};
use futures::StreamExt;
use http::{HeaderMap, StatusCode, header};
use reqwest::{RequestBuilder, Response};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How the connected side behaves on the network.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Credentials by origin.
    pub credentials: Credentials,
    /// Certificate authorities to trust besides the system's (PEM).
    pub extra_roots: Vec<Vec<u8>>,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the next bytes.
    pub read_timeout: Duration,
    /// Attempts in a row without progress.
    pub attempts: u32,
    /// First pause after a failure; doubles each time.
    pub pause: Duration,
    /// Longest body that is downloaded to learn its digest, in bytes: an upstream that tells no length may never end.
    pub most_learned: u64,
    /// Longest part of a body that is asked for at a time, in bytes: storages that refuse to send a very large file whole give its
    /// parts. Larger blobs are fetched part after part.
    pub piece: u64,
    /// Where to tell of a long wait.
    pub notice: Notice,
    /// Registries, channels, indexes and repositories that may be asked over plain HTTP, as `host:port`.
    pub plain_http: Vec<String>,
    /// Files in which docker and podman keep registry logins, in the order they are asked (`oci::login_files`).
    pub login_files: Vec<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            credentials: Credentials::default(),
            extra_roots: vec![],
            connect_timeout: Duration::from_secs(20),
            read_timeout: Duration::from_secs(60),
            attempts: 6,
            pause: Duration::from_millis(500),
            most_learned: 100_000_000_000,
            piece: 16 << 30,
            notice: Notice::default(),
            plain_http: vec![],
            login_files: vec![],
        }
    }
}

/// What a HEAD request tells.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// `Content-Length`.
    pub size: Option<u64>,
    /// The answer's headers.
    pub headers: HeaderMap,
}

/// The door to the network.
#[derive(Debug, Clone)]
pub struct Upstream {
    client: reqwest::Client,
    settings: Settings,
    sessions: Arc<Sessions>,
}

/// Most redirects followed for one request.
const MOST_REDIRECTS: usize = 10;

impl Upstream {
    /// Builds the client; proxies and `SSL_CERT_FILE` are honoured by the TLS and HTTP libraries themselves.
    pub fn new(settings: Settings) -> Result<Self> {
        let redirects = reqwest::redirect::Policy::custom(|attempt| {
            let downgraded = attempt.url().scheme() == "http" && attempt.previous().iter().any(|u| u.scheme() == "https");
            match () {
                () if downgraded => attempt.error("a redirect from https to http is not followed"),
                () if attempt.previous().len() > MOST_REDIRECTS => attempt.error("too many redirects"),
                () => attempt.follow(),
            }
        });
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("airlift/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout)
            .redirect(redirects);
        for pem in &settings.extra_roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem);
            for root in roots.map_err(|e| Error::usage("the certificate authority file cannot be read").because(&e))? {
                builder = builder.add_root_certificate(root);
            }
        }
        let client = builder.build().map_err(|e| Error::failed("the HTTP client cannot be set up").because(&e))?;
        Ok(Self { client, settings, sessions: Arc::default() })
    }

    /// The client itself, for a resolver library that makes its own requests.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The settings the door was opened with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What was agreed with registries so far.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// A fresh count of attempts.
    pub fn backoff(&self) -> Backoff {
        Backoff::new(self.settings.attempts, self.settings.pause).telling(self.settings.notice.clone())
    }

    /// A small document, retried, and refused as soon as it grows past `most` bytes.
    pub async fn document(&self, url: &Url, accept: &str, most: usize) -> Result<(HeaderMap, Vec<u8>)> {
        self.backoff().run(|| self.document_once(url, accept, most)).await
    }

    /// One attempt at [`Self::document`], whose failure tells the status.
    pub async fn document_once(&self, url: &Url, accept: &str, most: usize) -> std::result::Result<(HeaderMap, Vec<u8>), Failure> {
        let response = self.send(url, self.client.get(url.clone()).header(header::ACCEPT, accept)).await?;
        let headers = response.headers().clone();
        Ok((headers, bounded(url, response, most).await?))
    }

    /// What the server says of a URL without sending its body.
    pub async fn head(&self, url: &Url) -> Result<Head> {
        self.backoff().run(|| self.head_once(url)).await
    }

    /// The length of what a URL holds, where the server says it: by HEAD, or where that is refused, by a GET whose body is not read.
    pub async fn size(&self, url: &Url) -> Result<Option<u64>> {
        self.backoff().run(|| self.size_once(url)).await
    }

    async fn size_once(&self, url: &Url) -> std::result::Result<Option<u64>, Failure> {
        match self.head_once(url).await {
            // Signed addresses and simple servers know GET only.
            Err(Failure { status: Some(StatusCode::FORBIDDEN | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED), .. }) => {
                Ok(self.get(url, &Part::default()).await?.length)
            }
            head => Ok(head?.size),
        }
    }

    async fn head_once(&self, url: &Url) -> std::result::Result<Head, Failure> {
        let request = self.client.head(url.clone()).header(header::ACCEPT_ENCODING, "identity");
        let response = self.send(url, request).await?;
        let size = response.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
        Ok(Head { size, headers: response.headers().clone() })
    }

    /// The bytes behind a URL from an offset on, or all of them where the server cannot give a part; one attempt.
    pub async fn get(&self, url: &Url, part: &Part) -> std::result::Result<Body, Failure> {
        receive(url, part, |part| self.send(url, part.of(self.client.get(url.clone())))).await
    }

    /// Sends a request with the credential of its origin, and turns a refusal into a failure.
    pub async fn send(&self, url: &Url, request: RequestBuilder) -> std::result::Result<Response, Failure> {
        let credential = self.settings.credentials.for_url(url);
        let request = match credential {
            Some(Credential::Basic { username, password }) => request.basic_auth(username, Some(password)),
            Some(Credential::Bearer(token)) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.map_err(|e| Failure::of_request(url, &e))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let failure = if credential.is_some() { Failure::of_status_with_login } else { Failure::of_status };
        Err(failure(url, status, retry_after(response.headers())))
    }
}

/// A whole answer of at most `most` bytes.
pub(super) async fn bounded(url: &Url, response: Response, most: usize) -> std::result::Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(next) = stream.next().await {
        out.extend_from_slice(&next.map_err(|e| Failure::of_request(url, &e))?);
        if out.len() > most {
            let error = Error::new(Kind::Upstream, format!("{}: the answer is too long", shown(url)));
            return Err(Failure::permanent(error.with("expected", format!("at most {most} bytes"))));
        }
    }
    Ok(out)
}
