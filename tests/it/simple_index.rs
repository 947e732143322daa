//! A package index on loopback, with wheels made for the test, that can also misbehave.

use airlift::artifact::Digest;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::sync::{Arc, Mutex};

/// What to do instead of answering.
#[derive(Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status.
    Status(u16),
    /// Send the head of an answer and then nothing more.
    Stall,
    /// Send the client elsewhere.
    Redirect(String),
}

/// One file of a project.
#[derive(Clone)]
pub struct Listed {
    /// File name.
    pub filename: String,
    /// Content.
    pub bytes: Vec<u8>,
    /// The digest the page shows; `None`: none.
    pub sha256: Option<String>,
    /// Further members of the page's file object, as JSON.
    pub more: serde_json::Value,
}

/// What an index has and does.
#[derive(Default)]
pub struct Stock {
    files: BTreeMap<String, Vec<Listed>>,
    /// Answers by path in place of the real ones.
    pub faults: BTreeMap<String, Fault>,
    /// Further documents by path, each with its media type.
    pub documents: BTreeMap<String, (String, Vec<u8>)>,
    /// Basic credentials that every request must carry.
    pub login: Option<String>,
    /// Requests, as `METHOD path`.
    pub seen: Vec<String>,
    /// `Authorization` headers seen.
    pub authorizations: Vec<String>,
    /// Whether pages are HTML, which tells no sizes.
    pub html: bool,
    /// Whether HEAD is refused.
    pub no_head: bool,
}

type Shared = Arc<Mutex<Stock>>;

/// A running index.
pub struct SimpleIndex {
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
    stock: Shared,
}

impl SimpleIndex {
    /// Starts an index in the current runtime; it ends with it.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let stock = Shared::default();
        let router = Router::new().fallback(answer).with_state(stock.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, stock }
    }

    /// Its URL as an index.
    pub fn url(&self) -> String {
        format!("{}/simple/", self.origin)
    }

    /// Changes it.
    pub fn with<T>(&self, change: impl FnOnce(&mut Stock) -> T) -> T {
        change(&mut self.stock.lock().unwrap())
    }

    /// Adds a wheel for any platform.
    pub fn wheel(&self, name: &str, version: &str, requires: &[&str]) -> Listed {
        self.file(name, &format!("{name}-{version}-py3-none-any.whl"), wheel(name, version, requires))
    }

    /// Adds a file with the right digest.
    pub fn file(&self, name: &str, filename: &str, bytes: Vec<u8>) -> Listed {
        let sha256 = Some(Digest::of(&bytes).hex());
        let listed = Listed { filename: filename.to_owned(), bytes, sha256, more: serde_json::json!({}) };
        self.with(|stock| stock.files.entry(name.to_owned()).or_default().push(listed.clone()));
        listed
    }

    /// Changes the file added last for a project.
    pub fn last(&self, name: &str, change: impl FnOnce(&mut Listed)) {
        self.with(|stock| change(stock.files.get_mut(name).unwrap().last_mut().unwrap()));
    }

    /// All files.
    pub fn files(&self) -> Vec<Listed> {
        self.with(|stock| stock.files.values().flatten().cloned().collect())
    }

    /// How many requests had that method and a path with that end.
    pub fn count(&self, method: &str, end: &str) -> usize {
        self.with(|stock| stock.seen.iter().filter(|line| line.starts_with(method) && line.ends_with(end)).count())
    }
}

/// A wheel with nothing but METADATA in it.
pub fn wheel(name: &str, version: &str, requires: &[&str]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    let mut text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    for requirement in requires {
        let _ = writeln!(text, "Requires-Dist: {requirement}");
    }
    let folder = format!("{name}-{version}.dist-info");
    for (file, content) in
        [("METADATA", text.as_str()), ("WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"), ("RECORD", "")]
    {
        writer.start_file(format!("{folder}/{file}"), options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A source distribution with static metadata.
pub fn sdist(name: &str, version: &str, pyproject: Option<&str>) -> Vec<u8> {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let metadata = format!("Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n");
    for (file, content) in [("PKG-INFO", Some(metadata.as_str())), ("pyproject.toml", pyproject)] {
        let Some(content) = content else { continue };
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{name}-{version}/{file}"), content.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

async fn answer(State(stock): State<Shared>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().to_owned();
    let mut stock = stock.lock().unwrap();
    stock.seen.push(format!("{method} {path}"));
    let authorization = headers.get("authorization").map(|v| v.to_str().unwrap_or_default().to_owned());
    stock.authorizations.extend(authorization.clone());
    if stock.login.as_ref().is_some_and(|login| Some(basic(login)) != authorization) {
        return reply(401, "text/plain", vec![]);
    }
    match stock.faults.get(&path) {
        Some(Fault::Status(status)) => return reply(*status, "text/plain", vec![]),
        Some(Fault::Stall) => return stalled(),
        Some(Fault::Redirect(to)) => {
            let mut response = reply(302, "text/plain", vec![]);
            response.headers_mut().insert("location", to.parse().unwrap());
            return response;
        }
        None => {}
    }
    if let Some((media_type, bytes)) = stock.documents.get(&path) {
        return reply(200, media_type, bytes.clone());
    }
    if let Some(name) = path.strip_prefix("/simple/").and_then(|p| p.strip_suffix('/')) {
        return page(&stock, name);
    }
    let file = path.strip_prefix("/files/").and_then(|name| stock.files.values().flatten().find(|f| f.filename == name));
    match file {
        Some(_) if method == Method::HEAD && stock.no_head => reply(405, "text/plain", vec![]),
        Some(file) => ranged(&headers, file.bytes.clone()),
        None => reply(404, "text/plain", vec![]),
    }
}

fn page(stock: &Stock, name: &str) -> Response {
    let Some(files) = stock.files.get(name) else { return reply(404, "text/plain", vec![]) };
    if stock.html {
        let links = files.iter().map(|file| {
            let hash = file.sha256.as_ref().map(|hex| format!("#sha256={hex}")).unwrap_or_default();
            let provenance = file.more["provenance"].as_str().map(|place| format!(" data-provenance=\"{place}\"")).unwrap_or_default();
            format!("<a href=\"/files/{0}{hash}\"{provenance}>{0}</a>\n", file.filename)
        });
        return reply(200, "text/html", links.collect::<String>().into_bytes());
    }
    let files = files.iter().map(|file| {
        let hashes = file.sha256.as_ref().map_or_else(|| serde_json::json!({}), |hex| serde_json::json!({ "sha256": hex }));
        let mut object = serde_json::json!({ "filename": file.filename, "url": format!("/files/{}", file.filename), "hashes": hashes });
        for (key, value) in file.more.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    });
    let document = serde_json::json!({ "meta": { "api-version": "1.1" }, "name": name, "files": files.collect::<Vec<_>>() });
    reply(200, "application/vnd.pypi.simple.v1+json", document.to_string().into_bytes())
}

fn ranged(headers: &HeaderMap, bytes: Vec<u8>) -> Response {
    let range = headers.get("range").and_then(|v| v.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let whole = bytes.len();
    let (from, to) = match range {
        Some(("", last)) => (whole.saturating_sub(last.parse().unwrap()), whole - 1),
        Some((from, "")) => (from.parse().unwrap(), whole - 1),
        Some((from, to)) => (from.parse().unwrap(), to.parse::<usize>().unwrap().min(whole - 1)),
        None => {
            let mut response = reply(200, "application/octet-stream", bytes);
            response.headers_mut().insert("accept-ranges", "bytes".parse().unwrap());
            return response;
        }
    };
    let mut response = reply(206, "application/octet-stream", bytes[from..=to].to_vec());
    response.headers_mut().insert("content-range", format!("bytes {from}-{to}/{whole}").parse().unwrap());
    response
}

fn reply(status: u16, media_type: &str, body: Vec<u8>) -> Response {
    let response = Response::builder().status(StatusCode::from_u16(status).unwrap()).header("content-type", media_type);
    response.header("content-length", body.len()).body(Body::from(body)).unwrap()
}

fn stalled() -> Response {
    let nothing = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    Response::builder().header("content-type", "text/html").body(Body::from_stream(nothing)).unwrap()
}

fn basic(login: &str) -> String {
    format!("Basic {}", data_encoding::BASE64.encode(login.as_bytes()))
}
