//! What is served now: the source's views, leased from pruning, exchanged when the store's pointer moves.

use super::site::Site;
use super::{Announce, Event, Settings, Source};
use crate::artifact::{BlobRead, Blobs, Digest};
use crate::ecosystems::unserved;
use crate::error::{Error, Kind, Result};
use crate::server::Switch;
use crate::store::{Lease, Snapshot, Store, View};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;

/// A lease may be lost to a pruning in the same instant; the next look finds the newer snapshot.
const ATTEMPTS: usize = 3;

/// The site being served and how it follows its source.
pub struct Current {
    switch: Switch,
    settings: Arc<Settings>,
    announce: Announce,
    poll: Duration,
    store: Option<Store>,
    shown: Option<Snapshot>,
}

impl Current {
    /// Makes the first site.
    pub async fn open(source: Source, settings: Arc<Settings>, announce: Announce, poll: Duration) -> Result<Self> {
        let (store, views) = match source {
            Source::Store(store) => (Some(store), vec![]),
            Source::Views(views) => (None, views),
        };
        let (found, shared) = (store.clone(), settings.clone());
        let (shown, left, router) = blocking(move || {
            let (shown, views) = match &found {
                Some(store) => load(store)?,
                None => (None, views),
            };
            Ok((shown.clone(), left_out(&views), Site::router(views, shown.map(|s| s.number), &shared)))
        })
        .await?;
        announce(Event::Serving(shown.as_ref().map(|s| s.number)));
        left.into_iter().for_each(|line| announce(Event::LeftOut(line)));
        Ok(Self { switch: Switch::new(router), settings, announce, poll, store, shown })
    }

    /// What the door serves from.
    pub fn switch(&self) -> Switch {
        self.switch.clone()
    }

    /// Looks at the store from time to time and serves what it points to; a snapshot that cannot be served changes nothing.
    pub async fn follow(mut self) {
        let Some(store) = self.store.clone() else { return };
        let mut last_error = String::new();
        loop {
            tokio::time::sleep(self.poll).await;
            match self.look(store.clone()).await {
                Ok(()) => last_error.clear(),
                // The same trouble is told once, not with every look.
                Err(error) if error.to_string() == last_error => {}
                Err(error) => {
                    last_error = error.to_string();
                    (self.announce)(Event::Kept(error));
                }
            }
        }
    }

    async fn look(&mut self, store: Store) -> Result<()> {
        let (shown, settings) = (self.shown.clone(), self.settings.clone());
        let made = blocking(move || {
            if store.current()? == shown {
                return Ok(None);
            }
            let (found, views) = load(&store)?;
            let left = left_out(&views);
            let router = Site::router(views, found.as_ref().map(|s| s.number), &settings);
            Ok(Some((found, left, router)))
        })
        .await?;
        if let Some((found, left, router)) = made {
            self.switch.set(router);
            self.shown = found;
            (self.announce)(Event::Serving(self.shown.as_ref().map(|s| s.number)));
            left.into_iter().for_each(|line| (self.announce)(Event::LeftOut(line)));
        }
        Ok(())
    }
}

/// What the rooms leave out of the first view, which has all that is installed.
fn left_out(views: &[View]) -> Vec<String> {
    views.first().map(|view| unserved(view.artifacts.iter().map(AsRef::as_ref))).unwrap_or_default()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|e| Err(Error::failed("the snapshot could not be prepared for serving").because(&e)))
}

/// The current snapshot with its views; both are kept from pruning as long as anything of the views is in use.
fn load(store: &Store) -> Result<(Option<Snapshot>, Vec<View>)> {
    for left in (0..ATTEMPTS).rev() {
        let Some(snapshot) = store.current()? else { break };
        let loaded = store.lease(snapshot.number).and_then(|lease| Ok((lease, store.views(&snapshot)?)));
        match loaded {
            Ok((lease, views)) => {
                let leased: Arc<dyn Blobs> = Arc::new(Leased::new(Arc::new(store.clone()), &views, lease));
                let views = views.into_iter().map(|view| View { blobs: leased.clone(), ..view }).collect();
                return Ok((Some(snapshot), views));
            }
            Err(error) if left == 0 || store.current()?.as_ref() == Some(&snapshot) => return Err(error),
            Err(_) => {}
        }
    }
    Ok((None, vec![]))
}

/// Blobs that stay while someone may ask for them, each with the size its lock gives it: one that was cut is never served as whole.
struct Leased {
    blobs: Arc<dyn Blobs>,
    sizes: HashMap<Digest, u64>,
    _lease: Lease,
}

impl Leased {
    fn new(blobs: Arc<dyn Blobs>, views: &[View], lease: Lease) -> Self {
        let all = views.iter().flat_map(|view| &view.artifacts).flat_map(|artifact| &artifact.descriptors);
        let sizes = all.map(|blob| (blob.digest, blob.size)).collect();
        Self { blobs, sizes, _lease: lease }
    }

    fn check(&self, digest: &Digest, found: u64) -> Result<()> {
        match self.sizes.get(digest) {
            Some(expected) if *expected != found => Err(Error::new(Kind::Store, format!("{digest} in the store is damaged"))
                .with("expected", format!("{expected} bytes"))
                .with("found", format!("{found} bytes"))
                .hint("airlift scrub --discard takes it out, importing the bundle again brings it back")),
            _ => Ok(()),
        }
    }
}

impl Blobs for Leased {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        let blob = self.blobs.open(digest)?;
        blob.iter().try_for_each(|blob| self.check(digest, blob.size()))?;
        Ok(blob)
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        let size = self.blobs.size(digest)?;
        size.iter().try_for_each(|size| self.check(digest, *size))?;
        Ok(size)
    }
}
