//! Lists in the head of a model card: the few forms of YAML that cards are written in. What is of another form is not read.

use super::meta::Card;
use super::words::clean;

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

/// What the card of a repository declares that no hub has read: of the head of its README.
pub(super) fn of_file(text: &str) -> Card {
    let one = |key: &str| list(text, key).into_iter().next().as_deref().and_then(clean);
    let all = |key: &str| list(text, key).iter().filter_map(|entry| clean(entry)).take(MOST).collect();
    Card {
        licences: all("license"),
        licence_name: one("license_name"),
        base_models: all("base_model"),
        library: one("library_name"),
        pipeline: one("pipeline_tag"),
        tags: all("tags"),
        ..Card::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::meta::Card;
    use super::{list, of_file};

    #[test]
    fn a_readme_declares_what_a_hub_would_have_read() {
        let card = of_file("---\nlicense: apache-2.0\nbase_model:\n- acme/base\npipeline_tag: text-generation\n---\n# A model\n");
        assert_eq!(card.licences().collect::<Vec<_>>(), ["apache-2.0"]);
        assert_eq!((card.base_models, card.pipeline.as_deref()), (vec!["acme/base".to_owned()], Some("text-generation")));
        let own = of_file("---\nlicense: other\nlicense_name: acme-terms\n---\n");
        assert_eq!(own.licences().collect::<Vec<_>>(), ["acme-terms"]);
        assert_eq!(of_file("# A model\nlicense: mit\n"), Card::default());
    }

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
