//! What channels say they are built upon (CEP 42): a reference such as `../conda-forge` becomes the name of a channel of the section.

use super::super::meta::Relations;
use super::channel::{Channel, Channels};
use std::collections::{BTreeMap, BTreeSet};

/// Longest reference that is followed, in bytes.
const LONGEST: usize = 1000;

/// The channel of the section that a reference of another one means.
fn meant<'a>(reference: &str, channel: &Channel, channels: &'a Channels) -> Option<&'a Channel> {
    let reference = Some(reference).filter(|reference| reference.len() <= LONGEST)?;
    let url = channel.url.join(&format!("{}/", reference.trim_end_matches('/'))).ok()?;
    channels.list.iter().find(|known| known.url == url)
}

/// The relations between channels of the section, under the names they are served under. What leads elsewhere, to the channel itself, or
/// says that one channel comes both before and behind another, is left out.
pub fn named(channels: &Channels) -> BTreeMap<String, Relations> {
    let mut named = BTreeMap::new();
    for (place, told) in &channels.relations {
        let Some(channel) = channels.list.get(*place) else { continue };
        let name = |reference: &str| meant(reference, channel, channels).map(|known| known.name.clone()).filter(|n| *n != channel.name);
        let relations = told.map(name);
        if relations.base != relations.overrides {
            named.insert(channel.name.clone(), relations);
        }
    }
    named
}

/// Notes on channels that others are built upon and that the section does not name.
pub fn unnamed(channels: &Channels) -> BTreeSet<String> {
    let mut notes = BTreeSet::new();
    for (place, told) in &channels.relations {
        let Some(channel) = channels.list.get(*place) else { continue };
        for reference in told.names().filter(|reference| meant(reference, channel, channels).is_none()) {
            notes.insert(format!("channel {}: it belongs together with {reference:.200}, which the section does not name", channel.name));
        }
    }
    notes
}
