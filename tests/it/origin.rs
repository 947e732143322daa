//! An HTTP server on loopback that behaves as badly as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// One answer.
#[derive(Clone)]
pub enum Reply {
    /// The file; ranges are honoured.
    File(Vec<u8>),
    /// The file from its beginning, whatever was asked for.
    WholeFile(Vec<u8>),
    /// The whole length is announced, the connection is cut after so many bytes.
    Cut(Vec<u8>, usize),
    /// Another length is announced than is sent.
    Announce(u64, Vec<u8>),
    /// Bytes without an announced length, ended by closing the connection.
    Unannounced(Vec<u8>),
    /// A status without a body, and further header lines.
    Status(u16, &'static str),
    /// The head of an answer, and then silence until the client gives up.
    Stall,
    /// The whole length is announced, so many bytes are sent, and then silence until the client gives up.
    Hold(Vec<u8>, usize),
    /// Another reply, with the `ETag` of a version of the file; of another version than `If-Range` names the whole is sent.
    Version(&'static str, Box<Reply>),
    /// Another reply with an `ETag`, by a server that does not look at `If-Range`.
    Careless(&'static str, Box<Reply>),
    /// The file, or 405 for a HEAD request.
    NoHead(Vec<u8>),
    /// The file, or 416 for any range.
    NoPart(Vec<u8>),
    /// A part that is not the one that was asked for.
    OtherPart(Vec<u8>),
}

/// A request that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
}

/// The server; ends with the test's process.
pub struct Origin {
    pub address: String,
    seen: Arc<Log>,
}

/// What was asked for so far.
#[derive(Default)]
struct Log {
    seen: Mutex<Vec<Seen>>,
    more: Condvar,
}

impl Origin {
    /// Starts a server. Each path answers with its replies in order, the last one again and again.
    pub fn new(paths: &[(&str, Vec<Reply>)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Log::default());
        let paths: Arc<Mutex<BTreeMap<String, Vec<Reply>>>> =
            Arc::new(Mutex::new(paths.iter().map(|(path, replies)| ((*path).to_owned(), replies.clone())).collect()));
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (paths, log) = (paths.clone(), log.clone());
                std::thread::spawn(move || answer(&stream, &paths, &log));
            }
        });
        Self { address, seen }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.seen.lock().expect("no server thread panics").clone()
    }

    /// Waits for a GET request for a path.
    pub fn wait_for(&self, path: &str) {
        let seen = self.seen.seen.lock().expect("no server thread panics");
        let waiting = |seen: &mut Vec<Seen>| !seen.iter().any(|s| s.method == "GET" && s.path == path);
        drop(self.seen.more.wait_while(seen, waiting).expect("no server thread panics"));
    }

    /// The GET requests for a path so far.
    pub fn gets(&self, path: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|s| s.method == "GET" && s.path == path).collect()
    }
}

fn request(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => return Some(Seen { method, path, headers }),
        };
    }
}

fn answer(mut stream: &TcpStream, paths: &Mutex<BTreeMap<String, Vec<Reply>>>, log: &Log) -> Option<()> {
    let request = request(stream)?;
    log.seen.lock().expect("no server thread panics").push(request.clone());
    log.more.notify_all();
    let reply = {
        let mut paths = paths.lock().expect("no server thread panics");
        let replies = paths.get_mut(&request.path);
        let head = request.method == "HEAD";
        replies.map_or(Reply::Status(404, ""), |r| if r.len() > 1 && !head { r.remove(0) } else { r[0].clone() })
    };
    let from = request.headers.get("range").and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let other = |version: &str| request.headers.get("if-range").is_some_and(|wanted| wanted != &format!("\"{version}\""));
    let from = from.filter(|_| !matches!(&reply, Reply::Version(version, _) if other(version)));
    let reply = match reply {
        Reply::NoHead(_) if request.method == "HEAD" => Reply::Status(405, ""),
        Reply::NoHead(bytes) => Reply::File(bytes),
        reply => reply,
    };
    let silent = matches!(reply, Reply::Stall | Reply::Hold(..)) && request.method != "HEAD";
    let (head, body) = rendered(reply, from);
    stream.write_all(head.as_bytes()).ok()?;
    if request.method != "HEAD" {
        stream.write_all(&body).ok()?;
    }
    if silent {
        // Nothing more is sent until the client has given up and closed.
        let _ = stream.read(&mut [0; 1]);
    }
    stream.shutdown(std::net::Shutdown::Write).ok()
}

/// The head of an answer and its body.
fn rendered(reply: Reply, from: Option<usize>) -> (String, Vec<u8>) {
    let ok = |length: u64| format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    match (reply, from) {
        (Reply::File(bytes), Some(from)) if from < bytes.len() => {
            let (rest, whole) = (bytes[from..].to_vec(), bytes.len());
            let range = format!("Content-Range: bytes {from}-{}/{whole}", whole - 1);
            (format!("HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Length: {}\r\n{range}\r\n\r\n", rest.len()), rest)
        }
        (Reply::File(bytes), Some(_)) => {
            (format!("HTTP/1.1 416 Range\r\nContent-Length: 0\r\nContent-Range: bytes */{}\r\n\r\n", bytes.len()), vec![])
        }
        (Reply::File(bytes) | Reply::WholeFile(bytes) | Reply::NoHead(bytes), _)
        | (Reply::NoPart(bytes) | Reply::OtherPart(bytes), None) => (ok(bytes.len() as u64), bytes),
        (Reply::Cut(bytes, at) | Reply::Hold(bytes, at), from) => {
            let from = from.unwrap_or(0);
            let status = if from > 0 {
                format!("206 Partial Content\r\nContent-Range: bytes {from}-{}/{}", bytes.len() - 1, bytes.len())
            } else {
                "200 OK".to_owned()
            };
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", bytes.len() - from);
            (head, bytes[from..at.max(from)].to_vec())
        }
        (Reply::Announce(length, bytes), _) => (ok(length), bytes),
        (Reply::Unannounced(bytes), _) => ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(), bytes),
        (Reply::Status(status, headers), _) => {
            (format!("HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n"), vec![])
        }
        (Reply::Stall, _) => (ok(1000), vec![]),
        (Reply::Version(version, reply) | Reply::Careless(version, reply), from) => {
            let (head, body) = rendered(*reply, from);
            (head.replacen("\r\n", &format!("\r\nETag: \"{version}\"\r\n"), 1), body)
        }
        (Reply::NoPart(_), Some(_)) => ("HTTP/1.1 416 Range\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned(), vec![]),
        (Reply::OtherPart(bytes), Some(from)) => {
            let range = format!("Content-Range: bytes {}-{}/{}", from - 1, bytes.len() - 1, bytes.len());
            let rest = bytes[from - 1..].to_vec();
            (format!("HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Length: {}\r\n{range}\r\n\r\n", rest.len()), rest)
        }
    }
}
