//! The JSON Schema of a manifest, for editors; rooms add the schema of their section type.

use super::format::Head;
use schemars::Schema;
use serde_json::{Value, json};

/// The schema (draft 2020-12) of a manifest whose `[ecosystem.name]` tables follow the given section schemas. What a room defines is
/// called `ECOSYSTEM.NAME`: two rooms may use one name for two things.
pub fn schema(rooms: &[(&str, Schema)]) -> Value {
    let mut root = schemars::schema_for!(Head).to_value();
    root["title"] = json!("airlift toolkit manifest");
    for (ecosystem, section) in rooms {
        let mut section = section.clone().to_value();
        prefix(&mut section, ecosystem);
        if let Some(Value::Object(definitions)) = section.as_object_mut().and_then(|s| s.remove("$defs")) {
            for (name, definition) in definitions {
                root["$defs"][format!("{ecosystem}.{name}")] = definition;
            }
        }
        root["properties"][*ecosystem] = json!({ "type": "object", "additionalProperties": section });
    }
    root
}

/// Points every reference at the room's own definitions.
fn prefix(schema: &mut Value, ecosystem: &str) {
    match schema {
        Value::Object(members) => members.iter_mut().for_each(|(key, member)| match member {
            Value::String(target) if key == "$ref" => *target = target.replace("#/$defs/", &format!("#/$defs/{ecosystem}.")),
            _ => prefix(member, ecosystem),
        }),
        Value::Array(items) => items.iter_mut().for_each(|item| prefix(item, ecosystem)),
        _ => {}
    }
}
