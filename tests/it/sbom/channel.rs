//! Packages of the test channels: records, licence files and the Python projects that they install.

use super::{held as kept, inventory, judged};
use crate::scan::packages::artifact;
use crate::stock;
use airlift::artifact::Completeness;
use airlift::report::{Basis, Examined};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn packages_are_what_their_records_and_archives_say() {
    let channel = stock::folder().join("channel/forge");
    if !channel.exists() {
        return stock::skip("the test channels have not been made");
    }
    let (mut artifacts, mut held, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
    for folder in ["noarch", "linux-64"] {
        let index: Value = serde_json::from_slice(&std::fs::read(channel.join(folder).join("repodata.json")).unwrap()).unwrap();
        for (file, record) in ["packages", "packages.conda"].iter().flat_map(|part| index[part].as_object().into_iter().flatten()) {
            let bytes = std::fs::read(channel.join(folder).join(file)).unwrap();
            // The large ones take long and show nothing more.
            if bytes.len() > 2 << 20 {
                continue;
            }
            let text = |key: &str| record[key].as_str().unwrap().to_owned();
            let (name, version) = (format!("forge/{folder}/{}", text("name")), format!("{}-{}", text("version"), text("build")));
            let meta = json!({ "channel": "forge", "subdir": folder, "record": record });
            artifacts.push(artifact("conda", &name, &version, &[(file, "application/x-conda", &bytes)], meta));
            let needs = record["depends"].as_array().unwrap().iter().map(|spec| spec.as_str().unwrap().to_owned());
            let license = record["license"].as_str().unwrap_or_default().to_owned();
            wanted.push((text("name"), needs.filter(|spec| !spec.starts_with("__")).collect::<BTreeSet<_>>(), license));
            held.push(bytes);
        }
    }
    wanted.sort();
    let found = inventory(&artifacts, &kept(held));
    let mut said: Vec<_> = found
        .components
        .iter()
        .map(|c| {
            let needs: BTreeSet<String> = c.requirements.iter().map(|r| r.declared.clone()).collect();
            let license = c.licences.iter().find(|l| l.basis == Basis::Declared).map(|l| l.text.clone()).unwrap_or_default();
            (c.name.clone(), needs, license)
        })
        .collect();
    said.sort();
    assert!(said.len() > 50, "{} packages", said.len());
    assert_eq!(said, wanted);
    assert!(found.components.iter().all(|c| c.examined == Examined::Read), "every archive was read, of either kind");
    let projects: BTreeSet<&str> =
        found.components.iter().flat_map(airlift::report::Component::nested).map(|c| c.purl.split('@').next().unwrap()).collect();
    assert!(projects.len() > 30 && projects.contains("pkg:pypi/jupyterlab-server"), "{projects:?}");
    assert!(found.components.iter().any(|c| !c.needs.is_empty() && c.needs_known == Completeness::Complete));
    judged(&found);
}
