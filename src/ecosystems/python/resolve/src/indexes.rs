//! The indexes of a request as uv wants them, with the credentials kept apart.

use std::str::FromStr;

use url::Origin;
use uv_auth::Credentials;
use uv_distribution_types::{IndexFormat, IndexLocations, IndexMetadata, IndexUrl, RequirementSource};
use uv_normalize::PackageName;
use uv_pep440::{Version, VersionSpecifiers};
use uv_pep508::MarkerTree;
use uv_types::RequestedRequirements;

use crate::failure::{Failure, FailureKind};
use crate::request::{Index, Request};

/// The indexes of one request.
pub(crate) struct Indexes {
    /// URLs without credentials, so that nothing uv prints can contain one.
    pub(crate) locations: IndexLocations,
    /// Credentials by the origin they are for.
    pub(crate) credentials: Vec<(Origin, Credentials)>,
    /// Text that must not appear in any message.
    pub(crate) secrets: Vec<String>,
    /// Packages that may come from one index only.
    pub(crate) pins: Vec<(PackageName, IndexMetadata)>,
}

impl Indexes {
    pub(crate) fn new(request: &Request) -> Result<Self, Failure> {
        let mut indexes = Self { locations: IndexLocations::default(), credentials: Vec::new(), secrets: Vec::new(), pins: Vec::new() };
        let mut list = Vec::with_capacity(request.indexes.len() + 1);
        for index in &request.indexes {
            list.push(indexes.add(index, false)?);
        }
        if let Some(index) = &request.default_index {
            list.push(indexes.add(index, true)?);
        }
        if request.no_default && request.default_index.is_none() {
            // uv asks its own constant unless an index is the default: the last one asked becomes it.
            let last = list.iter_mut().rev().find(|index| !index.explicit);
            last.ok_or_else(none_left)?.default = true;
        }
        indexes.locations = IndexLocations::new(list, Vec::new(), false);
        indexes.no_package_twice()?;
        Ok(indexes)
    }

    fn add(&mut self, index: &Index, default: bool) -> Result<uv_distribution_types::Index, Failure> {
        let url = index_url(&index.url)?;
        if index.username.is_some() || index.password.is_some() {
            let (username, password) = (index.username.clone(), index.password.clone());
            // A user name alone is a token in the places that use one.
            self.secrets.extend(password.clone().or_else(|| username.clone()));
            let credentials = Credentials::basic(username, password);
            self.credentials.push((url.url().origin(), credentials));
        }
        let format = if index.flat { IndexFormat::Flat } else { IndexFormat::Simple };
        for package in &index.packages {
            let name = package_name(package)?;
            self.pins.push((name, IndexMetadata { url: url.clone(), format }));
        }
        let mut known = uv_distribution_types::Index::from(url);
        known.explicit = index.explicit;
        known.default = default;
        known.format = format;
        Ok(known)
    }

    fn no_package_twice(&mut self) -> Result<(), Failure> {
        self.pins.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.pins.dedup();
        match self.pins.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            None => Ok(()),
            Some(pair) => Err(Failure::new(
                FailureKind::Invalid,
                format!("package {} is pinned to two indexes: {} and {}", pair[0].0, pair[0].1.url, pair[1].1.url),
            )),
        }
    }

    /// The pins in the form that makes uv obey them for packages needed in any way: requirements
    /// of a package that does not exist. (A constraint would do as well, but uv drops those that
    /// do not narrow the version.)
    pub(crate) fn pinned(&self) -> Vec<RequestedRequirements> {
        let requirements: Vec<_> = self.pins.iter().map(|(name, index)| requirement(name, index)).collect();
        let Some(first) = requirements.first() else {
            return Vec::new();
        };
        let (package, version) = (first.name.clone(), Version::new([0]));
        let extras = Box::default();
        vec![RequestedRequirements::new(package, version, extras, requirements.into(), false)]
    }
}

fn requirement(name: &PackageName, index: &IndexMetadata) -> uv_distribution_types::Requirement {
    uv_distribution_types::Requirement {
        name: name.clone(),
        extras: Box::default(),
        groups: Box::default(),
        marker: MarkerTree::TRUE,
        source: RequirementSource::Registry { specifier: VersionSpecifiers::empty(), index: Some(index.clone()), conflict: None },
        origin: None,
    }
}

/// The normalised name of a package (PEP 503).
pub(crate) fn package_name(text: &str) -> Result<PackageName, Failure> {
    PackageName::from_str(text).map_err(|error| Failure::new(FailureKind::Invalid, format!("package name: {error}")))
}

fn none_left() -> Failure {
    Failure::new(FailureKind::Invalid, "--no-index leaves no index to ask")
        .hint("take it out of the requirements file, or name an index: default-index, [[...indexes]], or --find-links in that file")
}

fn index_url(text: &str) -> Result<IndexUrl, Failure> {
    let invalid = |why: String| Failure::new(FailureKind::Invalid, format!("index {text}: {why}"));
    let url = url::Url::parse(text).map_err(|error| invalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the URL must begin with https:// or http://".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the URL contains credentials".to_owned())
            .hint("give them apart from the URL, so that they are kept out of files and messages"));
    }
    IndexUrl::parse(text, None).map_err(|error| invalid(error.to_string()))
}
