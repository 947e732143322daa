//! Versions as far as serving and checking need them: are two spellings the same version (PEP 440, "Normalization")?

/// The one spelling that all equal versions share, without trailing zeros of the release: `1.0.0-RC.01` and `1.0rc1` are both
/// `1rc1`. `None` for text that is no version.
pub fn key(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (public, local) = match text.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (text.as_str(), None),
    };
    let mut rest = Scanner(public.strip_prefix('v').unwrap_or(public));
    let mut out = rest.epoch();
    out.push_str(&rest.release()?);
    out.push_str(&rest.suffix(&[
        ("alpha", "a"),
        ("a", "a"),
        ("beta", "b"),
        ("b", "b"),
        ("preview", "rc"),
        ("pre", "rc"),
        ("rc", "rc"),
        ("c", "rc"),
    ]));
    out.push_str(&rest.implicit_post().unwrap_or_else(|| rest.suffix(&[("post", ".post"), ("rev", ".post"), ("r", ".post")])));
    out.push_str(&rest.suffix(&[("dev", ".dev")]));
    if !rest.0.is_empty() {
        return None;
    }
    if let Some(local) = local {
        out.push('+');
        out.push_str(&local_key(local)?);
    }
    Some(out)
}

struct Scanner<'a>(&'a str);

impl Scanner<'_> {
    /// Leading digits without their leading zeros; `None` when there are none.
    fn number(&mut self) -> Option<String> {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        if digits.is_empty() {
            return None;
        }
        self.0 = rest;
        Some(plain_number(digits))
    }

    /// `1!`, or nothing: epoch 0 is the default.
    fn epoch(&mut self) -> String {
        match self.0.split_once('!') {
            Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit()) => {
                self.0 = rest;
                let epoch = plain_number(epoch);
                if epoch == "0" { String::new() } else { format!("{epoch}!") }
            }
            _ => String::new(),
        }
    }

    fn release(&mut self) -> Option<String> {
        let mut numbers = vec![self.number()?];
        while let Some(after) = self.0.strip_prefix('.').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
            self.0 = after;
            numbers.push(self.number()?);
        }
        while numbers.len() > 1 && numbers.last().is_some_and(|n| n == "0") {
            numbers.pop();
        }
        Some(numbers.join("."))
    }

    /// `-3` directly after what went before means `.post3`.
    fn implicit_post(&mut self) -> Option<String> {
        let after = self.0.strip_prefix('-').filter(|after| after.starts_with(|c: char| c.is_ascii_digit()))?;
        self.0 = after;
        Some(format!(".post{}", self.number()?))
    }

    /// One of the words with an optional separator on each side of it and an optional number; nothing when none stands here.
    fn suffix(&mut self, words: &[(&str, &str)]) -> String {
        let begin = self.0.strip_prefix(['-', '_', '.']).unwrap_or(self.0);
        let Some((rest, normal)) = words.iter().find_map(|(word, normal)| begin.strip_prefix(word).map(|rest| (rest, *normal))) else {
            return String::new();
        };
        self.0 = rest.strip_prefix(['-', '_', '.']).filter(|r| r.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(rest);
        let number = self.number().unwrap_or_else(|| "0".to_owned());
        format!("{normal}{number}")
    }
}

fn plain_number(digits: &str) -> String {
    let plain = digits.trim_start_matches('0');
    if plain.is_empty() { "0".to_owned() } else { plain.to_owned() }
}

/// Local versions: letters and digits in segments, any separator (PEP 440, "Local version segments").
fn local_key(local: &str) -> Option<String> {
    let mut segments = Vec::new();
    for segment in local.split(['.', '-', '_']) {
        if segment.is_empty() || !segment.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        segments.push(if segment.bytes().all(|b| b.is_ascii_digit()) { plain_number(segment) } else { segment.to_owned() });
    }
    Some(segments.join("."))
}
