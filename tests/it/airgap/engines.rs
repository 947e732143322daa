//! Container engines, each with all its state in a folder and the printed configuration in its `/etc`, pull and run.

use super::gap::{finish, run, script, scripts};
use super::{Mirror, Shared, with};
use serde_json::Value;
use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// An engine, as its script starts it; stopped with its owner.
pub struct Engine<'a> {
    shared: &'a Shared,
    name: &'static str,
    folder: TempDir,
}

impl<'a> Engine<'a> {
    /// Starts an engine with what `airlift client` prints for these clients.
    pub fn start(shared: &'a Shared, mirror: &Mirror, name: &'static str, clients: &[&str], secure: bool, options: &[&str]) -> Self {
        let engine = Self { shared, name, folder: shared.gap.place() };
        fs::create_dir(engine.etc()).unwrap();
        mirror.configure(&shared.gap, clients, secure, &engine.etc());
        run(engine.script("start").args(options));
        engine
    }

    /// A folder for what the test wants to keep.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The client's command line.
    pub fn command(&self) -> Command {
        self.script("call")
    }

    fn script(&self, verb: &str) -> Command {
        let mut command = self.shared.gap.configured(&self.etc(), scripts().join(self.name));
        command.arg(verb).arg(self.state());
        command
    }

    fn etc(&self) -> PathBuf {
        self.folder.path().join("etc")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn call(&self, arguments: &[&str]) -> String {
        run(self.command().args(arguments))
    }
}

impl Drop for Engine<'_> {
    fn drop(&mut self) {
        // skopeo has nothing to stop, and a failure here must not hide the test's own.
        if self.name != "skopeo" {
            let _ = finish(script(self.name).arg("stop").arg(self.state()));
        }
    }
}

fn hello(flavour: &str) -> String {
    format!("hello from {ARCH} 3.11.2 {flavour}\n")
}

#[test]
fn podman_pulls_by_tag_and_digest_and_runs() {
    let Some(shared) = with("podman") else { return };
    let podman = Engine::start(shared, &shared.mirror, "podman", &["podman"], false, &[]);
    for (name, tag, flavour) in [("quay.io/library/pyslim", "1.0", "gzip"), ("quay.io/library/pyslim", "1.0-zstd", "zstd")] {
        let by_digest = format!("{name}@{}", shared.sender.tagged(tag).0);
        for reference in [&format!("{name}:{tag}"), &by_digest] {
            podman.call(&["pull", reference]);
            assert_eq!(podman.call(&["run", "--rm", "--pull=never", reference]), hello(flavour), "{reference}");
            podman.call(&["rmi", "--all", "--force"]);
        }
    }
    // The name is short: `docker.io` is the registry the configuration says.
    let foreign = if ARCH == "x86_64" { "arm64" } else { "amd64" };
    podman.call(&["pull", "--arch", foreign, "library/pyslim:1.0-v2s2"]);
    let found = podman.call(&["image", "inspect", "--format", "{{.Architecture}}", "docker.io/library/pyslim:1.0-v2s2"]);
    assert_eq!(found.trim(), foreign);
}

#[test]
fn containerd_pulls_by_tag_and_digest_and_runs() {
    let Some(shared) = with("containerd") else { return };
    for (secure, tag, flavour) in [(false, "1.0", "gzip"), (true, "1.0-zstd", "zstd")] {
        let containerd = Engine::start(shared, &shared.mirror, "containerd", &["containerd"], secure, &[]);
        let digest = shared.sender.tagged(tag).0;
        for (n, reference) in [format!("quay.io/library/pyslim@{digest}"), format!("quay.io/library/pyslim:{tag}")].iter().enumerate() {
            containerd.call(&["images", "pull", "--hosts-dir", "/etc/containerd/certs.d", reference]);
            assert_eq!(containerd.call(&["run", "--rm", reference, &format!("run{n}")]), hello(flavour), "{reference}");
        }
        let listed = containerd.call(&["images", "list", &format!("name==quay.io/library/pyslim:{tag}")]);
        assert!(listed.contains(&digest), "{listed}");
    }
}

/// zstd layers are left out: Debian's docker (20.10) cannot read them, wherever they come from.
#[test]
fn docker_pulls_by_tag_and_digest_and_runs() {
    let Some(shared) = with("dockerd") else { return };
    let printed = shared.mirror.snippets("docker", false);
    let text = |place: &str| &printed.iter().find(|(at, _)| at == place).unwrap().1;
    let daemon: Value = serde_json::from_str(text("/etc/docker/daemon.json")).unwrap();
    let mirror = format!("docker.io={}", daemon["registry-mirrors"][0].as_str().unwrap());
    let options = ["--mirror", &mirror, "--insecure", daemon["insecure-registries"][0].as_str().unwrap()];
    let docker = Engine::start(shared, &shared.mirror, "dockerd", &["docker"], false, &options);

    docker.call(&["pull", "pyslim:1.0-v2s2"]);
    assert_eq!(docker.call(&["run", "--rm", "--network", "none", "pyslim:1.0-v2s2"]), hello("gzip"));
    let (listed, _) = shared.sender.tagged("1.0-v2s2");
    assert_eq!(docker.call(&["image", "inspect", "--format", "{{.RepoDigests}}", "pyslim:1.0-v2s2"]), format!("[pyslim@{listed}]\n"));

    let other = text("shell").lines().find_map(|line| line.strip_prefix("docker pull ")).unwrap();
    let digest = shared.sender.tagged("1.0").0;
    for reference in [other.replace("NAME:TAG", "library/pyslim:1.0"), other.replace("NAME:TAG", &format!("library/pyslim@{digest}"))] {
        docker.call(&["pull", &reference]);
        assert_eq!(docker.call(&["run", "--rm", "--network", "none", &reference]), hello("gzip"), "{reference}");
    }
}
