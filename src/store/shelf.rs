//! Shelves: the read-only view of one ecosystem that a room serves from.

use super::layout::Store;
use super::snapshot::Snapshot;
use crate::artifact::{Artifact, Blobs, Digest, set_name};
use crate::error::Result;
use std::sync::Arc;

/// A named set of bundles, as served under `/<ecosystem>/<view>/`.
#[derive(Clone)]
pub struct View {
    /// `latest` for the union, else `NAME-SEQ` of one bundle.
    pub name: String,
    /// Identity of the content: changes exactly when the artifacts do.
    pub id: Digest,
    /// All artifacts; those of one name from the oldest bundle to the newest, whose word counts where they differ.
    pub artifacts: Vec<Arc<Artifact>>,
    /// Their bytes.
    pub blobs: Arc<dyn Blobs>,
}

/// One ecosystem of a view.
#[derive(Clone)]
pub struct Shelf {
    /// The view's name.
    pub view: String,
    /// Identity of the view's content.
    pub id: Digest,
    /// The ecosystem's artifacts, in the view's order.
    pub artifacts: Vec<Arc<Artifact>>,
    /// Their bytes.
    pub blobs: Arc<dyn Blobs>,
}

impl View {
    /// The part of the view that belongs to one ecosystem.
    pub fn shelf(&self, ecosystem: &str) -> Shelf {
        Shelf {
            view: self.name.clone(),
            id: self.id,
            artifacts: self.artifacts.iter().filter(|a| a.ecosystem == ecosystem).cloned().collect(),
            blobs: self.blobs.clone(),
        }
    }
}

impl Store {
    /// The views of a snapshot: `latest`, and one per installed bundle.
    pub fn views(&self, snapshot: &Snapshot) -> Result<Vec<View>> {
        let blobs: Arc<dyn Blobs> = Arc::new(self.clone());
        let mut views = Vec::new();
        for bundle in &snapshot.bundles {
            let artifacts = self.lock_of(bundle)?.artifacts.into_iter().map(Arc::new).collect();
            views.push(View { name: set_name(&bundle.name, &bundle.line, bundle.seq), id: bundle.bundle, artifacts, blobs: blobs.clone() });
        }
        let ids: Vec<u8> = views.iter().flat_map(|v| *v.id.as_bytes()).collect();
        let mut all: Vec<Arc<Artifact>> = views.iter().flat_map(|v| v.artifacts.iter().cloned()).collect();
        // Stable: by version, an older bundle's 9.0 would come after a newer bundle's 10.0.
        all.sort_by(|a, b| (&a.ecosystem, &a.name).cmp(&(&b.ecosystem, &b.name)));
        views.insert(0, View { name: "latest".to_owned(), id: Digest::of(&ids), artifacts: all, blobs });
        Ok(views)
    }
}
