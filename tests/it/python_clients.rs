//! Stock installers against the room's index: each installs by name, with dependencies, over loopback.

use crate::simple_index::wheel;
use crate::stock;
use airlift::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Learned, SideDigests};
use airlift::ecosystems::Ecosystem;
use airlift::ecosystems::python::Python;
use airlift::error::Result;
use airlift::store::Shelf;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

pub struct Folder(pub BTreeMap<Digest, PathBuf>);

struct Open(File);

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
        self.0.metadata().unwrap().len()
    }

    fn as_file(&self) -> Option<&File> {
        Some(&self.0)
    }
}

impl Blobs for Folder {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(self.0.get(digest).map(|path| Box::new(Open(File::open(path).unwrap())) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.get(digest).map(|path| path.metadata().unwrap().len()))
    }
}

/// A shelf with an application, its dependency in two versions, one of them yanked, and one for another Python.
fn shelf(folder: &Path) -> Shelf {
    let (mut artifacts, mut blobs) = (Vec::new(), BTreeMap::new());
    for (name, version, requires, more) in [
        ("app", "1.0", vec!["some-lib>=1"], serde_json::json!({"kind": "wheel", "indexes": ["pypi"], "requires-python": ">=3.6"})),
        ("some_lib", "1.0+cpu", vec![], serde_json::json!({"kind": "wheel", "upload-time": "2026-01-02T03:04:05.678Z"})),
        ("some_lib", "2.0", vec![], serde_json::json!({"kind": "wheel", "yanked": "<broken>"})),
        ("some_lib", "3.0", vec![], serde_json::json!({"kind": "wheel", "requires-python": ">=4, <5"})),
    ] {
        let bytes = wheel(name, version, &requires);
        let filename = format!("{name}-{version}-py3-none-any.whl");
        std::fs::write(folder.join(&filename), &bytes).unwrap();
        blobs.insert(Digest::of(&bytes), folder.join(&filename));
        let descriptor = Descriptor {
            media_type: "application/zip".to_owned(),
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
            name: Some(filename),
            origins: vec![],
            learned: Learned::Upstream,
            side_digests: SideDigests::new(),
        };
        artifacts.push(Arc::new(Artifact {
            ecosystem: "python".to_owned(),
            sections: vec![],
            name: name.replace('_', "-"),
            version: version.to_owned(),
            descriptors: vec![descriptor],
            subject: None,
            meta: more,
        }));
    }
    Shelf { view: "latest".to_owned(), id: Digest::of(b""), artifacts, blobs: Arc::new(Folder(blobs)) }
}

async fn serve(folder: &Path) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().nest("/python/latest", Python.serve(shelf(folder)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("{origin}/python/latest/simple/")
}

/// Runs an installer without anything of the environment's, and lists what it installed.
fn installed(command: &mut Command, into: &Path) -> Vec<String> {
    let home = into.with_extension("home");
    std::fs::create_dir_all(&home).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let command = command.env_clear().env("PATH", path).env("HOME", &home).env("PIP_CONFIG_FILE", "/dev/null").env("UV_NO_CONFIG", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let names = std::fs::read_dir(into).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".dist-info").map(str::to_owned)).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn pip_installs_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let index = serve(folder.path()).await;
    for client in ["pip-20.3.4", "pip-23.2.1", "pip-newest"] {
        let Some(python) = stock::need_as(client, "python") else { continue };
        let into = folder.path().join(client);
        let mut command = Command::new(python);
        command
            .args(["-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "--index-url", &index, "--target"])
            .arg(&into)
            .arg("App");
        assert_eq!(installed(&mut command, &into), ["app-1.0", "some_lib-1.0+cpu"], "{client}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uv_installs_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let index = serve(folder.path()).await;
    let Some(uv) = stock::need("uv") else { return };
    let into = folder.path().join("uv");
    let mut command = Command::new(uv);
    command.args(["pip", "install", "--no-cache", "--no-config", "--default-index", &index, "--target"]).arg(&into).arg("app");
    assert_eq!(installed(&mut command, &into), ["app-1.0", "some_lib-1.0+cpu"]);
}
