//! What the configurations among the files of an artifact name: read from the cache where git held them or they were downloaded anyway, else
//! fetched, checked by their digests and kept.

use super::meta::Reference;
use super::reference::{LONGEST, may_refer, references};
use crate::artifact::{Artifact, Descriptor, Learned, check_blob};
use crate::ecosystems::LockRequest;
use crate::error::{Error, Result};
use crate::upstream::learned_path;
use url::Url;

/// Most configurations of one repository that are fetched to be read.
const MOST: usize = 500;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// The repositories that are named.
    pub references: Vec<Reference>,
    /// Configurations of which it is not known what they name.
    pub unread: Vec<String>,
}

/// Reads the configurations of an artifact that is served as the repository `own`; what cannot be read is noted.
pub(super) async fn named(own: &str, artifact: &Artifact, request: &LockRequest<'_>, notes: &mut Vec<String>) -> Result<Named> {
    let (mut named, mut fetched) = (Named::default(), 0);
    for blob in artifact.descriptors.iter().filter(|blob| blob.name.as_deref().is_some_and(may_refer)) {
        let path = blob.name.as_deref().unwrap_or_default();
        let content = if blob.size > LONGEST {
            Err(format!("has {} bytes; at most {LONGEST} are read", blob.size))
        } else if blob.learned != Learned::Downloaded && fetched == MOST {
            Err(format!("was not read: at most {MOST} are fetched for it"))
        } else {
            fetched += usize::from(blob.learned != Learned::Downloaded);
            Ok(content(blob, request).await.map_err(|e| e.about(path).about(artifact.label()))?)
        };
        match content.and_then(|content| references(own, path, &content).ok_or_else(|| "is not JSON".to_owned())) {
            Ok(found) => named.references.extend(found),
            Err(why) => {
                notes.push(format!("{}: {path} {why}: what it names is not known", artifact.name));
                named.unread.push(path.to_owned());
            }
        }
    }
    named.references.sort();
    named.references.dedup();
    Ok(named)
}

async fn content(blob: &Descriptor, request: &LockRequest<'_>) -> Result<Vec<u8>> {
    if blob.learned != Learned::Downloaded {
        let origin = blob.origins.first().map(String::as_str).unwrap_or_default();
        let url = Url::parse(origin).map_err(|e| Error::failed(format!("{origin:.200}: not a URL")).because(&e))?;
        let found = request.upstream.learn(&url, request.cache, blob.size).await?;
        check_blob(&blob.digest, blob.size, found.size, found.sha256)?;
    }
    let place = learned_path(request.cache, &blob.digest);
    std::fs::read(&place).map_err(|e| Error::io(format!("{} cannot be read", place.display()), &e))
}
