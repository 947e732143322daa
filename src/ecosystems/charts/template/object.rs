//! Typed values of Helm and Sprig: those whose fields or methods templates use.

use super::number::json_float;
use super::octets;
use super::semver::Version;
use super::value::{MAX_NODES, Value};
use crate::ecosystems::charts::yaml;
use data_encoding::BASE64;
use jiff::Zoned;
use serde_json::{Map as JsonMap, Value as Json};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A value of a named Go type.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// `engine.files`: the files of a chart that are neither templates nor its own documents.
    Files(Rc<BTreeMap<Rc<str>, Rc<[u8]>>>),
    /// `chartutil.VersionSet`: the API versions of the cluster.
    Versions(Vec<Rc<str>>),
    /// `chartutil.KubeVersion`
    KubeVersion {
        /// With the `v`.
        version: Rc<str>,
        /// The first number.
        major: Rc<str>,
        /// The second.
        minor: Rc<str>,
    },
    /// A struct of which templates read the fields.
    Record(Record),
    /// `time.Time`
    Time(Zoned),
    /// `time.Duration`, in nanoseconds.
    Duration(i64),
    /// `semver.Version`
    Semver(Version),
    /// `[]byte`
    Bytes(Rc<[u8]>),
}

/// A struct: Go's field names, JSON's names, values.
#[derive(Debug, Clone)]
pub struct Record {
    /// Go's name of the type.
    pub name: &'static str,
    /// Field, its name in JSON, its value.
    pub fields: Vec<(&'static str, &'static str, Value)>,
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        let mut left = MAX_NODES;
        self.equal_at(other, 0, &mut left)
    }
}

impl Record {
    pub(super) fn equal_at(&self, other: &Self, depth: usize, left: &mut usize) -> bool {
        self.name == other.name && self.fields.iter().zip(&other.fields).all(|(a, b)| a.2.equal_at(&b.2, depth, left))
    }
}

impl Object {
    pub(super) fn type_name(&self) -> &str {
        match self {
            Self::Files(_) => "engine.files",
            Self::Versions(_) => "chartutil.VersionSet",
            Self::KubeVersion { .. } => "chartutil.KubeVersion",
            Self::Record(record) => record.name,
            Self::Time(_) => "time.Time",
            Self::Duration(_) => "time.Duration",
            Self::Semver(version) if version.is_bare() => "semver.Version",
            Self::Semver(_) => "*semver.Version",
            Self::Bytes(_) => "[]uint8",
        }
    }

    /// How many bytes of text it has itself, a file as 32 more.
    pub(super) fn text_size(&self) -> usize {
        match self {
            Self::Files(files) => files.iter().map(|(name, data)| name.len() + data.len() + 32).sum(),
            Self::Versions(versions) => versions.iter().map(|version| version.len()).sum(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }

    pub(super) fn kind(&self) -> &str {
        match self {
            Self::Files(_) => "map",
            Self::Versions(_) | Self::Bytes(_) => "slice",
            Self::Semver(version) if !version.is_bare() => "ptr",
            Self::Record(record) if record.name.starts_with('*') => "ptr",
            Self::Duration(_) => "int64",
            _ => "struct",
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Files(files) => !files.is_empty(),
            Self::Versions(versions) => !versions.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::Duration(nanos) => *nanos != 0,
            _ => true,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Files(_) | Self::Versions(_) | Self::Bytes(_) | Self::Duration(_) => !self.truth(),
            _ => false,
        }
    }

    /// A field of a struct; `None` where the type has none of that name.
    pub(super) fn field(&self, name: &str) -> Option<Value> {
        match self {
            Self::Record(record) => record.fields.iter().find(|f| f.0 == name).map(|f| f.2.clone()),
            Self::KubeVersion { version, major, minor } => match name {
                "Version" => Some(Value::Text(version.clone())),
                "Major" => Some(Value::Text(major.clone())),
                "Minor" => Some(Value::Text(minor.clone())),
                _ => None,
            },
            // A file of the map, as its bytes.
            Self::Files(files) => Some(files.get(name).map_or(Value::Absent, |b| Value::object(Self::Bytes(b.clone())))),
            _ => None,
        }
    }

    /// A method call; `None` where the type has no such method.
    pub(super) fn method(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        match self {
            Self::Files(files) => files_method(files, name, arguments),
            Self::Versions(versions) if name == "Has" => {
                Some(one_text(name, arguments).map(|wanted| versions.iter().any(|v| **v == *wanted).into()))
            }
            Self::KubeVersion { version, .. } if matches!(name, "String" | "GitVersion") => {
                Some(no_arguments(name, arguments).map(|()| Value::Text(version.clone())))
            }
            Self::Semver(version) => version_method(version, name, arguments),
            Self::Time(time) => time_method(time, name, arguments),
            Self::Duration(nanos) => match name {
                "String" => Some(Ok(super::go_duration(*nanos).into())),
                "Seconds" => Some(Ok(Value::Float(*nanos as f64 / 1e9))),
                "Minutes" => Some(Ok(Value::Float(*nanos as f64 / 6e10))),
                "Hours" => Some(Ok(Value::Float(*nanos as f64 / 3.6e12))),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn to_json(&self, depth: usize, left: &mut usize) -> Result<Json, String> {
        Ok(match self {
            Self::Files(files) => Json::Object(files.iter().map(|(k, v)| (k.to_string(), BASE64.encode(v).into())).collect()),
            Self::Versions(versions) => versions.iter().map(|v| Json::from(&**v)).collect(),
            Self::KubeVersion { version, major, minor } => {
                serde_json::json!({"Version": &**version, "Major": &**major, "Minor": &**minor})
            }
            Self::Record(record) => {
                let mut map = JsonMap::new();
                for (_, name, value) in &record.fields {
                    // lower-case names are those with `omitempty`
                    if name.starts_with(char::is_uppercase) || value.truth() {
                        map.insert((*name).to_string(), value.json_at(depth, left)?);
                    }
                }
                Json::Object(map)
            }
            Self::Time(time) => super::time_text(time, "2006-01-02T15:04:05.999999999Z07:00").into(),
            Self::Duration(nanos) => (*nanos).into(),
            Self::Semver(version) => version.to_string().into(),
            Self::Bytes(bytes) => BASE64.encode(bytes).into(),
        })
    }

    /// `%v`
    pub(super) fn print(&self, depth: usize, left: &mut usize) -> String {
        match self {
            Self::Files(files) => {
                let pairs: Vec<String> = files.iter().map(|(k, v)| format!("{k}:{}", bytes_text(v))).collect();
                format!("map[{}]", pairs.join(" "))
            }
            Self::Versions(versions) => format!("[{}]", versions.join(" ")),
            Self::KubeVersion { version, major, minor } => format!("{{{version} {major} {minor}}}"),
            Self::Record(record) => {
                let mut out = String::from(if record.name.starts_with('*') { "&{" } else { "{" });
                for (index, field) in record.fields.iter().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    super::format::write(&mut out, &field.2, depth, left);
                }
                out.push('}');
                out
            }
            Self::Time(time) => super::time_text(time, "2006-01-02 15:04:05.999999999 -0700 MST"),
            Self::Duration(nanos) => super::go_duration(*nanos),
            Self::Semver(version) => version.to_string(),
            Self::Bytes(bytes) => bytes_text(bytes),
        }
    }
}

fn bytes_text(bytes: &[u8]) -> String {
    let numbers: Vec<String> = bytes.iter().map(|b| json_float(f64::from(*b))).collect();
    format!("[{}]", numbers.join(" "))
}

fn no_arguments(name: &str, arguments: &[Value]) -> Result<(), String> {
    if arguments.is_empty() { Ok(()) } else { Err(format!("wrong number of args for {name}: want 0 got {}", arguments.len())) }
}

fn one_text(name: &str, arguments: &[Value]) -> Result<Rc<str>, String> {
    match arguments {
        [Value::Text(text)] => Ok(text.clone()),
        [other] => Err(format!("wrong type for value; expected string; got {}", other.type_name())),
        _ => Err(format!("wrong number of args for {name}: want 1 got {}", arguments.len())),
    }
}

fn version_method(version: &Version, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    match arguments {
        [Value::Text(text)] => version.with(name, text).map(|made| made.map(|v| Value::object(Object::Semver(v)))),
        [Value::Object(other)] if !version.is_bare() => match &**other {
            Object::Semver(other) if other.is_bare() => {
                Some(Err("wrong type for value; expected *semver.Version; got semver.Version".into()))
            }
            Object::Semver(other) => version.method_with(name, other).map(Ok),
            _ => None,
        },
        _ => version.method(name).map(|v| no_arguments(name, arguments).map(|()| v)),
    }
}

fn files_method(files: &Rc<BTreeMap<Rc<str>, Rc<[u8]>>>, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    let text = |bytes: &[u8]| octets::from_bytes(bytes);
    let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_string();
    let flat = |encode: &dyn Fn(&[u8]) -> String| {
        let map: JsonMap<String, Json> = files.iter().map(|(k, v)| (base(k), Json::String(encode(v)))).collect();
        let yaml = yaml::to_string(&Json::Object(map));
        Value::text(octets::from_text(yaml.strip_suffix('\n').unwrap_or(&yaml)))
    };
    let found = |path: &str| files.get(path).cloned();
    Some(match name {
        "Get" => one_text(name, arguments).map(|p| found(&p).map_or(String::new(), |b| text(&b)).into()),
        "GetBytes" => one_text(name, arguments).map(|p| Value::object(Object::Bytes(found(&p).unwrap_or_else(|| Rc::from([]))))),
        "Lines" => one_text(name, arguments).map(|p| match found(&p) {
            Some(bytes) => Value::strings(text(&bytes).split('\n').map(Rc::<str>::from)),
            None => Value::strings(Vec::<Rc<str>>::new()),
        }),
        "Glob" => one_text(name, arguments).map(|pattern| {
            let glob = super::glob::Glob::new(&pattern);
            let kept = files.iter().filter(|(k, _)| glob.matches(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
            Value::object(Object::Files(Rc::new(kept)))
        }),
        "AsConfig" => no_arguments(name, arguments).map(|()| flat(&|b| octets::to_lossy(&text(b)).into_owned())),
        "AsSecrets" => no_arguments(name, arguments).map(|()| flat(&|b| BASE64.encode(b))),
        _ => return None,
    })
}

fn time_method(time: &Zoned, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    let number = |n: i64| Some(Ok(Value::Int(n)));
    match name {
        "Format" => Some(one_text(name, arguments).map(|layout| super::time_text(time, &layout).into())),
        "String" => Some(Ok(super::time_text(time, "2006-01-02 15:04:05.999999999 -0700 MST").into())),
        "Unix" => Some(Ok(Value::Long(time.timestamp().as_second()))),
        "UnixNano" => Some(Ok(Value::Long(time.timestamp().as_nanosecond() as i64))),
        "Sub" | "Before" | "After" | "Equal" => match arguments {
            [Value::Object(other)] => match &**other {
                Object::Time(other) => Some(Ok(against(time, name, other))),
                _ => None,
            },
            _ => None,
        },
        "Year" => number(i64::from(time.year())),
        "Month" => Some(Ok(super::time_text(time, "January").into())),
        "Day" => number(i64::from(time.day())),
        "Hour" => number(i64::from(time.hour())),
        "Minute" => number(i64::from(time.minute())),
        "Second" => number(i64::from(time.second())),
        "YearDay" => number(i64::from(time.day_of_year())),
        "Weekday" => Some(Ok(super::time_text(time, "Monday").into())),
        "UTC" => Some(Ok(Value::object(Object::Time(time.with_time_zone(jiff::tz::TimeZone::UTC))))),
        _ => None,
    }
}

/// How two moments lie to each other; a span too long for Go's `time.Duration` is the longest there is.
fn against(time: &Zoned, name: &str, other: &Zoned) -> Value {
    let nanos = time.timestamp().as_nanosecond() - other.timestamp().as_nanosecond();
    match name {
        "Sub" => Value::object(Object::Duration(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))),
        "Before" => (nanos < 0).into(),
        "After" => (nanos > 0).into(),
        _ => (nanos == 0).into(),
    }
}
