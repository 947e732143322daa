//! Streaming a part of a blob: large chunks, read one ahead of the socket as long as there is memory for it.

use super::buffers::{Buffer, SMALL, Share};
use crate::artifact::BlobRead;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::io::{Error as IoError, Result as IoResult, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::task::{JoinHandle, spawn_blocking};

/// Why no body can be made.
pub enum Refused {
    /// Too many transfers are running.
    Busy,
    /// The blob cannot be read.
    Unreadable(IoError),
}

/// The body for `length` bytes from `first` on.
pub fn body(mut reader: Box<dyn BlobRead>, first: u64, length: u64) -> Result<Body, Refused> {
    let share = Share::take().ok_or(Refused::Busy)?;
    // Short parts are read at once, by the thread that answers: cheaper than waking another one.
    if length <= SMALL as u64
        && let Some(buffer) = share.own(Waker::noop())
    {
        let bytes = reader.seek(SeekFrom::Start(first)).and_then(|_| filled(buffer, &mut *reader, length));
        return bytes.map(Body::from).map_err(Refused::Unreadable);
    }
    Ok(Body::new(Transfer { state: State::Waiting(reader, Some(first)), left: length, share }))
}

/// The next bytes, at most `left`; fewer than fit are an error, since the length was promised.
fn filled(mut buffer: Buffer, reader: &mut dyn BlobRead, left: u64) -> IoResult<Bytes> {
    reader.read_exact(buffer.fill(left))?;
    Ok(Bytes::from_owner(buffer))
}

type Step = (Box<dyn BlobRead>, IoResult<Bytes>);

enum State {
    /// For a buffer; with where to begin, at first.
    Waiting(Box<dyn BlobRead>, Option<u64>),
    Reading(JoinHandle<Step>),
    Ended,
}

/// A body that reads its next chunk while the last one is being written.
struct Transfer {
    state: State,
    left: u64,
    share: Arc<Share>,
}

impl Transfer {
    fn read(&self, mut reader: Box<dyn BlobRead>, from: Option<u64>, buffer: Buffer) -> State {
        let left = self.left;
        State::Reading(spawn_blocking(move || {
            let ready = from.map_or(Ok(0), |first| reader.seek(SeekFrom::Start(first)));
            let bytes = ready.and_then(|_| filled(buffer, &mut *reader, left));
            (reader, bytes)
        }))
    }

    fn take(&mut self, step: Step) -> IoResult<Bytes> {
        let (reader, bytes) = step;
        let bytes = bytes?;
        self.left -= bytes.len() as u64;
        if self.left > 0 {
            self.state = match self.share.spare() {
                Some(buffer) => self.read(reader, None, buffer),
                None => State::Waiting(reader, None),
            };
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
                State::Waiting(reader, from) => match this.share.buffer(context.waker()) {
                    Some(buffer) => this.state = this.read(reader, from, buffer),
                    None => {
                        this.state = State::Waiting(reader, from);
                        return Poll::Pending;
                    }
                },
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
