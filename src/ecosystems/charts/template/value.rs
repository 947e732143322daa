//! The values templates work with: what Go's reflection shows of Helm's data, and no more.

use super::object::Object;
use super::octets;
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A value of a template. Cheap to clone: compound values are shared, and `set` changes a map for everybody who holds it, as in Go.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value at all: Go's invalid `reflect.Value`. Any field of it is absent too.
    #[default]
    Absent,
    /// A nil `interface{}`, such as a missing key. A field of it is an error.
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`: constants, lengths.
    Int(i64),
    /// `int64`: what Sprig's arithmetic gives.
    Long(i64),
    /// `float64`: every number that came from YAML.
    Float(f64),
    /// `string`
    Text(Rc<str>),
    /// `[]interface{}` or `[]string`
    List(Rc<List>),
    /// `map[string]interface{}`
    Map(Rc<Map>),
    /// A typed value with fields or methods.
    Object(Rc<Object>),
}

/// A list and whether its elements are of type `string`.
#[derive(Debug, Default)]
pub struct List {
    /// The elements.
    pub items: Vec<Value>,
    /// `[]string` rather than `[]interface{}`.
    pub strings: bool,
}

/// A map that everyone who holds it sees change.
#[derive(Debug, Default)]
pub struct Map {
    entries: RefCell<BTreeMap<Rc<str>, Value>>,
    /// `chartutil.Values` rather than `map[string]interface{}`: only its name differs.
    named: bool,
}

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.entries.borrow().get(key).cloned()
    }

    /// Sets a key.
    pub fn insert(&self, key: impl Into<Rc<str>>, value: Value) {
        self.entries.borrow_mut().insert(key.into(), value);
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.entries.borrow_mut().remove(key);
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// Shows each key and value in order.
    pub(super) fn each(&self, mut show: impl FnMut(&str, &Value)) {
        self.entries.borrow().iter().for_each(|(key, value)| show(key, value));
    }

    /// Keys and values in order, as they are now.
    pub fn entries(&self) -> Vec<(Rc<str>, Value)> {
        self.entries.borrow().iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

impl FromIterator<(Rc<str>, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Rc<str>, Value)>>(iter: I) -> Self {
        Self { entries: RefCell::new(iter.into_iter().collect()), named: false }
    }
}

/// A template can nest values as deep as it may loop; taking them apart one in another would overflow the stack.
fn dismantle(mut stack: Vec<Value>) {
    while let Some(value) = stack.pop() {
        match value {
            Value::List(list) => {
                if let Some(mut list) = Rc::into_inner(list) {
                    stack.append(&mut list.items);
                }
            }
            Value::Map(map) => {
                if let Some(map) = Rc::into_inner(map) {
                    stack.extend(std::mem::take(&mut *map.entries.borrow_mut()).into_values());
                }
            }
            _ => {}
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        dismantle(std::mem::take(&mut self.items));
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        dismantle(std::mem::take(self.entries.get_mut()).into_values().collect());
    }
}

/// How deep a value may nest where it is walked: printed, copied, compared, written as YAML.
pub const MAX_DEPTH: usize = 200;
/// How many values are walked at once: one that stands in many places is walked in each. Texts count one more for each 32 bytes.
pub const MAX_NODES: usize = 2_000_000;

/// Counts one value and its text; false, with nothing left, where that is too much.
pub(super) fn spend(left: &mut usize, text: usize) -> bool {
    let rest = left.checked_sub(1 + text / 32);
    *left = rest.unwrap_or(0);
    rest.is_some()
}

/// The same where a walk can fail.
fn counted(left: &mut usize, text: usize) -> Result<(), String> {
    if spend(left, text) { Ok(()) } else { Err(format!("value holds more than {MAX_NODES} values")) }
}

impl Value {
    /// A string.
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// A `[]interface{}`.
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Rc::new(List { items, strings: false }))
    }

    /// A `[]string`.
    pub fn strings<T: Into<Rc<str>>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(Rc::new(List { items: items.into_iter().map(|t| Self::Text(t.into())).collect(), strings: true }))
    }

    /// A map of these entries.
    pub fn map<K: Into<Rc<str>>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(Rc::new(entries.into_iter().map(|(k, v)| (k.into(), v)).collect()))
    }

    /// The same as a `chartutil.Values`.
    pub fn values(self) -> Self {
        match self {
            Self::Map(map) => {
                let mut named: Map = map.entries().into_iter().collect();
                named.named = true;
                Self::Map(Rc::new(named))
            }
            other => other,
        }
    }

    /// A typed value.
    pub fn object(object: Object) -> Self {
        Self::Object(Rc::new(object))
    }

    /// Whether it is nil in either sense.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Absent | Self::Nil)
    }

    /// The key of a map; `None` also where it is not a map.
    pub fn get(&self, key: &str) -> Option<Value> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// `text/template`'s truth.
    pub fn truth(&self) -> bool {
        match self {
            Self::Absent | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Long(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.items.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.truth(),
        }
    }

    /// Sprig's `empty`: the same, but for objects.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Object(object) => object.is_empty(),
            other => !other.truth(),
        }
    }

    /// Go's name of the type.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Absent | Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Long(_) => "int64",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(list) if list.strings => "[]string",
            Self::List(_) => "[]interface {}",
            Self::Map(map) if map.named => "chartutil.Values",
            Self::Map(_) => "map[string]interface {}",
            Self::Object(object) => object.type_name(),
        }
    }

    /// Go's name of the kind.
    pub fn kind(&self) -> &str {
        match self {
            Self::Absent | Self::Nil => "invalid",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind(),
            other => other.type_name(),
        }
    }

    /// How many bytes of text it has itself.
    pub(super) fn text_size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Object(object) => object.text_size(),
            _ => 0,
        }
    }

    /// What JSON makes of it, as `encoding/json` would; an error is too deep or too large a value, or a number JSON has not.
    pub fn to_json(&self) -> Result<Json, String> {
        let mut left = MAX_NODES;
        self.json_at(0, &mut left)
    }

    pub(super) fn json_at(&self, depth: usize, left: &mut usize) -> Result<Json, String> {
        if depth > MAX_DEPTH {
            return Err(format!("json: value nests deeper than {MAX_DEPTH}"));
        }
        counted(left, self.text_size())?;
        Ok(match self {
            Self::Absent | Self::Nil => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) | Self::Long(value) => (*value).into(),
            Self::Float(value) => {
                let number = serde_json::Number::from_f64(*value);
                Json::Number(number.ok_or_else(|| format!("json: unsupported value: {}", super::float_text(*value, false)))?)
            }
            Self::Text(text) => Json::String(octets::to_lossy(text).into_owned()),
            Self::List(list) => Json::Array(list.items.iter().map(|v| v.json_at(depth + 1, left)).collect::<Result<_, _>>()?),
            Self::Map(map) => {
                let pairs = map.entries.borrow();
                let mut object = serde_json::Map::new();
                for (key, value) in pairs.iter() {
                    counted(left, key.len())?;
                    object.insert(octets::to_lossy(key).into_owned(), value.json_at(depth + 1, left)?);
                }
                Json::Object(object)
            }
            Self::Object(object) => object.to_json(depth + 1, left)?,
        })
    }

    /// JSON as Go decodes it into `interface{}`: every number is a float.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::text(octets::from_text(text)),
            Json::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            Json::Object(map) => Self::map(map.iter().map(|(k, v)| (octets::from_text(k), Self::from_json(v)))),
        }
    }

    /// A copy that shares nothing that can change.
    pub fn deep_copy(&self) -> Result<Self, String> {
        let mut left = MAX_NODES;
        self.copy_at(0, &mut left)
    }

    fn copy_at(&self, depth: usize, left: &mut usize) -> Result<Self, String> {
        if depth > MAX_DEPTH {
            return Err(format!("value nests deeper than {MAX_DEPTH}"));
        }
        counted(left, 0)?;
        Ok(match self {
            Self::List(list) => {
                let items = list.items.iter().map(|v| v.copy_at(depth + 1, left)).collect::<Result<_, _>>()?;
                Self::List(Rc::new(List { items, strings: list.strings }))
            }
            Self::Map(map) => {
                let pairs = map.entries.borrow();
                let entries = pairs.iter().map(|(k, v)| Ok((k.clone(), v.copy_at(depth + 1, left)?)));
                Self::Map(Rc::new(entries.collect::<Result<Map, String>>()?))
            }
            other => other.clone(),
        })
    }

    /// Go's `reflect.DeepEqual`: types count, `int` and `float64` are never equal. What is too deep or too large is not equal either.
    pub fn deep_equal(&self, other: &Self) -> bool {
        let mut left = MAX_NODES;
        self.equal_at(other, 0, &mut left)
    }

    #[allow(clippy::float_cmp, reason = "Go compares them so")]
    pub(super) fn equal_at(&self, other: &Self, depth: usize, left: &mut usize) -> bool {
        if depth > MAX_DEPTH || !spend(left, self.text_size()) {
            return false;
        }
        match (self, other) {
            (Self::Absent | Self::Nil, Self::Absent | Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) | (Self::Long(a), Self::Long(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.strings == b.strings
                    && a.items.len() == b.items.len()
                    && a.items.iter().zip(&b.items).all(|(x, y)| x.equal_at(y, depth + 1, left))
            }
            (Self::Map(a), Self::Map(b)) => {
                let (a, b) = (a.entries.borrow(), b.entries.borrow());
                a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, x), (l, y))| k == l && x.equal_at(y, depth + 1, left))
            }
            (Self::Object(a), Self::Object(b)) => match (&**a, &**b) {
                (Object::Record(a), Object::Record(b)) => a.equal_at(b, depth + 1, left),
                (a, b) => a == b,
            },
            _ => false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
