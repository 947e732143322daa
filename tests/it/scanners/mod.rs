//! Stock scanners: what grype and trivy find with databases that their publishers' own code made of the records that airlift is asked with.

mod gap;
mod inside;
mod same;

use crate::stock::{file, need};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The programs, and a folder with their databases.
struct Scanners {
    grype: PathBuf,
    trivy: PathBuf,
    osv: PathBuf,
    made: PathBuf,
}

impl Scanners {
    fn ready() -> Option<Self> {
        let (grype, trivy, osv, made) = (need("grype"), need("trivy"), need("osv-scanner"), file("grype", "made"));
        Some(Self { grype: grype?, trivy: trivy?, osv: osv?, made: made? })
    }

    fn database(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.made.join(name)).expect("a database")
    }
}

/// What a scanner says: a package and its version, and a name of a vulnerability.
type Said = BTreeSet<(String, String)>;

/// A package as all three write it.
fn package(name: &str, version: &str) -> String {
    format!("{}=={version}", name.to_lowercase().replace(['_', '.'], "-"))
}

fn grypes(document: &Value) -> Said {
    let matches = document["matches"].as_array().expect("matches");
    let of = |found: &Value| {
        (package(text(&found["artifact"]["name"]), text(&found["artifact"]["version"])), text(&found["vulnerability"]["id"]).to_owned())
    };
    matches.iter().map(of).collect()
}

fn trivys(document: &Value) -> Said {
    let results = document["Results"].as_array().into_iter().flatten();
    let found = results.flat_map(|result| result["Vulnerabilities"].as_array().into_iter().flatten());
    found
        .map(|found| (package(text(&found["PkgName"]), text(&found["InstalledVersion"])), text(&found["VulnerabilityID"]).to_owned()))
        .collect()
}

fn osvs(document: &Value) -> Said {
    let packages =
        document["results"].as_array().into_iter().flatten().flat_map(|result| result["packages"].as_array().into_iter().flatten());
    let found = packages.flat_map(|of| of["vulnerabilities"].as_array().into_iter().flatten().map(move |found| (&of["package"], found)));
    found.map(|(of, found)| (package(text(&of["name"]), text(&of["version"])), text(&found["id"]).to_owned())).collect()
}

/// What either side alone says: a scanner's name of what airlift does not find, and what of airlift's the scanner has under no name.
fn differences(ours: &BTreeMap<String, Vec<BTreeSet<String>>>, theirs: &Said) -> (Vec<String>, Vec<String>) {
    let nothing = Vec::new();
    let known = |of: &str, name: &String| ours.get(of).unwrap_or(&nothing).iter().any(|names| names.contains(name));
    let alone = theirs.iter().filter(|(of, name)| !known(of, name)).map(|(of, name)| format!("{of} {name}")).collect();
    let told = |of: &String, names: &BTreeSet<String>| names.iter().any(|name| theirs.contains(&(of.clone(), name.clone())));
    let lacking = ours.iter().flat_map(|(of, all)| {
        all.iter().filter(|names| !told(of, names)).map(move |names| format!("{of} {}", names.first().expect("a name")))
    });
    (alone, lacking.collect())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
