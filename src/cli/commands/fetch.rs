//! `airlift fetch`

use super::network::{self, Network};
use super::pack::read_lock;
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::Result;
use crate::lock::Lock;
use crate::log::Journal;
use crate::steps::fetch::{FetchOptions, FetchOutcome, fetch};
use crate::upstream::Upstream;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Bring the blobs of a lock into the store
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift fetch mlops.lock\n\nStopped at any time, the same command goes on where it was.")]
pub struct Fetch {
    /// The lock
    lock: PathBuf,
    #[command(flatten)]
    network: Network,
}

impl Fetch {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let lock = read_lock(&self.lock)?;
        let writer = context.make_store()?.writer()?.keeping_check_values();
        let journal = context.journal(&writer)?;
        let upstream = self.network.upstream(context)?;
        let outcome = network::run(bring(lock, &journal, &upstream, self.network.parallel, context))?;
        let lock = outcome.fetched.lock();
        let all = match lock.blobs().len() {
            1 => "the blob is".to_owned(),
            n => format!("all {} are", count(n, "blob")),
        };
        let text = format!("fetched {}: {all} in the store\n", bytes(outcome.bytes));
        context.out.data(&json!({ "fetched_bytes": outcome.bytes, "resumed": outcome.resumed, "blobs": lock.blobs().len() }), &text)?;
        context.out.say(format!("next: airlift pack {} --out FOLDER --key KEY", self.lock.display()));
        Ok(())
    }
}

/// Fetches with the command line's progress.
pub async fn bring(lock: Lock, journal: &Journal<'_>, upstream: &Upstream, parallel: usize, context: &Context) -> Result<FetchOutcome> {
    let (cache, progress) = (context.cache(), context.out.progress());
    fetch(lock, journal, &FetchOptions { upstream, cache: &cache, parallel, progress: progress.as_ref() }).await
}
