//! The way in and out again: what a stock client pulls from the mirror is what was in the registry.

use super::pictures::{index, referrer};
use super::registry::Registry;
use super::{fetch, lock, settings};
use crate::stock::need;
use airlift::artifact::{Artifact, BlobRead, Blobs, Digest};
use airlift::ecosystems::find;
use airlift::error::Result;
use airlift::server::oci::{ROOT, Registry as Served};
use airlift::store::Shelf;
use airlift::upstream::Upstream;
use axum::Router;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Fetched blobs.
struct Memory(BTreeMap<Digest, Vec<u8>>);

struct Piece(Cursor<Vec<u8>>);

impl Read for Piece {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Piece {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
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

/// Fetches all artifacts and serves them on loopback; returns host and port.
async fn mirror(artifacts: Vec<Artifact>) -> String {
    let upstream = Upstream::new(settings()).unwrap();
    let mut bytes = BTreeMap::new();
    for artifact in &artifacts {
        for blob in &artifact.descriptors {
            bytes.insert(blob.digest, fetch(&upstream, artifact, blob, 0).await.unwrap().1);
        }
    }
    let artifacts = artifacts.into_iter().map(Arc::new).collect();
    let shelf = Shelf { view: "latest".to_owned(), id: Digest::of(b"view"), artifacts, blobs: Arc::new(Memory(bytes)) };
    let room = find("images").unwrap();
    let registry = Served::new([room.repositories(&shelf)], shelf.blobs, ROOT.to_owned());
    let router = Router::new().nest_service(ROOT, registry.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    host
}

fn skopeo(program: &Path, folder: &Path, arguments: &[&str]) -> Vec<u8> {
    // A home of its own: the cache of the machine would let skopeo swap a layer for another with the same content.
    let mut command = Command::new(program);
    command.env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").env("XDG_DATA_HOME", folder).current_dir(folder);
    let out = command.arg("--insecure-policy").args(arguments).output().unwrap();
    assert!(out.status.success(), "skopeo {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_copies_what_the_registry_had() {
    let Some(program) = need("skopeo") else { return };
    let registry = Registry::start();
    let (root, children) = index(&registry, "team/app", "1");
    let sbom = referrer(&registry, "team/app", "application/spdx+json", &root);
    super::pictures::list(&registry, "team/app", &root.digest, &[&sbom]);
    let whole = lock(&registry, "team/app:1", "platforms = \"all\"").await.unwrap().artifacts;
    let mirror = mirror(whole).await;
    let name = format!("docker://{mirror}/{}/team/app", registry.host.replace(':', "_"));
    let folder = tempfile::tempdir().unwrap();
    let raw = skopeo(&program, folder.path(), &["inspect", "--raw", "--tls-verify=false", &format!("{name}:1")]);
    assert_eq!(Digest::of(&raw), root.digest, "the index, byte for byte");
    let child = skopeo(&program, folder.path(), &["inspect", "--raw", "--tls-verify=false", &format!("{name}@{}", children[2].digest)]);
    assert_eq!(Digest::of(&child), children[2].digest);
    let tags = skopeo(&program, folder.path(), &["list-tags", "--tls-verify=false", &name]);
    assert!(String::from_utf8(tags).unwrap().contains("\"1\""));
    let copy = ["copy", "--all", "--preserve-digests", "--src-tls-verify=false", &format!("{name}@{}", root.digest), "oci:copy:1"];
    skopeo(&program, folder.path(), &copy);
    for child in &children {
        assert!(folder.path().join("copy/blobs/sha256").join(child.digest.hex()).is_file());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_copies_the_platform_that_was_carried() {
    let Some(program) = need("skopeo") else { return };
    let registry = Registry::start();
    index(&registry, "team/app", "1");
    let mirror = mirror(lock(&registry, "team/app:1", "").await.unwrap().artifacts).await;
    let folder = tempfile::tempdir().unwrap();
    let name = format!("docker://{mirror}/{}/team/app:1", registry.host.replace(':', "_"));
    let copy = |architecture: &str| {
        let text = ["--insecure-policy", "--override-arch", architecture, "copy", "--src-tls-verify=false", &name, "oci:copy:1"];
        Command::new(&program)
            .env_clear()
            .env("HOME", folder.path())
            .env("PATH", "/usr/bin:/bin")
            .args(text)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    assert!(copy("amd64").status.success());
    let absent = copy("arm64");
    assert!(String::from_utf8_lossy(&absent.stderr).contains("manifest unknown"), "{}", String::from_utf8_lossy(&absent.stderr));
}
