//! What packages of a list or lock file require and nothing in it meets: whoever made it decided what is in it, so that it is noted, not
//! refused.

use super::collect::{Packages, Picked};
use super::summary::some;
use crate::ecosystems::count;
use rattler_conda_types::{MatchSpec, Matches, PackageRecord, ParseMatchSpecOptions};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Says of requirements that nothing meets.
pub fn note(packages: &Packages) -> Option<String> {
    let mut by_name: HashMap<String, Vec<(&str, PackageRecord)>> = HashMap::new();
    for package in packages.values() {
        // What cannot be read meets nothing; it has been refused where an index lists it.
        let Ok(record) = serde_json::from_value::<PackageRecord>(Value::Object(package.record.clone())) else { continue };
        by_name.entry(record.name.as_normalized().to_ascii_lowercase()).or_default().push((&package.subdir, record));
    }
    let mut unmet = BTreeSet::new();
    for package in packages.values() {
        let lacking = depends(package).filter(|spec| !spec.starts_with("__") && !is_met(spec, package, &by_name));
        unmet.extend(lacking.map(|spec| format!("{} needs {spec:.100}", package.file)));
    }
    let unmet: Vec<String> = unmet.into_iter().collect();
    (!unmet.is_empty()).then(|| format!("{} met by nothing in the list: {}", verb(unmet.len()), some(&unmet)))
}

fn verb(n: usize) -> String {
    format!("{} {}", count(n, "requirement"), if n == 1 { "is" } else { "are" })
}

fn depends(package: &Picked) -> impl Iterator<Item = &str> {
    package.record.get("depends").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Whether a package for the same machine, or for any, meets a requirement; one for any machine may be met on each of them by another.
fn is_met(spec: &str, package: &Picked, by_name: &HashMap<String, Vec<(&str, PackageRecord)>>) -> bool {
    // What is no spec, or holds under conditions only, is for the client's solver to judge.
    let Ok(spec) = MatchSpec::from_str(spec, ParseMatchSpecOptions::lenient()) else { return true };
    let Some(name) = spec.name.as_exact().filter(|_| spec.condition.is_none()) else { return true };
    let Some(of_name) = by_name.get(name.as_normalized()) else { return false };
    let beside = |subdir: &str| package.subdir == "noarch" || subdir == "noarch" || subdir == package.subdir;
    of_name.iter().any(|(subdir, record)| beside(subdir) && spec.matches(record))
}
