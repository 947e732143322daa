//! Bounds on what an index can make a resolution do.
//!
//! An index is asked over the network and may be wrong or hostile: a page without end, or
//! projects that depend on ever more projects. uv has no bounds of its own, so they are put
//! around it: every response body is counted after decompression, metadata documents are checked
//! before uv sees them, and `provider` counts what the resolver asks for.

use std::io;

use futures::{StreamExt, stream};
use http::Extensions;
use http::header::ACCEPT;
use reqwest::{Body, Request, Response, ResponseBuilderExt};
use reqwest_middleware::Next;

use crate::documents::{MOST_DOCUMENT, checked};

/// The bounds of one resolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Projects whose versions are asked for.
    pub(crate) projects: usize,
    /// Distributions whose metadata is asked for.
    pub(crate) documents: usize,
    /// Bytes of one index page.
    pub(crate) page: u64,
    /// Bytes of one wheel or source distribution, read whole only where nothing less will do.
    pub(crate) archive: u64,
}

/// Far above what is seen: the largest index pages have some 40 MB, the largest resolutions
/// some thousand projects.
impl Default for Limits {
    fn default() -> Self {
        Self { projects: 20_000, documents: 100_000, page: 512 << 20, archive: 16 << 30 }
    }
}

/// Part of the message of a response that went over a bound.
pub(crate) const TOO_MUCH: &str = "the response goes beyond the bound of";

/// What our own requests for archives accept, which tells them from uv's for documents.
pub(crate) const ARCHIVE: &str = "application/zip, application/gzip, */*;q=0.1";

pub(crate) type Sent<'a> = futures::future::BoxFuture<'a, reqwest_middleware::Result<Response>>;

/// What a request asks for. Its URL does not tell: a redirect may lead anywhere. What it accepts
/// stays the same along the way.
#[derive(Clone, Copy)]
enum Sort {
    Page,
    Document,
    Archive,
}

impl Sort {
    fn of(request: &Request) -> Self {
        match request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()) {
            Some(accept) if accept == ARCHIVE => Self::Archive,
            Some(accept) if accept.contains("text/html") => Self::Page,
            _ => Self::Document,
        }
    }
}

/// A middleware for uv's client that ends every response body at its bounds.
pub(crate) fn bound_bodies(limits: Limits) -> impl for<'a> Fn(Request, &'a mut Extensions, Next<'a>) -> Sent<'a> + Send + Sync + 'static {
    move |request, extensions, next| {
        Box::pin(async move {
            let sort = Sort::of(&request);
            let response = next.run(request, extensions).await?;
            Ok(bounded(response, sort, limits))
        })
    }
}

/// The same response, with a body that fails where it goes over its bounds.
fn bounded(response: Response, sort: Sort, limits: Limits) -> Response {
    let mut parts = http::Response::builder().status(response.status()).version(response.version()).url(response.url().clone());
    if let Some(headers) = parts.headers_mut() {
        headers.clone_from(response.headers());
    }
    let extensions = response.extensions().clone();
    let body = match sort {
        Sort::Page => counted(response, limits.page),
        Sort::Archive => counted(response, limits.archive),
        Sort::Document => Body::wrap_stream(stream::once(document(response))),
    };
    let mut rebuilt = parts.body(body).expect("status, version and headers were those of a response");
    rebuilt.extensions_mut().extend(extensions);
    Response::from(rebuilt)
}

fn counted(response: Response, bound: u64) -> Body {
    let mut left = bound;
    Body::wrap_stream(response.bytes_stream().map(move |chunk| {
        let chunk = chunk.map_err(io::Error::other)?;
        left = left.checked_sub(chunk.len() as u64).ok_or_else(|| over(&format!("{bound} bytes")))?;
        Ok::<_, io::Error>(chunk)
    }))
}

/// A metadata document, given on only as a whole and once it is checked.
async fn document(response: Response) -> io::Result<Vec<u8>> {
    let mut document = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        document.extend_from_slice(&chunk.map_err(io::Error::other)?);
        if document.len() as u64 > MOST_DOCUMENT {
            return Err(over(&format!("{MOST_DOCUMENT} bytes")));
        }
    }
    checked(&document).map_err(|why| over(&format!("a metadata document: {why}")))?;
    Ok(document)
}

fn over(what: &str) -> io::Error {
    io::Error::other(format!("{TOO_MUCH} {what}"))
}
