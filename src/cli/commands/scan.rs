//! `airlift scan`, and the options by which `verify` and `import` scan too.

use crate::artifact::{Artifact, Blobs};
use crate::bundle::InPlace;
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Result, plain};
use crate::scan::Severity;
use crate::scan::confine::{Confined, confine};
use crate::steps::scan::{Scan as Step, Scanned, told};
use crate::steps::verify::open;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::borrow::Borrow;
use std::path::PathBuf;

/// What is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Refuse {
    /// Archives with more than one reading, and content that is not what it claims to be
    Error,
    /// Whatever a person should look at, too
    Warning,
    /// Nothing: findings are only listed
    Never,
}

impl Refuse {
    const fn least(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Never => None,
        }
    }
}

/// Scanning within another command.
#[derive(Debug, Clone, Copy, Args)]
pub struct Scanning {
    /// Look into the content of every blob as well, once it is known to be what was signed
    #[arg(long)]
    pub scan: bool,
    /// What of that is refused
    #[arg(long, value_name = "SEVERITY", default_value = "error", requires = "scan", hide_possible_values = true)]
    refuse: Refuse,
}

impl Scanning {
    /// No scanning.
    #[cfg(feature = "upstream")]
    pub const NONE: Self = Self { scan: false, refuse: Refuse::Error };

    /// The least severity that is refused.
    pub const fn least(self) -> Option<Severity> {
        self.refuse.least()
    }

    /// Scans.
    pub fn run<A: Borrow<Artifact> + Sync>(self, artifacts: &[A], blobs: &dyn Blobs, hash: bool, context: &Context) -> Result<Scanned> {
        scan(artifacts, blobs, hash, context)
    }
}

/// Look into the content of blobs: archives with two readings, names that lead out, secrets
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift scan /media/usb1\n\nWithout places: what is installed in the store, and what was fetched into it. Nothing is written.\nExit code 5 means: something was found that --refuse refuses."
)]
pub struct Scan {
    /// Volumes, or folders that hold them; their signatures are judged first
    places: Vec<PathBuf>,
    /// What is refused: error, warning or never
    #[arg(long, value_name = "SEVERITY", default_value = "error", hide_possible_values = true)]
    refuse: Refuse,
}

impl Scan {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        confine();
        let (mut documents, mut text, mut refusal) = (Vec::new(), String::new(), Ok(()));
        let mut one = |label: &str, outcome: &Scanned| {
            text.push_str(&format!("{label}\n"));
            tell(outcome, &mut text);
            let mut document = document(outcome);
            document["of"] = label.into();
            documents.push(document);
            if refusal.is_ok() {
                refusal = outcome.refuse(self.refuse.least());
            }
        };
        let store = context.open_store()?;
        if self.places.is_empty() {
            let views = store.current()?.map(|snapshot| store.views(&snapshot)).transpose()?;
            let held = store.held()?;
            let installed = views.iter().flatten().take(1).flat_map(|view| view.artifacts.iter().map(|artifact| &**artifact));
            let artifacts: Vec<&Artifact> = installed.chain(held.iter().flat_map(|lock| &lock.artifacts)).collect();
            one("the store", &scan(&artifacts, &store, true, context)?);
        } else {
            for bundle in open(&self.places, &context.accepted_root(&store)?)? {
                let (label, place) = (bundle.statement.label(), InPlace::new(bundle)?);
                one(&label, &scan(&place.bundle().lock.artifacts, &place, true, context)?);
            }
        }
        context.out.data(&Value::from(documents), &text)?;
        refusal
    }
}

fn scan<A: Borrow<Artifact> + Sync>(artifacts: &[A], blobs: &dyn Blobs, hash: bool, context: &Context) -> Result<Scanned> {
    let progress = context.out.progress();
    Step { threads: context.environment.threads(), hash, progress: progress.as_ref() }.run(artifacts, blobs)
}

/// The outcome for people, a report a paragraph.
pub fn tell(outcome: &Scanned, text: &mut String) {
    for report in &outcome.reports {
        text.push_str(&format!("  {}\n", one_line(&report.label())));
        for finding in &report.findings {
            text.push_str(&format!("    {:<8} {}\n", finding.severity.name(), one_line(&told(finding))));
        }
        if report.more > 0 {
            text.push_str(&format!("    and {}\n", count(report.more, "further finding")));
        }
    }
    if outcome.cut > 0 {
        text.push_str(&format!("  and {} that are no graver\n", count(outcome.cut, "further report")));
    }
    text.push_str(&format!("  {}\n", summary(outcome)));
    if let Some(told) = confinement(outcome.confined) {
        text.push_str(&format!("  {told}\n"));
    }
}

/// The same as talk: findings of weight are warnings.
pub fn say(outcome: &Scanned, context: &Context) {
    for report in &outcome.reports {
        for finding in report.findings.iter().filter(|finding| finding.severity > Severity::Note) {
            context.out.warn(format!("{}: {}", report.label(), told(finding)));
        }
    }
    if outcome.cut > 0 {
        context.out.warn(format!("{} that are no graver", count(outcome.cut, "further report")));
    }
    context.out.say(summary(outcome));
    if let Some(told) = confinement(outcome.confined) {
        context.out.note(told);
    }
}

/// What has to be said of the rights with which something hostile was read; nothing where no more can be taken.
pub const fn confinement(confined: Confined) -> Option<&'static str> {
    match confined {
        Confined::Wholly => None,
        Confined::Partly => Some(
            "this kernel knows only some of what Landlock can take away: reading without the right to write files, though truncating them, or connecting, may be left",
        ),
        Confined::No => Some(
            "this system cannot take the right to write from a process (Landlock, Linux 5.13 or newer): reading with the rights of the account",
        ),
    }
}

fn one_line(text: &str) -> String {
    plain(text).replace('\n', "\\u{a}")
}

fn summary(outcome: &Scanned) -> String {
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|s| count(outcome.count(s), s.name()));
    let absent = if outcome.absent > 0 { format!(" · {} not here", count(outcome.absent, "blob")) } else { String::new() };
    format!("scanned {}, {}{absent}: {}", count(outcome.blobs, "blob"), bytes(outcome.bytes), counts.join(", "))
}

/// The outcome as JSON.
pub fn document(outcome: &Scanned) -> Value {
    let finding =
        |f: &crate::scan::Finding| json!({ "rule": f.rule.name, "severity": f.severity.name(), "where": f.place, "what": f.what });
    let reports = outcome.reports.iter().map(|report| {
        let findings: Vec<_> = report.findings.iter().map(finding).collect();
        let blob = report.blob.map(|blob| blob.to_string());
        json!({ "artifact": report.artifact, "blob": blob, "file": report.file, "findings": findings, "more": report.more })
    });
    json!({
        "blobs": outcome.blobs,
        "bytes": outcome.bytes,
        "absent": outcome.absent,
        "worst": outcome.worst.map(Severity::name),
        "confined": outcome.confined.name(),
        "reports": reports.collect::<Vec<_>>(),
        "cut": outcome.cut,
        "notes": outcome.count(Severity::Note),
        "warnings": outcome.count(Severity::Warning),
        "errors": outcome.count(Severity::Error),
    })
}

#[cfg(test)]
mod tests {
    use super::confinement;
    use crate::scan::confine::Confined;

    #[test]
    fn what_could_not_be_taken_is_told_as_what_it_is() {
        let (partly, no) = (confinement(Confined::Partly), confinement(Confined::No));
        assert!(confinement(Confined::Wholly).is_none() && partly != no);
        assert!(partly.is_some_and(|told| told.contains("only some")) && no.is_some_and(|told| told.contains("rights of the account")));
    }
}
