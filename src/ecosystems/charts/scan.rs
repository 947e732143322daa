//! Lints: one folder with the chart's name, plain files only, and a `Chart.yaml` that says what the chart is listed as.

use super::meta::{CHART, LEGACY_CHART, Meta, is_version};
use super::section::is_chart_name;
use crate::artifact::{Artifact, BlobRead, Descriptor};
use crate::error::Result;
use crate::scan::tar::{self, Kind};
use crate::scan::{self, Findings, Packing, Profile, rules, unpacked};

/// Longest `Chart.yaml` that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Looks into one blob: an archive, or what lies beside it.
pub(super) fn blob(artifact: &Artifact, blob: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    if blob.media_type != CHART && blob.media_type != LEGACY_CHART {
        return scan::by_content(bytes, Profile::Tree, found);
    }
    let Some(meta) = found.damage(rules::METADATA, "", Meta::of(artifact))? else { return Ok(()) };
    let (name, version) = (meta.text("name").unwrap_or_default(), meta.text("version").unwrap_or_default());
    found.within(Profile::Package, "", |found| {
        let (mut strange, mut chart, size) = (Vec::new(), None, bytes.size());
        unpacked(Packing::Gzip, size, bytes, "", found, |stream, found| {
            tar::lint(stream, found, &mut |entry, content| {
                let path = String::from_utf8_lossy(&entry.name).trim_start_matches("./").to_owned();
                let within = path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                if !within {
                    strange.push((rules::MEMBERS, path, "it lies outside the chart's folder"));
                } else if matches!(entry.kind, Kind::HardLink | Kind::SymbolicLink) {
                    strange.push((rules::LINK, path, "a chart has plain files only"));
                } else if path == format!("{name}/Chart.yaml") && entry.size <= LONGEST {
                    let mut text = Vec::new();
                    // Whoever reads on meets what is damaged again, and tells.
                    let _ = content.read_to_end(&mut text);
                    chart = Some(text);
                }
                strange.truncate(1000);
                Ok(())
            })
        })?;
        strange.into_iter().for_each(|(rule, path, what)| found.add(rule, path, what));
        compare(chart.as_deref(), name, version, found);
        Ok(())
    })
}

fn compare(chart: Option<&[u8]>, name: &str, version: &str, found: &mut Findings) {
    let Some(text) = chart.and_then(|text| std::str::from_utf8(text).ok()) else {
        found.add(rules::METADATA, "Chart.yaml", "there is none, or it is not UTF-8");
        return;
    };
    for (key, listed, grammar) in [("name", name, is_chart_name as fn(&str) -> bool), ("version", version, is_version)] {
        match top(text, key)[..] {
            [said] if said == listed && grammar(said) => {}
            [said] => found.add(rules::METADATA, "Chart.yaml", format!("its {key} is {said:.80}, it is listed as {listed}")),
            [] => found.add(rules::METADATA, "Chart.yaml", format!("no line gives its {key}")),
            _ => found.add(rules::METADATA, "Chart.yaml", format!("it gives its {key} more than once")),
        }
    }
}

/// The values of a key at the top of a document, as charts write them: a line of its own, a plain or quoted word. Enough for the lint, and
/// what is written otherwise is told: Helm's own reading needs a whole reader of YAML, which the offline program does not have.
fn top<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = |line: &'a str| line.strip_prefix(key)?.trim_start_matches(' ').strip_prefix(':');
    let plain = |value: &'a str| {
        let value = value.split(" #").next().unwrap_or_default().trim();
        let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
    };
    text.lines().filter_map(value).map(plain).collect()
}
