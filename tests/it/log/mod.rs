//! The event log: what is said of every change, that no change of the log goes unseen, and that nothing is done that cannot be logged.

mod auditor;
mod damage;
mod people;
mod told;
mod vectors;

use crate::world::{World, journal, noise};
use airlift::log::{Draft, EventLog, Item, kind};
use airlift::store::Store;
use std::path::PathBuf;

/// A store that accepted a root, imported two bundles and refused one.
pub fn lived() -> (World, Store) {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let volumes = |seed, name: &str| world.pack(&world.lock("kit", &[noise(500, seed)]), name, None, &[1]);
    let (old, new) = (volumes(1, "old"), volumes(2, "new"));
    for bundle in [&old, &new] {
        world.import(bundle, &receiver).expect("imported");
    }
    let fork = world.pack_as(&world.lock("kit", &[noise(500, 3)]), "fork", None, &[1], Some(2));
    world.import(&fork, &receiver).expect_err("another bundle with the same number");
    (world, receiver)
}

/// Appends events that mean nothing.
pub fn write(store: &Store, count: u64) {
    let writer = store.writer().expect("the lock");
    let journal = journal(&writer);
    for n in 0..count {
        journal.append(Draft::new(kind::GC, vec![Item::named("count", format!("{n} blobs"))])).expect("logged");
    }
}

pub fn events(store: &Store) -> PathBuf {
    EventLog::of(store).events_path()
}

pub fn lines(store: &Store) -> Vec<String> {
    std::fs::read_to_string(events(store)).expect("a log").lines().map(str::to_owned).collect()
}

/// Kinds of all events, in their order.
pub fn kinds(store: &Store) -> Vec<String> {
    let kind = |line: &String| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["event"].as_str().expect("a word").to_owned();
    lines(store).iter().map(kind).collect()
}
