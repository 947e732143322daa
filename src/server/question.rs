//! Requests that ask by POST: their bodies are read whole, within bounds of length, time and number, before a room sees them.

use super::problem::problem;
use axum::body::HttpBody;
use axum::response::Response;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::StatusCode;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Longest body, in bytes.
const MOST: usize = 1 << 20;
/// How long it may take to come.
const TIME: Duration = Duration::from_secs(10);
/// Bodies in memory at once.
static PLACES: Semaphore = Semaphore::const_new(64);

/// A body, in memory until it is dropped.
pub struct Question {
    /// The body.
    pub bytes: Bytes,
    _place: SemaphorePermit<'static>,
}

/// Reads a body, or tells why it is not taken.
pub async fn read<B: HttpBody + Unpin>(body: B) -> Result<Question, Response> {
    let reading = async {
        let place = PLACES.acquire().await.map_err(|_| problem(StatusCode::SERVICE_UNAVAILABLE, "the mirror is busy", ""))?;
        Ok(Question { bytes: gather(body).await?, _place: place })
    };
    match timeout(TIME, reading).await {
        Ok(read) => read,
        Err(_) => Err(problem(StatusCode::REQUEST_TIMEOUT, "the body did not come in time", "")),
    }
}

async fn gather<B: HttpBody + Unpin>(mut body: B) -> Result<Bytes, Response> {
    let too_long = || problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long", &format!("At most {MOST} bytes are read."));
    if body.size_hint().lower() > MOST as u64 {
        return Err(too_long());
    }
    let mut read = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| problem(StatusCode::BAD_REQUEST, "the body cannot be read", ""))?;
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.remaining() > MOST {
            return Err(too_long());
        }
        read.put(data);
    }
    Ok(read.freeze())
}
