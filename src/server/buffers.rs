//! Memory for transfers, bounded for the whole process: large buffers that whoever reads fast borrows from one pool, and for each
//! transfer one small buffer of its own, so that readers who borrow and stand still slow the others down but never stop them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Length of a large buffer.
const LARGE: usize = 512 << 10;
/// How many of them there may be: 24 MiB.
const LARGES: usize = 48;
/// Length of a transfer's own buffer.
pub const SMALL: usize = 32 << 10;
/// Most transfers at once: 32 MiB of small buffers.
const TRANSFERS: usize = 1024;

/// Memory is the process's, however many servers it runs.
static POOL: Mutex<Pool> = Mutex::new(Pool { spare: Vec::new(), made: 0 });
static RUNNING: AtomicUsize = AtomicUsize::new(0);

struct Pool {
    spare: Vec<Vec<u8>>,
    made: usize,
}

impl Pool {
    /// A large buffer, when more than `reserve` of them are free.
    fn borrow(&mut self, reserve: usize) -> Option<Vec<u8>> {
        if self.spare.len() + LARGES - self.made <= reserve {
            return None;
        }
        Some(self.spare.pop().unwrap_or_else(|| {
            self.made += 1;
            vec![0; LARGE]
        }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one transfer may use; given back when it and all its buffers are gone.
pub struct Share(Mutex<Own>);

/// A transfer's own buffer.
enum Own {
    Here(Vec<u8>),
    /// Under way, with whoever waits for it.
    Lent(Option<Waker>),
}

impl Share {
    /// A place among the transfers; `None` when there are too many.
    pub fn take() -> Option<Arc<Self>> {
        if RUNNING.fetch_add(1, Ordering::Relaxed) < TRANSFERS {
            return Some(Arc::new(Self(Mutex::new(Own::Here(vec![])))));
        }
        RUNNING.fetch_sub(1, Ordering::Relaxed);
        None
    }

    /// A large buffer for reading ahead, while many are free.
    pub fn spare(self: &Arc<Self>) -> Option<Buffer> {
        self.large(LARGES / 2)
    }

    /// A large buffer, or the transfer's own; when that is under way as well, the waker hears of its return.
    pub fn buffer(self: &Arc<Self>, waker: &Waker) -> Option<Buffer> {
        self.large(0).or_else(|| self.own(waker))
    }

    /// The transfer's own buffer.
    pub fn own(self: &Arc<Self>, waker: &Waker) -> Option<Buffer> {
        let mut own = lock(&self.0);
        match std::mem::replace(&mut *own, Own::Lent(None)) {
            Own::Here(mut bytes) => {
                bytes.resize(SMALL, 0);
                Some(Buffer { bytes, length: SMALL, share: self.clone() })
            }
            Own::Lent(_) => {
                *own = Own::Lent(Some(waker.clone()));
                None
            }
        }
    }

    fn large(self: &Arc<Self>, reserve: usize) -> Option<Buffer> {
        let bytes = lock(&POOL).borrow(reserve)?;
        Some(Buffer { length: bytes.len(), bytes, share: self.clone() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A buffer on loan, which goes back when dropped: nothing is allocated or zeroed for each chunk.
pub struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    share: Arc<Share>,
}

impl Buffer {
    /// Its first `most` bytes at most, to be filled.
    pub fn fill(&mut self, most: u64) -> &mut [u8] {
        self.length = self.bytes.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        &mut self.bytes[..self.length]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.len() == LARGE {
            lock(&POOL).spare.push(bytes);
        } else if let Own::Lent(Some(waker)) = std::mem::replace(&mut *lock(&self.share.0), Own::Here(bytes)) {
            waker.wake();
        }
    }
}
