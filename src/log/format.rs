//! `docs/formats/log.md`, version 1: the wire form of an event, one canonical line.

use super::event::{Clock, Event, Item, MAX_ITEMS, MAX_LINE_BYTES, MAX_NAME_BYTES, MAX_NOTE_BYTES, Pointer};
use crate::artifact::{Digest, Limits, check_word, parse_versioned};
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEvent {
    #[serde(rename = "airlift-event")]
    version: u32,
    index: u64,
    time: String,
    clock: String,
    actor: String,
    event: String,
    subjects: Vec<WireItem>,
    evidence: Vec<WireItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    pointer: Option<WirePointer>,
    previous: String,
    tool: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireItem {
    what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePointer {
    snapshot: u64,
    highest: u64,
}

/// The line of an event, without a line feed.
pub fn line(event: &Event) -> Vec<u8> {
    let wire = WireEvent {
        version: VERSION,
        index: event.index,
        time: event.time.to_string(),
        clock: event.clock.name().to_owned(),
        actor: event.actor.clone(),
        event: event.kind.clone(),
        subjects: event.subjects.iter().map(wire_item).collect(),
        evidence: event.evidence.iter().map(wire_item).collect(),
        note: event.note.clone(),
        pointer: event.pointer.map(|p| WirePointer { snapshot: p.snapshot, highest: p.highest }),
        previous: event.previous.hex(),
        tool: event.tool.clone(),
    };
    serde_json::to_vec(&wire).expect("an event has string keys only")
}

fn wire_item(item: &Item) -> WireItem {
    WireItem { what: item.what.clone(), name: item.name.clone(), digest: item.digest.map(|d| d.hex()) }
}

/// Reads a line. There is one way to write an event: what is written otherwise is refused.
pub fn parse(bytes: &[u8]) -> Result<Event> {
    let limits = Limits { bytes: MAX_LINE_BYTES, depth: 4 };
    let wire: WireEvent = parse_versioned("the event", bytes, limits, "airlift-event", VERSION)?;
    let event = Event {
        index: wire.index,
        time: time(&wire.time)?,
        clock: clock(&wire.clock)?,
        actor: wire.actor,
        kind: wire.event,
        subjects: items(wire.subjects)?,
        evidence: items(wire.evidence)?,
        note: wire.note,
        pointer: wire.pointer.map(|p| Pointer { snapshot: p.snapshot, highest: p.highest }),
        previous: Digest::from_hex(&wire.previous)?,
        tool: wire.tool,
    };
    check(&event)?;
    if line(&event) == bytes { Ok(event) } else { Err(refused("it is not in the canonical form")) }
}

fn check(event: &Event) -> Result<()> {
    check_word("the kind of an event", &event.kind)?;
    check_word("an actor", &event.actor)?;
    let fits = |text: &str, most: usize| !text.is_empty() && text.len() <= most && !text.contains('\n');
    if event.note.as_deref().is_some_and(|note| !fits(note, MAX_NOTE_BYTES)) || !fits(&event.tool, 100) {
        return Err(refused("its note or tool is empty, too long or not one line"));
    }
    Ok(())
}

fn items(wire: Vec<WireItem>) -> Result<Vec<Item>> {
    if wire.len() > MAX_ITEMS {
        return Err(refused("it has too many items").with("expected", format!("at most {MAX_ITEMS}")).with("found", wire.len()));
    }
    wire.into_iter().map(item).collect()
}

fn item(wire: WireItem) -> Result<Item> {
    check_word("what an item is", &wire.what)?;
    if wire.name.as_ref().is_some_and(|name| name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains('\n')) {
        return Err(refused("an item's name is empty, too long or not one line"));
    }
    if wire.name.is_none() && wire.digest.is_none() {
        return Err(refused("an item has neither name nor digest"));
    }
    let digest = wire.digest.map(|hex| Digest::from_hex(&hex)).transpose()?;
    Ok(Item { what: wire.what, name: wire.name, digest })
}

fn time(text: &str) -> Result<Timestamp> {
    let time = text.parse::<Timestamp>().ok().filter(|time| time.to_string() == text && time.subsec_nanosecond() == 0);
    time.ok_or_else(|| refused("its time is not in whole seconds of UTC").with("found", format!("{text:.60}")))
}

fn clock(word: &str) -> Result<Clock> {
    let known = [Clock::Ok, Clock::Behind].into_iter().find(|clock| clock.name() == word);
    known.ok_or_else(|| refused("it knows another word about the clock").with("found", format!("{word:.60}")))
}

fn refused(why: &str) -> Error {
    Error::verification(format!("the event is refused: {why}"))
}
