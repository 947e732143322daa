//! `airlift review`

use super::diff::line;
use crate::bundle::Authentic;
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::Result;
use crate::policy::{Finding, Outcome, Review};
use crate::steps::predecessors::Predecessors;
use crate::steps::review::review;
use crate::steps::verify::open_one_partly;
use crate::store::{Store, write_named};
use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Show what installing a bundle would change, who signed it, and what the policy says to it
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift review /media/usb --out mlops-7.review.json\n\nNothing is changed, and of the payload nothing is read."
)]
pub struct ReviewCommand {
    /// Volumes, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    /// Write the review, whose SHA-256 is what people approve
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl ReviewCommand {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let (review, _) = reviewed(&self.places, &store, context)?;
        let document = review.document();
        if let Some(file) = &self.out {
            write_named(file, &document.bytes)?;
        }
        let mut value: serde_json::Value = serde_json::from_slice(&document.bytes).unwrap_or_default();
        value["review"] = document.digest.hex().into();
        value["spoken"] = document.digest.spoken().into();
        context.out.data(&value, &shown(&review))?;
        context.out.say(format!("review    {}", document.digest.spoken()));
        context.out.say("next: airlift approve, where people must; else airlift import");
        Ok(())
    }
}

/// The review of the only bundle in some places, and that bundle, of which volumes may be missing.
pub fn reviewed(places: &[PathBuf], store: &Store, context: &Context) -> Result<(Review, Authentic)> {
    let bundle = open_one_partly(places, &context.accepted_root(store)?)?;
    Ok((review(&bundle, &Predecessors::in_store(store), context.environment.now())?, bundle))
}

/// The review for a person.
pub fn shown(review: &Review) -> String {
    let mut text = format!("{} {} ({} line)   {}\n", review.name, review.seq, review.line, review.bundle.spoken());
    let signers: Vec<String> = review.signers.iter().map(|s| format!("{} ({}, {})", s.name, s.custody, s.key)).collect();
    let _ = writeln!(text, "  made      {}", review.created);
    let _ = writeln!(text, "  signers   {}; {} had to", signers.join(", "), review.threshold);
    let size = (count(review.artifacts, "artifact"), count(review.blobs, "blob"), bytes(review.bytes));
    let _ = writeln!(text, "  carries   {} in {}, {}; {} new", size.0, size.1, size.2, bytes(review.changes.new_bytes));
    let replaces = review.replaces.map_or_else(|| "nothing".to_owned(), |(seq, id)| format!("{} {seq}   {}", review.name, id.spoken()));
    let _ = writeln!(text, "  replaces  {replaces}");
    for (finding, about) in alike(&review.findings) {
        let _ = writeln!(
            text,
            "  {:<9} {}: expected {}; found {}{about}",
            finding.outcome.word(),
            finding.rule,
            finding.expected,
            finding.found
        );
    }
    review.changes.changes.iter().for_each(|change| text.push_str(&format!("  {}", line(change))));
    text
}

/// So many artifacts are named of those about which a rule says the same.
const MOST_NAMED: usize = 3;

/// What did not pass, each sentence once, and the artifacts that it is about: behind a rule that says the same of many, nothing else would be seen.
pub fn alike(findings: &[Finding]) -> Vec<(&Finding, String)> {
    let mut groups: Vec<(&Finding, Vec<&str>)> = Vec::new();
    let mut places: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.outcome != Outcome::Passed) {
        let at = *places.entry((finding.rule, finding.outcome.word(), &finding.found)).or_insert_with(|| {
            groups.push((finding, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.extend(finding.subject.as_deref());
    }
    groups.into_iter().map(|(finding, subjects)| (finding, about(&subjects))).collect()
}

fn about(subjects: &[&str]) -> String {
    let named = subjects.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    match subjects.len().checked_sub(MOST_NAMED) {
        _ if subjects.is_empty() => String::new(),
        None | Some(0) => format!(" ({named})"),
        Some(more) => format!(" ({named} and {more} more)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_many_is_said_once_with_whom_it_is_about() {
        let of = |rule, outcome, found: &str, subject: Option<&str>| Finding {
            rule,
            outcome,
            expected: "known".to_owned(),
            found: found.to_owned(),
            subject: subject.map(str::to_owned),
            exception: None,
        };
        let mut findings: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|name| of("r", Outcome::Shown, "unknown", Some(name))).collect();
        findings.insert(1, of("bundle", Outcome::Refused, "too old", None));
        findings.push(of("r", Outcome::Shown, "other", Some("a")));
        findings.push(of("r", Outcome::Passed, "fine", Some("f")));
        let told: Vec<_> =
            alike(&findings).into_iter().map(|(finding, about)| format!("{}: {}{about}", finding.rule, finding.found)).collect();
        assert_eq!(told, ["r: unknown (a, b, c and 2 more)", "bundle: too old", "r: other (a)"]);
    }
}
