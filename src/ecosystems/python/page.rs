//! Index documents: project lists and project pages, as JSON (PEP 691, PEP 700) and HTML (PEP 503, PEP 629, PEP 714, PEP 740).

use super::attestation::SUFFIX;
use super::format::Entry;
use crate::artifact::Digest;
use crate::server::page::escape;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The media types of the two forms, version 1 of each (PEP 691).
pub const JSON: &str = "application/vnd.pypi.simple.v1+json";
/// See [`JSON`].
pub const HTML: &str = "application/vnd.pypi.simple.v1+html";

/// The repository version (PEP 629, PEP 700): sizes and upload times are given.
const API_VERSION: &str = "1.1";

#[derive(Serialize)]
struct ApiVersion {
    #[serde(rename = "api-version")]
    version: &'static str,
}

#[derive(Serialize)]
struct ListJson<'a> {
    meta: ApiVersion,
    projects: Vec<ListedProject<'a>>,
}

#[derive(Serialize)]
struct ListedProject<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct ProjectJson<'a> {
    meta: ApiVersion,
    name: &'a str,
    versions: BTreeSet<&'a str>,
    files: Vec<FileJson<'a>>,
}

/// A member that is not known is left out: uv refuses a whole page for one `null`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FileJson<'a> {
    filename: &'a str,
    url: String,
    hashes: Sha256,
    #[serde(skip_serializing_if = "Option::is_none")]
    requires_python: Option<&'a str>,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_time: Option<&'a str>,
    yanked: FlagOr<&'a str>,
    core_metadata: FlagOr<Sha256>,
    /// The older name of the same member (PEP 714).
    dist_info_metadata: FlagOr<Sha256>,
    /// Where its attestations are (PEP 740).
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<String>,
}

#[derive(Serialize, Clone)]
struct Sha256 {
    sha256: String,
}

#[derive(Serialize, Clone)]
#[serde(untagged)]
enum FlagOr<T> {
    Flag(bool),
    Said(T),
}

/// The path of a file below the room's mount point.
pub fn file_path(entry: &Entry) -> String {
    let hex = entry.digest.hex();
    format!("files/{}/{hex}/{}", &hex[..2], entry.filename)
}

/// The path of what is attested of a file, where that is carried.
fn provenance_path(entry: &Entry, up: &str) -> Option<String> {
    entry.provenance.map(|_| format!("{up}{}{SUFFIX}", file_path(entry)))
}

/// The list of projects as JSON.
pub fn list_json<'a>(projects: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let projects = projects.map(|name| ListedProject { name }).collect();
    json(&ListJson { meta: ApiVersion { version: API_VERSION }, projects })
}

/// The list of projects as HTML.
pub fn list_html<'a>(projects: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut body = String::new();
    for name in projects {
        let name = escape(name);
        let _ = writeln!(body, "<a href=\"{name}/\">{name}</a><br>");
    }
    html("Simple index", &body)
}

/// The SHA-256 of a wheel's METADATA, where that can be read: what is promised and then missing ends an installation.
pub type MetadataDigest<'a> = &'a dyn Fn(&Entry) -> Option<Digest>;

/// One project as JSON; `up` leads from its page to the mount point.
pub fn project_json(name: &str, files: &[Entry], up: &str, metadata: MetadataDigest<'_>) -> Vec<u8> {
    let versions = files.iter().map(|f| f.version.as_str()).collect();
    let files = files.iter().map(|entry| file_json(entry, up, metadata(entry))).collect();
    json(&ProjectJson { meta: ApiVersion { version: API_VERSION }, name, versions, files })
}

fn file_json<'a>(entry: &'a Entry, up: &str, metadata: Option<Digest>) -> FileJson<'a> {
    let core_metadata = metadata.map_or(FlagOr::Flag(false), |digest| FlagOr::Said(Sha256 { sha256: digest.hex() }));
    FileJson {
        filename: &entry.filename,
        url: format!("{up}{}", file_path(entry)),
        hashes: Sha256 { sha256: entry.digest.hex() },
        requires_python: entry.meta.requires_python.as_deref(),
        size: entry.size,
        upload_time: entry.meta.upload_time.as_deref(),
        yanked: match entry.meta.yanked.as_deref() {
            None => FlagOr::Flag(false),
            Some("") => FlagOr::Flag(true),
            Some(reason) => FlagOr::Said(reason),
        },
        dist_info_metadata: core_metadata.clone(),
        core_metadata,
        provenance: provenance_path(entry, up),
    }
}

/// One project as HTML; `up` leads from its page to the mount point.
pub fn project_html(name: &str, files: &[Entry], up: &str, metadata: MetadataDigest<'_>) -> Vec<u8> {
    let body: String = files.iter().map(|entry| file_html(entry, up, metadata(entry))).collect();
    html(&format!("Links for {name}"), &body)
}

fn file_html(entry: &Entry, up: &str, metadata: Option<Digest>) -> String {
    let mut link = format!("<a href=\"{}{}#sha256={}\"", escape(up), escape(&file_path(entry)), entry.digest.hex());
    let mut attribute = |name: &str, value: &str| {
        let _ = write!(link, " {name}=\"{}\"", escape(value));
    };
    if let Some(range) = &entry.meta.requires_python {
        attribute("data-requires-python", range);
    }
    if let Some(reason) = &entry.meta.yanked {
        attribute("data-yanked", reason);
    }
    if let Some(digest) = metadata {
        let value = format!("sha256={}", digest.hex());
        attribute("data-core-metadata", &value);
        attribute("data-dist-info-metadata", &value);
    }
    if let Some(place) = provenance_path(entry, up) {
        attribute("data-provenance", &place);
    }
    let _ = writeln!(link, ">{}</a><br>", escape(&entry.filename));
    link
}

fn html(title: &str, body: &str) -> Vec<u8> {
    let title = escape(title);
    let head =
        format!("<meta charset=\"utf-8\">\n<meta name=\"pypi:repository-version\" content=\"{API_VERSION}\">\n<title>{title}</title>");
    format!("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n{head}\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n").into_bytes()
}

fn json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("an index document has string keys only")
}
