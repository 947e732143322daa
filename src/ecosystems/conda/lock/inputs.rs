//! Files that are read in place of, or beside, specs: environment files, explicit lists, lock files of other tools.

use super::super::section::{Pip, Section};
use super::channel::Channels;
use super::machine::Machine;
use super::spec::Spec;
use crate::error::{Error, Kind, Result};
use rattler_conda_types::{EnvironmentYaml, ExplicitEnvironmentSpec, PackageRecord};
use rattler_lock::{CondaPackageData, Environment, LockFile, LockedPackage};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;
use url::Url;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 64 << 20;
/// Most packages of a list.
const MOST: usize = 100_000;

/// A package that a list or lock file names.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Where it is, without fragment.
    pub url: Url,
    /// Its SHA-256 in lower-case hex, where the file says it.
    pub sha256: Option<String>,
    /// Its MD5 in lower-case hex, where the file says it.
    pub md5: Option<String>,
    /// Its record, where the file has one.
    pub record: Option<Value>,
}

/// Adds what an `environment.yml` asks for: its channels behind those of the section, and its dependencies.
pub fn environment(base: &Path, file: &str, section: &Section, channels: &mut Channels, notes: &mut Vec<String>) -> Result<Vec<Spec>> {
    let text = read(base, file)?;
    let wrong = |e: &(dyn std::error::Error + '_)| Error::usage(format!("{file}: not an environment file")).because(e);
    let yaml = EnvironmentYaml::from_yaml_str(&text).map_err(|e| wrong(&e))?;
    for channel in &yaml.channels {
        channels.add(channel.as_str()).map_err(|e| e.about(file))?;
    }
    let mut foreign = Vec::new();
    for dependency in &yaml.dependencies {
        if let Some((manager, specs)) = dependency.as_sub_section() {
            foreign.extend(specs.iter().map(|spec| format!("{manager}: {spec:.100}")));
        }
    }
    left_out(file, &foreign, section.pip, notes)?;
    if !yaml.variables.is_empty() {
        notes.push(format!("{file}: its variables are not carried: set them where the environment is made"));
    }
    notes.extend(unread(&text).into_iter().map(|key| match key {
        "platforms" => format!("{file}: its key `platforms` is not read: the targets say which machines it is for"),
        key => format!("{file}: its key `{key:.60}` is not read"),
    }));
    let specs = yaml.match_specs().map(|spec| Spec::settle(spec.clone(), &spec.to_string(), channels).map_err(|e| e.about(file)));
    specs.collect()
}

/// The keys of an environment file that are passed over; block mappings begin each of theirs at the left.
fn unread(text: &str) -> BTreeSet<&str> {
    const READ: [&str; 5] = ["name", "prefix", "channels", "dependencies", "variables"];
    let key = |line: &str| line.split_once(':').map_or(0, |(key, _)| key.len());
    let keys = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '"' || c == '\''));
    keys.map(|line| line[..key(line)].trim_matches(['"', '\'', ' '])).filter(|key| !key.is_empty() && !READ.contains(key)).collect()
}

/// The packages of an `@EXPLICIT` list.
pub fn explicit(base: &Path, file: &str) -> Result<Vec<Listed>> {
    let list = ExplicitEnvironmentSpec::from_str(&spaced(&read(base, file)?)).map_err(|e| {
        Error::usage(format!("{file}: not an explicit list")).because(&e).with("expected", "@EXPLICIT, and a URL on each line after it")
    })?;
    let listed = list.packages.into_iter().map(|entry| {
        let mut url = entry.url;
        let digest = url.fragment().map(|f| f.trim_start_matches("sha256:").trim_start_matches("md5:").to_ascii_lowercase());
        url.set_fragment(None);
        let hex = |digest: &String| digest.bytes().all(|b| b.is_ascii_hexdigit());
        match digest.filter(|digest| !digest.is_empty()) {
            None => Ok(Listed { url, sha256: None, md5: None, record: None }),
            Some(digest) if digest.len() == 64 && hex(&digest) => Ok(Listed { url, sha256: Some(digest), md5: None, record: None }),
            Some(digest) if digest.len() == 32 && hex(&digest) => Ok(Listed { url, sha256: None, md5: Some(digest), record: None }),
            Some(digest) => Err(Error::usage(format!("{file}: {}: what follows `#` is no digest", crate::upstream::shown(&url)))
                .with("expected", "an MD5 or SHA-256 in hex")
                .with("found", format!("{digest:.80}"))),
        }
    });
    let listed = listed.collect::<Result<Vec<_>>>()?;
    match listed.len() {
        0 => Err(Error::usage(format!("{file}: it lists nothing"))),
        n if n > MOST => Err(Error::usage(format!("{file}: it lists too much")).with("expected", format!("at most {MOST} packages"))),
        _ => Ok(listed),
    }
}

/// Lists of tools have empty lines, which the reader takes for addresses.
fn spaced(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The packages of a `conda-lock.yml` or `pixi.lock` for these machines.
pub fn locked(base: &Path, file: &str, section: &Section, machines: &[Machine], notes: &mut Vec<String>) -> Result<Vec<Listed>> {
    let text = read(base, file)?;
    let lock =
        LockFile::from_str_with_base_directory(&text, None).map_err(|e| Error::usage(format!("{file}: not a lock file")).because(&e))?;
    let wanted: BTreeSet<&str> = machines.iter().map(|machine| machine.subdir).collect();
    let (mut listed, mut foreign, mut met) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (name, environment) in environments(file, &lock, section)? {
        for platform in environment.platforms() {
            let subdir = platform.subdir().as_str();
            if !wanted.contains(subdir) {
                continue;
            }
            met.insert(subdir);
            for package in environment.packages(platform).into_iter().flatten() {
                match package {
                    LockedPackage::Conda(CondaPackageData::Binary(binary)) => {
                        listed.push(binary_package(file, binary.location.as_url(), &binary.package_record)?);
                    }
                    LockedPackage::Conda(source) => {
                        return Err(Error::usage(format!("{file}: {}: it would be built from source", source.name().as_normalized()))
                            .with("environment", name)
                            .hint("build it, and put it into a channel"));
                    }
                    LockedPackage::Pypi(package) => drop(foreign.insert(package.name().to_string())),
                }
            }
        }
    }
    if let Some(missing) = wanted.iter().find(|subdir| !met.contains(*subdir)) {
        return Err(Error::usage(format!("{file}: nothing is locked for {missing}"))
            .with("found", lock.platforms().map(|p| p.subdir().as_str()).collect::<Vec<_>>().join(", "))
            .hint("lock it for that platform too, or name the targets it is for: targets = [\"…\"]"));
    }
    left_out(file, &foreign.into_iter().collect::<Vec<_>>(), section.pip, notes)?;
    if listed.len() > MOST {
        return Err(Error::usage(format!("{file}: it lists too much")).with("expected", format!("at most {MOST} packages")));
    }
    Ok(listed)
}

fn environments<'a>(file: &str, lock: &'a LockFile, section: &Section) -> Result<Vec<(&'a str, Environment<'a>)>> {
    let all: Vec<(&str, Environment<'_>)> = lock.environments().collect();
    for name in &section.environments {
        if lock.environment(name).is_none() {
            return Err(Error::usage(format!("{file}: no environment is called {name:.80}"))
                .with("found", all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")));
        }
    }
    let wanted = |name: &str| section.environments.is_empty() || section.environments.iter().any(|wanted| wanted == name);
    Ok(all.into_iter().filter(|(name, _)| wanted(name)).collect())
}

fn binary_package(file: &str, url: Option<&Url>, record: &PackageRecord) -> Result<Listed> {
    let Some(url) = url.filter(|url| matches!(url.scheme(), "https" | "http")) else {
        return Err(Error::usage(format!("{file}: {} lies in a folder", record.name.as_normalized())).hint("put it into a channel"));
    };
    let mut url = url.clone();
    url.set_fragment(None);
    let value = serde_json::to_value(record).map_err(|e| Error::failed("a record cannot be written").because(&e))?;
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_ascii_lowercase);
    Ok(Listed { url, sha256: text("sha256"), md5: text("md5"), record: Some(value) })
}

/// What comes from another index is never left out in silence.
fn left_out(file: &str, foreign: &[String], pip: Pip, notes: &mut Vec<String>) -> Result<()> {
    const SHOWN: usize = 10;
    if foreign.is_empty() {
        return Ok(());
    }
    let rest = foreign.len().saturating_sub(SHOWN);
    let mut names = foreign.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if rest > 0 {
        names.push_str(&format!(", and {rest} more"));
    }
    if pip == Pip::Refuse {
        return Err(Error::new(
            Kind::Policy,
            format!("{file}: {} would be missing inside", crate::ecosystems::count(foreign.len(), "package")),
        )
        .with("found", names)
        .hint("they come from an index for pip: ask for them in a section of that room, and write pip = \"leave\" here"));
    }
    notes.push(format!("{file}: left out, for a section of their own: {names}"));
    Ok(())
}

fn read(base: &Path, file: &str) -> Result<String> {
    let path = base.join(file);
    let wrong = |e: &std::io::Error| Error::usage(format!("{file:.200}: it cannot be read")).because(e);
    let (mut text, opened) = (Vec::new(), std::fs::File::open(&path).map_err(|e| wrong(&e))?);
    opened.take(LONGEST + 1).read_to_end(&mut text).map_err(|e| wrong(&e))?;
    if text.len() as u64 > LONGEST {
        return Err(Error::usage(format!("{file:.200}: it is too long")).with("expected", format!("at most {LONGEST} bytes")));
    }
    String::from_utf8(text).map_err(|e| Error::usage(format!("{file:.200}: not text")).because(&e))
}
