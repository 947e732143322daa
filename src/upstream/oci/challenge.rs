//! What a 401 asks for: `WWW-Authenticate` (RFC 9110, section 11.6.1; for tokens the distribution project's "Token authentication").

use http::{HeaderMap, header};
use std::collections::BTreeMap;

/// Longest header value that is read, in bytes.
const LONGEST: usize = 8192;

/// One way to authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// `basic`, `bearer`, …, in lower case.
    pub scheme: String,
    /// Its parameters; names in lower case.
    pub parameters: BTreeMap<String, String>,
}

/// All challenges of an answer, in order; what cannot be read is passed over.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
    values.filter_map(|v| v.to_str().ok()).filter(|v| v.len() <= LONGEST).flat_map(read).collect()
}

fn read(text: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match after.trim_start().strip_prefix('=') {
            Some(after) => {
                let (value, after) = value(after.trim_start());
                if let Some(challenge) = found.last_mut() {
                    challenge.parameters.insert(word.to_ascii_lowercase(), value);
                }
                rest = after;
            }
            None if word.is_empty() => return found,
            None => {
                found.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: BTreeMap::new() });
                rest = after;
            }
        }
    }
}

/// A token or quoted string (RFC 9110, section 5.6.4), and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let (mut out, mut characters) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (out, &quoted[at + 1..]),
            '\\' => out.extend(characters.next().map(|(_, escaped)| escaped)),
            plain => out.push(plain),
        }
    }
    (out, "")
}
