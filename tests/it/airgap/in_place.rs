//! A bundle is served straight from its volumes, on a medium that cannot be written, without import.

use super::engines::Engine;
use super::gap::{AIRLIFT, fails, run};
use super::{Mirror, Shared, shared};
use crate::stock;
use serde_json::Value;
use std::fs;

/// Serves from the first bundle's folder, mounted read-only where only the mirror sees it.
fn serve(shared: &Shared, port: u16) -> Mirror {
    let store = format!("beside-{port}");
    shared.sender.accept(&shared.gap, &store);
    let mut command = shared.gap.daemon("unshare");
    let mount = r#"mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && ! touch "$1/x" 2>/dev/null && exec "$0" serve "$@""#;
    command.args(["--mount", "--", "sh", "-c", mount, AIRLIFT]).arg(&shared.sender.first);
    let mirror = Mirror::start_as(&shared.gap, command, &store, port, None);
    let health = mirror.health(&shared.gap);
    assert_eq!((&health["snapshot"], &health["views"]), (&Value::Null, &serde_json::json!(["latest", "quickstart-1"])));
    let kept = fs::read_dir(shared.gap.folder.join(&store)).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let status = run(shared.gap.airlift(&store).arg("status"));
    assert!(!status.contains("quickstart"), "{kept:?}\n{status}");
    mirror
}

#[test]
fn pip_installs_from_the_volumes() {
    let Some(python) = stock::environment("pip-newest") else { return };
    let Some(shared) = super::with_python() else { return };
    let mirror = serve(shared, 8091);
    let home = shared.gap.place();
    let index = home.path().join("index");
    let mut pip = shared.gap.client(python.join("bin/python"), home.path());
    fs::create_dir_all(home.path().join(".config/pip")).unwrap();
    fs::write(home.path().join(".config/pip/pip.conf"), mirror.printed(&["client", "pip"], false)).unwrap();
    run(pip.args(["-m", "pip", "install", "--no-cache-dir", "--no-compile", "--target"]).arg(&index).arg("numpy"));
    let mut python = shared.gap.client("/usr/bin/python3", home.path());
    run(python.current_dir(&index).args(["-c", "import numpy; print(numpy.arange(3).sum())"]));
}

#[test]
fn skopeo_pulls_from_the_volumes() {
    let Some(shared) = super::with("skopeo") else { return };
    let mirror = serve(shared, 8092);
    let skopeo = Engine::start(shared, &mirror, "skopeo", &["podman"], false, &[]);
    let copy = skopeo.folder().join("copy");
    let to = format!("dir:{}", copy.display());
    run(skopeo.command().args(["copy", "--quiet", "--all", "--preserve-digests", "docker://quay.io/library/pyslim:1.0-zstd", &to]));
    assert!(fs::read(copy.join("manifest.json")).unwrap() == shared.sender.blob(&shared.sender.tagged("1.0-zstd").0));
}

#[test]
fn a_host_that_trusts_nobody_serves_nothing() {
    let Some(shared) = shared() else { return };
    let said = fails(shared.gap.airlift("stranger").args(["serve", "--http", "127.0.0.1:8093"]).arg(&shared.sender.first));
    assert!(said.contains("trusts nobody yet") && said.contains("airlift trust accept"), "{said}");
}
