//! The rooms: everything airlift knows about one ecosystem lives in one folder here and nowhere else.
//!
//! A room *declares* content and speaks its clients' protocol; the shared stages move the bytes. In: a manifest section (connected
//! side), a shelf of artifacts (inside). Out: artifacts with digests and sizes, a router, a description, client snippets. To add an
//! ecosystem: one folder, one `pub mod` line and one line in [`ALL`]; a test compares the two. A room never uses another room, its
//! `serve.rs` and `describe.rs` never use `upstream`, and nothing outside matches on a room's name.

pub mod advisories;
#[cfg(feature = "upstream")]
pub mod attached;
pub mod charts;
pub mod conda;
pub mod core_metadata;
pub mod cosign;
pub mod files;
pub mod images;
pub mod models;
pub mod python;

use crate::advisories::Evidence;
use crate::artifact::{Artifact, BlobRead, Blobs, Description, Descriptor, Release};
use crate::error::{Error, Result};
use crate::publisher::{Looked, UpstreamKey};
use crate::report::{Component, Examined};
use crate::scan::{self, Findings, Profile};
use crate::server::oci::Repository;
use crate::store::Shelf;
use axum::Router;
use std::collections::BTreeMap;
#[cfg(feature = "upstream")]
use std::collections::BTreeSet;
#[cfg(feature = "upstream")]
use {
    crate::manifest::{Manifest, Section},
    crate::progress::Progress,
    crate::upstream::{Body, Failure, Part, Upstream},
    futures::future::BoxFuture,
    std::path::Path,
    url::Url,
};

/// Every ecosystem, in the order reports and pages show them.
pub const ALL: &[&dyn Ecosystem] =
    &[&python::Python, &conda::Conda, &images::Images, &models::Models, &charts::Charts, &files::Files, &advisories::Advisories];

/// What a section is resolved with.
#[cfg(feature = "upstream")]
#[derive(Clone, Copy)]
pub struct LockRequest<'a> {
    /// The section to resolve.
    pub section: &'a Section,
    /// The manifest it stands in: targets, names.
    pub manifest: &'a Manifest,
    /// The folder that relative paths in the manifest start from.
    pub base: &'a Path,
    /// A folder for resolver caches; may be deleted at any time.
    pub cache: &'a Path,
    /// The time of the lock: what a cool-down counts back from.
    pub now: jiff::Timestamp,
    /// The names of the packages that everything before it locked, by ecosystem of advisories; of a section that [waits](Ecosystem::waits).
    pub packages: &'a BTreeMap<String, BTreeSet<String>>,
    /// The network.
    pub upstream: &'a Upstream,
    /// Where to tell what is going on.
    pub progress: &'a dyn Progress,
}

/// What a section means.
#[cfg(feature = "upstream")]
#[derive(Debug, Default)]
pub struct Locked {
    /// The artifacts, each blob with digest and size.
    pub artifacts: Vec<Artifact>,
    /// The line `lock` prints for the section, after its name: counts and sizes in the ecosystem's own words.
    pub summary: String,
    /// What a person should know, such as a yanked release or a signature that was looked for and is absent.
    pub notes: Vec<String>,
    /// What the artifacts need of other rooms.
    pub wants: Vec<Want>,
}

/// Something that artifacts of one room need and that another room knows to lock, so that the two never meet.
#[cfg(feature = "upstream")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// What kind of thing it is; decides which room answers.
    pub kind: WantKind,
    /// What is wanted, as the answering room's manifest section would name it.
    pub reference: String,
    /// The targets it is wanted for; all of the manifest's when absent.
    pub targets: Option<Vec<String>>,
    /// Who wants it and how that became known, for people: `chart jupyterhub 4.2.0, rendered`.
    pub wanted_by: String,
}

/// What one room can want of another.
#[cfg(feature = "upstream")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WantKind {
    /// A container image, by tag or digest: `quay.io/team/app:1.2`, `docker.io/library/alpine@sha256:…`.
    ContainerImage,
}

#[cfg(feature = "upstream")]
impl WantKind {
    /// The kind as people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContainerImage => "container image",
        }
    }
}

/// What a client is configured with.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// Where the mirror answers, without a trailing slash: `https://mirror.lan:8443`.
    pub base: String,
    /// The view to use, `latest` unless asked otherwise.
    pub view: String,
    /// Whether clients must be told of a private certificate authority.
    pub own_ca: bool,
}

impl Mirror {
    /// Host and port, as most configuration files want it.
    pub fn authority(&self) -> &str {
        self.base.split_once("://").map_or(self.base.as_str(), |(_, rest)| rest)
    }

    /// Host without port.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(authority, |(host, _)| host)
    }

    /// How the certificate of the mirror's own authority comes to the file that a configuration names, as a line of comment.
    pub fn authority_comment(&self, file: &str) -> String {
        format!("# {}/ca.pem, after comparing its fingerprint: install -D -m 644 ca.pem {file}\n", self.base)
    }

    /// Whether traffic is unencrypted, which most clients must be told to accept.
    pub fn plain_http(&self) -> bool {
        self.base.starts_with("http://")
    }
}

/// One client's configuration, ready to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The client, as given to `airlift client`: `pip`.
    pub client: &'static str,
    /// The file it belongs in, or `shell` for commands.
    pub place: String,
    /// The text.
    pub text: String,
}

/// One ecosystem.
pub trait Ecosystem: Sync {
    /// The manifest table, lock kind, URL space and report heading.
    fn name(&self) -> &'static str;

    /// JSON Schema of the section type, for editors.
    fn section_schema(&self) -> schemars::Schema;

    /// Connected: what the section means, from metadata alone wherever the upstream allows it.
    #[cfg(feature = "upstream")]
    fn lock<'a>(&'a self, request: LockRequest<'a>) -> BoxFuture<'a, Result<Locked>>;

    /// Connected: whether a section can only be locked when everything else is, because it is about that. By default, none.
    #[cfg(feature = "upstream")]
    fn waits(&self, section: &Section) -> bool {
        let _ = section;
        false
    }

    /// Connected: whether this room answers wants of that kind. By default, none.
    #[cfg(feature = "upstream")]
    fn answers(&self, kind: WantKind) -> bool {
        let _ = kind;
        false
    }

    /// Connected: what sections of other rooms want. The request's section is the one that wants; all wants are of a kind that this room
    /// answers.
    #[cfg(feature = "upstream")]
    fn answer<'a>(&'a self, request: LockRequest<'a>, wants: &'a [Want]) -> BoxFuture<'a, Result<Locked>> {
        let _ = (request, wants);
        Box::pin(async { Ok(Locked::default()) })
    }

    /// Connected: what two sections know together of one artifact that both want. `None`, the default, leaves them as they are, and the
    /// lock refuses two that differ.
    #[cfg(feature = "upstream")]
    fn unite(&self, first: &serde_json::Value, second: &serde_json::Value) -> Option<serde_json::Value> {
        let _ = (first, second);
        None
    }

    /// Connected: refuses artifacts that sections want and that cannot be served beside each other. The default takes all.
    #[cfg(feature = "upstream")]
    fn check_together(&self, artifacts: &[&Artifact]) -> Result<()> {
        let _ = artifacts;
        Ok(())
    }

    /// Connected: the bytes of one locked blob from one of its origins, from an offset on. The stream is neither checked nor bounded
    /// here: the fetch stage does that for every room, and it chooses the origin.
    #[cfg(feature = "upstream")]
    fn fetch<'a>(
        &'a self,
        artifact: &'a Artifact,
        blob: &'a Descriptor,
        origin: &'a str,
        part: &'a Part,
        upstream: &'a Upstream,
    ) -> BoxFuture<'a, std::result::Result<Body, Failure>> {
        let _ = (artifact, blob);
        Box::pin(async move {
            let url = Url::parse(origin);
            let url = url.map_err(|e| Failure::permanent(Error::failed(format!("{origin:.200}: not a URL")).because(&e)))?;
            upstream.get(&url, part).await
        })
    }

    /// Both sides, pure: refuses an entry of a lock that the room would have to leave out when it serves, as `Kind::Verification`. Fetch
    /// and pack ask it, so that nothing crosses the gap in vain; import and serve tell of what is left out. The default takes all.
    fn check(&self, artifact: &Artifact) -> Result<()> {
        let _ = artifact;
        Ok(())
    }

    /// Inside: the clients' protocol over a shelf. Paths start at the room's own mount point. The default answers nothing: for rooms
    /// whose clients read [`repositories`](Self::repositories) only.
    fn serve(&self, shelf: Shelf) -> Router {
        drop(shelf);
        Router::new()
    }

    /// Inside: whether a POST request to a path below the room's mount point, with or without a view, only asks something and is let in with
    /// its body (at most 1 MiB). The default takes none: everything else is read with GET.
    fn is_question(&self, path: &str) -> bool {
        let _ = path;
        false
    }

    /// Inside: what registry clients read, by the name it is served under in the registry that all rooms share. The default has none.
    fn repositories(&self, shelf: &Shelf) -> BTreeMap<String, Repository> {
        let _ = shelf;
        BTreeMap::new()
    }

    /// Whether the room's mount point is the shared registry of that view, which the room then need not serve itself. One room's is.
    fn is_registry(&self) -> bool {
        false
    }

    /// Whether clients of the room may write the token of an account before the whole path: `/t/TOKEN/…`. It is taken off then: a mirror
    /// knows no accounts.
    fn takes_tokens_in_front(&self) -> bool {
        false
    }

    /// Both sides, pure: what can be said about an artifact; says less when a blob is absent.
    fn describe(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description>;

    /// Both sides, pure: what the entry of a lock says of the release at its publisher. The default knows nothing.
    fn release(&self, artifact: &Artifact) -> Release {
        let _ = artifact;
        Release::default()
    }

    /// Both sides, pure: whether an artifact is only there for the one it names as its subject, as signatures are. The default has none.
    fn stands_beside(&self, artifact: &Artifact) -> bool {
        let _ = artifact;
        false
    }

    /// Both sides, pure: how its publisher signed an artifact, and what keys of this side that are for it say of that, as far as the bytes
    /// are here; `beside` are the artifacts that name one of its blobs as their subject. Without keys, what is carried is listed and not
    /// judged. The default judges nothing, and so lets nothing pass.
    fn signed(&self, artifact: &Artifact, beside: &[&Artifact], keys: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Looked> {
        let _ = (artifact, beside, keys, blobs);
        Ok(Looked::nothing("signatures of such artifacts are not judged"))
    }

    /// Both sides, pure: what an inventory says of an artifact, from its blobs as far as they are here. The default is its description.
    /// A blob that cannot be read as what it should be is said to be so in the component; only a place that cannot be read is an error.
    fn examine(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
        let examined = if is_here(artifact, blobs)? { Examined::Opaque } else { Examined::NotExamined };
        Ok(Component { examined, ..Component::of(artifact, self.describe(artifact, blobs)?) })
    }

    /// Both sides, pure: what strict readers find in one blob, whose digest is right. The default reads it as what its bytes say it is.
    fn scan_blob(&self, artifact: &Artifact, blob: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
        let _ = (artifact, blob);
        scan::by_content(bytes, Profile::Tree, found)
    }

    /// Both sides, pure: what only the whole artifact shows. By default nothing.
    fn scan_artifact(&self, artifact: &Artifact, blobs: &dyn Blobs, found: &mut Findings) -> Result<()> {
        let _ = (artifact, blobs, found);
        Ok(())
    }

    /// Both sides, pure: what an artifact says about others, such as advisories about packages. The default has none.
    fn evidence(&self, artifact: &Artifact) -> Option<Evidence> {
        let _ = artifact;
        None
    }

    /// What a user pastes to reach the mirror.
    fn client_config(&self, mirror: &Mirror) -> Vec<Snippet>;

    /// What a user pastes for single things that are carried; asked where the mirror's store is at hand. The default has nothing to say.
    fn carried_config(&self, mirror: &Mirror, shelf: &Shelf) -> Vec<Snippet> {
        let _ = (mirror, shelf);
        vec![]
    }
}

/// Whether all blobs of an artifact are here.
pub fn is_here(artifact: &Artifact, blobs: &dyn Blobs) -> Result<bool> {
    artifact.descriptors.iter().try_fold(true, |here, blob| Ok(here && blobs.size(&blob.digest)?.is_some()))
}

/// The ecosystem of that name.
pub fn find(name: &str) -> Result<&'static dyn Ecosystem> {
    ALL.iter().copied().find(|e| e.name() == name).ok_or_else(|| {
        Error::failed(format!("no ecosystem is called {name:.60}")).hint("this file was written by a newer airlift: use that version")
    })
}

/// Gives artifacts that several sections want the details that those sections know together, so that they are one in the lock, and
/// refuses those that cannot be served beside each other.
#[cfg(feature = "upstream")]
pub fn unite(artifacts: &mut [Artifact]) -> Result<()> {
    let key = |a: &Artifact| (a.ecosystem.clone(), a.name.clone(), a.version.clone(), a.descriptors.first().map(|d| d.digest));
    let mut united = BTreeMap::new();
    for artifact in artifacts.iter() {
        let known = united.entry(key(artifact)).or_insert_with(|| artifact.meta.clone());
        if *known != artifact.meta
            && let Some(together) = find(&artifact.ecosystem)?.unite(known, &artifact.meta)
        {
            *known = together;
        }
    }
    for artifact in artifacts.iter_mut() {
        // What cannot be united stays different, for the lock to refuse.
        if let Some(known) = united.get(&key(artifact))
            && find(&artifact.ecosystem)?.unite(known, &artifact.meta).as_ref() == Some(known)
        {
            artifact.meta = known.clone();
        }
    }
    unite_beside(artifacts);
    ALL.iter().try_for_each(|room| room.check_together(&artifacts.iter().filter(|a| a.ecosystem == room.name()).collect::<Vec<_>>()))
}

/// What one section's upstream has beside an artifact, such as what is attested of it, is beside it wherever it is wanted.
#[cfg(feature = "upstream")]
fn unite_beside(artifacts: &mut [Artifact]) {
    let key = |a: &Artifact| (a.ecosystem.clone(), a.name.clone(), a.version.clone(), a.descriptors.first().map(|d| d.digest));
    let mut most: BTreeMap<_, Vec<Descriptor>> = BTreeMap::new();
    for artifact in artifacts.iter() {
        let known = most.entry(key(artifact)).or_default();
        if artifact.descriptors.len() > known.len() {
            known.clone_from(&artifact.descriptors);
        }
    }
    for artifact in artifacts.iter_mut() {
        let Some(all) = most.get(&key(artifact)) else { continue };
        let begins = artifact.descriptors.iter().zip(all).all(|(own, known)| own.digest == known.digest);
        if begins {
            artifact.descriptors.extend_from_slice(all.get(artifact.descriptors.len()..).unwrap_or_default());
        }
    }
}

/// Refuses the first entry of a lock that its room could not serve. What no room here knows is for a newer airlift.
pub fn check(artifacts: &[Artifact]) -> Result<()> {
    artifacts.iter().try_for_each(|artifact| find(&artifact.ecosystem).map_or(Ok(()), |room| room.check(artifact)))
}

/// Most entries that one line names.
const MOST_NAMED: usize = 5;

/// What is not served of these artifacts, since its room refuses the entry or is not known here: a line for each ecosystem.
pub fn unserved<'a>(artifacts: impl IntoIterator<Item = &'a Artifact>) -> Vec<String> {
    let mut refused: BTreeMap<&str, (Vec<String>, usize, Error)> = BTreeMap::new();
    for artifact in artifacts {
        let Err(error) = find(&artifact.ecosystem).and_then(|room| room.check(artifact)) else { continue };
        let (named, all, _) = refused.entry(&artifact.ecosystem).or_insert((vec![], 0, error));
        *all += 1;
        if named.len() < MOST_NAMED {
            named.push(format!("{:.200} {:.100}", artifact.name, artifact.version));
        }
    }
    let line = |(ecosystem, (named, all, error)): (&str, (Vec<String>, usize, Error))| {
        let rest = if all > named.len() { format!(", and {} more", all - named.len()) } else { String::new() };
        let entries = if all == 1 { "1 entry".to_owned() } else { format!("{all} entries") };
        format!("{ecosystem:.60}: {entries} cannot be served: {}{rest}; the first because: {}", named.join(", "), error.message())
    };
    refused.into_iter().map(line).collect()
}

/// All names, in the order of [`ALL`].
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|e| e.name()).collect()
}

/// `1 file`, `3 files`, `2 indexes`: counts in summaries.
pub fn count(n: usize, word: &str) -> String {
    match (n, word.ends_with('x')) {
        (1, _) => format!("{n} {word}"),
        (_, true) => format!("{n} {word}es"),
        (_, false) => format!("{n} {word}s"),
    }
}

/// A size in decimal units, as disks and download pages count: `1.9 GB`.
pub fn bytes(n: u64) -> String {
    let mut size = n as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 999.5 {
            return if unit == "bytes" {
                format!("{n} bytes")
            } else if size < 9.95 {
                format!("{size:.1} {unit}")
            } else {
                format!("{size:.0} {unit}")
            };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}
