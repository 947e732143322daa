//! `pylock.toml` (PEP 751).

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

use uv_normalize::{ExtraName, GroupName};
use uv_pep508::MarkerTree;
use uv_resolver::PylockToml;

use super::{Selection, bounded, covered, name_by_url, no_file};
use crate::failure::{Failure, FailureKind};
use crate::files;
use crate::job::build_options;
use crate::package::Resolution;

const WHAT: &str = "pylock.toml";

/// Reads a `pylock.toml` (PEP 751, version 1) for one target.
///
/// Every package it gives counts as requested: the format does not say which ones were.
///
/// # Errors
///
/// [`FailureKind::Malformed`] for a text that is not such a file,
/// [`FailureKind::Unsatisfiable`] when it is not for this target,
/// [`FailureKind::Refused`] for packages from git or the file system.
pub fn pylock(text: &str, selection: &Selection) -> Result<Resolution, Failure> {
    bounded(WHAT, text)?;
    let markers = selection.target.markers()?;
    let tags = selection.target.tags()?;
    let document: toml::Table = text.parse().map_err(|error| malformed(&error))?;
    covered(WHAT, &selection.target, &environments(&document)?, &markers)?;
    no_local_files(&document)?;
    let lock: PylockToml = toml::from_str(text).map_err(|error| malformed(&error))?;
    check_python(&lock, selection)?;
    let (extras, groups) = (selection.extras()?, groups(&lock, selection)?);
    check_extras(&lock, &extras)?;
    let indexed: BTreeSet<String> =
        lock.packages.iter().filter(|package| package.index.is_some()).map(|package| package.name.to_string()).collect();
    let policy = build_options(selection.sdists, &[])?;
    let graph =
        lock.to_resolution(Path::new("/"), &markers, &extras, &groups, &tags, &policy).map_err(|error| no_file(WHAT, &error, selection))?;
    let mut resolution = name_by_url(files::packages(&graph, &[])?)?;
    for package in &mut resolution.packages {
        // Where the file names no index, uv makes one up from the file's URL.
        if !indexed.contains(&package.name) {
            package.index = None;
        }
    }
    Ok(resolution)
}

/// The environments the file was made for; uv does not read them.
fn environments(document: &toml::Table) -> Result<Vec<MarkerTree>, Failure> {
    let Some(value) = document.get("environments") else {
        return Ok(Vec::new());
    };
    let list = value.as_array().ok_or_else(|| wrong("environments is not a list"))?;
    list.iter()
        .map(|item| {
            let text = item.as_str().ok_or_else(|| wrong("environments holds no string"))?;
            MarkerTree::from_str(text).map_err(|error| wrong(&error.to_string()))
        })
        .collect()
}

/// Refuses packages by path, before uv looks at those paths.
fn no_local_files(document: &toml::Table) -> Result<(), Failure> {
    let packages = document.get("packages").and_then(toml::Value::as_array);
    for package in packages.into_iter().flatten() {
        let name = package.get("name").and_then(toml::Value::as_str).unwrap_or("a package");
        let wheels = package.get("wheels").and_then(toml::Value::as_array);
        let others = ["sdist", "archive", "directory", "vcs"].map(|key| package.get(key));
        let mut sources = wheels.into_iter().flatten().chain(others.into_iter().flatten());
        if sources.any(|source| source.get("path").is_some()) {
            let message = format!("{WHAT}: {name} is a local path, which is refused");
            return Err(Failure::new(FailureKind::Refused, message).hint("leave the project itself out: uv export --no-emit-project"));
        }
    }
    Ok(())
}

fn check_python(lock: &PylockToml, selection: &Selection) -> Result<(), Failure> {
    let version = selection.target.python_version();
    match &lock.requires_python {
        Some(range) if !range.contains(&version) => {
            Err(Failure::new(FailureKind::Unsatisfiable, format!("{WHAT} requires Python {range}, and the target has {version}")))
        }
        _ => Ok(()),
    }
}

fn check_extras(lock: &PylockToml, extras: &[ExtraName]) -> Result<(), Failure> {
    match extras.iter().find(|extra| !lock.extras.contains(extra)) {
        Some(extra) => Err(absent("extra", extra)),
        None => Ok(()),
    }
}

fn groups(lock: &PylockToml, selection: &Selection) -> Result<Vec<GroupName>, Failure> {
    let groups = selection.groups()?;
    if groups.is_empty() {
        return Ok(lock.default_groups.clone());
    }
    match groups.iter().find(|group| !lock.dependency_groups.contains(group)) {
        Some(group) => Err(absent("dependency group", group)),
        None => Ok(groups),
    }
}

fn absent(what: &str, name: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Invalid, format!("{WHAT} has no {what} called {name}"))
}

fn wrong(why: &str) -> Failure {
    Failure::new(FailureKind::Malformed, format!("{WHAT}: {why}"))
}

fn malformed(error: &toml::de::Error) -> Failure {
    wrong(error.to_string().trim_end())
}
