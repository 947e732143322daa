//! Digest and size of a file, from whoever tells: the index, the lock file, the requirement, the file's host, or the bytes themselves.

use super::super::filename::Kind;
use crate::artifact::{Descriptor, Digest, Learned, Sha256Writer, SideDigests};
use crate::ecosystems::LockRequest;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::upstream::{Failure, Upstream};
use airlift_python_resolve as uv;
use bytes::Buf;
use futures::StreamExt;
use sha2::{Digest as _, Sha384, Sha512};
use std::io::Write;
use url::Url;

/// Largest file that is downloaded in order to hash it, in bytes, where its index tells no size.
const MOST: u64 = 16 << 30;

/// The descriptor of a file. `pinned`: a person gave a lock file that names its digest.
pub async fn descriptor(request: &LockRequest<'_>, file: &uv::File, pinned: bool) -> Result<Descriptor> {
    let url = Url::parse(&file.url).map_err(|e| Error::new(ErrorKind::Upstream, format!("{:.200}: not a URL", file.url)).because(&e))?;
    let told = file.sha256.as_deref().map(Digest::from_hex).transpose()?;
    let (digest, size, learned) = if let Some(digest) = told.or_else(|| only_accepted(file)) {
        let accepted = file.accepted.contains(&digest.to_string());
        let size = match file.size {
            Some(size) => size,
            None => size(request.upstream, &url, &digest).await?,
        };
        (digest, size, if pinned || accepted { Learned::Pinned } else { Learned::Upstream })
    } else {
        request.progress.note(&format!("{}: its index tells no digest; it is downloaded to be hashed", file.filename));
        let sums = download(request.upstream, &url, file.size.unwrap_or(MOST), &mut std::io::sink()).await?;
        let learned = check(file, &sums)?;
        (sums.sha256, sums.size, learned)
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
    match &file.accepted[..] {
        [one] => one.parse().ok(),
        _ => None,
    }
}

/// The size by a HEAD request, or by counting where the host does not tell.
async fn size(upstream: &Upstream, url: &Url, digest: &Digest) -> Result<u64> {
    if let Ok(head) = upstream.head(url).await
        && let Some(size) = head.size.filter(|size| *size > 0)
    {
        return Ok(size);
    }
    let sums = download(upstream, url, MOST, &mut std::io::sink()).await?;
    if sums.sha256 == *digest { Ok(sums.size) } else { Err(mismatch(&digest.to_string(), &sums)) }
}

/// What was learned of downloaded bytes.
pub struct Sums {
    /// How many.
    pub size: u64,
    /// Their identity.
    pub sha256: Digest,
    /// The digests that requirements may allow, as they are written there.
    texts: [String; 3],
}

#[derive(Clone, Default)]
struct Hashers {
    sha256: Sha256Writer,
    sha384: Sha384,
    sha512: Sha512,
}

impl Hashers {
    fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha384.update(bytes);
        self.sha512.update(bytes);
    }

    fn finish(self) -> Sums {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let (size, sha256) = (self.sha256.length(), self.sha256.finish());
        let texts =
            [sha256.to_string(), format!("sha384:{}", hex(&self.sha384.finalize())), format!("sha512:{}", hex(&self.sha512.finalize()))];
        Sums { size, sha256, texts }
    }
}

/// Downloads a file of at most `most` bytes through to `out`, going on where a connection broke.
pub async fn download(upstream: &Upstream, url: &Url, most: u64, out: &mut (impl Write + Send)) -> Result<Sums> {
    let mut hashers = Hashers::default();
    let mut backoff = upstream.backoff();
    loop {
        let before = hashers.sha256.length();
        match attempt(upstream, url, most, &mut hashers, out).await {
            Ok(()) => return Ok(hashers.finish()),
            Err(failure) => {
                if hashers.sha256.length() > before {
                    backoff.progressed();
                }
                tokio::time::sleep(backoff.after(failure)?).await;
            }
        }
    }
}

async fn attempt(
    upstream: &Upstream,
    url: &Url,
    most: u64,
    hashers: &mut Hashers,
    out: &mut (impl Write + Send),
) -> std::result::Result<(), Failure> {
    let have = hashers.sha256.length();
    let mut body = upstream.get(url, have).await?;
    // A server without ranges begins again: what is here already is passed over.
    let mut over = have.saturating_sub(body.offset) as usize;
    while let Some(bytes) = body.stream.next().await {
        let mut bytes = bytes?;
        let passed = over.min(bytes.len());
        over -= passed;
        bytes.advance(passed);
        if hashers.sha256.length() + bytes.len() as u64 > most {
            let error = Error::verification(format!("{}: it is longer than it should be", url.path()));
            return Err(Failure::permanent(error.with("expected", format!("at most {most} bytes"))));
        }
        out.write_all(&bytes).map_err(|e| Failure::permanent(Error::io("a downloaded file cannot be written", &e)))?;
        hashers.update(&bytes);
    }
    match body.length {
        Some(length) if hashers.sha256.length() < body.offset + length => {
            Err(Failure::transient(Error::new(ErrorKind::Upstream, format!("{}: the connection broke off", url.path()))))
        }
        _ => Ok(()),
    }
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
    if file.accepted.is_empty() {
        return Ok(Learned::Downloaded);
    }
    if file.accepted.iter().any(|accepted| sums.texts.contains(accepted)) {
        return Ok(Learned::Pinned);
    }
    Err(mismatch(&file.accepted.join(" or "), sums).about(&file.filename))
}

fn mismatch(expected: &str, sums: &Sums) -> Error {
    Error::verification("the bytes are not the ones asked for")
        .with("expected", expected)
        .with("found", sums.sha256)
        .hint("the file was changed upstream, or on the way; do not use it before you know why")
}
