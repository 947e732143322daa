//! Turning a TOML error into one that names line and nearest key.

use crate::error::Error;

/// The 1-based line of a byte offset.
pub fn line(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}

/// The known word closest to what was written, when one is close enough to be meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| is_near(*distance, k.len().max(word.len())))
        .min()
        .map(|(_, k)| k)
}

/// Two words of one letter have nothing in common, though one change makes one of the other.
fn is_near(distance: usize, longer: usize) -> bool {
    distance <= 1 + longer / 3 && distance < longer
}

/// The key whose value stands at a byte offset, when it stands on the same line.
fn key(text: &str, offset: usize) -> Option<&str> {
    let before = text.get(..offset)?;
    let (key, _) = before[before.rfind('\n').map_or(0, |n| n + 1)..].split_once('=')?;
    Some(key.trim()).filter(|key| !key.is_empty())
}

/// Line and, where it stands on that line, key of the value at a byte offset.
pub fn place(text: &str, offset: usize) -> String {
    let line = format!("line {}", line(text, offset));
    key(text, offset).map_or(line.clone(), |key| format!("{line}: `{key}`"))
}

/// The error with its line, for a wrong type with its key; for an unknown key also the nearest of the keys serde lists and, at
/// the top level, of `also`.
pub fn explain(text: &str, error: &toml::de::Error, also: &[&str]) -> Error {
    let message = error.message().trim();
    let first = message.lines().next().unwrap_or(message);
    let with_key = first.starts_with("invalid ");
    let at = |offset: usize| if with_key { place(text, offset) } else { format!("line {}", line(text, offset)) };
    let made = error.span().map_or(Error::usage(first), |span| Error::usage(format!("{}: {first}", at(span.start))));
    let quoted: Vec<&str> = first.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((written, known)) if first.starts_with("unknown field") => {
            // Sections stand at the top level only, which is the one that knows this key.
            let also = if known.contains(&"targets") { also } else { &[] };
            let made = if also.is_empty() { made } else { made.with("sections", also.join(", ")) };
            match nearest(written, known.iter().copied().chain(also.iter().copied())) {
                Some(near) => made.hint(format!("did you mean `{near}`?")),
                None => made,
            }
        }
        _ => made,
    }
}
