//! Bounds on what an index can make a resolution do.
//!
//! An index is asked over the network and may be wrong or hostile: a page without end, or
//! projects that depend on ever more projects. uv has no bounds of its own, so they are put
//! around it: every response body is counted after decompression, and `provider` counts what
//! the resolver asks for.

use std::io;

use futures::StreamExt;
use http::Extensions;
use reqwest::{Body, Request, Response, ResponseBuilderExt};
use reqwest_middleware::Next;

/// The bounds of one resolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Projects whose versions are asked for.
    pub(crate) projects: usize,
    /// Distributions whose metadata is asked for.
    pub(crate) documents: usize,
    /// Bytes of one index page or metadata document.
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

/// How deep parentheses may nest in the markers of a package's dependencies.
const DEEPEST: usize = 100;

type Sent<'a> = futures::future::BoxFuture<'a, reqwest_middleware::Result<Response>>;

/// A middleware for uv's client that ends every response body at its bounds.
pub(crate) fn bound_bodies(limits: Limits) -> impl for<'a> Fn(Request, &'a mut Extensions, Next<'a>) -> Sent<'a> + Send + Sync + 'static {
    move |request, extensions, next| {
        Box::pin(async move {
            let response = next.run(request, extensions).await?;
            let bounds = Bounds::new(response.url().path(), limits);
            Ok(bounded(response, bounds))
        })
    }
}

/// The same response, with a body that fails where it goes over its bounds.
fn bounded(response: Response, mut bounds: Bounds) -> Response {
    let mut parts = http::Response::builder().status(response.status()).version(response.version()).url(response.url().clone());
    if let Some(headers) = parts.headers_mut() {
        headers.clone_from(response.headers());
    }
    let extensions = response.extensions().clone();
    let body = response.bytes_stream().map(move |chunk| {
        let chunk = chunk.map_err(io::Error::other)?;
        bounds.pass(&chunk)?;
        Ok::<_, io::Error>(chunk)
    });
    let mut rebuilt = parts.body(Body::wrap_stream(body)).expect("status, version and headers were those of a response");
    rebuilt.extensions_mut().extend(extensions);
    Response::from(rebuilt)
}

/// What is still allowed of one response body.
struct Bounds {
    total: u64,
    left: u64,
    nesting: Option<Nesting>,
}

impl Bounds {
    fn new(path: &str, limits: Limits) -> Self {
        let archive = [".whl", ".gz", ".zip", ".bz2", ".xz", ".zst", ".tgz", ".tar"];
        let archive = archive.iter().any(|suffix| path.ends_with(suffix));
        let total = if archive { limits.archive } else { limits.page };
        let nesting = path.ends_with(".metadata").then(Nesting::default);
        Self { total, left: total, nesting }
    }

    fn pass(&mut self, chunk: &[u8]) -> io::Result<()> {
        let over = |what: String| io::Error::other(format!("{TOO_MUCH} {what}"));
        let left = self.left.checked_sub(chunk.len() as u64);
        self.left = left.ok_or_else(|| over(format!("{} bytes", self.total)))?;
        if self.nesting.as_mut().is_some_and(|nesting| nesting.too_deep(chunk)) {
            return Err(over(format!("{DEEPEST} parentheses within each other")));
        }
        Ok(())
    }
}

/// Counts how deep parentheses nest in the header of a core metadata document. uv reads the
/// markers there by recursion, and a stack that overflows ends the process.
#[derive(Default)]
struct Nesting {
    depth: usize,
    /// Line ends since the last other character: two end the header.
    line_ends: usize,
}

impl Nesting {
    fn too_deep(&mut self, chunk: &[u8]) -> bool {
        for byte in chunk {
            if self.line_ends >= 2 {
                return false;
            }
            match byte {
                b'\n' => self.line_ends += 1,
                b'\r' => {}
                _ => self.line_ends = 0,
            }
            match byte {
                b'(' => self.depth += 1,
                b')' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth > DEEPEST {
                return true;
            }
        }
        false
    }
}
