//! The bytes of one file from a hub, a registry or a plain URL; told apart from the pointer that a badly made copy of a repository holds in
//! its place.

use super::carried::Carried;
use super::git::POINTER;
use crate::artifact::{Artifact, Descriptor};
use crate::error::{Error, Kind};
use crate::upstream::{Body, Failure, Part, Upstream, oci, shown};
use futures::StreamExt;
use url::Url;

pub(super) async fn fetch(artifact: &Artifact, blob: &Descriptor, origin: &str, part: &Part, upstream: &Upstream) -> Result<Body, Failure> {
    if Carried::is_of(artifact) {
        return oci::fetch(upstream, blob, origin, part).await;
    }
    let url = Url::parse(origin).map_err(|e| Failure::permanent(Error::failed(format!("{origin:.200}: not a URL")).because(&e)))?;
    let mut body = upstream.get(&url, part).await?;
    let pointer_sized = body.length.is_none_or(|length| length < 1024);
    if body.offset > 0 || !pointer_sized || blob.size < 1024 {
        return Ok(body);
    }
    let first = body.stream.next().await.transpose()?.unwrap_or_default();
    if first.starts_with(POINTER) {
        let error = Error::new(Kind::Upstream, format!("{}: the pointer of a large file came in place of its content", shown(&url)));
        let error = error.with("expected", format!("{} bytes", blob.size)).with("found", "a text of git LFS that names the content");
        return Err(Failure::permanent(error.hint("what answers there is a copy made without large files: lock from where those are")));
    }
    body.stream = futures::stream::once(async { Ok(first) }).chain(body.stream).boxed();
    Ok(body)
}
