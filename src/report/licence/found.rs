//! What files say of licences: texts that stand in them whole, and the notices that the makers of some licences want to stand in files.

use super::{Basis, Declared, Licensing, texts, words};
use std::collections::BTreeSet;

/// The most of one file that is read, in bytes.
pub const MAX_LICENCE_BYTES: u64 = 512 << 10;
/// Most licences that are named of one file.
const MOST: usize = 50;
/// In how many words behind its heading the example of a notice stands.
const LONGEST_EXAMPLE: usize = 250;

/// The licences that are recognised in a file, sorted: each as the identifiers, between spaces, that it may have. One identifier is
/// certain; the text of the GNU licences does not say whether later versions are meant.
pub fn recognised(file: &[u8]) -> Vec<String> {
    let file = &file[..file.len().min(usize::try_from(MAX_LICENCE_BYTES).unwrap_or(usize::MAX))];
    let all = words::of(&String::from_utf8_lossy(file));
    let mut found: BTreeSet<String> = notices(&all).collect();
    found.extend(texts::within(&words::that_count(all)).into_iter().map(str::to_owned));
    without_vaguer(found.into_iter().take(MOST).collect())
}

/// Without those of several identifiers where one of these is certain.
pub fn without_vaguer(mut found: Vec<String>) -> Vec<String> {
    let certain: BTreeSet<String> = found.iter().filter(|ids| !ids.contains(' ')).cloned().collect();
    found.retain(|ids| !ids.contains(' ') || !ids.split(' ').any(|id| certain.contains(id)));
    found
}

/// The notices that the GNU licences, Apache's and Mozilla's ask for. The examples of them that stand behind the texts of the GNU licences
/// say nothing.
fn notices(words: &[String]) -> impl Iterator<Item = String> {
    let mut example = 0;
    (0..words.len()).filter_map(move |at| match words[at].as_str() {
        "how" if behind(&words[at..], "how to apply these terms").is_some() => {
            example = at + LONGEST_EXAMPLE;
            None
        }
        "gnu" if at >= example => gnu(&words[at + 1..]),
        "licensed" => behind(&words[at..], "licensed under the apache license version 2 0").map(|_| "Apache-2.0".to_owned()),
        "subject" => behind(&words[at..], "subject to the terms of the mozilla public license v 2 0").map(|_| "MPL-2.0".to_owned()),
        _ => None,
    })
}

/// `GNU … General Public License as published by the Free Software Foundation; either version N of the License, or (at your option) any
/// later version`, and the forms of it that name one version.
fn gnu(words: &[String]) -> Option<String> {
    const FORMS: [(&str, &str); 4] = [
        ("general public license", "GPL"),
        ("lesser general public license", "LGPL"),
        ("library general public license", "LGPL"),
        ("affero general public license", "AGPL"),
    ];
    let (rest, name) = FORMS.iter().find_map(|(form, name)| Some((behind(words, form)?, *name)))?;
    if let Some(rest) = behind(rest, "as published by the free software foundation") {
        let is_one_of = behind(rest, "either").is_some();
        let (version, rest) = version(behind(rest, "either").unwrap_or(rest))?;
        let rest = behind(rest, "of the license").unwrap_or(rest);
        return match behind(rest, "or at your option any later version").is_some() {
            true => Some(format!("{name}-{version}-or-later")),
            false if is_one_of || behind(rest, "or").is_some() => None,
            false => Some(format!("{name}-{version}-only")),
        };
    }
    let (version, rest) = version(rest)?;
    let rest = behind(rest, "as published by the free software foundation")?;
    behind(rest, "or").is_none().then(|| format!("{name}-{version}-only"))
}

/// `version N`, of those there are.
fn version(words: &[String]) -> Option<(&'static str, &[String])> {
    const VERSIONS: [(&str, &str); 4] = [("version 2 1", "2.1"), ("version 2 0", "2.0"), ("version 2", "2.0"), ("version 3", "3.0")];
    VERSIONS.iter().find_map(|(words_of, version)| Some((*version, behind(words, words_of)?)))
}

/// The words behind others that must stand here.
fn behind<'a>(words: &'a [String], wanted: &str) -> Option<&'a [String]> {
    let mut rest = words;
    for one in wanted.split(' ') {
        let (first, others) = rest.split_first()?;
        if first.replace("licence", "license") != one {
            return None;
        }
        rest = others;
    }
    Some(rest)
}

impl Licensing {
    /// What was recognised in a file, one for each licence; one without a licence where nothing was.
    pub fn found(file: &str, recognised: &[String]) -> Vec<Self> {
        let one = |ids: &str| Self {
            text: ids.replace(' ', " or "),
            source: file.to_owned(),
            basis: Basis::Found,
            expression: (!ids.is_empty() && !ids.contains(' ')).then(|| ids.to_owned()),
        };
        if recognised.is_empty() { vec![one("")] } else { recognised.iter().map(|ids| one(ids)).collect() }
    }
}

/// The licences that were found, each named once: by an identifier, or by the words for several. The second is set where it is certain.
pub(in super::super) fn each_found(statements: &[Licensing]) -> BTreeSet<(&str, Option<&str>)> {
    let found = statements.iter().filter(|s| s.basis == Basis::Found && !s.text.is_empty());
    found.map(|s| (s.text.as_str(), s.expression.as_deref())).collect()
}

/// Where texts that were found differ from what is declared, in words; nothing where that is no expression, or nothing was found.
pub(in super::super) fn difference(statements: &[Licensing]) -> Option<String> {
    let Declared::Expression(declared) = Declared::of(statements) else { return None };
    let ids: BTreeSet<&str> = declared.split([' ', '(', ')']).map(|id| id.trim_end_matches('+')).collect();
    let is_declared = |text: &str| text.split(" or ").any(|id| ids.contains(id));
    let found = each_found(statements);
    let others: Vec<&str> = found.iter().map(|(text, _)| *text).filter(|text| !is_declared(text)).collect();
    match () {
        () if others.is_empty() => None,
        () if others.len() == found.len() => {
            Some(format!("declared is {declared}, and the files inside have other texts: {}", others.join(", ")))
        }
        () => Some(format!("besides {declared}, which is declared, the files inside have texts of {}", others.join(", "))),
    }
}
