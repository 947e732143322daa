//! Files that already pin packages, read for one target.
//!
//! `pylock.toml` (PEP 751) and `uv.lock` list the packages of many environments, with every file
//! of each. In: the text and a [`Selection`]. Out: what a resolution gives, the one file a
//! package that the target takes. Nothing is asked over the network, so what such a file does
//! not say (sizes, digests, withdrawn versions) stays unknown.

mod pylock;
mod uvlock;

use std::str::FromStr;

use uv_distribution_filename::DistFilename;
use uv_distribution_types::RemoteSource;
use uv_normalize::{ExtraName, GroupName};
use uv_pep508::{MarkerEnvironment, MarkerTree};

pub use pylock::pylock;
pub use uvlock::uv_lock;

use crate::failure::{Failure, FailureKind, chain, plain};
use crate::indexes::package_name;
use crate::inputs::too_deep;
use crate::package::Resolution;
use crate::request::SdistPolicy;
use crate::target::Target;

/// The largest lock file that is read, in bytes.
const LARGEST: usize = 64 << 20;

/// Which part of a lock file is wanted.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The environment.
    pub target: Target,
    /// Projects whose dependencies are wanted (`uv.lock` only). Empty: the project at the root,
    /// or every member of the workspace where there is none.
    pub projects: Vec<String>,
    /// Extras of those projects.
    pub extras: Vec<String>,
    /// Dependency groups (PEP 735). Empty: those the file calls default.
    pub groups: Vec<String>,
    /// Whether a source distribution may stand in where no wheel suits the target.
    pub sdists: SdistPolicy,
}

impl Selection {
    /// The main dependencies for a target, as wheels.
    pub fn new(target: Target) -> Self {
        Self { target, projects: Vec::new(), extras: Vec::new(), groups: Vec::new(), sdists: SdistPolicy::default() }
    }

    fn extras(&self) -> Result<Vec<ExtraName>, Failure> {
        names(&self.extras)
    }

    fn groups(&self) -> Result<Vec<GroupName>, Failure> {
        names(&self.groups)
    }
}

/// Names of extras or groups, normalised.
fn names<N: FromStr<Err = uv_normalize::InvalidNameError>>(texts: &[String]) -> Result<Vec<N>, Failure> {
    texts.iter().map(|text| N::from_str(text).map_err(|error| Failure::from_error(FailureKind::Invalid, &error))).collect()
}

/// Refuses text that is too large or too deep to be read.
fn bounded(what: &str, text: &str) -> Result<(), Failure> {
    let malformed = |why: &str| Err(Failure::new(FailureKind::Malformed, format!("{what}: {why}")));
    if text.len() > LARGEST {
        return malformed("larger than 64 MiB");
    }
    if too_deep(text) {
        return malformed("parentheses nest too deep");
    }
    Ok(())
}

/// Refuses a target that is in none of the environments a lock file was made for.
fn covered(what: &str, target: &Target, environments: &[MarkerTree], markers: &MarkerEnvironment) -> Result<(), Failure> {
    if environments.is_empty() || environments.iter().any(|tree| tree.evaluate(markers, &[])) {
        return Ok(());
    }
    let message = format!("{what} was not made for {target}");
    Err(Failure::new(FailureKind::Unsatisfiable, message).hint("add the environment to the project and write the lock file again"))
}

/// Gives files the names they have in their URLs: lock files leave the name out, and uv puts a
/// normalised one in its place, which no index has.
fn name_by_url(mut resolution: Resolution) -> Result<Resolution, Failure> {
    for package in &mut resolution.packages {
        let name = package_name(&package.name)?;
        let parse = |text: &str| DistFilename::try_from_filename(text, &name);
        let url = url::Url::parse(&package.file.url).ok();
        let Some(last) = url.as_ref().and_then(|url| url.filename().ok()) else {
            continue;
        };
        let parsed = parse(&last);
        if parsed.is_some() && parsed == parse(&package.file.filename) {
            package.file.filename = last.into_owned();
        }
    }
    Ok(resolution)
}

/// A lock file has no file for a package that suits the target.
fn no_file<E>(what: &str, error: &E, selection: &Selection) -> Failure
where
    E: std::error::Error + uv_errors::Hint + 'static,
{
    let no_wheel = "it is marked as `--no-build` but has no binary distribution";
    let ours = format!("it has no wheel for {}, and source distributions are refused", selection.target);
    let text = plain(&chain(error)).replace(no_wheel, &ours);
    Failure::new(FailureKind::Unsatisfiable, format!("{what}: {text}")).uv_hints(error.hints())
}
