//! Signatures and attestations that cosign makes, with a key or without, as registries keep them beside a manifest: under a tag, or as what refers to it. Any room that
//! carries what registries hold has them judged the same way.

use crate::artifact::{Artifact, Blobs, Descriptor, Digest};
use crate::error::Result;
use crate::publisher::{
    Carried, DSSE_ENVELOPE, Keyless, Kind, Looked, SIGSTORE_BUNDLE, SIMPLE_SIGNING, Scheme, Signed, UpstreamKey, Verdict, Worth,
    judge_bundle, judge_envelope,
};
use crate::server::oci::{Document, Entry, Shape, read};

/// Most signatures and attestations of one manifest that are looked at.
const MOST: usize = 256;

/// What is looked for: signatures of a manifest in a repository, by some keys.
#[derive(Clone, Copy)]
struct Looking<'a> {
    manifest: Digest,
    repository: &'a str,
    keys: &'a [&'a UpstreamKey],
    blobs: &'a dyn Blobs,
}

/// What the keys say of a manifest in a repository, by what stands beside it. A signature of an index is one of all it lists.
pub fn look(manifest: &Descriptor, repository: &str, beside: &[&Artifact], all: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Looked> {
    let keys: Vec<&UpstreamKey> = all.iter().copied().filter(|key| [Kind::Cosign, Kind::Keyless].contains(&key.kind())).collect();
    let none = || format!("none of kind {} or {} is, which is what signs it", Kind::Cosign.word(), Kind::Keyless.word());
    let none = (keys.is_empty() && !all.is_empty()).then(none);
    let mut found = Looked { place: Some(repository.to_owned()), none, ..Looked::default() };
    let looking = Looking { manifest: manifest.digest, repository, keys: &keys, blobs };
    for other in beside.iter().filter(|other| other.subject == Some(manifest.digest)) {
        let Some(root) = other.descriptors.first() else { continue };
        match bytes(root.digest, blobs)? {
            Bytes::NotHere => found.signatures.push(not_here(Scheme::Unknown, vec![root.digest], 0)),
            other => looking.inside(other.right(), root, &mut found)?,
        }
    }
    Ok(found)
}

fn not_here(scheme: Scheme, blobs: Vec<Digest>, at: usize) -> Carried {
    let worth = Worth::NotHere(format!("{} beside it, which may be its signature, is not here", blobs[0]));
    Carried { scheme, blobs, at, verdict: Verdict::signature(worth) }
}

impl Looking<'_> {
    /// Looks at the payloads, bundles and envelopes that a manifest lists; what holds none is something else, such as a bill of materials.
    fn inside(&self, manifest: Option<Vec<u8>>, root: &Descriptor, found: &mut Looked) -> Result<()> {
        let document = manifest.and_then(|bytes| Document::parse(&bytes, &root.media_type).ok());
        let Some(document) = document else {
            let worth = Worth::judged(self.keys, || Err(format!("{} beside it cannot be read as a manifest", root.digest)));
            found.signatures.push(Carried { scheme: Scheme::Unknown, blobs: vec![root.digest], at: 0, verdict: Verdict::signature(worth) });
            return Ok(());
        };
        let Shape::Manifest { layers, .. } = document.shape else { return Ok(()) };
        for (at, layer) in layers.iter().enumerate() {
            let (scheme, in_them, at) = match &*layer.media_type {
                SIGSTORE_BUNDLE => (Scheme::Bundle, vec![layer.digest], 0),
                SIMPLE_SIGNING => (Scheme::SimpleSigning, vec![layer.digest, root.digest], at),
                DSSE_ENVELOPE => (Scheme::Envelope, vec![layer.digest, root.digest], at),
                _ => continue,
            };
            if found.signatures.len() >= MOST {
                found.left += 1;
                continue;
            }
            found.signatures.push(match bytes(layer.digest, self.blobs)? {
                Bytes::NotHere => not_here(scheme, in_them, at),
                other => Carried { scheme, blobs: in_them, at, verdict: self.verdict(other.right(), layer) },
            });
        }
        Ok(())
    }

    /// What one signature or attestation is worth.
    fn verdict(&self, bytes: Option<Vec<u8>>, layer: &Entry) -> Verdict {
        let Some(bytes) = bytes else {
            let why = || Err(format!("its payload {} is too large, or other bytes", layer.digest));
            return Verdict::signature(Worth::judged(self.keys, why));
        };
        let keyless = layer.keyless.as_ref().map(|(certificate, entry)| Keyless { certificate, entry });
        match &*layer.media_type {
            SIGSTORE_BUNDLE => return judge_bundle(&bytes, self.keys, &self.manifest),
            DSSE_ENVELOPE => return judge_envelope(&bytes, keyless, self.keys, &self.manifest),
            _ => {}
        }
        let signed = Signed { payload: &bytes, signature: layer.signature.as_deref(), keyless };
        Verdict::signature(Worth::judged(self.keys, || signed.judge(self.keys, &self.manifest, self.repository)))
    }
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
