//! Lists in the head of a model card: the few forms of YAML that cards are written in. What is of another form is not read.

/// Most entries of a list.
const MOST: usize = 200;

/// The texts of a list: a block of `- ENTRY` lines, `[A, B]`, or one text alone.
pub(super) fn list(card: &str, key: &str) -> Vec<String> {
    let mut lines = card.lines();
    if lines.next().map(str::trim_end) != Some("---") {
        return vec![];
    }
    let mut head = lines.take_while(|line| line.trim_end() != "---");
    let Some(value) = head.find_map(|line| line.strip_prefix(key)?.strip_prefix(':').map(str::trim)) else { return vec![] };
    let entries: Vec<&str> = match value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        Some(list) => list.split(',').collect(),
        None if value.is_empty() || value.starts_with('#') => head.map_while(|line| line.trim_start().strip_prefix("- ")).collect(),
        None => vec![value],
    };
    let plain = |entry: &str| entry.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned();
    let structure = ['{', '}', '[', ']', '|', '>', '&', '*', ':'];
    // The ways of YAML to write nothing.
    let nothing = |entry: &str| entry.is_empty() || entry.starts_with('#') || matches!(entry, "~" | "null" | "Null" | "NULL");
    let fits = |entry: &String| !nothing(entry) && entry.len() <= 200 && !entry.contains(structure);
    entries.into_iter().map(plain).filter(fits).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn the_forms_that_cards_use() {
        for (card, expected) in [
            ("---\nlicense: mit\ndatasets:\n- acme/one\n  - \"two\"\nlanguage: en\n---\n- three\n", vec!["acme/one", "two"]),
            ("---\ndatasets: [acme/one, 'two']\n---\n", vec!["acme/one", "two"]),
            ("---\ndatasets: acme/one # all of it\n---\n", vec!["acme/one"]),
            ("---\nlicense: mit\n---\ndatasets: none\n", vec![]),
            ("datasets: none\n", vec![]),
            ("---\ndatasets:\n- name: acme/one\n---\n", vec![]),
            ("---\ndatasets: # all of them\n- acme/one\n---\n", vec!["acme/one"]),
            ("---\ndatasets: null\n---\n", vec![]),
            ("---\ndatasets:\n- ~\n- # none\n- acme/one\n---\n", vec!["acme/one"]),
            ("---\ndatasets: [\n---\n", vec![]),
            ("---\ndatasets: [[acme/one, two], three]\n---\n", vec!["three"]),
        ] {
            assert_eq!(list(card, "datasets"), expected, "{card}");
        }
    }
}
