//! Documents of fields in paragraphs, as Debian writes them (deb822(5)).

/// Longest value that is kept, in bytes.
const LONGEST: usize = 64 << 10;

/// One paragraph: names are the same in either case, continued lines joined with line feeds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Paragraph(Vec<(String, String)>);

impl Paragraph {
    /// The first value of a field, unless it is empty.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).find(|value| !value.is_empty())
    }
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
