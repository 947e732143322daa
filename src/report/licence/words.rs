//! The words of a licence's text, apart from what the matching guidelines of SPDX (annex B of the specification) say is no part of it: white space,
//! case, punctuation, bullets and numbers of lists, spelling, and the names that a template leaves open.

/// Most words that may stand where a template leaves a name open.
const LONGEST_NAME: usize = 30;

/// What stands before and behind a name that a template leaves open.
const NAMES: [(&[&str], &[&str]); 6] = [
    (&["neither", "the", "name"], &["nor", "the", "names", "of"]),
    (&["software", "is", "provided", "by"], &["as", "is"]),
    (&["in", "no", "event", "shall"], &["be", "liable"]),
    (&["in", "no", "event", "will"], &["be", "liable"]),
    (&["provided", "as", "is", "and"], &["disclaims", "all", "warranties"]),
    (&["except", "as", "contained", "in", "this", "notice", "the", "name"], &["shall", "not", "be", "used", "in", "advertising"]),
];

/// Every word, in lower case.
pub(super) fn of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// The words that tell one licence from others.
pub(super) fn that_count(words: Vec<String>) -> Vec<String> {
    // Letters and digits that number a list are as long as one.
    let counting = words.into_iter().filter(|word| word.len() > 1 && !matches!(word.as_str(), "http" | "https"));
    without_names(counting.map(spelt).collect())
}

/// Of words with two spellings, or that guideline takes for the same, one.
fn spelt(word: String) -> String {
    let one = match word.as_str() {
        "licence" => "license",
        "licences" => "licenses",
        "licenced" => "licensed",
        "owner" => "holder",
        "owners" => "holders",
        "merchantibility" => "merchantability",
        _ => return word,
    };
    one.to_owned()
}

fn without_names(words: Vec<String>) -> Vec<String> {
    let (mut kept, mut at) = (Vec::with_capacity(words.len()), 0);
    while at < words.len() {
        let (before, name) = open_name(&words[at..]).unwrap_or((1, 0));
        kept.extend_from_slice(&words[at..at + before]);
        at += before + name;
    }
    kept
}

/// Where a name is left open here: the number of words before it, and of its own.
fn open_name(words: &[String]) -> Option<(usize, usize)> {
    let (before, behind) = NAMES.iter().find(|(before, _)| begins(words, before))?;
    let rest = &words[before.len()..];
    let name = (0..LONGEST_NAME.min(rest.len())).find(|at| begins(&rest[*at..], behind))?;
    Some((before.len(), name))
}

fn begins(words: &[String], start: &[&str]) -> bool {
    words.len() >= start.len() && words.iter().zip(start).all(|(word, wanted)| word == wanted)
}
