//! The models room: a small hub on loopback, well-behaved and not, and the hub's stock clients.

mod bad;
mod clients;
pub mod hub;
mod hub_crate;
mod lock;
mod named;
mod oci;
mod pieces;

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
use hub::Hub;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// The connected side.
struct Outside {
    folder: TempDir,
    upstream: Upstream,
    runtime: tokio::runtime::Runtime,
}

impl Outside {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        let settings = Settings { attempts: 3, pause: Duration::from_millis(1), ..settings };
        let (folder, upstream) = (TempDir::new().unwrap(), Upstream::new(settings).unwrap());
        Self { folder, upstream, runtime: tokio::runtime::Runtime::new().unwrap() }
    }

    /// Locks a manifest that is nothing but these sections.
    fn lock_all(&self, sections: &str) -> Result<LockOutcome> {
        let manifest = Manifest::parse(&format!("airlift = 1\nname = \"kit\"\n{sections}"), &ecosystems::names())?;
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let cache = self.folder.path().join("cache");
        let options = LockOptions { base: Path::new("."), cache: &cache, now, upstream: &self.upstream, progress: &Silent };
        self.runtime.block_on(lock(&manifest, &options))
    }

    /// Locks one section of a hub.
    fn lock(&self, hub: &Hub, section: &str) -> Result<LockOutcome> {
        self.lock_all(&format!("[models.m]\nhub = \"{}\"\n{section}\n", hub.address()))
    }

    /// What locking one section is refused with.
    fn refusal(&self, hub: &Hub, section: &str) -> Error {
        self.lock(hub, section).map(|_| ()).expect_err("this must not be locked")
    }

    fn fetch(&self, lock: Lock) -> Result<Store> {
        let store = Store::open_or_create(&self.folder.path().join("store"))?;
        let cache = self.folder.path().join("cache");
        let options = FetchOptions { upstream: &self.upstream, cache: &cache, parallel: 4, progress: &Silent };
        self.runtime.block_on(fetch(lock, &journal(&store.writer()?), &options))?;
        Ok(store)
    }
}

/// All that an error says.
fn said(error: &Error) -> String {
    format!("{error} {:?} {:?} {:?}", error.context(), error.causes(), error.hints())
}
