//! Streaming a part of a blob: large chunks, read one ahead of the socket, within a memory budget for the whole process.

use crate::artifact::BlobRead;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::io::{Error as IoError, Result as IoResult, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::task::{JoinHandle, spawn_blocking};

/// Parts up to this length are read at once, by the thread that answers: cheaper than waking another one.
const INLINE: u64 = 64 << 10;
/// Largest chunk. Two or three are alive in a transfer: one in the socket's queue, one being read, a tail not yet written.
const LARGEST_CHUNK: usize = 512 << 10;
/// Smallest chunk, taken when many transfers run.
const SMALLEST_CHUNK: usize = 32 << 10;
/// What all chunks of the process together aim at, in bytes.
const BUDGET: usize = 64 << 20;
/// Most transfers at once; with the smallest chunk they fit the budget, so that slow or hostile readers cannot exhaust memory.
const MOST_TRANSFERS: usize = 1024;

/// Transfers running in this process: memory is the process's, however many servers it runs.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Why no body can be made.
pub enum Refused {
    /// Too many transfers are running.
    Busy,
    /// The blob cannot be read.
    Unreadable(IoError),
}

/// The body for `length` bytes from `first` on.
pub fn body(mut reader: Box<dyn BlobRead>, first: u64, length: u64) -> Result<Body, Refused> {
    let slot = Slot::take().ok_or(Refused::Busy)?;
    if length <= INLINE {
        let buffers = Arc::new(Buffers { spare: Mutex::new(vec![vec![0; length as usize]]), _slot: slot });
        let bytes = reader.seek(SeekFrom::Start(first)).and_then(|_| buffers.fill(&mut *reader, length as usize));
        return bytes.map(Body::from).map_err(Refused::Unreadable);
    }
    let buffers = Arc::new(Buffers { spare: Mutex::default(), _slot: slot });
    Ok(Body::new(Transfer { state: State::Before(reader, first), left: length, buffers }))
}

/// One of the process's transfers, until dropped.
struct Slot;

impl Slot {
    fn take() -> Option<Self> {
        if RUNNING.fetch_add(1, Ordering::Relaxed) < MOST_TRANSFERS {
            return Some(Self);
        }
        RUNNING.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

fn chunk_length() -> usize {
    let share = BUDGET / 3 / RUNNING.load(Ordering::Relaxed).max(1);
    share.clamp(SMALLEST_CHUNK, LARGEST_CHUNK) & !0xfff
}

/// The buffers of one transfer; each comes back when its chunk has left, so that nothing is allocated or zeroed per chunk. The slot
/// is given back with the last of them.
struct Buffers {
    spare: Mutex<Vec<Vec<u8>>>,
    _slot: Slot,
}

impl Buffers {
    /// The next `length` bytes; fewer are an error, since the length was promised.
    fn fill(self: &Arc<Self>, reader: &mut dyn BlobRead, length: usize) -> IoResult<Bytes> {
        let mut buffer = self.lock().pop().unwrap_or_default();
        buffer.resize(length, 0);
        reader.read_exact(&mut buffer)?;
        Ok(Bytes::from_owner(Chunk { buffer, home: self.clone() }))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Chunk {
    buffer: Vec<u8>,
    home: Arc<Buffers>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.home.lock().push(std::mem::take(&mut self.buffer));
    }
}

type Step = (Box<dyn BlobRead>, IoResult<Bytes>);

enum State {
    Before(Box<dyn BlobRead>, u64),
    Reading(JoinHandle<Step>),
    Ended,
}

/// A body that reads its next chunk while the last one is being written.
struct Transfer {
    state: State,
    left: u64,
    buffers: Arc<Buffers>,
}

impl Transfer {
    fn read(&self, mut reader: Box<dyn BlobRead>, from: Option<u64>) -> State {
        let length = self.left.min(chunk_length() as u64) as usize;
        let buffers = self.buffers.clone();
        State::Reading(spawn_blocking(move || {
            let ready = from.map_or(Ok(0), |first| reader.seek(SeekFrom::Start(first)));
            let bytes = ready.and_then(|_| buffers.fill(&mut *reader, length));
            (reader, bytes)
        }))
    }

    fn take(&mut self, step: Step) -> IoResult<Bytes> {
        let (reader, bytes) = step;
        let bytes = bytes?;
        self.left -= bytes.len() as u64;
        if self.left > 0 {
            self.state = self.read(reader, None);
        }
        Ok(bytes)
    }
}

impl HttpBody for Transfer {
    type Data = Bytes;
    type Error = IoError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<IoResult<Frame<Bytes>>>> {
        let this = self.get_mut();
        loop {
            match std::mem::replace(&mut this.state, State::Ended) {
                State::Before(reader, first) => this.state = this.read(reader, Some(first)),
                State::Reading(mut task) => {
                    let Poll::Ready(step) = Pin::new(&mut task).poll(context) else {
                        this.state = State::Reading(task);
                        return Poll::Pending;
                    };
                    // A reader that panics is one that cannot be read.
                    let step = step.map_err(IoError::other);
                    return Poll::Ready(Some(step.and_then(|step| this.take(step)).map(Frame::data)));
                }
                State::Ended => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
