//! The attestations of files (PEP 740): which provenance object an index names for a file, and that object itself.
//!
//! The resolver does not tell, so the page of each project is asked once more, and that of the index which a lock file names as well. An index
//! that names nothing is no news; what it names and does not have, or has in a form that nobody can read, is told and counted. What a lock file
//! pins needs no index: one that cannot be asked then is told of, and no failure.

use super::super::attestation::{self, MEDIA_TYPE, MOST_BYTES, SUFFIX};
use super::super::format::Entry;
use super::super::links;
use super::super::page::{HTML, JSON};
use super::super::section::PythonSection;
use super::collect::Wanted;
use super::{LEARNING, in_order};
use crate::artifact::{Artifact, Descriptor, Digest, Learned, SideDigests};
use crate::ecosystems::LockRequest;
use crate::error::Result;
use crate::upstream::{Failure, check_plain, keep, shown};
use futures::future::FutureExt;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// Longest page of a project that is read for what it names, in bytes.
const MOST_PAGE_BYTES: usize = 64 << 20;
/// Most files that one note names.
const MOST_NAMED: usize = 5;

/// Files by why no attestations of them are carried, or what is wrong with those that are.
type Reasons = BTreeMap<String, BTreeSet<String>>;

/// What came of asking for one file.
enum Named {
    Nothing,
    /// The object, and what is wrong with it.
    Object(Box<Descriptor>, Option<String>),
    Failed(String),
}

/// Adds what indexes attest to the files that were locked; what a person should know of it.
pub(super) async fn add(request: &LockRequest<'_>, wanted: &[Wanted], artifacts: &mut [Artifact]) -> Result<Vec<String>> {
    let mut reasons = Reasons::new();
    let named = named(request, wanted, &mut reasons).await?;
    let asking = wanted.iter().zip(&*artifacts).map(|(wanted, artifact)| {
        let url = wanted.indexes.iter().find_map(|index| named.get(&(index.clone(), wanted.name.clone()))?.get(&wanted.file.filename));
        async move {
            match url {
                Some(url) => {
                    unless_pinned(wanted.pinned, object(request, url, artifact).await).map(|named| named.unwrap_or_else(Named::Failed))
                }
                None => Ok(Named::Nothing),
            }
        }
        .boxed()
    });
    let found = in_order(asking.collect(), LEARNING).await?;
    let mut carried = 0;
    for (artifact, found) in artifacts.iter_mut().zip(found) {
        let file = artifact.descriptors.first().and_then(|blob| blob.name.clone()).unwrap_or_default();
        match found {
            Named::Nothing => {}
            Named::Object(descriptor, wrong) => {
                artifact.descriptors.push(*descriptor);
                carried += 1;
                if let Some(why) = wrong {
                    reasons.entry(why).or_default().insert(file);
                }
            }
            Named::Failed(why) => {
                reasons.entry(why).or_default().insert(file);
            }
        }
    }
    let summary = (carried > 0).then(|| format!("attestations of {carried} of {} files are carried", artifacts.len()));
    Ok(summary.into_iter().chain(reasons.iter().map(|(why, files)| told(why, files))).collect())
}

fn told(why: &str, files: &BTreeSet<String>) -> String {
    let more = if files.len() > MOST_NAMED { format!(" and {} more", files.len() - MOST_NAMED) } else { String::new() };
    format!("{}{more}: {why}", files.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", "))
}

/// What the pages name, by index and project: the place of the provenance of each file that is wanted.
async fn named(
    request: &LockRequest<'_>,
    wanted: &[Wanted],
    reasons: &mut Reasons,
) -> Result<BTreeMap<(String, String), BTreeMap<String, Url>>> {
    let mut pages: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for (index, one) in wanted.iter().flat_map(|one| one.indexes.iter().map(move |index| (index, one))) {
        pages.entry(index).or_default().entry(&one.name).or_default().insert(&one.file.filename);
    }
    let pinned = wanted.iter().all(|one| one.pinned);
    let mut all = BTreeMap::new();
    for (index, projects) in &pages {
        let answers = of_index(request, index, projects, pinned).await?;
        for (project, answer) in projects.keys().zip(answers) {
            match answer {
                Ok(links) => {
                    all.insert(((*index).to_owned(), (*project).to_owned()), links);
                }
                Err(why) => {
                    reasons.entry(why).or_default().insert((*project).to_owned());
                }
            }
        }
    }
    Ok(all)
}

/// The places that the page of a project names, by file; why there are none, where it did not come.
type Page = std::result::Result<BTreeMap<String, Url>, String>;

/// The pages of projects of one index. Where a lock file pinned the files and the first page cannot be had, no other is asked for: each would be
/// waited for as long.
async fn of_index(request: &LockRequest<'_>, index: &str, projects: &BTreeMap<&str, BTreeSet<&str>>, pinned: bool) -> Result<Vec<Page>> {
    let asking = |from: usize| projects.iter().skip(from).map(|(project, files)| page(request, index, project, files).boxed()).collect();
    let Some((project, files)) = projects.iter().next().filter(|_| pinned) else { return in_order(asking(0), LEARNING).await };
    let first = match unless_pinned(pinned, page(request, index, project, files).await)? {
        Ok(first) => first,
        Err(why) => return Ok(vec![Err(why); projects.len()]),
    };
    let rest = match unless_pinned(pinned, in_order(asking(1), LEARNING).await)? {
        Ok(rest) => rest,
        Err(why) => vec![Err(why); projects.len() - 1],
    };
    Ok(std::iter::once(first).chain(rest).collect())
}

/// What was found; of what a lock file pinned, why an index could not be asked for it, which then is no failure.
fn unless_pinned<T>(pinned: bool, found: Result<T>) -> Result<std::result::Result<T, String>> {
    match found {
        Err(error) if pinned => Ok(Err(format!("its index could not be asked: not known whether it is attested: {}", error.message()))),
        found => found.map(Ok),
    }
}

/// What the page of a project names; why it did not come, where a server refuses it.
async fn page(request: &LockRequest<'_>, index: &str, project: &str, files: &BTreeSet<&str>) -> Result<Page> {
    let url =
        Url::parse(&format!("{}/{project}/", index.trim_end_matches('/'))).ok().filter(|url| ["https", "http"].contains(&url.scheme()));
    let Some(url) = url else { return Ok(Ok(BTreeMap::new())) };
    // An index that only a lock file names has not been looked at yet.
    plainly(request, &url)?;
    let accept = format!("{JSON}, {HTML};q=0.2, text/html;q=0.1");
    let page = match asked(request, &url, &accept, MOST_PAGE_BYTES).await? {
        Ok(page) => page,
        Err(status) => return Ok(Err(format!("its page did not come again ({status}): not known whether it is attested"))),
    };
    let links = match links::read(&page) {
        Ok(links) => links,
        Err(why) => return Ok(Err(format!("its page cannot be read for attestations: {why}"))),
    };
    let links = links.into_iter().filter(|(file, _)| files.contains(file.as_str()));
    Ok(Ok(links.filter_map(|(file, place)| Some((file, url.join(&place).ok()?))).collect()))
}

/// The bytes of a document, or the status by which a server refuses it.
async fn asked(request: &LockRequest<'_>, url: &Url, accept: &str, most: usize) -> Result<std::result::Result<Vec<u8>, u16>> {
    let upstream = request.upstream;
    let ask = || async {
        match upstream.document_once(url, accept, most).await {
            Ok((_, bytes)) => Ok(Ok(bytes)),
            Err(Failure { status: Some(status), transient: false, .. }) if status.is_client_error() => Ok(Err(status.as_u16())),
            Err(failure) => Err(failure),
        }
    };
    upstream.backoff().run(ask).await
}

/// Refuses an address that would be asked over plain HTTP.
fn plainly(request: &LockRequest<'_>, url: &Url) -> Result<()> {
    let section: PythonSection = request.section.parse()?;
    check_plain(url, section.plain_http.iter().chain(&request.upstream.settings().plain_http))
}

/// The provenance object at an address. One that is about another file is carried all the same, so that whoever judges sees it.
async fn object(request: &LockRequest<'_>, url: &Url, artifact: &Artifact) -> Result<Named> {
    if !url.username().is_empty() || url.password().is_some() || !["https", "http"].contains(&url.scheme()) {
        return Ok(Named::Failed("its attestations are at an address that is not asked for".to_owned()));
    }
    plainly(request, url)?;
    let bytes = match asked(request, url, &format!("{MEDIA_TYPE}, application/json;q=0.5"), MOST_BYTES).await? {
        Ok(bytes) => bytes,
        Err(status) => return Ok(Named::Failed(format!("its index names attestations, and they did not come ({status})"))),
    };
    let wrong = match attestation::read(&bytes) {
        Ok(attestations) => {
            let file = Entry::read(artifact)?;
            attestations.iter().find_map(|one| one.about(&file).err()).map(|why| format!("an attestation of it is wrong: {why}"))
        }
        Err(why) => return Ok(Named::Failed(format!("its index names attestations at {}, and they are not carried: {why}", shown(url)))),
    };
    let digest = Digest::of(&bytes);
    keep(request.cache, &digest, &bytes)?;
    let file = artifact.descriptors.first().and_then(|blob| blob.name.as_deref()).unwrap_or_default();
    let descriptor = Descriptor {
        media_type: MEDIA_TYPE.to_owned(),
        digest,
        size: bytes.len() as u64,
        name: Some(format!("{file}{SUFFIX}")),
        origins: vec![url.to_string()],
        learned: Learned::Downloaded,
        side_digests: SideDigests::new(),
    };
    Ok(Named::Object(Box::new(descriptor), wrong))
}
