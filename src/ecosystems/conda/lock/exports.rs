//! Run exports (CEP 12): what packages that are built against a package require when they run, in a document of its own.

use super::collect::Packages;
use super::index::{Reader, exports};
use crate::error::Result;
use std::collections::BTreeSet;
use url::Url;

/// Adds what the channels publish.
pub async fn add(reader: &Reader<'_>, packages: &mut Packages, notes: &mut Vec<String>) -> Result<()> {
    let folders: BTreeSet<(Url, String, String)> = packages
        .values()
        .filter(|package| !package.record.contains_key("run_exports"))
        .filter_map(|package| {
            let folder = package.channel.url.join(&format!("{}/", package.subdir)).ok()?;
            Some((folder, package.channel.name.clone(), package.subdir.clone()))
        })
        .collect();
    for (folder, channel, subdir) in folders {
        let Some(document) = exports(reader, &folder).await? else {
            notes.push(format!("{channel}/{subdir}: the channel publishes no run exports"));
            continue;
        };
        for package in packages.values_mut().filter(|p| p.channel.name == channel && p.subdir == subdir) {
            package.run_exports = document.of(&package.file)?;
        }
    }
    Ok(())
}
