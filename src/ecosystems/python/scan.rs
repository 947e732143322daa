//! Lints: a wheel holds exactly what its RECORD lists (PEP 376, PEP 427), is of the project and version that its name says, and has nothing
//! that runs without being called.

use super::filename::{Kind, wheel_parts};
use super::{attestation, version, wheel};
use crate::artifact::{Artifact, BlobRead, Descriptor, Digest};
use crate::ecosystems::core_metadata::{CoreMetadata, normalised};
use crate::error::Result;
use crate::scan::listing::{Contents, Listed};
use crate::scan::{self, Findings, Profile, hooks, rules, zip};
use data_encoding::BASE64URL_NOPAD;

/// Longest RECORD that is read, in bytes.
const LONGEST_RECORD: u64 = 32 << 20;

/// Looks into one file.
pub(super) fn blob(artifact: &Artifact, blob: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    if blob.media_type == attestation::MEDIA_TYPE {
        return attestation::lint(artifact, bytes, found);
    }
    let filename = blob.name.as_deref().unwrap_or_default();
    match Kind::of(filename) {
        Some(Kind::Wheel) => found.within(Profile::Package, "", |found| wheel(filename, bytes, found)),
        // Only what builds it reads it, and it may link within itself.
        Some(Kind::Sdist) if filename.rsplit('.').next() == Some("zip") => scan::as_zip(bytes, Profile::Tree, found),
        Some(Kind::Sdist) => scan::as_tar(bytes, Profile::Tree, found),
        None => scan::by_content(bytes, Profile::Tree, found),
    }
}

fn wheel(filename: &str, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    let (mut contents, mut records, mut runs) = (Contents::default(), Vec::new(), Findings::default());
    zip::lint(bytes, found, &mut |member, content| {
        if member.name.ends_with('/') {
            return Ok(());
        }
        // Packages carry others along, with lists of their own further down.
        let own = member.name.strip_suffix(".dist-info/RECORD").is_some_and(|folder| !folder.contains('/'));
        if own && member.size <= LONGEST_RECORD && records.len() < 2 {
            let mut text = Vec::new();
            // Whoever reads on meets what is damaged again, and tells.
            let _ = content.read_to_end(&mut text);
            contents.file(&member.name, &mut &text[..])?;
            records.push((member.name.clone(), text));
            return Ok(());
        }
        hooks::by_name(&member.name, &mut runs);
        match hooks::read(&member.name, member.size, content, &mut runs) {
            Some(text) => contents.file(&member.name, &mut &text[..]),
            None => contents.file(&member.name, content),
        }
    })?;
    found.include(&runs);
    if let [(name, text)] = &records[..] {
        let listed = record(text, found);
        let folder = name.strip_suffix("RECORD").unwrap_or_default();
        if !is_of(folder.trim_end_matches(".dist-info/"), filename) {
            found.add(rules::LIST, name, "it is another project's or version's");
        }
        let signatures = ["RECORD.jws", "RECORD.p7s"].map(|file| format!("{folder}{file}"));
        contents.compare("RECORD", &listed, |file| file == name || signatures.iter().any(|s| s == file), found);
    } else {
        found.add(rules::LIST, "RECORD", "there is not exactly one *.dist-info/RECORD");
    }
    metadata(filename, bytes, found)
}

fn metadata(filename: &str, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    let Some(text) = found.damage(rules::METADATA, "METADATA", wheel::metadata(filename, bytes))? else { return Ok(()) };
    let (fields, (name, number)) = (CoreMetadata::read(&text), wheel_parts(filename).unwrap_or_default());
    let names: Vec<&str> = fields.all("name").collect();
    let versions: Vec<&str> = fields.all("version").collect();
    let same = match (&names[..], &versions[..]) {
        ([found], [numbered]) => normalised(found) == normalised(name) && version::key(numbered) == version::key(number),
        _ => false,
    };
    if !same {
        found.add(rules::METADATA, "METADATA", format!("it says {:.80} {:.80}", names.join(" and "), versions.join(" and ")));
    }
    Ok(())
}

/// Whether a folder `NAME-VERSION` is that of the wheel of that file name.
fn is_of(folder: &str, filename: &str) -> bool {
    let (name, number) = wheel_parts(filename).unwrap_or_default();
    folder.split_once('-').is_some_and(|(found, numbered)| {
        normalised(found).is_some_and(|found| normalised(name) == Some(found)) && version::key(numbered) == version::key(number)
    })
}

/// The lines of a RECORD: path, digest, length. Lines without a digest are those of files that cannot have one.
fn record(text: &[u8], found: &mut Findings) -> Vec<Listed> {
    let Ok(text) = std::str::from_utf8(text) else {
        found.add(rules::LIST, "RECORD", "it is not UTF-8");
        return vec![];
    };
    let mut listed = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match fields(line).as_deref() {
            Some([path, digest, size]) => listed.extend(entry(path, digest, size, found)),
            _ => found.add(rules::LIST, "RECORD", format!("a line that is none: {line:.100}")),
        }
    }
    listed
}

fn entry(path: &str, digest: &str, size: &str, found: &mut Findings) -> Option<Listed> {
    let sha256 = match digest.split_once('=') {
        Some(("sha256", text)) => match BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()) {
            Ok(bytes) => Some(Digest::from_bytes(bytes.try_into().ok()?)),
            Err(_) => {
                found.add(rules::LIST, path, "a digest that is none");
                None
            }
        },
        Some((algorithm @ ("sha384" | "sha512"), _)) => {
            found.add(rules::NOT_EXAMINED, path, format!("its digest is by {algorithm}, which is not computed here"));
            None
        }
        Some((algorithm, _)) => {
            found.add(rules::LIST, path, format!("a digest by {algorithm:.20}, which proves nothing"));
            None
        }
        None if path.ends_with(".dist-info/RECORD") || path.ends_with("/RECORD.jws") || path.ends_with("/RECORD.p7s") => None,
        None => {
            found.add(rules::LIST, path, "it is listed without a digest");
            None
        }
    };
    let size = if size.is_empty() { None } else { Some(size.parse().unwrap_or(u64::MAX)) };
    Some(Listed { name: path.to_owned(), size, sha256, link: false })
}

/// The fields of a line of comma-separated values; quotes are doubled within quotes.
fn fields(line: &str) -> Option<Vec<String>> {
    let (mut fields, mut rest) = (Vec::new(), line);
    loop {
        let (field, behind) = match rest.strip_prefix('"') {
            None => (rest.split(',').next().unwrap_or_default().to_owned(), rest.find(',').map_or("", |at| &rest[at..])),
            Some(quoted) => {
                let (mut field, mut tail) = (String::new(), quoted);
                loop {
                    let at = tail.find('"')?;
                    field.push_str(&tail[..at]);
                    tail = &tail[at + 1..];
                    match tail.strip_prefix('"') {
                        Some(more) => {
                            field.push('"');
                            tail = more;
                        }
                        None => break (field, tail),
                    }
                }
            }
        };
        fields.push(field);
        match (behind.strip_prefix(','), behind.is_empty()) {
            (Some(more), _) if fields.len() < 4 => rest = more,
            (None, true) => return Some(fields),
            _ => return None,
        }
    }
}
