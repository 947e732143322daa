//! How connections end: slow and vanishing clients, failing media, full houses, shutting down.

use super::{Answer, Memory, Running, Zeros, noise, read_all, read_head, router};
use airlift::server::Limits;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// More than the socket buffers of both ends hold.
const LARGE: u64 = 512 << 20;

/// Asks for a blob that is too large to vanish into buffers, and reads no more than the head of the answer.
fn begin(server: &Running) -> TcpStream {
    let mut stream = server.connect();
    write!(stream, "GET /blob/{} HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n", "00".repeat(32)).unwrap();
    let head = read_head(&mut stream);
    assert_eq!(Answer::parse(&head).header("content-length"), LARGE.to_string());
    stream
}

#[test]
fn a_head_that_does_not_end_is_not_waited_for() {
    let limits = Limits { head_timeout: Duration::from_millis(100), ..Limits::default() };
    let server = Running::with(router(Memory::default()), limits);
    for beginning in ["", "GET /document HTTP/1.1\r\nHost: m\r\n", "GET /document HTTP/1.1\r\nHost: m\r\n\r\nGET /doc"] {
        let mut stream = server.connect();
        stream.write_all(beginning.as_bytes()).unwrap();
        // Ends because the server closes; a server that waits fails the test by its read timeout.
        let bytes = read_all(&mut stream);
        assert_eq!(bytes.is_empty(), !beginning.ends_with("GET /doc"));
    }
}

#[test]
fn a_client_that_does_not_read_is_cut() {
    let limits = Limits { stall: Duration::from_millis(200), ..Limits::default() };
    let server = Running::with(router(Zeros(LARGE)), limits);
    let stream = begin(&server);
    let line = server.line();
    assert_eq!((&line["status"], &line["complete"]), (&200.into(), &false.into()));
    assert!(line["bytes"].as_u64().unwrap() < LARGE);
    drop(stream);
}

#[test]
fn a_client_that_leaves_is_logged_as_cut() {
    let server = Running::start(router(Zeros(LARGE)));
    let mut stream = begin(&server);
    stream.read_exact(&mut vec![0; 100_000]).unwrap();
    drop(stream);
    let line = server.line();
    assert_eq!((&line["status"], &line["complete"]), (&200.into(), &false.into()));
    assert!((100_000..LARGE).contains(&line["bytes"].as_u64().unwrap()));
}

#[test]
fn a_blob_that_cannot_be_read_never_ends_as_if_complete() {
    for (size, broken) in [(5_000_000usize, 2_000_000usize), (5_000_000, 4_999_999), (5_000_000, 0), (1000, 500)] {
        let mut memory = Memory::default();
        let digest = memory.add(noise(size));
        memory.break_at(digest, broken as u64);
        let server = Running::start(router(memory));
        let close = if size == 1000 { "Connection: close\r\n" } else { "" };
        let bytes = server.send(format!("GET /blob/{} HTTP/1.1\r\nHost: m\r\n{close}\r\n", digest.hex()));
        // When the first read fails, the connection may end before its head is sent.
        let head = (!bytes.is_empty() || broken > 0).then(|| Answer::parse(&bytes));
        if size == 1000 {
            assert_eq!(head.map(|answer| answer.status), Some(500), "nothing was promised yet");
        } else if let Some(answer) = head {
            assert_eq!(answer.header("content-length"), size.to_string());
            assert!(answer.body.len() <= broken && answer.header("transfer-encoding").is_empty());
        }
        let line = server.line();
        assert!(line["error"].as_str().unwrap().contains("the medium was pulled"), "{line}");
        assert_eq!(line["complete"], size == 1000);
    }
}

#[test]
fn stopping_lets_running_answers_finish() {
    let mut server = Running::start(router(Zeros(LARGE)));
    let mut stream = begin(&server);
    let idle = server.connect();
    server.stop();
    let received = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert_eq!(received, LARGE, "all of it arrives");
    server.join();
    assert_eq!(server.line()["complete"], true);
    drop(idle);
}

#[test]
fn stopping_waits_no_longer_than_its_grace() {
    let limits = Limits { grace: Duration::from_millis(100), ..Limits::default() };
    let mut server = Running::with(router(Zeros(LARGE)), limits);
    let stream = begin(&server);
    // Returns although the client never reads.
    server.join();
    assert_eq!(server.line()["complete"], false);
    drop(stream);
}

#[test]
fn one_address_does_not_take_every_place() {
    let server = Running::with(router(Memory::default()), Limits { per_peer: 2, ..Limits::default() });
    let mut first = [server.connect(), server.connect()];
    for stream in &mut first {
        write!(stream, "GET /none HTTP/1.1\r\nHost: m\r\n\r\n").unwrap();
        assert_eq!(Answer::parse(&read_head(stream)).status, 404);
        server.line();
    }
    let mut third = server.connect();
    // Closed, perhaps before the request could be written.
    let _ = write!(third, "GET /none HTTP/1.1\r\nHost: m\r\n\r\n");
    assert!(!matches!(third.read(&mut [0; 16]), Ok(1..)), "no answer");
    assert!(server.line()["error"].as_str().unwrap().contains("more than 2 connections"));
    drop(first);
    // Their places are free once the server has seen them go, which the next answer tells.
    let mut answers = std::iter::repeat_with(|| server.send("GET /none HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n"));
    assert!(answers.by_ref().take(10_000).any(|answer| answer.starts_with(b"HTTP/1.1 404")));
}

#[test]
fn connections_beyond_the_limit_wait_for_a_place() {
    let server = Running::with(router(Memory::default()), Limits { connections: 1, ..Limits::default() });
    let ask = |stream: &mut TcpStream, target: &str, end: &str| {
        write!(stream, "GET {target} HTTP/1.1\r\nHost: m\r\n{end}\r\n").unwrap();
    };
    let (mut first, mut second) = (server.connect(), server.connect());
    ask(&mut first, "/first", "");
    assert_eq!(Answer::parse(&read_head(&mut first)).status, 404);
    ask(&mut second, "/second", "Connection: close\r\n");
    ask(&mut first, "/first", "Connection: close\r\n");
    read_all(&mut first);
    assert_eq!(Answer::parse(&read_all(&mut second)).status, 404);
    let paths = [server.line(), server.line(), server.line()].map(|line| line["path"].as_str().unwrap().to_owned());
    assert_eq!(paths, ["/first", "/first", "/second"]);
}
