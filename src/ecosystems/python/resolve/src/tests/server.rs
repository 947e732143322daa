//! A package index in a thread.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::archives::Archive;

/// A PEP 691 index at `/simple/` with its files at `/files/`, until the process ends.
pub(super) struct Server {
    address: String,
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Default)]
struct Shelf {
    archives: Vec<Archive>,
    /// Answers that replace what the index would say, by path.
    fixed: BTreeMap<String, Fixed>,
    /// `Authorization` without which everything is 401.
    authorization: Option<String>,
    /// Serve HTML pages (PEP 503) in place of JSON.
    html: bool,
    /// Where a path leads on to.
    redirects: BTreeMap<String, String>,
    /// Ranges are not known.
    no_ranges: bool,
    /// Every project exists and needs the next one.
    endless: bool,
    seen: Vec<Seen>,
}

/// An answer given whatever is asked.
#[derive(Clone)]
pub(super) struct Fixed {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
    /// Content-Length, when it is not that of the body.
    pub(super) claimed: Option<usize>,
}

/// A request as it came in.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) authorization: Option<String>,
}

const JSON: &str = "application/vnd.pypi.simple.v1+json";

impl Server {
    pub(super) fn with(archives: impl IntoIterator<Item = Archive>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shelf = Shelf { archives: archives.into_iter().collect(), ..Shelf::default() };
        let shelf = Arc::new(Mutex::new(shelf));
        let shared = Arc::clone(&shelf);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shelf = Arc::clone(&shared);
                // A client that hangs up is the client's affair.
                std::thread::spawn(move || drop(answer(stream, &shelf)));
            }
        });
        Self { address, shelf }
    }

    /// The index URL.
    pub(super) fn simple(&self) -> String {
        self.url("/simple/")
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn fix(&self, path: &str, status: u16, body: impl Into<Vec<u8>>) {
        let fixed = Fixed { status, kind: JSON, body: body.into(), claimed: None };
        self.fix_with(path, fixed);
    }

    pub(super) fn fix_with(&self, path: &str, fixed: Fixed) {
        self.shelf.lock().unwrap().fixed.insert(path.to_owned(), fixed);
    }

    pub(super) fn redirect(&self, path: &str, to: &str) {
        self.shelf.lock().unwrap().redirects.insert(path.to_owned(), to.to_owned());
    }

    pub(super) fn no_ranges(&self) {
        self.shelf.lock().unwrap().no_ranges = true;
    }

    pub(super) fn authorize(&self, header: &str) {
        self.shelf.lock().unwrap().authorization = Some(header.to_owned());
    }

    pub(super) fn html(&self) {
        self.shelf.lock().unwrap().html = true;
    }

    pub(super) fn endless(&self) {
        self.shelf.lock().unwrap().endless = true;
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shelf.lock().unwrap().seen.clone()
    }

    /// Paths that were asked for.
    pub(super) fn paths(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.path).collect()
    }
}

struct Question {
    method: String,
    path: String,
    range: Option<String>,
    authorization: Option<String>,
}

fn answer(stream: TcpStream, shelf: &Mutex<Shelf>) -> std::io::Result<()> {
    let mut question = read(&stream)?;
    let (mut reply, location) = {
        let mut shelf = shelf.lock().unwrap();
        question.range = question.range.filter(|_| !shelf.no_ranges);
        shelf.seen.push(Seen { path: question.path.clone(), authorization: question.authorization.clone() });
        (shelf.reply(&question), shelf.redirects.get(&question.path).cloned())
    };
    let mut head = String::new();
    if let Some((start, end)) = question.range.as_deref().and_then(|range| bounds(range, reply.body.len())) {
        head = format!("Content-Range: bytes {start}-{}/{}\r\n", end - 1, reply.body.len());
        reply.body = reply.body[start..end].to_vec();
        reply.status = 206;
    }
    if let Some(location) = location {
        reply = Fixed { status: 302, kind: "text/plain", body: Vec::new(), claimed: None };
        head = format!("Location: {location}\r\n");
    }
    if question.path.starts_with("/files/") {
        head.push_str("Cache-Control: max-age=600\r\n");
    }
    let Fixed { status, kind, body, claimed } = reply;
    let length = claimed.unwrap_or(body.len());
    let head = format!(
        "HTTP/1.1 {status} Answer\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nAccept-Ranges: bytes\r\nConnection: close\r\n{head}\r\n"
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    if question.method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

fn read(stream: &TcpStream) -> std::io::Result<Question> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut question = Question { method, path, range: None, authorization: None };
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "range" => question.range = Some(value.to_owned()),
            "authorization" => question.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(question)
}

fn bounds(range: &str, length: usize) -> Option<(usize, usize)> {
    let (start, end) = range.strip_prefix("bytes=")?.split_once('-')?;
    if start.is_empty() {
        return Some((length.saturating_sub(end.parse().ok()?), length));
    }
    let end = end.parse::<usize>().map_or(length, |end| (end + 1).min(length));
    Some((start.parse().ok()?, end))
}

impl Shelf {
    fn reply(&self, question: &Question) -> Fixed {
        let plain = |status: u16, kind: &'static str, body: Vec<u8>| Fixed { status, kind, body, claimed: None };
        let path = question.path.as_str();
        if self.authorization.is_some() && self.authorization != question.authorization {
            return plain(401, "text/plain", b"who are you".to_vec());
        }
        if let Some(fixed) = self.fixed.get(path) {
            return fixed.clone();
        }
        if let Some(project) = path.strip_prefix("/simple/") {
            if self.endless {
                return plain(200, JSON, self.next_of(project).into_bytes());
            }
            return match self.page(project.trim_end_matches('/')) {
                Some(page) => plain(200, if self.html { "text/html" } else { JSON }, page.into_bytes()),
                None => plain(404, "text/plain", b"no such project".to_vec()),
            };
        }
        let name = path.strip_prefix("/files/").unwrap_or_default();
        if self.endless && name.ends_with(".metadata") {
            return plain(200, "text/plain", Self::chained(name).into_bytes());
        }
        for archive in &self.archives {
            if name == archive.filename {
                return plain(200, "application/octet-stream", archive.body.clone());
            }
            if archive.beside && name.strip_suffix(".metadata") == Some(&archive.filename) {
                return plain(200, "text/plain", archive.metadata.clone().into_bytes());
            }
        }
        plain(404, "text/plain", b"no such file".to_vec())
    }

    fn page(&self, project: &str) -> Option<String> {
        let archives: Vec<_> = self.archives.iter().filter(|archive| archive.project == project).collect();
        if archives.is_empty() {
            return None;
        }
        if self.html {
            let links: Vec<String> = archives.iter().map(|archive| link(archive)).collect();
            return Some(format!("<!DOCTYPE html><html><body>{}</body></html>", links.concat()));
        }
        let files: Vec<String> = archives.iter().map(|archive| entry(archive)).collect();
        Some(page_of(project, &files.join(",")))
    }

    /// `pN` is a project whose only version needs `pN+1`.
    fn next_of(&self, project: &str) -> String {
        let project = project.trim_end_matches('/');
        let file = format!(
            r#"{{"filename":"{project}-1-py3-none-any.whl","url":"../../files/{project}-1-py3-none-any.whl","hashes":{{}},"core-metadata":true}}"#
        );
        page_of(project, &file)
    }

    fn chained(name: &str) -> String {
        let number: u32 = name[1..].split('-').next().unwrap().parse().unwrap();
        format!("Metadata-Version: 2.1\nName: p{number}\nVersion: 1\nRequires-Dist: p{}\n", number + 1)
    }
}

fn page_of(project: &str, files: &str) -> String {
    format!(r#"{{"meta":{{"api-version":"1.1"}},"name":"{project}","versions":[],"files":[{files}]}}"#)
}

fn entry(archive: &Archive) -> String {
    let mut text = format!(r#"{{"filename":"{0}","url":"../../files/{0}","size":{1}"#, archive.filename, archive.body.len());
    match archive.hashed {
        true => text.push_str(&format!(r#","hashes":{{"sha256":"{}"}}"#, archive.sha256())),
        false => text.push_str(r#","hashes":{}"#),
    }
    if archive.beside {
        text.push_str(r#","core-metadata":true"#);
    }
    for (key, value) in [("requires-python", archive.requires_python), ("yanked", archive.yanked), ("upload-time", archive.uploaded)] {
        if let Some(value) = value {
            text.push_str(&format!(r#","{key}":"{value}""#));
        }
    }
    text + "}"
}

fn link(archive: &Archive) -> String {
    format!(r#"<a href="../../files/{0}">{0}</a>"#, archive.filename)
}
