//! What an index says of a package, checked before a solver sees it.

use super::super::meta::is_file;
use super::index::Entry;
use rattler_conda_types::package::{DistArchiveIdentifier, DistArchiveType};
use rattler_conda_types::{
    MatchSpec, MatchSpecCondition, PackageName, PackageRecord, ParseMatchSpecOptions, RepoDataRecord, RepodataRevision,
};
use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;
use url::Url;

/// Largest archive, in bytes.
const LARGEST: u64 = 1 << 40;
/// Most requirements of a package.
const MOST_DEPENDS: usize = 5000;

/// Where the records of an index belong.
#[derive(Debug, Clone)]
pub struct Place {
    /// The platform.
    pub subdir: String,
    /// Where the archives are; ends with a slash.
    pub base: Url,
    /// The channel's address.
    pub channel: String,
}

/// Requirements that were looked at already.
#[derive(Debug, Default)]
pub struct Seen {
    known: HashMap<String, Known>,
    /// Names of packages that requirements reached.
    pub reached: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// Whether the solver may see it.
    harmless: bool,
    /// Whether its name is among those that were reached.
    reached: bool,
}

impl Seen {
    /// Whether the solver may see a requirement. The package that it names is reached, if it is `needed`.
    fn harmless(&mut self, text: &str, needed: bool) -> bool {
        let known = match self.known.get_mut(text) {
            Some(known) => known,
            None => self.known.entry(text.to_owned()).or_insert(Known { harmless: is_harmless(text), reached: false }),
        };
        if needed && known.harmless && !known.reached {
            known.reached = true;
            let name = PackageName::normalized_name_from_matchspec_str(text);
            if !name.is_empty() && !name.starts_with("__") {
                self.reached.insert(name.into_owned());
            }
        }
        known.harmless
    }
}

/// The record of an entry, in the solver's words; otherwise why it is passed over.
pub fn candidate(entry: &Entry, place: &Place, seen: &mut Seen) -> Result<RepoDataRecord, String> {
    let file = entry.file.as_str();
    if entry.newer {
        return Err("it is listed for clients that know repodata of version 3 only".to_owned());
    }
    if !is_file(file) {
        return Err("its name is none of an archive".to_owned());
    }
    let mut record: PackageRecord = entry.record.solver().map_err(|e| format!("its record cannot be read: {e:.200}"))?;
    let identifier = DistArchiveIdentifier::try_from_filename(file).ok_or("its name is none of an archive")?;
    if !is_of(&record, &identifier) {
        let build = &record.build;
        return Err(format!("its record is that of {:.100}", format!("{}-{}-{build}", record.name.as_source(), record.version.as_str())));
    }
    if record.name.as_source().bytes().any(|b| b.is_ascii_uppercase()) {
        // Records are read without normalising their names, and a solver asks for them in lower case.
        record.name = PackageName::from_str(record.name.as_source()).map_err(|e| format!("its name is none: {e}"))?;
    }
    if record.subdir.is_empty() {
        record.subdir.clone_from(&place.subdir);
    }
    if record.subdir != place.subdir {
        return Err(format!("its record is for {:.40}", record.subdir));
    }
    if record.size.is_some_and(|size| size == 0 || size > LARGEST) {
        return Err(format!("its size cannot be: {}", record.size.unwrap_or_default()));
    }
    requirements(&record, seen)?;
    let mut url = place.base.clone();
    // Cheaper than to parse a relative address, thousands of times; the name needs no escapes.
    url.path_segments_mut().map_err(|()| "its channel has no folders".to_owned())?.pop_if_empty().push(file);
    Ok(RepoDataRecord { package_record: record, identifier, url, channel: Some(place.channel.clone()) })
}

/// Whether a record is that of the archive that it stands beside.
fn is_of(record: &PackageRecord, file: &DistArchiveIdentifier) -> bool {
    let known = matches!(file.archive_type, DistArchiveType::Conda(_));
    let file = &file.identifier;
    let same = |parts: [&str; 3]| parts == [&file.name, &file.version, &file.build_string];
    known && same([record.name.as_source(), &record.version.as_str(), record.build.as_str()])
}

/// Looks at what a package requires, and notes which packages that reaches.
fn requirements(record: &PackageRecord, seen: &mut Seen) -> Result<(), String> {
    let needed = record.depends.iter().chain(record.extra_depends.values().flatten()).map(|text| (text, true));
    let mut all = needed.chain(record.constrains.iter().map(|text| (text, false)));
    if all.clone().count() > MOST_DEPENDS {
        return Err("it requires too much".to_owned());
    }
    match all.find(|(text, needed)| !seen.harmless(text, *needed)) {
        Some((odd, _)) => Err(format!("a requirement is none a solver takes: {odd:.100}")),
        None => Ok(()),
    }
}

/// Whether the solver may see a requirement. One that does not parse makes it leave the package out, and say so; but it takes for granted
/// that names are exact and that conditions hold no conditions.
fn is_harmless(text: &str) -> bool {
    let options = ParseMatchSpecOptions::lenient().with_repodata_revision(RepodataRevision::V3);
    text.len() <= 2000
        && !text.contains('\0')
        && MatchSpec::from_str(text, options).map_or(!text.contains('['), |spec| {
            spec.name.as_exact().is_some() && spec.condition.as_ref().is_none_or(|c| is_flat(c, options, 0))
        })
}

fn is_flat(condition: &MatchSpecCondition, options: ParseMatchSpecOptions, depth: usize) -> bool {
    match condition {
        _ if depth > 16 => false,
        MatchSpecCondition::MatchSpec(spec) => {
            let again = MatchSpec::from_str(&spec.to_string(), options);
            spec.condition.is_none() && again.is_ok_and(|spec| spec.name.as_exact().is_some() && spec.condition.is_none())
        }
        MatchSpecCondition::And(left, right) | MatchSpecCondition::Or(left, right) => {
            is_flat(left, options, depth + 1) && is_flat(right, options, depth + 1)
        }
    }
}
