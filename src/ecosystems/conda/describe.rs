//! What can be said of a package.

use super::meta::Meta;
use crate::artifact::{Artifact, Blobs, Completeness, Description, Licence, percent_encoded};
use crate::error::Result;
use std::collections::BTreeMap;

/// Describes an artifact from its record.
pub(super) fn describe(artifact: &Artifact, _: &dyn Blobs) -> Result<Description> {
    let meta = Meta::of(artifact)?;
    let part = |key: &str| percent_encoded(meta.text(key).unwrap_or_default());
    let purl =
        format!("pkg:conda/{}@{}?build={}&channel={}&subdir={}", part("name"), part("version"), part("build"), meta.channel, meta.subdir);
    let licence = meta.text("license").map(|text| Licence { expression: text.to_owned(), source: "channel index".to_owned() });
    Ok(Description {
        purl,
        summary: None,
        licences: licence.into_iter().collect(),
        supplier: None,
        dependencies: vec![],
        dependencies_known: Completeness::Partial,
        origins: artifact.descriptors.first().map(|blob| blob.origins.clone()).unwrap_or_default(),
        properties: BTreeMap::new(),
    })
}
