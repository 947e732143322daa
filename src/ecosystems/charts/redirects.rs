//! The values that make a chart pull its images from the mirror, as a file for `helm -f`.

use super::meta::Meta;
use crate::artifact::percent_encoded;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The file for one chart; `base` is the mirror's own address.
pub(super) fn values(base: &str, view: &str, name: &str, version: &str, meta: &Meta) -> String {
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
    let repository = format!("{base}/{}/{}/{}", super::NAME, percent_encoded(view), meta.repository);
    let mut text = format!("# Makes {name} {version} pull its images from this mirror:\n");
    let _ = writeln!(text, "# helm install NAME {name} --repo {repository} --version {version} -f THIS-FILE");
    let left: Vec<&str> = meta.images.iter().filter(|i| i.redirected == Some(false)).map(|i| i.reference.as_str()).collect();
    if !left.is_empty() {
        text.push_str(
            "# No value of the chart leads these to the mirror. Tell the nodes instead: airlift client containerd (or k3s, podman):\n",
        );
        for reference in left {
            let _ = writeln!(text, "#   {}", plain(reference));
        }
    }
    let mut tree = Node::default();
    for redirect in &meta.redirects {
        tree.set(&redirect.path, format!("{authority}/{}", redirect.value).into());
    }
    meta.switches.iter().for_each(|path| tree.set(path, true.into()));
    if tree.below.is_empty() {
        text.push_str("{}\n");
    }
    tree.write(&mut text, 0);
    text
}

/// A comment is one line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[derive(Default)]
struct Node {
    value: Option<Value>,
    below: BTreeMap<String, Node>,
}

impl Node {
    fn set(&mut self, path: &[String], value: Value) {
        let place = path.iter().fold(self, |node, key| node.below.entry(key.clone()).or_default());
        place.value = Some(value);
    }

    /// A JSON string is a YAML string in double quotes.
    fn write(&self, text: &mut String, depth: usize) {
        for (key, node) in &self.below {
            let _ = write!(text, "{:indent$}{}:", "", Value::from(key.as_str()), indent = depth * 2);
            match &node.value {
                Some(value) if node.below.is_empty() => {
                    let _ = writeln!(text, " {value}");
                }
                _ => {
                    text.push('\n');
                    node.write(text, depth + 1);
                }
            }
        }
    }
}
