//! Names and versions, the section, the documents, the routes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::filename::{self, Kind};
use super::format::Entry;
use super::section::PythonSection;
use super::{Python, client, describe, page, serve, version};
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Learned, SideDigests};
use crate::ecosystems::core_metadata::{self, normalised};
use crate::ecosystems::{Ecosystem, Mirror};
use crate::error::Result;
use crate::manifest::Manifest;
use crate::store::Shelf;
use axum::body::Body;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use tower::ServiceExt;

#[test]
fn names_are_normalised() {
    for (given, expected) in [
        ("Django", Some("django")),
        ("scikit_learn", Some("scikit-learn")),
        ("a--b__c..d", Some("a-b-c-d")),
        ("zope.interface", Some("zope-interface")),
        ("x", Some("x")),
        ("", None),
        ("-x", None),
        ("x.", None),
        ("a/b", None),
        ("..", None),
        ("naïve", None),
        ("a b", None),
    ] {
        assert_eq!(normalised(given).as_deref(), expected, "{given}");
    }
}

#[test]
fn versions_have_one_spelling() {
    for (given, expected) in [
        ("1.0", "1"),
        ("1.0.0-RC.01", "1rc1"),
        ("v2.10.0", "2.10"),
        ("2024.01.02", "2024.1.2"),
        ("1!2.0", "1!2"),
        ("0!2", "2"),
        ("1.0a", "1a0"),
        ("1.0-alpha_3", "1a3"),
        ("1.0c2", "1rc2"),
        ("1.0preview2", "1rc2"),
        ("1.0-1", "1.post1"),
        ("1.0.rev4", "1.post4"),
        ("1.0.post", "1.post0"),
        ("1.0.dev3", "1.dev3"),
        ("1.0a1.post2.dev3", "1a1.post2.dev3"),
        ("2.9.1+CPU", "2.9.1+cpu"),
        ("1.0+ubuntu_01-x", "1+ubuntu.1.x"),
    ] {
        assert_eq!(version::key(given).as_deref(), Some(expected), "{given}");
    }
    for wrong in ["", "one", "1.0+", "1..0", "1.0 2", "1.0+a..b", "1.0x", "!1", "1.0-"] {
        assert_eq!(version::key(wrong), None, "{wrong}");
    }
}

#[test]
fn file_names_must_say_what_they_are_listed_as() {
    for (file, name, version, kind) in [
        ("torch-2.9.1+cpu-cp312-cp312-manylinux_2_28_x86_64.whl", "torch", "2.9.1+cpu", Kind::Wheel),
        ("scikit_learn-1.5.0-1build-cp311-cp311-linux_x86_64.whl", "scikit-learn", "1.5.0", Kind::Wheel),
        ("demo-2024.01-py3-none-any.whl", "demo", "2024.1", Kind::Wheel),
        ("antlr4-python3-runtime-4.9.3.tar.gz", "antlr4-python3-runtime", "4.9.3", Kind::Sdist),
        ("zope.event-4.0-1.zip", "zope-event", "4.0.post1", Kind::Sdist),
    ] {
        assert_eq!(filename::check(file, name, version).unwrap(), kind, "{file}");
    }
    for (file, expected) in [
        ("demo-1.0-py3-none-any.whl.exe", "not the file name of a wheel or source distribution"),
        ("demo-1.0.egg", "not the file name of a wheel or source distribution"),
        ("../demo-1.0-py3-none-any.whl", "not the file name of a wheel or source distribution"),
        ("demo-1.0-py3-none any.whl", "not the file name of a wheel or source distribution"),
        ("demo-1.0-none-any.whl", "not the file name of a wheel (PEP 427)"),
        ("demo-1.0-x-py3-none-any.whl", "not the file name of a wheel (PEP 427)"),
        ("demo-1.0--none-any.whl", "not the file name of a wheel (PEP 427)"),
        ("other-1.0-py3-none-any.whl", "another project or version"),
        ("demo-1.1-py3-none-any.whl", "another project or version"),
        ("demo-extra-1.0.tar.gz", "another project or version"),
    ] {
        let error = filename::check(file, "demo", "1.0").expect_err(file).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[derive(Default)]
struct InMemory(BTreeMap<Digest, Vec<u8>>);

struct Open(Cursor<Vec<u8>>);

impl Read for Open {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Open {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for Open {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

impl Blobs for InMemory {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(self.0.get(digest).map(|bytes| Box::new(Open(Cursor::new(bytes.clone()))) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.get(digest).map(|bytes| bytes.len() as u64))
    }
}

const METADATA: &str = "Metadata-Version: 2.4\nName: Demo_Pkg\nVersion: 1.0\nSummary: A demonstration\nLicense-Expression: MIT OR Apache-2.0\n\
    Author-email: Ada <ada@example.org>\nRequires-Dist: other>=2\n\nLicense: not this\n";

fn wheel(metadata: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // Neither the time nor the compressor may show in the snapshots.
    let options = zip::write::SimpleFileOptions::default();
    let options = options.last_modified_time(zip::DateTime::default()).compression_method(zip::CompressionMethod::Stored);
    writer.start_file("demo_pkg-1.0.dist-info/METADATA", options).unwrap();
    writer.write_all(metadata.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

fn artifact(filename: &str, name: &str, version: &str, bytes: &[u8], meta: serde_json::Value) -> Arc<Artifact> {
    Arc::new(Artifact {
        ecosystem: "python".to_owned(),
        sections: vec!["demo".to_owned()],
        name: name.to_owned(),
        version: version.to_owned(),
        descriptors: vec![Descriptor {
            media_type: "application/zip".to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            name: Some(filename.to_owned()),
            origins: vec![format!("https://files.example.org/{filename}")],
            learned: Learned::Upstream,
            side_digests: SideDigests::new(),
        }],
        subject: None,
        meta,
    })
}

/// A wheel with METADATA that can be read, one without, a yanked one with a hostile range, an sdist, and a project of another index.
fn shelf() -> Shelf {
    let hostile = r#">=3.8"><script>alert('1')</script>&amp;"#;
    let demo = wheel(METADATA);
    let artifacts = vec![
        artifact(
            "demo_pkg-1.0-py3-none-any.whl",
            "demo-pkg",
            "1.0",
            &demo,
            serde_json::json!({"kind": "wheel", "indexes": ["pypi"], "requires-python": ">=3.9", "upload-time": "2026-01-02T03:04:05.678Z",
                "dependencies": ["other==2.1+cpu"]}),
        ),
        artifact(
            "demo_pkg-0.9-py3-none-any.whl",
            "demo-pkg",
            "0.9",
            b"not a wheel",
            serde_json::json!({"kind": "wheel", "indexes": ["pypi"], "requires-python": hostile, "yanked": "broken <b>"}),
        ),
        artifact("demo_pkg-0.8.tar.gz", "demo-pkg", "0.8", b"sdist", serde_json::json!({"kind": "sdist", "yanked": ""})),
        artifact(
            "other-2.1+cpu-py3-none-any.whl",
            "other",
            "2.1+cpu",
            b"other",
            serde_json::json!({"kind": "wheel", "indexes": ["torch-cpu"]}),
        ),
    ];
    let blobs = InMemory(BTreeMap::from([(Digest::of(&demo), demo), (Digest::of(b"not a wheel"), b"not a wheel".to_vec())]));
    Shelf { view: "latest".to_owned(), id: Digest::of(b"shelf"), artifacts, blobs: Arc::new(blobs) }
}

fn entries(project: &str) -> Vec<Entry> {
    shelf().artifacts.iter().filter(|a| a.name == project).map(|a| Entry::read(a).unwrap()).collect()
}

/// The digest of the one METADATA that can be read.
fn first_only(entry: &Entry) -> Option<Digest> {
    (entry.version == "1.0").then(|| Digest::of(METADATA.as_bytes()))
}

#[test]
fn a_project_page_in_json() {
    let page: serde_json::Value =
        serde_json::from_slice(&page::project_json("demo-pkg", &entries("demo-pkg"), "../../", &first_only)).unwrap();
    assert!(!page.to_string().contains("null"), "uv refuses a page with a null");
    insta::assert_snapshot!(serde_json::to_string_pretty(&page).unwrap());
}

#[test]
fn a_project_page_in_html() {
    insta::assert_snapshot!(String::from_utf8(page::project_html("demo-pkg", &entries("demo-pkg"), "../../", &first_only)).unwrap());
}

#[test]
fn a_list_in_both_forms() {
    let names = || ["demo-pkg", "other"].into_iter();
    assert_eq!(
        String::from_utf8(page::list_json(names())).unwrap(),
        r#"{"meta":{"api-version":"1.1"},"projects":[{"name":"demo-pkg"},{"name":"other"}]}"#
    );
    assert!(String::from_utf8(page::list_html(names())).unwrap().contains("<a href=\"demo-pkg/\">demo-pkg</a><br>"));
}

async fn answer(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    answer_from(&shelf(), method, path, headers).await
}

async fn answer_from(shelf: &Shelf, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::builder().method(method).uri(format!("/python/latest{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let router = axum::Router::new().nest("/python/latest", serve::router(shelf));
    router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn body(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_form_follows_accept_and_query() {
    let pip = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";
    for (accept, query, expected) in [
        (pip, "", page::JSON),
        ("application/vnd.pypi.simple.v1+json, */*;q=0.1", "", page::JSON),
        ("application/vnd.pypi.simple.latest+json", "", page::JSON),
        ("application/vnd.pypi.simple.v1+html", "", page::HTML),
        ("text/html", "", "text/html; charset=utf-8"),
        ("*/*", "", "text/html; charset=utf-8"),
        ("", "", "text/html; charset=utf-8"),
        ("text/html", "?format=application/vnd.pypi.simple.v1+json", page::JSON),
        ("text/html", "?format=application%2Fvnd.pypi.simple.v1%2Bjson", page::JSON),
        (pip, "?format=text/html", "text/html; charset=utf-8"),
    ] {
        let headers: &[(&str, &str)] = if accept.is_empty() { &[] } else { &[("accept", accept)] };
        for path in ["/simple/", "/simple/demo-pkg/", "/index/pypi/simple/", "/index/pypi/simple/demo-pkg/"] {
            let response = answer(Method::GET, &format!("{path}{query}"), headers).await;
            assert_eq!(response.status(), StatusCode::OK, "{path} {accept}{query}");
            assert_eq!(header(&response, "content-type"), expected, "{path} {accept}{query}");
            assert!(header(&response, "vary").to_ascii_lowercase().contains("accept"));
        }
    }
    for (accept, query) in [("application/json", ""), ("text/html", "?format=application/json")] {
        let response = answer(Method::GET, &format!("/simple/{query}"), &[("accept", accept)]).await;
        assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE);
    }
}

#[tokio::test]
async fn other_spellings_are_redirected() {
    for (path, to) in [
        ("/simple", "simple/"),
        ("/simple/demo-pkg", "demo-pkg/"),
        ("/simple/Demo_Pkg", "demo-pkg/"),
        ("/simple/Demo.Pkg/", "../demo-pkg/"),
        ("/simple/demo%5Fpkg/?format=text/html", "../demo-pkg/?format=text/html"),
        ("/index/pypi/simple", "simple/"),
        ("/index/pypi/simple/Demo_Pkg/", "../demo-pkg/"),
    ] {
        let response = answer(Method::GET, path, &[]).await;
        assert_eq!((response.status(), header(&response, "location")), (StatusCode::MOVED_PERMANENTLY, to), "{path}");
    }
    assert_eq!(answer(Method::GET, "/simple/demo%2Dpkg/", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_here_is_a_plain_404() {
    let hex = Digest::of(b"sdist").hex();
    for path in [
        "/simple/polars/",
        "/simple/polars",
        "/simple/..%2F..%2Fetc/",
        "/simple/%00/",
        "/index/nowhere/simple/",
        "/index/torch-cpu/simple/demo-pkg/",
        "/files/00/zz/x.whl",
        &format!("/files/00/{hex}/demo_pkg-0.8.tar.gz"),
        &format!("/files/{}/{hex}/other.tar.gz", &hex[..2]),
        &format!("/files/{}/{hex}/demo_pkg-0.8.tar.gz.metadata", &hex[..2]),
        &format!("/files/{}/{}/demo_pkg-0.8.tar.gz", &hex[..2].to_uppercase(), hex.to_uppercase()),
    ] {
        let response = answer(Method::GET, path, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(&response, "cache-control"), "no-cache", "{path}");
    }
    assert_eq!(answer(Method::POST, "/simple/", &[]).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

fn path_of(entry: &Entry) -> String {
    format!("/{}", page::file_path(entry))
}

#[tokio::test]
async fn files_and_their_metadata() {
    let found = entries("demo-pkg");
    let path = path_of(&found[0]);
    let whole = answer(Method::GET, &path, &[]).await;
    assert_eq!((whole.status(), header(&whole, "content-type")), (StatusCode::OK, "application/zip"));
    let head = answer(Method::HEAD, &path, &[]).await;
    assert_eq!(header(&head, "content-length"), found[0].size.to_string());
    let part = answer(Method::GET, &path, &[("range", "bytes=0-1")]).await;
    assert_eq!((part.status(), body(part).await), (StatusCode::PARTIAL_CONTENT, "PK".to_owned()));
    for _ in 0..2 {
        let metadata = answer(Method::GET, &format!("{path}.metadata"), &[]).await;
        assert_eq!((metadata.status(), body(metadata).await), (StatusCode::OK, METADATA.to_owned()));
    }
    let broken = answer(Method::GET, &format!("{}.metadata", path_of(&found[1])), &[]).await;
    assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body(broken).await.contains("not a zip archive"));
}

#[tokio::test]
async fn only_metadata_that_can_be_read_is_promised() {
    for page in ["/simple/demo-pkg/", "/index/pypi/simple/demo-pkg/"] {
        for _ in 0..2 {
            let document = body(answer(Method::GET, page, &[("accept", page::JSON)]).await).await;
            let document: serde_json::Value = serde_json::from_str(&document).unwrap();
            assert_eq!(document["files"][0]["core-metadata"]["sha256"], Digest::of(METADATA.as_bytes()).hex());
            assert_eq!(document["files"][1]["core-metadata"], false, "it is no wheel that can be read");
        }
    }
}

#[tokio::test]
async fn links_of_every_page_lead_to_files() {
    for page in ["/simple/demo-pkg/", "/index/pypi/simple/demo-pkg/"] {
        let url = url::Url::parse("https://mirror.example.org/python/latest").unwrap();
        let document = body(answer(Method::GET, page, &[("accept", page::JSON)]).await).await;
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let link = document["files"][0]["url"].as_str().unwrap();
        let target = url::Url::parse(&format!("{url}{page}")).unwrap().join(link).unwrap();
        let path = target.path().strip_prefix("/python/latest").unwrap();
        assert_eq!(answer(Method::GET, path, &[]).await.status(), StatusCode::OK, "{page} {link}");
    }
}

#[tokio::test]
async fn an_entry_that_is_not_understood_spoils_its_project_only() {
    let mut shelf = shelf();
    let newer = serde_json::json!({"kind": "wheel", "indexes": ["pypi"], "quantum": true});
    shelf.artifacts.push(artifact("demo_pkg-3-py3-none-any.whl", "demo-pkg", "3", b"3", newer));
    for (path, expected) in [
        ("/simple/demo-pkg/", StatusCode::INTERNAL_SERVER_ERROR),
        ("/index/pypi/simple/demo-pkg/", StatusCode::INTERNAL_SERVER_ERROR),
        ("/simple/other/", StatusCode::OK),
    ] {
        assert_eq!(answer_from(&shelf, Method::GET, path, &[]).await.status(), expected, "{path}");
    }
}

#[test]
fn entries_that_do_not_fit_together_are_refused() {
    let good = serde_json::json!({"kind": "wheel"});
    for (filename, name, meta) in [
        ("demo-1.0-py3-none-any.whl", "demo", serde_json::json!({"kind": "sdist"})),
        ("demo-1.0-py3-none-any.whl", "demo", serde_json::json!({"kind": "wheel", "unknown": 1})),
        ("demo-1.0-py3-none-any.whl", "demo", serde_json::json!({"kind": "wheel", "upload-time": "yesterday"})),
        ("demo-1.0-py3-none-any.whl", "demo", serde_json::json!({"kind": "wheel", "yanked": "x".repeat(5000)})),
        ("demo-1.0-py3-none-any.whl", "demo", serde_json::Value::Null),
        ("demo-1.0-py3-none-any.whl", "Demo", good.clone()),
        ("other-1.0-py3-none-any.whl", "demo", good.clone()),
    ] {
        assert!(Entry::read(&artifact(filename, name, "1.0", b"", meta.clone())).is_err(), "{filename} {name} {meta}");
    }
    assert!(Entry::read(&artifact("demo-1.0-py3-none-any.whl", "demo", "1.0", b"", good)).is_ok());
}

#[test]
fn the_cache_keeps_what_was_used_last() {
    let cache = super::cache::Cache::new(3000);
    let key = |n: u8| Digest::of(&[n]);
    for n in 0..2 {
        cache.put(key(n), vec![n; 1000].into());
    }
    assert!(cache.get(&key(0)).is_some());
    cache.put(key(2), vec![2; 1000].into());
    assert_eq!([0, 1, 2].map(|n| cache.get(&key(n)).is_some()), [true, false, true]);
    cache.put(key(3), vec![3; 5000].into());
    assert!(cache.get(&key(3)).is_none() && cache.get(&key(0)).is_some());
}

#[test]
fn a_wheel_at_hand_is_described_in_full() {
    let shelf = shelf();
    let found = describe::describe(&shelf.artifacts[0], &*shelf.blobs).unwrap();
    assert_eq!(found.purl, "pkg:pypi/demo-pkg@1.0?file_name=demo_pkg-1.0-py3-none-any.whl");
    assert_eq!(found.summary.as_deref(), Some("A demonstration"));
    assert_eq!(
        found.licences.iter().map(|l| (l.expression.as_str(), l.source.as_str())).collect::<Vec<_>>(),
        [("MIT OR Apache-2.0", "METADATA License-Expression")]
    );
    assert_eq!(found.supplier.as_deref(), Some("Ada <ada@example.org>"));
    assert_eq!(found.dependencies, ["pkg:pypi/other@2.1%2Bcpu"]);
    let absent = describe::describe(&shelf.artifacts[0], &InMemory::default()).unwrap();
    assert_eq!((absent.purl, absent.dependencies), (found.purl, found.dependencies));
    assert!(absent.summary.is_none() && absent.licences.is_empty());
    assert!(describe::describe(&shelf.artifacts[1], &*shelf.blobs).is_ok(), "a damaged wheel is described from the lock");
}

#[test]
fn older_metadata_has_its_fields_too() {
    let text = "Name: x\nLicense: UNKNOWN\nLicense: MIT License\n  and its text\nClassifier: License :: OSI Approved :: MIT License\n\
        Classifier: Topic :: X\nAuthor: \nMaintainer: Bea\n\nAuthor: not this\n";
    let fields = core_metadata::CoreMetadata::read(text.as_bytes());
    assert_eq!(fields.one("license"), Some("MIT License\nand its text"));
    assert_eq!((fields.one("author"), fields.one("maintainer")), (None, Some("Bea")));
    assert_eq!(fields.all("classifier").count(), 2);
}

#[test]
fn client_snippets() {
    let mirror = |base: &str, own_ca| Mirror { base: base.to_owned(), view: "latest".to_owned(), own_ca };
    let mut text = String::new();
    for mirror in
        [mirror("https://mirror.example.org:8443", true), mirror("http://10.0.0.7:8080", false), mirror("http://127.0.0.1:8080", false)]
    {
        text.push_str(&format!("=== {}\n", mirror.base));
        for snippet in client::snippets(&mirror) {
            text.push_str(&format!("--- {} {}\n{}", snippet.client, snippet.place, snippet.text));
        }
    }
    insta::assert_snapshot!(text);
}

fn section(body: &str) -> Result<PythonSection> {
    let manifest = Manifest::parse(&format!("airlift = 1\nname = \"t\"\n\n[python.demo]\n{body}"), &["python"])?;
    let section: PythonSection = manifest.sections[0].parse()?;
    section.check()?;
    Ok(section)
}

#[test]
fn a_section_with_every_key() {
    let text = r#"requirements = ["jupyterlab>=4", "torch"]
        requirements-files = ["requirements.txt"]
        constraints = ["numpy<3"]
        constraints-files = ["constraints.txt"]
        overrides = ["six==1.16"]
        targets = ["workstation"]
        prereleases = "explicit"
        exclude-newer = "2026-11-01T00:00:00Z"
        cool-down-days = 7
        sdists = "carry"
        no-binary = ["antlr4-python3-runtime"]
        default-index = "https://packages.example.org/simple/"
        index-strategy = "unsafe-best-match"
        [[python.demo.indexes]]
        name = "torch-cpu"
        url = "https://torch.example.org/whl/cpu"
        packages = ["torch"]
        [[python.demo.indexes]]
        name = "team"
        url = "http://127.0.0.1:8080/simple/"
        packages = ["ours"]
        explicit = false
    "#;
    let section = section(text).unwrap();
    assert_eq!(section.indexes.iter().map(super::section::IndexTable::is_explicit).collect::<Vec<_>>(), [true, false]);
    let known = Python.section_schema().to_value();
    let known = known["properties"].as_object().unwrap();
    for key in text.lines().filter_map(|line| line.trim().split_once(" = ")).map(|(key, _)| key) {
        assert!(known.contains_key(key) || ["name", "url", "packages", "explicit"].contains(&key), "{key} is not in the schema");
    }
}

#[test]
fn wrong_sections_say_what_is_wrong() {
    let index = |rest: &str| format!("requirements = [\"x\"]\n[[python.demo.indexes]]\n{rest}");
    for (text, expected) in [
        ("requirments = [\"x\"]".to_owned(), "line 5: unknown field `requirments`"),
        ("requirments = [\"x\"]".to_owned(), "did you mean `requirements`?"),
        ("requirements = \"x\"".to_owned(), "line 5"),
        ("sdists = \"build\"\nrequirements = [\"x\"]".to_owned(), "unknown variant `build`"),
        (String::new(), "it asks for nothing"),
        ("pylock = \"a\"\nuv-lock = \"b\"".to_owned(), "exclude each other"),
        ("pylock = \"a\"\nrequirements = [\"x\"]".to_owned(), "exclude each other"),
        ("pylock = \"a\"\ncool-down-days = 7".to_owned(), "a lock file has decided already"),
        ("requirements = [\"x\"]\nextras = [\"y\"]".to_owned(), "name[extra]"),
        ("requirements = [\"x\"]\nno-binary = [\"y\"]".to_owned(), "sdists = \"carry\""),
        ("requirements = [\"x\"]\ndefault-index = \"https://me:secret@example.org/\"".to_owned(), "contains credentials"),
        (index("name = \"A\"\nurl = \"https://example.org/\""), "its name is refused"),
        (index("name = \"pypi\"\nurl = \"https://example.org/\""), "the name is taken"),
        (index("name = \"a\"\nurl = \"file:///etc\""), "must begin with https://"),
        (index("name = \"a\"\nurl = \"example.org\""), "not a URL"),
        (index("name = \"a\"\nurl = \"https://me:secret@example.org/\""), "machine example.org login NAME"),
        (index("name = \"a\"\nurl = \"https://token@example.org/\""), "contains credentials"),
        (index("name = \"a\"\nurl = \"me:secret@example.org\""), "must begin with https://"),
        (index("name = \"a\"\nurl = \"https://example.org/\"\nexplicit = true"), "nothing would ever come from it"),
        (index("name = \"a\"\nurl = \"https://example.org/\"\npackage = [\"x\"]"), "did you mean `packages`?"),
    ] {
        let error = section(&text).expect_err(&text).to_string();
        assert!(error.contains(expected), "{text}\n{error}");
        assert!(!error.contains("secret") && !error.contains("token@"), "{error}");
    }
}

/// What pages of other indexes name, and nothing from what is no link or is damaged.
#[cfg(feature = "upstream")]
#[test]
fn pages_are_read_for_attestations() {
    use super::links::read;
    let pair = |file: &str, place: &str| (file.to_owned(), place.to_owned());
    let json =
        r#"{"files":[{"filename":"a-1.whl","provenance":"https://x/a"},{"filename":"b-1.whl","provenance":null},{"filename":"c-1.whl"}]}"#;
    assert_eq!(read(json.as_bytes()), Ok(vec![pair("a-1.whl", "https://x/a")]));
    for (html, expected) in [
        ("<a href=\"../a%2B1.whl#sha256=00\" data-provenance=\"/p?a=1&amp;b\">x</a>", vec![pair("a+1.whl", "/p?a=1&b")]),
        ("<A HREF='a'><A\nDATA-PROVENANCE = 'p'  href=f/a-1.whl >", vec![pair("a-1.whl", "p")]),
        ("<abbr data-provenance=p href=a><a data-provenance href=a><a href=a data-provenance=\"\">", vec![]),
        ("<a href=a data-provenance=p", vec![pair("a", "p")]),
        ("<a href=\"a data-provenance=p", vec![]),
        ("<a =x =y data-provenance=p href=a><a", vec![pair("a", "p")]),
        ("", vec![]),
    ] {
        assert_eq!(read(html.as_bytes()), Ok(expected), "{html}");
    }
    assert!(read(b"{\"files\":7}").is_err() && read(b"\xff").is_err());
    assert_eq!(read(format!("<a href=a data-provenance={}>", "p".repeat(5000)).as_bytes()), Ok(vec![]));
}
