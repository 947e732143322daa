//! The conformance suite: what every room must do, asked of every room in the same way. A room without an entry in [`exhibit`] fails it.

use crate::charts::{Classic, archive};
use crate::conda_lock::channel::{Paths, package};
use crate::databases;
use crate::images::pictures;
use crate::images::registry::Registry;
use crate::models::hub::{Hub, commit, tiny};
use crate::origin::{Origin, Reply};
use crate::sbom;
use crate::simple_index::SimpleIndex;
use crate::world::{World, journal};
use airlift::artifact::{Artifact, Digest, percent_encoded};
use airlift::ecosystems::{self, ALL, Ecosystem, Mirror};
use airlift::error::Kind;
use airlift::lock::Lock;
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::report::Examined;
use airlift::steps::fetch::{FetchOptions, fetch};
use airlift::steps::lock::{LockOptions, lock};
use airlift::steps::sbom::Nowhere;
use airlift::steps::serve::{Settings as Site, Site as Mounted};
use airlift::upstream::{Settings, Upstream};
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

/// A room with something to show.
struct Exhibit {
    /// A section that asks an upstream on loopback.
    section: String,
    /// Registries that are asked over plain HTTP.
    plain_http: Vec<String>,
    /// Where a blob of an artifact is served; every blob of every artifact must be.
    place: fn(&Artifact, usize) -> String,
    /// Documents that clients begin with.
    documents: Vec<String>,
    /// What is not here.
    absent: &'static str,
    /// How often the upstream was asked.
    asked: Box<dyn Fn() -> usize>,
}

/// The table: one entry a room.
async fn exhibit(room: &str) -> Exhibit {
    match room {
        "python" => python().await,
        "images" => images(),
        "models" => models(),
        "files" => files(),
        "conda" => conda(),
        "charts" => charts(),
        "advisories" => advisories(),
        other => panic!("the room {other} has no entry in the table of tests/it/rooms.rs: give it one"),
    }
}

async fn python() -> Exhibit {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &["lib>=1"]);
    index.wheel("lib", "2.0", &[]);
    Exhibit {
        section: format!("[python.x]\nrequirements = [\"app\"]\ndefault-index = \"{}\"\n", index.url()),
        plain_http: vec![],
        place: |artifact, n| {
            let blob = &artifact.descriptors[n];
            format!("/python/latest/files/{}/{}/{}", &blob.digest.hex()[..2], blob.digest.hex(), blob.name.as_deref().unwrap())
        },
        documents: vec!["/python/latest/simple/".to_owned(), "/python/latest/simple/app/".to_owned()],
        absent: "/python/latest/simple/none/",
        asked: Box::new(move || index.with(|stock| stock.seen.len())),
    }
}

/// Blobs of a registry under the repository's own name.
fn in_the_registry(artifact: &Artifact, n: usize) -> String {
    let (blob, name) = (&artifact.descriptors[n], artifact.name.replace(':', "_"));
    let kind = if blob.media_type.contains("manifest") || blob.media_type.contains("index") { "manifests" } else { "blobs" };
    let kind = if blob.media_type.contains("config") { "blobs" } else { kind };
    format!("/v2/{name}/{kind}/{}", blob.digest)
}

fn images() -> Exhibit {
    let registry = Registry::start();
    pictures::single(&registry, "team/app", Some("1"), "amd64");
    let (host, name) = (registry.host.clone(), registry.host.replace(':', "_"));
    Exhibit {
        section: format!("[images.x]\nreferences = [\"{host}/team/app:1\"]\nplatforms = \"all\"\n"),
        plain_http: vec![host],
        place: in_the_registry,
        documents: vec![
            "/v2/".to_owned(),
            format!("/v2/{name}/team/app/tags/list"),
            format!("/images/latest/v2/{name}/team/app/manifests/1"),
        ],
        absent: "/v2/team/none/manifests/1",
        asked: Box::new(move || registry.log().len()),
    }
}

fn models() -> Exhibit {
    let hub = Hub::start();
    hub.repo("models", "acme/tiny", &commit('a'), &tiny());
    Exhibit {
        section: format!("[models.x]\nrepo = \"acme/tiny\"\nhub = \"{}\"\n", hub.address()),
        plain_http: vec![],
        place: |artifact, n| {
            let path: Vec<String> = artifact.descriptors[n].name.as_deref().unwrap().split('/').map(percent_encoded).collect();
            format!("/models/latest/{}/resolve/{}/{}", artifact.name, artifact.version, path.join("/"))
        },
        documents: ["/models/latest/api/models/acme/tiny/revision/main", "/v2/models/acme/tiny/manifests/main", "/v2/_catalog"]
            .map(str::to_owned)
            .to_vec(),
        absent: "/models/latest/api/models/acme/none",
        asked: Box::new(move || hub.server.log().len()),
    }
}

fn files() -> Exhibit {
    let origin = Origin::new(&[("/tool.bin", vec![Reply::File(b"a tool".to_vec())])]);
    let address = origin.address.clone();
    Exhibit {
        section: format!("[files.x]\nurl = \"{address}/tool.bin\"\n"),
        plain_http: vec![],
        place: |artifact, _| format!("/files/latest/{}", artifact.name),
        documents: vec!["/files/latest/".to_owned()],
        absent: "/files/latest/none.bin",
        asked: Box::new(move || origin.gets("/tool.bin").len()),
    }
}

fn conda() -> Exhibit {
    let packages = [package("linux-64", "app-1.0-h1_0.conda", &["lib >=2"]), package("noarch", "lib-2.0-py_0.tar.bz2", &[])];
    let mut paths = Paths::default();
    let origin = paths.compressed("forge", &packages).serve();
    let alias = origin.address.clone();
    Exhibit {
        section: format!("[conda.x]\nchannel-alias = \"{alias}\"\nchannels = [\"forge\"]\nspecs = [\"app\"]\n"),
        plain_http: vec![],
        place: |artifact, n| {
            let (folder, _) = artifact.name.rsplit_once('/').unwrap();
            format!("/conda/latest/{folder}/{}", artifact.descriptors[n].name.as_deref().unwrap())
        },
        documents: ["linux-64/repodata_shards.msgpack.zst", "linux-64/repodata.json.zst", "noarch/repodata.json"]
            .map(|file| format!("/conda/latest/forge/{file}"))
            .to_vec(),
        absent: "/conda/latest/forge/linux-64/none-1-0.conda",
        asked: Box::new(move || origin.seen().len()),
    }
}

fn charts() -> Exhibit {
    let repository = Classic::start();
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: notes\nversion: 1.0.0\n"),
        ("templates/notes.yaml", "kind: ConfigMap\nmetadata: {name: notes}\n"),
    ];
    repository.add("notes", "1.0.0", &archive("notes", &files));
    let (address, served) = (repository.address(), repository.server.host.replace(':', "_"));
    Exhibit {
        section: format!("[charts.x]\nchart = \"notes\"\nrepository = \"{address}\"\nversion = \"1.0.0\"\n"),
        plain_http: vec![],
        place: |artifact, n| {
            assert_eq!(n, 0, "there is no provenance file");
            let (repository, name) = artifact.name.rsplit_once('/').unwrap();
            format!("/charts/latest/{repository}/charts/{name}-{}.tgz", artifact.version)
        },
        documents: vec![
            "/charts/latest/index.yaml".to_owned(),
            format!("/charts/latest/{served}/index.yaml"),
            format!("/v2/charts/{served}/notes/manifests/1.0.0"),
        ],
        absent: "/charts/latest/charts/none-1.0.0.tgz",
        asked: Box::new(move || repository.server.log().len()),
    }
}

fn advisories() -> Exhibit {
    let origin = Origin::new(&[("/PyPI/all.zip", vec![Reply::File(crate::advisories::ours().bytes)])]);
    let address = origin.address.clone();
    let (registry, listing) = (databases::trivy("2026-10-27T00:00:00Z"), databases::grype("2026-10-27T00:00:00Z", |_| {}));
    let scanners = databases::section(&registry, &listing);
    Exhibit {
        section: format!("[advisories.x]\necosystems = [\"PyPI\"]\nsource = \"{address}/{{ecosystem}}/all.zip\"\n{scanners}"),
        plain_http: vec![],
        place: |artifact, n| match artifact.name.split_once('/') {
            Some(("trivy", reference)) => {
                let repository = reference.rsplit_once(':').unwrap().0.to_owned();
                in_the_registry(&Artifact { name: repository, ..artifact.clone() }, n)
            }
            Some(("grype", _)) => format!("/advisories/latest/{}/{}", artifact.name, artifact.descriptors[n].name.as_deref().unwrap()),
            _ => "/advisories/latest/osv-scanner/PyPI/all.zip".to_owned(),
        },
        documents: ["", "PyPI/all.zip", "osv-scalibr/PyPI/all.zip"].map(|path| format!("/advisories/latest/{path}")).to_vec(),
        absent: "/advisories/latest/osv-scanner/npm/all.zip",
        asked: Box::new(move || origin.gets("/PyPI/all.zip").len() + registry.log().len() + listing.seen().len()),
    }
}

async fn locked(exhibit: &Exhibit, cache: &Path) -> Lock {
    let targets = "[targets.linux]\nplatform = \"linux-x86_64\"\npython = \"3.12\"\nglibc = \"2.28\"\n";
    let text = format!("airlift = 1\nname = \"kit\"\n{targets}{}", exhibit.section);
    let manifest = Manifest::parse(&text, &ecosystems::names()).unwrap();
    let upstream = upstream(exhibit);
    let now = "2026-10-28T00:00:00Z".parse().unwrap();
    let options = LockOptions { base: Path::new("."), cache, now, upstream: &upstream, progress: &Silent };
    lock(&manifest, &options).await.unwrap().lock
}

/// The same lock with an entry that its room cannot read; `None` where a room reads no details.
fn changed(lock: &Lock) -> Option<Lock> {
    let mut artifacts = lock.artifacts.clone();
    artifacts[0].meta["channel"] = "../elsewhere".into();
    let room = ecosystems::find(&artifacts[0].ecosystem).unwrap();
    assert!(room.check(&artifacts[0]).is_err() || room.name() == "files", "{} serves anything", room.name());
    room.check(&artifacts[0]).is_err().then(|| Lock::new("kit".to_owned(), "main".to_owned(), lock.manifest, artifacts).unwrap())
}

fn upstream(exhibit: &Exhibit) -> Upstream {
    Upstream::new(Settings { attempts: 2, plain_http: exhibit.plain_http.clone(), ..Settings::default() }).unwrap()
}

async fn get(site: &Router, path: &str) -> (StatusCode, Vec<u8>) {
    let request = Request::builder().uri(path).header("host", "mirror.lan").body(Body::empty()).unwrap();
    let response = site.clone().oneshot(request).await.unwrap();
    let status = response.status();
    (status, axum::body::to_bytes(response.into_body(), 1 << 26).await.unwrap().to_vec())
}

/// The whole way of one room.
async fn conforms(room: &'static dyn Ecosystem) {
    let (name, world) = (room.name(), World::new());
    let exhibit = exhibit(name).await;
    let lock = locked(&exhibit, &world.path("cache")).await;
    assert_eq!(lock.to_bytes(), locked(&exhibit, &world.path("another-cache")).await.to_bytes(), "{name}: two locks differ");
    assert!(!lock.artifacts.is_empty() && lock.artifacts.iter().all(|a| a.ecosystem == name && !a.descriptors.is_empty()), "{name}");

    let (upstream, cache) = (upstream(&exhibit), world.path("cache"));
    let writer = world.sender.writer().unwrap();
    let options = FetchOptions { upstream: &upstream, cache: &cache, parallel: 2, progress: &Silent };
    let changed = changed(&lock);
    if let Some(changed) = &changed {
        let refused = fetch(changed.clone(), &journal(&writer), &options).await.expect_err("its room refuses it");
        assert!(refused.kind() == Kind::Verification && refused.message().contains(&lock.artifacts[0].name), "{name}: {refused}");
        assert!(!writer.store().has(&lock.artifacts[0].descriptors[0].digest, lock.artifacts[0].descriptors[0].size).unwrap());
    }
    fetch(lock.clone(), &journal(&writer), &options).await.unwrap();
    drop(writer);
    if let Some(changed) = changed {
        let refused = world.try_pack(&changed, "changed", None, (None, None)).map(drop).expect_err("its room refuses it");
        assert_eq!(refused.kind(), Kind::Verification, "{name}: {refused}");
        assert_eq!(ecosystems::unserved(&changed.artifacts).len(), 1, "{name}");
    }
    assert_eq!(ecosystems::unserved(&lock.artifacts), [""; 0], "{name}");
    let asked = (exhibit.asked)();
    assert!(asked > 0, "{name}: the upstream was never asked");

    let receiver = world.receiver("receiver");
    world.import(&world.pack(&lock, "out", None, &[1]), &receiver).unwrap();
    for artifact in &lock.artifacts {
        let described = room.describe(artifact, &receiver).unwrap();
        assert!(is_purl(&described.purl), "{name}: {} is described as {:?}", artifact.label(), described.purl);
    }
    in_the_inventory(name, &lock, &receiver);
    let snapshot = receiver.current().unwrap().unwrap();
    let site = Mounted::router(receiver.views(&snapshot).unwrap(), Some(1), &Arc::new(Site::default()));
    let mut seen = BTreeSet::new();
    for artifact in &lock.artifacts {
        for (n, blob) in artifact.descriptors.iter().enumerate() {
            let place = (exhibit.place)(artifact, n);
            let (status, bytes) = get(&site, &place).await;
            assert_eq!((status, Digest::of(&bytes), bytes.len() as u64), (StatusCode::OK, blob.digest, blob.size), "{name}: {place}");
            seen.insert(blob.digest);
        }
    }
    assert!(!seen.is_empty());
    for document in &exhibit.documents {
        let (status, bytes) = get(&site, document).await;
        assert!(status == StatusCode::OK && !bytes.is_empty(), "{name}: {document}: {status}");
    }
    assert_eq!(get(&site, exhibit.absent).await.0, StatusCode::NOT_FOUND, "{name}: {}", exhibit.absent);
    assert_eq!((exhibit.asked)(), asked, "{name}: what is served inside asked the outside");
}

/// A room says of every artifact how far it was read, the same each time, in documents that foreign validators take.
fn in_the_inventory(name: &str, lock: &Lock, blobs: &dyn airlift::artifact::Blobs) {
    let (here, again) = (sbom::inventory(&lock.artifacts, blobs), sbom::inventory(&lock.artifacts, blobs));
    let absent = sbom::inventory(&lock.artifacts, &Nowhere);
    assert!(here == again && here.components.len() == lock.artifacts.len(), "{name}");
    for component in &here.components {
        assert!(component.examined != Examined::NotExamined, "{name}: {component:?}");
        assert!(is_purl(&component.purl) && !component.name.is_empty() && component.ecosystem == name, "{name}: {component:?}");
    }
    assert!(absent.components.iter().all(|component| component.examined == Examined::NotExamined), "{name}: {absent:?}");
    sbom::judged(&here);
    sbom::judged(&absent);
}

/// A package URL as far as its form goes (ECMA-427): scheme, type, name, and nothing that should be escaped.
fn is_purl(text: &str) -> bool {
    let Some((kind, rest)) = text.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')) else { return false };
    let kind_fits =
        kind.starts_with(|c: char| c.is_ascii_lowercase()) && kind.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (path, version) = path.split_once('@').unwrap_or((path, "-"));
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~%".contains(c) || more.contains(c))
    };
    let qualified = qualifiers.is_empty()
        || qualifiers.split('&').all(|pair| pair.split_once('=').is_some_and(|(k, v)| plain(k, "") && plain(v, ":/")));
    kind_fits && path.split('/').all(|segment| plain(segment, ":")) && plain(version, ":") && qualified
}

#[tokio::test(flavor = "multi_thread")]
async fn every_room_goes_the_whole_way() {
    for room in ALL {
        conforms(*room).await;
    }
}

#[test]
fn every_room_tells_users_what_to_do() {
    for room in ALL {
        let name = room.name();
        for mirror in [("http://mirror.lan", "latest", false), ("https://mirror.lan:8443", "kit-7", true)] {
            let (base, view, own_ca) = mirror;
            let snippets = room.client_config(&Mirror { base: base.to_owned(), view: view.to_owned(), own_ca });
            assert!(
                snippets.iter().any(|s| s.text.contains(base.split("://").nth(1).unwrap())),
                "{name} has no snippet with the mirror's address"
            );
            assert!(snippets.iter().all(|s| !s.client.is_empty() && !s.place.is_empty() && !s.text.trim().is_empty()), "{name}");
        }
        let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ecosystems").join(name).join("README.md");
        let text = std::fs::read_to_string(&readme).unwrap();
        assert!(text.contains(&format!("[{name}.")), "{} shows no section", readme.display());
        let schema = serde_json::to_value(room.section_schema()).unwrap();
        for key in schema["properties"].as_object().unwrap().keys() {
            assert!(text.contains(key.as_str()), "{} says nothing of the key {key}", readme.display());
        }
    }
}

#[test]
fn the_form_of_package_urls_is_judged() {
    for good in
        ["pkg:pypi/app@1.0", "pkg:oci/app@sha256:ab?repository_url=quay.io%2Fa&tag=1", "pkg:generic/a%20b", "pkg:huggingface/a/b@cc"]
    {
        assert!(is_purl(good), "{good}");
    }
    for bad in
        ["", "pkg:", "pkg:pypi", "pkg:pypi/", "pypi/app@1", "pkg:pypi/a b@1", "pkg:Pypi/a", "pkg:pypi/app@", "pkg:oci/a?x", "pkg:pypi//a"]
    {
        assert!(!is_purl(bad), "{bad}");
    }
}
