//! The same versions as `uv pip compile`, from the real index that uv has built in.
//!
//! Off with `AIRLIFT_TEST_PYPI=0`. Where the index cannot be reached the test says so and passes, unless `CI=true`.

use crate::stock;
use airlift::ecosystems::python::Python;
use airlift::ecosystems::{self, Ecosystem, LockRequest, Locked};
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::upstream::{Settings, Upstream};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Nothing newer is looked at, so that an upload between two resolutions cannot matter.
const NEWEST: &str = "2026-11-01T00:00:00Z";
const TOOLKITS: [&[&str]; 3] = [&["jupyterlab", "scikit-learn"], &["torch"], &["tensorflow"]];

/// The door to the real index; `None`, said aloud, where it must not or cannot be asked.
async fn real_index() -> Option<Upstream> {
    if std::env::var("AIRLIFT_TEST_PYPI").as_deref() == Ok("0") {
        eprintln!("SKIPPED: AIRLIFT_TEST_PYPI is 0");
        return None;
    }
    let settings = Settings { attempts: 3, connect_timeout: Duration::from_secs(10), ..Settings::default() };
    let upstream = Upstream::new(settings).unwrap();
    let project = format!("{}/uv/", airlift_python_resolve::default_index_url().trim_end_matches('/'));
    let answer = upstream.head(&project.parse().unwrap()).await;
    if let Err(error) = &answer {
        stock::skip(&format!("the real index cannot be reached: {error}"));
    }
    answer.is_ok().then_some(upstream)
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_those_of_uv_pip_compile() {
    let Some(upstream) = real_index().await else { return };
    let Some(uv) = stock::need("uv") else { return };
    let folder = tempfile::tempdir().unwrap();
    for requirements in TOOLKITS {
        for machine in ["x86_64", "aarch64"] {
            for python in ["3.11", "3.12"] {
                let ours = locked(&upstream, folder.path(), requirements, machine, python).await;
                let theirs = compiled(&uv, folder.path(), requirements, machine, python);
                assert!(ours.len() >= requirements.len());
                assert_eq!(ours, theirs, "{requirements:?} on {machine} with Python {python}");
            }
        }
    }
}

async fn locked(upstream: &Upstream, folder: &Path, requirements: &[&str], machine: &str, python: &str) -> BTreeSet<String> {
    let text = format!(
        "airlift = 1\nname = \"t\"\n[targets.t]\nplatform = \"linux-{machine}\"\npython = \"{python}\"\nglibc = \"2.28\"\n\
         [python.t]\nrequirements = {requirements:?}\nexclude-newer = \"{NEWEST}\"\n"
    );
    let manifest = Manifest::parse(&text, &ecosystems::names()).unwrap();
    let locked = lock(upstream, &manifest, 0, folder).await;
    assert!(locked.artifacts.iter().all(|a| a.descriptors[0].size > 0));
    locked.artifacts.iter().map(|a| format!("{}=={}", a.name, a.version)).collect()
}

async fn lock(upstream: &Upstream, manifest: &Manifest, section: usize, folder: &Path) -> Locked {
    let request = LockRequest {
        section: &manifest.sections[section],
        manifest,
        base: folder,
        cache: &folder.join("airlift"),
        now: jiff::Timestamp::now(),
        upstream,
        packages: &std::collections::BTreeMap::new(),
        progress: &Silent,
    };
    Python.lock(request).await.unwrap()
}

/// The quickstart is what a newcomer waits for.
#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_is_small() {
    let Some(upstream) = real_index().await else { return };
    let manifest = Manifest::parse(include_str!("../../manifests/quickstart.toml"), &ecosystems::names()).unwrap();
    let folder = TempDir::new().unwrap();
    let locked = lock(&upstream, &manifest, 0, folder.path()).await;
    let size: u64 = locked.artifacts.iter().map(airlift::artifact::Artifact::size).sum();
    assert!(size <= 150_000_000, "{}", locked.summary);
    eprintln!("{} {}", manifest.sections[0].label(), locked.summary);
}

/// All sections that ask the built-in index only.
#[tokio::test(flavor = "multi_thread")]
async fn the_toolkit_locks_for_every_target() {
    let Some(upstream) = real_index().await else { return };
    let manifest = Manifest::parse(include_str!("../../manifests/mlops-toolkit.toml"), &airlift::ecosystems::names()).unwrap();
    let folder = TempDir::new().unwrap();
    let built_in =
        |s: &airlift::manifest::Section| s.parse::<airlift::ecosystems::python::PythonSection>().is_ok_and(|s| s.indexes.is_empty());
    for (at, section) in manifest.sections.iter().enumerate().filter(|(_, s)| s.ecosystem == "python" && built_in(s)) {
        let locked = lock(&upstream, &manifest, at, folder.path()).await;
        assert!(locked.summary.ends_with("linux-aarch64 py3.11, py3.12; linux-x86_64 py3.11, py3.12"), "{}", locked.summary);
        eprintln!("{} {} {:?}", section.label(), locked.summary, locked.notes);
    }
}

fn compiled(uv: &Path, folder: &Path, requirements: &[&str], machine: &str, python: &str) -> BTreeSet<String> {
    let kept = ["PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"];
    let mut uv = Command::new(uv)
        .args(["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-build", "--no-config", "--exclude-newer", NEWEST])
        .args(["--python-version", python, "--python-platform", &format!("{machine}-manylinux_2_28"), "-"])
        .env_clear()
        .envs(kept.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))))
        .env("HOME", folder)
        .env("UV_CACHE_DIR", folder.join("uv"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    uv.stdin.take().unwrap().write_all(requirements.join("\n").as_bytes()).unwrap();
    let output = uv.wait_with_output().unwrap();
    assert!(output.status.success(), "uv pip compile failed");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.split(" ;").next().unwrap_or(line).trim().to_owned()).collect()
}
