//! What lies on the stack: never an object, only what is known of one.
//!
//! A value is a few bytes; what it refers to lies in a pool with bounds. Where the pool is full a value becomes one of which less is known,
//! and less known is never more allowed.

use super::names::{Standing, standing};
use std::collections::HashMap;

/// Most texts, tuples, names and objects that are kept.
const MOST_TEXTS: usize = 1 << 20;
const MOST_TEXT_BYTES: usize = 32 << 20;
const MOST_IN_TUPLES: usize = 1 << 20;
const MOST_NAMES: usize = 4096;
const MOST_OBJECTS: usize = 1 << 17;
/// Longest tuple whose members are kept.
const LONGEST_TUPLE: usize = 16;

/// A value on the stack or in the memo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Data: a number, bytes, a list, a set, a dictionary, a tuple of such.
    Plain,
    /// `None`.
    Nothing,
    Int(i64),
    Text(u32),
    /// A text that was not kept, or is not read as others read it.
    Obscure,
    MarkOfFive,
    Tuple {
        at: u32,
        length: u8,
    },
    /// A dictionary of which some entries are kept.
    Dict(u32),
    /// What a name stands for.
    Named(u32),
    /// What the call of a name gave.
    Made(u32),
    /// The same, with what it was called with and told later.
    Object(u32),
    /// What a persistent identity stands for.
    Persistent,
}

/// A name that was looked up.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub full: String,
    pub standing: Standing,
}

/// An object whose length in the stream depends on what it was made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object {
    pub name: u32,
    pub arguments: Value,
    pub state: Value,
}

/// The entries of a dictionary that tell how long an array is.
pub(super) const KEPT_KEYS: [&str; 3] = ["shape", "dtype", "numpy_array_alignment_bytes"];

/// What values refer to.
#[derive(Debug, Default)]
pub(super) struct Pool {
    texts: Vec<Box<str>>,
    known: HashMap<Box<str>, u32>,
    bytes: usize,
    members: Vec<Value>,
    pub names: Vec<Name>,
    by_name: HashMap<(String, String), u32>,
    pub objects: Vec<Object>,
    pub dicts: Vec<[Option<Value>; 3]>,
    /// Whether arrays may stand between opcodes, so that shapes and dictionaries matter.
    pub arrays: bool,
}

impl Pool {
    pub fn text(&mut self, text: Option<String>) -> Value {
        let Some(text) = text else { return Value::Obscure };
        if let Some(at) = self.known.get(text.as_str()) {
            return Value::Text(*at);
        }
        if self.texts.len() >= MOST_TEXTS || self.bytes + text.len() > MOST_TEXT_BYTES {
            return Value::Obscure;
        }
        let (at, text) = (self.texts.len() as u32, text.into_boxed_str());
        self.bytes += text.len();
        self.texts.push(text.clone());
        self.known.insert(text, at);
        Value::Text(at)
    }

    /// The text that a value is, where that is known.
    pub fn as_text(&self, value: Value) -> Option<&str> {
        match value {
            Value::Text(at) => self.texts.get(at as usize).map(AsRef::as_ref),
            _ => None,
        }
    }

    pub fn tuple(&mut self, members: &[Value]) -> Value {
        let matters = |value: &Value| self.arrays || !matches!(value, Value::Plain | Value::Nothing | Value::Int(_));
        let room = self.members.len() + members.len() <= MOST_IN_TUPLES && members.len() <= LONGEST_TUPLE;
        if !room || !(members.iter().any(matters) || self.arrays) {
            return Value::Plain;
        }
        let at = self.members.len() as u32;
        self.members.extend_from_slice(members);
        Value::Tuple { at, length: members.len() as u8 }
    }

    /// The members of a tuple, where they are known.
    pub fn members(&self, value: Value) -> &[Value] {
        match value {
            Value::Tuple { at, length } => self.members.get(at as usize..at as usize + usize::from(length)).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The place of a name; `None` where there are too many.
    pub fn name(&mut self, module: &str, attribute: &str) -> Option<u32> {
        // Never by the two joined: `a.b` of `c` is not `a` of `b.c`.
        let key = (module.to_owned(), attribute.to_owned());
        if let Some(at) = self.by_name.get(&key) {
            return Some(*at);
        }
        if self.names.len() >= MOST_NAMES {
            return None;
        }
        let at = self.names.len() as u32;
        self.names.push(Name { full: format!("{module}.{attribute}"), standing: standing(module, attribute) });
        self.by_name.insert(key, at);
        Some(at)
    }

    pub fn dict(&mut self) -> Value {
        if !self.arrays || self.dicts.len() >= MOST_OBJECTS {
            return Value::Plain;
        }
        self.dicts.push([None; 3]);
        Value::Dict(self.dicts.len() as u32 - 1)
    }

    /// Keeps an entry of a dictionary, where it is one that matters. A key that is not known may be any of them.
    pub fn put(&mut self, into: Value, key: Value, value: Value) {
        let Value::Dict(at) = into else { return };
        let kept = self.as_text(key).map(|key| KEPT_KEYS.iter().position(|kept| *kept == key));
        let Some(dict) = self.dicts.get_mut(at as usize) else { return };
        match kept {
            Some(Some(kept)) => dict[kept] = Some(value),
            Some(None) => {}
            None => *dict = [Some(Value::Obscure); 3],
        }
    }

    /// An object of which more is kept than its name; `None` where there are too many.
    pub fn object(&mut self, name: u32, arguments: Value) -> Option<Value> {
        if self.objects.len() >= MOST_OBJECTS {
            return None;
        }
        self.objects.push(Object { name, arguments, state: Value::Plain });
        Some(Value::Object(self.objects.len() as u32 - 1))
    }

    /// The name that stands behind something made or named.
    pub fn origin(&self, value: Value) -> Option<&str> {
        let at = match value {
            Value::Named(at) | Value::Made(at) => at,
            Value::Object(at) => self.objects.get(at as usize)?.name,
            _ => return None,
        };
        self.names.get(at as usize).map(|name| name.full.as_str())
    }
}
