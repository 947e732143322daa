//! How long work reports itself: a trait with a silent default, so that the library never touches a terminal.
//!
//! A step opens a [`Task`] per phase (`fetching`, `packing`, `verifying`), sets its total once known and adds to it as bytes pass.
//! The command line draws bars or prints lines or JSON events from it; tests and embedders pass [`Silent`].

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
