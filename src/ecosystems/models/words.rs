//! Texts that others wrote about a model, as they may stand in a lock and be shown.

use serde_json::Value;

/// Longest text that is kept, in characters, and most entries of a list.
pub(super) const MOST: usize = 500;

/// One line without control characters; what is empty then is none.
pub(super) fn clean(text: &str) -> Option<String> {
    let line: String = crate::error::plain(text).replace('\n', " ").trim().chars().take(MOST).collect();
    (!line.is_empty()).then_some(line)
}

/// A text.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().and_then(clean)
}

/// A text, or a list of texts.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    all.iter().filter_map(text).take(MOST).collect()
}
