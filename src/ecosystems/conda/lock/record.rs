//! What an index says of a package, checked before a solver sees it.

use super::super::meta::media_type;
use super::channel::Channel;
use super::index::{Entry, Index};
use rattler_conda_types::package::DistArchiveIdentifier;
use rattler_conda_types::{MatchSpec, MatchSpecCondition, PackageRecord, ParseMatchSpecOptions, RepoDataRecord, RepodataRevision};
use std::collections::HashMap;

/// Longest name of an archive, in bytes.
const LONGEST: usize = 250;
/// Largest archive, in bytes.
const LARGEST: u64 = 1 << 40;
/// Most requirements of a package.
const MOST_DEPENDS: usize = 5000;

/// Requirements that were looked at already, and whether the solver may see them.
pub type Seen = HashMap<String, bool>;

/// The record of an entry, in the solver's words; otherwise why it is passed over.
pub fn candidate(entry: &Entry, index: &Index, channel: &Channel, seen: &mut Seen) -> Result<RepoDataRecord, String> {
    let file = entry.file.as_str();
    if entry.newer {
        return Err("it is listed for clients that know repodata of version 3 only".to_owned());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.+!=~".contains(&b);
    if file.len() > LONGEST || !file.bytes().all(plain) || file.starts_with('.') || media_type(file).is_none() {
        return Err("its name is none of an archive".to_owned());
    }
    let mut record: PackageRecord = serde_json::from_slice(&entry.record).map_err(|e| format!("its record cannot be read: {e}"))?;
    let identifier = DistArchiveIdentifier::try_from_filename(file).ok_or("its name is none of an archive")?;
    let stem = format!("{}-{}-{}", record.name.as_source(), record.version.as_str(), record.build);
    if file.strip_prefix(&stem).is_none_or(|ending| !matches!(ending, ".conda" | ".tar.bz2")) {
        return Err(format!("its record is that of {stem:.100}"));
    }
    if record.subdir.is_empty() {
        record.subdir.clone_from(&index.subdir);
    }
    if record.subdir != index.subdir {
        return Err(format!("its record is for {:.40}", record.subdir));
    }
    if record.size.is_some_and(|size| size == 0 || size > LARGEST) {
        return Err(format!("its size cannot be: {}", record.size.unwrap_or_default()));
    }
    let mut requirements = record.depends.iter().chain(&record.constrains).chain(record.extra_depends.values().flatten());
    if requirements.clone().count() > MOST_DEPENDS {
        return Err("it requires too much".to_owned());
    }
    if let Some(odd) = requirements.find(|text| !is_harmless(text, seen)) {
        return Err(format!("a requirement is none a solver takes: {odd:.100}"));
    }
    let url = index.base.join(file).map_err(|e| e.to_string())?;
    Ok(RepoDataRecord { package_record: record, identifier, url, channel: Some(channel.url.to_string()) })
}

/// Whether the solver may see a requirement. One that does not parse makes it leave the package out, and say so; but it takes for granted
/// that names are exact and that conditions hold no conditions.
fn is_harmless(text: &str, seen: &mut Seen) -> bool {
    if let Some(known) = seen.get(text) {
        return *known;
    }
    let options = ParseMatchSpecOptions::lenient().with_repodata_revision(RepodataRevision::V3);
    let harmless = text.len() <= 2000
        && !text.contains('\0')
        && MatchSpec::from_str(text, options).map_or(!text.contains('['), |spec| {
            spec.name.as_exact().is_some() && spec.condition.as_ref().is_none_or(|c| is_flat(c, options, 0))
        });
    seen.insert(text.to_owned(), harmless);
    harmless
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
