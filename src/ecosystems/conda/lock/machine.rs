//! What a solve is told of a target: its platform and virtual packages. Never taken from the machine that locks.

use super::super::section::Section;
use crate::artifact::{Architecture, Libc, Target};
use crate::error::{Error, Result};
use rattler_conda_types::package::BuildString;
use rattler_conda_types::{GenericVirtualPackage, PackageName, Version};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The kernel of the oldest distributions in use, as other solvers for absent machines take it.
const KERNEL: &str = "4.18";

/// A target, in a solver's words.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The target's name.
    pub name: String,
    /// Its platform.
    pub subdir: &'static str,
    /// Its Python release, where it says one: `3.11`.
    pub python: Option<String>,
    /// What is there without being a package.
    pub virtuals: Vec<GenericVirtualPackage>,
}

impl Machine {
    /// A target with the section's own virtual packages.
    pub fn new(target: &Target, section: &Section) -> Result<Self> {
        let (subdir, march) = match target.architecture {
            Architecture::X86_64 => ("linux-64", "1=x86_64"),
            Architecture::Aarch64 => ("linux-aarch64", "1=aarch64"),
        };
        let libc = match target.libc {
            Libc::Glibc(version) => ("__glibc", version.to_string()),
            Libc::Musl(version) => ("__musl", version.to_string()),
        };
        let mut all: BTreeMap<&str, String> =
            BTreeMap::from([("__unix", "0".to_owned()), ("__linux", KERNEL.to_owned()), ("__archspec", march.to_owned()), libc]);
        all.extend(target.cuda.map(|version| ("__cuda", version.to_string())));
        for (name, value) in &section.virtual_packages {
            if value.is_empty() {
                all.remove(name.as_str());
            } else {
                all.insert(name, value.clone());
            }
        }
        let virtuals = all.iter().map(|(name, value)| virtual_package(name, value)).collect::<Result<_>>()?;
        Ok(Self { name: target.name.clone(), subdir, python: target.python.map(|version| version.to_string()), virtuals })
    }

    /// `linux-64 py3.11`, as the summary says it.
    pub fn words(&self) -> String {
        self.python.as_ref().map_or_else(|| self.subdir.to_owned(), |python| format!("{} py{python}", self.subdir))
    }
}

fn virtual_package(name: &str, value: &str) -> Result<GenericVirtualPackage> {
    let wrong = || {
        Error::usage(format!("virtual package {name:.40}: not understood"))
            .with("expected", "a name that begins with `__`, and VERSION or VERSION=BUILD")
            .with("found", format!("{value:.80}"))
    };
    let (version, build) = value.split_once('=').unwrap_or((value, "0"));
    if !name.starts_with("__") || build.is_empty() {
        return Err(wrong());
    }
    Ok(GenericVirtualPackage {
        name: PackageName::from_str(name).map_err(|e| wrong().because(&e))?,
        version: Version::from_str(version).map_err(|e| wrong().because(&e))?,
        build_string: BuildString::from_str(build).map_err(|e| wrong().because(&e))?,
    })
}
