//! What is known of each image, gathered from everything that was looked at.

use super::reference::Reference;
use crate::ecosystems::charts::meta::Image;
use crate::ecosystems::charts::section::ImagePolicy;
use std::collections::{BTreeMap, BTreeSet};

/// Most lines that tell how one image was found.
const MOST_LINES: usize = 20;
/// Most images of one chart.
pub(super) const MOST_IMAGES: usize = 2_000;

/// How sure it is that a chart uses an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It only looks like it.
    Guessed,
    /// The chart says so, or its rendering does.
    Sure,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    images: BTreeMap<Reference, Known>,
    /// Texts in places of images that are no references, and where.
    pub unreadable: BTreeSet<String>,
}

#[derive(Debug)]
struct Known {
    weight: Weight,
    found: BTreeSet<String>,
    redirected: Option<bool>,
}

impl Evidence {
    /// Adds what a text is found to be.
    pub(super) fn add(&mut self, text: &str, weight: Weight, how: &str) {
        match Reference::parse(text) {
            Ok(reference) => self.add_reference(reference, weight, how),
            Err(why) if weight == Weight::Sure => {
                self.unreadable.insert(format!("{how}: \"{text:.120}\" is no image reference: {why}"));
            }
            Err(_) => {}
        }
    }

    /// The same of a reference that was read.
    pub(super) fn add_reference(&mut self, reference: Reference, weight: Weight, how: &str) {
        let known = self.images.entry(reference).or_insert_with(|| Known { weight, found: BTreeSet::new(), redirected: None });
        known.weight = known.weight.max(weight);
        known.found.insert(how.to_owned());
    }

    /// Says of an image that a rendering names whether it can be led to a mirror; one rendering that cannot is enough.
    pub(super) fn redirected(&mut self, reference: &Reference, yes: bool) {
        if let Some(known) = self.images.get_mut(reference) {
            known.redirected = Some(known.redirected.unwrap_or(true) && yes);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.images.len()
    }

    /// The images as the lock has them.
    pub(super) fn images(&self, policy: &ImagePolicy) -> Vec<Image> {
        let image = |(reference, known): (&Reference, &Known)| {
            let reference = reference.to_string();
            let excluded = policy.exclude.iter().find(|pattern| fits(pattern, &reference));
            let mut found: Vec<String> = known.found.iter().take(MOST_LINES).cloned().collect();
            if let Some(more) = known.found.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
                found.push(format!("and in {more} more places"));
            }
            found.extend(excluded.map(|pattern| format!("excluded by {pattern}")));
            let wanted = known.weight == Weight::Sure || policy.heuristics;
            Image { reference, found, carried: policy.carry && wanted && excluded.is_none(), redirected: known.redirected }
        };
        self.images.iter().map(image).collect()
    }
}

/// Whether text fits a pattern in which `*` stands for anything; one without a `*` fits what begins with it up to a tag or digest.
pub(in super::super) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        None => rest.is_empty() || rest.starts_with([':', '@']),
        Some(last) => last.is_empty() || text.ends_with(last),
    }
}
