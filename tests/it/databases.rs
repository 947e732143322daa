//! Databases of other scanners, from publishers on loopback that speak as the real ones do, to the stock clients inside.

use crate::audit::{Site, TAKEN};
use crate::images::registry::Registry;
use crate::origin::{Origin, Reply};
use crate::stock::need;
use airlift::artifact::Digest;
use airlift::ecosystems::{Mirror, find};
use airlift::error::{Error, Kind};
use airlift::lock::Lock;
use airlift::steps::serve::{Settings, Site as Mounted};
use airlift::store::Store;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const LAYER: &str = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip";
pub const JAVA: &str = "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip";
/// When the databases here are made, as their publishers write it.
const MADE: &str = "2026-10-27T12:30:01.123456789Z";
const EARLIER: &str = "2026-10-26T00:00:00Z";

pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).expect("a member");
    }
    archive.into_inner().expect("a tar")
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).and_then(|()| packed.finish()).expect("a stream")
}

/// A database of trivy as its publisher packs it.
fn database(name: &str, updated: &str) -> Vec<u8> {
    let metadata = json!({ "Version": 2, "NextUpdate": "2026-10-28T12:30:01.123456589Z", "UpdatedAt": updated, "DownloadedAt": "0001-01-01T00:00:00Z" });
    gzip(&tar(&[(name, &[7; 10_000]), ("metadata.json", metadata.to_string().as_bytes())]))
}

/// Puts a layer under a tag, beside the configuration and the manifest that the publisher writes; the digest of the manifest.
pub fn publish(registry: &Registry, repository: &str, tag: &str, media_type: &str, layer: &[u8]) -> Digest {
    let config = registry.blob(repository, b"{}");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": { "mediaType": "application/vnd.aquasec.trivy.config.v1+json", "digest": config.to_string(), "size": 2 },
        "layers": [{ "mediaType": media_type, "digest": registry.blob(repository, layer).to_string(), "size": layer.len(),
            "annotations": { "org.opencontainers.image.title": "db.tar.gz" } }],
        "annotations": { "org.opencontainers.image.created": updated_day() }
    });
    registry.manifest(repository, Some(tag), MANIFEST, manifest.to_string().as_bytes())
}

const fn updated_day() -> &'static str {
    "2026-10-27T12:30:05Z"
}

/// Both databases of trivy on a registry.
pub fn trivy(updated: &str) -> Registry {
    let registry = Registry::start();
    publish(&registry, "aquasecurity/trivy-db", "2", LAYER, &database("trivy.db", updated));
    publish(&registry, "aquasecurity/trivy-java-db", "1", JAVA, &database("trivy-java.db", updated));
    registry
}

/// The archive of a database of grype, its name, and the listing of it.
fn built(time: &str) -> (Vec<u8>, String, Value) {
    listed(time, time.as_bytes())
}

/// The same of any database.
pub fn listed(time: &str, database: &[u8]) -> (Vec<u8>, String, Value) {
    let packed = zstd::encode_all(&tar(&[("vulnerability.db", database)])[..], 0).expect("an archive");
    let name = format!("vulnerability-db_v6.1.3_{time}_1764660463.tar.zst");
    let listing =
        json!({ "status": "active", "schemaVersion": "v6.1.3", "built": time, "path": name, "checksum": Digest::of(&packed).to_string() });
    (packed, name, listing)
}

/// grype's publisher; the listing is changed by whoever asks for it.
pub fn grype(time: &str, change: impl FnOnce(&mut Value)) -> Origin {
    let (packed, name, mut listing) = built(time);
    change(&mut listing);
    published(packed, &name, &listing)
}

/// A publisher of that archive, under that name.
pub fn published(packed: Vec<u8>, name: &str, listing: &Value) -> Origin {
    let paths = [("/databases/v6/latest.json".to_owned(), listing.to_string().into_bytes()), (format!("/databases/v6/{name}"), packed)];
    Origin::new(&paths.iter().map(|(path, bytes)| (path.as_str(), vec![Reply::File(bytes.clone())])).collect::<Vec<_>>())
}

/// A section that asks for all three.
pub fn section(registry: &Registry, listing: &Origin) -> String {
    let host = &registry.host;
    let references = format!("\"{host}/aquasecurity/trivy-db:2\", \"{host}/aquasecurity/trivy-java-db:1\"");
    format!("[advisories.scanners]\ntrivy = [{references}]\ngrype = \"{}\"\n", listing.url("/databases/v6/latest.json"))
}

/// The mirror of what a store has, on loopback.
async fn mirror(store: &Store) -> String {
    let snapshot = store.current().unwrap().unwrap();
    let router = Mounted::router(store.views(&snapshot).unwrap(), Some(1), &Arc::new(Settings::default()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    address
}

/// What `airlift client` says of a variable.
fn variable(store: &Store, mirror: &str, client: &str, name: &str) -> String {
    let mirror = Mirror { base: mirror.to_owned(), view: "latest".to_owned(), own_ca: false };
    let snapshot = store.current().unwrap().unwrap();
    let shelf = store.views(&snapshot).unwrap()[0].shelf("advisories");
    let snippets = find("advisories").unwrap().carried_config(&mirror, &shelf);
    let text = snippets.into_iter().find(|snippet| snippet.client == client).expect("a snippet").text;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("export {name}="))).unwrap_or_else(|| panic!("{name}: {text}"));
    line.to_owned()
}

fn ran(program: &Path, home: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").current_dir(home);
    let out = command.args(arguments).output().unwrap();
    assert!(out.status.success(), "{} {arguments:?}: {}", program.display(), String::from_utf8_lossy(&out.stderr));
    out.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_come_out_as_their_publishers_made_them() {
    let (site, registry, listing) = (Site::new().await, trivy(MADE), grype("2026-10-27T07:27:43Z", |_| {}));
    let lock = site.locked(&section(&registry, &listing), TAKEN).await.unwrap();
    let told: Vec<_> = lock.artifacts.iter().map(|a| (a.meta["kind"].clone(), a.meta["time"].clone(), a.descriptors.len())).collect();
    let expected = [(json!("grype"), json!("2026-10-27T07:27:43Z"), 2), (json!("trivy"), json!(MADE), 3), (json!("trivy"), json!(MADE), 3)];
    assert_eq!(told, expected);
    let receiver = site.world.receiver("receiver");
    site.world.import(&site.packed(&lock, "out").await, &receiver).unwrap();
    let address = mirror(&receiver).await;
    let home = tempfile::tempdir().unwrap();

    // What trivy does: the manifest by its tag, one layer of its type, by its digest.
    let reference = variable(&receiver, &address, "trivy", "TRIVY_DB_REPOSITORY");
    assert!(reference.ends_with("/aquasecurity/trivy-db:2"), "{reference}");
    assert!(variable(&receiver, &address, "trivy", "TRIVY_JAVA_DB_REPOSITORY").ends_with("/aquasecurity/trivy-java-db:1"));
    if let Some(skopeo) = need("skopeo") {
        let place = format!("docker://{reference}");
        let raw = ran(&skopeo, home.path(), &["inspect", "--raw", "--tls-verify=false", &place]);
        assert_eq!(raw, registry.content()["/v2/aquasecurity/trivy-db/manifests/2"].1, "the manifest, byte for byte");
        let copy = ["--insecure-policy", "copy", "--preserve-digests", "--src-tls-verify=false", &place, "dir:copy"];
        ran(&skopeo, home.path(), &copy);
        let layer = Digest::of(&database("trivy.db", MADE));
        assert_eq!(Digest::of(&std::fs::read(home.path().join("copy").join(layer.hex())).unwrap()), layer);
    }

    // What grype does: the listing, and the archive beside it, by its checksum.
    let url = variable(&receiver, &address, "grype", "GRYPE_DB_UPDATE_URL");
    if let Some(curl) = need("curl") {
        let said: Value = serde_json::from_slice(&ran(&curl, home.path(), &["-fsS", &url])).unwrap();
        assert_eq!(said, built("2026-10-27T07:27:43Z").2);
        let beside = format!("{}/{}", url.rsplit_once('/').unwrap().0, said["path"].as_str().unwrap());
        let archive = ran(&curl, home.path(), &["-fsS", &beside]);
        assert_eq!(Digest::of(&archive).to_string(), said["checksum"].as_str().unwrap());
        let list: Value = serde_json::from_slice(&ran(&curl, home.path(), &["-fsS", &format!("{address}/advisories/latest/")])).unwrap();
        assert_eq!(list["taken"]["grype/v6"], "2026-10-27T07:27:43Z");
        assert_eq!(list["taken"].as_object().unwrap().values().filter(|time| **time == json!(MADE)).count(), 2, "{list}");
    }
}

fn refused(outcome: airlift::error::Result<impl Sized>) -> Error {
    outcome.map(drop).expect_err("it is refused")
}

/// What is in a bundle of one database.
async fn volumes(site: &Site, section: &str, name: &str, now: &str) -> Vec<PathBuf> {
    let lock = site.locked(section, now).await.unwrap();
    let lock = Lock::new(name.to_owned(), "main".to_owned(), lock.manifest, lock.artifacts).unwrap();
    site.packed(&lock, name).await
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_never_go_back_in_time() {
    let site = Site::new().await;
    let receiver = site.world.receiver("receiver");
    let registry = trivy(MADE);
    let of_trivy = format!("[advisories.t]\ntrivy = [\"{}/aquasecurity/trivy-db:2\"]\n", registry.host);
    let of_grype = |listing: &Origin| format!("[advisories.g]\ngrype = \"{}\"\n", listing.url("/databases/v6/latest.json"));
    let (newer, older) = (grype(TAKEN, |_| {}), grype(EARLIER, |_| {}));
    site.world.import(&volumes(&site, &of_trivy, "first", TAKEN).await, &receiver).unwrap();
    site.world.import(&volumes(&site, &of_grype(&newer), "second", TAKEN).await, &receiver).unwrap();
    publish(&registry, "aquasecurity/trivy-db", "2", LAYER, &database("trivy.db", EARLIER));
    for (section, name) in [(of_trivy.clone(), "third"), (of_grype(&older), "fourth")] {
        let error = refused(site.world.import(&volumes(&site, &section, name, TAKEN).await, &receiver));
        assert!(error.kind() == Kind::Policy && error.message().contains("later one"), "{name}: {error}");
    }
    // Nothing of a time to come is locked, or let in.
    publish(&registry, "aquasecurity/trivy-db", "2", LAYER, &database("trivy.db", "2027-10-27T00:00:00Z"));
    let error = refused(site.locked(&of_trivy, TAKEN).await);
    assert!(error.message().contains("from the future"), "{error}");
    let error = refused(site.world.import(&volumes(&site, &of_trivy, "fifth", "2027-10-27T00:00:00Z").await, &receiver));
    assert!(error.kind() == Kind::Policy && error.message().contains("from the future"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_database_is_not_locked() {
    let (site, registry) = (Site::new().await, trivy(MADE));
    let layers: [(&str, Vec<u8>, &str); 5] = [
        ("other", database("trivy.db", MADE), "it has not one layer of one"),
        (LAYER, b"no archive".to_vec(), "it is not a database of trivy"),
        (LAYER, gzip(&tar(&[("metadata.json", b"{\"UpdatedAt\":\"2026-10-27T00:00:00Z\"}")])), "it is not a database of trivy"),
        (LAYER, gzip(&tar(&[("trivy.db", b"x"), ("metadata.json", b"{\"UpdatedAt\":\"yesterday\"}")])), "its metadata cannot be read"),
        (LAYER, gzip(&tar(&[("trivy.db", b"x"), ("metadata.json", &vec![b' '; 70_000])])), "its metadata are too long"),
    ];
    for (media_type, layer, words) in layers {
        let media_type = if media_type == "other" { "application/vnd.example.layer" } else { media_type };
        publish(&registry, "team/x", "2", media_type, &layer);
        let error = refused(site.locked(&format!("[advisories.t]\ntrivy = [\"{}/team/x:2\"]\n", registry.host), TAKEN).await);
        assert!(error.to_string().contains(words) && error.to_string().contains("team/x:2"), "{words}: {error:?}");
    }
    let untagged = format!("[advisories.t]\ntrivy = [\"{}/team/x@{}\"]\n", registry.host, Digest::of(b"x"));
    assert!(refused(site.locked(&untagged, TAKEN).await).message().contains("by tag"));

    let listings: [(&str, Value, &str); 6] = [
        ("checksum", json!(Digest::of(b"another").to_string()), "it is not what its listing says"),
        ("checksum", json!("xxh64:0123456789abcdef"), "its checksum is no SHA-256"),
        ("path", json!("../elsewhere/db.tar.zst"), "its archive does not lie beside it"),
        ("path", json!("latest.json"), "its archive does not lie beside it"),
        ("schemaVersion", json!("six"), "its schemaVersion names no model"),
        ("built", json!("yesterday"), "it is not the listing of a database of grype"),
    ];
    for (member, value, words) in listings {
        let listing = grype(MADE, |listing| listing[member] = value);
        let section = format!("[advisories.g]\ngrype = \"{}\"\n", listing.url("/databases/v6/latest.json"));
        let error = refused(site.locked(&section, TAKEN).await);
        assert!(error.to_string().contains(words), "{words}: {error:?}");
    }
    let ended = grype(MADE, |listing| listing["status"] = json!("eol"));
    site.locked(&format!("[advisories.g]\ngrype = \"{}\"\n", ended.url("/databases/v6/latest.json")), TAKEN).await.expect("with a note");
}
