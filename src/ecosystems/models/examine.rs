//! What the inventory says of a model or dataset: what its card declares, and what its files show.

use super::carried::Carried;
use super::describe::{describe, purl};
use super::front_matter;
use super::meta::{Card, Kind, Meta};
use super::weights;
use crate::artifact::{Artifact, Blobs};
use crate::error::{Error, Result};
use crate::report::{Class, Component, Dataset, Examined, Model};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;

/// Longest card and configuration that are read, in bytes.
const LONGEST: u64 = 1 << 20;

/// The component of an artifact of this room.
pub(super) fn examine(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let mut component = Component::of(artifact, describe(artifact, blobs)?);
    component.examined = if super::super::is_here(artifact, blobs)? { Examined::Read } else { Examined::NotExamined };
    let said = component.properties.clone();
    if Carried::is_of(artifact) {
        let meta = Carried::of(artifact)?;
        component.class = if meta.beside.is_some() { Class::Data } else { Class::Model };
        if meta.beside.is_none() {
            let bases = meta.about.base_models.iter().map(|name| Dataset { name: name.clone(), ..Dataset::default() }).collect();
            let declared = Model { architecture: meta.about.architecture.clone(), bases, ..shown(&said) };
            component.model = Some(weights::counted(declared, artifact, blobs)?);
        }
        return Ok(component);
    }
    let meta = with_card(Meta::of(artifact)?, artifact, blobs)?;
    component.class = match meta.kind {
        Kind::Model => Class::Model,
        Kind::Dataset => Class::Dataset,
        Kind::Space => Class::Data,
    };
    component.name.clone_from(&meta.repo);
    if meta.kind == Kind::Model {
        component.model = Some(weights::counted(declared(&meta, artifact, blobs, &said)?, artifact, blobs)?);
    }
    Ok(component)
}

fn declared(meta: &Meta, artifact: &Artifact, blobs: &dyn Blobs, said: &BTreeMap<String, String>) -> Result<Model> {
    let card = file(artifact, blobs, "README.md")?.map(|text| front_matter::list(&String::from_utf8_lossy(&text), "datasets"));
    let configured = file(artifact, blobs, "config.json")?.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    let architecture = configured.as_ref().and_then(|c| c.get("architectures")?.as_array()?.first()?.as_str().map(str::to_owned));
    let hub = |kind: Kind, name: &str| Dataset {
        purl: super::meta::is_repo(name).then(|| purl(kind, name, None)),
        name: name.to_owned(),
        here: vec![],
    };
    Ok(Model {
        task: meta.card.pipeline.clone(),
        architecture: architecture.or_else(|| meta.card.architecture.clone()),
        library: meta.card.library.clone(),
        datasets: card.unwrap_or_default().iter().map(|name| hub(Kind::Dataset, name)).collect(),
        bases: meta.card.base_models.iter().map(|name| hub(Kind::Model, name)).collect(),
        ..shown(said)
    })
}

/// What the description has found already.
fn shown(said: &BTreeMap<String, String>) -> Model {
    let list = |key: &str| said.get(key).map(|text| text.split(", ").map(str::to_owned).collect()).unwrap_or_default();
    let number = |key: &str| said.get(key).and_then(|text| text.parse().ok());
    Model {
        parameters: number("parameters"),
        // A registry's configuration has it as text, such as `8b`.
        parameters_text: said.get("parameters").filter(|text| text.parse::<u64>().is_err()).cloned(),
        formats: list("formats"),
        executable: list("pickle"),
        not_looked_into: number("not looked into").unwrap_or_default(),
        ..Model::default()
    }
}

/// The same with what its README declares, where no hub has read one.
pub(super) fn with_card(meta: Meta, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Meta> {
    if meta.card != Card::default() {
        return Ok(meta);
    }
    let read = file(artifact, blobs, "README.md")?.map(|text| front_matter::of_file(&String::from_utf8_lossy(&text)));
    Ok(Meta { card: read.unwrap_or_default(), ..meta })
}

/// A file of the repository that is at hand and not too long.
fn file(artifact: &Artifact, blobs: &dyn Blobs, name: &str) -> Result<Option<Vec<u8>>> {
    let Some(blob) = artifact.descriptors.iter().find(|blob| blob.name.as_deref() == Some(name) && blob.size <= LONGEST) else {
        return Ok(None);
    };
    let Some(bytes) = blobs.open(&blob.digest)? else { return Ok(None) };
    let mut text = Vec::new();
    bytes.take(LONGEST).read_to_end(&mut text).map_err(|e| Error::io(format!("{name} cannot be read"), &e))?;
    Ok(Some(text))
}
