#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test that cannot go on fails; its arguments are literals")]

use super::Images;
use super::meta::{Meta, Missing, Referrers, Role, Signatures, State};
use super::reference::{Reference, check_host, check_mirror};
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Learned, SideDigests};
use crate::ecosystems::{Ecosystem, Mirror};
use crate::error::Result;
use crate::server::oci::{Document, INDEX, Platform, Registry, Shape};
use crate::store::Shelf;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use tower::ServiceExt;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn references_are_read_into_their_full_form() {
    for (text, full) in [
        ("alpine:3", "docker.io/library/alpine:3"),
        ("docker.io/alpine:3", "docker.io/library/alpine:3"),
        ("index.docker.io/library/alpine:3", "docker.io/library/alpine:3"),
        ("team/app:v1.2-rc.1", "docker.io/team/app:v1.2-rc.1"),
        ("QUAY.io/jupyter/scipy-notebook:2026-11-01", "quay.io/jupyter/scipy-notebook:2026-11-01"),
        ("127.0.0.1:5000/app:1", "127.0.0.1:5000/app:1"),
        ("localhost/a__b/c-d.e:_x", "localhost/a__b/c-d.e:_x"),
        (&format!("quay.io/team/app@sha256:{HEX}"), &format!("quay.io/team/app@sha256:{HEX}")),
        (&format!("busybox:1.36@sha256:{HEX}"), &format!("docker.io/library/busybox:1.36@sha256:{HEX}")),
    ] {
        let reference = Reference::parse(text).unwrap();
        assert_eq!(reference.to_string(), full);
        assert_eq!(Reference::parse(full).unwrap(), reference);
    }
    let pinned = Reference::parse(&format!("host:5000/app:1@sha256:{HEX}")).unwrap();
    assert_eq!((pinned.name().as_str(), pinned.version().as_str()), ("host:5000/app", "1"));
    assert_eq!(pinned.wanted(), format!("sha256:{HEX}"));
}

#[test]
fn what_is_no_reference_is_refused() {
    for text in [
        "",
        ":1",
        "app",
        "quay.io/team/app",
        "host:5000/app",
        "quay.io/Team/app:1",
        "quay.io//app:1",
        "quay.io/team/app:",
        "quay.io/../app:1",
        "https://quay.io/team/app:1",
        "quay.io/team/app:1 ",
        "quay.io/team/app:ä",
        "quay.io/team/app@sha256:abc",
        "quay.io/team/app@md5:abc",
        &format!("quay.io/team/app@sha256:{}", HEX.to_uppercase()),
        &format!("quay.io/team/app:{}", "x".repeat(129)),
        &format!("quay.io/{}:1", "a/".repeat(200)),
    ] {
        let error = Reference::parse(text).expect_err(text);
        assert_eq!(error.kind(), crate::error::Kind::Usage, "{text}");
    }
    assert!(Reference::parse("app").unwrap_err().hints()[0].contains("app:latest"));
}

#[test]
fn hosts_and_mirrors_are_checked() {
    for good in ["quay.io", "localhost", "127.0.0.1:5000", "a-b.example.org:8443"] {
        check_host("it", good).unwrap();
        check_mirror(good).unwrap();
        check_mirror(&format!("{good}/proxy/hub")).unwrap();
    }
    for bad in ["", "https://quay.io", "Quay.io", "quay.io:", "quay.io:0", "quay.io:66000", "quay..io", "user@quay.io", "[::1]:5000"] {
        check_host("it", bad).expect_err(bad);
    }
    for bad in ["quay.io/", "quay.io/A", "quay.io/a/../b", "quay.io/a?b"] {
        check_mirror(bad).expect_err(bad);
    }
}

#[test]
fn platforms_have_one_spelling() {
    for (text, spelled) in [
        ("linux/amd64", "linux/amd64"),
        ("Linux/x86_64", "linux/amd64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("linux/arm/v7", "linux/arm/v7"),
    ] {
        assert_eq!(text.parse::<Platform>().unwrap().to_string(), spelled);
    }
    for bad in ["", "linux", "linux/", "/amd64", "linux/amd64/", "linux/amd64/v1/x", "linux/amd 64"] {
        bad.parse::<Platform>().expect_err(bad);
    }
    let platform = |text: &str| text.parse::<Platform>().unwrap();
    assert!(platform("linux/arm").accepts(&platform("linux/arm/v6")), "every variant, when none is named");
    assert!(!platform("linux/arm/v7").accepts(&platform("linux/arm/v6")));
    assert!(!platform("linux/amd64").accepts(&platform("windows/amd64")));
}

fn entry() -> Value {
    json!({ "mediaType": LAYER, "digest": format!("sha256:{HEX}"), "size": 3 })
}

fn image() -> Value {
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": entry(), "layers": [entry()] })
}

fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut document = image();
    change(&mut document);
    document.to_string()
}

#[test]
fn manifests_that_are_sound_are_read() {
    let document = Document::parse(image().to_string().as_bytes(), MANIFEST).unwrap();
    assert_eq!((document.parts().len(), document.kind()), (2, Some(LAYER)));
    for text in [
        changed(|d| drop(d.as_object_mut().unwrap().remove("mediaType"))),
        changed(|d| d["layers"] = Value::Null),
        changed(|d| d["annotations"] = json!({ "Layers": "free text", "layers": "also", "tab": "\t" })),
        changed(|d| d["unknown"] = json!({ "future": [1.5, true, null] })),
        changed(|d| d["config"]["data"] = json!("e30=")),
    ] {
        Document::parse(text.as_bytes(), MANIFEST).expect(&text);
    }
    let index = Document::parse(br#"{"schemaVersion":2,"manifests":[]}"#, INDEX).unwrap();
    assert_eq!((index.shape, index.artifact_type), (Shape::Index(vec![]), None));
}

#[test]
fn manifests_that_are_not_sound_are_refused() {
    let wrong = [
        ("not unambiguous JSON", String::new()),
        ("not unambiguous JSON", format!("{} {{}}", image())),
        ("not unambiguous JSON", changed(|d| d["Layers"] = json!([]))),
        ("not unambiguous JSON", changed(|d| d["layers"][0]["Digest"] = json!("x"))),
        ("not unambiguous JSON", changed(|d| d["layer\u{17f}"] = json!([]))),
        ("not unambiguous JSON", image().to_string().replacen("\"layers\"", "\"layers\":[],\"layers\"", 1)),
        ("not unambiguous JSON", format!("{}1{}", "[".repeat(17), "]".repeat(17))),
        ("does not follow its specification", "[]".to_owned()),
        ("does not follow its specification", changed(|d| d["layers"] = json!({}))),
        ("does not follow its specification", changed(|d| d["layers"][0]["size"] = json!(-1))),
        ("does not follow its specification", changed(|d| d["layers"][0]["size"] = json!(3.0))),
        ("unknown schemaVersion", changed(|d| d["schemaVersion"] = json!(3))),
        ("unknown schemaVersion", changed(|d| drop(d.as_object_mut().unwrap().remove("schemaVersion")))),
        ("schema 1", changed(|d| d["schemaVersion"] = json!(1))),
        ("schema 1", changed(|d| d["fsLayers"] = json!([]))),
        ("another media type than it was announced as", changed(|d| d["mediaType"] = json!(INDEX))),
        ("as an image and as an index", changed(|d| d["manifests"] = json!([]))),
        ("as an image and as an index", changed(|d| drop(d.as_object_mut().unwrap().remove("config")))),
        ("as an image and as an index", changed(|d| d["blobs"] = json!([]))),
        ("a layer says it is a manifest", changed(|d| d["layers"][0]["mediaType"] = json!(MANIFEST))),
        ("media type that is none", changed(|d| d["layers"][0]["mediaType"] = json!("text"))),
        ("media type that is none", changed(|d| d["config"]["mediaType"] = json!("text/plain; charset=x"))),
        ("by SHA-512", changed(|d| d["layers"][0]["digest"] = json!(format!("sha512:{HEX}{HEX}")))),
        ("not a SHA-256 digest", changed(|d| d["layers"][0]["digest"] = json!("sha256:../../etc/passwd"))),
        ("not a SHA-256 digest", changed(|d| d["subject"] = json!({ "mediaType": MANIFEST, "digest": "x", "size": 1 }))),
        ("too large", changed(|d| d["layers"][0]["size"] = json!(1u64 << 43))),
        ("too many things", changed(|d| d["layers"] = Value::from(vec![entry(); 10_001]))),
    ];
    for (why, text) in wrong {
        let error = Document::parse(text.as_bytes(), MANIFEST).expect_err(&text[..text.len().min(300)]);
        assert_eq!(error.kind(), crate::error::Kind::Verification, "{error}");
        assert!(error.message().contains(why), "{why}: {error}\n{text:.300}");
    }
    for (why, media_type) in [
        ("schema 1", "application/vnd.docker.distribution.manifest.v1+json"),
        ("not carried", "application/json"),
        ("not carried", ""),
        ("not carried", "application/vnd.oci.artifact.manifest.v1+json"),
    ] {
        let error = Document::parse(b"{}", media_type).unwrap_err();
        assert!(error.message().contains(why), "{media_type}: {error}");
    }
    let shapes = changed(|d| d["mediaType"] = json!(INDEX));
    assert!(Document::parse(shapes.as_bytes(), INDEX).unwrap_err().message().contains("as an image and as an index"));
}

proptest! {
    #[test]
    fn no_bytes_stop_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::parse(&bytes, MANIFEST);
    }
}

struct Memory(BTreeMap<Digest, Vec<u8>>);

struct Piece(Cursor<Vec<u8>>);

impl std::io::Read for Piece {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Seek for Piece {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for Piece {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

impl Blobs for Memory {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(self.0.get(digest).map(|bytes| Box::new(Piece(Cursor::new(bytes.clone()))) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.get(digest).map(|bytes| bytes.len() as u64))
    }
}

/// Artifacts and their bytes, put together by hand.
struct Kit {
    artifacts: Vec<Arc<Artifact>>,
    bytes: BTreeMap<Digest, Vec<u8>>,
}

impl Kit {
    fn new() -> Self {
        Self { artifacts: vec![], bytes: BTreeMap::new() }
    }

    fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Descriptor {
        let digest = Digest::of(bytes);
        self.bytes.insert(digest, bytes.to_vec());
        let (name, origins) = (None, vec![format!("https://registry.example.org/v2/x/blobs/{digest}")]);
        let size = bytes.len() as u64;
        Descriptor {
            media_type: media_type.to_owned(),
            digest,
            size,
            name,
            origins,
            learned: Learned::Upstream,
            side_digests: SideDigests::new(),
        }
    }

    /// An artifact of a manifest, its configuration and one layer.
    fn image(&mut self, name: &str, tag: Option<&str>, role: Role, subject: Option<Digest>, more: Value) -> Digest {
        let labels = json!({ "org.opencontainers.image.licenses": "MIT AND ISC" });
        let config =
            self.blob(CONFIG, json!({ "os": "linux", "architecture": "amd64", "config": { "Labels": labels } }).to_string().as_bytes());
        let layer = self.blob(LAYER, format!("layer of {name} {tag:?} {more}").as_bytes());
        let part = |d: &Descriptor| json!({ "mediaType": d.media_type, "digest": d.digest.to_string(), "size": d.size });
        let mut document = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": part(&config), "layers": [part(&layer)] });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let root = self.blob(MANIFEST, document.to_string().as_bytes());
        let kind = Document::parse(document.to_string().as_bytes(), MANIFEST).unwrap().kind().map(str::to_owned);
        self.add(name, tag, role, subject, kind, vec![root, config, layer])
    }

    fn add(
        &mut self,
        name: &str,
        tag: Option<&str>,
        role: Role,
        subject: Option<Digest>,
        kind: Option<String>,
        descriptors: Vec<Descriptor>,
    ) -> Digest {
        let root = descriptors[0].digest;
        let meta = Meta {
            repository: name.to_owned(),
            role,
            tag: tag.map(str::to_owned),
            root: root.to_string(),
            media_type: descriptors[0].media_type.clone(),
            artifact_type: kind,
            platforms: vec!["linux/amd64".to_owned()],
            missing: vec![],
            signatures: None,
        };
        let version = tag.map_or_else(|| root.to_string(), str::to_owned);
        let (name, meta) = (name.to_owned(), meta.to_value());
        let artifact =
            Artifact { ecosystem: "images".to_owned(), sections: vec!["base".to_owned()], name, version, descriptors, subject, meta };
        self.artifacts.push(Arc::new(artifact));
        root
    }

    fn shelf(&self, view: &str) -> Shelf {
        let blobs: Arc<dyn Blobs> = Arc::new(Memory(self.bytes.clone()));
        Shelf { view: view.to_owned(), id: Digest::of(view.as_bytes()), artifacts: self.artifacts.clone(), blobs }
    }

    fn router(&self, view: &str) -> Router {
        let shelf = self.shelf(view);
        let base = if view == "latest" { "/v2".to_owned() } else { format!("/images/{view}/v2") };
        Registry::new([Images.repositories(&shelf)], shelf.blobs, base).router()
    }
}

async fn ask(kit: &Kit, method: &str, path: &str) -> Response {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    kit.router("latest").oneshot(request).await.unwrap()
}

async fn body(response: Response) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()
}

async fn get(kit: &Kit, path: &str) -> (StatusCode, String) {
    let response = ask(kit, "GET", path).await;
    (response.status(), String::from_utf8(body(response).await).unwrap())
}

/// The status, and the code of an error.
async fn refused(kit: &Kit, path: &str) -> (u16, String) {
    let (status, text) = get(kit, path).await;
    let error: Value = serde_json::from_str(&text).expect(&text);
    (status.as_u16(), error["errors"][0]["code"].as_str().unwrap().to_owned())
}

#[test]
fn the_payload_reads_back_and_must_agree_with_its_artifact() {
    let signatures = Signatures { cosign: State::Carried, referrers: Referrers::Carried(2) };
    let mut kit = Kit::new();
    kit.image("quay.io/team/app", Some("1"), Role::Image, None, json!({}));
    let sound = (*kit.artifacts[0]).clone();
    let mut meta = Meta::of(&sound).unwrap();
    meta.signatures = Some(signatures);
    meta.missing = vec![Missing { digest: format!("sha256:{HEX}"), platform: Some("linux/arm64".to_owned()) }];
    let mut artifact = sound.clone();
    artifact.meta = meta.to_value();
    assert_eq!(Meta::of(&artifact).unwrap(), meta);
    let changes: [fn(&mut Artifact); 8] = [
        |a| a.meta["root"] = json!(format!("sha256:{HEX}")),
        |a| a.meta["root"] = json!("sha256:x"),
        |a| a.meta["media-type"] = json!(INDEX),
        |a| a.meta["tag"] = json!("2"),
        |a| a.meta["repository"] = json!("quay.io/team/other"),
        |a| a.meta["more"] = json!(1),
        |a| a.meta["role"] = json!("other"),
        |a| a.descriptors.clear(),
    ];
    for change in changes {
        let mut artifact = sound.clone();
        change(&mut artifact);
        assert_eq!(Meta::of(&artifact).unwrap_err().kind(), crate::error::Kind::Verification, "{artifact:?}");
    }
}

#[tokio::test]
async fn the_version_check_and_what_is_not_allowed() {
    let kit = Kit::new();
    for path in ["/", "/v2/"] {
        let response = ask(&kit, "GET", path).await;
        assert_eq!(response.headers()["docker-distribution-api-version"], "registry/2.0");
        assert_eq!((response.status(), body(response).await), (StatusCode::OK, b"{}".to_vec()));
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let response = ask(&kit, method, "/app/blobs/uploads/").await;
        assert_eq!(
            (response.status(), &response.headers()["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &http::HeaderValue::from_static("GET, HEAD, OPTIONS"))
        );
        assert!(String::from_utf8(body(response).await).unwrap().contains("UNSUPPORTED"));
    }
    assert_eq!(refused(&kit, "/a/manifests/1").await, (404, "MANIFEST_UNKNOWN".to_owned()));
    assert_eq!(refused(&kit, "/a/tags/list").await, (404, "NAME_UNKNOWN".to_owned()));
    assert_eq!(refused(&kit, &format!("/a/blobs/sha256:{HEX}")).await, (404, "BLOB_UNKNOWN".to_owned()));
    assert_eq!(refused(&kit, "/a/blobs/x").await, (400, "DIGEST_INVALID".to_owned()));
    assert_eq!(refused(&kit, "/A/tags/list").await, (400, "NAME_INVALID".to_owned()));
    assert_eq!(refused(&kit, "/a/b").await, (404, "UNSUPPORTED".to_owned()));
}

#[tokio::test]
async fn manifests_are_served_as_they_are() {
    let mut kit = Kit::new();
    let root = kit.image("quay.io/team/app", Some("1"), Role::Image, None, json!({}));
    let bytes = kit.bytes[&root].clone();
    for (path, keep) in [("1".to_owned(), "no-cache"), (root.to_string(), "public, max-age=31536000, immutable")] {
        for method in ["GET", "HEAD"] {
            let response = ask(&kit, method, &format!("/quay.io/team/app/manifests/{path}")).await;
            assert_eq!(response.status(), StatusCode::OK);
            let headers = response.headers();
            assert_eq!((&headers["content-type"], &headers["cache-control"]), (&MANIFEST.parse().unwrap(), &keep.parse().unwrap()));
            assert_eq!(headers["docker-content-digest"], root.to_string().as_str());
            assert_eq!(headers["content-length"], bytes.len().to_string().as_str());
            if method == "GET" {
                assert_eq!(body(response).await, bytes);
            }
        }
    }
}

#[tokio::test]
async fn blobs_are_served_under_their_own_repository_only() {
    let mut kit = Kit::new();
    let root = kit.image("quay.io/team/app", Some("1"), Role::Image, None, json!({}));
    kit.image("quay.io/team/other", Some("1"), Role::Image, None, json!({}));
    let layer = kit.artifacts[0].descriptors[2].digest;
    let response = ask(&kit, "GET", &format!("/quay.io/team/app/blobs/{layer}")).await;
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    assert_eq!(response.headers()["docker-content-digest"], layer.to_string().as_str());
    assert_eq!(Digest::of(&body(response).await), layer);
    assert_eq!(refused(&kit, &format!("/quay.io/team/other/blobs/{layer}")).await, (404, "BLOB_UNKNOWN".to_owned()));
    assert_eq!(refused(&kit, &format!("/quay.io/team/app/blobs/{root}")).await, (404, "BLOB_UNKNOWN".to_owned()));
    assert_eq!(refused(&kit, &format!("/quay.io/team/app/manifests/{layer}")).await, (404, "MANIFEST_UNKNOWN".to_owned()));
    assert_eq!(refused(&kit, &format!("/quay.io/team/other/manifests/{root}")).await, (404, "MANIFEST_UNKNOWN".to_owned()));
    let request =
        Request::builder().uri(format!("/quay.io/team/app/blobs/{layer}")).header("range", "bytes=0-4").body(Body::empty()).unwrap();
    let response = kit.router("latest").oneshot(request).await.unwrap();
    assert_eq!((response.status(), body(response).await), (StatusCode::PARTIAL_CONTENT, b"layer".to_vec()));
}

#[tokio::test]
async fn a_child_that_was_left_out_is_unknown_and_a_blob_that_is_gone_too() {
    let mut kit = Kit::new();
    let child = format!("sha256:{HEX}");
    let index = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": MANIFEST, "digest": child, "size": 9 }] });
    let index = kit.blob(INDEX, index.to_string().as_bytes());
    kit.add("quay.io/team/app", Some("1"), Role::Image, None, None, vec![index]);
    assert_eq!(get(&kit, "/quay.io/team/app/manifests/1").await.0, StatusCode::OK);
    assert_eq!(refused(&kit, &format!("/quay.io/team/app/manifests/{child}")).await, (404, "MANIFEST_UNKNOWN".to_owned()));
    kit.bytes.clear();
    assert_eq!(refused(&kit, "/quay.io/team/app/manifests/1").await, (404, "MANIFEST_UNKNOWN".to_owned()));
}

#[tokio::test]
async fn three_ways_of_addressing_reach_one_image() {
    let mut kit = Kit::new();
    kit.image("quay.io/team/app", Some("1"), Role::Image, None, json!({}));
    kit.image("docker.io/library/alpine", Some("3"), Role::Image, None, json!({}));
    kit.image("127.0.0.1:5000/lib/app", Some("1"), Role::Image, None, json!({}));
    for path in [
        "/team/app/manifests/1?ns=quay.io",
        "/quay.io/team/app/manifests/1",
        "/quay.io/team/app/manifests/1?ns=quay.io",
        "/quay.io/team/app/manifests/1?ns=mirror.lan:8443",
        "/v2/quay.io/team/app/manifests/1",
        "/alpine/manifests/3",
        "/library/alpine/manifests/3",
        "/library/alpine/manifests/3?ns=docker.io",
        "/docker.io/alpine/manifests/3",
        "/index.docker.io/library/alpine/manifests/3",
        "/alpine/manifests/3?ns=registry-1.docker.io",
        "/index.docker.io/alpine/manifests/3?ns=mirror.lan:8443",
        "/lib/app/manifests/1?ns=127.0.0.1:5000",
        "/127.0.0.1_5000/lib/app/manifests/1",
    ] {
        let response = ask(&kit, "HEAD", path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let echoed = response.headers().get("oci-namespace").map(|ns| ns.to_str().unwrap());
        assert_eq!(echoed, path.split_once("ns=").map(|(_, ns)| ns), "{path}");
    }
    for path in ["/team/app/manifests/1", "/team/app/manifests/1?ns=ghcr.io", "/library/alpine/manifests/3?ns=quay.io"] {
        assert_eq!(ask(&kit, "HEAD", path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let mut kit = Kit::new();
    for tag in ["b", "a", "c"] {
        kit.image("quay.io/team/app", Some(tag), Role::Image, None, json!({}));
    }
    kit.image("docker.io/library/x", None, Role::Image, None, json!({}));
    let list = |path: &'static str| {
        let kit = &kit;
        async move {
            let response = ask(kit, "GET", path).await;
            let link = response.headers().get("link").map(|l| l.to_str().unwrap().to_owned());
            (String::from_utf8(body(response).await).unwrap(), link)
        }
    };
    let page = |tags: &str| format!(r#"{{"name":"quay.io/team/app","tags":[{tags}]}}"#);
    assert_eq!(list("/quay.io/team/app/tags/list").await, (page(r#""a","b","c""#), None));
    let next = r#"</v2/quay.io/team/app/tags/list?n=2&last=b>; rel="next""#;
    assert_eq!(list("/quay.io/team/app/tags/list?n=2").await, (page(r#""a","b""#), Some(next.to_owned())));
    assert_eq!(list("/quay.io/team/app/tags/list?n=2&last=b").await, (page(r#""c""#), None));
    assert_eq!(list("/quay.io/team/app/tags/list?last=aa").await, (page(r#""b","c""#), None));
    assert_eq!(list("/quay.io/team/app/tags/list?n=3").await.1, None);
    assert_eq!(list("/quay.io/team/app/tags/list?n=0").await, (page(""), None));
    let other = r#"</v2/team/app/tags/list?n=1&last=a&ns=quay.io>; rel="next""#;
    assert_eq!(list("/team/app/tags/list?n=1&ns=quay.io").await.1, Some(other.to_owned()));
    assert_eq!(list("/docker.io/library/x/tags/list").await.0, r#"{"name":"docker.io/library/x","tags":[]}"#);
    assert_eq!(list("/_catalog").await.0, r#"{"repositories":["docker.io/library/x","quay.io/team/app"]}"#);
    let next = r#"</v2/_catalog?n=1&last=docker.io%2Flibrary%2Fx>; rel="next""#;
    assert_eq!(list("/_catalog?n=1").await.1, Some(next.to_owned()));
    assert_eq!(refused(&kit, "/_catalog?n=-1").await, (400, "PAGINATION_NUMBER_INVALID".to_owned()));
    let request = Request::builder().uri("/quay.io/team/app/tags/list?n=1").body(Body::empty()).unwrap();
    let response = kit.router("kit-7").oneshot(request).await.unwrap();
    assert_eq!(response.headers()["link"], r#"</images/kit-7/v2/quay.io/team/app/tags/list?n=1&last=a>; rel="next""#);
}

#[tokio::test]
async fn of_two_bundles_the_newer_one_decides_what_a_tag_names() {
    let mut kit = Kit::new();
    let old = kit.image("quay.io/team/app", Some("1"), Role::Image, None, json!({ "annotations": { "made": "first" } }));
    let new = kit.image("quay.io/team/app", Some("1"), Role::Image, None, json!({ "annotations": { "made": "second" } }));
    let response = ask(&kit, "HEAD", "/quay.io/team/app/manifests/1").await;
    assert_eq!(response.headers()["docker-content-digest"], new.to_string().as_str());
    assert_eq!(ask(&kit, "HEAD", &format!("/quay.io/team/app/manifests/{old}")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn referrers_are_listed_filtered_and_never_a_404() {
    let mut kit = Kit::new();
    let image = kit.image("quay.io/team/app", Some("1"), Role::Image, None, json!({}));
    let subject = json!({ "mediaType": MANIFEST, "digest": image.to_string(), "size": 1 });
    let sbom = json!({ "artifactType": "application/spdx+json", "subject": subject, "annotations": { "org.example.tool": "syft" } });
    kit.image("quay.io/team/app", None, Role::Referrer, Some(image), sbom);
    kit.image("quay.io/team/app", None, Role::Referrer, Some(image), json!({ "artifactType": "application/vnd.sig", "subject": subject }));
    let tag = format!("sha256-{}.sig", image.hex());
    kit.image("quay.io/team/app", Some(&tag), Role::CosignTag, Some(image), json!({}));
    let path = format!("/quay.io/team/app/referrers/{image}");
    let response = ask(&kit, "GET", &path).await;
    assert_eq!(response.headers()["content-type"], INDEX);
    assert!(response.headers().get("oci-filters-applied").is_none());
    let list: Value = serde_json::from_slice(&body(response).await).unwrap();
    assert_eq!((&list["schemaVersion"], &list["mediaType"]), (&json!(2), &json!(INDEX)));
    let kinds: Vec<_> = list["manifests"].as_array().unwrap().iter().map(|m| m["artifactType"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 2, "a tag of cosign is no referrer: {list}");
    let response = ask(&kit, "GET", &format!("{path}?artifactType=application%2Fspdx%2Bjson")).await;
    assert_eq!(response.headers()["oci-filters-applied"], "artifactType");
    let filtered: Value = serde_json::from_slice(&body(response).await).unwrap();
    let line = &filtered["manifests"][0];
    assert_eq!(filtered["manifests"].as_array().unwrap().len(), 1);
    assert_eq!((&line["mediaType"], &line["annotations"]), (&json!(MANIFEST), &json!({ "org.example.tool": "syft" })));
    assert!(kinds.contains(&"application/vnd.sig"));
    assert_eq!(get(&kit, &format!("/quay.io/team/app/manifests/{tag}")).await.0, StatusCode::OK, "and the tag is an ordinary tag");
    for nothing in [format!("/quay.io/team/app/referrers/sha256:{HEX}"), format!("/quay.io/none/referrers/sha256:{HEX}")] {
        let (status, text) = get(&kit, &nothing).await;
        assert_eq!((status, text.contains(r#""manifests":[]"#)), (StatusCode::OK, true), "{text}");
    }
    assert_eq!(refused(&kit, "/quay.io/team/app/referrers/sha256:abc").await, (400, "DIGEST_INVALID".to_owned()));
}

#[tokio::test]
async fn an_entry_that_is_not_sound_is_not_served() {
    let mut kit = Kit::new();
    kit.image("quay.io/team/app", Some("1"), Role::Image, None, json!({}));
    let mut artifact = (*kit.artifacts[0]).clone();
    artifact.meta["role"] = json!("other");
    kit.artifacts = vec![Arc::new(artifact)];
    assert_eq!(refused(&kit, "/quay.io/team/app/manifests/1").await, (500, "UNKNOWN".to_owned()));
}

#[test]
fn an_image_is_described_from_annotations_and_labels() {
    let mut kit = Kit::new();
    let annotations = json!({
        "org.opencontainers.image.description": "\n  A notebook.\nWith more.", "org.opencontainers.image.vendor": "Example Ltd",
        "org.opencontainers.image.licenses": "BSD-3-Clause",
    });
    let root = kit.image("127.0.0.1:5000/team/app", Some("1+x"), Role::Image, None, json!({ "annotations": annotations }));
    let described = Images.describe(&kit.artifacts[0], &Memory(kit.bytes.clone())).unwrap();
    assert_eq!(described.purl, format!("pkg:oci/app@{root}?arch=amd64&repository_url=127.0.0.1:5000%2Fteam%2Fapp&tag=1%2Bx"));
    assert_eq!((described.summary.as_deref(), described.supplier.as_deref()), (Some("A notebook."), Some("Example Ltd")));
    let licences: Vec<_> = described.licences.iter().map(|l| (l.expression.as_str(), l.source.split(' ').next().unwrap())).collect();
    assert_eq!(licences, [("BSD-3-Clause", "manifest"), ("MIT AND ISC", "configuration")]);
    assert_eq!(described.origins, kit.artifacts[0].descriptors[0].origins);
    let less = Images.describe(&kit.artifacts[0], &Memory(BTreeMap::new())).unwrap();
    assert_eq!((less.purl, less.licences, less.summary), (described.purl, vec![], None), "less without the blobs");
}

fn snippets(base: &str, view: &str, own_ca: bool) -> String {
    let mirror = Mirror { base: base.to_owned(), view: view.to_owned(), own_ca };
    let all = Images.client_config(&mirror);
    all.iter().map(|s| format!("== {} {}\n{}", s.client, s.place, s.text)).collect::<Vec<_>>().concat()
}

#[test]
fn client_snippets() {
    insta::assert_snapshot!("clients_https_own_ca", snippets("https://mirror.lan:8443", "latest", true));
    insta::assert_snapshot!("clients_http", snippets("http://mirror.lan:8080", "latest", false));
    insta::assert_snapshot!("clients_one_bundle", snippets("https://mirror.lan", "kit-7", false));
}

#[test]
fn client_files_are_valid() {
    for (base, view, own_ca) in [("https://mirror.lan:8443", "latest", true), ("http://mirror.lan:8080", "kit-7", false)] {
        let mirror = Mirror { base: base.to_owned(), view: view.to_owned(), own_ca };
        for snippet in Images.client_config(&mirror) {
            let extension = snippet.place.rsplit('.').next().unwrap();
            match extension {
                "toml" | "conf" => drop(snippet.text.parse::<toml::Table>().expect(&snippet.text)),
                "json" => drop(serde_json::from_str::<Value>(&snippet.text).expect(&snippet.text)),
                _ => {}
            }
        }
    }
}

#[test]
fn the_section_schema_is_what_editors_read() {
    insta::assert_snapshot!("section_schema", serde_json::to_string_pretty(&Images.section_schema()).unwrap());
}
