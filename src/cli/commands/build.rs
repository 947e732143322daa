//! `airlift build`

use super::fetch::bring;
use super::lock::resolve;
use super::network::{self, Network};
use super::pack::{Packing, write};
use crate::cli::Context;
use crate::error::Result;
use crate::store::write_atomic;
use clap::Args;
use std::path::PathBuf;

/// Lock, fetch and pack in one go
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift build mlops.toml --key ~/.ssh/release --volume-size fat32 --out /media/usb")]
pub struct Build {
    /// The toolkit manifest
    manifest: PathBuf,
    /// Use the lock beside the manifest instead of resolving again
    #[arg(long)]
    locked: bool,
    #[command(flatten)]
    packing: Packing,
    #[command(flatten)]
    network: Network,
}

impl Build {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let upstream = self.network.upstream(context)?;
        let writer = context.make_store()?.writer()?.keeping_check_values();
        let path = self.manifest.with_extension("lock");
        let outcome = network::run(async {
            let lock = if self.locked { super::pack::read_lock(&path)? } else { resolve(&self.manifest, &upstream, context).await?.lock };
            write_atomic(&path, &lock.to_bytes())?;
            bring(lock, &writer, &upstream, self.network.parallel, context).await
        })?;
        write(&outcome.fetched, &writer, &self.packing, context).map(|_| ())
    }
}
