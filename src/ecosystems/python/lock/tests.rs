//! What needs no index: sizes in words, cool-downs, targets, archives of source distributions, digests.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::super::section::PythonSection;
use super::asked::{newest, python_target};
use super::learn::check;
use super::summary::size;
use crate::artifact::{Architecture, Digest, Libc, Target, Version};
use crate::upstream::{Settings, Sums, Upstream};
use airlift_python_resolve as uv;
use std::time::Duration;

#[test]
fn sizes_are_decimal() {
    for (bytes, expected) in [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (49_600_000, "50 MB"),
        (1_949_000_000, "1.9 GB"),
        (u64::MAX, "18446744 TB"),
    ] {
        assert_eq!(size(bytes), expected);
    }
}

#[test]
fn the_earlier_bound_counts() {
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    for (fixed, days, expected) in [
        (None, None, None),
        (None, Some(7), Some("2026-11-13T12:00:00Z")),
        (Some("2026-11-01T00:00:00Z"), Some(7), Some("2026-11-01T00:00:00Z")),
        (Some("2026-11-19T00:00:00+01:00"), Some(7), Some("2026-11-13T12:00:00Z")),
        (None, Some(u16::MAX), Some("1847-06-17T12:00:00Z")),
    ] {
        let section = PythonSection { exclude_newer: fixed.map(str::to_owned), cool_down_days: days, ..PythonSection::default() };
        assert_eq!(newest(&section, now).unwrap().map(|time| time.to_string()).as_deref(), expected);
    }
}

#[test]
fn targets_are_data() {
    let version = |major, minor, patch| Version { major, minor, patch };
    let target =
        |python, libc| Target { name: "t".to_owned(), architecture: Architecture::Aarch64, libc, python: Some(python), cuda: None };
    let made = python_target(target(version(3, 12, Some(4)), Libc::Musl(version(1, 2, None)))).unwrap().uv;
    assert_eq!((made.python, made.arch, made.system), ((3, 12, 4), uv::Arch::Aarch64, uv::System::Musl(1, 2)));
    let made = python_target(target(version(3, 11, None), Libc::Glibc(version(2, 28, None)))).unwrap().uv;
    assert_eq!((made.python, made.system), ((3, 11, 0), uv::System::Glibc(2, 28)));
    assert!(python_target(target(version(3, 300, None), Libc::Glibc(version(2, 28, None)))).is_err());
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

#[test]
fn only_the_projects_own_pyproject_is_read() {
    let nested = ("x-1.0/vendor/pyproject.toml", "wrong");
    let text = |files: &[(&str, &str)]| uv::pyproject_of_sdist(&mut &archive(files)[..]);
    assert_eq!(text(&[nested, ("x-1.0/pyproject.toml", "right"), ("x-1.0/z", "")]).unwrap(), "right");
    assert_eq!(text(&[nested]).unwrap(), "");
    let large = "#".repeat((1 << 20) + 1);
    assert!(text(&[("x-1.0/pyproject.toml", &large)]).is_err(), "one byte too many is too large");
    let cut = archive(&[("x-1.0/a", &"a".repeat(100_000)), ("x-1.0/pyproject.toml", "right")]);
    assert!(uv::pyproject_of_sdist(&mut &cut[..cut.len() / 2]).is_err());
    assert!(uv::pyproject_of_sdist(&mut &b"<html>"[..]).is_err());
}

fn file(sha256: Option<&str>, size: Option<u64>, accepted: &[String]) -> uv::File {
    uv::File {
        filename: "x-1.0-py3-none-any.whl".to_owned(),
        url: "https://files.example.org/x-1.0-py3-none-any.whl".to_owned(),
        sha256: sha256.map(str::to_owned),
        size,
        requires_python: None,
        yanked: None,
        upload_time: None,
        kind: uv::FileKind::Wheel,
        has_metadata: false,
        stronger: vec![],
        accepted: if accepted.is_empty() { vec![] } else { vec![accepted.to_vec()] },
    }
}

/// Breaks off after `cut` bytes the first time, then serves the rest, or all of it where it knows no ranges.
async fn served(bytes: &'static [u8], cut: usize, ranges: bool) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x-1.0-py3-none-any.whl", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut sent = 0;
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = vec![0u8; 4096];
            let read = connection.read(&mut head).await.unwrap();
            let ranged = String::from_utf8_lossy(&head[..read]).to_ascii_lowercase().contains("range: bytes=") && ranges;
            let (status, from) = if ranged { ("206 Partial Content", sent) } else { ("200 OK", 0) };
            let range = format!("content-range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len());
            let range = if ranged { range } else { String::new() };
            let left = bytes.len() - from;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {left}\r\n{range}connection: close\r\n\r\n");
            sent = if sent == 0 { cut } else { bytes.len() };
            let _ = connection.write_all(&[answer.as_bytes(), &bytes[from..sent]].concat()).await;
        }
    });
    url
}

async fn fetched(bytes: &'static [u8], cut: usize, ranges: bool, most: u64) -> crate::error::Result<Sums> {
    let settings = Settings { attempts: 3, pause: Duration::from_millis(1), ..Settings::default() };
    let url = served(bytes, cut, ranges).await.parse().unwrap();
    let cache = tempfile::tempdir().unwrap();
    Upstream::new(settings).unwrap().learn(&url, cache.path(), most).await
}

#[tokio::test]
async fn downloaded_bytes_must_be_the_ones_asked_for() {
    let bytes = b"some bytes of a wheel";
    for ranges in [true, false] {
        let sums = fetched(bytes, 7, ranges, 100).await.unwrap();
        assert_eq!((sums.size, sums.sha256), (21, Digest::of(bytes)), "goes on where the connection broke");
    }
    let sums = fetched(bytes, 21, true, 21).await.unwrap();
    assert!(fetched(bytes, 21, true, 20).await.is_err(), "longer than it may be");
    let right = Digest::of(bytes).hex();
    let sha512 = "sha512:".to_owned() + &data_encoding::HEXLOWER.encode(&<sha2::Sha512 as sha2::Digest>::digest(bytes));
    let zeros = |algorithm: &str, digits| format!("{algorithm}:{}", "0".repeat(digits));
    for (listed, expected) in [
        (file(None, None, &[]), Some("downloaded")),
        (file(Some(&right), Some(21), &[]), Some("downloaded")),
        (file(None, None, &[zeros("sha256", 64), sha512]), Some("pinned")),
        (file(None, None, &[zeros("sha256", 64), zeros("sha384", 96)]), None),
        (file(None, Some(22), &[]), None),
        (file(Some(&"0".repeat(64)), None, &[]), None),
    ] {
        assert_eq!(check(&listed, &sums).ok().map(crate::artifact::Learned::name), expected, "{listed:?}");
    }
}
