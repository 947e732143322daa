//! What the event log tells of bundles: read once for all of them, and compared with what was signed for it.

use crate::artifact::Digest;
use crate::error::Result;
use crate::log::{Event, EventLog};
use crate::report::document::{Backed, CheckpointRow, Claim, EventRow, Evidence, Report, outside};
use crate::store::Store;
use std::collections::{BTreeSet, VecDeque};

/// Most events that are listed, the first ones and the last ones by halves; how many lie between is said.
const MOST: usize = 1000;

/// Adds the events about some bundles. A log that is damaged, or another than its checkpoint says, is an error.
pub fn of_bundles(report: &mut Report, store: &Store, bundles: &BTreeSet<Digest>) -> Result<()> {
    let log = EventLog::of(store);
    let Some(checkpoint) = log.signed()? else {
        report.not_checked.push(Claim::say("no-log", &[], Evidence::tool()));
        return Ok(());
    };
    let mut told = Told::default();
    log.each_of(&checkpoint, |event, _| {
        if event.subjects.iter().any(|item| item.digest.is_some_and(|digest| bundles.contains(&digest))) {
            told.take(event);
        }
        Ok(())
    })?;
    let newest = Evidence::event(checkpoint.size.saturating_sub(1));
    if let Some((note, _)) = log.note_of(checkpoint.size, &log.key()?)? {
        let (size, root, paper) = (checkpoint.size, checkpoint.root.hex(), checkpoint.paper());
        let note = note.to_string().lines().map(str::to_owned).collect();
        report.checkpoint = Some(Backed::new(CheckpointRow { size, root, paper, note }, newest.clone()));
    }
    let size = ("size", checkpoint.size.to_string());
    report.transcript.push(Claim::say("log-whole", std::slice::from_ref(&size), newest.clone()));
    report.transcript.push(match told.last {
        Some(index) => Claim::say("logged", &[("index", index.to_string()), size], Evidence::event(index)),
        None => Claim::say("not-logged", &[size], newest.clone()),
    });
    if told.between > 0 {
        let values = [("count", told.between.to_string()), ("all", (told.between + told.rows() as u64).to_string())];
        report.not_checked.push(Claim::say("events-cut", &values, newest));
    }
    report.custody.extend(told.first.into_iter().chain(told.latest));
    Ok(())
}

/// What is kept of the events about something.
#[derive(Default)]
struct Told {
    first: Vec<Backed<EventRow>>,
    latest: VecDeque<Backed<EventRow>>,
    /// Events that were about it and are not kept.
    between: u64,
    /// The index of the last one.
    last: Option<u64>,
}

impl Told {
    fn take(&mut self, event: &Event) {
        self.last = Some(event.index);
        let row = Backed::new(row(event), Evidence::event(event.index));
        if self.first.len() < MOST / 2 {
            self.first.push(row);
            return;
        }
        if self.latest.len() == MOST / 2 {
            self.latest.pop_front();
            self.between += 1;
        }
        self.latest.push_back(row);
    }

    fn rows(&self) -> usize {
        self.first.len() + self.latest.len()
    }
}

fn row(event: &Event) -> EventRow {
    EventRow {
        index: event.index,
        time: event.time.to_string(),
        kind: outside(&event.kind),
        actor: outside(&event.actor),
        note: outside(event.note.as_deref().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Clock;

    #[test]
    fn of_very_many_events_both_ends_are_kept_and_the_rest_is_counted() {
        let event = |index: u64| Event {
            index,
            time: jiff::Timestamp::UNIX_EPOCH,
            clock: Clock::Ok,
            actor: "actor-1".to_owned(),
            kind: "restore".to_owned(),
            subjects: vec![],
            evidence: vec![],
            note: None,
            pointer: None,
            previous: Digest::of(b""),
            tool: String::new(),
        };
        let mut told = Told::default();
        (0..MOST as u64 + 7).for_each(|index| told.take(&event(index)));
        let index = |row: Option<&Backed<EventRow>>| row.map(|row| row.said().index);
        assert_eq!((told.rows(), told.between, told.last), (MOST, 7, Some(MOST as u64 + 6)));
        assert_eq!((index(told.first.last()), index(told.latest.front())), (Some(499), Some(507)));
    }
}
