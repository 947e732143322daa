//! The door: every request passes it on the way in, every answer on the way out.

use super::access::AccessLog;
use super::exchange::{Arrival, Connection, Exchange, Metered};
use super::problem::{Cause, problem};
use super::question;
use super::request::{check, last};
use super::switch::Switch;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Buf;
use futures::FutureExt;
use http::header::{CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, StatusCode, Version};
use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tower::ServiceExt;

/// Most of a refused body that is read, in bytes.
const DRAIN_BYTES: usize = 64 << 10;
/// How long it may take to come.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// What all listeners share: the router, the log, and whom to believe.
#[derive(Clone)]
pub struct Door {
    /// Answers the requests.
    pub switch: Switch,
    /// Hears of each.
    pub log: Arc<AccessLog>,
    /// Whether `X-Forwarded-*` headers are believed: only behind a reverse proxy that sets them.
    pub forwarded: bool,
    /// How clients reach the server (`https://mirror.lan`, no trailing slash), when requests do not tell.
    pub public_base: Option<Arc<str>>,
    /// Which POST requests only ask, so that their bodies are read.
    pub questions: Questions,
}

/// Whether a POST request to a path only asks, over a listener that takes paths to be below a first segment.
pub type Questions = fn(mount: Option<&str>, path: &str) -> bool;

impl Door {
    /// A door that believes what requests say of themselves, no proxies, and takes no body.
    pub fn new(switch: Switch, log: Arc<AccessLog>) -> Self {
        Self { switch, log, forwarded: false, public_base: None, questions: |_, _| false }
    }

    /// Answers one request; never fails, never panics.
    pub async fn answer<B: HttpBody + Unpin>(
        &self,
        connection: &Arc<Connection>,
        request: Request<B>,
    ) -> Result<Response<Metered>, Infallible> {
        let exchange = Exchange::begin(&self.log, connection, &request);
        let head = request.method() == Method::HEAD;
        let response = AssertUnwindSafe(self.route(connection, request)).catch_unwind().await;
        let response = response.unwrap_or_else(|panic| panicked(&*panic));
        Ok(exchange.answer(finished(response, head)))
    }

    /// Notes a request that could not even be read. The protocol's own answer, if any, has been sent.
    pub(super) fn refused(&self, connection: &Arc<Connection>, error: &hyper::Error) {
        let status = match error {
            e if e.is_parse_too_large() => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.as_u16(),
            e if e.is_parse() => StatusCode::BAD_REQUEST.as_u16(),
            // An idle connection that is closed after answers is no event.
            e if e.is_timeout() && !connection.used() => 0,
            _ => return,
        };
        self.unread(connection, status, error.to_string());
    }

    /// Notes a connection over which no request could be read.
    pub(super) fn unread(&self, connection: &Arc<Connection>, status: u16, why: String) {
        let unread = Request::builder().method("-").uri("/").body(()).expect("fixed parts are valid");
        Exchange::begin(&self.log, connection, &unread).refuse(status, why);
    }

    async fn route<B: HttpBody + Unpin>(&self, connection: &Connection, request: Request<B>) -> Response {
        let (mut parts, body) = request.into_parts();
        let asks = parts.method == Method::POST && (self.questions)(connection.mount, parts.uri.path());
        if let Some(refusal) = check(&mut parts, !body.is_end_stream(), asks) {
            if parts.version == Version::HTTP_2 {
                let _ = timeout(DRAIN_TIME, drain(body)).await;
            }
            return refusal;
        }
        // Its place is given back when it is answered.
        let question = if asks {
            match question::read(body).await {
                Ok(question) => Some(question),
                Err(refusal) => return last(&parts, refusal),
            }
        } else {
            drop(body);
            None
        };
        let (tls, mount, public_base) = (connection.tls, connection.mount, self.public_base.clone());
        parts.extensions.insert(Arrival { tls, forwarded: self.forwarded, public_base, mount });
        let body = question.as_ref().map_or_else(Body::empty, |question| Body::from(question.bytes.clone()));
        let request = Request::from_parts(parts, body);
        self.switch.current().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// Forgets a refused body while it comes. HTTP/2 would have to reset the stream instead, and clients take that for a failure and lose
/// the answer that says why (HTTP/1.1 clients read it, then the connection ends).
async fn drain<B: HttpBody + Unpin>(mut body: B) {
    let mut left = DRAIN_BYTES;
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match left.checked_sub(frame.data_ref().map_or(0, Buf::remaining)) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let mut response = problem(StatusCode::INTERNAL_SERVER_ERROR, "the mirror failed", "The reason is in the mirror's access log.");
    response.extensions_mut().insert(Cause(format!("panic: {}", said.unwrap_or("no message"))));
    response
}

/// Headers that every answer has; for HEAD the length of the body, and no body.
fn finished(mut response: Response, head: bool) -> Response {
    if response.status() == StatusCode::NOT_MODIFIED {
        // The router writes the length of the missing body for HEAD, which would be the length of what was asked for.
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if head {
        let length = response.body().size_hint().exact().filter(|length| *length > 0);
        if let (Some(length), false) = (length, response.headers().contains_key(CONTENT_LENGTH)) {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        *response.body_mut() = Body::empty();
    }
    response
}
