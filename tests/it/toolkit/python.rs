//! The Python sections of the shipped toolkit, locked and served on loopback: each resolves as it is written, and all install together.

use super::{parsed, public, python_on_loopback, torch_cpu};
use crate::python::NOW;
use crate::python_clients::Folder;
use crate::simple_index::SimpleIndex;
use airlift::artifact::{Artifact, Digest};
use airlift::ecosystems::python::{Python, PythonSection};
use airlift::ecosystems::{self, Ecosystem, LockRequest, Locked};
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::store::Shelf;
use airlift::upstream::{Settings, Upstream};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

async fn lock(manifest: &Manifest, section: usize, folder: &Path) -> Locked {
    let upstream = Upstream::new(Settings { attempts: 1, ..Settings::default() }).unwrap();
    let request = LockRequest {
        section: &manifest.sections[section],
        manifest,
        base: folder,
        cache: &folder.join("cache"),
        now: NOW.parse().unwrap(),
        upstream: &upstream,
        packages: &std::collections::BTreeMap::new(),
        progress: &Silent,
    };
    Python.lock(request).await.unwrap()
}

fn versions(locked: &Locked) -> Vec<String> {
    locked.artifacts.iter().map(|a| format!("{} {}", a.name, a.version)).collect()
}

/// A mirror of these artifacts, with the bytes that the indexes had.
async fn served(artifacts: Vec<Arc<Artifact>>, indexes: [&SimpleIndex; 2], folder: &Path) -> String {
    let mut blobs = std::collections::BTreeMap::new();
    for file in indexes.iter().flat_map(|index| index.files()) {
        let path = folder.join(&file.filename);
        std::fs::write(&path, &file.bytes).unwrap();
        blobs.insert(Digest::of(&file.bytes), path);
    }
    let shelf = Shelf { view: "latest".to_owned(), id: Digest::of(b"toolkit"), artifacts, blobs: Arc::new(Folder(blobs)) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = Python.serve(shelf);
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

#[tokio::test(flavor = "multi_thread")]
async fn every_python_section_locks_and_all_install_together() {
    let (public, torch, folder) = (public().await, torch_cpu().await, TempDir::new().unwrap());
    let manifest = parsed(&python_on_loopback(super::TOOLKIT, &public, &torch));
    let mut artifacts: Vec<Arc<Artifact>> = Vec::new();
    let mut requirements = Vec::new();
    for at in (0..manifest.sections.len()).filter(|at| manifest.sections[*at].ecosystem == "python") {
        let locked = lock(&manifest, at, folder.path()).await;
        let section = &manifest.sections[at];
        assert!(locked.summary.ends_with("linux-aarch64 py3.11, py3.12; linux-x86_64 py3.11, py3.12"), "{}", locked.summary);
        if section.name == "pytorch" {
            assert_eq!(versions(&locked), ["numeric 2.0", "shared 2.0", "torch 2.0+cpu"]);
            assert_eq!(locked.artifacts[2].meta["indexes"][0], "torch-cpu");
        }
        requirements.extend(section.parse::<PythonSection>().unwrap().requirements);
        artifacts.extend(locked.artifacts.into_iter().map(Arc::new));
    }
    assert_eq!(public.count("GET", "/simple/torch/"), 0, "torch comes from its own index or not at all");
    let mirror = served(artifacts, [&public, &torch], folder.path()).await;
    let inside = format!(
        "airlift = 1\nname = \"inside\"\n[targets.one]\nplatform = \"linux-x86_64\"\npython = \"3.12\"\n[python.all]\n\
         requirements = {requirements:?}\ndefault-index = \"{mirror}/simple/\"\n"
    );
    let together = lock(&Manifest::parse(&inside, &ecosystems::names()).unwrap(), 0, &folder.path().join("inside")).await;
    let found = versions(&together);
    for name in &requirements {
        assert!(found.iter().any(|line| line.starts_with(&format!("{name} "))), "{name} is not in {found:?}");
    }
    assert!(found.contains(&"torch 2.0+cpu".to_owned()), "{found:?}");
}
