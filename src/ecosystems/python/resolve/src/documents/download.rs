//! Getting at the bytes of a distribution: in parts, whole, or as they come in.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use tokio::sync::mpsc;
use uv_redacted::DisplaySafeUrl;

use super::Documents;
use super::sdist::{self, Found};
use super::sparse::{Sparse, Whole};
use crate::failure::{Failure, FailureKind, chain, kind_of_status};
use crate::limits::{ARCHIVE, TOO_MUCH};

/// Bytes of the first part that is asked for; each part is twice as long as the one before.
const FIRST_PART: u64 = 128 << 10;
/// Most bytes that are fetched of a wheel in parts: the directory of the largest has some 2 MB.
const MOST_PARTS: u64 = 64 << 20;

impl Documents<'_> {
    /// The METADATA of a wheel.
    pub(super) async fn metadata_of_wheel(&self, url: &DisplaySafeUrl, filename: &str) -> Result<Vec<u8>, Failure> {
        let first = self.get(url, Some("bytes=0-0".to_owned())).await?;
        let unreadable = |why: String| Failure::new(FailureKind::Malformed, format!("{url}: {why}"));
        let Some((_, size)) = content_range(&first).filter(|_| first.status() == StatusCode::PARTIAL_CONTENT) else {
            let mut whole = kept(first, url, self.directory).await?;
            return (self.read_metadata)(filename, &mut whole).map_err(unreadable);
        };
        let mut sparse = Sparse::new(size);
        let (mut window, mut left) = (FIRST_PART, MOST_PARTS);
        loop {
            let outcome = (self.read_metadata)(filename, &mut sparse);
            let Some((start, next)) = sparse.take_missing() else {
                return outcome.map_err(unreadable);
            };
            let end = start.saturating_add(window).min(next).min(size);
            left = left.checked_sub(end - start).ok_or_else(|| unreadable(format!("{TOO_MUCH} {MOST_PARTS} bytes in parts")))?;
            sparse.add(start, self.part(url, start, end).await?);
            window *= 2;
        }
    }

    /// Bytes `start` to `end`, the last one not included.
    async fn part(&self, url: &DisplaySafeUrl, start: u64, end: u64) -> Result<Vec<u8>, Failure> {
        let response = self.get(url, Some(format!("bytes={start}-{}", end - 1))).await?;
        let range = content_range(&response);
        let mut bytes = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| broken(url, &error))?);
            if bytes.len() as u64 > end - start {
                break;
            }
        }
        if range.map(|(from, _)| from) != Some(start) || bytes.len() as u64 != end - start {
            return Err(Failure::new(FailureKind::Malformed, format!("{url}: its host gives another range than the one asked for")));
        }
        Ok(bytes)
    }

    /// The documents of a source distribution; the inner failure is that of the archive.
    pub(super) async fn scanned(&self, url: &DisplaySafeUrl) -> Result<Result<Found, String>, Failure> {
        let mut stream = self.get(url, None).await?.bytes_stream();
        let (sender, chunks) = mpsc::channel(8);
        let scanning = tokio::task::spawn_blocking(move || sdist::scan(&mut Incoming { chunks, now: Vec::new(), at: 0 }));
        let mut failed = None;
        while let Some(chunk) = stream.next().await {
            match chunk {
                Ok(chunk) if sender.send(chunk.to_vec()).await.is_ok() => {}
                Ok(_) => break,
                Err(error) => {
                    failed = Some(broken(url, &error));
                    break;
                }
            }
        }
        drop(sender);
        let found = scanning.await.map_err(|error| Failure::from_error(FailureKind::Malformed, &error))?;
        match (found, failed) {
            // What was looked for may have come before the connection broke.
            (Err(_), Some(failure)) => Err(failure),
            (found, _) => Ok(found),
        }
    }

    async fn get(&self, url: &DisplaySafeUrl, range: Option<String>) -> Result<Response, Failure> {
        let plain = url::Url::from(url.clone());
        let mut request = self.client.uncached_client(url).get(plain).header(ACCEPT, ARCHIVE).header(ACCEPT_ENCODING, "identity");
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let response = request.send().await.map_err(|error| broken(url, &error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(Failure::new(kind_of_status(Some(status)), format!("{url}: {status}"))),
        }
    }
}

fn broken(url: &DisplaySafeUrl, error: &(dyn std::error::Error + 'static)) -> Failure {
    let text = chain(error);
    let kind = if text.contains(TOO_MUCH) { FailureKind::Malformed } else { FailureKind::Unreachable };
    Failure::new(kind, format!("{url}: {text}"))
}

/// The first byte of a part and the length of the whole (RFC 9110, section 14.4).
fn content_range(response: &Response) -> Option<(u64, u64)> {
    let (range, size) = response.headers().get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, size.parse().ok()?))
}

/// The whole body in a file that has no name any more.
async fn kept(response: Response, url: &DisplaySafeUrl, directory: &Path) -> Result<Whole, Failure> {
    let storage = |error: io::Error| Failure::from_error(FailureKind::Storage, &error);
    let mut file = nameless(directory).map_err(storage)?;
    let (mut size, mut stream) = (0, response.bytes_stream());
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| broken(url, &error))?;
        size += chunk.len() as u64;
        file.write_all(&chunk).map_err(storage)?;
    }
    Ok(Whole { file, size })
}

fn nameless(directory: &Path) -> io::Result<std::fs::File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = directory.join(format!(".wheel-{}-{number}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Chunks as they come in, for a reader on a thread that may wait.
struct Incoming {
    chunks: mpsc::Receiver<Vec<u8>>,
    now: Vec<u8>,
    at: usize,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.now.len() {
            let Some(chunk) = self.chunks.blocking_recv() else { return Ok(0) };
            (self.now, self.at) = (chunk, 0);
        }
        let length = buffer.len().min(self.now.len() - self.at);
        buffer[..length].copy_from_slice(&self.now[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
