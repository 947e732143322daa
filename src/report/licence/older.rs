//! Identifiers of the licence list that are newer than what readers of other documents know: they refuse the whole document for one.

use std::collections::HashSet;
use std::sync::OnceLock;

const TAKEN: &str = include_str!("taken.txt");

/// Whether readers of CycloneDX 1.6 and SPDX 2.3 take an identifier, of a licence or an exception.
pub(in super::super) fn is_taken(id: &str) -> bool {
    static IDS: OnceLock<HashSet<&str>> = OnceLock::new();
    IDS.get_or_init(|| TAKEN.lines().filter(|line| !line.starts_with('#')).collect()).contains(id)
}

/// An expression in which references stand for what such readers do not know; `explain` is told each, with what it stands for.
pub(in super::super) fn in_older_terms(expression: &str, explain: &mut dyn FnMut(&str, String)) -> String {
    let spaced = expression.replace('(', "( ").replace(')', " )");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (mut out, mut at): (Vec<String>, usize) = (Vec::new(), 0);
    while let Some(word) = words.get(at) {
        let exception = words.get(at + 1).filter(|next| **next == "WITH").and_then(|_| words.get(at + 2));
        out.push(term(word, exception.copied(), explain));
        at += if exception.is_some() { 3 } else { 1 };
    }
    out.join(" ").replace("( ", "(").replace(" )", ")")
}

fn term(word: &str, exception: Option<&str>, explain: &mut dyn FnMut(&str, String)) -> String {
    let id = word.trim_end_matches('+');
    let known = matches!(word, "AND" | "OR" | "(" | ")") || id.starts_with("LicenseRef-") || is_taken(id);
    let written = exception.map_or_else(|| word.to_owned(), |exception| format!("{word} WITH {exception}"));
    if known && exception.is_none_or(is_taken) {
        return written;
    }
    let own = id.strip_prefix("LicenseRef-").unwrap_or(id);
    let later = if id == word { "" } else { "-or-later" };
    let added = exception.map(|exception| format!("-WITH-{exception}")).unwrap_or_default();
    let reference = format!("LicenseRef-{own}{later}{added}");
    explain(&reference, format!("{written}, of the SPDX licence list {}", super::licence_list()));
    reference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_older_readers_do_not_know_is_named_otherwise() {
        let mut told = Vec::new();
        let mut of = |text: &str| in_older_terms(text, &mut |id, what| told.push(format!("{id}: {what}")));
        for same in ["MIT", "(MIT OR Apache-2.0+) AND LicenseRef-ours", "GPL-2.0-only WITH Classpath-exception-2.0"] {
            assert_eq!(of(same), same);
        }
        assert_eq!(of("(BSD-2-Clause-pos-unchanged OR MIT) AND ISC"), "(LicenseRef-BSD-2-Clause-pos-unchanged OR MIT) AND ISC");
        let with = of("GPL-2.0-only WITH sqlitestudio-OpenSSL-exception AND MIT");
        assert_eq!(with, "LicenseRef-GPL-2.0-only-WITH-sqlitestudio-OpenSSL-exception AND MIT");
        assert_eq!(of("MVT-1.1+"), "LicenseRef-MVT-1.1-or-later");
        assert!(told.len() == 3 && told[0].contains("BSD-2-Clause-pos-unchanged, of the SPDX licence list 3."), "{told:?}");
    }

    #[test]
    fn most_of_the_list_is_taken_and_what_is_no_licence_is_not() {
        let ids = spdx::identifiers::LICENSES.iter().filter(|licence| is_taken(licence.name)).count();
        assert_eq!(ids, 690);
        assert!(!is_taken("NOASSERTION") && !is_taken("NONE") && !is_taken("# Identifiers"));
    }
}
