//! Installed Python projects: `*.dist-info` and the older `*.egg-info` (core metadata specification, PEP 376).

use super::Found;
use super::filesystem::Filesystem;
use crate::ecosystems::core_metadata::{CoreMetadata, project};

/// Reads what there is. One database is one folder that projects are installed into.
pub(super) fn read(files: &Filesystem, found: &mut Found) {
    let mut folders: std::collections::BTreeMap<String, (usize, usize)> = std::collections::BTreeMap::new();
    for (path, bytes) in files.kept() {
        let Some(site) = site(path) else { continue };
        let counts = folders.entry(site.to_owned()).or_default();
        match project(&CoreMetadata::read(bytes), path) {
            Some(mut component) => {
                counts.0 += 1;
                component.licences.extend(licence_folder(path).map(|folder| files.licences(folder)).unwrap_or_default());
                found.push(component);
                // A list beside something that is no project accounts for nothing.
                if let Some(record) = record_beside(path).and_then(|record| files.content(&record)) {
                    recorded(site, record, found);
                }
            }
            None => counts.1 += 1,
        }
    }
    for (folder, (read, broken)) in folders {
        match broken {
            0 => found.read("dist-info", &folder, read),
            _ => found.partly("dist-info", &folder, read, &format!("{broken} projects without a name or version")),
        }
    }
}

/// The folder that a project is installed into, of the path of its metadata.
fn site(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/METADATA").and_then(|p| p.strip_suffix(".dist-info"));
    let egg = || path.strip_suffix("/PKG-INFO").unwrap_or(path).strip_suffix(".egg-info");
    folder.or_else(egg).map(|project| project.rsplit_once('/').map_or("", |(site, _)| site))
}

/// The list of files beside a project's metadata.
fn record_beside(path: &str) -> Option<String> {
    path.strip_suffix(".dist-info/METADATA").map(|project| format!("{project}.dist-info/RECORD"))
}

/// The folder that a project's licence files lie in, with a slash behind it.
fn licence_folder(path: &str) -> Option<&str> {
    path.strip_suffix("METADATA").filter(|folder| folder.ends_with(".dist-info/"))
}

/// The paths of a RECORD: relative to the folder of the project, or absolute.
fn recorded(site: &str, bytes: &[u8], found: &mut Found) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        let path = match line.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => line.split(',').next().unwrap_or_default(),
        };
        if !path.is_empty() {
            found.account(if path.starts_with('/') { "" } else { site }, path);
        }
    }
}
