//! What the event log tells of a bundle.

use crate::artifact::Digest;
use crate::error::{Kind, Result};
use crate::log::{Event, EventLog};
use crate::report::document::{Backed, Claim, EventRow, Evidence, Report, outside};
use crate::steps::log::newest;
use crate::store::Store;

/// Most events of one bundle that are told.
const MOST: usize = 1000;

/// Adds the events about a bundle. A store whose log has not begun has none; a log that is damaged is an error.
pub fn of_bundle(report: &mut Report, store: &Store, bundle: &Digest) -> Result<()> {
    let log = EventLog::of(store);
    let size = match newest(&log) {
        Ok((_, checkpoint, _)) => checkpoint.size,
        Err(error) if error.kind() == Kind::Incomplete => return Ok(()),
        // Without a key there is no log yet either: it is made with the first event.
        Err(_) if !log.events_path().exists() => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut last = None;
    log.each(size, |event, _| {
        let about = event.subjects.iter().any(|item| item.digest == Some(*bundle));
        if about && report.custody.len() < MOST {
            last = Some(event.index);
            report.custody.push(Backed::new(row(event), Evidence::event(event.index)));
        }
        Ok(())
    })?;
    if let Some(index) = last {
        let values = [("index", index.to_string()), ("size", size.to_string())];
        report.transcript.push(Claim::say("logged", &values, Evidence::event(index)));
    }
    Ok(())
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
