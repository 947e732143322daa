//! Debian's `docker-registry` (distribution 2.8): what a registry out there really answers.

use super::pictures::{INDEX, MANIFEST, blob, index, put, referrer};
use super::registry::Registry;
use super::{fetch, lock_with, settings};
use crate::stock::need;
use airlift::artifact::{Artifact, Digest};
use airlift::error::Kind;
use airlift::upstream::{Settings, Upstream};
use reqwest::{Client, StatusCode};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// `alice:s3cret` in bcrypt, the only form the registry reads.
const PASSWORDS: &str = "alice:$2y$05$BT8/GJYOtQuMbP0sA29GG.x5vhUWFbTkHptZhliAcQVosvTS0YG26\n";

/// A registry of that program on loopback, which ends with its owner.
pub struct Debian {
    pub host: String,
    process: Child,
    folder: tempfile::TempDir,
}

impl Drop for Debian {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Debian {
    /// Runs a registry; `more` goes under `http:`, `access` to the top of its configuration.
    pub fn start(program: &Path, folder: tempfile::TempDir, access: &str, more: &str) -> Self {
        // The port is free a moment before the registry takes it: it cannot choose one itself.
        let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let root = folder.path().join("data");
        let text = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n{access}http:\n  addr: {host}\n{more}",
            root.display()
        );
        let config = folder.path().join("registry.yml");
        fs::write(&config, text).unwrap();
        let mut process = Command::new(program).arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("listening on")), "the registry did not start");
        // What it logs later must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { host, process, folder }
    }

    /// Takes over everything that is in a small registry.
    pub async fn fill(&self, client: &Client, scheme: &str, source: &Registry) {
        let base = format!("{scheme}://{}", self.host);
        let sent = |request: reqwest::RequestBuilder| async move {
            let response = request.basic_auth("alice", Some("s3cret")).send().await.unwrap();
            assert!(response.status().is_success(), "{}", response.status());
            response
        };
        let content = source.content();
        for (path, (_, bytes)) in content.iter().filter(|(path, _)| path.contains("/blobs/")) {
            let (repository, _) = path.split_once("/blobs/").unwrap();
            let begun = sent(client.post(format!("{base}{repository}/blobs/uploads/"))).await;
            let place = begun.headers()["location"].to_str().unwrap().to_owned();
            sent(client.put(place).query(&[("digest", Digest::of(bytes).to_string())]).body(bytes.clone())).await;
        }
        // An index is taken only after what it lists.
        let manifests = |index: bool| content.iter().filter(move |(path, c)| path.contains("/manifests/") && (c.0 == INDEX) == index);
        for (path, (media_type, bytes)) in manifests(false).chain(manifests(true)) {
            sent(client.put(format!("{base}{path}")).header("content-type", media_type).body(bytes.clone())).await;
        }
    }
}

async fn fetch_all(upstream: &Upstream, artifacts: &[Artifact]) {
    for artifact in artifacts {
        for blob in &artifact.descriptors {
            let (_, bytes) = fetch(upstream, artifact, blob, 0).await.unwrap();
            assert_eq!((Digest::of(&bytes), bytes.len() as u64), (blob.digest, blob.size), "{}", blob.media_type);
        }
    }
}

#[tokio::test]
async fn an_index_with_signatures_is_locked_and_fetched() {
    let Some(program) = need("docker-registry") else { return };
    let source = Registry::start();
    let (root, _) = index(&source, "team/app", "1");
    let sbom = referrer(&source, "team/app", "application/spdx+json", &root);
    let tag = format!("sha256-{}", root.digest.hex());
    put(&source, "team/app", Some(&tag), INDEX, &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [sbom.descriptor()] }));
    source.blob("team/app", b"payload");
    let signature = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": blob("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [blob("application/vnd.dev.cosign.simplesigning.v1+json", b"payload")],
    });
    put(&source, "team/app", Some(&format!("{tag}.sig")), MANIFEST, &signature);
    let debian = Debian::start(&program, tempfile::tempdir().unwrap(), "", "");
    debian.fill(&Client::new(), "http", &source).await;
    let host = &debian.host;
    let section = format!("references = [\"{host}/team/app:1\"]\nplain-http = [\"{host}\"]\nplatforms = \"all\"");
    let locked = lock_with(settings(), &section).await.unwrap();
    assert_eq!(locked.artifacts[0].meta["signatures"], json!({ "cosign": "carried", "referrers": 1 }));
    assert_eq!(locked.artifacts[0].descriptors[0].digest, root.digest);
    assert_eq!(locked.artifacts.len(), 4, "image, signature, list of referrers, SBOM");
    let upstream = Upstream::new(settings()).unwrap();
    fetch_all(&upstream, &locked.artifacts).await;
    let layer = locked.artifacts[0].descriptors.iter().find(|d| d.digest == Digest::of(b"shared layer")).unwrap();
    assert_eq!(fetch(&upstream, &locked.artifacts[0], layer, 7).await.unwrap(), (7, b"layer".to_vec()));
}

#[tokio::test]
async fn tls_with_an_own_authority_and_a_login() {
    let Some(program) = need("docker-registry") else { return };
    let folder = tempfile::tempdir().unwrap();
    let authority = certificates(folder.path());
    let place = |name: &str| folder.path().join(name).display().to_string();
    let access = format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", place("passwords"));
    let tls = format!("  tls: {{certificate: {}, key: {}}}\n", place("server.pem"), place("server.key"));
    fs::write(place("passwords"), PASSWORDS).unwrap();
    let debian = Debian::start(&program, folder, &access, &tls);
    let source = Registry::start();
    index(&source, "team/app", "1");
    let trusting = Client::builder().add_root_certificate(reqwest::Certificate::from_pem(&authority).unwrap()).build().unwrap();
    debian.fill(&trusting, "https", &source).await;
    let login = debian.folder.path().join("config.json");
    fs::write(&login, format!("{{\"auths\":{{\"{}\":{{\"auth\":\"YWxpY2U6czNjcmV0\"}}}}}}", debian.host)).unwrap();
    let section = format!("references = [\"{}/team/app:1\"]", debian.host);

    let complete = Settings { extra_roots: vec![authority.clone()], login_files: vec![login.clone()], ..settings() };
    let locked = lock_with(complete.clone(), &section).await.unwrap();
    fetch_all(&Upstream::new(complete).unwrap(), &locked.artifacts).await;

    let stranger = lock_with(Settings { login_files: vec![login], ..settings() }, &section).await.unwrap_err();
    assert_eq!(stranger.kind(), Kind::Upstream);
    assert!(stranger.message().ends_with("cannot connect"), "{stranger}");
    let nobody = lock_with(Settings { extra_roots: vec![authority], ..settings() }, &section).await.unwrap_err();
    assert!(nobody.context().contains(&("reason", "the registry wants a login".to_owned())), "{nobody}");
    assert!(nobody.message().ends_with(&format!("the server answered {}", StatusCode::UNAUTHORIZED)), "{nobody}");
}

/// An authority, and a server certificate by it; returns the authority in PEM.
fn certificates(folder: &Path) -> Vec<u8> {
    let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let server_key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&server_key, &issuer).unwrap();
    fs::write(folder.join("server.pem"), server.pem()).unwrap();
    fs::write(folder.join("server.key"), server_key.serialize_pem()).unwrap();
    authority.pem().into_bytes()
}
