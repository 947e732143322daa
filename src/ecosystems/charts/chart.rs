//! A chart in memory: what its archive says, its subcharts within it.
//!
//! `Chart.yaml` of both API versions, `requirements.yaml` and its lock for the first, `values.yaml`, the schema as bytes, templates,
//! other files, charts below `charts/` as folders or as archives. Nothing is interpreted beyond what Helm's loader does.

use super::archive::{self, Budget, File};
use super::yaml;
use crate::ecosystems::charts::template::float_text;
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read;

/// How deep charts may lie in charts.
const MAX_DEPTH: usize = 16;

/// `Chart.yaml`
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// `v1` or `v2`.
    pub api_version: String,
    /// The chart's name; its alias where a parent gave it one.
    pub name: String,
    /// Its version, as written.
    pub version: String,
    /// The version of what it installs.
    pub app_version: String,
    /// Kubernetes versions it wants, a constraint.
    pub kube_version: String,
    /// `application`, `library` or empty.
    pub kind: String,
    /// One sentence.
    pub description: String,
    /// Where the project lives.
    pub home: String,
    /// An icon.
    pub icon: String,
    /// Where the sources are.
    pub sources: Vec<String>,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Maintainers as written: `name`, `email`, `url`.
    pub maintainers: Vec<Map<String, Value>>,
    /// Annotations, such as `artifacthub.io/images`.
    pub annotations: BTreeMap<String, String>,
    /// Whether it is deprecated.
    pub deprecated: bool,
    /// A condition path of the chart itself; without effect.
    pub condition: String,
    /// Tags of the chart itself; without effect.
    pub tags: String,
    /// What it depends on, from `Chart.yaml` or `requirements.yaml`.
    pub dependencies: Vec<Dependency>,
}

/// One dependency as declared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dependency {
    /// The chart's name.
    pub name: String,
    /// A version constraint.
    pub version: String,
    /// Where it comes from: a URL, `oci://…`, `file://…`, `@alias`, or nothing.
    pub repository: String,
    /// Paths in the values, separated by commas, the first boolean of which switches it.
    pub condition: String,
    /// Tags that switch it.
    pub tags: Vec<String>,
    /// The name it goes by in this chart.
    pub alias: String,
    /// Values it hands up.
    pub import_values: Vec<Value>,
}

/// A chart.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// `Chart.yaml`
    pub metadata: Metadata,
    /// `values.yaml`, an object.
    pub values: Map<String, Value>,
    /// `values.schema.json`, unread.
    pub schema: Option<Vec<u8>>,
    /// `Chart.lock` or `requirements.lock`.
    pub lock: Option<Value>,
    /// Files below `templates/`, in the archive's order.
    pub templates: Vec<File>,
    /// All others, custom resource definitions too.
    pub files: Vec<File>,
    /// The charts below `charts/`.
    pub subcharts: Vec<Chart>,
}

impl Chart {
    /// Reads a chart archive; `name` is what messages call it.
    pub fn read(name: &str, archive: impl Read) -> Result<Self> {
        let mut budget = Budget::default();
        let files = archive::read(name, archive, &mut budget)?;
        Self::of_files(name, files, &mut budget, 0)
    }

    /// The chart made of these files, as they lie in its folder.
    pub fn from_files(name: &str, files: Vec<File>) -> Result<Self> {
        Self::of_files(name, files, &mut Budget::default(), 0)
    }

    fn of_files(name: &str, files: Vec<File>, budget: &mut Budget, depth: usize) -> Result<Self> {
        if depth > MAX_DEPTH {
            return Err(Error::verification(format!("{name}: charts lie in charts deeper than {MAX_DEPTH}")));
        }
        let find = |wanted: &str| files.iter().find(|f| f.name == wanted);
        let Some(main) = find("Chart.yaml") else {
            return Err(Error::verification(format!("{name}: Chart.yaml is missing")).hint("is this a Helm chart?"));
        };
        let mut chart = Self { metadata: metadata(name, &main.data)?, ..Self::default() };
        if let Some(requirements) = find("requirements.yaml") {
            let read = yaml::parse_at(&format!("{name}: requirements.yaml"), &requirements.data)?;
            if let Some(list) = read.get("dependencies") {
                chart.metadata.dependencies = dependencies(&format!("{name}: requirements.yaml"), list)?;
            }
        }
        let mut inside: BTreeMap<String, Vec<File>> = BTreeMap::new();
        for file in files {
            chart.sort_in(name, file, &mut inside)?;
        }
        for (folder, files) in inside {
            let within = format!("{name}: charts/{folder}");
            chart.subcharts.extend(Self::subchart(&within, &folder, files, budget, depth)?);
        }
        Ok(chart)
    }

    fn sort_in(&mut self, name: &str, file: File, inside: &mut BTreeMap<String, Vec<File>>) -> Result<()> {
        let parsed = |file: &File| yaml::parse_at(&format!("{name}: {}", file.name), &file.data);
        let first = self.metadata.api_version == "v1";
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => self.lock = Some(parsed(&file)?),
            "values.yaml" => {
                self.values = match parsed(&file)? {
                    Value::Null => Map::new(),
                    Value::Object(map) => map,
                    _ => return Err(Error::verification(format!("{name}: values.yaml: the values are no mapping"))),
                };
            }
            "values.schema.json" => self.schema = Some(file.data),
            "requirements.yaml" if !first => {}
            "requirements.lock" => {
                self.lock = Some(parsed(&file)?);
                if first {
                    self.files.push(file);
                }
            }
            path if path.starts_with("templates/") => self.templates.push(file),
            path if path.starts_with("charts/") && !has_ending(path, "prov") => {
                let inner = path["charts/".len()..].to_string();
                let folder = inner.split('/').next().unwrap_or("").to_string();
                inside.entry(folder).or_default().push(File { name: inner, data: file.data });
            }
            _ => self.files.push(file),
        }
        Ok(())
    }

    fn subchart(name: &str, folder: &str, mut files: Vec<File>, budget: &mut Budget, depth: usize) -> Result<Option<Self>> {
        if folder.starts_with(['_', '.']) {
            return Ok(None);
        }
        if has_ending(folder, "tgz") {
            let Some(archive) = files.pop().filter(|f| f.name == folder) else {
                return Err(Error::verification(format!("{name}: expected an archive")));
            };
            let files = archive::read(name, archive.data.as_slice(), budget)?;
            return Self::of_files(name, files, budget, depth + 1).map(Some);
        }
        let prefix = format!("{folder}/");
        let below = files.into_iter().filter_map(|f| {
            let name = f.name.strip_prefix(&prefix)?.to_string();
            Some(File { name, data: f.data })
        });
        let below: Vec<File> = below.collect();
        // A file that lies directly in charts/ is no chart.
        if below.is_empty() { Ok(None) } else { Self::of_files(name, below, budget, depth + 1).map(Some) }
    }

    /// The chart's name, or the alias it goes by.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Whether it only lends templates.
    pub fn is_library(&self) -> bool {
        self.metadata.kind.eq_ignore_ascii_case("library")
    }
}

fn metadata(name: &str, bytes: &[u8]) -> Result<Metadata> {
    let what = format!("{name}: Chart.yaml");
    let Value::Object(map) = yaml::parse_at(&what, bytes)? else {
        return Err(Error::verification(format!("{what}: not a mapping")));
    };
    let reader = Fields { what: &what, map: &map };
    let api_version = reader.text("apiVersion")?;
    let made = Metadata {
        api_version: if api_version.is_empty() { "v1".into() } else { api_version },
        name: clean(&reader.text("name")?),
        version: reader.text("version")?,
        app_version: clean(&reader.text("appVersion")?),
        kube_version: clean(&reader.text("kubeVersion")?),
        kind: reader.text("type")?,
        description: clean(&reader.text("description")?),
        home: clean(&reader.text("home")?),
        icon: clean(&reader.text("icon")?),
        sources: reader.texts("sources")?,
        keywords: reader.texts("keywords")?,
        maintainers: reader.list("maintainers")?.iter().filter_map(|v| v.as_object().cloned()).collect(),
        annotations: reader.annotations()?,
        deprecated: map.get("deprecated").and_then(Value::as_bool).unwrap_or(false),
        condition: clean(&reader.text("condition")?),
        tags: clean(&reader.text("tags")?),
        dependencies: map.get("dependencies").map_or(Ok(vec![]), |list| dependencies(&what, list))?,
    };
    valid(&what, &made)?;
    Ok(made)
}

fn valid(what: &str, metadata: &Metadata) -> Result<()> {
    let missing = |key: &str| Err(Error::verification(format!("{what}: {key} is missing")));
    if metadata.name.is_empty() {
        return missing("name");
    }
    if metadata.name.contains(['/', '\\']) || matches!(metadata.name.as_str(), "." | "..") {
        return Err(Error::verification(format!("{what}: the name is no name of a chart")).with("found", &metadata.name));
    }
    if metadata.version.is_empty() {
        return missing("version");
    }
    if super::template::semver::Version::parse(&metadata.version).is_err() {
        return Err(Error::verification(format!("{what}: the version is no semantic version")).with("found", &metadata.version));
    }
    if !matches!(metadata.kind.as_str(), "" | "application" | "library") {
        return Err(Error::verification(format!("{what}: type must be application or library")).with("found", &metadata.kind));
    }
    Ok(())
}

fn dependencies(what: &str, list: &Value) -> Result<Vec<Dependency>> {
    let items = match list {
        Value::Null => return Ok(vec![]),
        Value::Array(items) => items,
        _ => return Err(Error::verification(format!("{what}: dependencies are no list"))),
    };
    let each = |item: &Value| {
        let Value::Object(map) = item else { return Err(Error::verification(format!("{what}: a dependency is no mapping"))) };
        let reader = Fields { what, map };
        let made = Dependency {
            name: clean(&reader.text("name")?),
            version: clean(&reader.text("version")?),
            repository: clean(&reader.text("repository")?),
            condition: clean(&reader.text("condition")?),
            tags: reader.texts("tags")?,
            alias: reader.text("alias")?,
            import_values: reader.list("import-values")?.clone(),
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !made.alias.chars().all(legal) {
            return Err(Error::verification(format!("{what}: dependency {}: disallowed characters in the alias", made.name))
                .with("found", &made.alias));
        }
        Ok(made)
    };
    items.iter().map(each).collect()
}

/// The fields of a mapping that Helm reads into a struct: a number where text is wanted becomes text.
struct Fields<'a> {
    what: &'a str,
    map: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn wrong(&self, key: &str, wanted: &str) -> Error {
        Error::verification(format!("{}: {key} must be {wanted}", self.what))
    }

    fn text(&self, key: &str) -> Result<String> {
        self.map.get(key).map_or(Ok(String::new()), |v| as_text(v).ok_or_else(|| self.wrong(key, "text")))
    }

    fn list(&self, key: &str) -> Result<&Vec<Value>> {
        static NONE: Vec<Value> = Vec::new();
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(&NONE),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(key, "a list")),
        }
    }

    fn texts(&self, key: &str) -> Result<Vec<String>> {
        self.list(key)?.iter().map(|v| as_text(v).ok_or_else(|| self.wrong(key, "a list of text"))).collect()
    }

    fn annotations(&self) -> Result<BTreeMap<String, String>> {
        match self.map.get("annotations") {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(Value::Object(map)) => {
                let pairs = map.iter().map(|(k, v)| Some((k.clone(), as_text(v)?)));
                pairs.collect::<Option<_>>().ok_or_else(|| self.wrong("annotations", "a mapping of text"))
            }
            Some(_) => Err(self.wrong("annotations", "a mapping of text")),
        }
    }
}

/// Text as `sigs.k8s.io/yaml` coerces it: `appVersion: 1.10` is `1.1`.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) if number.is_f64() => number.as_f64().map(|f| float_text(f, true)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Helm takes control characters out of what it prints.
fn clean(text: &str) -> String {
    text.chars().filter(|c| c.is_whitespace() || !c.is_control()).map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

/// Whether a file name has exactly this ending: Helm looks at case too.
fn has_ending(name: &str, ending: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|found| found == ending)
}
