//! A small registry on loopback, written for misbehaving: it serves what it is given, logs what it is asked, and follows rules first.

use airlift::artifact::Digest;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Path without the query.
    pub path: String,
    pub query: String,
    headers: BTreeMap<String, String>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// An answer, to be written as it is.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// `Content-Length`, when it shall lie.
    length: Option<usize>,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![], body: body.into(), length: None }
    }

    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn claiming(mut self, length: usize) -> Self {
        self.length = Some(length);
        self
    }
}

type Rule = Box<dyn FnMut(&Asked) -> Option<Answer> + Send>;

#[derive(Default)]
struct State {
    content: BTreeMap<String, (String, Vec<u8>)>,
    rules: Vec<Rule>,
    log: Vec<Asked>,
}

/// The registry; its thread ends with the process.
#[derive(Clone)]
pub struct Registry {
    pub host: String,
    state: Arc<Mutex<State>>,
}

impl Registry {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let registry = Self { host: address.to_string(), state: state.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = state.clone();
                std::thread::spawn(move || converse(stream, &state));
            }
        });
        registry
    }

    /// A blob of a repository.
    pub fn blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.put(format!("/v2/{repository}/blobs/{digest}"), "application/octet-stream", bytes);
        digest
    }

    /// A manifest under its digest, and under a tag.
    pub fn manifest(&self, repository: &str, tag: Option<&str>, media_type: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.put(format!("/v2/{repository}/manifests/{digest}"), media_type, bytes);
        if let Some(tag) = tag {
            self.put(format!("/v2/{repository}/manifests/{tag}"), media_type, bytes);
        }
        digest
    }

    pub fn put(&self, path: String, media_type: &str, bytes: &[u8]) {
        self.state.lock().unwrap().content.insert(path, (media_type.to_owned(), bytes.to_vec()));
    }

    pub fn remove(&self, path: &str) {
        self.state.lock().unwrap().content.remove(path).unwrap();
    }

    /// Something to do before looking into the content.
    pub fn rule(&self, rule: impl FnMut(&Asked) -> Option<Answer> + Send + 'static) {
        self.state.lock().unwrap().rules.push(Box::new(rule));
    }

    /// Everything there is, by path: media type and bytes.
    pub fn content(&self) -> BTreeMap<String, (String, Vec<u8>)> {
        self.state.lock().unwrap().content.clone()
    }

    pub fn log(&self) -> Vec<Asked> {
        self.state.lock().unwrap().log.clone()
    }
}

fn converse(mut stream: TcpStream, state: &Mutex<State>) {
    let Some(asked) = read(&stream) else { return };
    let answer = {
        let mut state = state.lock().unwrap();
        state.log.push(asked.clone());
        let State { rules, content, .. } = &mut *state;
        rules.iter_mut().find_map(|rule| rule(&asked)).unwrap_or_else(|| plain(content, &asked))
    };
    let mut head =
        format!("HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {}\r\n", answer.status, answer.length.unwrap_or(answer.body.len()));
    for (name, value) in &answer.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    let body: &[u8] = if asked.method == "HEAD" { &[] } else { &answer.body };
    // A client that has heard enough hangs up: no failure of the test.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    Some(Asked { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

fn plain(content: &BTreeMap<String, (String, Vec<u8>)>, asked: &Asked) -> Answer {
    let Some((media_type, bytes)) = content.get(&asked.path) else {
        return Answer::new(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#);
    };
    let answer =
        |status, bytes: &[u8]| Answer::new(status, bytes).with("Content-Type", media_type).with("Docker-Content-Digest", Digest::of(bytes));
    match asked.header("range").and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()) {
        Some(from) => {
            let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
            Answer::new(206, &bytes[from..]).with("Content-Type", media_type).with("Content-Range", range)
        }
        None => answer(200, bytes),
    }
}
