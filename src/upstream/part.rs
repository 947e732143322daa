//! Parts of a body: asking for the bytes from an offset on, and only of the version that was begun (RFC 9110, sections 13.1.5 and 14).

use super::Failure;
use super::failure::shown;
use crate::error::{Error, Kind};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::{RequestBuilder, Response};
use url::Url;

/// What tells one version of a body from another: a strong `ETag`, else a strong `Last-Modified` (RFC 9110, section 8.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validator(HeaderValue);

impl Validator {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let tag = headers.get(header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\""));
        // A body that was changed in the second of the answer may change again in that second (section 8.8.2.2).
        let modified = || headers.get(header::LAST_MODIFIED).filter(|modified| headers.get(header::DATE).is_some_and(|d| d != modified));
        tag.or_else(modified).cloned().map(Self)
    }
}

/// What is asked for: the bytes from an offset on, all of them or some.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The offset; 0 asks for the whole.
    pub from: u64,
    /// Of this version only: of another one the whole is wanted (`If-Range`).
    pub version: Option<Validator>,
    /// At most so many bytes, where the rest is not wanted; a server that cannot give a part may send more.
    pub most: Option<u64>,
}

/// A body being received.
pub struct Body {
    /// Offset of its first byte within the blob: what was asked for, or 0 when the server sends the whole.
    pub offset: u64,
    /// Whether it is a part (206), behind which the blob may go on.
    pub partial: bool,
    /// Bytes announced to follow, when the server said so.
    pub length: Option<u64>,
    /// Which version it is, when the server said so.
    pub version: Option<Validator>,
    /// The bytes.
    pub stream: BoxStream<'static, std::result::Result<Bytes, Failure>>,
}

impl Part {
    /// The part from an offset on, of whatever version is there.
    pub fn from(from: u64) -> Self {
        Self { from, ..Self::default() }
    }

    /// A request for this part; without compression, which would change what offsets mean.
    pub(super) fn of(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(header::ACCEPT_ENCODING, "identity");
        if self.from == 0 && self.most.is_none() {
            return request;
        }
        let last = self.most.map(|most| self.from.saturating_add(most).saturating_sub(1).to_string()).unwrap_or_default();
        let request = request.header(header::RANGE, format!("bytes={}-{last}", self.from));
        match &self.version {
            Some(Validator(version)) => request.header(header::IF_RANGE, version),
            None => request,
        }
    }

    fn body(&self, url: &Url, response: Response) -> std::result::Result<Body, Failure> {
        let version = Validator::of(response.headers());
        let partial = response.status() == StatusCode::PARTIAL_CONTENT;
        let offset = if partial { self.offset(url, &response, version.as_ref())? } else { 0 };
        let (length, url) = (response.content_length(), url.clone());
        let stream = response.bytes_stream().map(move |next| next.map_err(|e| Failure::of_request(&url, &e))).boxed();
        Ok(Body { offset, partial, length, version, stream })
    }

    /// Where a partial answer begins (RFC 9110, section 14.4); anything but what was asked for is refused.
    fn offset(&self, url: &Url, response: &Response, version: Option<&Validator>) -> std::result::Result<u64, Failure> {
        let wrong = |what: &str| Failure::of_answer(Error::new(Kind::Upstream, format!("{}: {what}", shown(url))), response.status());
        let range = response.headers().get(header::CONTENT_RANGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let start = range.strip_prefix("bytes ").and_then(|r| r.split('-').next()).and_then(|n| n.parse::<u64>().ok());
        if start != Some(self.from) {
            let mut failure = wrong("the server sent another range than asked for");
            failure.error = failure.error.with("expected", format!("bytes {}-", self.from)).with("found", range);
            return Err(failure);
        }
        match (&self.version, version) {
            (Some(begun), Some(found)) if begun != found => Err(wrong("the server sent a part of another version than asked for")),
            _ => Ok(self.from),
        }
    }
}

/// The answer to a request for a part; a server that cannot give the part is asked for the whole.
pub(super) async fn receive<F>(url: &Url, part: &Part, ask: impl Fn(Part) -> F + Send + Sync) -> std::result::Result<Body, Failure>
where
    F: Future<Output = std::result::Result<Response, Failure>> + Send,
{
    match ask(part.clone()).await.and_then(|response| part.body(url, response)) {
        Err(Failure { status: Some(StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE), .. })
            if part.from > 0 || part.most.is_some() =>
        {
            let whole = Part::default();
            ask(whole.clone()).await.and_then(|response| whole.body(url, response))
        }
        other => other,
    }
}
