//! Looking at the beginnings of files when they are locked: which of them run something when they are loaded.
//!
//! What git holds was downloaded already. Of everything else the first bytes are asked for, and where they do not tell, the header that
//! follows them, never the whole: a model is not fetched to be judged. That recognises what `format` knows and nothing that hides deeper
//! in a file.

use super::fetch;
use super::format::{Format, LOOKED_AT, MOST_LOOKED_AT, Sight, is_packed, may_be_pickle, recognise};
use super::meta::Looked;
use super::section::Pickles;
use crate::artifact::{Artifact, Descriptor, Learned};
use crate::ecosystems::{LockRequest, count};
use crate::error::{Error, Kind, Result};
use crate::upstream::{Failure, Part, learned_path};
use futures::StreamExt;
use std::collections::BTreeSet;
use std::io::Read;

/// Most files of one repository whose beginnings are asked for.
const MOST: usize = 2000;
/// Files that are looked at at once.
const AT_ONCE: usize = 8;

/// Looks at the files of an artifact and lets the policy judge; `None` where the policy does not want to know.
pub(super) async fn look(
    artifact: &Artifact,
    files: &[Descriptor],
    request: &LockRequest<'_>,
    policy: Pickles,
    notes: &mut Vec<String>,
) -> Result<Option<Looked>> {
    if policy == Pickles::Allow {
        return Ok(None);
    }
    let far = |blob: &&Descriptor| blob.learned != Learned::Downloaded;
    let (near, asked) = (files.iter().filter(|b| !far(b)), files.iter().filter(far).take(MOST));
    let mut looked = Looked::default();
    looked.pass_over(files.iter().filter(far).skip(MOST).map(called));
    let (mut formats, mut pickles) = (BTreeSet::new(), BTreeSet::new());
    let asked = near.chain(asked).filter(|blob| blob.size > 0);
    let looks: Vec<_> = asked.map(|blob| async move { (blob, sight(artifact, blob, request).await) }).collect();
    let mut looks = futures::stream::iter(looks).buffered(AT_ONCE);
    while let Some((blob, sight)) = looks.next().await {
        let seen = match sight {
            Ok(seen) => seen,
            Err(error) if policy == Pickles::Refuse => return Err(error.about(called(blob))),
            Err(error) => {
                notes.push(format!("{} of {} could not be looked at: {}", called(blob), artifact.label(), error.message()));
                Sight::Unsure(0)
            }
        };
        match seen {
            Sight::Is(format) => {
                // What an archive holds behind its first member is not known.
                looked.pass_over(Some(called(blob)).filter(|_| format == Format::Zip));
                formats.insert(format.name().to_owned());
                pickles.extend(Some(called(blob)).filter(|_| format.carries_pickle()));
            }
            Sight::Unsure(_) => looked.pass_over([called(blob)]),
            Sight::Other => {}
        }
    }
    (looked.formats, looked.pickles) = (formats.into_iter().collect(), pickles.into_iter().collect());
    judge(artifact, &looked, policy, notes)?;
    Ok(Some(looked))
}

/// The name of a file, or what stands for one.
fn called(blob: &Descriptor) -> String {
    blob.name.clone().unwrap_or_else(|| blob.digest.to_string())
}

/// What a file shows: by its first bytes, or by as many as they say it takes, within bounds. What is packed is not known where its name is
/// that of pickles, which may be packed.
async fn sight(artifact: &Artifact, blob: &Descriptor, request: &LockRequest<'_>) -> Result<Sight> {
    let mut bytes = beginning(artifact, blob, LOOKED_AT as u64, request).await?;
    let mut seen = recognise(&bytes, blob.size);
    if let Sight::Unsure(wanted) = seen
        && (bytes.len() as u64 + 1..=MOST_LOOKED_AT).contains(&wanted)
    {
        bytes = beginning(artifact, blob, wanted, request).await?;
        seen = recognise(&bytes, blob.size);
    }
    let hidden = seen == Sight::Other && is_packed(&bytes) && may_be_pickle(blob.name.as_deref());
    Ok(if hidden { Sight::Unsure(0) } else { seen })
}

/// What the policy says to what was seen.
pub(super) fn judge(artifact: &Artifact, looked: &Looked, policy: Pickles, notes: &mut Vec<String>) -> Result<()> {
    let label = artifact.label();
    match (policy, looked.pickles.is_empty(), looked.unknown) {
        (Pickles::Refuse, false, _) => {
            Err(Error::new(Kind::Policy, format!("{label}: {} when loaded, and the section refuses that", runs(looked.pickles.len())))
                .with_all("pickle", &looked.pickles)
                .hint("leave them out with `exclude`, take a revision in safetensors, or set pickles = \"note\""))
        }
        (Pickles::Refuse, true, unknown) if unknown > 0 => {
            Err(Error::new(Kind::Policy, format!("{label}: it is not known whether it carries pickles, and the section refuses them"))
                .with("not looked into", count(usize::try_from(unknown).unwrap_or(usize::MAX), "file"))
                .with_all("file", &looked.unseen)
                .hint("set pickles = \"note\" to take it all the same"))
        }
        (Pickles::Note, false, _) => {
            notes.push(format!("{label}: {} when loaded (pickle): {}", runs(looked.pickles.len()), shown(&looked.pickles)));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn runs(number: usize) -> String {
    if number == 1 { "1 file runs what it says".to_owned() } else { format!("{number} files run what they say") }
}

fn shown(names: &[String]) -> String {
    let more = if names.len() > 10 { ", …" } else { "" };
    format!("{}{more}", names.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// The first bytes of a file: from the cache where it was downloaded, else asked for as a part.
async fn beginning(artifact: &Artifact, blob: &Descriptor, most: u64, request: &LockRequest<'_>) -> Result<Vec<u8>> {
    if blob.learned == Learned::Downloaded {
        let place = learned_path(request.cache, &blob.digest);
        let unreadable = |e| Error::io(format!("{} cannot be read", place.display()), &e);
        let mut bytes = Vec::new();
        std::fs::File::open(&place).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(unreadable)?;
        return Ok(bytes);
    }
    let origin = blob.origins.first().map(String::as_str).unwrap_or_default();
    request.upstream.backoff().run(|| async { first_bytes(artifact, blob, origin, most.min(blob.size), request).await }).await
}

async fn first_bytes(
    artifact: &Artifact,
    blob: &Descriptor,
    origin: &str,
    most: u64,
    request: &LockRequest<'_>,
) -> std::result::Result<Vec<u8>, Failure> {
    let part = Part { most: Some(most), ..Part::default() };
    let mut body = fetch::fetch(artifact, blob, origin, &part, request.upstream).await?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while bytes.len() < most
        && let Some(next) = body.stream.next().await
    {
        bytes.extend_from_slice(&next?);
    }
    bytes.truncate(most);
    Ok(bytes)
}
