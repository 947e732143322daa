//! The union of all rooms' repositories: made once when a view is opened, so that a request is a few lookups.

use super::made::WithMade;
use super::repository::Repository;
use crate::artifact::{Blobs, Digest};
use axum::Router;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where registry clients look for the protocol at the root of a server.
pub const ROOT: &str = "/v2";

/// Repositories by the name they are served under.
pub struct Registry {
    pub(super) repositories: BTreeMap<String, Repository>,
    /// Other names of repositories; a name that several of them claim is nobody's.
    aliases: BTreeMap<String, Option<String>>,
    /// The same for names without their registry, for clients that know one registry only.
    short: BTreeMap<String, Option<String>>,
    /// The bytes.
    pub(super) blobs: Arc<dyn Blobs>,
    /// The path of the registry as clients see it, for links.
    pub(super) base: String,
}

impl Registry {
    /// The union of what rooms have. Where two have one name, what is the same in both is served; of what differs, neither.
    pub fn new(rooms: impl IntoIterator<Item = BTreeMap<String, Repository>>, blobs: Arc<dyn Blobs>, base: String) -> Self {
        let mut repositories: BTreeMap<String, Repository> = BTreeMap::new();
        for (name, repository) in rooms.into_iter().flatten() {
            match repositories.get_mut(&name) {
                Some(known) => known.merge(repository),
                None => drop(repositories.insert(name, repository)),
            }
        }
        let made: BTreeMap<Digest, Bytes> = repositories.values_mut().flat_map(|r| std::mem::take(&mut r.made)).collect();
        let blobs: Arc<dyn Blobs> = if made.is_empty() { blobs } else { Arc::new(WithMade { made, stored: blobs }) };
        let (mut aliases, mut short) = (BTreeMap::new(), BTreeMap::new());
        for (name, repository) in &repositories {
            repository.aliases.iter().for_each(|alias| claim(&mut aliases, alias, name));
            repository.short.iter().for_each(|alias| claim(&mut short, alias, name));
        }
        Self { repositories, aliases, short, blobs, base }
    }

    /// The protocol below a mount point.
    pub fn router(self) -> Router {
        super::answer::router(Arc::new(self))
    }

    /// The repository a request means: below the upstream that `ns` names, by the name as it stands, and for clients that know only one
    /// registry, by the name without it.
    ///
    /// A client that named another upstream is never answered by a short name: that is somebody else's there.
    pub(super) fn find(&self, name: &str, namespace: Option<&str>) -> Option<&Repository> {
        let below = namespace.and_then(|ns| self.named(&format!("{}/{name}", ns.replace(':', "_"))));
        let found = below.or_else(|| self.named(name));
        let short = || self.repositories.get(self.short.get(name).filter(|_| namespace.is_none())?.as_deref()?);
        // Below a view's own path, clients that add `/v2` themselves and those that do not both arrive here.
        found.or_else(short).or_else(|| self.find(name.strip_prefix("v2/")?, namespace))
    }

    fn named(&self, name: &str) -> Option<&Repository> {
        self.repositories.get(name).or_else(|| self.repositories.get(self.aliases.get(name)?.as_deref()?))
    }
}

fn claim(aliases: &mut BTreeMap<String, Option<String>>, alias: &str, name: &str) {
    let owner = aliases.entry(alias.to_owned()).or_insert_with(|| Some(name.to_owned()));
    if owner.as_deref() != Some(name) {
        *owner = None;
    }
}
