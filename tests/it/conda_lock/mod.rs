//! Locking Conda packages: channels on loopback, well-behaved and not, and the lock files of other tools.

mod bad;
pub mod channel;
mod excluded;
mod listed;
mod relations;
mod solved;

use crate::origin::Origin;
use crate::world::journal;
use airlift::ecosystems;
use airlift::error::{Error, Result};
use airlift::lock::Lock;
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::steps::fetch::{FetchOptions, fetch};
use airlift::steps::lock::{LockOptions, LockOutcome, lock};
use airlift::store::Store;
use airlift::upstream::{Settings, Upstream};
use std::time::Duration;
use tempfile::TempDir;

/// The machines of most tests.
pub const TARGETS: &str = "[targets.box]\nplatform = \"linux-x86_64\"\nglibc = \"2.28\"\npython = \"3.11\"\n";

/// The connected side.
struct Outside {
    folder: TempDir,
    upstream: Upstream,
    runtime: tokio::runtime::Runtime,
    targets: String,
}

impl Outside {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        let settings = Settings { attempts: 3, pause: Duration::from_millis(1), ..settings };
        let (folder, upstream) = (TempDir::new().unwrap(), Upstream::new(settings).unwrap());
        Self { folder, upstream, runtime: tokio::runtime::Runtime::new().unwrap(), targets: TARGETS.to_owned() }
    }

    fn targets(mut self, targets: &str) -> Self {
        targets.clone_into(&mut self.targets);
        self
    }

    /// A file beside the manifest.
    fn file(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    /// Locks a manifest that is nothing but these sections.
    fn lock_all(&self, sections: &str) -> Result<LockOutcome> {
        let text = format!("airlift = 1\nname = \"kit\"\n{}{sections}", self.targets);
        let manifest = Manifest::parse(&text, &ecosystems::names())?;
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let cache = self.folder.path().join("cache");
        let options = LockOptions { base: self.folder.path(), cache: &cache, now, upstream: &self.upstream, progress: &Silent };
        self.runtime.block_on(lock(&manifest, &options))
    }

    /// Locks one section whose channel names stand for channels of a server.
    fn lock(&self, origin: &Origin, section: &str) -> Result<LockOutcome> {
        self.lock_all(&format!("[conda.c]\nchannel-alias = \"{}\"\n{section}\n", origin.address))
    }

    /// What locking one section is refused with.
    fn refusal(&self, origin: &Origin, section: &str) -> Error {
        self.lock(origin, section).map(|_| ()).expect_err("this must not be locked")
    }

    fn fetch(&self, lock: Lock) -> Result<Store> {
        let store = Store::open_or_create(&self.folder.path().join("store"))?;
        let cache = self.folder.path().join("cache");
        let options = FetchOptions { upstream: &self.upstream, cache: &cache, parallel: 4, progress: &Silent };
        self.runtime.block_on(fetch(lock, &journal(&store.writer()?), &options))?;
        Ok(store)
    }
}

/// `CHANNEL/SUBDIR/NAME VERSION-BUILD` of everything in a lock.
fn chosen(outcome: &LockOutcome) -> Vec<String> {
    outcome.lock.artifacts.iter().map(|artifact| format!("{} {}", artifact.name, artifact.version)).collect()
}

/// All that an error says.
fn said(error: &Error) -> String {
    format!("{error} {:?} {:?} {:?}", error.context(), error.causes(), error.hints())
}
