//! What honest programs make has no findings of weight: the packages of the test channels, the test images, charts, and wheels that
//! Python itself carries.

use super::packages::{artifact, found, in_chart_bytes};
use crate::stock;
use airlift::scan::{Finding, Severity};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn grave(found: &[Finding]) -> Vec<&Finding> {
    found.iter().filter(|finding| finding.severity == Severity::Error).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(std::result::Result::ok);
    all.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn packages_of_the_channels_have_no_errors() {
    let channel = stock::folder().join("channel/forge");
    if !channel.exists() {
        return stock::skip("the test channels have not been made");
    }
    let mut seen = 0;
    for folder in ["noarch", "linux-64"] {
        let text = std::fs::read(channel.join(folder).join("repodata.json")).unwrap();
        let index: Value = serde_json::from_slice(&text).unwrap();
        for (file, record) in ["packages", "packages.conda"].iter().flat_map(|part| index[part].as_object().into_iter().flatten()) {
            let bytes = std::fs::read(channel.join(folder).join(file)).unwrap();
            let text = |key: &str| record[key].as_str().unwrap().to_owned();
            let (name, version) = (format!("forge/{folder}/{}", text("name")), format!("{}-{}", text("version"), text("build")));
            let meta = json!({ "channel": "forge", "subdir": folder, "record": record });
            let found = found(&artifact("conda", &name, &version, &[(file, "application/x-conda", &bytes)], meta), &bytes);
            assert!(grave(&found).is_empty(), "{file}: {found:#?}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} packages");
}

#[test]
fn blobs_of_the_images_have_no_errors() {
    let blobs = stock::folder().join("images/blobs");
    if !blobs.exists() {
        return stock::skip("the test images have not been made");
    }
    for path in files(&blobs) {
        let bytes = std::fs::read(&path).unwrap();
        let found = super::found_as(airlift::scan::Profile::Tree, &bytes);
        assert!(grave(&found).is_empty(), "{}: {found:#?}", path.display());
    }
}

#[test]
fn charts_have_no_errors() {
    let found = in_chart_bytes("web", "1.0.0", &crate::charts::web("1.0.0"));
    assert!(grave(&found).is_empty(), "{found:#?}");
}

/// Python brings the wheels of pip and setuptools along.
#[test]
fn wheels_of_python_have_no_errors() {
    let folders = [
        Path::new("/usr/share/python-wheels"),
        Path::new("/usr/lib/python3/dist-packages"),
        Path::new("/usr/local/lib"),
        Path::new("/usr/lib/python3.11"),
    ];
    let wheels = folders.iter().filter(|folder| folder.exists()).flat_map(|folder| files(folder));
    for path in wheels.filter(|path| path.extension().is_some_and(|ending| ending == "whl")) {
        let (name, bytes) = (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap());
        let mut parts = name.split('-');
        let (project, version) = (parts.next().unwrap().to_lowercase(), parts.next().unwrap());
        let found =
            found(&artifact("python", &project, version, &[(&name, "application/zip", &bytes)], json!({ "kind": "wheel" })), &bytes);
        assert!(grave(&found).is_empty(), "{name}: {found:#?}");
    }
}
