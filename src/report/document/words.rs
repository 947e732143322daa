//! The words of a report, as data: a file a language, the same keys in each.

use crate::report::Language;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Texts by their keys.
pub(super) struct Words(BTreeMap<String, String>);

impl Words {
    /// Those of a language.
    pub fn of_language(language: Language) -> &'static Self {
        static WORDS: [OnceLock<Words>; 3] = [const { OnceLock::new() }; 3];
        WORDS[language as usize].get_or_init(|| Self::read(source(language)))
    }

    fn read(source: &str) -> Self {
        let table: toml::Table = source.parse().expect("a test reads the data of every language");
        let mut texts = BTreeMap::new();
        flatten("", &table, &mut texts);
        Self(texts)
    }

    /// All texts by key.
    #[cfg(test)]
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The text of a key.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The text of a key; the key itself where there is none, so that nothing is left out in silence.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// The text of a key of a group; group and key where there is none.
    pub fn of(&self, group: &str, key: &str) -> String {
        let whole = format!("{group}.{key}");
        self.find(&whole).map_or_else(|| whole.clone(), str::to_owned)
    }

    /// A text with values in the places of their names; in the place of `{name?one|many}` the word for one or for many. A value is never
    /// looked into for further names.
    pub fn fill<'v>(&self, key: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
        let (mut rest, mut out) = (self.get(key), String::new());
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            match after.split_once('}') {
                Some((place, tail)) => {
                    let (name, forms) = place.split_once('?').map_or((place, None), |(name, forms)| (name, forms.split_once('|')));
                    let value = value(name).unwrap_or(name);
                    out.push_str(forms.map_or(value, |(one, many)| if value == "1" { one } else { many }));
                    rest = tail;
                }
                None => rest = after,
            }
        }
        out + rest
    }

    /// A text with a few values.
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.fill(key, |name| values.iter().find(|(n, _)| *n == name).map(|(_, value)| *value))
    }

    /// A text of the rules, in this language: what they say in English is recognised by its form, and what has none is left as it is.
    pub fn of_rules(&self, text: &str) -> String {
        let english = Self::of_language(Language::English);
        let forms = english.0.range("rules.".to_owned()..).take_while(|(key, _)| key.starts_with("rules."));
        // Of several forms that fit, the one that says most itself.
        let fitting = forms.filter_map(|(key, form)| Some((form.len(), key, parts_of(form, text)?)));
        let Some((_, key, mut parts)) = fitting.max_by_key(|(said, ..)| *said) else { return text.to_owned() };
        for (name, value) in &mut parts {
            match *name {
                "counts" => *value = self.counts(value),
                "grade" | "severity" => *value = self.word("severity", value),
                // Why something is so is said by a text of its own, which is shorter than the whole.
                "why" => *value = self.of_rules(value),
                _ => {}
            }
        }
        self.filled(key, &parts)
    }

    /// A text that is made from the English one of a key, in this language; as it is where it was not made from that.
    pub fn of_form(&self, key: &str, text: &str) -> String {
        let form = Self::of_language(Language::English).get(key);
        parts_of(form, text).map_or_else(|| text.to_owned(), |parts| self.filled(key, &parts))
    }

    fn filled(&self, key: &str, parts: &[(&str, String)]) -> String {
        self.fill(key, |name| parts.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str()))
    }

    /// A word of a group that is written with spaces elsewhere; as it is where there is none.
    pub fn word(&self, group: &str, word: &str) -> String {
        self.find(&format!("{group}.{}", word.replace(' ', "-"))).unwrap_or(word).to_owned()
    }

    /// `2 refused, 3 passed`, in this language.
    fn counts(&self, text: &str) -> String {
        let one = |part: &str| match part.split_once(' ') {
            Some((count, said)) => {
                let (outcome, behind) = said.split_at(said.find(' ').unwrap_or(said.len()));
                let word = format!("counted.{outcome}");
                if self.find(&word).is_some() { self.with(&word, &[("count", count)]) + behind } else { part.to_owned() }
            }
            None => part.to_owned(),
        };
        text.split(", ").map(one).collect::<Vec<_>>().join(", ")
    }

    /// A number with its thousands apart.
    pub fn number(&self, number: u64) -> String {
        let (digits, between) = (number.to_string(), self.get("thousands"));
        let mut out = String::new();
        for (n, digit) in digits.chars().enumerate() {
            if n > 0 && (digits.len() - n).is_multiple_of(3) {
                out.push_str(between);
            }
            out.push(digit);
        }
        out
    }

    /// Thousandths as hundredths: `12.3 %`.
    pub fn per_mille(&self, share: u64) -> String {
        format!("{}{}{} %", share / 10, self.get("decimal"), share % 10)
    }

    /// Bytes for people: `812 B`, `1.9 GB`.
    pub fn bytes(&self, bytes: u64) -> String {
        let (mut whole, mut tenth, mut unit) = (bytes, 0, "B");
        for larger in ["kB", "MB", "GB", "TB"] {
            if whole < 1000 {
                break;
            }
            (tenth, whole, unit) = (whole % 1000 / 100, whole / 1000, larger);
        }
        if unit == "B" || whole >= 100 { format!("{whole} {unit}") } else { format!("{whole}{}{tenth} {unit}", self.get("decimal")) }
    }
}

/// The values in a text, where it has this form.
fn parts_of<'f>(form: &'f str, text: &str) -> Option<Vec<(&'f str, String)>> {
    let (mut rest, mut parts) = (text, Vec::new());
    let mut pieces = form.split('{');
    rest = rest.strip_prefix(pieces.next()?)?;
    for piece in pieces {
        let (name, after) = piece.split_once('}')?;
        let end = if after.is_empty() { rest.len() } else { rest.find(after)? };
        parts.push((name, rest[..end].to_owned()));
        rest = &rest[end + after.len()..];
    }
    rest.is_empty().then_some(parts)
}

fn flatten(prefix: &str, table: &toml::Table, texts: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, texts),
            other => {
                texts.insert(key, other.as_str().expect("every text is a string").to_owned());
            }
        }
    }
}

const fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("languages/en.toml"),
        Language::German => include_str!("languages/de.toml"),
        Language::Italian => include_str!("languages/it.toml"),
    }
}
