//! Lints: an archive has the parts its kind has, `info/index.json` says what its name says, `info/paths.json` lists exactly its files,
//! and what runs without being called is told.

use super::meta::Meta;
use super::package::{INFO, part_name};
use crate::artifact::{Artifact, BlobRead, Descriptor, Digest};
use crate::error::{Error, Result};
use crate::scan::listing::{Contents, Listed};
use crate::scan::names::canonical;
use crate::scan::tar::{self, Kind};
use crate::scan::zip::{self, Member};
use crate::scan::{Findings, Packing, Profile, hooks, rules, unpacked};
use serde_json::Value;
use std::io::{Read, SeekFrom};

/// Longest document below `info/` that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// What both kinds of archive give to compare.
#[derive(Default)]
struct Package {
    files: Contents,
    index: Option<Vec<u8>>,
    paths: Option<Vec<u8>>,
    runs: Findings,
}

/// The two tars of the newer kind.
#[derive(Clone, Copy)]
enum Part {
    /// What describes the package, all of it below `info/`.
    Info,
    /// Its files, none of them there.
    Files,
}

/// Looks into one package.
pub(super) fn blob(artifact: &Artifact, blob: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    let Some(meta) = found.damage(rules::METADATA, "", Meta::of(artifact))? else { return Ok(()) };
    let name = blob.name.as_deref().unwrap_or_default();
    found.within(Profile::Package, "", |found| {
        let mut package = Package::default();
        let whole = match name.strip_suffix(".conda") {
            Some(stem) => package.parts(stem, bytes, found)?,
            None => {
                let size = bytes.size();
                unpacked(Packing::Bzip2, size, bytes, "", found, |stream, found| {
                    tar::lint(stream, found, &mut |entry, content| package.take(entry, content, None))
                })?;
                true
            }
        };
        found.include(&package.runs);
        if whole && found.worst() != Some(crate::scan::Severity::Error) {
            package.compare(&meta, found);
        }
        Ok(())
    })
}

impl Package {
    /// The zip of the newer kind: `metadata.json` and two tars, stored as they are.
    fn parts(&mut self, stem: &str, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<bool> {
        let mut members = Vec::new();
        zip::lint(bytes, found, &mut |member, _| {
            members.push(member.clone());
            Ok(())
        })?;
        let mut names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        names.sort_unstable();
        let expected = [part_name(INFO, stem), "metadata.json".to_owned(), part_name("pkg", stem)];
        if names != expected || members.iter().any(|member| member.method != 0) {
            found.add(rules::MEMBERS, "", format!("it has {:.200}; it should have {}, stored", names.join(", "), expected.join(", ")));
            return Ok(false);
        }
        for member in members.iter().filter(|member| member.name != "metadata.json") {
            self.part(member, bytes, found)?;
        }
        Ok(true)
    }

    fn part(&mut self, member: &Member, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
        let start = zip::local_header(bytes, member)?;
        bytes.seek(SeekFrom::Start(start)).map_err(|e| Error::io("a blob cannot be read", &e))?;
        let part = if member.name.starts_with(INFO) { Part::Info } else { Part::Files };
        found.within(Profile::Package, &member.name, |found| {
            unpacked(Packing::Zstd, member.packed, &mut bytes.take(member.packed), "", found, |stream, found| {
                tar::lint(stream, found, &mut |entry, content| self.take(entry, content, Some(part)))
            })
        })
    }

    fn take(&mut self, entry: &tar::Entry, content: &mut dyn Read, part: Option<Part>) -> Result<()> {
        let path = |name: &[u8]| String::from_utf8_lossy(&canonical(name)).into_owned();
        let name = path(&entry.name);
        let describes = name.is_empty() || name == "info" || name.starts_with("info/");
        match part {
            Some(Part::Info) if !describes => self.runs.add(rules::MEMBERS, &name, "it lies in the part that describes the package"),
            Some(Part::Files) if describes && !name.is_empty() => {
                self.runs.add(rules::MEMBERS, &name, "it describes the package, and lies in the part of its files");
            }
            _ => {}
        }
        let document = match name.as_str() {
            "info/index.json" => Some(&mut self.index),
            "info/paths.json" => Some(&mut self.paths),
            _ => None,
        };
        match (document, entry.kind) {
            (Some(place), Kind::File) if entry.size <= LONGEST => {
                let mut text = Vec::new();
                // Whoever reads on meets what is damaged again, and tells; so below.
                let _ = content.read_to_end(&mut text);
                *place = Some(text);
            }
            // What describes the package is not listed in it.
            _ if describes => {}
            (_, Kind::File) => self.file(&name, entry.size, content)?,
            (_, Kind::SymbolicLink) => self.files.link(&name),
            (_, Kind::HardLink) => self.files.hard_link(&name, &path(&entry.link)),
            _ => {}
        }
        Ok(())
    }

    /// A file of the package, which may run without being called.
    fn file(&mut self, name: &str, size: u64, content: &mut dyn Read) -> Result<()> {
        if let Some(when) = script(name) {
            self.runs.add(rules::INSTALL_HOOK, name, format!("a script that is run {when}"));
        }
        if matches!(name.split('/').collect::<Vec<_>>()[..], ["etc", "conda", "activate.d" | "deactivate.d", _]) {
            self.runs.add(rules::START_HOOK, name, "a script that is run when the environment is activated or left");
        }
        hooks::by_name(name, &mut self.runs);
        match hooks::read(name, size, content, &mut self.runs) {
            Some(text) => self.files.file(name, &mut &text[..]),
            None => self.files.file(name, content),
        }
    }

    fn compare(self, meta: &Meta, found: &mut Findings) {
        match self.index.as_deref().map(serde_json::from_slice::<Value>) {
            Some(Ok(index)) => {
                for key in ["name", "version", "build"] {
                    let said = index.get(key).and_then(Value::as_str);
                    if said != meta.text(key) {
                        let what = format!(
                            "its {key} is {:.100}, it is listed as {:.100}",
                            said.unwrap_or("none"),
                            meta.text(key).unwrap_or_default()
                        );
                        found.add(rules::METADATA, "info/index.json", what);
                    }
                }
            }
            _ => found.add(rules::METADATA, "info/index.json", "it is missing, or no JSON"),
        }
        match self.paths.as_deref().map(listed) {
            Some(Some(listed)) => self.files.compare("info/paths.json", &listed, |_| false, found),
            Some(None) => found.add(rules::LIST, "info/paths.json", "it is malformed"),
            // Archives of before conda-build 3 have none.
            None => found.within(Profile::Tree, "", |found| {
                found.add(rules::NOT_EXAMINED, "info/paths.json", "there is none: files were compared with no list");
            }),
        }
    }
}

/// When an installer runs a script of that name: `bin/.NAME-post-link.sh`, `Scripts/.NAME-post-link.bat` and their like.
fn script(name: &str) -> Option<&'static str> {
    let file = name.strip_prefix("bin/.").or_else(|| name.strip_prefix("Scripts/."))?;
    let stem = file.strip_suffix(".sh").or_else(|| file.strip_suffix(".bat"))?;
    [("-pre-link", "before it is installed"), ("-post-link", "after it is installed"), ("-pre-unlink", "before it is removed")]
        .into_iter()
        .find_map(|(end, when)| stem.ends_with(end).then_some(when))
}

/// The list of CEP 20: relative paths, lengths and digests. Those of a link are of what it leads to.
fn listed(text: &[u8]) -> Option<Vec<Listed>> {
    let document: Value = serde_json::from_slice(text).ok()?;
    document.get("paths")?.as_array()?.iter().map(entry).collect()
}

fn entry(path: &Value) -> Option<Listed> {
    let text = |key: &str| path.get(key).and_then(Value::as_str);
    let link = text("path_type") == Some("softlink");
    Some(Listed {
        name: text("_path")?.to_owned(),
        size: path.get("size_in_bytes").and_then(Value::as_u64).filter(|_| !link),
        sha256: text("sha256").filter(|_| !link).map(Digest::from_hex).transpose().ok()?,
        link,
    })
}
