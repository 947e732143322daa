//! The Python sections of the shipped toolkit, locked and served on loopback: each resolves as it is written, and all install together.

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

const TOOLKIT: &str = include_str!("../../manifests/mlops-toolkit.toml");

/// An index with the projects that the toolkit asks for, which need each other in ways that narrow their versions.
async fn public() -> SimpleIndex {
    let index = SimpleIndex::start().await;
    for (name, needs) in [
        ("jupyterlab", &["shared>=1"][..]),
        ("ipywidgets", &[]),
        ("scikit-learn", &["numeric<3"]),
        ("pandas", &["numeric>=1"]),
        ("matplotlib", &["numeric"]),
        ("tensorflow", &["numeric<3", "shared<3"]),
        ("shared", &[]),
    ] {
        published(&index, name, "2.0", needs);
    }
    for version in ["1.0", "2.0"] {
        published(&index, "numeric", version, &[]);
    }
    published(&index, "torch", "9.0", &["cuda"]);
    index
}

fn published(index: &SimpleIndex, name: &str, version: &str, needs: &[&str]) {
    let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
    index.file(name, &file, crate::simple_index::wheel(&name.replace('-', "_"), version, needs));
    index.last(name, |file| file.more = serde_json::json!({"upload-time": "2026-01-01T00:00:00Z"}));
}

/// As the project's own: HTML without sizes, upload times and metadata.
async fn torch_cpu() -> SimpleIndex {
    let index = SimpleIndex::start().await;
    index.file("torch", "torch-2.0+cpu-py3-none-any.whl", crate::simple_index::wheel("torch", "2.0+cpu", &["numeric", "shared"]));
    index.with(|stock| stock.html = true);
    index
}

async fn lock(manifest: &Manifest, section: usize, folder: &Path) -> Locked {
    let upstream = Upstream::new(Settings { attempts: 1, ..Settings::default() }).unwrap();
    let request = LockRequest {
        section: &manifest.sections[section],
        manifest,
        base: folder,
        cache: &folder.join("cache"),
        now: NOW.parse().unwrap(),
        upstream: &upstream,
        progress: &Silent,
    };
    Python.lock(request).await.unwrap()
}

fn versions(locked: &Locked) -> Vec<String> {
    locked.artifacts.iter().map(|a| format!("{} {}", a.name, a.version)).collect()
}

/// The toolkit with loopback in place of the indexes it names and of the built-in one.
fn on_loopback(public: &SimpleIndex, torch: &SimpleIndex) -> Manifest {
    let shipped = Manifest::parse(TOOLKIT, &ecosystems::names()).unwrap();
    let sections = shipped.sections.iter().filter(|s| s.ecosystem == "python").map(|s| s.parse::<PythonSection>().unwrap());
    let named: Vec<String> = sections.flat_map(|s| s.indexes).map(|index| index.url).collect();
    assert_eq!(named.len(), 1, "only PyTorch has an index of its own");
    let default = format!("default-index = \"{}\"\n", public.url());
    let text = TOOLKIT.replace(&named[0], &torch.url());
    let lines =
        text.split_inclusive('\n').map(|line| if line.starts_with("[python.") { format!("{line}{default}") } else { line.to_owned() });
    Manifest::parse(&lines.collect::<String>(), &ecosystems::names()).unwrap()
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
    let manifest = on_loopback(&public, &torch);
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
