//! Downloads of indexes: bounded, asked for again only when they changed, and unpacked within bounds.

use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::upstream::{Failure, Upstream, shown};
use futures::StreamExt;
use http::{StatusCode, header};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use url::Url;

/// Longest whole index, in bytes of JSON.
pub const MOST_WHOLE: usize = 1 << 30;
/// Most bytes of whole indexes that one section may need in memory: some ten of the largest.
const MOST_TOGETHER: u64 = 4 << 30;
/// Longest compressed index.
pub const MOST_COMPRESSED: usize = 256 << 20;
/// Longest list of shards, compressed.
pub const MOST_SHARD_INDEX: usize = 64 << 20;
/// Longest shard, compressed.
const MOST_SHARD: usize = 16 << 20;
/// Largest window of a compressed document, as a power of two: what unpacking may need in memory.
const WINDOW: u32 = 27;

/// Reads documents of channels, from the network or, where that says they did not change, from the cache.
pub struct Reader<'a> {
    upstream: &'a Upstream,
    cache: PathBuf,
    /// How many bytes of whole indexes stand in memory.
    pub taken: Arc<AtomicU64>,
}

impl<'a> Reader<'a> {
    /// A reader that keeps what it reads in a folder that may be deleted at any time.
    pub fn new(upstream: &'a Upstream, cache: &Path) -> Self {
        Self { upstream, cache: cache.join("conda"), taken: Arc::default() }
    }

    /// A document, `None` where there is none. Where a further form is left to try, a refusal counts as none too: object stores answer
    /// 403 for what is absent.
    pub async fn document(&self, url: &Url, most: usize, last: bool) -> Result<Option<Vec<u8>>> {
        let kept = Kept::read(&self.cache, url);
        let answer = self.upstream.backoff().run(|| async {
            match self.ask(url, most, kept.as_ref()).await {
                Err(Failure { status: Some(StatusCode::NOT_FOUND | StatusCode::GONE), .. }) => Ok(Answer::None),
                Err(Failure {
                    status: Some(StatusCode::FORBIDDEN | StatusCode::NOT_IMPLEMENTED | StatusCode::METHOD_NOT_ALLOWED), ..
                }) if !last => Ok(Answer::None),
                Err(Failure { status: Some(StatusCode::NOT_MODIFIED), .. }) if kept.is_some() => Ok(Answer::Unchanged),
                answer => answer,
            }
        });
        Ok(match answer.await? {
            Answer::None => None,
            Answer::Unchanged => kept.map(|kept| kept.body),
            Answer::New(tag, body) => {
                if let Some(tag) = tag {
                    Kept { tag, body: vec![] }.write(&self.cache, url, &body);
                }
                Some(body)
            }
        })
    }

    async fn ask(&self, url: &Url, most: usize, kept: Option<&Kept>) -> std::result::Result<Answer, Failure> {
        let mut request = self.upstream.client().get(url.clone()).header(header::ACCEPT_ENCODING, "identity");
        if let Some(kept) = kept {
            request = request.header(header::IF_NONE_MATCH, &kept.tag);
        }
        let response = self.upstream.send(url, request).await?;
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).filter(|tag| tag.starts_with('"'));
        let tag = tag.filter(|tag| tag.len() <= 200).map(str::to_owned);
        let mut body = Vec::with_capacity(usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(0).min(most).min(64 << 20));
        let mut stream = response.bytes_stream();
        while let Some(next) = stream.next().await {
            let next = next.map_err(|e| Failure::of_request(url, &e))?;
            if body.len() + next.len() > most {
                return Err(Failure::permanent(too_long(url, most)));
            }
            body.extend_from_slice(&next);
        }
        Ok(Answer::New(tag, body))
    }

    /// A shard, whose digest names it.
    pub async fn shard(&self, url: &Url, digest: &Digest) -> Result<Vec<u8>> {
        let path = self.cache.join("shards").join(digest.hex());
        if let Some(bytes) = std::fs::read(&path).ok().filter(|bytes| Digest::of(bytes) == *digest) {
            return Ok(bytes);
        }
        let (_, bytes) = self.upstream.document(url, "*/*", MOST_SHARD).await?;
        let found = Digest::of(&bytes);
        if found != *digest {
            return Err(Error::verification(format!("{}: the shard is not the one its index names", shown(url)))
                .with("expected", digest)
                .with("found", found)
                .hint("the channel may have changed at this moment: lock again; if it stays, tell who keeps it"));
        }
        // Its digest tells whether it was written whole.
        if std::fs::write(&path, &bytes).is_err() {
            let _ = std::fs::create_dir_all(self.cache.join("shards")).and_then(|()| std::fs::write(&path, &bytes));
        }
        Ok(bytes)
    }
}

enum Answer {
    None,
    Unchanged,
    New(Option<String>, Vec<u8>),
}

/// A document with the version its server gave it. Its file begins with a line of version and digest: a file that was cut is not used.
struct Kept {
    tag: String,
    body: Vec<u8>,
}

impl Kept {
    fn path(cache: &Path, url: &Url) -> PathBuf {
        cache.join("indexes").join(Digest::of(url.as_str().as_bytes()).hex())
    }

    fn read(cache: &Path, url: &Url) -> Option<Self> {
        let mut body = std::fs::read(Self::path(cache, url)).ok()?;
        let end = body.iter().take(400).position(|b| *b == b'\n')?;
        let (tag, digest) = std::str::from_utf8(&body[..end]).ok()?.rsplit_once(' ')?;
        let (tag, digest) = (tag.to_owned(), Digest::from_hex(digest).ok()?);
        body.drain(..=end);
        (Digest::of(&body) == digest).then_some(Self { tag, body })
    }

    fn write(&self, cache: &Path, url: &Url, body: &[u8]) {
        let head = format!("{} {}\n", self.tag, Digest::of(body).hex());
        keep(&Self::path(cache, url), &[head.as_bytes(), body]);
    }
}

/// Keeps bytes under a name, whole or not at all. A cache that cannot be written is no reason to stop: the bytes are at hand.
fn keep(path: &Path, parts: &[&[u8]]) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Some(folder) = path.parent() else { return };
    let partial = folder.join(format!("{}-{}.partial", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let write = || parts.iter().try_fold(File::create(&partial)?, |mut file, part| file.write_all(part).map(|()| file));
    let written = std::fs::create_dir_all(folder).and_then(|()| write());
    if written.and_then(|_| std::fs::rename(&partial, path)).is_err() {
        let _ = std::fs::remove_file(&partial);
    }
}

/// A compressed document, unpacked; refused as soon as it grows past `most` bytes or asks for a large window.
pub fn unpacked(url: &Url, bytes: &[u8], most: usize) -> Result<Vec<u8>> {
    let wrong = |e: &std::io::Error| {
        Error::verification(format!("{}: not what its name says", shown(url)))
            .because(e)
            .with("expected", "a zstd frame")
            .with("found", start(bytes))
    };
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).map_err(|e| wrong(&e))?;
    decoder.window_log_max(WINDOW).map_err(|e| wrong(&e))?;
    let mut out = Vec::new();
    decoder.take(most as u64 + 1).read_to_end(&mut out).map_err(|e| wrong(&e))?;
    if out.len() > most {
        return Err(too_long(url, most).of_kind(Kind::Verification));
    }
    Ok(out)
}

/// Counts an index in; refused where all of a section are too long together.
pub fn take(taken: &AtomicU64, url: &Url, length: usize) -> Result<()> {
    let before = taken.fetch_add(length as u64, Ordering::Relaxed);
    if before.saturating_add(length as u64) <= MOST_TOGETHER {
        return Ok(());
    }
    Err(Error::new(Kind::Upstream, format!("{}: with it, the indexes of the section are too long", shown(url)))
        .with("expected", format!("at most {MOST_TOGETHER} bytes together"))
        .hint("name fewer channels in one section"))
}

/// How a document begins, for a person: a page in place of data is seen at once.
pub fn start(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn too_long(url: &Url, most: usize) -> Error {
    Error::new(Kind::Upstream, format!("{}: the index is too long", shown(url))).with("expected", format!("at most {most} bytes"))
}
