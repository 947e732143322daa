//! Several indexes: which one a package comes from, and who gets to see the credentials.

use super::archives::wheel;
use super::server::{Fixed, Server};
use super::{Bench, failure, names, request};
use crate::{FailureKind, Index, IndexStrategy, Request, default_index_url};

fn from(resolution: &crate::Resolution, name: &str) -> String {
    let package = resolution.packages.iter().find(|package| package.name == name).unwrap();
    package.index.clone().unwrap()
}

#[test]
fn the_first_index_that_has_a_package_supplies_it() {
    let private = Server::with([wheel("app", "1", &["lib"])]);
    let public = Server::with([wheel("app", "99", &[]), wheel("lib", "1", &[])]);
    let bench = Bench::new();
    let indexes = vec![Index::new(private.simple())];
    let first = Request { indexes: indexes.clone(), ..request(&public, &["app"]) };
    let resolution = bench.resolve(&first).unwrap();
    assert_eq!(names(&resolution), ["app 1", "lib 1"]);
    assert_eq!((from(&resolution, "app"), from(&resolution, "lib")), (private.simple(), public.simple()));
    let best = Request { strategy: IndexStrategy::UnsafeBestMatch, ..first };
    assert_eq!(names(&bench.resolve(&best).unwrap()), ["app 99"]);
}

#[test]
fn an_explicit_index_supplies_the_packages_pinned_to_it_and_no_others() {
    let special = Server::with([wheel("torch", "2+cpu", &["lib"]), wheel("lib", "99", &[])]);
    let public = Server::with([wheel("app", "1", &["torch"]), wheel("torch", "3", &[]), wheel("lib", "1", &[])]);
    let index = Index { explicit: true, packages: vec!["Torch".to_owned()], ..Index::new(special.simple()) };
    let request = Request { indexes: vec![index], ..request(&public, &["app"]) };
    let resolution = Bench::new().resolve(&request).unwrap();
    assert_eq!(names(&resolution), ["app 1", "lib 1", "torch 2+cpu"]);
    assert_eq!(from(&resolution, "torch"), special.simple());
    assert_eq!(public.paths().iter().filter(|path| path.contains("torch")).count(), 0);
    assert_eq!(special.paths().iter().filter(|path| path.starts_with("/simple/lib")).count(), 0);
}

#[test]
fn a_pinned_package_that_its_index_lacks_is_not_looked_for_elsewhere() {
    let private = Server::with([]);
    let public = Server::with([wheel("app", "1", &[])]);
    let index = Index { packages: vec!["app".to_owned()], ..Index::new(private.simple()) };
    let failure = failure(Bench::new().resolve(&Request { indexes: vec![index], ..request(&public, &["app"]) }), FailureKind::NotFound);
    assert!(failure.message.contains("app was not found"), "{failure}");
    assert!(public.paths().is_empty());
}

#[test]
fn a_package_is_pinned_to_one_index_at_most() {
    let server = Server::with([]);
    let pinned = |url: &str| Index { packages: vec!["app".to_owned()], ..Index::new(url) };
    let indexes = vec![pinned("https://a.example.org/simple/"), pinned("https://b.example.org/simple/")];
    let failure = failure(Bench::new().resolve(&Request { indexes, ..request(&server, &["app"]) }), FailureKind::Invalid);
    assert!(failure.message.contains("app is pinned to two indexes"), "{failure}");
}

#[test]
fn a_page_of_links() {
    let server = Server::with([wheel("app", "1", &[])]);
    let body = "<html><body><a href='files/app-1-py3-none-any.whl'>app</a></body></html>";
    server.fix_with("/links.html", Fixed { status: 200, kind: "text/html", body: body.into(), claimed: None });
    let index = Index { flat: true, ..Index::new(server.url("/links.html")) };
    let nothing = Server::with([]);
    let resolution = Bench::new().resolve(&Request { indexes: vec![index], ..request(&nothing, &["app"]) }).unwrap();
    assert_eq!(names(&resolution), ["app 1"]);
    assert_eq!(resolution.packages[0].file.url, server.url("/files/app-1-py3-none-any.whl"));
}

#[test]
fn credentials_go_to_their_origin_and_nowhere_else() {
    let private = Server::with([wheel("app", "1", &["lib"])]);
    private.authorize("Basic cm9ib3Q6aHVudGVyMjI="); // robot:hunter22
    let public = Server::with([wheel("lib", "1", &[])]);
    let index = Index { username: Some("robot".to_owned()), password: Some("hunter22".to_owned()), ..Index::new(private.simple()) };
    assert!(!format!("{index:?}").contains("hunter22"));
    let bench = Bench::new();
    let with = Request { indexes: vec![index], ..request(&public, &["app"]) };
    let resolution = bench.resolve(&with).unwrap();
    assert_eq!(names(&resolution), ["app 1", "lib 1"]);
    assert!(!format!("{resolution:?}").contains("hunter22"));
    assert!(public.seen().iter().all(|seen| seen.authorization.is_none()));
    assert!(private.seen().iter().any(|seen| seen.authorization.is_some()));
    // The next request does not inherit them.
    let without = Request { indexes: vec![Index::new(private.simple())], ..request(&public, &["app", "other"]) };
    failure(bench.resolve(&without), FailureKind::Denied);
}

#[test]
fn wrong_credentials_are_told_without_showing_them() {
    let server = Server::with([wheel("app", "1", &[])]);
    server.authorize("Basic cm9ib3Q6aHVudGVyMjI=");
    let index = Index { username: Some("robot".to_owned()), password: Some("letmein99".to_owned()), ..Index::new(server.simple()) };
    let failure = failure(Bench::new().resolve(&Request { default_index: Some(index), ..request(&server, &["app"]) }), FailureKind::Denied);
    assert!(!format!("{failure:?}").contains("letmein99"), "{failure:?}");
    assert!(failure.hints.iter().any(|hint| hint.contains("401")), "{:?}", failure.hints);
}

#[test]
fn an_index_url_must_be_http_and_hold_no_credentials() {
    let server = Server::with([]);
    let bench = Bench::new();
    for url in ["https://me:secret@example.org/simple/", "file:///srv/simple/", "/srv/simple", "ftp://example.org/", "simple"] {
        let failure = failure(bench.resolve(&Request { indexes: vec![Index::new(url)], ..request(&server, &[]) }), FailureKind::Invalid);
        assert!(!format!("{failure:?}").contains("secret"), "{failure:?}");
    }
}

#[test]
fn the_default_index_is_a_constant_of_uv() {
    let url = default_index_url();
    assert!(url.starts_with("https://") && url.ends_with("/simple"), "{url}");
}
