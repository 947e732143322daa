//! Images that sections of other rooms want: locked as a section of this room would, from where the manifest's own sections have theirs.

use super::NAME;
use super::lock::lock_section;
use super::reference::Reference;
use super::section::Section;
use crate::ecosystems::{LockRequest, Locked, Want};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Resolves what is wanted; wants for other targets are resolved for themselves.
pub(super) async fn answer(request: LockRequest<'_>, wants: &[Want]) -> Result<Locked> {
    let places = places(&request)?;
    let mut groups: BTreeMap<Option<&[String]>, Vec<&Want>> = BTreeMap::new();
    wants.iter().for_each(|want| groups.entry(want.targets.as_deref()).or_default().push(want));
    let (mut all, mut summaries) = (Locked::default(), Vec::new());
    for (targets, wants) in groups {
        let section = Section { references: references(&wants)?, targets: targets.map(<[String]>::to_vec), ..places.clone() };
        let locked = lock_section(&request, &section).await.map_err(|e| told(e, &wants))?;
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

/// The references in full, each once; one that cannot be read is told with whoever wants it. Where some pin a tag and others only name
/// it, the pin decides; of several pins of one tag, one keeps the tag and the others go by their digests.
fn references(wants: &[&Want]) -> Result<Vec<String>> {
    let read = |want: &&Want| Reference::parse(&want.reference).map_err(|error| wanted_by(error, &[want]));
    let all = wants.iter().map(read).collect::<Result<BTreeSet<Reference>>>()?;
    let (mut pins, mut out) = (BTreeSet::new(), BTreeSet::new());
    for mut reference in all.iter().filter(|reference| reference.digest.is_some()).cloned() {
        if reference.tag.is_some() && !pins.insert((reference.name(), reference.tag.clone())) {
            reference.tag = None;
        }
        out.insert(reference.to_string());
    }
    let named = all.iter().filter(|reference| reference.digest.is_none() && !pins.contains(&(reference.name(), reference.tag.clone())));
    out.extend(named.map(ToString::to_string));
    Ok(out.into_iter().collect())
}

/// An error about one of the images, with whoever wants it.
fn told(error: Error, wants: &[&Want]) -> Error {
    let about = |want: &&&Want| Reference::parse(&want.reference).is_ok_and(|r| error.message().contains(&r.to_string()));
    let concerned: Vec<&Want> = wants.iter().filter(about).copied().collect();
    wanted_by(error, &concerned)
}

fn wanted_by(error: Error, wants: &[&Want]) -> Error {
    let names: BTreeSet<&str> = wants.iter().map(|want| want.wanted_by.as_str()).collect();
    names.into_iter().take(5).fold(error, |error, name| error.with("wanted by", format!("{name:.200}")))
}
