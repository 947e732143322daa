//! A shelf as repositories of the mirror's registry.

use super::meta::{Meta, Role};
use crate::artifact::Artifact;
use crate::server::oci::{Referrer, Repository, served_name};
use crate::store::Shelf;
use std::collections::BTreeMap;

/// Names Docker Hub goes by, the usual one first.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// The repositories of a shelf by the name they are served under; no blob is opened.
pub(super) fn repositories(shelf: &Shelf) -> BTreeMap<String, Repository> {
    let mut all: BTreeMap<String, Repository> = BTreeMap::new();
    for artifact in &shelf.artifacts {
        let repository = all.entry(served_name(&artifact.name)).or_default();
        match Meta::of(artifact) {
            Ok(meta) => add(repository, artifact, &meta),
            Err(error) => repository.fault = Some(error.message().to_owned()),
        }
    }
    all.iter_mut().for_each(|(name, repository)| name_again(repository, name));
    all
}

fn add(repository: &mut Repository, artifact: &Artifact, meta: &Meta) {
    artifact.descriptors.iter().for_each(|blob| repository.carry(blob));
    let Some(root) = artifact.descriptors.first() else { return };
    if let Some(tag) = &meta.tag {
        repository.tags.insert(tag.clone(), root.digest);
    }
    if let (Some(subject), Role::Referrer | Role::Image) = (artifact.subject, meta.role) {
        let (media_type, artifact_type) = (root.media_type.clone(), meta.artifact_type.clone());
        repository.refer(subject, root.digest, Referrer { media_type, size: root.size, artifact_type });
    }
}

/// Docker Hub has several names, its own images go without `library/`, and some clients leave its name out altogether.
fn name_again(repository: &mut Repository, name: &str) {
    let Some(path) = name.strip_prefix(DOCKER_HUB[0]).and_then(|rest| rest.strip_prefix('/')) else { return };
    for path in [Some(path), path.strip_prefix("library/")].into_iter().flatten() {
        repository.short.insert(path.to_owned());
        repository.aliases.extend(DOCKER_HUB.iter().map(|host| format!("{host}/{path}")));
    }
    repository.aliases.remove(name);
}
