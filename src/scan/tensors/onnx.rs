//! ONNX: a graph of operators in protocol buffers. Walked for what leads out of the file: tensors elsewhere, operators of others.

use super::super::rules;
use super::{Fault, Outcome, Source, wrong};
use crate::scan::Findings;
use std::collections::BTreeSet;

/// Deepest messages in messages: graphs lie within attributes of nodes.
const DEEPEST: u32 = 64;
/// Longest text that is read, in bytes.
const LONGEST: u64 = 4096;
/// Most names of operators' makers.
const MOST_DOMAINS: usize = 64;

/// The messages of `onnx.proto` that are walked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Sparse,
    Entry,
    Operators,
    Function,
    Training,
}

/// What a text is that is read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Text {
    Domain,
    Key,
    Value,
}

/// Whether a file may be such a graph by its beginning: the version of the form, then who made it, or what follows in the order of its fields.
pub fn is_graph(start: &[u8]) -> bool {
    matches!(start, [0x08, 1..=0x20, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..])
}

pub(super) fn read(source: &mut Source<'_>, place: &str, found: &mut Findings) -> Outcome<()> {
    let mut walk = Walk { source, place, found, domains: BTreeSet::new(), entry: (String::new(), String::new()) };
    let end = walk.source.size;
    walk.message(Message::Model, end, 0)?;
    let domains = std::mem::take(&mut walk.domains);
    if !domains.is_empty() {
        let all = domains.iter().map(|domain| domain.chars().take(60).collect()).collect::<Vec<String>>().join(", ");
        found.add(rules::CUSTOM_OPERATORS, place, all);
    }
    Ok(())
}

struct Walk<'a, 'b, 'c> {
    source: &'a mut Source<'b>,
    place: &'c str,
    found: &'c mut Findings,
    domains: BTreeSet<String>,
    entry: (String, String),
}

/// The message in a field; `None` where it is not walked.
fn within(message: Message, field: u64) -> Option<Message> {
    Some(match (message, field) {
        (Message::Model, 7) | (Message::Attribute, 6 | 11) | (Message::Training, 1 | 2) => Message::Graph,
        (Message::Model, 8) | (Message::Function, 9) => Message::Operators,
        (Message::Model, 20) => Message::Training,
        (Message::Model, 25) => Message::Function,
        (Message::Graph, 1) | (Message::Function, 7) => Message::Node,
        (Message::Graph, 5) | (Message::Attribute, 5 | 10) | (Message::Sparse, 1 | 2) => Message::Tensor,
        (Message::Graph, 15) | (Message::Attribute, 22 | 23) => Message::Sparse,
        (Message::Node, 5) | (Message::Function, 11) => Message::Attribute,
        (Message::Tensor, 13) => Message::Entry,
        _ => return None,
    })
}

fn text(message: Message, field: u64) -> Option<Text> {
    match (message, field) {
        (Message::Node, 7) | (Message::Operators, 1) | (Message::Function, 10) => Some(Text::Domain),
        (Message::Entry, 1) => Some(Text::Key),
        (Message::Entry, 2) => Some(Text::Value),
        _ => None,
    }
}

impl Walk<'_, '_, '_> {
    fn varint(&mut self) -> Outcome<u64> {
        let mut value = 0u64;
        for at in 0..10 {
            let [byte] = self.source.array()?;
            value |= u64::from(byte & 0x7f).checked_shl(7 * at).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        wrong(format!("a number of more than ten bytes, at byte {}", self.source.at))
    }

    fn message(&mut self, message: Message, end: u64, depth: u32) -> Outcome<()> {
        if depth > DEEPEST {
            return Err(Fault::Unknown("graphs in graphs, too deep".to_owned()));
        }
        while self.source.at < end {
            let tag = self.varint()?;
            match tag & 7 {
                0 => drop(self.varint()?),
                1 => self.source.skip(8)?,
                2 => self.counted(message, tag >> 3, end, depth)?,
                5 => self.source.skip(4)?,
                other => return wrong(format!("a field of kind {other}, which there is not, at byte {}", self.source.at)),
            }
        }
        if self.source.at == end { Ok(()) } else { wrong(format!("a field goes beyond the end of what it is in, at byte {end}")) }
    }

    fn counted(&mut self, message: Message, field: u64, end: u64, depth: u32) -> Outcome<()> {
        let length = self.varint()?;
        let to = self.source.at.checked_add(length).filter(|to| *to <= end);
        let Some(to) = to else { return wrong(format!("a field goes beyond the end of what it is in, at byte {}", self.source.at)) };
        match (within(message, field), text(message, field)) {
            (Some(Message::Entry), _) => {
                self.entry = (String::new(), String::new());
                self.message(Message::Entry, to, depth + 1)?;
                self.location();
                Ok(())
            }
            (Some(inner), _) => self.message(inner, to, depth + 1),
            (None, Some(_)) if length > LONGEST => Err(Fault::Unknown(format!("a name of {length} bytes"))),
            (None, Some(text)) => {
                let value = String::from_utf8_lossy(&self.source.bytes(length)?).into_owned();
                self.text(text, value)
            }
            (None, None) => self.source.skip(length),
        }
    }

    fn text(&mut self, text: Text, value: String) -> Outcome<()> {
        match text {
            Text::Key => self.entry.0 = value,
            Text::Value => self.entry.1 = value,
            Text::Domain if value.is_empty() || value == "ai.onnx" || value.starts_with("ai.onnx.") => {}
            Text::Domain if self.domains.len() >= MOST_DOMAINS => return Err(Fault::Unknown("too many makers of operators".to_owned())),
            Text::Domain => drop(self.domains.insert(value)),
        }
        Ok(())
    }

    /// Where a tensor lies that is not in the file: a file beside it or below, under a name that all systems read alike.
    fn location(&mut self) {
        let (key, value) = &self.entry;
        let leaves =
            value.is_empty() || value.starts_with('/') || value.contains(['\\', ':', '\0']) || value.split('/').any(|part| part == "..");
        if key == "location" && leaves {
            self.found.add(rules::TENSORS_ELSEWHERE, self.place, format!("a tensor lies in {value:.100}"));
        }
    }
}
