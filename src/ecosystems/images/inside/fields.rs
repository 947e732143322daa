//! Documents of fields in paragraphs, as Debian writes them (deb822(5)).

/// Longest value that is kept, in bytes.
const LONGEST: usize = 64 << 10;

/// Most fields of one paragraph.
const MOST: usize = 1000;

/// One paragraph: names are the same in either case, continued lines joined with line feeds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Paragraph(Vec<(String, String)>);

impl Paragraph {
    /// The first value of a field, unless it is empty.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).find(|value| !value.is_empty())
    }
}

/// Calls `take` with every paragraph of a document: of a long one, never all of them are in memory.
pub(super) fn each(bytes: &[u8], take: &mut dyn FnMut(Paragraph)) {
    let text = String::from_utf8_lossy(bytes);
    let mut current = Paragraph::default();
    for line in text.lines() {
        if line.trim().is_empty() {
            if !current.0.is_empty() {
                take(std::mem::take(&mut current));
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = current.0.last_mut().filter(|(_, value)| value.len() < LONGEST) {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':').filter(|_| current.0.len() < MOST) {
            current.0.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    if !current.0.is_empty() {
        take(current);
    }
}

/// The first paragraph of a document.
pub(super) fn first(bytes: &[u8]) -> Paragraph {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
    let mut first = None;
    each(&bytes[..end], &mut |paragraph| first = first.take().or(Some(paragraph)));
    first.unwrap_or_default()
}
