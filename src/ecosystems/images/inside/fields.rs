//! Documents of fields in paragraphs (RFC 822 as Debian and Python use it: deb822(5), core metadata specification).

/// Longest value that is kept, in bytes.
const LONGEST: usize = 64 << 10;

/// One paragraph: names are the same in either case, continued lines joined with line feeds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Paragraph(Vec<(String, String)>);

impl Paragraph {
    /// The first value of a field, unless it is empty or a placeholder.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).find(|value| is_said(value))
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .filter(|value| is_said(value))
    }
}

fn is_said(value: &str) -> bool {
    !value.is_empty() && value != "UNKNOWN"
}

/// The paragraphs of a document.
pub(super) fn paragraphs(bytes: &[u8]) -> Vec<Paragraph> {
    let text = String::from_utf8_lossy(bytes);
    let (mut all, mut current) = (Vec::new(), Paragraph::default());
    for line in text.lines() {
        if line.trim().is_empty() {
            if !current.0.is_empty() {
                all.push(std::mem::take(&mut current));
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = current.0.last_mut().filter(|(_, value)| value.len() < LONGEST) {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            current.0.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    all.extend((!current.0.is_empty()).then_some(current));
    all
}

/// The first paragraph of a document.
pub(super) fn first(bytes: &[u8]) -> Paragraph {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
    paragraphs(&bytes[..end]).into_iter().next().unwrap_or_default()
}

/// The first line with something in it.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line[..line.floor_char_boundary(300)].to_owned()
}
