//! Signatures that cosign makes, with a key or without, as registries keep them beside a manifest: under a tag, or as what refers to it. Any room that
//! carries what registries hold has them judged the same way.

use crate::artifact::{Artifact, Blobs, Descriptor, Digest};
use crate::error::Result;
use crate::publisher::{Judgement, Keyless, Kind, SIGSTORE_BUNDLE, SIMPLE_SIGNING, Signed, UpstreamKey, judge_bundle};
use crate::server::oci::{Document, Entry, read};

/// Most signatures of one manifest that are looked at.
const MOST: usize = 256;

/// What was found beside a manifest.
#[derive(Default)]
struct Found {
    looked: Vec<std::result::Result<String, String>>,
    not_here: usize,
    left: usize,
}

/// What the keys say of a manifest in a repository, by what stands beside it. A signature of an index is one of all it lists.
pub fn judge(manifest: &Descriptor, repository: &str, beside: &[&Artifact], keys: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Judgement> {
    let keys: Vec<&UpstreamKey> = keys.iter().copied().filter(|key| [Kind::Cosign, Kind::Keyless].contains(&key.kind())).collect();
    if keys.is_empty() {
        return Ok(Judgement::Missing(format!(
            "none of kind {} or {} is, which is what signs it",
            Kind::Cosign.word(),
            Kind::Keyless.word()
        )));
    }
    let mut found = Found::default();
    for other in beside.iter().filter(|other| other.subject == Some(manifest.digest)) {
        let Some(root) = other.descriptors.first() else { continue };
        match bytes(root.digest, blobs)? {
            Bytes::NotHere => found.not_here += 1,
            other => found.look(other.right(), root, &keys, (&manifest.digest, repository), blobs)?,
        }
    }
    Ok(found.judgement())
}

impl Found {
    /// Looks at the payloads that a manifest lists; what holds none is something else, such as an attestation.
    fn look(
        &mut self,
        manifest: Option<Vec<u8>>,
        root: &Descriptor,
        keys: &[&UpstreamKey],
        of: (&Digest, &str),
        blobs: &dyn Blobs,
    ) -> Result<()> {
        let document = manifest.and_then(|bytes| Document::parse(&bytes, &root.media_type).ok());
        let Some(document) = document else {
            self.looked.push(Err(format!("{} beside it cannot be read as a manifest", root.digest)));
            return Ok(());
        };
        for layer in document.parts().into_iter().filter(|layer| [SIMPLE_SIGNING, SIGSTORE_BUNDLE].contains(&&*layer.media_type)) {
            if self.looked.len() >= MOST {
                self.left += 1;
                continue;
            }
            match bytes(layer.digest, blobs)? {
                Bytes::NotHere => self.not_here += 1,
                other => self.looked.extend(one(other.right(), layer, keys, of)),
            }
        }
        Ok(())
    }

    fn judgement(mut self) -> Judgement {
        if self.left > 0 {
            self.looked.push(Err(format!("{} further signatures were not looked at", self.left)));
        }
        match (Judgement::of(self.looked), self.not_here) {
            (verified @ Judgement::Verified(_), _) => verified,
            (other, 0) => other,
            (_, some) => Judgement::NotHere(format!("{some} of the things beside it that may be its signature are not here")),
        }
    }
}

/// What one signature is worth; `None` for what says something else.
fn one(bytes: Option<Vec<u8>>, layer: &Entry, keys: &[&UpstreamKey], of: (&Digest, &str)) -> Option<std::result::Result<String, String>> {
    let Some(bytes) = bytes else {
        return Some(Err(format!("its payload {} is too large, or other bytes", layer.digest)));
    };
    if layer.media_type == SIGSTORE_BUNDLE {
        return judge_bundle(&bytes, keys, of.0);
    }
    let keyless = layer.keyless.as_ref().map(|(certificate, entry)| Keyless { certificate, entry });
    Some(Signed { payload: &bytes, signature: layer.signature.as_deref(), keyless }.judge(keys, of.0, of.1))
}

/// The bytes of a blob.
enum Bytes {
    NotHere,
    /// Too many, or others than its digest says.
    Wrong,
    Right(Vec<u8>),
}

impl Bytes {
    fn right(self) -> Option<Vec<u8>> {
        if let Self::Right(bytes) = self { Some(bytes) } else { None }
    }
}

fn bytes(digest: Digest, blobs: &dyn Blobs) -> Result<Bytes> {
    Ok(match blobs.size(&digest)? {
        None => Bytes::NotHere,
        Some(_) => read(digest, blobs).map_or(Bytes::Wrong, Bytes::Right),
    })
}
