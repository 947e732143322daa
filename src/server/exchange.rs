//! One request and its answer, followed to the last byte: what the access log tells is what the socket took.

use super::access::{AccessLog, Entry};
use super::problem::Cause;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::{Buf, Bytes};
use http::header::USER_AGENT;
use http::request::Parts;
use http::{Request, Version};
use hyper::body::{Frame, SizeHint};
use jiff::Timestamp;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Instant;

/// The view that an answer came from: put among a response's extensions, it is shown in the access log.
#[derive(Debug, Clone)]
pub struct Shown(pub Arc<str>);

/// A segment of the path that is a secret of the client's: put among a response's extensions, it is kept out of the access log.
#[derive(Debug, Clone)]
pub struct Secret(pub String);

/// What is known of a connection while it lives.
#[derive(Debug)]
pub struct Connection {
    /// The client.
    pub peer: SocketAddr,
    /// Whether it is over TLS.
    pub tls: bool,
    /// The first segment that is added to paths.
    pub mount: Option<&'static str>,
    /// Counts requests and writes: standing still means that nothing moves.
    pub moved: AtomicU64,
    /// Requests whose answers have not ended.
    open: AtomicUsize,
    /// Answers with a body that is on its way.
    answers: Mutex<Vec<Weak<Exchange>>>,
}

impl Connection {
    /// A connection over which nothing has come yet.
    pub fn new(peer: SocketAddr, tls: bool) -> Self {
        Self { peer, tls, mount: None, moved: AtomicU64::new(0), open: AtomicUsize::new(0), answers: Mutex::default() }
    }

    /// The same for a listener with a first segment of its own.
    pub fn below(self, mount: Option<&'static str>) -> Self {
        Self { mount, ..self }
    }

    /// Whether every request has been answered.
    pub fn idle(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// Whether one of its answers has not moved since this was asked last: in HTTP/2, a client that keeps the connection busy could
    /// otherwise hold any number of others for ever.
    pub fn stands_still(&self) -> bool {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|answer| answer.strong_count() > 0);
        let still = answers.iter().filter_map(Weak::upgrade).filter(|answer| answer.stands_still());
        still.count() > 0
    }

    /// Whether a request has come over it.
    pub fn used(&self) -> bool {
        self.moved.load(Ordering::Relaxed) > 0
    }
}

/// One request and its answer; writes its log entry when the last part of the answer is gone, sent or not.
pub struct Exchange {
    log: Arc<AccessLog>,
    connection: Arc<Connection>,
    started: Instant,
    entry: Option<Entry>,
    /// Length of the body, where it is known.
    expected: Option<u64>,
    /// Bytes given out to be written.
    given: AtomicU64,
    /// Bytes written.
    sent: AtomicU64,
    /// What `sent` was when it was looked at last.
    seen: AtomicU64,
    /// Whether the body came to its end.
    ended: AtomicBool,
    failed: Mutex<Option<String>>,
}

impl Exchange {
    /// Begins with a request.
    pub fn begin<B>(log: &Arc<AccessLog>, connection: &Arc<Connection>, request: &Request<B>) -> Self {
        connection.moved.fetch_add(1, Ordering::Relaxed);
        connection.open.fetch_add(1, Ordering::AcqRel);
        Self {
            entry: log.enabled().then(|| entry(connection, request)),
            log: log.clone(),
            connection: connection.clone(),
            started: Instant::now(),
            expected: None,
            given: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            seen: AtomicU64::new(u64::MAX),
            ended: AtomicBool::new(false),
            failed: Mutex::new(None),
        }
    }

    /// Goes on with the answer.
    pub fn answer(mut self, response: Response) -> Response<Metered> {
        let (mut parts, body) = response.into_parts();
        self.expected = body.size_hint().exact();
        if let Some(entry) = &mut self.entry {
            entry.status = parts.status.as_u16();
            entry.view = parts.extensions.remove::<Shown>().map(|shown| shown.0.to_string());
            if let Some(Secret(secret)) = parts.extensions.remove() {
                entry.path = entry.path.replacen(&format!("/{secret}"), "/…", 1);
            }
            entry.error = parts.extensions.remove::<Cause>().map(|cause| cause.0);
        }
        let exchange = Arc::new(self);
        if exchange.expected != Some(0) {
            let mut answers = exchange.connection.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.retain(|answer| answer.strong_count() > 0);
            answers.push(Arc::downgrade(&exchange));
        }
        Response::from_parts(parts, Metered { body, exchange })
    }

    /// Ends without a request having been understood.
    pub fn refuse(mut self, status: u16, why: String) {
        if let Some(entry) = &mut self.entry {
            (entry.method, entry.path) = ("-".to_owned(), "-".to_owned());
            (entry.status, entry.error) = (status, Some(why));
        }
    }

    fn stands_still(&self) -> bool {
        let sent = self.sent.load(Ordering::Acquire);
        self.seen.swap(sent, Ordering::AcqRel) == sent && !self.complete()
    }

    fn complete(&self) -> bool {
        let sent = self.sent.load(Ordering::Acquire);
        let ended = self.ended.load(Ordering::Acquire) && sent == self.given.load(Ordering::Acquire);
        ended || self.expected == Some(sent)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.connection.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(mut entry) = self.entry.take() {
            entry.bytes = self.sent.load(Ordering::Acquire);
            entry.complete = entry.status != 0 && self.complete();
            entry.duration = self.started.elapsed();
            if let Some(error) = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
                entry.error = Some(error);
            }
            self.log.write(entry);
        }
    }
}

fn entry<B>(connection: &Connection, request: &Request<B>) -> Entry {
    let agent = request.headers().get(USER_AGENT).map(|value| bounded(&String::from_utf8_lossy(value.as_bytes()), 200));
    Entry {
        time: Timestamp::now(),
        peer: connection.peer,
        tls: connection.tls,
        version: version(request.version()),
        method: bounded(request.method().as_str(), 32),
        path: bounded(request.uri().path(), 1024),
        status: 0,
        bytes: 0,
        duration: std::time::Duration::ZERO,
        agent,
        view: None,
        complete: false,
        error: None,
    }
}

fn bounded(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

const fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP",
    }
}

/// A body that tells its exchange what became of it.
pub struct Metered {
    body: Body,
    exchange: Arc<Exchange>,
}

impl HttpBody for Metered {
    type Data = Counted;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Counted>, axum::Error>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(frame) => frame,
        };
        let exchange = &self.exchange;
        Poll::Ready(match frame {
            None => {
                exchange.ended.store(true, Ordering::Release);
                None
            }
            Some(Err(error)) => {
                *exchange.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
                Some(Err(error))
            }
            Some(Ok(frame)) => Some(Ok(frame.map_data(|bytes| {
                exchange.given.fetch_add(bytes.len() as u64, Ordering::AcqRel);
                Counted { bytes, exchange: exchange.clone() }
            }))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes on their way to the socket, counted as they go.
pub struct Counted {
    bytes: Bytes,
    exchange: Arc<Exchange>,
}

impl Buf for Counted {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.exchange.sent.fetch_add(count as u64, Ordering::AcqRel);
        self.exchange.connection.moved.fetch_add(1, Ordering::Relaxed);
    }
}

/// How a request came in: put among its extensions by the door.
#[derive(Debug, Clone, Default)]
pub struct Arrival {
    /// Whether over TLS.
    pub tls: bool,
    /// Whether `X-Forwarded-*` headers are believed.
    pub forwarded: bool,
    /// How clients reach this server, where that was said: no header says otherwise then.
    pub public_base: Option<Arc<str>>,
    /// The first segment that paths are taken to be below.
    pub mount: Option<&'static str>,
}

/// The first segment that the paths of a request's listener are taken to be below.
pub fn mount(extensions: &http::Extensions) -> Option<&'static str> {
    extensions.get::<Arrival>()?.mount
}

/// Where the client thinks it is talking to, without a trailing slash: `https://mirror.lan:8443`. From `Host` (or `:authority`), or from
/// `X-Forwarded-Host`, `-Proto` and `-Prefix` where they are believed; `None` when the request does not say. The address that the site
/// says is its own goes before all of them.
pub fn base(parts: &Parts) -> Option<String> {
    let unknown = Arrival::default();
    let arrival = parts.extensions.get::<Arrival>().unwrap_or(&unknown);
    if let Some(public) = &arrival.public_base {
        return Some(public.to_string());
    }
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let forwarded = |name: &str| arrival.forwarded.then(|| header(name)).flatten();
    let scheme = match forwarded("x-forwarded-proto") {
        Some("https") => "https",
        Some("http") => "http",
        _ if arrival.tls => "https",
        _ => "http",
    };
    let host = forwarded("x-forwarded-host").or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).or_else(|| header("host"));
    let host = host.filter(|host| super::request::is_host(host))?;
    let prefix = forwarded("x-forwarded-prefix").unwrap_or_default().trim_end_matches('/');
    let prefix = if super::request::is_prefix(prefix) { prefix } else { "" };
    Some(format!("{scheme}://{host}{prefix}"))
}
