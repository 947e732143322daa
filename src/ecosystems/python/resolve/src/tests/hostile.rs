//! Distributions made to harm whoever reads them.

use std::io::Write;

use super::archives::{Archive, sdist, wheel};
use super::server::{Fixed, Server};
use super::{Bench, failure, names, request};
use crate::documents::checked;
use crate::{FailureKind, Request, SdistPolicy, pyproject_of_sdist};

/// A dependency with a marker that would take uv's stack.
fn deep() -> String {
    format!("lib; {}os_name == 'posix'{}", "(".repeat(60_000), ")".repeat(60_000))
}

fn carrying(server: &Server, requirements: &[&str]) -> Request {
    Request { sdists: SdistPolicy::Static, ..request(server, requirements) }
}

#[test]
fn a_deep_marker_beside_the_wheel() {
    let server = Server::with([wheel("app", "1", &[&deep()])]);
    let failure = failure(Bench::new().resolve(&request(&server, &["app"])), FailureKind::Malformed);
    assert!(failure.message.contains("app-1-py3-none-any.whl.metadata"), "{failure}");
}

#[test]
fn a_deep_marker_behind_a_redirect() {
    for place in ["/blob/x", "/blob/x.whl", "/simple/x/", "/blob/x.tar.gz"] {
        let app = wheel("app", "1", &[&deep()]);
        let document = app.metadata.clone();
        let server = Server::with([app]);
        server.redirect("/files/app-1-py3-none-any.whl.metadata", place);
        server.fix_with(place, Fixed { status: 200, kind: "text/html", body: document.into(), claimed: None });
        let failure = failure(Bench::new().resolve(&request(&server, &["app"])), FailureKind::Malformed);
        assert!(failure.message.contains("a metadata document"), "{place}: {failure}");
    }
}

#[test]
fn a_deep_marker_within_the_wheel() {
    let server = Server::with([Archive { beside: false, ..wheel("app", "1", &[&deep()]) }]);
    let indexed = failure(Bench::new().resolve(&request(&server, &["app"])), FailureKind::Malformed);
    assert!(indexed.message.contains("/files/app-1-py3-none-any.whl"), "{indexed}");
    let url = format!("app @ {}", server.url("/files/app-1-py3-none-any.whl"));
    failure(Bench::new().resolve(&request(&server, &[&url])), FailureKind::Malformed);
}

#[test]
fn a_deep_marker_within_a_source_distribution() {
    let server = Server::with([sdist("2.2", "app", "1", &[&deep()])]);
    let failure = failure(Bench::new().resolve(&carrying(&server, &["app"])), FailureKind::Malformed);
    assert!(failure.message.contains("app-1.tar.gz"), "{failure}");
}

#[test]
fn a_dependency_of_many_parts() {
    let parts: Vec<String> = (0..2000).map(|n| format!("'{n:05}' in os_name")).collect();
    let server = Server::with([wheel("app", "1", &[&format!("lib; {}", parts.join(" or "))])]);
    let failure = failure(Bench::new().resolve(&request(&server, &["app"])), FailureKind::Malformed);
    assert!(failure.message.contains("longer than 16 KiB"), "{failure}");
}

#[test]
fn a_long_description_with_brackets_harms_nobody() {
    let mut app = wheel("app", "1", &[]);
    app.metadata.push_str(&format!("\n{}\n{}", ":( sad\n".repeat(10_000), "x".repeat(100_000)));
    let server = Server::with([app]);
    assert_eq!(names(&Bench::new().resolve(&request(&server, &["app"])).unwrap()), ["app 1"]);
}

#[test]
fn a_wheel_is_read_in_parts_and_once() {
    let app = Archive { beside: false, ..wheel("app", "1", &["lib"]) };
    let server = Server::with([app, Archive { beside: false, ..wheel("lib", "1", &[]) }]);
    let bench = Bench::new();
    let resolver = bench.resolver();
    for _ in 0..2 {
        let resolution = bench.runtime.block_on(resolver.resolve(&request(&server, &["app"]))).unwrap();
        assert_eq!(names(&resolution), ["app 1", "lib 1"]);
    }
    // One request tells the length, one brings the bytes of so small a wheel.
    assert_eq!(server.paths().iter().filter(|path| path.ends_with("app-1-py3-none-any.whl")).count(), 2);
}

#[test]
fn a_wheel_whose_host_knows_no_ranges_is_read_whole() {
    let server = Server::with([Archive { beside: false, ..wheel("app", "1", &[]) }]);
    server.no_ranges();
    let bench = Bench::new();
    assert_eq!(names(&bench.resolve(&request(&server, &["app"])).unwrap()), ["app 1"]);
    let left = std::fs::read_dir(bench.settings().cache_dir)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".wheel"));
    assert_eq!(left.count(), 0);
}

#[test]
fn metadata_of_another_version_within_the_wheel() {
    let app = Archive { beside: false, filename: "app-2-py3-none-any.whl".to_owned(), ..wheel("app", "1", &[]) };
    let failure = failure(Bench::new().resolve(&request(&Server::with([app]), &["app"])), FailureKind::Malformed);
    assert!(failure.message.contains("that of `app 1`"), "{failure}");
}

/// A `.tar.gz` whose first member is an extension header that is said to be that long.
fn with_extension(kind: tar::EntryType, length: u64) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut header = tar::Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(kind);
    header.set_size(length);
    header.set_cksum();
    gzip.write_all(header.as_bytes()).unwrap();
    std::io::copy(&mut std::io::Read::take(std::io::repeat(b'a'), length), &mut gzip).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn an_extension_header_without_end() {
    for kind in [tar::EntryType::GNULongLink, tar::EntryType::GNULongName, tar::EntryType::XHeader, tar::EntryType::XGlobalHeader] {
        let body = with_extension(kind, 64 << 20);
        let read = pyproject_of_sdist(&mut &body[..]).unwrap_err();
        assert!(read.message.contains("an extension header is longer than 1 MiB"), "{read}");
        let server = Server::with([Archive { body, ..sdist("2.2", "app", "1", &[]) }]);
        let failure = failure(Bench::new().resolve(&carrying(&server, &["app"])), FailureKind::Malformed);
        assert!(failure.message.contains("an extension header is longer than 1 MiB"), "{failure}");
    }
}

#[test]
fn documents_behind_long_names_are_found() {
    let stem = format!("app-{}", "1".repeat(150));
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, text) in [("other", "x"), ("pyproject.toml", "found")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, format!("{stem}/{name}"), text.as_bytes()).unwrap();
    }
    let body = tar.into_inner().unwrap().finish().unwrap();
    assert_eq!(pyproject_of_sdist(&mut &body[..]).unwrap(), "found");
}

#[test]
fn a_cut_source_distribution() {
    let whole = sdist("2.2", "app", "1", &[]);
    let body = whole.body[..30].to_vec();
    let server = Server::with([Archive { body, ..whole }]);
    failure(Bench::new().resolve(&carrying(&server, &["app"])), FailureKind::Malformed);
}

#[test]
fn where_the_bounds_of_a_document_are() {
    let nested = |depth: usize| format!("Name: app\nRequires-Dist: lib; {}\n", "(".repeat(depth));
    assert!(checked(nested(100).as_bytes()).is_ok());
    assert!(checked(nested(101).as_bytes()).is_err());
    let folded = format!("requires-dist: lib;\r\n\t{}\r\n\r\n {}\n", "(".repeat(60), "(".repeat(60));
    assert!(checked(folded.as_bytes()).is_err(), "a field goes on over line ends");
    assert!(checked(&vec![b'x'; (4 << 20) + 1]).is_err());
}
