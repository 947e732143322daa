//! `airlift log show` and `airlift log export`

use super::log_of;
use crate::cli::Context;
use crate::error::{Error, Result, plain};
use crate::log::{Event, Form, Identities, shown};
use crate::steps::log::newest;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, from_slice};
use std::collections::BTreeMap;

/// List what was changed here
#[derive(Debug, Args)]
pub struct Show {
    /// Only events from this time on: 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
}

impl Show {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let log = log_of(context)?;
        let names = Identities::read(&log)?.names().clone();
        log.each(newest(&log)?.1.size, |event, bytes| {
            if self.since.is_some_and(|since| event.time < since) {
                return Ok(());
            }
            let document: Value = from_slice(bytes).map_err(|e| Error::failed("the event cannot be shown").because(&e))?;
            context.out.data(&document, &line(event, &names))
        })
    }
}

fn line(event: &Event, names: &BTreeMap<String, String>) -> String {
    let who = names.get(&event.actor).map_or_else(|| event.actor.clone(), |name| format!("{} ({name})", event.actor));
    let behind = if event.clock == crate::log::Clock::Behind { " (clock behind)" } else { "" };
    let mut text = format!("{:>5}  {}{behind}  {:<9} {who}\n", event.index, event.time, event.kind);
    for item in event.subjects.iter().chain(&event.evidence) {
        text.push_str(&format!("       {}\n", shown(item)));
    }
    if let Some(note) = &event.note {
        text.push_str(&format!("       {note}\n"));
    }
    plain(&text)
}

/// Print the events in the form of another tool
#[derive(Debug, Args)]
pub struct Export {
    /// jsonl (the log's own lines), csv or cef
    #[arg(long, value_name = "FORM", default_value = "jsonl")]
    format: String,
}

impl Export {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let (form, log) = (Form::named(&self.format)?, log_of(context)?);
        let size = newest(&log)?.1.size;
        context.out.raw(form.head())?;
        log.each(size, |event, bytes| context.out.raw(&form.event(event, bytes)))
    }
}
