//! Settings that name code: layers of Keras, and templates.

use super::super::rules;
use crate::scan::Findings;
use serde_json::Value;

/// The modules whose classes a model may be made of without bringing its own: each as a whole, none below it.
const MODULES: &[&str] = &[
    "builtins",
    "keras",
    "keras.activations",
    "keras.constraints",
    "keras.dtype_policies",
    "keras.initializers",
    "keras.layers",
    "keras.losses",
    "keras.metrics",
    "keras.models",
    "keras.optimizers",
    "keras.optimizers.schedules",
    "keras.quantizers",
    "keras.random",
    "keras.regularizers",
    "keras.src.engine.functional",
    "keras.src.engine.sequential",
    "keras.src.models.functional",
    "keras.src.models.model",
    "keras.src.models.sequential",
];

/// Layers of Keras' own that bring code along, or call what lies in another file.
const CARRIERS: [&str; 5] = ["Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"];

/// Tells of layers that run code of the file, and of classes and functions from elsewhere, in the settings of a model of Keras.
pub fn layers(text: &[u8], place: &str, found: &mut Findings) {
    match serde_json::from_slice::<Value>(text) {
        Ok(settings) => look(&settings, place, found),
        Err(error) => found.add(rules::NOT_EXAMINED, place, format!("settings that cannot be read: {error}")),
    }
}

/// As deep as the reader of JSON goes, which has a bound.
fn look(value: &Value, place: &str, found: &mut Findings) {
    match value {
        Value::Array(members) => members.iter().for_each(|member| look(member, place, found)),
        Value::Object(members) => {
            let text = |key: &str| members.get(key).and_then(Value::as_str);
            if let Some(class) = text("class_name") {
                named(class, text("module"), text("registered_name"), place, found);
            }
            members.values().for_each(|member| look(member, place, found));
        }
        _ => {}
    }
}

fn named(class: &str, module: Option<&str>, registered: Option<&str>, place: &str, found: &mut Findings) {
    let own = registered.is_some_and(|name| name != class && name.contains('>') && !name.starts_with("keras>"));
    match module {
        _ if class == "__lambda__" || CARRIERS.contains(&class.rsplit('>').next().unwrap_or_default()) => {
            found.add(rules::RUNS_CODE, place, format!("a layer of kind {class:.60}: code of the file, or of another"));
        }
        Some(module) if !MODULES.contains(&module) => {
            found.add(rules::RUNS_CODE, place, format!("it takes {class:.60} from {module:.60}"));
        }
        Some("builtins") if !matches!(class, "function" | "slice" | "tuple" | "bool" | "int" | "float" | "str") => {
            found.add(rules::RUNS_CODE, place, format!("it takes {class:.60} from builtins"));
        }
        None if class.contains('>') => found.add(rules::RUNS_CODE, place, format!("it takes {class:.60}, which is not of Keras")),
        _ if own => found.add(rules::RUNS_CODE, place, format!("it takes {:.60}, which is not of Keras", registered.unwrap_or_default())),
        _ => {}
    }
}

/// Whether a template reaches for what is not of templates: what objects are made of, by names that begin with two low lines, or by
/// filters that look names up.
pub(super) fn reaches_out(template: &str) -> bool {
    let escapes = ["__", "\\x5f", "\\u005f", "\\137", "|attr("];
    let lowered: String = template.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    escapes.iter().any(|escape| lowered.contains(escape))
}
