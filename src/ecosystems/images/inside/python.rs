//! Installed Python projects: `*.dist-info` and the older `*.egg-info` (core metadata specification, PEP 376).

use super::Found;
use super::filesystem::Filesystem;
use crate::ecosystems::core_metadata::{CoreMetadata, project};

/// Reads what there is. One database is one folder that projects are installed into.
pub(super) fn read(files: &Filesystem) -> Found {
    let mut found = Found::default();
    let mut folders: std::collections::BTreeMap<String, (usize, usize)> = std::collections::BTreeMap::new();
    for (path, bytes) in files.kept() {
        if let Some(site) = site_of_record(path) {
            found.files.extend(recorded(site, bytes));
        }
        let Some(site) = site(path) else { continue };
        let counts = folders.entry(site.to_owned()).or_default();
        match project(&CoreMetadata::read(bytes), path) {
            Some(component) => {
                counts.0 += 1;
                found.components.push(component);
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
    found
}

/// The folder that a project is installed into, of the path of its metadata.
fn site(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/METADATA").and_then(|p| p.strip_suffix(".dist-info"));
    let egg = || path.strip_suffix("/PKG-INFO").unwrap_or(path).strip_suffix(".egg-info");
    folder.or_else(egg).map(|project| project.rsplit_once('/').map_or("", |(site, _)| site))
}

fn site_of_record(path: &str) -> Option<&str> {
    let project = path.strip_suffix("/RECORD")?.strip_suffix(".dist-info")?;
    Some(project.rsplit_once('/').map_or("", |(site, _)| site))
}

/// The paths of a RECORD: relative to the folder of the project, or absolute.
fn recorded(site: &str, bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let path = |line: &str| match line.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
        None => line.split(',').next().unwrap_or_default().to_owned(),
    };
    text.lines().map(path).filter(|p| !p.is_empty()).map(|p| if p.starts_with('/') { p } else { format!("{site}/{p}") }).collect()
}
