//! How long work reports itself: a trait with a silent default, so that the library never touches a terminal.
//!
//! A step begins a phase (`fetching`, `packing`, `verifying`) with its total, adds to it as bytes pass, and asks now and then whether to
//! stop: work that is stopped ends with an error and cleans up like after any other.
//! The command line draws bars or prints lines or JSON events from it; tests and embedders pass [`Silent`].

use crate::error::{Error, Kind, Result};
use std::sync::Arc;

/// Receives the progress of one run; called from many threads.
pub trait Progress: Send + Sync {
    /// A phase begins; `total` is in bytes, 0 when unknown.
    fn begin(&self, phase: &'static str, total: u64);
    /// `bytes` more have been handled in the phase.
    fn advance(&self, phase: &'static str, bytes: u64);
    /// The phase has ended.
    fn end(&self, phase: &'static str);
    /// A line worth telling a person while work goes on.
    fn note(&self, message: &str);
    /// Whether the work should end where it is: somebody pressed Ctrl-C.
    fn stopped(&self) -> bool {
        false
    }
}

/// Reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &'static str, _: u64) {}
    fn advance(&self, _: &'static str, _: u64) {}
    fn end(&self, _: &'static str) {}
    fn note(&self, _: &str) {}
}

/// Progress that reports nothing, ready to be passed on.
pub fn silent() -> Arc<dyn Progress> {
    Arc::new(Silent)
}

/// [`Kind::Interrupted`] once the work should end; asked between two pieces of work.
pub fn go_on(progress: &dyn Progress) -> Result<()> {
    if progress.stopped() { Err(interrupted()) } else { Ok(()) }
}

/// The error of work that was stopped with Ctrl-C.
pub fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "stopped")
}
