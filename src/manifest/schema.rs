//! The JSON Schema of a manifest, for editors; rooms add the schema of their section type.

use super::format::Head;
use schemars::Schema;
use serde_json::{Value, json};

/// The schema (draft 2020-12) of a manifest whose `[ecosystem.name]` tables follow the given section schemas.
pub fn schema(rooms: &[(&str, Schema)]) -> Value {
    let mut root = schemars::schema_for!(Head).to_value();
    root["title"] = json!("airlift toolkit manifest");
    for (ecosystem, section) in rooms {
        let mut section = section.clone().to_value();
        if let Some(Value::Object(definitions)) = section.as_object_mut().and_then(|s| s.remove("$defs")) {
            for (name, definition) in definitions {
                root["$defs"][name] = definition;
            }
        }
        root["properties"][*ecosystem] = json!({ "type": "object", "additionalProperties": section });
    }
    root
}
