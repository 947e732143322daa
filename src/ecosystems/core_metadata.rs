//! Projects of Python by what they say of themselves: METADATA and PKG-INFO (core metadata specification, "Metadata file format"), the header
//! fields, never the description. Wheels and source distributions have it, and so has whatever one was installed into: any room that meets a
//! project reads it the same way and says the same of it.

use crate::artifact::{Completeness, Licence, percent_encoded};
use crate::report::{Component, Examined, Licensing, Requirement};

/// Longest name of a project, in bytes: what file systems allow for a file's.
const LONGEST_NAME: usize = 255;
/// Most fields that are kept.
const MOST: usize = 10_000;
/// Most mailboxes that are named of one project.
const MOST_CONTACTS: usize = 16;
/// Longest value that is kept, in bytes: a whole licence text may stand in one.
const LONGEST: usize = 2000;

/// The header fields in their order, names in lower case; bytes that are not UTF-8 are replaced.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CoreMetadata {
    fields: Vec<(String, String)>,
}

impl CoreMetadata {
    /// Reads the fields up to the first empty line.
    pub fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines().take_while(|line| !line.is_empty()).take(MOST) {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push('\n');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        for (_, value) in &mut fields {
            value.truncate(value.floor_char_boundary(LONGEST));
        }
        Self { fields }
    }

    /// The first value of a field; empty values and the placeholder `UNKNOWN` of old tools count as absent.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let found = self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty() && *value != "UNKNOWN").collect::<Vec<_>>().into_iter()
    }
}

/// The one spelling of a project name (PEP 503): lower case, runs of `-`, `_` and `.` as one `-`. `None` for what is no name.
pub fn normalised(name: &str) -> Option<String> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() > LONGEST_NAME || !edge(name.chars().next()) || !edge(name.chars().next_back()) || !name.chars().all(inside) {
        return None;
    }
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    Some(words.collect::<Vec<_>>().join("-").to_ascii_lowercase())
}

/// The package URL (ECMA-427, type `pypi`) of a normalised name, without a version where none is known.
pub fn purl(name: &str, version: Option<&str>) -> String {
    let version = version.map(|version| format!("@{}", percent_encoded(version))).unwrap_or_default();
    format!("pkg:pypi/{}{version}", percent_encoded(name))
}

/// The component of a project whose metadata was met at some place; `None` where it has no name or version.
pub fn project(metadata: &CoreMetadata, place: &str) -> Option<Component> {
    let (name, version) = (normalised(metadata.one("name")?)?, metadata.one("version")?);
    Some(Component {
        purl: purl(&name, Some(version)),
        version: version.to_owned(),
        name,
        supplier: supplier(metadata),
        contacts: contacts(metadata),
        summary: metadata.one("summary").map(first_line),
        licences: licences(metadata).into_iter().map(|l| Licensing::new(l.expression, l.source)).collect(),
        requirements: metadata.all("requires-dist").map(|text| requirement(text, |_| None)).collect(),
        // Of the older form, PKG-INFO, the dependencies stand in another file.
        declared: if place.ends_with("/METADATA") { Completeness::Complete } else { Completeness::Unknown },
        examined: Examined::Read,
        found_by: Some(place.to_owned()),
        ..Component::default()
    })
}

/// The expression where there is one (PEP 639); else what older metadata says, each with its source.
pub fn licences(metadata: &CoreMetadata) -> Vec<Licence> {
    let licence = |text: &str, source: &str| Licence { expression: text.to_owned(), source: format!("METADATA {source}") };
    if let Some(expression) = metadata.one("license-expression") {
        return vec![licence(expression, "License-Expression")];
    }
    let classifiers = metadata.all("classifier").filter_map(|c| c.strip_prefix("License :: ").and_then(|c| c.rsplit(" :: ").next()));
    let mut found: Vec<Licence> = classifiers.map(|c| licence(c, "Classifier")).collect();
    found.extend(metadata.one("license").map(|text| licence(&first_line(text), "License")));
    found
}

/// Who made it.
pub fn supplier(metadata: &CoreMetadata) -> Option<String> {
    let fields = ["author", "author-email", "maintainer", "maintainer-email"];
    fields.into_iter().find_map(|field| metadata.one(field)).map(first_line)
}

/// Where whoever made it can be reached: the mailboxes beside the name, and the project's page, by itself or under a label for it.
pub fn contacts(metadata: &CoreMetadata) -> Vec<String> {
    const LABELS: [&str; 5] = ["homepage", "home", "repository", "source", "sourcecode"];
    let is_author = metadata.one("author").or(metadata.one("author-email")).is_some();
    let mailboxes = metadata.one(if is_author { "author-email" } else { "maintainer-email" }).unwrap_or_default();
    let mailboxes =
        mailboxes.split(|c: char| c.is_whitespace() || "<>,;".contains(c)).filter(|word| word.contains('@')).take(MOST_CONTACTS);
    let mut all: Vec<String> = mailboxes.map(str::to_owned).collect();
    let labelled = |wanted: &&str| {
        metadata.all("project-url").find_map(|url| {
            let (label, page) = url.split_once(',')?;
            let label: String = label.chars().filter(char::is_ascii_alphabetic).collect();
            label.eq_ignore_ascii_case(wanted).then(|| page.trim())
        })
    };
    all.extend(metadata.one("home-page").or_else(|| LABELS.iter().find_map(labelled)).map(str::to_owned));
    all
}

/// A licence text may stand where a name should: its first line tells which.
pub fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line[..line.floor_char_boundary(300)].to_owned()
}

/// A line of `Requires-Dist` as written. With a marker it counts for some machines or extras only: `version` knows which ones were meant, as
/// those that it has a version for.
pub fn requirement(text: &str, version: impl Fn(&str) -> Option<String>) -> Requirement {
    let name = required(text);
    let known = name.as_deref().and_then(version);
    let conditional = text.contains(';') && known.is_none();
    Requirement { declared: text.to_owned(), purls: name.iter().map(|name| purl(name, known.as_deref())).collect(), conditional }
}

/// The normalised name at the beginning of a requirement (PEP 508).
pub fn required(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(text.len());
    normalised(&text[..end])
}
