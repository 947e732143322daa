//! Events of the YAML parser into JSON, with go-yaml's merging, aliases and key conversion.

use super::repair::{DASH, Refusal};
use super::scalar::{Scalar, resolve};
use crate::error::{Error, Result};
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// How deep a document may nest. Custom resource definitions, the deepest documents of charts, stay below 80.
const MAX_DEPTH: usize = 256;
/// How many nodes a document may have after its aliases are written out.
const MAX_NODES: usize = 2_000_000;
/// How long a document may be, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// The first document of the text as JSON; `Null` for an empty text. The error's message begins with `yaml: line N:`.
pub fn parse(text: &str) -> std::result::Result<Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("yaml: document is longer than {MAX_BYTES} bytes"));
    }
    let mut text = Cow::Borrowed(text);
    let (mut again, mut dashes) = (0_usize, false);
    loop {
        let (read, refusal) = once(&text, dashes);
        let Some(refusal) = refusal else { return read };
        let taken = refusal.is_dash() && !dashes && text.contains(DASH);
        // Each repair costs a reading.
        if taken || text.len().saturating_mul(again) > MAX_BYTES {
            return read;
        }
        let Some(repaired) = refusal.repaired(&text, MAX_BYTES) else { return read };
        text = Cow::Owned(repaired);
        dashes |= refusal.is_dash();
        again += 1;
    }
}

fn once(text: &str, dashes: bool) -> (Read<Value>, Option<Refusal>) {
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0, refusal: None, dashes };
    let read = reader.document();
    (read, reader.refusal)
}

/// The same from bytes of a named file.
pub fn parse_at(name: &str, bytes: &[u8]) -> Result<Value> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|e| Error::verification(format!("{name}: not UTF-8")).because(&e))?;
    parse(text).map_err(|e| Error::verification(format!("{name}: {e}")))
}

struct Reader<'i> {
    parser: Parser<'i, StrInput<'i>>,
    /// Each anchor's value, how many nodes it has and how deep it is.
    anchors: HashMap<usize, Node>,
    nodes: usize,
    /// What the parser does not take and go-yaml does.
    refusal: Option<Refusal>,
    /// Whether [`DASH`] stands for some already.
    dashes: bool,
}

#[derive(Clone)]
struct Node {
    value: Value,
    /// Set where the node is the plain scalar `<<`.
    merge: bool,
    nodes: usize,
    depth: usize,
}

type Read<T> = std::result::Result<T, String>;

impl<'i> Reader<'i> {
    fn next(&mut self) -> Read<(Event<'i>, usize)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, span.start.line())),
            Some(Err(error)) => {
                self.refusal = Refusal::of(&error);
                Err(format!("yaml: line {}: {}", error.marker().line(), error.info()))
            }
            None => Ok((Event::StreamEnd, 0)),
        }
    }

    fn document(&mut self) -> Read<Value> {
        loop {
            match self.next()?.0 {
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                Event::StreamEnd | Event::DocumentEnd => return Ok(Value::Null),
                event => return Ok(self.node(event, 0, 0)?.value),
            }
        }
    }

    fn node(&mut self, event: Event<'i>, line: usize, depth: usize) -> Read<Node> {
        if depth > MAX_DEPTH {
            return Err(format!("yaml: line {line}: nested deeper than {MAX_DEPTH}"));
        }
        let (anchor, node) = match event {
            Event::Alias(id) => (0, self.alias(id, line, depth)?),
            Event::Scalar(text, style, anchor, tag) if self.dashes && text.contains(DASH) && style == ScalarStyle::Plain => {
                (anchor, scalar(&text.replace(DASH, "-"), style, tag.as_deref(), line)?)
            }
            Event::Scalar(text, style, anchor, tag) => (anchor, scalar(&text, style, tag.as_deref(), line)?),
            Event::SequenceStart(anchor, _) => (anchor, self.sequence(depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.mapping(depth)?),
            _ => return Err(format!("yaml: line {line}: did not find expected node content")),
        };
        self.count(1, line)?;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn count(&mut self, nodes: usize, line: usize) -> Read<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(format!("yaml: line {line}: document contains excessive aliasing or more than {MAX_NODES} nodes"));
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, line: usize, depth: usize) -> Read<Node> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(format!("yaml: line {line}: unknown anchor, or an anchor within itself"));
        };
        let (nodes, deep) = (node.nodes, node.depth);
        if depth + deep > MAX_DEPTH {
            return Err(format!("yaml: line {line}: nested deeper than {MAX_DEPTH} by aliases"));
        }
        self.count(nodes, line)?;
        Ok(Node { merge: false, ..self.anchors[&id].clone() })
    }

    fn sequence(&mut self, depth: usize) -> Read<Node> {
        let (mut items, mut nodes, mut deep) = (vec![], 1, 0);
        loop {
            let (event, line) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Node { value: Value::Array(items), merge: false, nodes, depth: deep + 1 });
            }
            let node = self.node(event, line, depth + 1)?;
            nodes += node.nodes;
            deep = deep.max(node.depth);
            items.push(node.value);
        }
    }

    fn mapping(&mut self, depth: usize) -> Read<Node> {
        let (mut entries, mut nodes, mut deep) = (Map::new(), 1, 0);
        loop {
            let (event, line) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Node { value: Value::Object(entries), merge: false, nodes, depth: deep + 1 });
            }
            let key = self.node(event, line, depth + 1)?;
            let (event, line) = self.next()?;
            let node = self.node(event, line, depth + 1)?;
            nodes += node.nodes + 1;
            deep = deep.max(node.depth);
            if key.merge {
                merge(&mut entries, node.value, line)?;
            } else {
                entries.insert(key_text(key.value, line)?, node.value);
            }
        }
    }
}

/// Merged keys are set where the merge stands, over what came before it: go-yaml v2 does that, the standard says otherwise.
fn merge(entries: &mut Map<String, Value>, value: Value, line: usize) -> Read<()> {
    match value {
        Value::Object(map) => entries.extend(map),
        Value::Array(items) => {
            for item in items.into_iter().rev() {
                let Value::Object(map) = item else {
                    return Err(format!("yaml: line {line}: map merge requires map or sequence of maps as the value"));
                };
                entries.extend(map);
            }
        }
        _ => return Err(format!("yaml: line {line}: map merge requires map or sequence of maps as the value")),
    }
    Ok(())
}

fn key_text(key: Value, line: usize) -> Read<String> {
    match key {
        Value::String(text) => Ok(text),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(match number.as_f64() {
            Some(float) if number.is_f64() => crate::ecosystems::charts::template::float_text(f64::from(float as f32), true),
            _ => number.to_string(),
        }),
        Value::Null => Err(format!("yaml: line {line}: unsupported map key of type null")),
        _ => Err(format!("yaml: line {line}: invalid map key")),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, line: usize) -> Read<Node> {
    let tag = tag.map(|t| if t.handle == "tag:yaml.org,2002:" || t.handle == "!!" { t.suffix.as_str() } else { "!" });
    let plain = style == ScalarStyle::Plain;
    let scalar = match tag {
        None if plain => resolve(text),
        None | Some("!" | "str" | "binary") => Scalar::Text,
        Some(_) => resolve(text),
    };
    let merge = scalar == Scalar::Merge;
    let value = match (scalar, tag) {
        (Scalar::Text | Scalar::Timestamp, None | Some("!" | "str" | "timestamp")) | (Scalar::Merge, _) => Value::String(text.to_string()),
        (Scalar::Text, Some("binary")) => Value::String(binary(text, line)?),
        (Scalar::Int(value), Some("float")) => float(value as f64, line)?,
        (Scalar::Null, None | Some("null")) => Value::Null,
        (Scalar::Bool(value), None | Some("bool")) => Value::Bool(value),
        (Scalar::Int(value), None | Some("int")) => value.into(),
        (Scalar::Uint(value), None | Some("int")) => value.into(),
        (Scalar::Float(value), None | Some("float")) => float(value, line)?,
        (_, Some(tag)) => return Err(format!("yaml: line {line}: cannot decode `{text:.60}` as a !!{tag}")),
    };
    Ok(Node { value, merge, nodes: 1, depth: 1 })
}

fn float(value: f64, line: usize) -> Read<Value> {
    serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(|| format!("yaml: line {line}: json: unsupported value: {value}"))
}

fn binary(text: &str, line: usize) -> Read<String> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = data_encoding::BASE64
        .decode(text.as_bytes())
        .map_err(|_| format!("yaml: line {line}: !!binary value contains invalid base64 data"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
