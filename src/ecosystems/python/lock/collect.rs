//! The files of all targets together, each once, as artifacts.

use super::super::filename;
use super::super::format::Meta;
use super::asked::Asked;
use super::{PythonTarget, learn};
use crate::artifact::Artifact;
use crate::ecosystems::LockRequest;
use crate::error::{Error, Kind, Result};
use airlift_python_resolve as uv;
use std::collections::{BTreeMap, BTreeSet};

/// Files wanted by any target, by name, version, file name and URL.
pub struct Files<'a> {
    asked: &'a Asked,
    wanted: BTreeMap<(String, String, String, String), Wanted>,
    notes: BTreeSet<String>,
}

/// One file that shall be locked.
pub struct Wanted {
    /// Normalised project name.
    pub name: String,
    /// Version.
    pub version: String,
    /// What the index or lock file says of the file.
    pub file: uv::File,
    /// The indexes whose pages it was met on, by their URLs.
    pub indexes: BTreeSet<String>,
    /// Whether a lock file pinned it.
    pub pinned: bool,
    meta: Meta,
}

impl<'a> Files<'a> {
    /// No files yet.
    pub fn new(asked: &'a Asked) -> Self {
        Self { asked, wanted: BTreeMap::new(), notes: asked.notes.iter().cloned().collect() }
    }

    /// Adds what one target needs; a file whose name says something else than its index is refused.
    pub fn add(&mut self, target: &PythonTarget, resolution: &uv::Resolution) -> Result<()> {
        for package in &resolution.packages {
            let about = || format!("target {}: {} {}", target.target.name, package.name, package.version);
            filename::check(&package.file.filename, &package.name, &package.version).map_err(|e| e.about(about()))?;
            let (file, meta) = (&package.file, self.meta(package));
            let key = (package.name.clone(), package.version.clone(), file.filename.clone(), file.url.clone());
            let wanted = self.wanted.entry(key).or_insert_with(|| Wanted {
                name: package.name.clone(),
                version: package.version.clone(),
                file: file.clone(),
                indexes: BTreeSet::new(),
                pinned: self.asked.pinned(),
                meta: meta.clone(),
            });
            wanted.indexes.extend(package.index.clone().filter(|index| self.asked.has_pages(index)));
            for group in file.accepted.iter().filter(|group| !wanted.file.accepted.contains(group)).cloned().collect::<Vec<_>>() {
                wanted.file.accepted.push(group);
            }
            wanted.meta =
                wanted.meta.unite(&meta).ok_or_else(|| Error::new(Kind::Upstream, "two targets see it differently").about(about()))?;
        }
        self.notes.extend(resolution.warnings.iter().cloned());
        Ok(())
    }

    fn meta(&self, package: &uv::Package) -> Meta {
        let file = &package.file;
        let dependencies = package.dependencies.iter().map(|(name, version)| format!("{name}=={version}"));
        Meta {
            kind: if file.kind == uv::FileKind::Wheel { "wheel" } else { "sdist" }.to_owned(),
            indexes: package.index.iter().map(|url| self.asked.index_name(url)).collect(),
            requested: self.asked.tells_dependencies() && package.requested,
            requires_python: file.requires_python.clone(),
            yanked: file.yanked.clone(),
            upload_time: file.upload_time.clone(),
            dependencies: self.asked.tells_dependencies().then(|| dependencies.collect()),
        }
    }

    /// The files in order, and the notes so far.
    pub fn finish(self) -> (Vec<Wanted>, BTreeSet<String>) {
        (self.wanted.into_values().collect(), self.notes)
    }
}

impl Wanted {
    /// The artifact, once its digest and size are known.
    pub async fn artifact(&self, request: &LockRequest<'_>) -> Result<Artifact> {
        let about = |e: Error| e.about(format!("{} {}", self.name, self.version));
        let descriptor = learn::descriptor(request, &self.file, self.pinned).await.map_err(about)?;
        Ok(Artifact {
            ecosystem: request.section.ecosystem.clone(),
            sections: vec![request.section.name.clone()],
            name: self.name.clone(),
            version: self.version.clone(),
            descriptors: vec![descriptor],
            subject: None,
            meta: serde_json::to_value(&self.meta).expect("the details have string keys only"),
        })
    }
}
