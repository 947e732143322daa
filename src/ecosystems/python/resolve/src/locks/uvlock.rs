//! `uv.lock`.

use std::path::Path;

use uv_configuration::{DependencyGroups, ExtrasSpecification, InstallOptions};
use uv_normalize::{DefaultExtras, DefaultGroups, GroupName, PackageName};
use uv_resolver::{Installable, Lock, Package};

use super::{Selection, bounded, covered, name_by_url, no_file};
use crate::failure::{Failure, FailureKind, chain};
use crate::files;
use crate::indexes::package_name;
use crate::job::build_options;
use crate::package::Resolution;

const WHAT: &str = "uv.lock";

/// Reads a `uv.lock` for one target: what the chosen projects need there, not the projects.
///
/// # Errors
///
/// [`FailureKind::Malformed`] for a text that is not such a file,
/// [`FailureKind::Unsatisfiable`] when it is not for this target,
/// [`FailureKind::Refused`] for packages from git or the file system,
/// [`FailureKind::Invalid`] for a project, extra or group it does not have.
pub fn uv_lock(text: &str, selection: &Selection) -> Result<Resolution, Failure> {
    bounded(WHAT, text)?;
    let markers = selection.target.markers()?;
    let lock =
        Lock::from_toml(text).map_err(|error| Failure::new(FailureKind::Malformed, format!("{WHAT}: {}", chain(&error).trim_end())))?;
    check_python(&lock, selection)?;
    covered(WHAT, &selection.target, lock.supported_environments(), &markers)?;
    let roots = Roots { lock: &lock, names: roots(&lock, selection)? };
    let extras = selection.extras()?;
    let groups = selection.groups()?;
    check_names(&roots, &extras, &groups)?;
    let wanted_groups =
        DependencyGroups::from_args(None, groups, Vec::new(), false, Vec::new(), false).with_defaults(DefaultGroups::default());
    let graph = roots
        .to_resolution(
            &markers.into(),
            &selection.target.tags()?,
            &ExtrasSpecification::from_extra(extras).with_defaults(DefaultExtras::default()),
            &wanted_groups,
            &build_options(selection.sdists, &[])?,
            &only_dependencies(),
        )
        .map_err(|error| no_file(WHAT, &error, selection))?;
    name_by_url(files::packages(&graph, &[])?)
}

/// The projects whose dependencies are wanted.
struct Roots<'lock> {
    lock: &'lock Lock,
    names: Vec<PackageName>,
}

impl<'lock> Installable<'lock> for Roots<'lock> {
    fn install_path(&self) -> &'lock Path {
        // Local packages are left out, so that nothing is ever looked up below it.
        Path::new("/")
    }

    fn lock(&self) -> &'lock Lock {
        self.lock
    }

    fn roots(&self) -> impl Iterator<Item = &PackageName> {
        self.names.iter()
    }

    fn project_name(&self) -> Option<&PackageName> {
        match self.names.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// The projects that were named; else the one at the root; else the whole workspace.
fn roots(lock: &Lock, selection: &Selection) -> Result<Vec<PackageName>, Failure> {
    if !selection.projects.is_empty() {
        return selection.projects.iter().map(|name| package_name(name)).collect();
    }
    Ok(match lock.root() {
        Some(root) => vec![root.name().clone()],
        None => lock.members().iter().cloned().collect(),
    })
}

/// Leaves out the projects themselves and the other members of their workspace.
fn only_dependencies() -> InstallOptions {
    InstallOptions::new(true, false, true, false, false, false, Vec::new(), Vec::new())
}

fn check_python(lock: &Lock, selection: &Selection) -> Result<(), Failure> {
    let (range, version) = (lock.requires_python(), selection.target.python_version());
    if range.contains(&version) {
        return Ok(());
    }
    let message = format!("{WHAT} requires Python {range}, and the target has {version}");
    Err(Failure::new(FailureKind::Unsatisfiable, message))
}

/// Refuses names that no chosen project has: uv would leave them out without a word.
fn check_names(roots: &Roots<'_>, extras: &[uv_normalize::ExtraName], groups: &[GroupName]) -> Result<(), Failure> {
    let mut projects: Vec<&Package> = Vec::with_capacity(roots.names.len());
    for name in &roots.names {
        let found = roots.lock.find_by_name(name).ok().flatten();
        projects.push(found.ok_or_else(|| absent("project", name))?);
    }
    let unknown = |extra: &&uv_normalize::ExtraName| {
        !projects.iter().any(|project| project.provides_extras().contains(extra) || project.optional_dependencies().contains_key(*extra))
    };
    if let Some(extra) = extras.iter().find(unknown) {
        return Err(absent("extra", extra));
    }
    let unknown = |group: &&GroupName| {
        !projects
            .iter()
            .any(|project| project.dependency_groups().contains_key(*group) || project.resolved_dependency_groups().contains_key(*group))
    };
    // Groups of a workspace without a project at its root belong to no package.
    if let Some(group) = groups.iter().find(unknown).filter(|_| roots.lock.root().is_some()) {
        return Err(absent("dependency group", group));
    }
    Ok(())
}

fn absent(what: &str, name: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Invalid, format!("{WHAT} has no {what} called {name}"))
}
