//! `airlift audit`

use super::pack::read_lock;
use super::vex::Vexing;
use crate::advisories::vex::Statement;
use crate::advisories::{Freshness, Rating, Taken};
use crate::artifact::{Artifact, Blobs};
use crate::bundle::InPlace;
use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::{Error, Kind, Result, plain};
use crate::report::Subject;
use crate::steps::advise::at_hand;
use crate::steps::assess::{Assessed, Found, Held, Line, STATEMENTS_HOLD, Terms, Used};
use crate::steps::import::latest;
use crate::steps::sbom::{Nowhere, Stocktaking, of_bundle, of_lock, of_snapshot};
use crate::steps::verify::open_one;
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// From which rating on findings are a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// From 0.1
    Low,
    /// From 4.0
    Medium,
    /// From 7.0
    High,
    /// From 9.0
    Critical,
    /// Nothing: findings are only listed
    Never,
}

impl FailOn {
    const fn least(self) -> Option<Rating> {
        match self {
            Self::Low => Some(Rating::Low),
            Self::Medium => Some(Rating::Medium),
            Self::High => Some(Rating::High),
            Self::Critical => Some(Rating::Critical),
            Self::Never => None,
        }
    }
}

/// Days that advisories are taken for current, and statements about them for valid, unless something else is said.
pub const DAYS: i64 = 7;
/// Most days that can be asked for.
const MOST_DAYS: i64 = 36_500;

/// Ask the advisories that are carried about a lock, a bundle or what is installed
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift audit /media/usb1 --fail-on high\n\nWithout places: what is installed. Of each kind of evidence the newest is asked, of those in the same lock or bundle and those that are installed.\nMissing or old advisories are an error. What cannot be assessed is counted; it is never \"clean\".\nExit code 5 means: advisories are too old, or --fail-on found something."
)]
pub struct Audit {
    /// Volumes of one bundle, or folders that hold them; its signatures are judged first
    #[arg(conflicts_with = "lock")]
    places: Vec<PathBuf>,
    /// A lock whose blobs were fetched into the store
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// The least severity that is a failure: low, medium, high, critical or never; what nobody rated counts as well
    #[arg(long, value_name = "SEVERITY", default_value = "never", hide_possible_values = true)]
    fail_on: FailOn,
    /// Most days since the advisories were taken
    #[arg(long, value_name = "DAYS", default_value_t = DAYS, value_parser = clap::value_parser!(i64).range(0..=MOST_DAYS))]
    max_age: i64,
    #[command(flatten)]
    vexing: Vexing,
}

impl Audit {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let assessed = self.assessed(context)?;
        let mut text = String::new();
        tell(&assessed, &mut text);
        context.out.data(&document(&assessed), &text)?;
        self.fail_on.least().map_or(Ok(()), |least| assessed.refuse(least))
    }

    fn assessed(&self, context: &Context) -> Result<Assessed> {
        if let Some(path) = &self.lock {
            let lock = read_lock(path)?;
            return match context.store_path().exists() {
                true => self.of(of_lock(&lock), &lock.artifacts, &context.open_store()?, context),
                false => self.of(of_lock(&lock), &lock.artifacts, &Nowhere, context),
            };
        }
        let store = context.open_store()?;
        if !self.places.is_empty() {
            let place = InPlace::new(open_one(&self.places, &context.accepted_root(&store)?)?)?;
            let subject = of_bundle(&place.bundle().statement, place.bundle().id);
            return self.of(subject, &place.bundle().lock.artifacts, &place, context);
        }
        let current =
            store.current()?.ok_or_else(|| Error::usage("nothing is installed").hint("name a bundle's volumes, or --lock FILE"))?;
        self.of(of_snapshot(&current, &store)?, &latest(&store)?.iter().map(|artifact| &**artifact).collect::<Vec<_>>(), &store, context)
    }

    fn of<A: Borrow<Artifact> + Sync>(&self, subject: Subject, artifacts: &[A], blobs: &dyn Blobs, context: &Context) -> Result<Assessed> {
        let held = held(artifacts, blobs, &self.vexing.statements(context)?, context)?;
        assess(subject, artifacts, blobs, &held, self.max_age, context)
    }
}

/// The newest evidence of each kind, among these artifacts and what is installed.
fn held<A: Borrow<Artifact>>(artifacts: &[A], blobs: &dyn Blobs, more: &[Statement], context: &Context) -> Result<Held> {
    let store = context.any_store()?;
    at_hand(artifacts, blobs, store.as_ref(), more)?.ok_or_else(|| {
        Error::new(Kind::Incomplete, "no advisories are here").hint("have a toolkit with a section of advisories carried over")
    })
}

fn assess<A: Borrow<Artifact> + Sync>(
    subject: Subject,
    artifacts: &[A],
    blobs: &dyn Blobs,
    held: &Held,
    days: i64,
    context: &Context,
) -> Result<Assessed> {
    let progress = context.out.progress();
    let inventory = Stocktaking { threads: context.environment.threads(), progress: progress.as_ref() }.run(subject, artifacts, blobs)?;
    let now = context.known_time(context.any_store()?.as_ref())?;
    let freshness = Freshness { now, most_age: SignedDuration::from_hours(24 * days) };
    held.assess(&inventory, &Terms { freshness, lifetime: STATEMENTS_HOLD })
}

/// Most packages that are named of those of which something is not known for one reason.
const MOST_NAMED: usize = 5;

/// A share as its publisher wrote it: widened to more digits than it had, it would be another number.
fn share(share: f32) -> Option<f64> {
    share.to_string().parse().ok()
}

/// The answer for people: what was found, then what is not known, then how much of it there is.
fn tell(assessed: &Assessed, text: &mut String) {
    for line in assessed.lines.iter().filter(|line| !line.findings.is_empty()) {
        let within = line.within.as_ref().map(|within| format!("  in {}", plain(within))).unwrap_or_default();
        let _ = writeln!(text, "{}{within}", plain(&line.purl));
        line.findings.iter().for_each(|found| tell_found(found, text));
    }
    for (reason, packages) in &assessed.reasons {
        let of = || assessed.lines.iter().filter(|line| line.reasons.contains(reason)).map(|line| line.purl.as_str());
        let names: BTreeSet<&str> = of().filter(|purl| !purl.is_empty()).collect();
        let _ = writeln!(text, "not known: {} of {}", plain(reason), count(*packages, "package"));
        for purl in names.iter().take(MOST_NAMED) {
            let _ = writeln!(text, "    {}", plain(purl));
        }
        if names.len() > MOST_NAMED {
            let _ = writeln!(text, "    and {} more: airlift --json audit names them", names.len() - MOST_NAMED);
        }
    }
    for (ecosystem, taken) in &assessed.taken {
        let _ =
            writeln!(text, "asked: {ecosystem}, {} as of {}, the newest of {}", count(taken.records, "record"), taken.time, taken.newest);
    }
    for used in &assessed.used {
        let _ = writeln!(text, "used: {}", plain(&used.told()));
    }
    if let Some(why) = &assessed.exploited_unknown {
        let _ = writeln!(text, "not known: which vulnerabilities are exploited, as {}", plain(why));
    }
    let _ = writeln!(text, "{}", summary(assessed));
}

fn tell_found(found: &Found, text: &mut String) {
    let score = found.score.as_ref().map(|score| format!(" {score}")).unwrap_or_default();
    let mut more = vec![];
    more.extend(found.malicious.then(|| "the package is an attack".to_owned()));
    more.extend(found.exploited.as_ref().map(|day| format!("exploited, listed {day}")));
    more.extend(found.likelihood.map(|share| format!("likely by {:.1} %", share * 100.0)));
    more.extend((!found.fixed.is_empty()).then(|| format!("fixed in {}", found.fixed.join(", "))));
    let _ = writeln!(text, "  {:<8}{score}  {}  {}", found.rating.word(), plain(&found.names.join(" ")), plain(&found.summary));
    if !more.is_empty() {
        let _ = writeln!(text, "      {}", plain(&more.join(" · ")));
    }
    if let Some(said) = &found.said {
        let _ = writeln!(text, "      {}", plain(&said.told()));
    }
    if found.set_aside > 0 {
        let _ = writeln!(text, "      {} too old, or from the future", count(found.set_aside, "statement"));
    }
}

/// How much of it is what, in a line.
pub fn summary(assessed: &Assessed) -> String {
    let counts = assessed.counts;
    format!(
        "assessed {}, undetermined {}, not examined {}, not assessable {}; affected {}, findings {}",
        counts.assessed, counts.undetermined, counts.not_examined, counts.not_assessable, counts.affected, counts.findings
    )
}

/// The same as data.
pub fn counts(assessed: &Assessed) -> Value {
    let counts = assessed.counts;
    json!({ "assessed": counts.assessed, "undetermined": counts.undetermined, "not_examined": counts.not_examined, "not_assessable": counts.not_assessable,
        "affected": counts.affected, "findings": counts.findings })
}

fn document(assessed: &Assessed) -> Value {
    let asked = |(name, taken): (&String, &Taken)| json!({ "ecosystem": name, "time": taken.time.to_string(), "newest": taken.newest.to_string(), "records": taken.records });
    let taken: Vec<_> = assessed.taken.iter().map(asked).collect();
    let told = |line: &&Line| !line.findings.is_empty() || !line.reasons.is_empty();
    let packages: Vec<_> = assessed.lines.iter().filter(told).map(line).collect();
    let used = |used: &Used| {
        json!({ "label": used.label, "time": used.time.map(|time| time.to_string()), "sha256": used.digest.map(|digest| digest.hex()),
            "from": used.origin.word() })
    };
    let used: Vec<_> = assessed.used.iter().map(used).collect();
    json!({ "counts": counts(assessed), "asked": taken, "used": used, "exploited_unknown": assessed.exploited_unknown,
        "reasons": assessed.reasons, "packages": packages })
}

fn line(line: &Line) -> Value {
    let findings: Vec<_> = line.findings.iter().map(found).collect();
    let asked = line.asked.as_ref().map(|asked| json!({ "ecosystem": asked.ecosystem, "name": asked.name, "version": asked.version }));
    json!({ "purl": line.purl, "within": line.within, "asked": asked, "extent": line.extent.words(), "reasons": line.reasons, "findings": findings })
}

fn found(found: &Found) -> Value {
    let said = found.said.as_ref().map(|said| {
        json!({ "status": said.status.word(), "justification": said.justification, "detail": said.detail, "author": said.author,
            "timestamp": said.timestamp.to_string(), "signed_by": said.signers,
            "until": said.mark.as_ref().map(|mark| mark.until.to_string()), "owner": said.mark.as_ref().map(|mark| &mark.owner) })
    });
    json!({ "id": found.id, "names": found.names, "fixed": found.fixed, "severity": found.rating.word(), "score": found.score,
        "malicious": found.malicious, "summary": found.summary, "exploited": found.exploited, "likelihood": found.likelihood.and_then(share),
        "statement": said, "statements_set_aside": found.set_aside })
}
