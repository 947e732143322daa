//! What registries keep beside a manifest without its being part of it: referrers (distribution specification, "Listing Referrers") and
//! cosign's tags. Any room that locks what registries hold looks for them the same way, and makes artifacts of them in its own.

use crate::artifact::{Artifact, Digest};
use crate::error::{Error, Kind, Result};
use crate::server::oci::{Document, INDEX, Shape};
use crate::upstream::oci::{Found, Repository};
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};
use std::collections::BTreeSet;

/// Referrers of referrers are followed this far: a signature of an SBOM is carried, one of that signature is not.
const DEPTH: usize = 2;
/// Most artifacts around one manifest.
const MOST: usize = 500;
/// The ends of cosign's tags.
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];
/// Subjects looked at at once.
const AT_ONCE: usize = 4;

/// Why something stands beside a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// It is a tag of cosign's: `sha256-<hex>.sig`, `.att` or `.sbom`.
    CosignTag(String),
    /// It names the manifest as its subject.
    Referrer,
    /// It is the index under the tag `sha256-<hex>` that lists referrers where the registry has no such list: only itself, its children are
    /// found one by one.
    ReferrersTag(String),
}

/// Makes artifacts of what was found; rooms differ in what they write down.
pub trait Carry: Sync {
    /// The artifact of a manifest that stands beside a subject; `None` where the room does not carry that kind.
    fn carry<'a>(&'a self, manifest: &'a Found, subject: Digest, beside: Beside) -> BoxFuture<'a, Result<Option<Artifact>>>;
}

/// What to look for, and where.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// The manifests' repository.
    pub repository: &'a Repository<'a>,
    /// Whether to look for referrers.
    pub referrers: bool,
    /// Whether to look for cosign's tags.
    pub cosign: bool,
    /// What becomes of them.
    pub room: &'a dyn Carry,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Attached {
    /// The artifacts, each with its subject.
    pub artifacts: Vec<Artifact>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// How many tags of cosign's are among them.
    pub cosign: u32,
    /// How many referrers are.
    pub referrers: u32,
    /// Whether the registry could tell referrers at all.
    pub supported: bool,
}

impl Search<'_> {
    /// Looks around manifests, and around what is found there.
    pub async fn run(&self, subjects: Vec<Digest>) -> Result<Attached> {
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
                    return Err(Error::verification("too many things refer to one manifest").with("expected", format!("at most {MOST}")));
                }
            }
            drop(looks);
            level = next;
        }
        Ok(all)
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
                    let artifact = self.room.carry(&manifest, subject, Beside::CosignTag(tag.clone())).await?;
                    found.cosign += u32::from(found.keep(artifact, &tag));
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
            let artifact = self.room.carry(&index, subject, Beside::ReferrersTag(tag.clone())).await?;
            found.keep(artifact, &tag);
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
        if Document::parse(&manifest.bytes, &manifest.media_type)?.subject != Some(subject) {
            found.notes.push(format!("{digest} is listed as a referrer of {subject}, but does not refer to it: left out"));
            return Ok(());
        }
        let artifact = self.room.carry(&manifest, subject, Beside::Referrer).await?;
        found.referrers += u32::from(found.keep(artifact, &digest.to_string()));
        Ok(())
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

    /// Whether there is an artifact to keep; that there is none is told.
    fn keep(&mut self, artifact: Option<Artifact>, called: &str) -> bool {
        let kept = artifact.is_some();
        if !kept {
            self.notes.push(format!("{called} is of a kind that is not carried here: left out"));
        }
        self.artifacts.extend(artifact);
        kept
    }
}

fn children(bytes: &[u8], media_type: &str) -> Result<Vec<Digest>> {
    match Document::parse(bytes, media_type)?.shape {
        Shape::Index(entries) => Ok(entries.into_iter().map(|entry| entry.digest).collect()),
        Shape::Manifest { .. } => Err(Error::verification("the list of referrers is an image")),
    }
}
