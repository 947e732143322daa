//! Images that sections of other rooms want: locked as a section of this room would, from where the manifest's own sections have theirs.

use super::NAME;
use super::lock::lock_section;
use super::reference::Reference;
use super::section::Section;
use crate::artifact::Digest;
use crate::ecosystems::{LockRequest, Locked, Want};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A want, and the reference it is answered with.
struct Answered<'a> {
    want: &'a Want,
    with: Reference,
}

/// Resolves what is wanted; wants for other targets are resolved for themselves, by the same pins.
pub(super) async fn answer(request: LockRequest<'_>, wants: &[Want]) -> Result<Locked> {
    let places = places(&request)?;
    let mut all = Locked::default();
    let answered = answered(wants, &mut all.notes)?;
    let mut groups: BTreeMap<Option<&[String]>, Vec<&Answered<'_>>> = BTreeMap::new();
    answered.iter().for_each(|one| groups.entry(one.want.targets.as_deref()).or_default().push(one));
    let mut summaries = Vec::new();
    for (targets, answered) in groups {
        let references: BTreeSet<String> = answered.iter().map(|one| one.with.to_string()).collect();
        let (references, targets) = (references.into_iter().collect(), targets.map(<[String]>::to_vec));
        let section = Section { references, targets, ..places.clone() };
        let locked = lock_section(&request, &section).await.map_err(|e| told(e, &answered))?;
        all.artifacts.extend(locked.artifacts);
        all.notes.extend(locked.notes);
        summaries.push(locked.summary);
    }
    all.summary = summaries.join(" · ");
    Ok(all)
}

/// Where images are had: what all sections of this room say together.
fn places(request: &LockRequest<'_>) -> Result<Section> {
    let mut places = Section {
        references: vec![],
        platforms: None,
        targets: None,
        referrers: true,
        signatures: true,
        mirrors: BTreeMap::new(),
        plain_http: vec![],
    };
    for section in request.manifest.sections.iter().filter(|section| section.ecosystem == NAME) {
        let section: Section = section.parse()?;
        if section.references.is_empty() {
            // It is there for nothing but what others want, so all that it says counts.
            places.referrers &= section.referrers;
            places.signatures &= section.signatures;
        }
        for (registry, mirrors) in section.mirrors {
            let known: &mut Vec<String> = places.mirrors.entry(registry).or_default();
            mirrors.into_iter().for_each(|mirror| {
                if !known.contains(&mirror) {
                    known.push(mirror);
                }
            });
        }
        places.plain_http.extend(section.plain_http);
    }
    places.plain_http.sort();
    places.plain_http.dedup();
    Ok(places)
}

/// The references in full; one that cannot be read is told with whoever wants it. Where some pin a tag and others only name it, the pin
/// decides for all targets; of several pins of one tag, one keeps the tag and the others go by their digests.
fn answered<'a>(wants: &'a [Want], notes: &mut Vec<String>) -> Result<Vec<Answered<'a>>> {
    let read = |want: &'a Want| {
        let with = Reference::parse(&want.reference).map_err(|error| wanted_by(error, &[want]))?;
        Ok(Answered { want, with })
    };
    let mut all = wants.iter().map(read).collect::<Result<Vec<_>>>()?;
    let mut pins: BTreeMap<(String, String), BTreeSet<Digest>> = BTreeMap::new();
    for reference in all.iter().map(|one| &one.with) {
        if let (Some(tag), Some(digest)) = (&reference.tag, reference.digest) {
            pins.entry((reference.name(), tag.clone())).or_default().insert(digest);
        }
    }
    for ((name, tag), digests) in pins.iter().filter(|(_, digests)| digests.len() > 1) {
        let mut digests = digests.iter().map(Digest::to_string);
        let keeps = digests.next().unwrap_or_default();
        let others = digests.collect::<Vec<_>>().join(", ");
        notes.push(format!("{name}:{tag} is pinned to several digests: {keeps} keeps the tag; by digest only: {others}"));
    }
    for reference in all.iter_mut().map(|one| &mut one.with) {
        let key = |tag: &String| (reference.name(), tag.clone());
        let Some(pin) = reference.tag.as_ref().and_then(|tag| pins.get(&key(tag))?.first()).copied() else { continue };
        match reference.digest {
            Some(digest) if digest != pin => reference.tag = None,
            _ => reference.digest = Some(pin),
        }
    }
    Ok(all)
}

/// An error about one of the images, with whoever wants it.
fn told(error: Error, answered: &[&Answered<'_>]) -> Error {
    // An error begins with the reference.
    let about = |one: &&&Answered<'_>| error.message().starts_with(&format!("{}: ", one.with));
    let concerned: Vec<&Want> = answered.iter().filter(about).map(|one| one.want).collect();
    wanted_by(error, &concerned)
}

fn wanted_by(error: Error, wants: &[&Want]) -> Error {
    let names: BTreeSet<&str> = wants.iter().map(|want| want.wanted_by.as_str()).collect();
    names.into_iter().take(5).fold(error, |error, name| error.with("wanted by", format!("{name:.200}")))
}
