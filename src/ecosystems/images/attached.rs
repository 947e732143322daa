//! What belongs to an image without being part of it: referrers (distribution specification, "Listing Referrers") and cosign's tags.

use super::meta::{Meta, Referrers, Role, Signatures, State};
use super::section::Wanted;
use super::tree::Tree;
use crate::artifact::{Artifact, Digest, Learned};
use crate::error::{Error, Kind, Result};
use crate::server::oci::{Document, INDEX, Shape};
use crate::upstream::oci::{Found, Repository};
use futures::{StreamExt, TryStreamExt};
use std::collections::BTreeSet;

/// Referrers of referrers are followed this far: a signature of an SBOM is carried, one of that signature is not.
const DEPTH: usize = 2;
/// Most artifacts around one image.
const MOST: usize = 500;
/// The ends of cosign's tags.
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];
/// Subjects looked at at once.
const AT_ONCE: usize = 4;

/// What to look for, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    /// The image's repository.
    pub repository: &'a Repository<'a>,
    /// Its name in the lock.
    pub name: &'a str,
    /// Whether to look for referrers.
    pub referrers: bool,
    /// Whether to look for cosign's tags.
    pub cosign: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Attached {
    /// The artifacts, each with its subject.
    pub artifacts: Vec<Artifact>,
    /// What a person should know.
    pub notes: Vec<String>,
    cosign: u32,
    referrers: u32,
    /// Whether the registry could tell referrers at all.
    supported: bool,
}

impl Search<'_> {
    /// Looks around an image: `subjects` are its root and its platforms' manifests.
    pub(super) async fn run(&self, subjects: Vec<Digest>) -> Result<Attached> {
        let mut all = Attached::default();
        let mut seen: BTreeSet<Digest> = subjects.iter().copied().collect();
        let mut level = subjects;
        for _ in 0..DEPTH {
            let looks: Vec<_> = level.iter().map(|subject| self.around(*subject)).collect();
            let mut looks = futures::stream::iter(looks).buffered(AT_ONCE);
            let mut next = Vec::new();
            while let Some(found) = looks.try_next().await? {
                let roots = found.artifacts.iter().filter_map(|a| a.descriptors.first()).map(|d| d.digest);
                next.extend(roots.filter(|root| seen.insert(*root)));
                all.add(found);
                // Before the rest is asked for, not after.
                if all.artifacts.len() > MOST {
                    return Err(Error::verification("too many things refer to the image")
                        .with("expected", format!("at most {MOST}"))
                        .hint("carry it without: referrers = false"));
                }
            }
            drop(looks);
            level = next;
        }
        Ok(all)
    }

    /// What the lock says of it all.
    pub(super) fn outcome(&self, attached: &Attached) -> Signatures {
        let cosign = match (self.cosign, attached.cosign) {
            (false, _) => State::NotLookedFor,
            (true, 0) => State::Absent,
            (true, _) => State::Carried,
        };
        let referrers = match (self.referrers, attached.referrers) {
            (false, _) => Referrers::None(State::NotLookedFor),
            (true, 0) if attached.supported => Referrers::None(State::Absent),
            (true, 0) => Referrers::None(State::Unsupported),
            (true, count) => Referrers::Carried(count),
        };
        Signatures { cosign, referrers }
    }

    async fn around(&self, subject: Digest) -> Result<Attached> {
        self.look_around(subject).await.map_err(|error| match error.kind() {
            Kind::Upstream if self.repository.has_mirrors() => error.hint(
                "the registry itself is asked for what its mirrors do not list; where only they can be reached: \
                 signatures = false, referrers = false",
            ),
            _ => error,
        })
    }

    async fn look_around(&self, subject: Digest) -> Result<Attached> {
        let mut found = Attached::default();
        if self.cosign {
            for end in COSIGN {
                let tag = format!("sha256-{}.{end}", subject.hex());
                if let Some(manifest) = self.repository.find_manifest(&tag).await.map_err(|e| e.about(&tag))? {
                    let (_, artifact) = self.carry(&manifest, subject, Role::CosignTag, Some(tag)).await?;
                    found.artifacts.push(artifact);
                    found.cosign += 1;
                }
            }
        }
        if self.referrers {
            self.referrers(subject, &mut found).await.map_err(|e| e.about(format!("the referrers of {subject}")))?;
        }
        Ok(found)
    }

    /// Asks the referrers list, and where there is none, the tag that stands in for it.
    async fn referrers(&self, subject: Digest, found: &mut Attached) -> Result<()> {
        let mut listed = BTreeSet::new();
        if let Some(pages) = self.repository.referrers(&subject).await? {
            found.supported = true;
            for page in pages {
                listed.extend(children(&page, INDEX)?);
            }
        } else {
            let tag = format!("sha256-{}", subject.hex());
            let Some(index) = self.repository.find_manifest(&tag).await? else { return Ok(()) };
            found.supported = true;
            listed.extend(children(&index.bytes, &index.media_type)?);
            found.artifacts.push(self.list(&index, subject, tag));
        }
        if listed.len() > MOST {
            return Err(Error::verification("the list is too long").with("expected", format!("at most {MOST}")));
        }
        for digest in listed {
            self.referrer(digest, subject, found).await.map_err(|e| e.about(digest))?;
        }
        Ok(())
    }

    async fn referrer(&self, digest: Digest, subject: Digest, found: &mut Attached) -> Result<()> {
        let Some(manifest) = self.repository.find_manifest(&digest.to_string()).await? else {
            found.notes.push(format!("{digest} is listed as a referrer of {subject}, but the registry does not have it"));
            return Ok(());
        };
        let (tree, artifact) = self.carry(&manifest, subject, Role::Referrer, None).await?;
        if tree.nodes[0].document.subject != Some(subject) {
            found.notes.push(format!("{digest} is listed as a referrer of {subject}, but does not refer to it: left out"));
            return Ok(());
        }
        found.artifacts.push(artifact);
        found.referrers += 1;
        Ok(())
    }

    async fn carry(&self, manifest: &Found, subject: Digest, role: Role, tag: Option<String>) -> Result<(Tree, Artifact)> {
        let tree = Tree::grow(self.repository, manifest, &Wanted::All).await?;
        let root = &tree.nodes[0];
        let meta = Meta {
            repository: self.name.to_owned(),
            role,
            tag,
            root: root.digest.to_string(),
            media_type: root.media_type.clone(),
            artifact_type: root.document.kind().map(str::to_owned),
            platforms: vec![],
            missing: tree.missing.clone(),
            signatures: None,
        };
        let artifact = artifact(&meta, tree.descriptors(self.repository, Learned::Upstream)?, Some(subject));
        Ok((tree, artifact))
    }

    /// The index under the tag `sha256-<hex>`: only itself, its children are artifacts of their own.
    fn list(&self, index: &Found, subject: Digest, tag: String) -> Artifact {
        let meta = Meta {
            repository: self.name.to_owned(),
            role: Role::ReferrersTag,
            tag: Some(tag),
            root: index.digest.to_string(),
            media_type: index.media_type.clone(),
            artifact_type: None,
            platforms: vec![],
            missing: vec![],
            signatures: None,
        };
        let origins = self.repository.origins("manifests", &index.digest);
        let blob = super::tree::descriptor(&index.media_type, index.digest, index.bytes.len() as u64, origins, Learned::Upstream);
        artifact(&meta, vec![blob], Some(subject))
    }
}

impl Attached {
    fn add(&mut self, other: Self) {
        self.artifacts.extend(other.artifacts);
        self.notes.extend(other.notes);
        self.cosign += other.cosign;
        self.referrers += other.referrers;
        self.supported |= other.supported;
    }
}

/// An artifact of this room; the sections are the caller's to add.
pub(super) fn artifact(meta: &Meta, descriptors: Vec<crate::artifact::Descriptor>, subject: Option<Digest>) -> Artifact {
    Artifact {
        ecosystem: super::NAME.to_owned(),
        sections: vec![],
        name: meta.repository.clone(),
        version: meta.tag.clone().unwrap_or_else(|| meta.root.clone()),
        descriptors,
        subject,
        meta: meta.to_value(),
    }
}

fn children(bytes: &[u8], media_type: &str) -> Result<Vec<Digest>> {
    match Document::parse(bytes, media_type)?.shape {
        Shape::Index(entries) => Ok(entries.into_iter().map(|entry| entry.digest).collect()),
        Shape::Manifest { .. } => Err(Error::verification("the list of referrers is an image")),
    }
}
