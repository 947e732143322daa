//! What a rendering carries with it: the templates by name, the bounds, the time, the seed.

use super::exec::execute;
use super::parse::{is_empty, parse};
use super::tree::Tree;
use super::value::{Map, Value};
use crate::ecosystems::charts::functions;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

/// A function templates call.
pub type Function = &'static Entry;

/// A row of the table of functions.
pub struct Entry {
    /// What templates call it.
    pub name: &'static str,
    /// The least and the most arguments; 255 is any number.
    pub arity: (u8, u8),
    /// What it does.
    pub run: fn(&mut Engine, Arguments<'_>) -> Result<Value, Fault>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The function of a name.
pub(super) fn lookup(name: &str) -> Option<Function> {
    functions::lookup(name)
}

/// Why a template failed.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The whole message, with the places it came through, as Helm prints it.
    pub message: String,
    /// What the chart itself said, by `fail` or `required`.
    pub said: Option<String>,
    /// Set when a bound was hit: nothing more can be rendered.
    pub exhausted: bool,
    /// Whether the message begins with a place.
    pub(crate) placed: bool,
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self { message, said: None, exhausted: false, placed: false }
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        message.to_string().into()
    }
}

/// How much a chart may do, over all of its templates.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Commands, loop turns and text nodes. The largest chart of the test corpus takes 6,200.
    pub steps: u64,
    /// Bytes of text that templates and functions make.
    pub bytes: u64,
    /// Bytes, or what costs as much, that functions read of what they are given.
    pub work: u64,
    /// Hashes that are slow on purpose, such as `bcrypt`.
    pub hashes: u64,
    /// How deep templates may call templates.
    pub depth: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { steps: 3_000_000, bytes: 512 << 20, work: 512 << 20, hashes: 64, depth: 1_100 }
    }
}

/// The same template may be included within itself so often; Helm's own bound.
const MAX_RECURSION: usize = 1_000;

/// Templates by name. `tpl` lays its own over those of the chart.
#[derive(Debug, Default)]
pub struct Templates {
    below: Option<Rc<Templates>>,
    trees: HashMap<Rc<str>, Rc<Tree>>,
}

impl Templates {
    /// Parses a file and adds what it defines; a definition replaces one of the same name unless it is empty.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), String> {
        for tree in parse(name, text)? {
            if is_empty(&tree) && self.get(&tree.name).is_some() {
                continue;
            }
            self.trees.insert(tree.name.clone(), tree);
        }
        Ok(())
    }

    /// The template of a name.
    pub fn get(&self, name: &str) -> Option<&Rc<Tree>> {
        self.trees.get(name).or_else(|| self.below.as_ref().and_then(|b| b.get(name)))
    }
}

/// One rendering.
pub struct Engine {
    templates: Rc<Templates>,
    bounds: Bounds,
    steps: u64,
    bytes: u64,
    work: u64,
    hashes: u64,
    depth: usize,
    included: HashMap<Rc<str>, usize>,
    /// What `now` is.
    pub now: Timestamp,
    seed: [u8; 32],
    drawn: u64,
}

impl Engine {
    /// An engine over these templates. All that is random comes from the seed.
    pub fn new(templates: Templates, now: Timestamp, seed: [u8; 32], bounds: Bounds) -> Self {
        Self {
            templates: Rc::new(templates),
            bounds,
            steps: 0,
            bytes: 0,
            work: 0,
            hashes: 0,
            depth: 0,
            included: HashMap::new(),
            now,
            seed,
            drawn: 0,
        }
    }

    /// Renders a template by name.
    pub fn render(&mut self, name: &str, data: Value) -> Result<String, Fault> {
        let Some(tree) = self.templates.get(name).cloned() else {
            return Err(format!("template: no template {name:?} associated with template \"gotpl\"").into());
        };
        if self.depth >= self.bounds.depth {
            return Err(self.exhausted(format!("templates call one another deeper than {}: {name}", self.bounds.depth)));
        }
        self.depth += 1;
        let made = execute(self, &tree, data);
        self.depth -= 1;
        made
    }

    /// `include`
    pub(crate) fn include(&mut self, name: &Rc<str>, data: Value) -> Result<String, Fault> {
        let count = self.included.entry(name.clone()).or_insert(0);
        if *count > MAX_RECURSION {
            return Err(format!("rendering template has a nested reference name: {name}: unable to execute template").into());
        }
        *count += 1;
        let made = self.render(name, if data.is_nil() { Value::Absent } else { data });
        if let Some(count) = self.included.get_mut(name) {
            *count -= 1;
        }
        made
    }

    /// `tpl`: the text is a template of its own that knows all others; what it defines is gone when it ends.
    pub(crate) fn evaluate(&mut self, text: &str, data: Value) -> Result<String, Fault> {
        let path = data.get("Template").and_then(|t| t.get("Name"));
        let name: Rc<str> = if let Some(Value::Text(name)) = path { name } else { "tpl".into() };
        let failed = |m: String| Fault::from(format!("error during tpl function execution for {:.200}: {m}", super::quote(text)));
        if !text.contains("{{") {
            self.wrote(text.len())?;
            return Ok(text.replace("<no value>", ""));
        }
        let mut own = Templates { below: Some(self.templates.clone()), trees: HashMap::new() };
        own.add(&name, text).map_err(|e| failed(format!("parse error at ({e})")))?;
        let before = std::mem::replace(&mut self.templates, Rc::new(own));
        let made = self.render(&name, data);
        self.templates = before;
        made.map(|text| text.replace("<no value>", "")).map_err(|f| Fault { message: failed(f.message.clone()).message, ..f })
    }

    pub(crate) fn exhausted(&self, message: String) -> Fault {
        Fault { exhausted: true, ..message.into() }
    }

    /// Counts one step.
    pub(super) fn step(&mut self) -> Result<(), Fault> {
        self.steps += 1;
        if self.steps > self.bounds.steps {
            return Err(self.exhausted(format!("the templates take more than {} steps: is there a loop without end?", self.bounds.steps)));
        }
        Ok(())
    }

    /// Counts hashes that are slow on purpose.
    pub(crate) fn hashed(&mut self, hashes: u64) -> Result<(), Fault> {
        self.hashes = self.hashes.saturating_add(hashes);
        if self.hashes > self.bounds.hashes {
            return Err(self.exhausted(format!("the templates hash more than {} passwords", self.bounds.hashes)));
        }
        Ok(())
    }

    /// Counts what a function is about to read or copy.
    pub(crate) fn worked(&mut self, units: u64) -> Result<(), Fault> {
        self.work = self.work.saturating_add(units);
        if self.work > self.bounds.work {
            let most = self.bounds.work;
            return Err(self.exhausted(format!("the functions of the templates read more than {most} bytes: is there a loop without end?")));
        }
        Ok(())
    }

    /// Counts bytes that were made, or are about to be.
    pub(crate) fn wrote(&mut self, bytes: usize) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes > self.bounds.bytes {
            return Err(self.exhausted(format!("the templates make more than {} bytes of text", self.bounds.bytes)));
        }
        Ok(())
    }

    /// Bytes that look random and are the same each time: SHA-256 over the seed and a counter.
    pub(crate) fn random(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count + 32);
        while out.len() < count {
            let block = Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes()).finalize();
            self.drawn += 1;
            out.extend_from_slice(&block);
        }
        out.truncate(count);
        out
    }
}

/// The arguments of a call, with Go's messages where a type is wrong.
#[derive(Clone, Copy)]
pub struct Arguments<'a> {
    /// The values; as many as the table allows.
    pub values: &'a [Value],
}

impl<'a> Arguments<'a> {
    fn wrong(&self, index: usize, expected: &str) -> String {
        match self.values.get(index) {
            Some(Value::Nil | Value::Absent) | None => format!("invalid value; expected {expected}"),
            Some(value) => format!("wrong type for value; expected {expected}; got {}", value.type_name()),
        }
    }

    /// Any value.
    pub fn any(&self, index: usize) -> &'a Value {
        self.values.get(index).unwrap_or(&Value::Absent)
    }

    /// A `string`.
    pub fn text(&self, index: usize) -> Result<&'a Rc<str>, String> {
        match self.values.get(index) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.wrong(index, "string")),
        }
    }

    /// An `int`.
    pub fn int(&self, index: usize) -> Result<i64, String> {
        match self.values.get(index) {
            Some(Value::Int(value)) => Ok(*value),
            _ => Err(self.wrong(index, "int")),
        }
    }

    /// A `bool`.
    pub fn bool(&self, index: usize) -> Result<bool, String> {
        match self.values.get(index) {
            Some(Value::Bool(value)) => Ok(*value),
            _ => Err(self.wrong(index, "bool")),
        }
    }

    /// A `map[string]interface{}`.
    pub fn map(&self, index: usize) -> Result<&'a Rc<Map>, String> {
        match self.values.get(index) {
            Some(Value::Map(map)) => Ok(map),
            _ => Err(self.wrong(index, "map[string]interface {}")),
        }
    }

    /// From one argument on.
    pub fn rest(&self, index: usize) -> &'a [Value] {
        self.values.get(index..).unwrap_or_default()
    }
}
