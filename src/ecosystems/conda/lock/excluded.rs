//! What a section never wants chosen, whoever requires it. The solver is told why, and says so when nothing else is left.

use super::channel::Channels;
use super::closure::Found;
use super::spec::Spec;
use crate::error::{Error, Result};
use rattler_conda_types::{Matches, RepoDataRecord};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use url::Url;

/// A spec of what is excluded.
#[derive(Debug, Clone)]
pub struct Excluded {
    spec: Spec,
    /// As it is written.
    pub text: String,
    /// Why, in the words of an explanation.
    why: Arc<str>,
}

impl Excluded {
    /// Reads a spec; a channel in it must be one of the section's.
    pub fn parse(text: &str, channels: &Channels) -> Result<Self> {
        let spec = Spec::parse(text, channels).map_err(|e| Error::about(e, "exclude"))?;
        Ok(Self { spec, text: text.to_owned(), why: format!("the section excludes {text}").into() })
    }

    /// Whether it means this record. The solver's crate compares neither channel nor platform.
    fn is(&self, record: &RepoDataRecord) -> bool {
        let channel = self.spec.spec.channel.as_ref().map(|channel| channel.base_url.url().as_str());
        channel.is_none_or(|channel| record.channel.as_deref() == Some(channel))
            && self.spec.subdir.as_ref().is_none_or(|subdir| *subdir == record.package_record.subdir)
            && self.spec.spec.matches(record)
    }
}

/// The records that are excluded, with the reason.
pub fn candidates(found: &Found, excluded: &[Excluded]) -> HashMap<Url, Arc<str>> {
    let mut by_name: HashMap<&str, Vec<&Excluded>> = HashMap::new();
    for one in excluded {
        by_name.entry(&one.spec.name).or_default().push(one);
    }
    let mut out = HashMap::new();
    for record in found.all() {
        let of_name = by_name.get(record.package_record.name.as_normalized());
        if let Some(one) = of_name.into_iter().flatten().find(|one| one.is(record)) {
            out.insert(record.url.clone(), one.why.clone());
        }
    }
    out
}

/// The exclusions, as they are written, that mean none of the records: a misspelt one would go unnoticed.
pub fn idle<'a>(found: &Found, excluded: &'a [Excluded]) -> BTreeSet<&'a str> {
    let mut by_name: HashMap<&str, Vec<&Excluded>> = HashMap::new();
    for one in excluded {
        by_name.entry(&one.spec.name).or_default().push(one);
    }
    for record in found.all() {
        if let Some(of_name) = by_name.get_mut(record.package_record.name.as_normalized()) {
            of_name.retain(|one| !one.is(record));
        }
    }
    by_name.into_values().flatten().map(|one| one.text.as_str()).collect()
}
