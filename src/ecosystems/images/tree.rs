//! One root manifest and what hangs below it: which children are carried, which are left out, what each must be.

use super::meta::Missing;
use super::section::Wanted;
use crate::artifact::{Descriptor, Digest, Learned, SideDigests};
use crate::error::{Error, Result};
use crate::server::oci::{Document, Entry, Platform, Shape, is_manifest, is_schema_1};
use crate::upstream::oci::{Found, Repository};
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Deepest nesting of indexes; an image needs 2 levels.
const DEEPEST: usize = 4;
/// Most manifests of one image.
const MOST_MANIFESTS: usize = 1000;
/// Longest configuration that is read, in bytes.
const MOST_CONFIG_BYTES: usize = 8 << 20;
/// Manifests asked for at once.
const AT_ONCE: usize = 4;

/// A root with everything that is carried of it.
#[derive(Debug)]
pub(super) struct Tree {
    /// The manifests, the root first, then level by level in the order of the indexes.
    pub nodes: Vec<Node>,
    /// Children of indexes that are not carried.
    pub missing: Vec<Missing>,
    /// Platforms that are carried.
    pub platforms: BTreeSet<Platform>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// A manifest that is carried.
#[derive(Debug)]
pub(super) struct Node {
    /// Media type, as served.
    pub media_type: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
    /// Its content.
    pub document: Document,
    /// The platform its index gives it.
    pub platform: Option<Platform>,
}

impl Node {
    fn new(found: &Found, platform: Option<Platform>) -> Result<Self> {
        let document = Document::parse(&found.bytes, &found.media_type)?;
        let (media_type, size) = (found.media_type.clone(), found.bytes.len() as u64);
        Ok(Self { media_type, digest: found.digest, size, document, platform })
    }

    /// Whether it is an index.
    pub(super) fn is_index(&self) -> bool {
        matches!(self.document.shape, Shape::Index(_))
    }
}

impl Tree {
    /// Follows a root that was found down to its layers.
    pub(super) async fn grow(repository: &Repository<'_>, found: &Found, wanted: &Wanted) -> Result<Self> {
        let root = Node::new(found, None)?;
        let mut tree = Self { nodes: vec![], missing: vec![], platforms: BTreeSet::new(), notes: vec![] };
        let mut seen = BTreeSet::from([root.digest]);
        let mut level = vec![root];
        for _ in 0..DEEPEST {
            let entries: Vec<Entry> = level.iter().flat_map(|node| tree.choose(node, wanted)).collect();
            tree.nodes.append(&mut level);
            let entries: Vec<Entry> = entries.into_iter().filter(|entry| seen.insert(entry.digest)).collect();
            if tree.nodes.len() + entries.len() > MOST_MANIFESTS {
                return Err(Error::verification("the index has too many manifests").with("expected", format!("at most {MOST_MANIFESTS}")));
            }
            let children = entries.into_iter().map(|entry| child(repository, entry, wanted)).collect::<Vec<_>>();
            for child in futures::stream::iter(children).buffered(AT_ONCE).try_collect::<Vec<_>>().await? {
                match child {
                    Ok(node) => level.push(node),
                    Err(missing) => tree.leave_out(&missing, "the registry does not have it"),
                }
            }
            if level.is_empty() {
                tree.check_platforms(repository, wanted).await?;
                tree.check_foreign(repository).await?;
                return Ok(tree);
            }
        }
        Err(Error::verification("the index is nested too deeply").with("expected", format!("at most {DEEPEST} levels")))
    }

    /// The children of an index that are carried; the others are remembered as missing.
    fn choose(&mut self, node: &Node, wanted: &Wanted) -> Vec<Entry> {
        let Shape::Index(entries) = &node.document.shape else { return vec![] };
        let accepts = |platform: &Platform| match wanted {
            Wanted::All => true,
            Wanted::Listed(set) | Wanted::Targets(set) => set.iter().any(|w| w.accepts(platform)),
        };
        let known = |entry: &Entry| entry.platform.as_ref().filter(|p| !p.is_unknown()).cloned();
        let platformless = entries.iter().all(|entry| known(entry).is_none());
        let direct: BTreeSet<Digest> = entries.iter().filter(|e| known(e).is_some_and(|p| accepts(&p))).map(|e| e.digest).collect();
        let carried = |entry: &Entry| match known(entry) {
            _ if platformless || *wanted == Wanted::All => true,
            Some(platform) => accepts(&platform),
            None => entry.attests.is_some_and(|subject| direct.contains(&subject)),
        };
        let mut chosen = Vec::new();
        for entry in entries {
            match (carried(entry), is_manifest(&entry.media_type)) {
                (true, true) => {
                    self.platforms.extend(known(entry));
                    chosen.push(entry.clone());
                }
                (true, false) => self.leave_out(entry, "it is of a kind that is not carried"),
                (false, _) => self.missing.push(missing(entry)),
            }
        }
        chosen
    }

    fn leave_out(&mut self, entry: &Entry, why: &str) {
        self.notes.push(format!("{} ({}) of the index is left out: {why}", entry.digest, entry.media_type));
        if let Some(platform) = &entry.platform {
            self.platforms.remove(platform);
        }
        self.missing.push(missing(entry));
    }

    /// Reads configurations: they state the platform of an image that has no index, and should agree with the index of one that has.
    async fn check_platforms(&mut self, repository: &Repository<'_>, wanted: &Wanted) -> Result<()> {
        let single = !self.nodes[0].is_index();
        let reads: Vec<_> = self
            .nodes
            .iter()
            .filter_map(|node| {
                let listed = node.platform.clone().filter(|p| !p.is_unknown());
                let config = node.document.image_config().filter(|_| single || listed.is_some())?;
                Some(configured(repository, node.digest, listed, config.clone()))
            })
            .collect();
        for (node, listed, found) in futures::stream::iter(reads).buffered(AT_ONCE).try_collect::<Vec<_>>().await? {
            match (listed, found) {
                (None, Some(found)) => self.platforms.extend([found]),
                (Some(listed), Some(found)) if listed != found => {
                    self.notes.push(format!("{node} is listed as {listed} and says itself that it is {found}"));
                }
                _ => {}
            }
        }
        self.check_wanted(wanted)
    }

    fn check_wanted(&mut self, wanted: &Wanted) -> Result<()> {
        let (Wanted::Listed(set) | Wanted::Targets(set)) = wanted else { return Ok(()) };
        let lacking: Vec<String> = set.iter().filter(|w| !self.platforms.iter().any(|p| w.accepts(p))).map(Platform::to_string).collect();
        let platformless = self.platforms.is_empty() && self.missing.iter().all(|m| m.platform.is_none());
        if lacking.is_empty() || platformless {
            return Ok(());
        }
        let there: BTreeSet<String> =
            self.platforms.iter().map(Platform::to_string).chain(self.missing.iter().filter_map(|m| m.platform.clone())).collect();
        let there = there.into_iter().collect::<Vec<_>>().join(", ");
        if matches!(wanted, Wanted::Listed(_)) || lacking.len() == set.len() {
            return Err(Error::usage(format!("it is not there for {}", lacking.join(", ")))
                .with("there is", there)
                .hint("change `platforms` of the section"));
        }
        self.notes.push(format!("not there for {}; there is {there}", lacking.join(", ")));
        Ok(())
    }

    /// Layers that name places outside the registry are carried when the registry has them itself; those places are never asked.
    async fn check_foreign(&mut self, repository: &Repository<'_>) -> Result<()> {
        let foreign: BTreeSet<Digest> =
            self.nodes.iter().flat_map(|node| node.document.parts()).filter(|e| e.foreign).map(|e| e.digest).collect();
        for digest in foreign {
            if !repository.has_blob(&digest).await? {
                return Err(Error::verification("a layer is not in the registry, only at places outside that it names (a foreign layer)")
                    .with("layer", digest)
                    .hint("push the layer into a registry (for Docker: allow-nondistributable-artifacts), then lock again"));
            }
        }
        Ok(())
    }

    /// Everything that is carried, the root first, then manifests, then configurations and layers; each digest once.
    pub(super) fn descriptors(&self, repository: &Repository<'_>, learned: Learned) -> Result<Vec<Descriptor>> {
        let mut known: BTreeMap<Digest, u64> = BTreeMap::new();
        let mut out = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            known.insert(node.digest, node.size);
            let origins = repository.origins("manifests", &node.digest);
            let learned = if at == 0 { learned } else { Learned::Upstream };
            out.push(descriptor(&node.media_type, node.digest, node.size, origins, learned));
        }
        for entry in self.nodes.iter().flat_map(|node| node.document.parts()) {
            match known.insert(entry.digest, entry.size) {
                None => {
                    let origins = repository.origins("blobs", &entry.digest);
                    out.push(descriptor(&entry.media_type, entry.digest, entry.size, origins, Learned::Upstream));
                }
                Some(size) if size == entry.size && !self.nodes.iter().any(|node| node.digest == entry.digest) => {}
                Some(_) => return Err(Error::verification("a blob is listed twice and differently").with("digest", entry.digest)),
            }
        }
        Ok(out)
    }

    /// The digests of all layers.
    pub(super) fn layers(&self) -> impl Iterator<Item = Digest> {
        self.nodes
            .iter()
            .flat_map(|node| match &node.document.shape {
                Shape::Manifest { layers, .. } => layers.as_slice(),
                Shape::Index(_) => &[],
            })
            .map(|layer| layer.digest)
    }
}

fn missing(entry: &Entry) -> Missing {
    Missing { digest: entry.digest.to_string(), platform: entry.platform.as_ref().map(Platform::to_string) }
}

pub(super) fn descriptor(media_type: &str, digest: Digest, size: u64, origins: Vec<String>, learned: Learned) -> Descriptor {
    Descriptor { media_type: media_type.to_owned(), digest, size, name: None, origins, learned, side_digests: SideDigests::new() }
}

/// A child of an index; `Err` inside when the registry lacks one that nobody asked for by name.
async fn child(repository: &Repository<'_>, entry: Entry, wanted: &Wanted) -> Result<std::result::Result<Node, Entry>> {
    let reference = entry.digest.to_string();
    let found = match wanted {
        Wanted::All => repository.find_manifest(&reference).await?,
        _ => Some(repository.manifest(&reference).await?),
    };
    let Some(found) = found else { return Ok(Err(entry)) };
    let about = |error: Error| error.about(&reference);
    if is_schema_1(&found.media_type) || found.media_type == entry.media_type {
        let node = Node::new(&found, entry.platform).map_err(about)?;
        if node.size == entry.size {
            return Ok(Ok(node));
        }
    }
    Err(about(
        Error::verification("the manifest is not what its index says")
            .with("expected", format!("{}, {} bytes", entry.media_type, entry.size))
            .with("found", format!("{:.120}, {} bytes", found.media_type, found.bytes.len())),
    ))
}

/// A manifest, the platform its index lists it under, and the one its configuration states.
type Configured = (Digest, Option<Platform>, Option<Platform>);

async fn configured(repository: &Repository<'_>, node: Digest, listed: Option<Platform>, config: Entry) -> Result<Configured> {
    Ok((node, listed, platform_of(repository, &config).await?))
}

async fn platform_of(repository: &Repository<'_>, config: &Entry) -> Result<Option<Platform>> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(default)]
        os: String,
        #[serde(default)]
        architecture: String,
        #[serde(default)]
        variant: String,
    }
    let found = repository.small_blob(&config.digest, MOST_CONFIG_BYTES).await?;
    if found.bytes.len() as u64 != config.size {
        return Err(Error::verification("the configuration is not as long as its manifest says")
            .with("expected", format!("{} bytes", config.size))
            .with("found", format!("{} bytes", found.bytes.len())));
    }
    let config: Option<Config> = serde_json::from_slice(&found.bytes).ok();
    Ok(config.and_then(|c| Platform::new(&c.os, &c.architecture, &c.variant)))
}
