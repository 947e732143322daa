//! The test image, with this Debian's own database of packages and a real folder of Python projects upon it: dpkg-query and pip list what
//! the inventory lists.

use super::inside::{MANIFEST, blobs, image};
use super::{held, inventory};
use crate::scan::made::gzip;
use crate::stock;
use airlift::artifact::Completeness;
use airlift::report::Component;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The layers of the image `1.0` for amd64.
fn layers(layout: &Path) -> Vec<Vec<u8>> {
    let blob = |digest: &Value| std::fs::read(layout.join("blobs").join(digest.as_str().unwrap().replace(':', "/"))).unwrap();
    let document = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).unwrap();
    let index = document(std::fs::read(layout.join("index.json")).unwrap());
    let tagged = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == "1.0";
    let list = document(blob(&index["manifests"].as_array().unwrap().iter().find(tagged).unwrap()["digest"]));
    let amd64 = list["manifests"].as_array().unwrap().iter().find(|entry| entry["platform"]["architecture"] == "amd64").unwrap();
    let manifest = document(blob(&amd64["digest"]));
    assert_eq!(manifest["mediaType"], MANIFEST);
    manifest["layers"].as_array().unwrap().iter().map(|layer| blob(&layer["digest"])).collect()
}

/// The folder of an environment that has pip and more.
fn projects(environment: &Path) -> PathBuf {
    let lib = std::fs::read_dir(environment.join("lib")).unwrap().map(|e| e.unwrap().path());
    lib.map(|python| python.join("site-packages")).find(|folder| folder.is_dir()).expect("site-packages")
}

fn lines(command: &mut Command) -> BTreeSet<String> {
    let ran = command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn listed(inside: &[Component], kind: &str, line: fn(&Component) -> String) -> BTreeSet<String> {
    inside.iter().filter(|c| c.purl.starts_with(&format!("pkg:{kind}/"))).map(line).collect()
}

/// Where Python projects are put in the image.
const SITE: &str = "usr/local/lib/python3.11/dist-packages";
/// States of packages whose files are not there.
const GONE: [&str; 3] = ["not-installed", "config-files", "half-installed"];

/// This Debian's own database, with the lists and licences of its packages, as a layer.
fn debian() -> Vec<u8> {
    let mut layer = tar::Builder::new(Vec::new());
    let mut add = |path: &Path| layer.append_path_with_name(path, path.strip_prefix("/").unwrap()).unwrap();
    add(Path::new("/var/lib/dpkg/status"));
    let lists = std::fs::read_dir("/var/lib/dpkg/info").unwrap().map(|entry| entry.unwrap().path());
    lists.filter(|path| path.extension().is_some_and(|x| x == "list")).for_each(|path| add(&path));
    let documents = std::fs::read_dir("/usr/share/doc").unwrap().map(|entry| entry.unwrap().path().join("copyright"));
    documents.filter(|path| path.symlink_metadata().is_ok_and(|m| m.is_file())).for_each(|path| add(&path));
    // Packages of one source share their documents by links.
    layer.follow_symlinks(false);
    let links = std::fs::read_dir("/usr/share/doc").unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_symlink());
    links.for_each(|path| layer.append_path_with_name(&path, path.strip_prefix("/").unwrap()).unwrap());
    gzip(&layer.into_inner().unwrap())
}

#[test]
fn packages_are_those_of_dpkg_query_and_of_pip_list() {
    let layout = stock::folder().join("images");
    if !layout.exists() {
        return stock::skip("the test images have not been made");
    }
    let (Some(environment), Some(_)) = (stock::environment("sbom"), stock::need("dpkg-query")) else { return };
    let (site, mut layers) = (projects(&environment), layers(&layout));
    let mut added = tar::Builder::new(Vec::new());
    added.follow_symlinks(false);
    added.append_dir_all(SITE, &site).unwrap();
    layers.push(gzip(&added.into_inner().unwrap()));
    layers.push(debian());
    let blobs = blobs(&layers);
    let found = inventory(&[image(&blobs)], &held(blobs.into_iter().map(|(_, bytes)| bytes)));
    let inside = found.components[0].inside.as_ref().unwrap();

    let format = "${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n";
    let said: BTreeSet<String> = lines(Command::new("dpkg-query").args(["-W", "-f", format]))
        .into_iter()
        .filter_map(|line| line.split_once(' ').filter(|(state, _)| !GONE.contains(state)).map(|(_, rest)| rest.to_owned()))
        .collect();
    let debian = listed(&inside.components, "deb", |c| {
        let architecture = airlift::report::Purl::read(&c.purl).unwrap().qualifier("arch").unwrap();
        format!("{} {} {architecture} {} {}", c.name, c.version, c.properties["source package"], c.properties["source version"])
    });
    assert!(debian.len() > 50, "{debian:?}");
    assert_eq!(debian, said);

    let pip = environment.join("bin/python");
    let said: BTreeSet<String> = lines(
        Command::new(pip).args(["-I", "-m", "pip", "list", "--format", "freeze", "--disable-pip-version-check", "--path"]).arg(&site),
    )
    .iter()
    .map(|line| line.to_ascii_lowercase().replace(['_', '.'], "-"))
    .collect();
    // pip lists the folder itself, not what projects carry along further down.
    let direct = |c: &&Component| c.found_by.as_deref().is_some_and(|place| place.matches('/').count() == SITE.matches('/').count() + 2);
    let projects: Vec<Component> = inside.components.iter().filter(direct).cloned().collect();
    let own = listed(&projects, "pypi", |c| format!("{}=={}", c.name, c.version).replace(['_', '.'], "-").to_ascii_lowercase());
    assert!(own.len() > 20, "{own:?}");
    assert_eq!(own, said);
    assert!(inside.accounted > 100 && inside.accounted < inside.files, "{} of {}", inside.accounted, inside.files);
    let debian: Vec<&Component> = inside.components.iter().filter(|c| c.purl.starts_with("pkg:deb/")).collect();
    let complete = debian.iter().filter(|c| c.needs_known == Completeness::Complete).count();
    // Of an installed system, nothing that is needed is missing; but packages that were put here by force may lack something.
    assert!(complete * 10 >= debian.len() * 9, "{complete} of {}", debian.len());
    let stated = debian.iter().filter(|c| c.licences.iter().any(|l| !l.text.is_empty())).count();
    assert!(stated * 10 >= debian.len() * 9, "{stated} of {} have a statement of licences", debian.len());
    let certain = debian.iter().filter(|c| c.licences.iter().any(|l| l.expression.is_some())).count();
    eprintln!("{} packages: {stated} with a statement of licences, {certain} with a licence of the list", debian.len());
    assert!(certain * 10 >= debian.len() * 7, "{certain} of {} have a licence of the list", debian.len());
}
