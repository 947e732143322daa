//! Wheels of two versions, by pip.

use crate::{Pair, name};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Project, old and new version, and whether it is large.
pub const PAIRS: [(&str, &str, &str, bool); 9] = [
    ("numpy", "2.2.4", "2.2.5", false),
    ("numpy", "2.2.5", "2.2.6", false),
    ("pandas", "2.2.2", "2.2.3", false),
    ("scipy", "1.15.2", "1.15.3", false),
    ("scikit-learn", "1.6.0", "1.6.1", false),
    ("pyarrow", "19.0.0", "19.0.1", false),
    ("jupyterlab", "4.3.5", "4.3.6", false),
    ("tensorflow-cpu", "2.18.0", "2.18.1", true),
    ("torch", "2.5.0", "2.5.1", true),
];

/// Those that are asked for.
pub fn pairs(args: &[String]) -> Vec<Pair> {
    let named = |name: &str| args.iter().any(|arg| arg == name || arg == "all");
    let asked = |&&(name, .., large): &&(&str, &str, &str, bool)| named(name) || args.is_empty() && !large;
    PAIRS
        .iter()
        .filter(asked)
        .map(|(project, old, new, _)| {
            (wheel(project, old, &["--python-version", "3.12"]), wheel(project, new, &["--python-version", "3.12"]))
        })
        .collect()
}

/// The wheel of a version for one platform, fetched where it is not here.
pub fn wheel(project: &str, version: &str, python: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/wheels");
    fs::create_dir_all(&folder).unwrap();
    let front = format!("{}-{version}-", project.replace('-', "_"));
    let found = || {
        let mut wheels = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        wheels.find(|path| name(path).starts_with(&front) && path.extension().is_some_and(|ending| ending == "whl"))
    };
    if let Some(path) = found() {
        return path;
    }
    let platforms = ["manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "manylinux1_x86_64", "any"];
    let platforms = platforms.iter().flat_map(|platform| ["--platform", platform]);
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--implementation", "cp"]).args(python);
    let status = pip.args(platforms).arg("-d").arg(&folder).arg(format!("{project}=={version}")).status().unwrap();
    assert!(status.success(), "pip has no {project} {version}");
    found().expect("pip fetched it")
}
