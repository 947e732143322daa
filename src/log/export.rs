//! The log in the forms of other tools: JSON Lines as they are, CSV (RFC 4180), CEF (`ArcSight` Common Event Format, version 0).

use super::event::{Event, Item};
use crate::error::{Error, Result};

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The lines themselves.
    JsonLines,
    /// A table.
    Csv,
    /// What SIEM systems read.
    Cef,
}

impl Form {
    /// By its name: `jsonl`, `csv`, `cef`.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "jsonl" => Ok(Self::JsonLines),
            "csv" => Ok(Self::Csv),
            "cef" => Ok(Self::Cef),
            other => Err(Error::usage("this is not a form of export")
                .with("expected", "jsonl, csv or cef")
                .with("found", format!("{other:.60}"))),
        }
    }

    /// What comes before the first event.
    pub const fn head(self) -> &'static str {
        match self {
            Self::Csv => "index,time,clock,actor,event,subjects,evidence,note,snapshot,highest,previous,tool\r\n",
            Self::JsonLines | Self::Cef => "",
        }
    }

    /// One event, with its line end.
    pub fn event(self, event: &Event, line: &[u8]) -> String {
        match self {
            Self::JsonLines => format!("{}\n", String::from_utf8_lossy(line)),
            Self::Csv => csv(event),
            Self::Cef => cef(event),
        }
    }
}

/// An item in words: `bundle kit 7 sha256:…`.
pub fn shown(item: &Item) -> String {
    let name = item.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let digest = item.digest.map(|digest| format!(" {digest}")).unwrap_or_default();
    format!("{}{name}{digest}", item.what)
}

fn list(items: &[Item]) -> String {
    items.iter().map(shown).collect::<Vec<_>>().join("; ")
}

fn csv(event: &Event) -> String {
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let fields = [
        event.index.to_string(),
        event.time.to_string(),
        event.clock.name().to_owned(),
        event.actor.clone(),
        event.kind.clone(),
        list(&event.subjects),
        list(&event.evidence),
        event.note.clone().unwrap_or_default(),
        number(event.pointer.map(|p| p.snapshot)),
        number(event.pointer.map(|p| p.highest)),
        event.previous.hex(),
        event.tool.clone(),
    ];
    fields.iter().map(|field| cell(field)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A field of a table. What a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@']);
    let field = if formula { format!("'{field}") } else { field.to_owned() };
    if field.contains([',', '"', '\'', ';', ' ']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

fn cef(event: &Event) -> String {
    let header = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|");
    let value = |text: &str| text.replace('\\', "\\\\").replace('=', "\\=");
    let severity = if event.kind == super::event::kind::REFUSE { 7 } else { 3 };
    let version = event.tool.strip_prefix("airlift ").unwrap_or(&event.tool);
    let mut line = format!("CEF:0|airlift|airlift|{}|{kind}|{kind}|{severity}|", header(version), kind = header(&event.kind));
    line.push_str(&format!(
        "rt={} externalId={} suser={} cs1Label=subjects cs1={} cs2Label=evidence cs2={}",
        event.time.as_millisecond(),
        event.index,
        value(&event.actor),
        value(&list(&event.subjects)),
        value(&list(&event.evidence)),
    ));
    if let Some(note) = &event.note {
        line.push_str(&format!(" msg={}", value(note)));
    }
    line + "\n"
}
