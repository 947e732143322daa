//! One component, with the files it is made of and what was found inside.

use super::super::component::{Class, Component, Examined, Part};
use super::super::licence::{Basis, Declared, difference, each_found, is_taken};
use super::super::links::{is_link, is_media_type};
use super::super::who::Who;
use super::{model, organization, property, put, text};
use crate::artifact::Completeness;
use serde_json::{Value, json};

/// The component as it stands in the document.
pub(super) fn value(component: &Component) -> Value {
    let mut value = json!({ "type": kind(component.class), "bom-ref": component.reference, "name": component.name });
    put(&mut value, "version", text(&component.version));
    put(&mut value, "purl", text(&component.purl));
    put(&mut value, "description", component.summary.as_deref().and_then(text));
    put(&mut value, "supplier", component.supplier.as_deref().and_then(text).map(|name| json!({ "name": name })));
    put(&mut value, "manufacturer", manufacturer(component));
    put(&mut value, "authors", component.author.as_deref().and_then(text).map(|name| json!([{ "name": name }])));
    put(&mut value, "licenses", licences(component));
    if let Some(first) = component.first().filter(|_| component.parts.len() == 1 || component.class == Class::Container) {
        of_a_file(&mut value, first);
    }
    put(&mut value, "evidence", evidence(component));
    if let Some(known) = &component.model {
        put(&mut value, "modelCard", Some(model::card(known)));
        put(&mut value, "pedigree", model::pedigree(known));
    }
    let parts = if component.parts.len() > 1 { &component.parts[..] } else { &[] };
    let files = parts.iter().enumerate().map(|(n, part)| file(&component.reference, n, part));
    let inner: Vec<Value> = files.chain(component.nested().iter().map(self::value)).collect();
    put(&mut value, "components", (!inner.is_empty()).then(|| Value::from(inner)));
    put(&mut value, "properties", Some(Value::from(properties(component))));
    value
}

/// Who made it, where it is said how to reach them.
fn manufacturer(component: &Component) -> Option<Value> {
    let name = component.author.as_deref().or(component.supplier.as_deref()).unwrap_or_default();
    Who::read(name, &component.contacts)
        .filter(|who| !who.emails.is_empty() || !who.pages.is_empty())
        .map(|who| organization(&who.name, &who))
}

const fn kind(class: Class) -> &'static str {
    match class {
        Class::Library => "library",
        Class::Application => "application",
        Class::Container => "container",
        Class::Model => "machine-learning-model",
        Class::Dataset | Class::Data => "data",
        Class::File => "file",
        Class::OperatingSystem => "operating-system",
    }
}

/// One expression alone, or every statement by the name it has. There is room for one expression: one that was concluded is what is declared.
fn licences(component: &Component) -> Option<Value> {
    let acknowledgement = if component.concluded.is_some() { "concluded" } else { "declared" };
    match Declared::of(&component.licences) {
        Declared::Nothing => None,
        Declared::Expression(one) if is_taken(&one) => Some(json!([{ "license": { "id": one, "acknowledgement": acknowledgement } }])),
        // The schema lists the identifiers of its own day; a newer one is a name.
        Declared::Expression(one) if spdx::license_id(&one).is_some() => {
            Some(json!([{ "license": { "name": one, "acknowledgement": acknowledgement } }]))
        }
        Declared::Expression(one) => Some(json!([{ "expression": one, "acknowledgement": acknowledgement }])),
        Declared::Text(_) => {
            let declared = component.licences.iter().filter(|l| l.basis == Basis::Declared);
            let mut names: Vec<&str> = declared.map(|l| l.text.trim()).filter(|name| !name.is_empty()).collect();
            names.dedup();
            let one = |name: &str| json!({ "license": { "name": name, "acknowledgement": "declared" } });
            (!names.is_empty()).then(|| names.into_iter().map(one).collect())
        }
    }
}

/// Hashes, media type and origins of the file that a component is.
fn of_a_file(value: &mut Value, part: &Part) {
    put(value, "hashes", Some(Value::from(hashes(part))));
    put(value, "mime-type", is_media_type(&part.media_type).then(|| json!(part.media_type)));
    let origin = |origin: &String| {
        let mut value = json!({ "type": "distribution", "url": origin });
        // BSI TR-03183-2 looks for it here.
        let sha512 = part.hashes.get("sha512").map(|hex| json!([{ "alg": "SHA-512", "content": hex }]));
        put(&mut value, "hashes", sha512);
        value
    };
    let origins: Vec<Value> = part.origins.iter().filter(|o| is_link(o)).map(origin).collect();
    put(value, "externalReferences", (!origins.is_empty()).then(|| Value::from(origins)));
}

fn hashes(part: &Part) -> Vec<Value> {
    let named = |algorithm: &str| match algorithm {
        "sha512" => Some("SHA-512"),
        "sha1" => Some("SHA-1"),
        "md5" => Some("MD5"),
        _ => None,
    };
    let others = part.hashes.iter().filter_map(|(algorithm, hex)| Some((named(algorithm)?, hex.clone())));
    let all = std::iter::once(("SHA-256", part.digest.hex())).chain(others);
    all.map(|(algorithm, content)| json!({ "alg": algorithm, "content": content })).collect()
}

fn file(outer: &str, n: usize, part: &Part) -> Value {
    let digest = part.digest.to_string();
    let name = part.name.as_deref().unwrap_or(&digest);
    let mut value = json!({ "type": "file", "bom-ref": format!("{outer}|{n}:{name}"), "name": name });
    of_a_file(&mut value, part);
    value["properties"] = [property("size", &part.size.to_string())].into_iter().chain(file_name(part)).collect::<Value>();
    value
}

/// The name that BSI TR-03183-2 has for a property with the name of a file.
fn file_name(part: &Part) -> Option<Value> {
    part.name.as_deref().map(|name| json!({ "name": "bsi:component:filename", "value": name }))
}

/// How something inside was identified, by what a database of packages says of itself; and the licences that files inside have the texts of.
fn evidence(component: &Component) -> Option<Value> {
    let mut value = json!({});
    if let Some(place) = &component.found_by {
        let method = json!({ "technique": "manifest-analysis", "confidence": 1, "value": place });
        value["identity"] = json!([{ "field": "purl", "confidence": 1, "methods": [method] }]);
        value["occurrences"] = json!([{ "location": place }]);
    }
    let licence = |(text, id): (&str, Option<&str>)| match id.filter(|id| is_taken(id)) {
        Some(id) => json!({ "license": { "id": id } }),
        None => json!({ "license": { "name": text } }),
    };
    let found: Vec<Value> = each_found(&component.licences).into_iter().map(licence).collect();
    put(&mut value, "licenses", (!found.is_empty()).then(|| Value::from(found)));
    value.as_object().is_some_and(|members| !members.is_empty()).then_some(value)
}

/// What there is no member for, as properties: the same ones in every form that has such.
pub fn properties(component: &Component) -> Vec<Value> {
    let mut all = Vec::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            all.push(property(name, value));
        }
    };
    add("ecosystem", &component.ecosystem);
    if component.found_by.is_none() {
        add("examined", component.examined.words());
        add("size", &component.size().to_string());
    }
    if let Examined::Unreadable(why) = &component.examined {
        add("unreadable", why);
    }
    component.requirements.iter().for_each(|r| add(if r.conditional { "requires-conditionally" } else { "requires" }, &r.declared));
    component.unmet.iter().for_each(|unmet| add("requires-not-here", unmet));
    component.licences.iter().for_each(|l| add(if l.basis == Basis::Found { "licence-file" } else { "licence-source" }, &l.source_line()));
    difference(&component.licences).iter().for_each(|what| add("licences-differ", what));
    component.properties.iter().for_each(|(name, value)| add(&name.replace(' ', "-"), value));
    if let Some(inside) = &component.inside {
        add("files-inside", &inside.files.to_string());
        add("files-accounted-for", &inside.accounted.to_string());
        inside.databases.iter().for_each(|database| add("package-database", &database.told()));
        inside.not_assessed.iter().for_each(|why| add("not-assessable", why));
    }
    component.compared.iter().for_each(|compared| add("publishers-list", &compared.told()));
    all.extend(component.first().filter(|_| component.parts.len() == 1).and_then(file_name));
    all
}

/// Whether what lies inside is known; nothing is said of what nobody looks into.
pub fn assembly(component: &Component) -> Option<Completeness> {
    match (&component.inside, &component.examined) {
        (Some(inside), _) => Some(inside.completeness()),
        (None, Examined::NotExamined | Examined::Unreadable(_)) => Some(Completeness::Unknown),
        (None, _) => None,
    }
}
