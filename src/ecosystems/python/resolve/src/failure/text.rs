//! Text that is fit to be shown: no terminal colours, no credentials.

/// The text without ANSI escape sequences; uv colours names whether or not there is a terminal.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        if char != '\u{1b}' {
            out.push(char);
            continue;
        }
        // A control sequence is ESC [ parameters and one final byte (ECMA-48, section 5.4).
        if rest.next() == Some('[') {
            for char in rest.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&char) {
                    break;
                }
            }
        }
    }
    out
}

/// A hint of uv without what only users of uv can do: its command line options and settings.
/// `None`: nothing is left.
pub(crate) fn in_our_words(hint: &str) -> Option<String> {
    let foreign = ["`--", "`uv ", "tool.uv", "exclude-newer-package"];
    let mut text = hint.to_owned();
    while let Some(start) = text.find(" (") {
        let Some(length) = text[start..].find(')') else { break };
        let aside = &text[start..=start + length];
        if !foreign.iter().any(|word| aside.contains(word)) {
            break;
        }
        text.replace_range(start..=start + length, "");
    }
    let sentences: Vec<&str> = text.split(". ").filter(|sentence| !foreign.iter().any(|word| sentence.contains(word))).collect();
    let text = sentences.join(". ");
    (!text.is_empty()).then_some(text)
}

/// The text with the user information of every URL in it replaced by `****`.
pub(crate) fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find("://") {
        let (before, after) = rest.split_at(found + 3);
        out.push_str(before);
        let end = after.find(|char: char| char.is_whitespace() || "/?#\"'`<>,".contains(char)).unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str("****@");
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}
