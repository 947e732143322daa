//! What the inventory says of one file: its METADATA or PKG-INFO as written, its licence files, the projects it carries along.

use super::describe::describe_with;
use super::filename::Kind;
use super::format::Entry;
use super::wheel;
use crate::artifact::{Artifact, BlobRead, Blobs, Completeness};
use crate::ecosystems::core_metadata::{CoreMetadata, contacts, project, purl, required, requirement};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::report::{Component, Database, Examined, Inside, Licensing, MAX_LICENCE_BYTES, Reading, Requirement, recognised};
use crate::scan::tar::{self, Kind as EntryKind};
use crate::scan::zip::{self, Member};
use crate::scan::{Findings, Packing, unpacked};
use std::collections::BTreeMap;
use std::io::{Read, SeekFrom};

/// Most licence files, and most projects carried along, that are named of one file.
const MOST: usize = 200;
/// Most bytes of licence files that are read of one file.
const MOST_LICENCE_BYTES: u64 = 16 << 20;

/// What was read of one file.
#[derive(Default)]
struct Content {
    metadata: CoreMetadata,
    licences: Vec<Licensing>,
    vendored: Vec<Component>,
    /// Projects carried along that could not be read, or were too many.
    passed_over: usize,
    /// Whether the dependencies it names are all there are.
    is_bound: bool,
}

/// The component of a lock entry of this room.
pub(super) fn examine(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let entry = Entry::read(artifact)?;
    let (content, examined) = match blobs.open(&entry.digest)? {
        None => (Content::default(), Examined::NotExamined),
        Some(mut blob) => match content(&entry, &mut *blob) {
            Ok(Some(content)) => (content, Examined::Read),
            Ok(None) => (Content::default(), Examined::Opaque),
            Err(error) if error.kind() == ErrorKind::Verification => (Content::default(), Examined::Unreadable(error.message().to_owned())),
            Err(error) => return Err(error),
        },
    };
    let mut component = Component::of(artifact, describe_with(&entry, &content.metadata, artifact));
    component.licences.extend(content.licences);
    component.author = content.metadata.one("author").or(content.metadata.one("author-email")).map(str::to_owned);
    component.contacts = contacts(&content.metadata);
    component.requirements = requirements(&entry, &content.metadata);
    if examined == Examined::Read {
        component.declared = match content.is_bound {
            true => Completeness::Complete,
            false if component.requirements.is_empty() => Completeness::Unknown,
            false => Completeness::Partial,
        };
    }
    component.inside = inside(content.vendored, content.passed_over, &entry.filename);
    component.examined = examined;
    Ok(component)
}

/// The projects that a wheel carries along.
fn inside(components: Vec<Component>, passed_over: usize, file: &str) -> Option<Inside> {
    let reading = match passed_over {
        0 => Reading::Read,
        left => Reading::Partly(format!("{left} projects that cannot be read, or are too many")),
    };
    let found = Database { kind: "dist-info".to_owned(), place: file.to_owned(), components: components.len(), reading };
    (found.components + passed_over > 0).then(|| Inside { components, databases: vec![found], ..Inside::default() })
}

fn content(entry: &Entry, blob: &mut dyn BlobRead) -> Result<Option<Content>> {
    match entry.kind {
        Kind::Wheel => in_wheel(entry, blob).map(Some),
        Kind::Sdist => in_sdist(blob),
    }
}

fn in_wheel(entry: &Entry, blob: &mut dyn BlobRead) -> Result<Content> {
    let metadata = CoreMetadata::read(&wheel::metadata(&entry.filename, blob)?);
    let (mut licences, mut vendored, mut met) = (Vec::new(), Vec::new(), 0);
    zip::walk(blob, |member| {
        if is_licence(&member.name) && licences.len() < MOST {
            licences.push(member);
        } else if is_vendored(&member.name) {
            met += 1;
            if vendored.len() < MOST {
                vendored.push(member);
            }
        }
    })?;
    let licences = licence_files(licences, blob);
    let mut projects: Vec<Component> = vendored.iter().filter_map(|member| carried_along(member, blob)).collect();
    projects.sort_by(|a, b| a.purl.cmp(&b.purl));
    let passed_over = met - projects.len();
    Ok(Content { metadata, licences, vendored: projects, passed_over, is_bound: true })
}

/// What licence files say, as far as they can be read: which there are is known in any case.
fn licence_files(mut files: Vec<Member>, blob: &mut dyn BlobRead) -> Vec<Licensing> {
    let mut room = MOST_LICENCE_BYTES;
    let mut read = |file: &Member| -> Option<Vec<u8>> {
        room = room.checked_sub(file.size).filter(|_| file.size <= MAX_LICENCE_BYTES)?;
        let mut bytes = Vec::new();
        zip::content(blob, file, MAX_LICENCE_BYTES, &mut bytes).ok().map(|()| bytes)
    };
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files.iter().flat_map(|file| Licensing::found(&file.name, &recognised(&read(file).unwrap_or_default()))).collect()
}

/// A file below `*.dist-info/` that its name says is a licence, or that stands in the folder for licences (PEP 639).
fn is_licence(name: &str) -> bool {
    let Some((folder, file)) = name.split_once(".dist-info/") else { return false };
    let stem = file.rsplit('/').next().unwrap_or_default().to_ascii_uppercase();
    let named = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS"].iter().any(|word| stem.starts_with(word));
    !folder.contains('/') && !file.ends_with('/') && (file.starts_with("licenses/") || named && !file.contains('/'))
}

/// The METADATA of a project that lies further down: a package that carries others along.
fn is_vendored(name: &str) -> bool {
    name.strip_suffix(".dist-info/METADATA").is_some_and(|folder| folder.contains('/'))
}

/// What cannot be read is counted and left out: the wheel's own METADATA decides whether the wheel can be.
fn carried_along(member: &Member, blob: &mut dyn BlobRead) -> Option<Component> {
    project(&CoreMetadata::read(&wheel::unpacked(member, blob).ok()?), &member.name)
}

/// PKG-INFO of a source distribution (PEP 625: one folder, `PKG-INFO` in it); `None` for archives that are not a packed tar.
fn in_sdist(blob: &mut dyn BlobRead) -> Result<Option<Content>> {
    let mut start = Vec::new();
    let broken = |e: std::io::Error| Error::io("a blob cannot be read", &e);
    (&mut *blob).take(4).read_to_end(&mut start).map_err(broken)?;
    blob.seek(SeekFrom::Start(0)).map_err(broken)?;
    let (packing, size) = (Packing::of(&start), blob.size());
    if packing == Packing::None {
        return Ok(None);
    }
    let (mut text, mut licences, mut ignored) = (None, Vec::new(), Findings::default());
    unpacked(packing, size, blob, "", &mut ignored, |stream, found| {
        tar::lint(stream, found, &mut |entry, content| {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let Some((_, file)) = name.split_once('/').filter(|(_, file)| entry.kind == EntryKind::File && !file.contains('/')) else {
                return Ok(());
            };
            if file == "PKG-INFO" && entry.size <= wheel::MOST_METADATA {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes).map_err(broken)?;
                text = Some(bytes);
            } else if ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|w| file.to_ascii_uppercase().starts_with(w))
                && licences.len() < MOST
            {
                let mut bytes = Vec::new();
                content.take(MAX_LICENCE_BYTES).read_to_end(&mut bytes).map_err(broken)?;
                licences.extend(Licensing::found(file, &recognised(&bytes)));
            }
            Ok(())
        })
    })?;
    let text = text.ok_or_else(|| Error::verification("the source distribution has no readable PKG-INFO"))?;
    licences.sort_by(|a: &Licensing, b| (&a.source, &a.text).cmp(&(&b.source, &b.text)));
    let metadata = CoreMetadata::read(&text);
    Ok(Some(Content { is_bound: binds(&metadata), metadata, licences, ..Content::default() }))
}

/// Whether a source distribution's dependencies are those of what will be built of it: from version 2.2 of the metadata on, unless it says that
/// they are not (PEP 643).
fn binds(metadata: &CoreMetadata) -> bool {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    let version = metadata.one("metadata-version").map(|version| {
        let mut parts = version.split('.');
        (number(parts.next()), number(parts.next()))
    });
    let is_static = matches!(version, Some((Some(major), Some(minor))) if (major, minor) >= (2, 2));
    is_static && !metadata.all("dynamic").any(|field| field.eq_ignore_ascii_case("requires-dist"))
}

/// `Requires-Dist` as written, each with the version the lock resolved it to; what only the lock knows as well.
fn requirements(entry: &Entry, metadata: &CoreMetadata) -> Vec<Requirement> {
    let resolved = entry.meta.dependencies.iter().flatten().filter_map(|d| d.split_once("=="));
    let resolved: BTreeMap<String, String> = resolved.map(|(name, version)| (name.to_owned(), version.to_owned())).collect();
    let mut all: Vec<Requirement> =
        metadata.all("requires-dist").map(|text| requirement(text, |name| resolved.get(name).cloned())).collect();
    let named: Vec<String> = all.iter().filter_map(|r| required(&r.declared)).collect();
    let only_locked = resolved.iter().filter(|(name, _)| !named.contains(name));
    all.extend(only_locked.map(|(name, version)| Requirement {
        declared: format!("{name}=={version}"),
        purls: vec![purl(name, Some(version))],
        conditional: false,
    }));
    all
}

#[cfg(test)]
mod tests {
    use super::{CoreMetadata, binds, inside};
    use crate::report::Reading;

    #[test]
    fn dependencies_of_a_source_bind_where_it_says_so() {
        for (text, expected) in [
            ("Metadata-Version: 2.2\nRequires-Dist: a\n", true),
            ("Metadata-Version: 2.4\nDynamic: Version\n", true),
            ("Metadata-Version: 3.0\n", true),
            ("Metadata-Version: 2.1\nRequires-Dist: a\n", false),
            ("Metadata-Version: 2.2\nDynamic: License\nDynamic: requires-dist\n", false),
            ("Metadata-Version: 2\n", false),
            ("Metadata-Version: x.y\n", false),
            ("Name: a\n", false),
        ] {
            assert_eq!(binds(&CoreMetadata::read(text.as_bytes())), expected, "{text}");
        }
    }

    #[test]
    fn projects_that_were_passed_over_are_told() {
        assert!(inside(vec![], 0, "a.whl").is_none());
        let none = inside(vec![], 3, "a.whl").unwrap();
        assert!(matches!(&none.databases[0].reading, Reading::Partly(why) if why.starts_with("3 projects")));
    }
}
