//! A package, and the files it is distributed as.

use super::super::component::{Class, Component, Part};
use super::super::cyclonedx::{properties as of_component, properties_of_model, property};
use super::super::identity::short;
use super::super::links::{is_link, is_media_type, is_uri};
use super::graph::{Graph, Relation};
use super::{agent, licence, model, properties, relations};
use crate::artifact::Completeness;
use serde_json::{Value, json};
use std::io::Result;

/// Says that purposes stand for something else, in the words of BSI TR-03183-2 (section 8.2).
const BY_PURPOSE: &str = "software_additionalPurpose field is used to indicate the properties of BSI TR-03183-2";

/// The name of a component's package within the document.
pub(super) fn fragment(reference: &str) -> String {
    format!("package-{}", short(reference))
}

/// A component, all that belongs to it, and what lies inside.
pub(super) fn write(component: &Component, graph: &mut Graph<'_>) -> Result<()> {
    let own = fragment(&component.reference);
    let mut value = value(component, graph)?;
    model::add(component, &mut value);
    graph.artifact(kind(component.class), &own, value)?;
    files(component, &own, graph)?;
    licence::write(component, &own, graph)?;
    relations::write(component, &own, graph)?;
    model::write(component, &own, graph)?;
    component.nested().iter().try_for_each(|inner| write(inner, graph))
}

fn value(component: &Component, graph: &mut Graph<'_>) -> Result<Value> {
    let (made_by, supplied_by) = who(component, graph)?;
    // What has no version is identified by what it is.
    let digest = component.first().map(|part| part.digest.to_string()).unwrap_or_default();
    let version = if component.version.is_empty() { &digest } else { &component.version };
    let all = [of_component(component), component.model.as_ref().map(properties_of_model).unwrap_or_default()].concat();
    let only = component.first().filter(|_| component.parts.len() == 1 || component.class == Class::Container);
    Ok(json!({
        "name": component.name,
        "software_packageVersion": known(version),
        "software_packageUrl": known(&component.purl).filter(|purl| is_uri(purl)),
        "externalIdentifier": known(&component.purl).map(|purl| {
            json!([{ "type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": purl }])
        }),
        "releaseTime": component.released,
        "summary": component.summary.as_deref().and_then(known),
        "software_primaryPurpose": purpose(component.class),
        "software_downloadLocation": only.and_then(|part| part.origins.iter().find(|origin| is_link(origin))),
        "verifiedUsing": only.map(hashes),
        "originatedBy": made_by.map(|who| [who]),
        "suppliedBy": supplied_by,
        "extension": properties(&all),
    }))
}

/// Who made it: whoever wrote it, where that is said apart, else whoever publishes it. And who publishes it.
fn who(component: &Component, graph: &mut Graph<'_>) -> Result<(Option<String>, Option<String>)> {
    let supplier = component.supplier.as_deref();
    let maker = component.author.as_deref().or(supplier).unwrap_or_default();
    let made_by = agent::write(maker, &component.contacts, graph)?;
    let supplied_by = match supplier {
        Some(text) if text == maker => made_by.clone(),
        Some(text) => agent::write(text, &[], graph)?,
        None => None,
    };
    Ok((made_by, supplied_by))
}

/// Text, where there is some.
fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The files that it is distributed as. What was found inside another has none of its own.
fn files(component: &Component, own: &str, graph: &mut Graph<'_>) -> Result<()> {
    let mut to = Vec::new();
    for (n, part) in component.parts.iter().enumerate() {
        to.push(graph.artifact("software_File", &format!("{own}-file-{n}"), file(part))?);
    }
    if to.is_empty() {
        return Ok(());
    }
    let completeness = Completeness::Complete;
    graph.relation(Relation { from: own, kind: "hasDistributionArtifact", to, completeness, comment: None })
}

fn file(part: &Part) -> Value {
    let digest = part.digest.to_string();
    let archive = is_archive(part);
    let origins: Vec<&String> = part.origins.iter().filter(|origin| is_link(origin)).collect();
    json!({
        "name": part.name.as_deref().unwrap_or(&digest),
        "verifiedUsing": hashes(part),
        "contentType": is_media_type(&part.media_type).then_some(&part.media_type),
        "software_primaryPurpose": if archive { "archive" } else { "file" },
        // `container` says that an archive tells what is in it; whether another file is structured nobody looked into.
        "software_additionalPurpose": archive.then_some(["archive", "container"]),
        "comment": archive.then_some(BY_PURPOSE),
        "externalRef": (!origins.is_empty()).then(|| {
            json!([{ "type": "ExternalRef", "externalRefType": "binaryArtifact", "locator": origins }])
        }),
        "extension": properties(&[property("size", &part.size.to_string())]),
    })
}

/// Whether a file is one that others are in, with their names: a tar or ZIP archive by its media type, which is what its kind has to be.
fn is_archive(part: &Part) -> bool {
    let (kind, compression) = part.media_type.split_once('+').unwrap_or((&part.media_type, ""));
    let is_tar = [".tar", "-tar", "/tar"].iter().any(|end| kind.ends_with(end));
    let is_zip = kind == "application/zip" || kind == "application/x-conda";
    let named = |ends: &[&str]| part.name.as_deref().is_some_and(|name| ends.iter().any(|end| name.ends_with(end)));
    is_tar && ["", "gzip", "zstd"].contains(&compression) || is_zip || kind == "application/gzip" && named(&[".tar.gz", ".tgz"])
}

fn hashes(part: &Part) -> Vec<Value> {
    let others = ["sha512", "sha1", "md5"].into_iter().filter_map(|algorithm| Some((algorithm, part.hashes.get(algorithm)?)));
    let own = part.digest.hex();
    std::iter::once(("sha256", &own)).chain(others).map(|(algorithm, hex)| hash(algorithm, hex)).collect()
}

/// A digest.
pub(super) fn hash(algorithm: &str, hex: &str) -> Value {
    json!({ "type": "Hash", "algorithm": algorithm, "hashValue": hex })
}

const fn kind(class: Class) -> &'static str {
    match class {
        Class::Model => "ai_AIPackage",
        Class::Dataset => "dataset_DatasetPackage",
        _ => "software_Package",
    }
}

const fn purpose(class: Class) -> &'static str {
    match class {
        Class::Library => "library",
        Class::Application => "application",
        Class::Container => "container",
        Class::OperatingSystem => "operatingSystem",
        Class::File => "file",
        Class::Model => "model",
        Class::Dataset | Class::Data => "data",
    }
}
