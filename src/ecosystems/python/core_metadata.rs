//! Reading METADATA (core metadata specification, "Metadata file format"): the header fields, never the description.

/// Most fields that are kept.
const MOST: usize = 10_000;
/// Longest value that is kept, in bytes: a whole licence text may stand in one.
const LONGEST: usize = 2000;

/// The header fields in their order, names in lower case; bytes that are not UTF-8 are replaced.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CoreMetadata {
    fields: Vec<(String, String)>,
}

impl CoreMetadata {
    /// Reads the fields up to the first empty line.
    pub fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines().take_while(|line| !line.is_empty()).take(MOST) {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push('\n');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        for (_, value) in &mut fields {
            value.truncate(value.floor_char_boundary(LONGEST));
        }
        Self { fields }
    }

    /// The first value of a field; empty values and the placeholder `UNKNOWN` of old tools count as absent.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let found = self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty() && *value != "UNKNOWN").collect::<Vec<_>>().into_iter()
    }
}
