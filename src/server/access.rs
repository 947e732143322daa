//! The access log: one JSON object a line, written by a thread of its own so that a slow disk or reader never slows an answer.

use crate::error::plain;
use jiff::Timestamp;
use serde::Serialize;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Lines that may wait for the writer; what does not fit is counted and the count is logged.
const WAITING: usize = 16_384;

/// How long lines are gathered before they are written: waking the writer for each would cost more than answering.
const GATHER: Duration = Duration::from_millis(20);

/// One answered request.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When the request was read.
    pub time: Timestamp,
    /// The client.
    pub peer: SocketAddr,
    /// Whether it came over TLS.
    pub tls: bool,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub version: &'static str,
    /// As sent, at most 32 characters.
    pub method: String,
    /// Path as sent, without query (which may carry secrets), at most 1,024 characters.
    pub path: String,
    /// 0 when the client left before there was an answer.
    pub status: u16,
    /// Bytes of the body that the socket took.
    pub bytes: u64,
    /// From the request to the last byte.
    pub duration: Duration,
    /// `User-Agent`, at most 200 characters.
    pub agent: Option<String>,
    /// The view that answered.
    pub view: Option<String>,
    /// Whether the whole answer was sent.
    pub complete: bool,
    /// Why it failed.
    pub error: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    peer: SocketAddr,
    tls: bool,
    version: &'a str,
    method: &'a str,
    path: &'a str,
    status: u16,
    bytes: u64,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<&'a str>,
    complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Takes entries and writes them; flushed and closed when dropped.
#[derive(Debug)]
pub struct AccessLog {
    sender: Option<SyncSender<Entry>>,
    writer: Option<JoinHandle<()>>,
    lost: std::sync::Arc<AtomicU64>,
}

impl AccessLog {
    /// Logs to a writer, such as standard error or a file opened for appending.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let lost = std::sync::Arc::new(AtomicU64::new(0));
        let counted = lost.clone();
        let thread = std::thread::Builder::new().name("access-log".to_owned());
        // Without a thread there is no log, but there is still a mirror.
        let writer = thread.spawn(move || write_all(&receiver, &counted, BufWriter::with_capacity(1 << 16, writer))).ok();
        Self { sender: writer.is_some().then_some(sender), writer, lost }
    }

    /// Logs nothing.
    pub fn silent() -> Self {
        Self { sender: None, writer: None, lost: std::sync::Arc::default() }
    }

    /// Whether entries are written at all.
    pub(super) fn enabled(&self) -> bool {
        self.sender.is_some()
    }

    /// Takes an entry; never blocks.
    pub(super) fn write(&self, entry: Entry) {
        if let Some(sender) = &self.sender
            && let Err(TrySendError::Full(_)) = sender.try_send(entry)
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to flush.
            let _ = writer.join();
        }
    }
}

fn write_all(entries: &Receiver<Entry>, lost: &AtomicU64, mut writer: impl Write) {
    // A log that cannot be written must not take the mirror down: errors end here.
    while let Ok(first) = entries.recv() {
        std::thread::sleep(GATHER);
        let _ = write_line(&mut writer, &first);
        while let Ok(entry) = entries.try_recv() {
            let _ = write_line(&mut writer, &entry);
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(writer, "{{\"lost\":{lost}}}");
        }
        let _ = writer.flush();
    }
}

fn write_line(writer: &mut impl Write, entry: &Entry) -> std::io::Result<()> {
    let (path, agent) = (plain(&entry.path), entry.agent.as_deref().map(plain));
    let line = Line {
        time: format!("{:.3}", entry.time),
        peer: entry.peer,
        tls: entry.tls,
        version: entry.version,
        method: &entry.method,
        path: &path,
        status: entry.status,
        bytes: entry.bytes,
        duration_ms: entry.duration.as_micros() as f64 / 1000.0,
        agent: agent.as_deref(),
        view: entry.view.as_deref(),
        complete: entry.complete,
        error: entry.error.as_deref(),
    };
    serde_json::to_writer(&mut *writer, &line)?;
    writer.write_all(b"\n")
}
