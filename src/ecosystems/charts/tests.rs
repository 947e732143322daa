//! Addresses, indexes, provenance, references, walking, guesses, redirects, documents, descriptions.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::Charts;
use super::catalog::Catalog;
use super::meta::{CHART, Meta, PROVENANCE};
use super::place::Place;
use super::precedence::compare;
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Learned, SideDigests};
use crate::ecosystems::{Ecosystem, Mirror};
use crate::error::Result;
use crate::store::Shelf;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt;

#[derive(Default)]
struct Memory(BTreeMap<Digest, Vec<u8>>);

struct Reading(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Seek for Reading {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for Reading {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

impl Blobs for Memory {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(self.0.get(digest).map(|bytes| Box::new(Reading(std::io::Cursor::new(bytes.clone()))) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.get(digest).map(|bytes| bytes.len() as u64))
    }
}

fn blob(file: &str, media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        name: Some(file.to_owned()),
        origins: vec![format!("https://charts.example.org/{file}")],
        learned: Learned::Upstream,
        side_digests: SideDigests::new(),
    }
}

fn chart(repository: &str, name: &str, version: &str, file: &str, bytes: &[u8]) -> Artifact {
    let chart = json!({
        "apiVersion": "v2", "name": name, "version": version, "appVersion": 1.5, "description": "Serves pages.\nMore.", "strange": { "key": 1 },
        "annotations": { "artifacthub.io/license": "MIT", "number": 3 }, "maintainers": [{ "name": "Ann", "email": "a@example.org", "x": 1 }],
        "deprecated": true, "kubeVersion": ">=1.25",
    });
    let images = json!([
        { "reference": "docker.io/library/nginx:1", "found": ["rendered: default, templates/d.yaml"], "carried": true, "redirected": true },
        { "reference": "quay.io/team/fixed:2", "found": ["rendered: default, templates/e.yaml"], "carried": true, "redirected": false },
    ]);
    let redirects =
        json!([{ "path": ["image", "registry"], "value": "docker.io" }, { "path": ["image", "with \"quotes\""], "value": "quay.io/x" }]);
    let meta = json!({
        "repository": repository, "source": format!("https://{repository}/"), "chart": chart, "created": "2024-05-06T07:08:09.123456+02:00",
        "images": images, "redirects": redirects, "failures": ["default: templates/f.yaml: no"], "vendored": [{ "name": "redis", "version": "7.1.0" }],
    });
    let (ecosystem, version) = ("charts".to_owned(), version.to_owned());
    let descriptors = vec![blob(file, CHART, bytes), blob(&format!("{file}.prov"), PROVENANCE, b"prov")];
    Artifact { ecosystem, sections: vec![], name: format!("{repository}/{name}"), version, descriptors, subject: None, meta }
}

fn shelf(artifacts: Vec<Artifact>) -> Shelf {
    let blobs = [b"one".to_vec(), b"two".to_vec(), b"three".to_vec(), b"prov".to_vec()];
    let blobs = Memory(blobs.into_iter().map(|bytes| (Digest::of(&bytes), bytes)).collect());
    let artifacts = artifacts.into_iter().map(Arc::new).collect();
    Shelf { view: "latest".to_owned(), id: Digest::of(b""), artifacts, blobs: Arc::new(blobs) }
}

fn two() -> Shelf {
    shelf(vec![
        chart("charts.example.org/stable", "web", "1.9.0", "web-1.9.0.tgz", b"one"),
        chart("charts.example.org/stable", "web", "1.10.0-rc.1+build", "v1.10.0.tgz", b"two"),
        chart("quay.io/team", "web", "1.9.0", "web-1.9.0.tgz", b"three"),
    ])
}

async fn ask(shelf: Shelf, method: &str, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path).header("host", "mirror.lan:8443");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = Charts.serve(shelf).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec())
}

#[test]
fn repositories_are_served_under_host_and_path() {
    let served = |text: &str| Place::parse(text, &["h:80".to_owned()]).unwrap().served();
    assert_eq!(served("https://hub.jupyter.org/helm-chart/"), "hub.jupyter.org/helm-chart");
    assert_eq!(served("https://Charts.Example.org:8443/A_b//c%20d/"), "charts.example.org_8443/a_b/c-20d");
    assert_eq!(served("http://127.0.0.1:8080"), "127.0.0.1_8080");
    assert_eq!(served("oci://quay.io/team/charts/"), "quay.io/team/charts");
    assert_eq!(Place::parse("oci://quay.io", &[]).unwrap().address(), "oci://quay.io");
    for refused in [
        "file://../common",
        "@stable",
        "alias:stable",
        "http://charts.example.org",
        "ftp://charts.example.org",
        "https://u:p@example.org",
        "https://example.org/?token=x",
        "oci://quay.io/Team",
        "oci://",
        "oci://quay.io/a//b",
        "not an address",
    ] {
        let error = Place::parse(refused, &[]).unwrap_err();
        assert!(!error.to_string().contains("u:p") && !error.to_string().contains("token=x"), "{error}");
    }
}

#[test]
fn versions_are_ordered_as_semantic_versioning_says() {
    let rising = [
        "junk",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "v1.2",
        "1.10.0",
        "2",
    ];
    for pair in rising.windows(2) {
        assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
    }
}

#[tokio::test]
async fn the_index_of_one_repository_lists_the_newest_first() {
    let (status, headers, body) = ask(two(), "GET", "/charts.example.org/stable/index.yaml", &[]).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "application/yaml"));
    let index: Value = serde_json::from_slice(&body).unwrap();
    let list = index["entries"]["web"].as_array().unwrap();
    assert_eq!(list[0]["version"], "1.10.0-rc.1+build");
    assert_eq!(list[0]["urls"][0], "charts/web/1.10.0-rc.1+build/v1.10.0.tgz");
    assert_eq!((&list[1]["urls"][0], &list[1]["digest"]), (&json!("charts/web-1.9.0.tgz"), &json!(Digest::of(b"one").hex())));
    assert_eq!(list[1]["created"], "2024-05-06T07:08:09.123456+02:00");
    // What clients would refuse the whole index for is not in it.
    assert_eq!(
        (&list[1]["appVersion"], &list[1]["strange"], &list[1]["annotations"]["number"]),
        (&json!("1.5"), &Value::Null, &json!("3"))
    );
    assert_eq!(list[1]["maintainers"], json!([{ "name": "Ann", "email": "a@example.org" }]));
    let tag = headers["etag"].to_str().unwrap();
    assert_eq!(ask(two(), "GET", "/charts.example.org/stable/index.yaml", &[("if-none-match", tag)]).await.0, StatusCode::NOT_MODIFIED);
    assert_eq!(ask(two(), "GET", "/nowhere/index.yaml", &[]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_two_repositories_have_differently_is_in_neither_list_of_all() {
    let index: Value = serde_json::from_slice(&ask(two(), "GET", "/index.yaml", &[]).await.2).unwrap();
    let list = index["entries"]["web"].as_array().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["urls"][0], "charts.example.org/stable/charts/web/1.10.0-rc.1+build/v1.10.0.tgz");
    assert_eq!(index["annotations"]["airlift/not listed: web 1.9.0"], "charts.example.org/stable, quay.io/team");
    assert!(Catalog::new(&two()).named("", "web-1.9.0").is_none());
    assert_eq!(ask(two(), "GET", "/values/web-1.9.0.yaml", &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(two(), "GET", "/quay.io/team/values/web-1.9.0.yaml", &[]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn archives_and_provenance_files_are_the_publishers_bytes() {
    let stable = "/charts.example.org/stable/charts";
    for (path, bytes) in [
        (format!("{stable}/web-1.9.0.tgz"), &b"one"[..]),
        (format!("{stable}/web/1.10.0-rc.1+build/v1.10.0.tgz"), b"two"),
        (format!("{stable}/web/1.10.0-rc.1%2Bbuild/v1.10.0.tgz"), b"two"),
        ("/quay.io/team/charts/web-1.9.0.tgz".to_owned(), b"three"),
        (format!("{stable}/web-1.9.0.tgz.prov"), b"prov"),
    ] {
        let (status, headers, body) = ask(two(), "GET", &path, &[]).await;
        assert_eq!((status, &body[..]), (StatusCode::OK, bytes), "{path}");
        assert_eq!(headers["content-length"], bytes.len().to_string());
    }
    let (status, headers, body) = ask(two(), "HEAD", &format!("{stable}/web-1.9.0.tgz"), &[]).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap(), body.len()), (StatusCode::OK, "application/gzip", 0));
    let part = ask(two(), "GET", &format!("{stable}/web-1.9.0.tgz"), &[("range", "bytes=1-")]).await;
    assert_eq!((part.0, &part.2[..]), (StatusCode::PARTIAL_CONTENT, &b"ne"[..]));
    for absent in
        ["/charts/web-1.9.0.tgz", "/quay.io/team/charts/web-2.0.0.tgz", "/quay.io/team/charts/../charts/web-1.9.0.tgz", "/x", "/quay.io"]
    {
        assert_eq!(ask(two(), "GET", absent, &[]).await.0, StatusCode::NOT_FOUND, "{absent}");
    }
    assert!(String::from_utf8(ask(two(), "GET", "/", &[]).await.2).unwrap().contains("./quay.io/team/index.yaml"));
}

#[tokio::test]
async fn values_lead_a_chart_to_the_host_that_was_asked() {
    let (_, _, body) = ask(two(), "GET", "/quay.io/team/values/web-1.9.0.yaml", &[]).await;
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains("\"image\":\n  \"registry\": \"mirror.lan:8443/docker.io\"\n"), "{text}");
    assert!(
        text.contains("  \"with \\\"quotes\\\"\": \"mirror.lan:8443/quay.io/x\"\n") && text.contains("#   quay.io/team/fixed:2\n"),
        "{text}"
    );
}

#[test]
fn registries_get_a_manifest_that_is_always_the_same() {
    let (first, second) = (Charts.repositories(&two()), Charts.repositories(&two()));
    let names: Vec<&String> = first.keys().collect();
    assert_eq!(names, ["charts/charts.example.org/stable/web", "charts/quay.io/team/web"]);
    let web = &first["charts/charts.example.org/stable/web"];
    let tags: Vec<&String> = web.tags.keys().collect();
    assert_eq!(tags, ["1.10.0-rc.1_build", "1.9.0"]);
    assert_eq!(web.tags, second["charts/charts.example.org/stable/web"].tags);
    let manifest: Value = serde_json::from_slice(&web.made[&web.tags["1.9.0"]]).unwrap();
    assert_eq!(manifest["layers"][0]["digest"], Digest::of(b"one").to_string());
    assert_eq!(manifest["layers"][1]["mediaType"], PROVENANCE);
    let config: Digest = manifest["config"]["digest"].as_str().unwrap().parse().unwrap();
    let config: Value = serde_json::from_slice(&web.made[&config]).unwrap();
    assert_eq!((&config["name"], &config["version"], &config["strange"]), (&json!("web"), &json!("1.9.0"), &Value::Null));
}

#[test]
fn a_chart_of_a_registry_keeps_its_manifest() {
    let mut artifact = chart("quay.io/team", "web", "1.9.0", "web-1.9.0.tgz", b"one");
    let manifest = blob("m", "application/vnd.oci.image.manifest.v1+json", b"{}");
    artifact.meta["root"] = manifest.digest.to_string().into();
    assert!(Meta::of(&artifact).is_err(), "the manifest is not among the blobs");
    artifact.descriptors.push(Descriptor { name: None, ..manifest.clone() });
    let all = Charts.repositories(&shelf(vec![artifact]));
    assert_eq!(all["charts/quay.io/team/web"].tags["1.9.0"], manifest.digest);
    assert!(all["charts/quay.io/team/web"].made.is_empty());
}

#[test]
fn entries_that_are_not_sound_are_not_served() {
    let sound = chart("quay.io/team", "web", "1.9.0", "web-1.9.0.tgz", b"one");
    assert!(Meta::of(&sound).is_ok());
    let mut all = Vec::new();
    for (key, value) in
        [("repository", json!("quay.io/../x")), ("chart", json!({ "name": "other", "version": "1.9.0" })), ("more", json!(1))]
    {
        let mut artifact = sound.clone();
        artifact.meta[key] = value;
        all.push(artifact);
    }
    all.push(Artifact { version: "2.0.0".to_owned(), ..sound.clone() });
    let mut nameless = sound.clone();
    nameless.descriptors[0].name = Some("../web.tgz".to_owned());
    all.push(nameless);
    for artifact in &all {
        assert!(Meta::of(artifact).is_err(), "{}", artifact.meta);
    }
    assert!(Charts.repositories(&shelf(all)).is_empty());
}

#[test]
fn a_description_says_what_chart_yaml_declares() {
    let artifact = chart("quay.io/team", "web", "1.9.0", "web-1.9.0.tgz", b"one");
    let described = Charts.describe(&artifact, &Memory::default()).unwrap();
    assert_eq!(described.purl, "pkg:helm/web@1.9.0?repository_url=https%3A%2F%2Fquay.io%2Fteam%2F");
    assert_eq!((described.summary.as_deref(), described.supplier.as_deref()), (Some("Serves pages."), Some("Ann")));
    assert_eq!((described.licences[0].expression.as_str(), &described.dependencies[..]), ("MIT", &["pkg:helm/redis@7.1.0".to_owned()][..]));
    assert_eq!(described.properties["container images"], "docker.io/library/nginx:1, quay.io/team/fixed:2");
    assert_eq!((&*described.properties["deprecated"], &*described.properties["not rendered"]), ("yes", "default: templates/f.yaml: no"));
}

#[test]
fn clients_are_told_what_they_need() {
    let mirror = |base: &str, own_ca| Mirror { base: base.to_owned(), view: "latest".to_owned(), own_ca };
    let text = &Charts.client_config(&mirror("https://mirror.lan:8443", true))[0].text;
    assert!(text.contains("helm repo add airlift https://mirror.lan:8443/charts/latest --ca-file /etc/ssl/certs/airlift-ca.pem"), "{text}");
    assert!(text.contains("oci://mirror.lan:8443/charts/") && text.contains("curl --cacert"), "{text}");
    let plain = &Charts.client_config(&mirror("http://mirror.lan", false))[0].text;
    assert!(plain.contains("--plain-http") && plain.contains("-f http://mirror.lan/charts/latest/values/NAME-VERSION.yaml"), "{plain}");
}

#[tokio::test]
async fn the_values_of_what_is_carried_are_printed_as_they_are_served() {
    let mirror = Mirror { base: "http://mirror.lan:8443".to_owned(), view: "latest".to_owned(), own_ca: false };
    let carried = Charts.carried_config(&mirror, &two());
    let places: Vec<&str> = carried.iter().map(|snippet| snippet.place.as_str()).collect();
    let stable = ["charts.example.org/stable/web-1.10.0-rc.1+build.yaml", "charts.example.org/stable/web-1.9.0.yaml"];
    assert_eq!(places, [stable[0], stable[1], "quay.io/team/web-1.9.0.yaml"]);
    for snippet in carried {
        let (repository, file) = snippet.place.rsplit_once('/').unwrap();
        let (status, _, served) = ask(two(), "GET", &format!("/{repository}/values/{}", file.replace('+', "%2B")), &[]).await;
        assert_eq!((status, String::from_utf8(served).unwrap()), (StatusCode::OK, snippet.text));
    }
}

#[cfg(feature = "upstream")]
mod connected {
    use super::*;
    use crate::ecosystems::charts::images::Reference;
    use crate::ecosystems::charts::index::versions;
    use crate::ecosystems::charts::provenance;

    const YAML: &str = "apiVersion: v1\nentries:\n  other:\n  - version: 9\n    urls: [x]\n    more: {deep: [[[]]], alias: &a x}\n  web:\n  - name: web\n    version: 1.10\n    \
                        urls:\n    - charts/web.tgz\n    - second\n    digest: abc\n    created: \"2024-01-01T00:00:00Z\"\n  - {version: [], urls: 1}\n  - version: \"2\"\ngenerated: x\n";

    #[test]
    fn indexes_are_read_as_yaml_and_as_json() {
        let json = r#"{"entries":{"other":[{"version":9}],"web":[{"version":"1.10","urls":["charts/web.tgz","second"],"digest":"abc","created":"2024-01-01T00:00:00Z"},{"version":[]},{"version":2,"urls":null}]}}"#;
        for text in [YAML, json] {
            let (list, unread) = versions(text.as_bytes(), "web").unwrap().unwrap();
            assert_eq!((list.len(), unread), (2, 1), "{text}");
            assert_eq!(
                (list[0].version.as_str(), list[0].urls[0].as_str(), list[0].digest.as_deref()),
                ("1.10", "charts/web.tgz", Some("abc"))
            );
            assert_eq!((list[1].version.as_str(), list[1].urls.len()), ("2", 0));
            assert!(versions(text.as_bytes(), "none").unwrap().is_none());
        }
        assert!(versions(b"entries:\n", "web").unwrap().is_none(), "an empty repository");
    }

    #[test]
    fn broken_and_hostile_indexes_are_refused() {
        let bomb = format!("entries:\n  web: {}\n", "[".repeat(100_000));
        let deep = format!("entries:\n  web: {}1{}\n", "[".repeat(50), "]".repeat(50));
        let json_bomb = format!("{{\"entries\":{{\"web\":{}", "[".repeat(100_000));
        let aliases = "a: &a [1]\nentries:\n  web: [*a]\n";
        for text in [
            "",
            "<html></html>",
            "- a\n- b\n",
            "apiVersion: v1\n",
            "{}",
            "{\"entries\":[]}",
            "entries: []\n",
            "entries:\n  web: 1\n",
            "entries: {web: [}\n",
            "entries:\n  web: [{version: []}]\n",
            "entries: {}\nentries: {}\n",
            "entries:\n  web: []\n  web: []\n",
            "\"text\"\n",
            "entries:\n  ? [a]\n  : b\n",
            aliases,
            &bomb,
            &deep,
            &json_bomb,
            "{\"entries\":{\"web\":[{}],\"web\":[]}}",
        ] {
            let refused = versions(text.as_bytes(), "web");
            assert!(refused.is_err(), "{text:.60}: {refused:?}");
        }
        assert!(versions(b"entries:\n  web:\n  - \xff\n", "web").is_err());
    }

    const PROV: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nname: web\n\n...\nfiles:\n  web-1.tgz: sha256:DIGEST\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn provenance_files_must_speak_of_the_archive() {
        let digest = Digest::of(b"one");
        let text = PROV.replace("sha256:DIGEST", &digest.to_string());
        assert!(provenance::is_signed(text.as_bytes()) && !provenance::is_signed(b"<html>"));
        provenance::check(text.as_bytes(), "web-1.tgz", digest).unwrap();
        let error = provenance::check(text.as_bytes(), "web-1.tgz", Digest::of(b"two")).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Verification);
        let unsigned = text.split("-----BEGIN PGP SIGNATURE").next().unwrap();
        let doubled = text.replace("files:\n", &format!("files:\n  web-1.tgz: {}\n", Digest::of(b"two")));
        let hidden = text.replace("...\nfiles:", "files:");
        for wrong in [unsigned, &doubled, PROV, "junk"] {
            assert!(provenance::check(wrong.as_bytes(), "web-1.tgz", digest).is_err(), "{wrong}");
        }
        assert!(!provenance::check(text.as_bytes(), "web-2.tgz", digest).unwrap());
        assert!(!provenance::check(hidden.as_bytes(), "web-1.tgz", digest).unwrap());
    }

    #[test]
    fn references_are_read_in_their_full_form() {
        let hex = "a".repeat(64);
        for (text, whole) in [
            ("nginx", "docker.io/library/nginx:latest".to_owned()),
            ("index.docker.io/nginx:1", "docker.io/library/nginx:1".to_owned()),
            ("bitnami/redis:7.2", "docker.io/bitnami/redis:7.2".to_owned()),
            ("localhost:5000/a/b", "localhost:5000/a/b:latest".to_owned()),
            ("Quay.io/team/app__x:V1", "quay.io/team/app__x:V1".to_owned()),
            (&format!("quay.io/team/app@sha256:{hex}"), format!("quay.io/team/app@sha256:{hex}")),
            (&format!("quay.io/team/app:1@sha256:{hex}"), format!("quay.io/team/app:1@sha256:{hex}")),
        ] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), whole);
        }
        for text in [
            "",
            "Nginx",
            "a b",
            "quay.io/",
            "quay.io/a:",
            "a@sha256:1",
            "a@md5:x",
            "https://quay.io/a:1",
            "quay.io/a//b",
            "-a",
            "a:b:c",
            "ä",
            "{{ .Values.image }}",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }
}

#[test]
fn charts_inside_are_no_more_than_what_was_read() {
    use crate::artifact::Completeness;
    use crate::report::{Examined, Reading};
    let artifact = chart("charts.example.org/stable", "web", "1.9.0", "web-1.9.0.tgz", b"one");
    for (here, blobs) in [(true, vec![b"one".to_vec(), b"prov".to_vec()]), (false, vec![])] {
        let blobs = Memory(blobs.into_iter().map(|bytes| (Digest::of(&bytes), bytes)).collect());
        let component = Charts.examine(&artifact, &blobs).unwrap();
        let inside = component.inside.as_ref().unwrap();
        assert_eq!((inside.components[0].name.as_str(), inside.completeness()), ("redis", Completeness::Partial));
        assert_eq!(inside.components[0].examined == Examined::Read, here);
        assert_eq!(inside.databases[0].reading == Reading::Read, here);
    }
}
