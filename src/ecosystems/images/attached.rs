//! What belongs to an image without being part of it, as artifacts of this room: referrers and cosign's tags.

use super::meta::{Meta, Referrers, Role, Signatures, State};
use super::section::Wanted;
use super::tree::Tree;
use crate::artifact::{Artifact, Descriptor, Digest, Learned};
use crate::ecosystems::attached::{Attached, Beside, Carry, Search};
use crate::error::Result;
use crate::upstream::oci::{Found, Repository};
use futures::future::BoxFuture;

/// The repository that they are in.
pub(super) struct Around<'a> {
    /// Where it is.
    pub repository: &'a Repository<'a>,
    /// Its name in the lock.
    pub name: &'a str,
}

impl Carry for Around<'_> {
    fn carry<'a>(&'a self, manifest: &'a Found, subject: Digest, beside: Beside) -> BoxFuture<'a, Result<Option<Artifact>>> {
        Box::pin(async move {
            let (role, tag) = match beside {
                Beside::ReferrersTag(tag) => return Ok(Some(self.list(manifest, subject, tag))),
                Beside::CosignTag(tag) => (Role::CosignTag, Some(tag)),
                Beside::Referrer => (Role::Referrer, None),
            };
            let tree = Tree::grow(self.repository, manifest, &Wanted::All).await?;
            let root = &tree.nodes[0];
            let kind = root.document.kind().map(str::to_owned);
            let meta = Meta { artifact_type: kind, missing: tree.missing.clone(), ..self.meta(manifest, role, tag) };
            Ok(Some(artifact(&meta, tree.descriptors(self.repository, Learned::Upstream)?, Some(subject))))
        })
    }
}

impl Around<'_> {
    /// The index under the tag `sha256-<hex>`: only itself, its children are artifacts of their own.
    fn list(&self, index: &Found, subject: Digest, tag: String) -> Artifact {
        let meta = self.meta(index, Role::ReferrersTag, Some(tag));
        let origins = self.repository.origins("manifests", &index.digest);
        let blob = super::tree::descriptor(&index.media_type, index.digest, index.bytes.len() as u64, origins, Learned::Upstream);
        artifact(&meta, vec![blob], Some(subject))
    }

    fn meta(&self, root: &Found, role: Role, tag: Option<String>) -> Meta {
        Meta {
            repository: self.name.to_owned(),
            role,
            tag,
            root: root.digest.to_string(),
            media_type: root.media_type.clone(),
            artifact_type: None,
            platforms: vec![],
            missing: vec![],
            signatures: None,
        }
    }
}

/// What the lock says of it all.
pub(super) fn outcome(search: &Search<'_>, attached: &Attached) -> Signatures {
    let cosign = match (search.cosign, attached.cosign) {
        (false, _) => State::NotLookedFor,
        (true, 0) => State::Absent,
        (true, _) => State::Carried,
    };
    let referrers = match (search.referrers, attached.referrers) {
        (false, _) => Referrers::None(State::NotLookedFor),
        (true, 0) if attached.supported => Referrers::None(State::Absent),
        (true, 0) => Referrers::None(State::Unsupported),
        (true, count) => Referrers::Carried(count),
    };
    Signatures { cosign, referrers }
}

/// An artifact of this room; the sections are the caller's to add.
pub(super) fn artifact(meta: &Meta, descriptors: Vec<Descriptor>, subject: Option<Digest>) -> Artifact {
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
