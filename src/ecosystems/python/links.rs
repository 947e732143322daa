//! What the page of a project at another index names for its files: the places of their provenance (PEP 740), in JSON (PEP 691) and in HTML
//! (PEP 503, `data-provenance`).

use crate::artifact::percent_decoded;
use serde::Deserialize;

/// Most files of one page.
const MOST: usize = 1 << 20;
/// Longest address of a provenance, in bytes.
const LONGEST: usize = 4096;

#[derive(Deserialize)]
struct Page {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    #[serde(default)]
    provenance: Option<String>,
}

/// The files of a page for which it names a provenance, and where that is.
pub(super) fn read(page: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = std::str::from_utf8(page).map_err(|_| "it is not UTF-8")?;
    let all = match text.trim_start().starts_with('{') {
        true => json(text)?,
        false => html(text),
    };
    let fits = |place: &str| !place.is_empty() && place.len() <= LONGEST;
    Ok(all.into_iter().filter(|(_, place)| fits(place)).take(MOST).collect())
}

fn json(text: &str) -> Result<Vec<(String, String)>, String> {
    let page: Page = serde_json::from_str(text).map_err(|e| format!("{e}"))?;
    Ok(page.files.into_iter().filter_map(|file| Some((file.filename, file.provenance?))).collect())
}

/// Links are told by their tags alone: what stands between them does not matter.
fn html(text: &str) -> Vec<(String, String)> {
    let (mut all, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let Some(behind) = rest.strip_prefix(['a', 'A']).filter(|behind| behind.starts_with(|c: char| c.is_ascii_whitespace())) else {
            continue;
        };
        rest = behind;
        let attributes = attributes(&mut rest);
        let value = |name: &str| attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
        let (Some(href), Some(provenance)) = (value("href"), value("data-provenance")) else { continue };
        let path = href.split(['#', '?']).next().unwrap_or_default();
        let file = percent_decoded(path.rsplit('/').next().unwrap_or_default());
        all.extend(file.map(|file| (file, provenance.to_owned())));
    }
    all
}

/// The attributes up to the end of a tag; what follows is left.
fn attributes(rest: &mut &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    loop {
        *rest = rest.trim_start();
        let end = rest.find(|c: char| c.is_ascii_whitespace() || ['=', '>'].contains(&c)).unwrap_or(rest.len());
        let name = &rest[..end];
        *rest = rest[end..].trim_start();
        let Some(behind) = rest.strip_prefix('=') else {
            match rest.strip_prefix('>') {
                Some(behind) => *rest = behind,
                None if !rest.is_empty() && !name.is_empty() => continue,
                None => {}
            }
            return all;
        };
        let behind = behind.trim_start();
        let (value, after) = match behind.chars().next() {
            Some(quote @ ('"' | '\'')) => behind[1..].split_once(quote).unwrap_or((&behind[1..], "")),
            _ => behind.split_at(behind.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(behind.len())),
        };
        all.push((name.to_owned(), unescaped(value)));
        *rest = after;
    }
}

fn unescaped(value: &str) -> String {
    value.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
