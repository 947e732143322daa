//! The solver: what is asked for, for one machine, from what was found.

use super::super::section::Priority;
use super::closure::Found;
use super::excluded::{self, Excluded};
use super::machine::Machine;
use super::spec::Spec;
use crate::error::{Error, Result};
use rattler_conda_types::{MatchSpec, ParseMatchSpecOptions, RepoDataRecord};
use rattler_solve::{CancellationToken, ChannelPriority, ExcludeNewer, SolveError, SolverImpl, SolverTask};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Longest time that one solve may take.
const LONGEST: Duration = Duration::from_secs(300);
/// Longest explanation that is shown, in characters.
const MOST_SHOWN: usize = 6000;

/// What is asked for, whatever the machine.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What must be there.
    pub specs: Vec<Spec>,
    /// What narrows that.
    pub constraints: Vec<Spec>,
    /// What is never chosen.
    pub excluded: Vec<Excluded>,
    /// Which channel a package may come from.
    pub priority: Priority,
    /// Nothing published after this.
    pub newest: Option<jiff::Timestamp>,
}

/// Stops the solver when whoever waits for it goes away.
struct Stop(CancellationToken);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Chooses packages for a machine, sorted by name.
pub async fn solve(found: Arc<Found>, asked: &Asked, machine: &Machine) -> Result<Vec<RepoDataRecord>> {
    let (asked, machine, token) = (asked.clone(), machine.clone(), CancellationToken::new());
    let _stop = Stop(token.clone());
    let shown = machine.name.clone();
    let work = tokio::task::spawn_blocking(move || {
        let solved = run(&found, &asked, &machine, token);
        solved.map_err(|e| explained(e, &found, &machine))
    });
    let mut records = work.await.map_err(|e| Error::failed(format!("target {shown}: the solver broke down")).because(&e))??;
    records.sort_by(|a, b| (&a.package_record.name, &a.url).cmp(&(&b.package_record.name, &b.url)));
    Ok(records)
}

fn run(found: &Found, asked: &Asked, machine: &Machine, token: CancellationToken) -> std::result::Result<Vec<RepoDataRecord>, SolveError> {
    let mut task: SolverTask<'_, _> = found.groups().collect();
    task.specs = asked.specs.iter().map(|asked| asked.spec.clone()).collect();
    task.constraints = asked.constraints.iter().map(|asked| asked.spec.clone()).collect();
    if let Some(python) = &machine.python {
        // A constraint, not a wish: an environment without Python stays without.
        task.constraints.push(MatchSpec::from_str(&format!("python {python}.*"), ParseMatchSpecOptions::lenient())?);
    }
    task.virtual_packages.clone_from(&machine.virtuals);
    task.channel_priority = match asked.priority {
        Priority::Strict => ChannelPriority::Strict,
        Priority::Flexible => ChannelPriority::Flexible,
        Priority::Disabled => ChannelPriority::Disabled,
    };
    task.exclude_newer = asked.newest.map(ExcludeNewer::from_datetime);
    task.excluded_candidates = elsewhere(found, asked);
    task.excluded_candidates.extend(excluded::candidates(found, &asked.excluded));
    task.timeout = Some(LONGEST);
    task.cancellation_token = Some(token);
    rattler_solve::resolvo::Solver.solve(task).map(|solved| solved.records)
}

/// Records that a spec rules out by its platform, which the solver does not look at.
fn elsewhere(found: &Found, asked: &Asked) -> HashMap<Url, Arc<str>> {
    let mut out = HashMap::new();
    for spec in &asked.specs {
        let Some(subdir) = &spec.subdir else { continue };
        let records = found.all().filter(|r| r.package_record.name.as_normalized() == spec.name);
        let why: Arc<str> = format!("not for the platform that was asked for: {subdir}").into();
        out.extend(records.filter(|r| r.package_record.subdir != *subdir).map(|r| (r.url.clone(), why.clone())));
    }
    out
}

fn explained(error: SolveError, found: &Found, machine: &Machine) -> Error {
    let about = format!("target {}", machine.name);
    let error = match error {
        SolveError::Unsolvable(reasons) => {
            let text = reasons.join("\n");
            let cut = text.char_indices().nth(MOST_SHOWN).map(|(end, _)| format!("{}…", text[..end].trim_end()));
            let virtuals: Vec<String> = machine.virtuals.iter().map(ToString::to_string).collect();
            Error::usage(format!("{about}: nothing satisfies all that is asked for"))
                .with("because", cut.unwrap_or(text).trim())
                .with("platform", format!("{} with {}", machine.subdir, virtuals.join(", ")))
                .hint("loosen a spec or what is excluded, add a channel, or change the target: its glibc, cuda and python decide what it can run")
        }
        SolveError::Cancelled => Error::usage(format!("{about}: no solution was found in time"))
            .with("expected", format!("at most {} s", LONGEST.as_secs()))
            .hint("name versions of the packages that matter, so that there is less to try"),
        other => Error::verification(format!("{about}: the index contradicts itself")).because(&other),
    };
    let passed: Vec<String> = found.passed.iter().take(3).cloned().collect();
    error.with_all("passed over", &passed)
}
