//! The files of all targets together, each once, as artifacts.

use super::super::filename;
use super::super::format::Meta;
use super::asked::Asked;
use super::{PythonTarget, learn};
use crate::artifact::Artifact;
use crate::ecosystems::LockRequest;
use crate::error::Result;
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
    index: Option<String>,
    pinned: bool,
    dependencies: Option<BTreeSet<String>>,
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
            let dependencies = package.dependencies.iter().map(|(name, version)| format!("{name}=={version}"));
            let dependencies = self.asked.tells_dependencies().then(|| dependencies.collect::<BTreeSet<_>>());
            let file = &package.file;
            let key = (package.name.clone(), package.version.clone(), file.filename.clone(), file.url.clone());
            let wanted = self.wanted.entry(key).or_insert_with(|| Wanted {
                name: package.name.clone(),
                version: package.version.clone(),
                file: file.clone(),
                index: package.index.as_deref().map(|url| self.asked.index_name(url)),
                pinned: self.asked.pinned(),
                dependencies: None,
            });
            if let Some(dependencies) = dependencies {
                wanted.dependencies.get_or_insert_default().extend(dependencies);
            }
        }
        self.notes.extend(resolution.warnings.iter().cloned());
        Ok(())
    }

    /// The files in order, and the notes so far.
    pub fn finish(self) -> (Vec<Wanted>, BTreeSet<String>) {
        (self.wanted.into_values().collect(), self.notes)
    }
}

impl Wanted {
    /// The artifact, once its digest and size are known.
    pub async fn artifact(&self, request: &LockRequest<'_>) -> Result<Artifact> {
        let about = |e: crate::error::Error| e.about(format!("{} {}", self.name, self.version));
        let descriptor = learn::descriptor(request, &self.file, self.pinned).await.map_err(about)?;
        Ok(Artifact {
            ecosystem: request.section.ecosystem.clone(),
            sections: vec![request.section.name.clone()],
            name: self.name.clone(),
            version: self.version.clone(),
            descriptors: vec![descriptor],
            subject: None,
            meta: serde_json::to_value(self.meta()).expect("the details have string keys only"),
        })
    }

    fn meta(&self) -> Meta {
        let kind = match self.file.kind {
            uv::FileKind::Wheel => "wheel",
            uv::FileKind::Sdist => "sdist",
        };
        Meta {
            kind: kind.to_owned(),
            index: self.index.clone(),
            requires_python: self.file.requires_python.clone(),
            yanked: self.file.yanked.clone(),
            upload_time: self.file.upload_time.clone(),
            dependencies: self.dependencies.as_ref().map(|d| d.iter().cloned().collect()),
            metadata_sha256: None,
        }
    }
}
