#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::address::{Asked, Misaddressed, is_name, served_name};
use super::{INDEX, MANIFEST, Referrer, Registry, Repository};
use crate::artifact::{BlobRead, Blobs, Digest};
use crate::error::Result;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{Request, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn paths_are_read_from_their_end() {
    let digest: Digest = format!("sha256:{HEX}").parse().unwrap();
    let manifest = |name: &str, reference: &str| Ok(Asked::Manifest(name.to_owned(), reference.to_owned()));
    for (path, asked) in [
        ("/", Ok(Asked::Version)),
        ("", Ok(Asked::Version)),
        ("/v2/", Ok(Asked::Version)),
        ("/v2", Ok(Asked::Version)),
        ("/_catalog", Ok(Asked::Catalog)),
        ("/v2/_catalog", Ok(Asked::Catalog)),
        ("/app/tags/list", Ok(Asked::Tags("app".to_owned()))),
        ("/quay.io/team/app/manifests/1.0", manifest("quay.io/team/app", "1.0")),
        ("/tags/list/manifests/manifests/list", manifest("tags/list/manifests", "list")),
        (&format!("/a/b/manifests/sha256:{HEX}"), manifest("a/b", &digest.to_string())),
        (&format!("/a/b/manifests/sha256%3A{HEX}"), manifest("a/b", &digest.to_string())),
        (&format!("/a%2Fb/blobs/sha256:{HEX}"), Ok(Asked::Blob("a/b".to_owned(), digest))),
        (&format!("/a/referrers/sha256:{HEX}"), Ok(Asked::Referrers("a".to_owned(), digest))),
        ("/a/manifests/sha256:abc", Err(Misaddressed::Digest)),
        ("/a/blobs/latest", Err(Misaddressed::Digest)),
        (&format!("/a/blobs/sha256:{}", HEX.to_uppercase()), Err(Misaddressed::Digest)),
        (&format!("/a/blobs/sha512:{HEX}{HEX}"), Err(Misaddressed::Foreign(false))),
        (&format!("/a/manifests/sha512:{HEX}{HEX}"), Err(Misaddressed::Foreign(true))),
        ("/A/tags/list", Err(Misaddressed::Name)),
        ("/a/../b/tags/list", Err(Misaddressed::Name)),
        ("/a//b/tags/list", Err(Misaddressed::Name)),
        ("/a/tags/other", Err(Misaddressed::Unknown)),
        ("/a/blobs/uploads/", Err(Misaddressed::Unknown)),
        ("/manifests/latest", Err(Misaddressed::Unknown)),
        ("/a/%zz/tags/list", Err(Misaddressed::Unknown)),
        ("/a/%", Err(Misaddressed::Unknown)),
        ("/ä/tags/list", Err(Misaddressed::Unknown)),
        ("/%C3%A4/tags/list", Err(Misaddressed::Unknown)),
    ] {
        assert_eq!(Asked::parse(path), asked, "{path}");
    }
}

#[test]
fn names_follow_the_grammar() {
    for good in ["a", "a/b", "quay.io/team/app", "a__b", "a--b", "a---b/c_d", "host_5000/app", "0"] {
        assert!(is_name(good), "{good}");
    }
    for bad in ["", "/", "a/", "/a", "A", "a..b", "a___b", "_a", "a_", "a.-b", "-a", "a b", "ä", "a:b", &"a".repeat(256)] {
        assert!(!is_name(bad), "{bad}");
    }
    assert_eq!(served_name("127.0.0.1:5000/lib/app"), "127.0.0.1_5000/lib/app");
}

proptest! {
    #[test]
    fn no_path_stops_the_reader(path in "[ -~]{0,60}") {
        let _ = Asked::parse(&path);
    }
}

/// No store at all.
struct Nothing;

impl Blobs for Nothing {
    fn open(&self, _: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(None)
    }

    fn size(&self, _: &Digest) -> Result<Option<u64>> {
        Ok(None)
    }
}

type Room = BTreeMap<String, Repository>;

/// A room with one repository of one made artifact.
fn room(name: &str, tag: &str, more: &str) -> (Room, Digest) {
    let mut repository = Repository::default();
    let config = repository.make("application/vnd.oci.empty.v1+json", Bytes::from_static(b"{}"));
    let config = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": config.to_string(), "size": 2 });
    let annotations = json!({ "made": more });
    let document = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [], "annotations": annotations });
    let root = repository.make(MANIFEST, Bytes::from(document.to_string()));
    repository.tags.insert(tag.to_owned(), root);
    (BTreeMap::from([(name.to_owned(), repository)]), root)
}

async fn ask(rooms: Vec<Room>, path: &str) -> Response {
    let registry = Registry::new(rooms, Arc::new(Nothing), "/v2".to_owned());
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    registry.router().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, String::from_utf8(axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn rooms_share_one_registry_and_made_documents_need_no_store() {
    let rooms = || vec![room("a/one", "1", "x").0, room("b/two", "2", "y").0];
    let (one, root) = room("a/one", "1", "x");
    assert_eq!(text(ask(rooms(), "/_catalog").await).await.1, r#"{"repositories":["a/one","b/two"]}"#);
    let response = ask(rooms(), "/a/one/manifests/1").await;
    assert_eq!(response.headers()["docker-content-digest"], root.to_string().as_str());
    assert_eq!(text(response).await.1.as_bytes(), &one["a/one"].made[&root][..]);
    let config = Digest::of(b"{}");
    assert_eq!(text(ask(rooms(), &format!("/b/two/blobs/{config}")).await).await, (200, "{}".to_owned()));
    assert_eq!(text(ask(rooms(), &format!("/b/two/manifests/{root}")).await).await.0, 404, "it is the other's");
}

#[tokio::test]
async fn two_rooms_with_one_name_never_shadow_each_other() {
    let ((first, one), (second, other)) = (room("a/one", "1", "x"), room("a/one", "1", "y"));
    let (third, _) = room("a/one", "2", "z");
    for rooms in [[first, second], [room("a/one", "1", "y").0, room("a/one", "1", "x").0]] {
        let [first, second] = rooms;
        let registry = Arc::new(Registry::new(
            [first, second, room("a/one", "1", "x").0, room("a/one", "2", "z").0],
            Arc::new(Nothing),
            "/v2".to_owned(),
        ));
        let found = registry.find("a/one", None).unwrap();
        assert!(found.manifest("1").is_none() && found.manifest("2").is_some(), "what they disagree about is nobody's");
        assert!(found.manifest(&one.to_string()).is_some() && found.manifest(&other.to_string()).is_some(), "a digest means one thing");
        let (status, said) =
            text(super::answer::router(registry).oneshot(Request::get("/a/one/manifests/1").body(Body::empty()).unwrap()).await.unwrap())
                .await;
        assert!(status == 500 && said.contains("the tag 1"), "{said}");
    }
    let both = vec![third, room("a/one", "2", "z").0];
    assert_eq!(ask(both, "/a/one/manifests/2").await.status(), StatusCode::OK, "the same twice is no conflict");
}

#[test]
fn a_media_type_that_rooms_disagree_about_is_served_by_neither() {
    let (mut first, root) = room("a/one", "1", "x");
    first.get_mut("a/one").unwrap().manifests.insert(root, INDEX.to_owned());
    let registry = Registry::new([first, room("a/one", "1", "x").0], Arc::new(Nothing), "/v2".to_owned());
    let found = registry.find("a/one", None).unwrap();
    assert!(found.manifest("1").is_none() && found.fault.as_deref().unwrap().contains(&root.to_string()));
}

#[test]
fn a_name_stands_for_several_in_order() {
    let mut hub = room("hub.io/lib/x", "1", "x").0;
    let known = hub.get_mut("hub.io/lib/x").unwrap();
    known.short.extend(["x".to_owned(), "lib/x".to_owned(), "a/one".to_owned()]);
    known.aliases.insert("hub.example/x".to_owned());
    let mut other = room("other_5000/x", "3", "x").0;
    other.get_mut("other_5000/x").unwrap().short.insert("lib/x".to_owned());
    let registry = Registry::new([hub, other, room("a/one", "2", "y").0], Arc::new(Nothing), "/v2".to_owned());
    let tag = |name: &str, ns: Option<&str>| registry.find(name, ns).map(|r| r.tags.keys().next().unwrap().clone());
    let named = |tag: &str| Some(tag.to_owned());
    assert_eq!((tag("x", None), tag("x", Some("hub.io")), tag("x", Some("hub.example"))), (named("1"), None, named("1")));
    assert_eq!(
        (tag("lib/x", Some("hub.io")), tag("v2/lib/x", Some("hub.io")), tag("hub.example/x", Some("z"))),
        (named("1"), named("1"), named("1"))
    );
    assert_eq!((tag("x", Some("other:5000")), tag("x", Some("elsewhere"))), (named("3"), None));
    assert_eq!(tag("lib/x", None), None, "a short name of two is nobody's");
    assert_eq!(tag("a/one", None), named("2"), "a name goes before short names");
}

#[tokio::test]
async fn referrers_of_several_rooms_are_one_list() {
    let subject = Digest::of(b"subject");
    let referring = |more: &str| {
        let (mut room, root) = room("a/one", more, more);
        let referrer = Referrer { media_type: MANIFEST.to_owned(), size: 1, artifact_type: Some(format!("application/{more}")) };
        room.get_mut("a/one").unwrap().refer(subject, root, referrer);
        room
    };
    let (_, list) = text(ask(vec![referring("x"), referring("y")], &format!("/a/one/referrers/{subject}")).await).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    let mut made: Vec<_> = list["manifests"].as_array().unwrap().iter().map(|m| m["annotations"]["made"].as_str().unwrap()).collect();
    made.sort_unstable();
    assert_eq!(made, ["x", "y"]);
}
