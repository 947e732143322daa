//! Requests that no honest client sends: one clear answer each, and the server lives on.

use super::{Answer, Memory, Running, noise, read_all, router};
use std::io::Write;

/// Sends raw bytes; the status of the answer, 0 when the connection was closed without one.
fn status(server: &Running, request: impl AsRef<[u8]>) -> u16 {
    let bytes = server.send(request);
    if bytes.is_empty() { 0 } else { Answer::parse(&bytes).status }
}

#[test]
fn every_hostile_request_is_refused_and_harms_nobody() {
    let server = Running::start(router(Memory::default()));
    let end = "Host: m\r\nConnection: close\r\n\r\n";
    let long = "a".repeat(20_000);
    let many: String = (0..200).map(|i| format!("X-{i}: 1\r\n")).collect();
    for (request, expected) in [
        (format!("GET /../../etc/passwd HTTP/1.1\r\n{end}"), 400),
        (format!("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n{end}"), 400),
        (format!("GET /%252e%252e/etc/passwd HTTP/1.1\r\n{end}"), 400),
        (format!("GET /document%00.txt HTTP/1.1\r\n{end}"), 400),
        (format!("GET //document HTTP/1.1\r\n{end}"), 400),
        (format!("GET /document/ HTTP/1.1\r\n{end}"), 404),
        (format!("GET \\document HTTP/1.1\r\n{end}"), 400),
        (format!("GET document HTTP/1.1\r\n{end}"), 400),
        (format!("GET http://elsewhere.example.org/ HTTP/1.1\r\n{end}"), 421),
        (format!("GET http://m/document HTTP/1.1\r\n{end}"), 200),
        (format!("GET /{long} HTTP/1.1\r\n{end}"), 431),
        (format!("GET /{} HTTP/1.1\r\n{end}", "a".repeat(6000)), 414),
        (format!("GET /document HTTP/1.1\r\nX: {long}\r\n{end}"), 431),
        (format!("GET /document HTTP/1.1\r\n{many}{end}"), 431),
        ("GET /document HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), 400),
        ("GET /document HTTP/1.1\r\nHost: m\r\nHost: n\r\nConnection: close\r\n\r\n".to_owned(), 400),
        ("GET /document HTTP/1.0\r\n\r\n".to_owned(), 200),
        (format!("GET /document HTTP/9.9\r\n{end}"), 400),
        (format!("GET /document\r\n{end}"), 400),
        (format!("BREW /document HTTP/1.1\r\n{end}"), 405),
        (format!("TRACE /document HTTP/1.1\r\n{end}"), 405),
        (format!("DELETE /document HTTP/1.1\r\n{end}"), 405),
        (format!("CONNECT m:443 HTTP/1.1\r\n{end}"), 405),
        (format!("OPTIONS * HTTP/1.1\r\n{end}"), 204),
        (format!("GET /document HTTP/1.1\r\nbad header\r\n{end}"), 400),
        (format!("GET /document HTTP/1.1\r\nX: a\r\n folded\r\n{end}"), 400),
        (format!("GET /document HTTP/1.1\r\nX: \u{0}\r\n{end}"), 400),
        (format!("GET /document HTTP/1.1\r\nContent-Length: -1\r\n{end}"), 400),
        (format!("GET /document HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n{end}"), 400),
        (format!("GET /document HTTP/1.1\r\nTransfer-Encoding: gzip\r\n{end}"), 400),
        (format!("\r\n\r\n\r\nGET /document HTTP/1.1\r\n{end}"), 200),
        ("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), 400),
        // HTTP/2 is spoken over TLS only; its preface is closed on, there is nothing to say in HTTP/1.
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 0),
    ] {
        let found = status(&server, &request);
        assert_eq!(found, expected, "{request:.60}");
    }
    assert_eq!(status(&server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400, "TLS spoken to plain HTTP");
    assert_eq!(server.ask("GET", "/document", "").status, 200, "and it lives on");
}

#[test]
fn refusals_say_what_is_wrong_and_what_is_allowed() {
    let server = Running::start(router(Memory::default()));
    let refused = server.ask("DELETE", "/document", "");
    assert_eq!((refused.header("allow"), refused.header("cache-control")), ("GET, HEAD, OPTIONS", "no-cache"));
    let problem: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!((&problem["status"], &problem["title"]), (&405.into(), &"this mirror is read-only".into()));
}

#[test]
fn bodies_are_never_read() {
    let server = Running::start(router(Memory::default()));
    for (request, expected) in [
        ("GET /document HTTP/1.1\r\nHost: m\r\nContent-Length: 1000000000\r\n\r\nabc", 413),
        ("GET /document HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc", 413),
        ("GET /document HTTP/1.1\r\nHost: m\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
        ("POST /document HTTP/1.1\r\nHost: m\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n", 405),
        ("POST /document HTTP/1.1\r\nHost: m\r\nContent-Length: 44\r\n\r\nGET /panic HTTP/1.1\r\nHost: m\r\n\r\n............", 405),
    ] {
        let bytes = server.send(request);
        let answer = Answer::parse(&bytes);
        assert_eq!((answer.status, answer.header("connection")), (expected, "close"), "{request:.70}");
        let answers = bytes.windows(9).filter(|w| w == b"HTTP/1.1 ").count();
        assert_eq!(answers, 1, "what follows a refused body is not a request");
    }
}

#[test]
fn a_question_brings_a_body_within_bounds_and_nothing_else_does() {
    let server = Running::start(router(Memory::default()));
    let full = "x".repeat(1 << 20);
    let close = "Host: m\r\nConnection: close\r\n";
    for (request, expected, said) in [
        (format!("POST /question HTTP/1.1\r\n{close}Content-Length: 5\r\n\r\nwhere"), 200, "asked 5"),
        (format!("POST /question HTTP/1.1\r\n{close}Transfer-Encoding: chunked\r\n\r\n3\r\nwhe\r\n2\r\nre\r\n0\r\n\r\n"), 200, "asked 5"),
        (format!("POST /question HTTP/1.1\r\n{close}\r\n"), 200, "asked 0"),
        (format!("POST /question HTTP/1.1\r\n{close}Content-Length: 1048576\r\n\r\n{full}"), 200, "asked 1048576"),
        (format!("POST /question HTTP/1.1\r\n{close}Content-Length: 1048577\r\n\r\n"), 413, "too long"),
        (
            format!("POST /question HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n{full}x\r\n0\r\n\r\n"),
            413,
            "too long",
        ),
        (format!("PUT /question HTTP/1.1\r\n{close}Content-Length: 1\r\n\r\nx"), 405, "read-only"),
        (format!("GET /question HTTP/1.1\r\n{close}Content-Length: 1\r\n\r\nx"), 413, "no body"),
        (format!("POST /question/../question HTTP/1.1\r\n{close}Content-Length: 1\r\n\r\nx"), 405, "read-only"),
        ("POST /question HTTP/1.1\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx".to_owned(), 400, "Host"),
    ] {
        let answer = Answer::parse(&server.send(&request));
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == expected && text.contains(said), "{request:.80}: {} {text}", answer.status);
    }
}

#[test]
fn a_registrys_client_is_refused_in_words_it_prints() {
    let server = Running::start(router(Memory::default()));
    for (request, expected) in [
        ("POST /v2/team/app/blobs/uploads/ HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 405),
        ("PUT /v2/team/app/manifests/1 HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\n\r\n{}", 405),
        ("DELETE /v2/team/app/manifests/1 HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n", 405),
        ("GET /v2/team/app/manifests/1 HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\n\r\n{}", 413),
        ("GET /v2/team/../x HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n", 400),
    ] {
        let answer = Answer::parse(&server.send(request));
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &body["errors"][0]["code"]), (expected, &"UNSUPPORTED".into()), "{request:.60}");
        assert_eq!(answer.header("docker-distribution-api-version"), "registry/2.0");
    }
    let pushed = server.ask("POST", "/v2/team/app/blobs/uploads/", "");
    assert!(String::from_utf8_lossy(&pushed.body).contains("this mirror is read-only") && !pushed.header("allow").is_empty());
    assert_eq!(server.ask("POST", "/v2x", "").header("content-type"), "application/problem+json", "elsewhere nothing changes");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Running::start(router(Memory::default()));
    let mut stream = server.connect();
    let one = "GET /document HTTP/1.1\r\nHost: m\r\n\r\n";
    let last = "GET /nothing HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{}{last}{one}", one.repeat(50)).as_bytes()).unwrap();
    let text = String::from_utf8(read_all(&mut stream)).unwrap();
    let statuses: Vec<&str> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(statuses.len(), 51, "nothing is answered behind the close");
    assert!(statuses[..50].iter().all(|status| *status == "200") && statuses[50] == "404");
}

#[test]
fn a_panic_is_a_500_and_a_line_in_the_log() {
    let server = Running::start(router(Memory::default()));
    assert_eq!(server.ask("GET", "/panic", "").status, 500);
    let line = server.line();
    assert_eq!((&line["status"], &line["error"]), (&500.into(), &"panic: as the test wants".into()));
    assert_eq!(server.ask("GET", "/document", "").status, 200);
}

#[test]
fn the_log_tells_what_came_and_what_went() {
    let mut memory = Memory::default();
    let digest = memory.add(noise(100_000));
    let server = Running::start(router(memory));
    let agent = format!("User-Agent: pip/26.3 \"quoted\" {}\r\n", "x".repeat(1000));
    server.ask("GET", &format!("/blob/{}?token=secret", digest.hex()), &format!("{agent}Range: bytes=0-69999\r\n"));
    let line = server.line();
    assert_eq!(
        (&line["method"], &line["status"], &line["bytes"], &line["complete"]),
        (&"GET".into(), &206.into(), &70_000.into(), &true.into())
    );
    assert_eq!(line["path"], format!("/blob/{}", digest.hex()), "without the query");
    assert_eq!((&line["version"], &line["tls"]), (&"HTTP/1.1".into(), &false.into()));
    assert!(line["agent"].as_str().unwrap().starts_with("pip/26.3 \"quoted\" xxx") && line["agent"].as_str().unwrap().len() == 200);
    assert!(line["time"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok() && line["duration_ms"].is_number());
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    server.ask("HEAD", &format!("/blob/{}", digest.hex()), "");
    let line = server.line();
    assert_eq!((&line["method"], &line["bytes"], &line["complete"]), (&"HEAD".into(), &0.into(), &true.into()));
    server.send("nonsense\r\n\r\n");
    let line = server.line();
    assert_eq!((&line["method"], &line["status"]), (&"-".into(), &400.into()));
    server.send("GET /../x HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n");
    assert_eq!(server.line()["status"], 400);
}
