//! `airlift gate`, and the options by which `build`, `pack`, `verify` and `import` ask the same rules.

use super::pack::read_lock;
use super::vex::Vexing;
use crate::advisories::vex::Statement;
use crate::artifact::{Artifact, Blobs};
use crate::bundle::InPlace;
use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::{Error, Result, plain, shown as shown_path};
use crate::policy::gate::{Gated, Hit, Standing, document, junit, sarif};
use crate::policy::{Outcome, Policy};
use crate::report::Subject;
use crate::scan::confine::confine;
use crate::steps::assess::Held;
use crate::steps::gates::{Gates, refuse};
use crate::steps::policy::{in_force, read};
use crate::steps::predecessors::Predecessors;
use crate::steps::review::review;
use crate::steps::sbom::{Nowhere, of_bundle, of_lock, of_snapshot};
use crate::steps::verify::open_one;
use crate::store::{Store, write_named};
use clap::Args;
use jiff::Timestamp;
use std::borrow::Borrow;
use std::fmt::Write;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// By what artifacts are judged.
#[derive(Debug, Clone, Default, Args)]
pub struct Judging {
    /// Judge the artifacts by the rules of this policy file
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// A folder of advisories in OSV's form, by ecosystem: PyPI/all.zip
    #[arg(long, value_name = "DIR")]
    pub advisories: Option<PathBuf>,
}

/// Where findings are written.
#[derive(Debug, Clone, Default, Args)]
pub struct Documents {
    /// Write the findings as SARIF 2.1.0
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// Write the findings as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// What is judged.
pub struct Judged<'a, A> {
    /// What it is.
    pub subject: Subject,
    /// Its artifacts.
    pub artifacts: &'a [A],
    /// Where their bytes are.
    pub blobs: &'a dyn Blobs,
    /// The time that ages of releases are counted to, where that is not later than the time it is; the time it is, where absent.
    pub as_of: Option<Timestamp>,
    /// Whether the bytes have to be hashed before they are looked into.
    pub hash: bool,
}

impl Judging {
    /// The policy file that was named.
    fn named(&self) -> Result<Option<Policy>> {
        self.policy.as_deref().map(read).transpose()
    }

    /// Judges by the named policy, where one is named. What is refused is told by the caller, with [`refuse`].
    pub fn run<A: Borrow<Artifact> + Sync>(&self, judged: &Judged<'_, A>, context: &Context) -> Result<Option<Gated>> {
        match self.named()? {
            Some(policy) => self.judge(&policy, judged, &[], context).map(Some),
            None if self.advisories.is_some() => {
                Err(Error::usage("there is nothing to judge by").hint("name a policy file: --policy FILE"))
            }
            None => Ok(None),
        }
    }

    fn judge<A: Borrow<Artifact> + Sync>(
        &self,
        policy: &Policy,
        judged: &Judged<'_, A>,
        statements: &[Statement],
        context: &Context,
    ) -> Result<Gated> {
        let (progress, store) = (context.out.progress(), context.any_store()?);
        let known = known(self.advisories.as_deref(), store.as_ref(), statements)?;
        let now = context.known_time(store.as_ref())?;
        let gates = Gates {
            policy,
            now,
            as_of: judged.as_of.map_or(now, |claimed| claimed.min(now)),
            advisories: known.as_ref(),
            statements,
            installed: store.as_ref(),
            threads: context.environment.threads(),
            hash: judged.hash,
            progress: progress.as_ref(),
        };
        gates.run(judged.subject.clone(), judged.artifacts, judged.blobs)
    }
}

/// Documents that are open: where nothing can be opened for writing any more, they can still be written.
#[derive(Debug, Default)]
pub struct Opened {
    sarif: Option<(PathBuf, File)>,
    junit: Option<(PathBuf, File)>,
}

impl Documents {
    /// Whether any is asked for.
    pub fn asked(&self) -> bool {
        self.sarif.is_some() || self.junit.is_some()
    }

    /// Refuses documents where nothing was judged: an empty one, or none, would look like one without findings.
    pub fn none_asked(&self) -> Result<()> {
        if self.asked() { Err(Error::usage("there is nothing to judge by").hint("name a policy file: --policy FILE")) } else { Ok(()) }
    }

    /// The same where the rules are those of the policy in force, or would be asked of content that is not looked into.
    pub fn none_judged(&self) -> Result<()> {
        let error = || Error::usage("no rule is asked of the content, so that there are no findings to write");
        if self.asked() { Err(error().hint("set a policy that asks some: airlift policy set FILE; a dry run asks none")) } else { Ok(()) }
    }

    /// Writes those that were asked for.
    pub fn write(&self, gated: &Gated) -> Result<()> {
        let judged = std::slice::from_ref(gated);
        if let Some(path) = &self.sarif {
            write_named(path, &log(judged, &[]))?;
        }
        self.junit.as_ref().map_or(Ok(()), |path| write_named(path, junit(judged, &[]).as_bytes()))
    }

    /// Opens those that were asked for. What stood in them is gone: findings of an earlier run must not pass for those of one that fails.
    pub fn open(&self) -> Result<Opened> {
        let open = |path: &Option<PathBuf>| {
            let path = path.clone()?;
            let file = File::create(&path).map_err(|e| Error::unwritten(format!("{} cannot be written", shown_path(&path)), &e));
            Some(file.map(|file| (path, file)))
        };
        Ok(Opened { sarif: open(&self.sarif).transpose()?, junit: open(&self.junit).transpose()? })
    }
}

impl Opened {
    /// Writes what was judged, and what could not be.
    pub fn write(self, judged: &[Gated], failures: &[String]) -> Result<()> {
        let put = |open: Option<(PathBuf, File)>, bytes: &dyn Fn() -> Vec<u8>| {
            let Some((path, mut file)) = open else { return Ok(()) };
            // What is no file, such as `/dev/null` or a pipe, cannot be made durable.
            let durable = |file: &File| if file.metadata()?.is_file() { file.sync_all() } else { Ok(()) };
            let written = file.write_all(&bytes()).and_then(|()| durable(&file));
            written.map_err(|e| Error::unwritten(format!("{} cannot be written", shown_path(&path)), &e))
        };
        put(self.sarif, &|| log(judged, failures))?;
        put(self.junit, &|| junit(judged, failures).into_bytes())
    }
}

fn log(judged: &[Gated], failures: &[String]) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(&sarif(judged, failures)).expect("a log has string keys only");
    bytes.push(b'\n');
    bytes
}

/// Advisories of a folder, where one is named, with the statements that are kept and others.
pub fn known(folder: Option<&Path>, store: Option<&Store>, statements: &[Statement]) -> Result<Option<Held>> {
    folder.map(|folder| Held::of_folder(folder)?.with_kept(store, statements)).transpose()
}

/// Judge a lock, a bundle or what is installed by the rules of a policy
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift gate --lock mlops.lock --policy policy.toml --sarif findings.sarif\n\nWithout places: what is installed. Without --policy: by the policy that is in force here. Nothing is changed.\nExit code 5 means: a rule refuses something; 3: something that a rule asks could not be assessed."
)]
pub struct Gate {
    /// Volumes of one bundle, or folders that hold them; its signatures are judged first
    #[arg(conflicts_with = "lock")]
    places: Vec<PathBuf>,
    /// A lock; blobs that were fetched into the store are looked into
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    documents: Documents,
    #[command(flatten)]
    vexing: Vexing,
}

impl Gate {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        // Whoever has to write documents keeps the right to; the threads that read give it up in any case.
        if self.documents.sarif.is_none() && self.documents.junit.is_none() {
            confine();
        }
        let (label, gated) = self.gated(context)?;
        self.documents.write(&gated)?;
        context.out.data(&document(&gated), &shown(&label, &gated))?;
        refuse(&label, &gated)
    }

    fn gated(&self, context: &Context) -> Result<(String, Gated)> {
        if let Some(path) = &self.lock {
            let lock = read_lock(path)?;
            let store = context.any_store()?;
            let policy = self.policy(store.as_ref())?;
            let blobs: &dyn Blobs = store.as_ref().map_or(&Nowhere, |store| store);
            let judged = Judged { subject: of_lock(&lock), artifacts: &lock.artifacts, blobs, as_of: None, hash: true };
            return Ok((lock.name.clone(), self.judging.judge(&policy, &judged, &self.vexing.statements(context)?, context)?));
        }
        let store = context.open_store()?;
        let policy = self.policy(Some(&store))?;
        if self.places.is_empty() { self.installed(&policy, &store, context) } else { self.bundle(&policy, &store, context) }
    }

    /// The rules of the bundle as a whole are those of the policy in force: they are part of its review.
    fn bundle(&self, policy: &Policy, store: &Store, context: &Context) -> Result<(String, Gated)> {
        let bundle = open_one(&self.places, &context.accepted_root(store)?)?;
        let about = review(&bundle, &Predecessors::in_store(store), context.environment.now())?.findings;
        let (label, created) = (bundle.statement.label(), bundle.statement.created.parse().ok());
        let place = InPlace::new(bundle)?;
        let subject = of_bundle(&place.bundle().statement, place.bundle().id);
        let judged = Judged { subject, artifacts: &place.bundle().lock.artifacts, blobs: &place, as_of: created, hash: true };
        Ok((label, self.judging.judge(policy, &judged, &self.vexing.statements(context)?, context)?.beside(&about)))
    }

    fn installed(&self, policy: &Policy, store: &Store, context: &Context) -> Result<(String, Gated)> {
        let nothing = || Error::usage("nothing is installed").hint("name a bundle's volumes, or --lock FILE");
        let snapshot = store.current()?.ok_or_else(nothing)?;
        let latest = store.views(&snapshot)?.into_iter().next().map(|view| view.artifacts).unwrap_or_default();
        let artifacts: Vec<_> = latest.iter().map(|artifact| &**artifact).collect();
        let subject = of_snapshot(&snapshot, store)?;
        let judged = Judged { subject, artifacts: &artifacts, blobs: store, as_of: None, hash: true };
        Ok((format!("snapshot {}", snapshot.number), self.judging.judge(policy, &judged, &self.vexing.statements(context)?, context)?))
    }

    fn policy(&self, store: Option<&Store>) -> Result<Policy> {
        let nothing =
            || Error::usage("there is no policy to judge by").hint("name one: --policy FILE; or put one in force: airlift policy set");
        let in_force = || store.map(in_force).transpose().map(|found| found.map(|(policy, _)| policy).filter(|p| p.digest.is_some()));
        self.judging.named()?.map_or_else(|| in_force()?.ok_or_else(nothing), Ok)
    }
}

/// The findings for people: each rule in a line, and below it what it found.
pub fn shown(label: &str, gated: &Gated) -> String {
    let mut text = format!("{}: {}\n", one_line(label), gated.worst().word());
    for used in &gated.advisories {
        let _ = writeln!(text, "  asked        {}", one_line(used));
    }
    for ruled in &gated.rules {
        let _ = writeln!(text, "  {:<12} {}: {}", ruled.worst.word(), ruled.rule.id, one_line(&ruled.counted()));
        if ruled.worst == Outcome::Passed && ruled.hits.is_empty() {
            continue;
        }
        let _ = writeln!(text, "    expected {}", one_line(&ruled.expected));
        // Of a rule that is not about single artifacts, the line above says the only finding.
        for hit in ruled.hits.iter().filter(|_| !ruled.outcomes.is_empty() || ruled.hits.len() > 1) {
            let _ = writeln!(text, "    {:<12} {}", hit.outcome.word(), one_line(&told(gated, hit)));
        }
        if ruled.more > 0 {
            let _ = writeln!(text, "    and {} that are no graver", count(ruled.more, "further finding"));
        }
    }
    for (n, excepted) in gated.exceptions.iter().enumerate() {
        let word = match excepted.standing {
            Standing::Ahead => "not begun",
            Standing::Expired => "expired",
            Standing::Holds if excepted.matched == 0 => "unused",
            Standing::Holds => "used",
        };
        let exception = &excepted.exception;
        let about = format!("{} for {}, by {}", exception.rule, exception.subject, exception.told());
        let _ = writeln!(text, "  exception {} ({word}) {}", n + 1, one_line(&about));
    }
    text
}

fn told(gated: &Gated, hit: &Hit) -> String {
    let subject = gated.subject(hit).map(|subject| format!("{subject}: ")).unwrap_or_default();
    let exception = hit.exception.map(|at| format!(" (exception {})", at + 1)).unwrap_or_default();
    format!("{subject}{}{exception}", hit.found)
}

fn one_line(text: &str) -> String {
    plain(text).replace('\n', "\\u{a}")
}
