//! The runtime for commands that listen and never call out.

use crate::error::{Error, Result};
use std::pin::Pin;

/// What ends when the process is asked to stop: Ctrl-C, or SIGTERM from a service manager.
pub type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a server until it ends or the process is asked to stop; the server then finishes what it is sending.
pub fn run_until_stopped<F: Future<Output = Result<()>>>(work: impl FnOnce(Stopped) -> F) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Error::io("the runtime cannot be started", &e))?;
    runtime.block_on(async {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        let mut terminate = terminate.map_err(|e| Error::io("signals cannot be received", &e))?;
        let stopped = Box::pin(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        });
        work(stopped).await
    })
}
