//! Closing without losing the last answer: a socket that is closed while the client still sends is reset, and the reset destroys what
//! the client has not read yet (RFC 9112, section 9.6).

use std::future::Future;
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How long a client may go on sending after the last answer.
const LONGEST: Duration = Duration::from_secs(2);

/// A TCP stream that, once shut down, reads and forgets what the client still sends, for a while.
pub struct Lingering {
    stream: TcpStream,
    closing: Option<Pin<Box<Sleep>>>,
    /// Whether the client was still sending when the stream was shut down.
    talking: bool,
}

impl Lingering {
    /// Wraps an accepted stream.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, closing: None, talking: false }
    }

    /// Reads and forgets until the client has stopped or time is up; a client that is silent is not waited for.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.closing.as_mut().is_none_or(|closing| closing.as_mut().poll(context).is_ready()) {
            return Poll::Ready(Ok(()));
        }
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.talking = true,
                Poll::Pending if self.talking => return Poll::Pending,
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.closing.is_none() {
            match Pin::new(&mut self.stream).poll_shutdown(context) {
                Poll::Ready(Ok(())) => self.closing = Some(Box::pin(sleep(LONGEST))),
                other => return other,
            }
        }
        self.poll_drain(context)
    }
}
