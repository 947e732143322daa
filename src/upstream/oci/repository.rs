//! One repository of a registry and the places it can be had from.

use super::session::{Refused, send};
use crate::artifact::{Descriptor, Digest, INDEX, MANIFEST_TYPES, MOST_MANIFEST_BYTES};
use crate::error::{Error, Kind, Result};
use crate::upstream::client::bounded;
use crate::upstream::failure::shown;
use crate::upstream::part::receive;
use crate::upstream::{Body, Failure, Part, Upstream};
use http::{HeaderMap, StatusCode, header};
use url::Url;

/// Most pages of a list that are read.
const MOST_PAGES: usize = 32;
/// Most tags of one repository.
const MOST_TAGS: usize = 100_000;
/// What a registry without the referrers API may answer (distribution specification, "Listing Referrers"; others seen in the field).
const NO_REFERRERS: &[u16] = &[400, 404, 405, 406, 501];

/// A repository, and where to ask for it: its mirrors in order, then its registry.
#[derive(Debug)]
pub struct Repository<'a> {
    upstream: &'a Upstream,
    mirrors: Vec<Place>,
    registry: Place,
}

#[derive(Debug)]
struct Place {
    base: Url,
    name: String,
    /// The registry a mirror stands in for (distribution specification, "Registry Proxying").
    namespace: Option<String>,
}

/// Bytes that were found: a manifest or a small blob.
#[derive(Debug, Clone)]
pub struct Found {
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// `Content-Type` without parameters, in lower case; empty when there was none.
    pub media_type: String,
    /// SHA-256 of the bytes: equal to what was asked for, and to `Docker-Content-Digest` where the registry sends one.
    pub digest: Digest,
}

/// One GET request, put to each place in turn.
struct Question<'q> {
    kind: &'static str,
    reference: &'q str,
    accept: &'q str,
    most: usize,
    expected: Option<Digest>,
    absent: &'static [u16],
}

struct Reply {
    url: Url,
    headers: HeaderMap,
    found: Found,
}

impl<'a> Repository<'a> {
    /// A repository of a registry (`docker.io`, `quay.io`, `host:5000`). Mirrors are `host[:port][/prefix]`; hosts in `plain_http`, and
    /// those of the door's settings, are asked over plain HTTP, all others over TLS. Names must have passed the reference grammar.
    pub fn new(upstream: &'a Upstream, registry: &str, name: &str, mirrors: &[String], plain_http: &[String]) -> Result<Self> {
        let scheme = |host: &str| match plain_http.iter().chain(&upstream.settings().plain_http).any(|h| h == host) {
            true => "http",
            false => "https",
        };
        let place = |host: &str, name: String, namespace: Option<String>| -> Result<Place> {
            let base = Url::parse(&format!("{}://{host}/", scheme(host)));
            let base = base.map_err(|e| Error::usage(format!("{host:.120} is not a registry host")).because(&e))?;
            Ok(Place { base, name, namespace })
        };
        let mut stand_ins = Vec::new();
        for mirror in mirrors {
            let (host, prefix) = mirror.trim_end_matches('/').split_once('/').unwrap_or((mirror.trim_end_matches('/'), ""));
            let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
            stand_ins.push(place(host, name, Some(registry.to_owned()))?);
        }
        let host = if registry == "docker.io" { "registry-1.docker.io" } else { registry };
        Ok(Self { upstream, mirrors: stand_ins, registry: place(host, name.to_owned(), None)? })
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.mirrors.iter().chain([&self.registry])
    }

    /// Whether mirrors are asked before the registry.
    pub fn has_mirrors(&self) -> bool {
        !self.mirrors.is_empty()
    }

    /// A manifest by tag or digest; a missing one is an error.
    pub async fn manifest(&self, reference: &str) -> Result<Found> {
        self.find_manifest(reference).await?.ok_or_else(|| {
            let error = Failure::of_status(&self.registry.url("manifests", reference), StatusCode::NOT_FOUND, None).error;
            match self.mirrors.len() {
                0 => error,
                mirrors => error.with("looked in", format!("{mirrors} mirrors and the registry")),
            }
        })
    }

    /// A manifest by tag or digest; `None` when the registry has none.
    pub async fn find_manifest(&self, reference: &str) -> Result<Option<Found>> {
        let accept = MANIFEST_TYPES.join(", ");
        let expected = reference.contains(':').then(|| reference.parse()).transpose()?;
        let question = Question { kind: "manifests", reference, accept: &accept, most: MOST_MANIFEST_BYTES, expected, absent: &[404] };
        Ok(self.ask(&question).await?.map(|(reply, _)| reply.found))
    }

    /// A blob of at most `most` bytes, such as an image's configuration.
    pub async fn small_blob(&self, digest: &Digest, most: usize) -> Result<Found> {
        let reference = digest.to_string();
        let question = Question { kind: "blobs", reference: &reference, accept: "*/*", most, expected: Some(*digest), absent: &[] };
        let reply = self.ask(&question).await?;
        reply.map(|(reply, _)| reply.found).ok_or_else(|| Error::new(Kind::Upstream, format!("{digest} is not in the registry")))
    }

    /// Whether the registry has a blob, asked by HEAD.
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool> {
        let reference = digest.to_string();
        self.upstream.backoff().run(|| self.has_blob_once(&reference)).await
    }

    async fn has_blob_once(&self, reference: &str) -> std::result::Result<bool, Failure> {
        for place in self.places() {
            let url = place.url("blobs", reference);
            match send(self.upstream, &url, &place.name, |client| client.head(url.clone())).await {
                Ok(_) => return Ok(true),
                Err(Refused { status: Some(StatusCode::NOT_FOUND), .. }) => {}
                Err(refused) if place.namespace.is_none() => return Err(refused.failure),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    /// The pages of the referrers of a digest, each an index; `None` when the registry has no such API.
    pub async fn referrers(&self, digest: &Digest) -> Result<Option<Vec<Vec<u8>>>> {
        let (reference, accept) = (digest.to_string(), INDEX);
        let question =
            Question { kind: "referrers", reference: &reference, accept, most: MOST_MANIFEST_BYTES, expected: None, absent: NO_REFERRERS };
        let found = self.ask(&question).await?.filter(|(reply, _)| reply.found.media_type == accept);
        let Some((first, place)) = found else { return Ok(None) };
        let mut next = next_page(&first)?;
        let (url, mut pages) = (first.url, vec![first.found.bytes]);
        while let Some(page) = next {
            if pages.len() == MOST_PAGES {
                let error = Error::new(Kind::Upstream, format!("{}: the list of referrers does not end", shown(&url)));
                return Err(error.with("expected", format!("at most {MOST_PAGES} pages")));
            }
            let reply = self.upstream.backoff().run(|| async { self.get(&page, place, &question).await.map_err(|r| r.failure) }).await?;
            next = next_page(&reply)?;
            pages.push(reply.found.bytes);
        }
        Ok(Some(pages))
    }

    /// All tags (distribution specification, "Listing Tags"); `None` when there is no such repository. Asked of the registry alone: a
    /// mirror may list only what it was asked for so far.
    pub async fn tags(&self) -> Result<Option<Vec<String>>> {
        let accept = "application/json";
        let question = Question { kind: "tags", reference: "list", accept, most: MOST_MANIFEST_BYTES, expected: None, absent: &[404] };
        let mut url = self.registry.url("tags", "list");
        url.set_query(Some("n=1000"));
        let (mut tags, mut next) = (Vec::new(), Some(url));
        for _ in 0..MOST_PAGES {
            let Some(page) = next else { return Ok(Some(tags)) };
            let Some(reply) = self.upstream.backoff().run(|| self.page(&page, &question)).await? else { return Ok(None) };
            tags.extend(tags_of(&reply)?);
            next = next_page(&reply)?;
            if tags.len() > MOST_TAGS {
                break;
            }
        }
        let error = Error::new(Kind::Upstream, format!("{}: the list of tags does not end", shown(&self.registry.url("tags", "list"))));
        Err(error.with("expected", format!("at most {MOST_TAGS} tags on {MOST_PAGES} pages")))
    }

    async fn page(&self, url: &Url, question: &Question<'_>) -> std::result::Result<Option<Reply>, Failure> {
        match self.get(url, &self.registry, question).await {
            Ok(reply) => Ok(Some(reply)),
            Err(Refused { status: Some(status), .. }) if question.absent.contains(&status.as_u16()) => Ok(None),
            Err(refused) => Err(refused.failure),
        }
    }

    /// Where the bytes of a digest can be had, best first; `kind` is `manifests` or `blobs`.
    pub fn origins(&self, kind: &'static str, digest: &Digest) -> Vec<String> {
        self.places().map(|place| place.url(kind, &digest.to_string()).to_string()).collect()
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Option<(Reply, &Place)>> {
        self.upstream.backoff().run(|| self.ask_once(question)).await
    }

    /// Each place once. What the registry says decides; a mirror that fails, does not have it or lists nothing is passed over: a list
    /// that nobody filled says nothing of what the registry knows.
    async fn ask_once(&self, question: &Question<'_>) -> std::result::Result<Option<(Reply, &Place)>, Failure> {
        let mut last = None;
        for place in self.places() {
            match self.get(&place.url(question.kind, question.reference), place, question).await {
                Ok(reply) if question.kind == "referrers" && place.namespace.is_some() && !reply.lists_something() => {}
                Ok(reply) => return Ok(Some((reply, place))),
                Err(refused) => last = Some(refused),
            }
        }
        match last {
            Some(Refused { status: Some(status), .. }) if question.absent.contains(&status.as_u16()) => Ok(None),
            Some(refused) => Err(refused.failure),
            None => Ok(None),
        }
    }

    async fn get(&self, url: &Url, place: &Place, question: &Question<'_>) -> std::result::Result<Reply, Refused> {
        let request = |client: &reqwest::Client| client.get(url.clone()).header(header::ACCEPT, question.accept);
        let response = send(self.upstream, url, &place.name, request).await?;
        let headers = response.headers().clone();
        let bytes = bounded(url, response, question.most).await?;
        let media_type = essence(&headers);
        let digest = Digest::of(&bytes);
        let announced = headers.get("docker-content-digest").and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<Digest>().ok());
        let announced = announced.filter(|_| question.kind == "manifests");
        if let Some(expected) = question.expected.or(announced).filter(|expected| *expected != digest) {
            let error = Error::verification(format!("{}: the registry sent other bytes than it should", shown(url)));
            return Err(Failure::permanent(error.with("expected", expected).with("found", digest)).into());
        }
        Ok(Reply { url: url.clone(), headers, found: Found { bytes, media_type, digest } })
    }
}

impl Reply {
    /// Whether this is a list of referrers with an entry or a further page.
    fn lists_something(&self) -> bool {
        let list = serde_json::from_slice::<serde_json::Value>(&self.found.bytes).unwrap_or_default();
        let filled = list.get("manifests").and_then(|entries| entries.as_array()).is_some_and(|entries| !entries.is_empty());
        filled || self.headers.contains_key(header::LINK)
    }
}

impl Place {
    fn url(&self, kind: &str, reference: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/v2/{}/{kind}/{reference}", self.name));
        url.set_query(self.namespace.as_ref().map(|namespace| format!("ns={namespace}")).as_deref());
        url
    }
}

/// The tags on one page of their list.
fn tags_of(reply: &Reply) -> Result<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Page {
        tags: Option<Vec<String>>,
    }
    let page: std::result::Result<Page, _> = serde_json::from_slice(&reply.found.bytes);
    let wrong = |e| Error::new(Kind::Upstream, format!("{}: this is no list of tags", shown(&reply.url))).because(&e);
    Ok(page.map_err(wrong)?.tags.unwrap_or_default())
}

/// `type/subtype` of `Content-Type` (RFC 9110, section 8.3.1).
fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The `rel="next"` of a `Link` header (RFC 8288); it must stay on the list it continues.
fn next_page(reply: &Reply) -> Result<Option<Url>> {
    let link = reply.headers.get(header::LINK).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let next =
        link.split(',').filter(|l| l.contains("rel=\"next\"") || l.contains("rel=next")).find_map(|l| l.split_once('<')?.1.split_once('>'));
    let Some((target, _)) = next else { return Ok(None) };
    let joined = reply.url.join(target).ok().filter(|url| url.origin() == reply.url.origin() && url.path() == reply.url.path());
    joined.map(Some).ok_or_else(|| {
        let error = Error::new(Kind::Upstream, format!("{}: the next page of the list lies elsewhere", shown(&reply.url)));
        error.with("found", format!("{target:.200}"))
    })
}

/// The bytes of a locked blob or manifest from one of its origins, from an offset on; one attempt.
pub async fn fetch(upstream: &Upstream, blob: &Descriptor, origin: &str, part: &Part) -> std::result::Result<Body, Failure> {
    let wrong = || Failure::permanent(Error::failed(format!("{origin:.200}: not the address of a blob in a registry")));
    let url = Url::parse(origin).map_err(|_| wrong())?;
    let path = url.path().strip_prefix("/v2/").and_then(|path| path.rsplit_once('/')).ok_or_else(wrong)?.0;
    let (repository, kind) = path.rsplit_once('/').ok_or_else(wrong)?;
    let accept = if kind == "manifests" { &*blob.media_type } else { "*/*" };
    let (asked, repository) = (&url, &repository);
    receive(&url, part, |part| async move {
        let request = |client: &reqwest::Client| part.of(client.get(asked.clone()).header(header::ACCEPT, accept));
        send(upstream, asked, repository, request).await.map_err(|refused| refused.failure)
    })
    .await
}
