//! The server over raw sockets: what clients really get, byte for byte, and what hostile ones get.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod endings;
mod hostile;
mod site;
mod streams;
mod tls;

use airlift::artifact::{BlobRead, Blobs, Digest};
use airlift::error::Result;
use airlift::server::{AccessLog, BlobReply, DocumentReply, Door, Limits, Listener, Switch, blob, document, listen, preferred, problem};
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use std::collections::BTreeMap;
use std::io::{Cursor, ErrorKind, Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// No test waits longer than this for anything: a hang becomes a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// Blobs in memory, some of which cannot be read to their end.
#[derive(Default)]
pub struct Memory {
    blobs: BTreeMap<Digest, Bytes>,
    broken: BTreeMap<Digest, u64>,
}

impl Memory {
    pub fn add(&mut self, bytes: impl Into<Bytes>) -> Digest {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes);
        self.blobs.insert(digest, bytes);
        digest
    }

    /// Reading the blob fails from this offset on.
    pub fn break_at(&mut self, digest: Digest, offset: u64) {
        self.broken.insert(digest, offset);
    }
}

impl Blobs for Memory {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        let broken = self.broken.get(digest).copied();
        Ok(self.blobs.get(digest).map(|bytes| Box::new(Reader { bytes: Cursor::new(bytes.clone()), broken }) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.blobs.get(digest).map(|bytes| bytes.len() as u64))
    }
}

struct Reader {
    bytes: Cursor<Bytes>,
    broken: Option<u64>,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.broken.is_some_and(|at| self.bytes.position() >= at) {
            return Err(std::io::Error::other("the medium was pulled"));
        }
        let most = self.broken.map_or(u64::MAX, |at| at - self.bytes.position()).min(100_000) as usize;
        let most = buffer.len().min(most);
        self.bytes.read(&mut buffer[..most])
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.bytes.seek(to)
    }
}

impl BlobRead for Reader {
    fn size(&self) -> u64 {
        self.bytes.get_ref().len() as u64
    }
}

/// One blob of zeros of any size, for which no memory is needed.
pub struct Zeros(pub u64);

impl Blobs for Zeros {
    fn open(&self, _: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(Some(Box::new(Zeros(self.0))))
    }

    fn size(&self, _: &Digest) -> Result<Option<u64>> {
        Ok(Some(self.0))
    }
}

impl Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        buffer.fill(0);
        Ok(buffer.len())
    }
}

impl Seek for Zeros {
    fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
        Ok(0)
    }
}

impl BlobRead for Zeros {
    fn size(&self) -> u64 {
        self.0
    }
}

/// Pseudo-random bytes that no coding makes shorter.
pub fn noise(length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    blake3::Hasher::new_derive_key("airlift test noise").finalize_xof().fill(&mut bytes);
    Bytes::from(bytes)
}

/// What the tests ask for: blobs by digest, a document, one that panics.
pub fn router(blobs: impl Blobs + 'static) -> Router {
    let blobs: Arc<dyn Blobs> = Arc::new(blobs);
    let answer = move |parts: Parts| async move {
        match parts.uri.path().strip_prefix("/blob/").map(Digest::from_hex) {
            Some(Ok(digest)) => {
                blob(&parts, &blobs, BlobReply { digest, media_type: "application/x-test".to_owned(), headers: HeaderMap::new() })
            }
            _ => problem(StatusCode::NOT_FOUND, "nothing is here", ""),
        }
    };
    let question = |body: String| async move { format!("asked {}", body.len()) };
    Router::new().route("/document", get(page)).route("/panic", get(panics)).route("/question", post(question)).fallback(answer)
}

async fn panics() -> Response {
    panic!("as the test wants")
}

pub const DOCUMENT: &str = "a line that comes back and comes back again\n";

async fn page(parts: Parts) -> Response {
    let (media_type, text) = match preferred(&parts, &["text/html", "application/json"]) {
        Some(0) => ("text/html", DOCUMENT.repeat(100)),
        Some(_) => ("application/json", format!("[{}]", "1, ".repeat(1000))),
        None => return problem(StatusCode::NOT_ACCEPTABLE, "no such form", ""),
    };
    let media_type = media_type.to_owned();
    document(&parts, DocumentReply { bytes: Bytes::from(text), media_type, varies: true, headers: HeaderMap::new() })
}

/// Lines as they are written, one message each.
struct Lines(Sender<String>, Vec<u8>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1.extend_from_slice(bytes);
        while let Some(end) = self.1.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.1.drain(..=end).collect();
            // The test may have ended.
            let _ = self.0.send(String::from_utf8(line).unwrap());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An access log and the lines it writes.
pub fn logged() -> (AccessLog, Receiver<String>) {
    let (sender, receiver) = channel();
    (AccessLog::new(Lines(sender, vec![])), receiver)
}

/// A server on a free port, stopped when dropped.
pub struct Running {
    pub address: SocketAddr,
    log: Mutex<Receiver<String>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub fn start(router: Router) -> Self {
        Self::with(router, Limits::default())
    }

    pub fn with(router: Router, limits: Limits) -> Self {
        Self::over(router, limits, None)
    }

    pub fn over(router: Router, limits: Limits, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let (log, lines) = logged();
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, address) = channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), tls).await.unwrap();
                bound.send(listener.address()).unwrap();
                let door = Door { questions: |_, path| path == "/question", ..Door::new(Switch::new(router), Arc::new(log)) };
                listen(vec![listener], door, limits, async { drop(stopped.await) }).await;
            });
        });
        let address = address.recv_timeout(PATIENCE).unwrap();
        Self { address, log: Mutex::new(lines), stop: Some(stop), thread: Some(thread) }
    }

    pub fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Sends bytes, reads until the server closes.
    pub fn send(&self, request: impl AsRef<[u8]>) -> Vec<u8> {
        let mut stream = self.connect();
        // A server that refuses early may close before everything is sent.
        let _ = stream.write_all(request.as_ref());
        read_all(&mut stream)
    }

    /// One request with the headers given, over a connection of its own.
    pub fn ask(&self, method: &str, target: &str, headers: &str) -> Answer {
        let request = format!("{method} {target} HTTP/1.1\r\nHost: mirror\r\nConnection: close\r\n{headers}\r\n");
        Answer::parse(&self.send(request))
    }

    /// The next line of the access log.
    pub fn line(&self) -> serde_json::Value {
        let line = self.log.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Tells the server to stop.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has ended.
    pub fn join(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.join();
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads to the end. A reset counts as one; silence does not.
pub fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => panic!("the server hangs after {} bytes", bytes.len()),
        _ => bytes,
    }
}

/// Reads one answer's head, and nothing behind it.
pub fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    bytes
}

/// An answer taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let end =
            bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}
