//! `airlift build`

use super::fetch::bring;
use super::lock::{read_manifest, resolve};
use super::network::{self, Network};
use super::pack::{Packing, read_lock, write};
use crate::artifact::Digest;
use crate::cli::Context;
use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::store::write_named;
use clap::Args;
use std::path::{Path, PathBuf};

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
        let path = self.manifest.with_extension("lock");
        let locked = if self.locked { Some(locked(&self.manifest, &path)?) } else { None };
        let writer = context.make_store()?.writer()?.keeping_check_values();
        let journal = context.journal(&writer)?;
        let signing = self.packing.keys.open(writer.store(), context)?;
        let outcome = network::run(async {
            let lock = match locked {
                Some(lock) => lock,
                None => {
                    let lock = resolve(&self.manifest, &upstream, context).await?.lock;
                    write_named(&path, &lock.to_bytes())?;
                    lock
                }
            };
            bring(lock, &journal, &upstream, self.network.parallel, context).await
        })?;
        write(&outcome.fetched, &journal, &self.packing, (signing.as_ref(), None), context).map(|_| ())
    }
}

/// The lock beside a manifest, when it was made from this very text: an older one would carry what nobody asks for any more.
fn locked(manifest: &Path, path: &Path) -> Result<Lock> {
    let lock = read_lock(path)?;
    let found = Digest::of(read_manifest(manifest)?.as_bytes());
    if lock.manifest == found {
        return Ok(lock);
    }
    Err(Error::usage(format!("{}: the manifest has changed since it was locked", manifest.display()))
        .with("expected", format!("{}, as {} says", lock.manifest, path.display()))
        .with("found", found)
        .hint("lock it again and review what changed: airlift lock; or leave out --locked"))
}
