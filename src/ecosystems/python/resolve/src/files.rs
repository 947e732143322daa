//! From uv's resolution graph to packages and their files.

use std::collections::{BTreeMap, BTreeSet};

use uv_distribution_types::{BuiltDist, Diagnostic, Dist, Edge, IndexUrl, Name, Node, RemoteSource, ResolvedDist, SourceDist};
use uv_pypi_types::{HashAlgorithm, HashDigest, Yanked};
use uv_redacted::DisplaySafeUrl;

use crate::failure::{Failure, FailureKind, plain, redact};
use crate::inputs::{Pin, well_formed};
use crate::package::{File, FileKind, Package, Resolution};

/// The packages to fetch, each with its file checked against the digests that `pins` allow.
pub(crate) fn packages(graph: &uv_distribution_types::Resolution, pins: &[Pin]) -> Result<Resolution, Failure> {
    let links = Links::of(graph);
    let mut packages = Vec::new();
    for (dist, hashes) in graph.hashes() {
        let name = dist.name().to_string();
        let (file, index, digests) = file_of(dist, hashes)?;
        if !plain_name(&file.filename) {
            let message = format!("{name}: {:?} is not a file name", file.filename);
            return Err(Failure::new(FailureKind::Malformed, message));
        }
        let file = accept(&name, file, &digests, pins)?;
        packages.push(Package {
            version: version_of(dist),
            file,
            dependencies: links.dependencies.get(&name).into_iter().flatten().cloned().collect(),
            extras: links.extras.get(&name).into_iter().flatten().cloned().collect(),
            index,
            requested: links.requested.contains(&name),
            name,
        });
    }
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    let messages = graph.diagnostics().iter().map(Diagnostic::message);
    let warnings: BTreeSet<String> = messages.map(|text| redact(&plain(&text))).collect();
    Ok(Resolution { packages, warnings: warnings.into_iter().collect() })
}

/// Who needs whom, by name: a resolution for one target has each name once.
#[derive(Default)]
struct Links {
    dependencies: BTreeMap<String, BTreeSet<(String, String)>>,
    extras: BTreeMap<String, BTreeSet<String>>,
    requested: BTreeSet<String>,
}

impl Links {
    fn of(resolution: &uv_distribution_types::Resolution) -> Self {
        let mut links = Self::default();
        let graph = resolution.graph();
        for edge in graph.raw_edges() {
            let Node::Dist { dist: needed, .. } = &graph[edge.target()] else {
                continue;
            };
            let target = (needed.name().to_string(), version_of(needed));
            match &graph[edge.source()] {
                // A project that is not itself to be installed asks on behalf of the person.
                Node::Root | Node::Dist { install: false, .. } => {
                    links.requested.insert(target.0);
                }
                Node::Dist { dist, .. } => links.add(dist.name().to_string(), target, &edge.weight),
            }
        }
        links
    }

    fn add(&mut self, source: String, target: (String, String), edge: &Edge) {
        if let Edge::Optional(extra) = edge {
            self.extras.entry(source.clone()).or_default().insert(extra.to_string());
        }
        if source != target.0 {
            self.dependencies.entry(source).or_default().insert(target);
        }
    }
}

fn version_of(dist: &ResolvedDist) -> String {
    dist.version().map(ToString::to_string).unwrap_or_default()
}

type Found = (File, Option<String>, Vec<HashDigest>);

/// The file of a distribution, its index, and every digest known of it. `hashes` are those of the
/// version: with a URL of its own it is that one file, on an index it may be several.
fn file_of(dist: &ResolvedDist, hashes: &[HashDigest]) -> Result<Found, Failure> {
    let ResolvedDist::Installable { dist, .. } = dist else {
        return Err(refused(dist.name(), "an installed package"));
    };
    match dist.as_ref() {
        Dist::Built(BuiltDist::Registry(wheels)) => {
            let wheel = wheels.best_wheel();
            indexed(&wheel.file, &wheel.index, FileKind::Wheel)
        }
        Dist::Source(SourceDist::Registry(sdist)) => indexed(&sdist.file, &sdist.index, FileKind::Sdist),
        Dist::Built(BuiltDist::DirectUrl(wheel)) => {
            let name = wheel.filename.to_string();
            direct(name, &wheel.url.to_url(), wheel.size, FileKind::Wheel, hashes)
        }
        Dist::Source(SourceDist::DirectUrl(sdist)) => {
            let name = sdist.filename().map_err(|error| malformed(&error))?.into_owned();
            direct(name, &sdist.url.to_url(), sdist.size, FileKind::Sdist, hashes)
        }
        Dist::Built(BuiltDist::Path(wheel)) => Err(refused(&wheel.filename.name, "a local path")),
        Dist::Built(BuiltDist::GitPath(wheel)) => Err(refused(&wheel.filename.name, "in git")),
        Dist::Source(SourceDist::Path(sdist)) => Err(refused(&sdist.name, "a local path")),
        Dist::Source(SourceDist::Directory(sdist)) => Err(refused(&sdist.name, "a local project")),
        Dist::Source(SourceDist::GitDirectory(sdist)) => Err(refused(&sdist.name, "in git")),
        Dist::Source(SourceDist::GitPath(sdist)) => Err(refused(&sdist.name, "in git")),
    }
}

fn indexed(file: &uv_distribution_types::File, index: &IndexUrl, kind: FileKind) -> Result<Found, Failure> {
    let url = file.url.to_url().map_err(|error| malformed(&error))?;
    let digests = file.hashes.to_vec();
    let found = File {
        filename: file.filename.to_string(),
        url: public(&url, &file.filename)?,
        sha256: sha256(&digests),
        size: file.size,
        requires_python: file.requires_python.as_ref().map(ToString::to_string),
        yanked: file.yanked.as_deref().and_then(yanked),
        upload_time: file.upload_time_utc_ms.and_then(rfc3339),
        kind,
        has_metadata: file.dist_info_metadata,
        stronger: stronger(&digests),
        accepted: Vec::new(),
    };
    let index = index.url().without_credentials().to_string();
    Ok((found, Some(index), digests))
}

fn direct(filename: String, url: &DisplaySafeUrl, size: Option<u64>, kind: FileKind, hashes: &[HashDigest]) -> Result<Found, Failure> {
    // `#sha256=…` is the form in which a URL pins its content (PEP 503).
    let pinned = pinned_by_fragment(&filename, url.fragment().unwrap_or_default())?;
    let digests: Vec<HashDigest> = pinned.iter().chain(hashes).cloned().collect();
    let found = File {
        url: public(url, &filename)?,
        filename,
        sha256: sha256(&digests),
        size,
        requires_python: None,
        yanked: None,
        upload_time: None,
        kind,
        has_metadata: false,
        stronger: stronger(&digests),
        accepted: pinned.iter().map(|digest| vec![digest.to_string()]).collect(),
    };
    Ok((found, None, digests))
}

/// The digests in the fragment of a URL. One that cannot be checked is refused: whoever wrote it
/// counts on it.
fn pinned_by_fragment(filename: &str, fragment: &str) -> Result<Vec<HashDigest>, Failure> {
    let mut digests = Vec::new();
    for (algorithm, hex) in fragment.split('&').filter_map(|part| part.split_once('=')) {
        if !["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b"].contains(&algorithm) {
            continue;
        }
        match format!("{algorithm}:{}", hex.to_ascii_lowercase()).parse::<HashDigest>() {
            Ok(digest) if well_formed(&digest) => digests.push(digest),
            _ => {
                let message = format!("{filename}: the hash in its URL, `{algorithm}={hex}`, is not a whole sha256, sha384 or sha512");
                return Err(Failure::new(FailureKind::Invalid, message));
            }
        }
    }
    Ok(digests)
}

/// The URL as it may be written down: `http` or `https`, no credentials, no fragment.
fn public(url: &DisplaySafeUrl, filename: &str) -> Result<String, Failure> {
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("{filename}: its URL is neither http nor https: {url}");
        return Err(Failure::new(FailureKind::Refused, message));
    }
    let mut url = url.clone();
    url.remove_credentials();
    url.set_fragment(None);
    Ok(url.as_str().to_owned())
}

/// Whether a text can only be the name of a file in one directory, wherever it is used.
fn plain_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.starts_with(|char: char| char.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+!".contains(&byte))
}

/// The file, if its digests are among those that the requirement for `name` allows.
fn accept(name: &str, mut file: File, digests: &[HashDigest], pins: &[Pin]) -> Result<File, Failure> {
    for pin in pins.iter().filter(|pin| pin.name.as_ref() == name) {
        if contradicts(digests, pin) {
            return Err(Failure::new(
                FailureKind::Mismatch,
                format!(
                    "{}: {} has none of the hashes given for {name}\n  expected one of {}\n  found {}",
                    pin.origin,
                    file.filename,
                    listed(&pin.digests),
                    listed(digests)
                ),
            )
            .hint("the file on the index is not the one that the hashes were made from"));
        }
        file.accepted.push(pin.digests.iter().map(ToString::to_string).collect());
    }
    Ok(file)
}

/// Whether what is known of a file rules out every digest of a pin. A digest by an algorithm that
/// only one side uses says nothing.
fn contradicts(known: &[HashDigest], pin: &Pin) -> bool {
    let ruled_out = |wanted: &HashDigest| known.iter().any(|one| one.algorithm() == wanted.algorithm() && one != wanted);
    !pin.digests.is_empty() && pin.digests.iter().all(ruled_out)
}

/// Digests by the algorithms beyond SHA-256, in the form that they are compared in.
fn stronger(digests: &[HashDigest]) -> Vec<String> {
    let strong = digests.iter().filter(|digest| matches!(digest.algorithm(), HashAlgorithm::Sha384 | HashAlgorithm::Sha512));
    strong.map(|digest| digest.to_string().to_ascii_lowercase()).collect()
}

fn listed(digests: &[HashDigest]) -> String {
    digests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn sha256(digests: &[HashDigest]) -> Option<String> {
    digests
        .iter()
        .find(|digest| digest.algorithm() == HashAlgorithm::Sha256)
        .map(|digest| digest.digest.to_ascii_lowercase())
        .filter(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn yanked(yanked: &Yanked) -> Option<String> {
    match yanked {
        Yanked::Bool(false) => None,
        Yanked::Bool(true) => Some(String::new()),
        Yanked::Reason(reason) => Some(reason.to_string()),
    }
}

fn rfc3339(milliseconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
    Some(time.to_string())
}

fn malformed(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::from_error(FailureKind::Malformed, error)
}

fn refused(name: &dyn std::fmt::Display, what: &str) -> Failure {
    Failure::new(FailureKind::Refused, format!("{name} is {what}, which is refused"))
        .hint("only released files cross: publish it on an index and name its version")
}
