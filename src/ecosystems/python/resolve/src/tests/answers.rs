//! Indexes that answer badly, or not at all.

use uv_cache::Cache;

use super::archives::wheel;
use super::server::{Fixed, Server};
use super::{Bench, failure, names, request};
use crate::limits::Limits;
use crate::{FailureKind, Index, Request, Settings};

#[test]
fn a_project_that_no_index_has() {
    let server = Server::with([wheel("app", "1", &["nowhere"])]);
    let bench = Bench::new();
    let direct = failure(bench.resolve(&request(&server, &["missing"])), FailureKind::NotFound);
    assert!(direct.message.contains("missing was not found in the package registry"), "{direct}");
    let needed = failure(bench.resolve(&request(&server, &["app"])), FailureKind::NotFound);
    assert!(needed.message.contains("nowhere was not found"), "{needed}");
    assert!(needed.message.contains("versions of app depend on nowhere"), "{needed}");
}

#[test]
fn a_version_that_does_not_exist_is_a_conflict() {
    let server = Server::with([wheel("app", "1", &[])]);
    let range = failure(Bench::new().resolve(&request(&server, &["app>=2"])), FailureKind::Unsatisfiable);
    assert!(range.message.contains("only app<=1 is available") || range.message.contains("only app==1 is available"), "{range}");
    let one = failure(Bench::new().resolve(&request(&server, &["app==2"])), FailureKind::Unsatisfiable);
    let expected =
        "Because there is no version of app==2 and you require app==2, we can conclude that your requirements are unsatisfiable.";
    assert_eq!(one.message, expected);
}

#[test]
fn statuses_that_are_no_answer() {
    let bench = Bench::new();
    for (status, kind) in [
        (401, FailureKind::Denied),
        (403, FailureKind::Denied),
        (429, FailureKind::Unreachable),
        (500, FailureKind::Unreachable),
        (503, FailureKind::Unreachable),
    ] {
        let server = Server::with([]);
        server.fix("/simple/app/", status, "no");
        let failure = failure(bench.resolve(&request(&server, &["app"])), kind);
        let told = format!("{} {:?}", failure.message, failure.hints);
        assert!(told.contains(&status.to_string()), "{status}: {told}");
    }
}

#[test]
fn an_index_that_refuses_access_is_not_passed_over_for_the_next() {
    let private = Server::with([]);
    private.fix("/simple/app/", 403, "no");
    let public = Server::with([wheel("app", "99", &[])]);
    let request = Request { indexes: vec![Index::new(private.simple())], ..request(&public, &["app"]) };
    failure(Bench::new().resolve(&request), FailureKind::Denied);
    assert!(public.paths().is_empty());
}

#[test]
fn pages_that_cannot_be_read() {
    let bench = Bench::new();
    let page = r#"{"meta":{"api-version":"1.1"},"name":"app","files":[{"filename":1}]}"#;
    for body in ["", "{", "[]", page] {
        let server = Server::with([]);
        server.fix("/simple/app/", 200, body);
        let failure = failure(bench.resolve(&request(&server, &["app"])), FailureKind::Malformed);
        assert!(failure.message.contains("/simple/app/"), "{failure}");
    }
    let server = Server::with([]);
    server.fix_with("/simple/app/", Fixed { status: 200, kind: "image/png", body: vec![], claimed: None });
    failure(bench.resolve(&request(&server, &["app"])), FailureKind::Malformed);
}

#[test]
fn metadata_that_is_promised_and_missing() {
    let server = Server::with([wheel("app", "1", &[])]);
    server.fix("/files/app-1-py3-none-any.whl.metadata", 404, "gone");
    let failure = failure(Bench::new().resolve(&request(&server, &["app"])), FailureKind::NotFound);
    assert!(failure.message.contains("app-1-py3-none-any.whl.metadata"), "{failure}");
}

#[test]
fn metadata_of_another_package() {
    let server = Server::with([wheel("app", "1", &[])]);
    server.fix("/files/app-1-py3-none-any.whl.metadata", 200, "Metadata-Version: 2.1\nName: other\nVersion: 1\n");
    let failure = failure(Bench::new().resolve(&request(&server, &["app"])), FailureKind::Malformed);
    assert!(failure.message.contains("`other` does not match given name `app`"), "{failure}");
}

#[test]
fn a_file_name_that_is_a_path_is_no_file() {
    let bench = Bench::new();
    for name in ["../app-1-py3-none-any.whl", "app-1-py3-none-any/../x.whl", "/app-1-py3-none-any.whl", "app-1-py3-none-a\\\\ny.whl"] {
        let server = Server::with([]);
        let file = format!(r#"{{"filename":"{name}","url":"x.whl","hashes":{{}}}}"#);
        server.fix("/simple/app/", 200, format!(r#"{{"meta":{{"api-version":"1.1"}},"name":"app","files":[{file}]}}"#));
        assert!(bench.resolve(&request(&server, &["app"])).is_err(), "{name}");
    }
}

#[test]
fn a_file_outside_the_web_is_refused() {
    let server = Server::with([]);
    let file = r#"{"filename":"app-1-py3-none-any.whl","url":"file:///etc/hostname","hashes":{}}"#;
    server.fix("/simple/app/", 200, format!(r#"{{"meta":{{"api-version":"1.1"}},"name":"app","files":[{file}]}}"#));
    assert!(Bench::new().resolve(&request(&server, &["app"])).is_err());
}

#[test]
fn a_connection_that_is_cut_and_a_server_that_is_not_there() {
    let bench = Bench::new();
    let server = Server::with([]);
    let body = br#"{"meta""#.to_vec();
    server.fix_with("/simple/app/", Fixed { status: 200, kind: "application/vnd.pypi.simple.v1+json", body, claimed: Some(4096) });
    let cut = failure(bench.resolve(&request(&server, &["app"])), FailureKind::Unreachable);
    assert!(cut.message.contains("/simple/app/"), "{cut}");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Request { default_index: Some(Index::new(format!("http://{free}/simple/"))), ..request(&server, &["app"]) };
    failure(bench.resolve(&nobody), FailureKind::Unreachable);
}

#[test]
fn a_page_without_end_is_cut() {
    let server = Server::with([]);
    server.fix("/simple/app/", 200, " ".repeat(300_000));
    let bench = Bench::new();
    let mut resolver = bench.resolver();
    resolver.limits = Limits { page: 200_000, ..Limits::default() };
    let outcome = bench.runtime.block_on(resolver.resolve(&request(&server, &["app"])));
    let failure = failure(outcome, FailureKind::Malformed);
    assert!(failure.message.contains("goes beyond the bound of 200000 bytes"), "{failure}");
}

#[test]
fn projects_without_end_are_cut() {
    let server = Server::with([]);
    server.endless();
    let bench = Bench::new();
    let mut resolver = bench.resolver();
    resolver.limits = Limits { projects: 20, ..Limits::default() };
    let outcome = bench.runtime.block_on(resolver.resolve(&request(&server, &["p0"])));
    let failure = failure(outcome, FailureKind::Malformed);
    assert!(failure.message.contains("the resolution asks for more than 20 projects"), "{failure}");
}

#[test]
fn offline_gives_what_the_cache_has() {
    let server = Server::with([wheel("app", "1", &[])]);
    let bench = Bench::new();
    let offline = bench.open(Settings { offline: true, ..bench.settings() });
    let ask = || bench.runtime.block_on(offline.resolve(&request(&server, &["app"])));
    let cold = failure(ask(), FailureKind::Unreachable);
    assert!(cold.message.contains("app"), "{cold}");
    assert!(server.paths().is_empty());
    bench.resolve(&request(&server, &["app"])).unwrap();
    let before = server.paths().len();
    assert_eq!(names(&ask().unwrap()), ["app 1"]);
    assert_eq!(server.paths().len(), before);
}

#[test]
fn a_cache_directory_that_cannot_be() {
    let bench = Bench::new();
    let file = super::write(bench.cache.path(), "file", "");
    let settings = Settings { cache_dir: file.join("cache"), ..bench.settings() };
    let failure = bench.runtime.block_on(crate::Resolver::open(reqwest::Client::new(), settings, super::callbacks())).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Storage);
    assert!(failure.message.starts_with("cache directory "), "{failure}");
}

#[test]
fn a_resolution_nobody_waits_for_ends() {
    let server = Server::with([]);
    server.endless();
    let bench = Bench::new();
    let mut resolver = bench.resolver();
    resolver.limits = Limits { projects: usize::MAX, documents: usize::MAX, ..Limits::default() };
    let answer = resolver.resolve(&request(&server, &["p0"]));
    bench.runtime.block_on(async {
        tokio::select! {
            _ = answer => panic!("it cannot end by itself"),
            () = asked(&server) => {}
        }
    });
    drop(resolver);
    // Whoever uses the cache holds a lock on it: once it is free, the resolution is gone.
    while Cache::from_path(bench.settings().cache_dir).with_exclusive_lock_no_wait().is_err() {
        std::thread::yield_now();
    }
}

/// Done once the server has been asked for something.
async fn asked(server: &Server) {
    while server.paths().len() < 3 {
        tokio::task::yield_now().await;
    }
}
