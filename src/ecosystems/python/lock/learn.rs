//! Digest and size of a file, from whoever tells: the index, the lock file, the requirement, the file's host, or the bytes themselves.

use super::super::filename::Kind;
use super::super::section::PythonSection;
use crate::artifact::{Descriptor, Digest, Learned, SideDigests};
use crate::ecosystems::LockRequest;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::upstream::{Sums, check_plain};
use airlift_python_resolve as uv;
use url::Url;

/// Largest file that is downloaded in order to hash it, in bytes, where its index tells no size.
const MOST: u64 = 16 << 30;

/// The descriptor of a file. `pinned`: a person gave a lock file that names its digest.
pub async fn descriptor(request: &LockRequest<'_>, file: &uv::File, pinned: bool) -> Result<Descriptor> {
    let url = Url::parse(&file.url).map_err(|e| Error::new(ErrorKind::Upstream, format!("{:.200}: not a URL", file.url)).because(&e))?;
    let told = file.sha256.as_deref().map(Digest::from_hex).transpose()?;
    let (digest, size, learned) = if let Some(digest) = told.or_else(|| only_accepted(file)).filter(|digest| meets(file, digest)) {
        let accepted = !file.accepted.is_empty();
        let size = match file.size {
            Some(size) => size,
            None => size(request, &url, &digest).await?,
        };
        (digest, size, if pinned || accepted { Learned::Pinned } else { Learned::Upstream })
    } else {
        if file.stronger.is_empty() {
            // Nobody vouches for the bytes but whoever sends them.
            let section: PythonSection = request.section.parse()?;
            check_plain(&url, section.plain_http.iter().chain(&request.upstream.settings().plain_http))?;
        }
        request
            .progress
            .note(&format!("{}: its index does not tell the digest that is needed; it is downloaded to be hashed", file.filename));
        let sums = request.upstream.learn(&url, request.cache, file.size.unwrap_or(MOST)).await?;
        let learned = check(file, &sums)?;
        (sums.sha256, sums.size, if pinned && !file.stronger.is_empty() { Learned::Pinned } else { learned })
    };
    let kind = Kind::of(&file.filename).ok_or_else(|| Error::verification(format!("{}: not a distribution", file.filename)))?;
    Ok(Descriptor {
        media_type: kind.media_type(&file.filename).to_owned(),
        digest,
        size,
        name: Some(file.filename.clone()),
        origins: vec![file.url.clone()],
        learned,
        side_digests: SideDigests::new(),
    })
}

/// A requirement that allows one digest only has told it.
fn only_accepted(file: &uv::File) -> Option<Digest> {
    file.accepted.iter().filter(|_| file.stronger.is_empty()).find_map(|group| match &group[..] {
        [one] => one.parse().ok(),
        _ => None,
    })
}

/// Whether this digest is all that the requirements ask of a file, so that its bytes need not be seen.
fn meets(file: &uv::File, digest: &Digest) -> bool {
    file.accepted.iter().all(|group| group.contains(&digest.to_string()))
}

/// The size by a HEAD request, or by counting where the host does not tell.
async fn size(request: &LockRequest<'_>, url: &Url, digest: &Digest) -> Result<u64> {
    if let Ok(head) = request.upstream.head(url).await
        && let Some(size) = head.size.filter(|size| *size > 0)
    {
        return Ok(size);
    }
    let sums = request.upstream.learn(url, request.cache, MOST).await?;
    if sums.sha256 == *digest { Ok(sums.size) } else { Err(mismatch(&digest.to_string(), &sums)) }
}

/// Whether downloaded bytes are what index and requirement allow, and how they are known by that.
pub fn check(file: &uv::File, sums: &Sums) -> Result<Learned> {
    if let Some(size) = file.size.filter(|size| *size != sums.size) {
        return Err(Error::verification(format!("{}: its length is not what its index says", file.filename))
            .with("expected", format!("{size} bytes"))
            .with("found", format!("{} bytes", sums.size)));
    }
    if let Some(hex) = file.sha256.as_deref().filter(|hex| **hex != sums.sha256.hex()) {
        return Err(mismatch(&format!("sha256:{hex}"), sums).about(&file.filename));
    }
    if let Some(wrong) = file.stronger.iter().find(|digest| !sums.texts.contains(digest)) {
        return Err(mismatch(wrong, sums).about(&file.filename));
    }
    if let Some(wrong) = file.accepted.iter().find(|group| !group.iter().any(|digest| sums.texts.contains(digest))) {
        return Err(mismatch(&wrong.join(" or "), sums).about(&file.filename));
    }
    Ok(if file.accepted.is_empty() { Learned::Downloaded } else { Learned::Pinned })
}

fn mismatch(expected: &str, sums: &Sums) -> Error {
    let algorithm = expected.split(':').next().unwrap_or_default();
    let found = sums.texts.iter().find(|text| text.starts_with(algorithm)).unwrap_or(&sums.texts[0]);
    Error::verification("the bytes are not the ones asked for")
        .with("expected", expected)
        .with("found", found)
        .hint("the file was changed upstream, or on the way; do not use it before you know why")
}
