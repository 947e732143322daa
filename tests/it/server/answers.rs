//! Blobs and documents: ranges, conditions, codings, HEAD.

use super::{Answer, DOCUMENT, Memory, Running, noise, router};
use airlift::artifact::Digest;
use std::io::Read;

fn with_blobs() -> (Running, Digest, Digest, Digest) {
    let mut memory = Memory::default();
    let (large, small, nothing) = (memory.add(noise(3_000_001)), memory.add(noise(1000)), memory.add(noise(0)));
    (Running::start(router(memory)), large, small, nothing)
}

fn path(digest: &Digest) -> String {
    format!("/blob/{}", digest.hex())
}

#[test]
fn a_blob_has_all_its_headers_and_bytes() {
    let (server, large, small, nothing) = with_blobs();
    for (digest, length) in [(large, 3_000_001), (small, 1000), (nothing, 0)] {
        let answer = server.ask("GET", &path(&digest), "Accept-Encoding: gzip, zstd\r\n");
        assert_eq!((answer.status, answer.body.len()), (200, length));
        assert_eq!(Digest::of(&answer.body), digest);
        assert_eq!(answer.header("content-length"), length.to_string());
        assert_eq!(answer.header("content-type"), "application/x-test");
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert_eq!(answer.header("etag"), format!("\"{digest}\""));
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("repr-digest"), format!("sha-256=:{}:", data_encoding::BASE64.encode(digest.as_bytes())));
        assert_eq!(answer.header("content-encoding"), "");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[test]
fn ranges_are_the_bytes_they_say() {
    let (server, large, ..) = with_blobs();
    let (whole, size) = (noise(3_000_001), 3_000_001);
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=100-1999999", 100, 1_999_999),
        ("bytes=2999999-", 2_999_999, 3_000_000),
        ("bytes=-70000", 2_930_001, 3_000_000),
        ("bytes=524287-524288", 524_287, 524_288),
        ("bytes=1-99999999999999999999", 1, 3_000_000),
    ] {
        let answer = server.ask("GET", &path(&large), &format!("Range: {range}\r\n"));
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {first}-{last}/{size}"));
        assert_eq!(answer.header("content-length"), (last - first + 1).to_string());
        assert!(answer.body == whole[first..=last], "{range}");
    }
    let behind = server.ask("GET", &path(&large), "Range: bytes=3000001-\r\n");
    assert_eq!((behind.status, behind.header("content-range")), (416, "bytes */3000001"));
    for ignored in ["bytes=5-1", "bytes=0-1,3-4", "lines=1-2", "bytes=x"] {
        let answer = server.ask("GET", &path(&large), &format!("Range: {ignored}\r\n"));
        assert_eq!((answer.status, answer.body.len()), (200, size), "{ignored}");
    }
}

#[test]
fn a_resumed_download_gets_the_rest_or_all_of_another() {
    let (server, large, ..) = with_blobs();
    let resume = |tag: &str| server.ask("GET", &path(&large), &format!("Range: bytes=2000000-\r\nIf-Range: {tag}\r\n"));
    assert_eq!(resume(&format!("\"{large}\"")).status, 206);
    for other in ["\"sha256:00\"", "Mon, 23 Nov 2026 10:00:00 GMT"] {
        assert_eq!((resume(other).status, resume(other).body.len()), (200, 3_000_001), "{other}");
    }
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let (server, large, ..) = with_blobs();
    let known = server.ask("GET", &path(&large), &format!("If-None-Match: \"{large}\"\r\n"));
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, format!("\"{large}\"").as_str()));
    assert_eq!(known.header("content-length"), "");
    assert_eq!(server.ask("GET", &path(&large), "If-Match: \"other\"\r\n").status, 412);
    for encoding in ["", "Accept-Encoding: gzip\r\n"] {
        let first = server.ask("GET", "/document", encoding);
        let again = server.ask("GET", "/document", &format!("{encoding}If-None-Match: {}\r\n", first.header("etag")));
        assert_eq!((again.status, again.body.len()), (304, 0));
        for name in ["etag", "vary", "cache-control"] {
            assert_eq!(first.header(name), again.header(name));
        }
    }
}

#[test]
fn absent_blobs_are_an_uncached_404() {
    let (server, ..) = with_blobs();
    let absent = server.ask("GET", &path(&Digest::of(b"absent")), "Range: bytes=0-1\r\n");
    assert_eq!((absent.status, absent.header("cache-control")), (404, "no-cache"));
    assert_eq!(absent.header("content-type"), "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(&absent.body).unwrap();
    assert_eq!((&problem["status"], &problem["type"]), (&404.into(), &"about:blank".into()));
}

#[test]
fn documents_are_negotiated_and_coded() {
    let (server, ..) = with_blobs();
    let ask = |headers: &str| server.ask("GET", "/document", headers);
    let text = DOCUMENT.repeat(100);
    let plain = ask("");
    assert_eq!((plain.header("content-type"), plain.body.as_slice()), ("text/html", text.as_bytes()));
    assert_eq!((plain.header("vary"), plain.header("cache-control")), ("Accept, Accept-Encoding", "public, max-age=60"));
    let gzip = ask("Accept-Encoding: gzip\r\n");
    let mut back = String::new();
    flate2::read::GzDecoder::new(&gzip.body[..]).read_to_string(&mut back).unwrap();
    assert_eq!((gzip.header("content-encoding"), &back), ("gzip", &text));
    let zstd = ask("Accept-Encoding: gzip, deflate, zstd\r\n");
    assert_eq!(zstd.header("content-encoding"), "zstd");
    assert_eq!(zstd::bulk::decompress(&zstd.body, 1 << 20).unwrap(), text.as_bytes());
    assert_eq!(zstd.header("content-length"), zstd.body.len().to_string());
    let tags = [&plain, &gzip, &zstd].map(|answer| answer.header("etag"));
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
    assert_eq!(ask("Accept: application/json, text/html;q=0.1\r\n").header("content-type"), "application/json");
    assert_eq!(ask("Accept: image/png\r\n").status, 406);
}

#[test]
fn head_has_the_headers_of_get() {
    let (server, large, small, nothing) = with_blobs();
    let absent = Digest::of(b"absent");
    let targets =
        [path(&large), path(&small), path(&nothing), path(&absent), "/document".to_owned(), "/nothing".to_owned(), "/panic".to_owned()];
    for target in targets {
        for headers in ["", "Accept-Encoding: gzip\r\n", "If-None-Match: *\r\n", "Accept: image/png\r\n"] {
            let mut got = server.ask("GET", &target, headers);
            let mut head = server.ask("HEAD", &target, headers);
            assert!(head.body.is_empty(), "{target}");
            for answer in [&mut got, &mut head] {
                answer.headers.remove("date");
            }
            assert_eq!(Answer { body: vec![], ..got }, head, "{target} {headers}");
        }
    }
}
