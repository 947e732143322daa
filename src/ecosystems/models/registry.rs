//! A model that a registry holds → an artifact: its manifest, its configuration and every layer, by digest; and what stands beside it there.

use super::carried::{About, Carried, Role};
use super::look::look;
use super::section::Pickles;
use crate::artifact::{Artifact, Descriptor, Digest, Learned, SideDigests, check_name};
use crate::ecosystems::attached::{Attached, Beside as How, Carry, Search};
use crate::ecosystems::{LockRequest, bytes, count};
use crate::error::{Error, Result};
use crate::server::oci::{Document, Entry, Shape};
use crate::upstream::oci::{Found, Reference, Repository};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};

/// Longest configuration that is read, in bytes.
const MOST_CONFIG: usize = 1 << 20;

/// Locks one reference: the model, then what stands beside it. Also tells the line about it.
pub(super) async fn lock(
    request: &LockRequest<'_>,
    text: &str,
    policy: Pickles,
    notes: &mut Vec<String>,
) -> Result<(Vec<Artifact>, String)> {
    let reference = Reference::parse(text)?;
    request.progress.note(&format!("asking for {reference}"));
    let repository = Repository::new(request.upstream, &reference.registry, &reference.repository, &[], &[])?;
    let found = repository.manifest(&reference.wanted()).await.map_err(|e| e.about(&reference))?;
    let made = artifact(request, &repository, &reference, &found).await.map_err(|e| e.about(&reference));
    let (mut artifact, mut meta, layers) = made?;
    artifact.meta = meta.to_value();
    // By digest, not by place: a configuration may be a layer as well.
    let files: Vec<Descriptor> = artifact.descriptors.iter().filter(|blob| layers.contains(&blob.digest)).cloned().collect();
    let (plain, archives): (Vec<_>, Vec<_>) = files.into_iter().partition(|blob| !is_archive(&blob.media_type));
    let looked = look(&artifact, &plain, request, policy, notes).await?;
    if let Some(mut looked) = looked {
        looked.pass_over(archives.iter().map(|blob| blob.name.clone().unwrap_or_else(|| blob.digest.to_string())));
        if !archives.is_empty() {
            notes.push(format!("{reference}: {} not looked into for pickles", count(archives.len(), "archive")));
            super::look::judge(&artifact, &looked, policy, &mut vec![])?;
        }
        meta.looked = Some(looked);
    }
    artifact.meta = meta.to_value();
    let licences = meta.about.licences.join(", ");
    let licences = if licences.is_empty() { "no licence declared".to_owned() } else { licences };
    let files = count(layers.len(), "layer");
    let beside = Beside { request, repository: &repository, name: &meta.oci };
    let found = beside.run(found.digest).await.map_err(|e| e.about(&reference))?;
    notes.extend(found.notes.iter().map(|note| format!("{reference}: {note}")));
    let signed = signed(&found);
    if found.artifacts.is_empty() {
        notes.push(format!("{reference}: looked for signatures (cosign's tags, referrers): there are none"));
    }
    let summary = format!("{} · {files} · {} · {licences} · {signed}", &meta.root[..15], bytes(artifact.size()));
    Ok((std::iter::once(artifact).chain(found.artifacts).collect(), summary))
}

/// What was found around a model, in a few words.
fn signed(found: &Attached) -> String {
    let cosign = (found.cosign > 0).then(|| "cosign".to_owned());
    let referrers = (found.referrers > 0).then(|| count(found.referrers as usize, "referrer"));
    let all: Vec<String> = cosign.into_iter().chain(referrers).collect();
    if all.is_empty() { "signature: none found".to_owned() } else { format!("signature: {}, carried", all.join(" and ")) }
}

/// Makes artifacts of what stands beside a model.
struct Beside<'a> {
    request: &'a LockRequest<'a>,
    repository: &'a Repository<'a>,
    name: &'a str,
}

impl Beside<'_> {
    async fn run(&self, model: Digest) -> Result<Attached> {
        Search { repository: self.repository, referrers: true, cosign: true, room: self }.run(vec![model]).await
    }

    fn artifact(&self, found: &Found, subject: Digest, how: How) -> Result<Option<Artifact>> {
        let document = Document::parse(&found.bytes, &found.media_type)?;
        let (role, tag) = match how {
            How::CosignTag(tag) => (Role::CosignTag, Some(tag)),
            How::ReferrersTag(tag) => (Role::ReferrersTag, Some(tag)),
            How::Referrer => (Role::Referrer, None),
        };
        let descriptors = match (&document.shape, role) {
            (Shape::Manifest { config, layers }, _) => descriptors(self.repository, found, config, layers, Learned::Upstream)?,
            // The list itself; what it lists is looked at one by one.
            (Shape::Index(_), Role::ReferrersTag) => vec![manifest(self.repository, found, Learned::Upstream)],
            (Shape::Index(_), _) => return Ok(None),
        };
        let (root, version) = (found.digest.to_string(), tag.clone().unwrap_or_else(|| found.digest.to_string()));
        let (artifact_type, about, beside) = (document.kind().map(str::to_owned), About::default(), Some(role));
        let meta = Carried { oci: self.name.to_owned(), tag, root, artifact_type, beside, about, looked: None };
        Ok(Some(Artifact {
            ecosystem: super::NAME.to_owned(),
            sections: vec![self.request.section.name.clone()],
            name: self.name.to_owned(),
            version,
            descriptors,
            subject: Some(subject),
            meta: meta.to_value(),
        }))
    }
}

impl Carry for Beside<'_> {
    fn carry<'a>(&'a self, manifest: &'a Found, subject: Digest, beside: How) -> BoxFuture<'a, Result<Option<Artifact>>> {
        Box::pin(async move { self.artifact(manifest, subject, beside) })
    }
}

async fn artifact(
    request: &LockRequest<'_>,
    repository: &Repository<'_>,
    reference: &Reference,
    found: &Found,
) -> Result<(Artifact, Carried, BTreeSet<Digest>)> {
    let document = Document::parse(&found.bytes, &found.media_type)?;
    let Shape::Manifest { config, layers } = &document.shape else {
        let error = Error::usage("it is an index; a model is one manifest");
        return Err(error.hint("name the manifest by its digest: HOST/NAME@sha256:…"));
    };
    if document.image_config().is_some() {
        return Err(Error::usage("it is a container image, not a model").hint("ask for it in a section of the ecosystem for images"));
    }
    if layers.is_empty() {
        return Err(Error::usage("it holds no file at all"));
    }
    let about = match config.size {
        0..=2 => About::default(),
        size if size > MOST_CONFIG as u64 => {
            let error = Error::verification("its configuration is too large").with("expected", format!("at most {MOST_CONFIG} bytes"));
            return Err(error.with("found", size));
        }
        _ => About::read(&config.media_type, &repository.small_blob(&config.digest, MOST_CONFIG).await?.bytes),
    };
    let learned = if reference.digest.is_some() { Learned::Pinned } else { Learned::Upstream };
    let (oci, tag, root) = (reference.name(), reference.tag.clone(), found.digest.to_string());
    let artifact_type = document.kind().map(str::to_owned);
    let meta = Carried { oci, tag, root, artifact_type, beside: None, about, looked: None };
    let artifact = Artifact {
        ecosystem: super::NAME.to_owned(),
        sections: vec![request.section.name.clone()],
        name: meta.oci.clone(),
        version: reference.version(),
        descriptors: descriptors(repository, found, config, layers, learned)?,
        subject: None,
        meta: serde_json::Value::Null,
    };
    Ok((artifact, meta, layers.iter().map(|layer| layer.digest).collect()))
}

/// The manifest, the configuration, then the layers in their order; each digest once.
fn descriptors(repository: &Repository<'_>, found: &Found, config: &Entry, layers: &[Entry], learned: Learned) -> Result<Vec<Descriptor>> {
    let manifest = manifest(repository, found, learned);
    let mut sizes: BTreeMap<Digest, u64> = BTreeMap::from([(found.digest, manifest.size)]);
    let mut all = vec![manifest];
    for entry in std::iter::once(config).chain(layers) {
        match sizes.insert(entry.digest, entry.size) {
            None => all.push(Descriptor {
                media_type: entry.media_type.clone(),
                digest: entry.digest,
                size: entry.size,
                name: entry.title.clone().filter(|title| check_name("path", title).is_ok()),
                origins: repository.origins("blobs", &entry.digest),
                learned: Learned::Upstream,
                side_digests: SideDigests::new(),
            }),
            Some(size) if size == entry.size && entry.digest != found.digest => {
                let known = all.iter_mut().find(|blob| blob.digest == entry.digest && blob.name.is_none());
                let title = entry.title.clone().filter(|title| check_name("path", title).is_ok());
                known.into_iter().for_each(|blob| blob.name.clone_from(&title));
            }
            Some(_) => return Err(Error::verification("a blob is listed twice and differently").with("digest", entry.digest)),
        }
    }
    Ok(all)
}

fn manifest(repository: &Repository<'_>, found: &Found, learned: Learned) -> Descriptor {
    Descriptor {
        media_type: found.media_type.clone(),
        digest: found.digest,
        size: found.bytes.len() as u64,
        name: None,
        origins: repository.origins("manifests", &found.digest),
        learned,
        side_digests: SideDigests::new(),
    }
}

/// Whether a layer is an archive of files rather than a file.
fn is_archive(media_type: &str) -> bool {
    [".tar", "+gzip", "+zstd"].iter().any(|end| media_type.ends_with(end))
}
