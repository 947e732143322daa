//! What the inventory says of a chart: what `Chart.yaml` says, the charts in its archive, the images it was found to use.

use super::describe::{describe, purl};
use super::meta::Meta;
use crate::artifact::{Artifact, Blobs, Completeness, percent_encoded};
use crate::error::Result;
use crate::report::{Class, Component, Database, Examined, Inside, Reading, Requirement};
use serde_json::Value;

/// The component of an artifact of this room. Its archive was read when it was locked; here it only counts whether it is at hand.
pub(super) fn examine(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let meta = Meta::of(artifact)?;
    let mut component = Component::of(artifact, describe(artifact)?);
    component.class = Class::Application;
    component.examined = if super::super::is_here(artifact, blobs)? { Examined::Read } else { Examined::NotExamined };
    meta.text("name").unwrap_or_default().clone_into(&mut component.name);
    component.contacts = contacts(&meta);
    component.requirements = requirements(&meta);
    component.inside = vendored(&meta, artifact, &component.examined);
    Ok(component)
}

/// What `Chart.yaml` says of addresses: of its maintainers, else the page of the project.
fn contacts(meta: &Meta) -> Vec<String> {
    let maintainers = meta.chart.get("maintainers").and_then(Value::as_array).into_iter().flatten();
    let addresses = maintainers.flat_map(|one| ["email", "url"].into_iter().filter_map(|key| one.get(key)?.as_str())).take(20);
    addresses.chain(meta.text("home")).map(str::to_owned).collect()
}

/// Charts that are not in the archive, and images, each with where it was found.
fn requirements(meta: &Meta) -> Vec<Requirement> {
    let chart = |d: &super::meta::Dependency| Requirement {
        declared: format!("chart {} {} of {}", d.name, d.version, d.source),
        purls: vec![purl(&d.name, &d.version, Some(&d.source)), purl(&d.name, &d.version, None)],
        conditional: false,
    };
    let image = |image: &super::meta::Image| Requirement {
        declared: format!("container image {}", image.reference),
        purls: image_purl(&image.reference).into_iter().collect(),
        conditional: false,
    };
    meta.dependencies.iter().map(chart).chain(meta.images.iter().map(image)).collect()
}

/// The package URL of an image by its full reference: `HOST/PATH:TAG`, `HOST/PATH@sha256:…`, or both.
fn image_purl(reference: &str) -> Option<String> {
    let (place, digest) = reference.split_once('@').map_or((reference, ""), |(place, digest)| (place, digest));
    let slash = place.rfind('/')?;
    let (repository, tag) = match place[slash..].rfind(':') {
        Some(at) => (&place[..slash + at], &place[slash + at + 1..]),
        None => (place, ""),
    };
    let name = percent_encoded(repository.rsplit('/').next()?);
    let repository = percent_encoded(repository);
    Some(match digest {
        "" => format!("pkg:oci/{name}?repository_url={repository}&tag={}", percent_encoded(if tag.is_empty() { "latest" } else { tag })),
        digest => format!("pkg:oci/{name}@{digest}?repository_url={repository}"),
    })
}

/// The charts directly in its archive, as they were met when it was locked; what lies in those was not looked for, so that the list is not
/// all there is.
fn vendored(meta: &Meta, artifact: &Artifact, examined: &Examined) -> Option<Inside> {
    let place = artifact.descriptors.first().and_then(|blob| blob.name.clone()).unwrap_or_default();
    let chart = |v: &super::meta::Vendored| Component {
        class: Class::Application,
        name: v.name.clone(),
        version: v.version.clone(),
        purl: purl(&v.name, &v.version, None),
        declared: Completeness::Unknown,
        examined: examined.clone(),
        found_by: Some(format!("{place} charts/")),
        ..Component::default()
    };
    let components: Vec<Component> = meta.vendored.iter().map(chart).collect();
    let reading = match examined {
        Examined::Read => Reading::Read,
        _ => Reading::Partly("the archive is not here: it is listed as it was met when it was locked".to_owned()),
    };
    let not_assessed = vec!["charts within these charts are not looked for".to_owned()];
    let database = Database { kind: "charts/".to_owned(), place: place.clone(), components: components.len(), reading };
    (!components.is_empty()).then(|| Inside { components, databases: vec![database], not_assessed, ..Inside::default() })
}
