//! `airlift plan`

use super::cost::plan_lock;
use super::diff::line;
use super::review::alike;
use super::shaping::Shaping;
use super::verify::signers;
use crate::bundle::{Lacking, Needs, Presence, VolumeNeed};
use crate::cli::Context;
use crate::cli::qr::draw;
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Kind, Result, shown};
use crate::policy::{Decision, Finding};
use crate::report::document::Became;
use crate::steps::plan::{Outcome, Plan, plan};
use crate::steps::predecessors::Predecessors;
use crate::steps::staging::{at_hand, named};
use crate::steps::verify::{open_partly, refused};
use crate::store::{Installed, write_named};
use crate::trust::Order;
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// So many changes, and volumes, are listed for a person.
const MOST: usize = 20;

/// Say what an import would do, which volumes it needs and what is not here yet, and touch nothing; or what the next bundle will cost
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift plan /media/usb1\n\nAny one volume of a set is enough. Exit code 3 means: a volume that is needed is not here; other codes are those \
that import would end with, as far as is known before the content is read: rules of the policy that only the content or advisories decide are listed as undecided, \
and import may refuse by them still (airlift report and airlift gate ask them). Of several bundles each is judged as if those before it were installed; room is judged for each alone.\n\n\
With --lock it says what a bundle of that lock would leave out, what it would carry at most and what of that it has something to compare with, \
before anything is fetched; the options are those of pack, whose --dry-run has an estimate once everything is here. Exit code 0 says that it can be \
told, others are those that pack would end with."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct PlanCommand {
    /// Volumes, or folders that hold them
    #[arg(required_unless_present = "lock", conflicts_with = "lock")]
    places: Vec<PathBuf>,
    /// Say what a bundle of this lock would cost instead
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// With --lock, what a receiver has: as `airlift pack --base`
    #[arg(long, value_name = "FILE|DIR", requires = "lock")]
    base: Vec<PathBuf>,
    /// With --lock, the verifier key of the host whose inventories and receipts are given [default: any]
    #[arg(long, value_name = "KEY", requires_all = ["lock", "base"])]
    base_key: Option<String>,
    /// With --lock, for a bundle that recodes everything
    #[arg(long, requires = "lock", conflicts_with = "fast")]
    small: bool,
    /// With --lock, for a bundle that recodes nothing
    #[arg(long, requires_all = ["lock", "base"])]
    fast: bool,
    /// Write what is missing of what the bundles build on, to be carried back to `airlift pack --request`; with --lock, a request that was
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Show the request as a code to be scanned as well
    #[arg(long, requires = "request", conflicts_with = "lock")]
    qr: bool,
    /// Refuse bundles by a trust root that has expired, instead of warning
    #[arg(long, conflicts_with = "lock")]
    refuse_expired: bool,
}

impl PlanCommand {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let Self { lock, base, request, base_key, small, fast, .. } = &self;
        if let Some(lock) = lock {
            if request.is_some() && base.is_empty() {
                return Err(Error::usage("a request is of a receiver").hint("say what the receiver has: --base"));
            }
            let shaping = Shaping { base: base.clone(), request: request.clone(), base_key: base_key.clone(), small: *small, fast: *fast };
            return plan_lock(lock, &shaping, context);
        }
        let asking = self.request.as_deref().map(|file| Asking { file, qr: self.qr });
        foretell(&self.places, self.refuse_expired, asking, context)
    }
}

/// Says what importing what lies in some places would do, without doing it.
pub fn foretell(places: &[PathBuf], refuse_expired: bool, asking: Option<Asking<'_>>, context: &Context) -> Result<()> {
    let store = context.open_store()?;
    let root = context.accepted_root(&store)?;
    let (bundles, mut errors) = open_partly(places, &root)?;
    let (mut documents, mut text, mut steps) = (Vec::new(), String::new(), Vec::new());
    let (mut before, mut lacking) = (Predecessors::in_store(&store), Lacking::default());
    for bundle in bundles {
        context.check_age(&store, &bundle.root, refuse_expired)?;
        let plan = plan(bundle, &before, context.environment.now())?;
        text.push_str(&told(&plan, &before)?);
        if plan.outcome() == Outcome::Install {
            before.push(&plan.bundle);
        }
        documents.push(document(&plan));
        steps.extend(next(&plan, places));
        if plan.waits_for_bases() {
            lacking.add(&plan.lacking);
        }
        errors.extend(plan.error);
    }
    if let Some(asking) = asking {
        asking.write(&lacking, context)?;
    }
    context.out.data(&Value::from(documents), &text)?;
    steps.iter().for_each(|step| context.out.say(format!("next: {step}")));
    refused(errors)
}

/// Where a request for what is missing goes.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    file: &'a Path,
    qr: bool,
}

impl Asking<'_> {
    /// Writes it; one that asks for nothing as well, so that nobody carries an old one.
    fn write(&self, lacking: &Lacking, context: &Context) -> Result<()> {
        let too_many = || {
            Error::usage("too many blobs are missing to be asked for one by one").hint("ask for a full bundle: airlift pack without --base")
        };
        let request = lacking.request().ok_or_else(too_many)?;
        let words: Vec<String> = request.words().collect();
        write_named(self.file, format!("{}\n", words.join("\n")).as_bytes())?;
        context.out.say(format!("request   {} in {}: airlift pack --request", count(request.len(), "blob"), shown(self.file)));
        if self.qr {
            match draw(&words.join(" ")) {
                Some(code) => context.out.say(code),
                None => context.out.warn("the request is too long for a code: carry the file"),
            }
        }
        Ok(())
    }
}

/// What to do after reading the plan.
fn next(plan: &Plan, places: &[PathBuf]) -> Option<String> {
    let places = places.iter().map(|place| crate::error::shown(place)).collect::<Vec<_>>().join(" ");
    match (plan.outcome(), plan.error.as_ref().map(Error::kind)) {
        (Outcome::Install | Outcome::Restore, _) => Some(format!("airlift import {places}")),
        (Outcome::Stage, _) => Some(format!("airlift import {places}   takes in what is here; then the next volume, and the same again")),
        (Outcome::Refuse, Some(Kind::Policy)) if plan.order.is_some() => Some(format!("airlift review {places}")),
        _ => None,
    }
}

fn told(plan: &Plan, before: &Predecessors<'_>) -> Result<String> {
    let bundle = &plan.bundle;
    let mut text = format!("{}   {}\n", bundle.statement.label(), bundle.id.spoken());
    let _ = writeln!(text, "  order      {}", order(plan, before));
    let _ = writeln!(text, "  signatures {}", signers(&bundle.judged));
    text.push_str(&volumes(&plan.needs));
    text.push_str(&built_on(plan));
    if plan.outcome() == Outcome::Stage {
        let (blobs, content) = at_hand(bundle, &plan.needs);
        let _ = writeln!(
            text,
            "  now        {} can be taken in, {} whole; nothing is installed before the rest is here",
            bytes(content),
            count(blobs, "blob")
        );
    }
    let needs = (bytes(plan.needs.bytes), count(plan.needs.blobs, "blob"), bytes(plan.free));
    let _ = writeln!(text, "  needs      {} for {}, {} free", needs.0, needs.1, needs.2);
    if plan.order.as_ref().is_some_and(|order| *order != Order::Replay) {
        text.push_str(&changes(plan));
        text.push_str(&policy(plan));
    }
    if let Some(error) = plan.error.as_ref().filter(|e| e.kind() != Kind::Incomplete && plan.order.is_some()) {
        let _ = writeln!(text, "  refused    {}", error.message());
    }
    let waits = before.store().waiting()?.contains(&named(&bundle.statement));
    if waits && plan.outcome() != Outcome::Refuse {
        text.push_str("  waiting    a part of it is in the store already\n");
    }
    Ok(text)
}

/// What it builds on, and what of that is not here.
fn built_on(plan: &Plan) -> String {
    let bases = &plan.bundle.bases;
    let mut text: String = bases.refs.iter().map(|base| format!("  builds on  {}\n", base.label())).collect();
    if !bases.recoded.is_empty() {
        let (streams, blobs) = plan.bundle.table.recoded();
        let _ = writeln!(text, "  recoded    {} in {}, which make {}", count(bases.recoded.len(), "blob"), bytes(streams), bytes(blobs));
    }
    if !plan.lacking.is_empty() {
        let _ = writeln!(text, "  lacking    {} of what it builds on", count(plan.lacking.len(), "blob"));
    }
    text
}

fn order(plan: &Plan, before: &Predecessors<'_>) -> String {
    let state = |i: &Installed| if before.is_coming(i) { "which comes first" } else { "installed" };
    let before = plan.follows.as_ref().map(|i| format!("{} {} ({})", i.name, i.seq, state(i)));
    let refusal = plan.error.as_ref();
    match (&plan.order, before) {
        (Some(Order::First), _) => "the first of its line here".to_owned(),
        (Some(Order::Next), Some(before)) => format!("follows {before}"),
        (Some(Order::Next), None) => "follows the newest that was installed".to_owned(),
        (Some(Order::Gap(gap)), before) => {
            let after = before.map_or_else(String::new, |before| format!("comes after {before}; "));
            format!("{after}numbers {} to {} have not been seen here", gap.start(), gap.end())
        }
        (Some(Order::Replay), _) if plan.outcome() == Outcome::Nothing && !plan.lacking.is_empty() => {
            "installed already and superseded: nothing would be changed".to_owned()
        }
        (Some(Order::Replay), _) if plan.needs.blobs > 0 => format!("installed already; {} gone missing", has(plan.needs.blobs)),
        (Some(Order::Replay), _) if plan.rewritten => "installed already; its damaged record would be written again".to_owned(),
        (Some(Order::Replay), _) => "installed already: nothing would be changed".to_owned(),
        (None, _) => {
            let installed = refusal.iter().flat_map(|e| e.context()).find(|(label, _)| *label == "installed");
            let installed = installed.map_or_else(String::new, |(_, value)| format!("; installed: {value}"));
            format!("refused: {}{installed}", refusal.map_or("", Error::message))
        }
    }
}

fn has(blobs: usize) -> String {
    format!("{} {}", count(blobs, "blob"), if blobs == 1 { "has" } else { "have" })
}

/// Which volumes are here, which have to come, and which need not.
fn volumes(needs: &Needs) -> String {
    let here = needs.volumes.iter().filter(|v| v.presence == Presence::Here).count();
    let mut text = format!("  volumes    {here} of {} here\n", needs.volumes.len());
    let mut list = |word: &str, which: &dyn Fn(&VolumeNeed) -> bool, what: &dyn Fn(&VolumeNeed) -> String| {
        let found: Vec<&VolumeNeed> = needs.volumes.iter().filter(|v| which(v)).collect();
        found.iter().take(MOST).for_each(|v| text.push_str(&format!("  {word:<10} {}\n", what(v))));
        if let Some(more) = found.len().checked_sub(MOST).filter(|more| *more > 0) {
            text.push_str(&format!("  {word:<10} and {}\n", count(more, "more volume")));
        }
    };
    list("needed", &VolumeNeed::is_awaited, &|v| format!("{} ({}), which is not here", v.name, bytes(v.size)));
    list("made up", &|v| v.presence == Presence::MadeUpFor && v.bytes > 0, &|v| {
        format!("{} ({}) is not here; parity stands in for it", v.name, bytes(v.size))
    });
    list("not needed", &|v| v.bytes == 0, &|v| format!("{} ({}){}", v.name, bytes(v.size), absence(v.presence)));
    text
}

const fn absence(presence: Presence) -> &'static str {
    match presence {
        Presence::Here => "",
        Presence::MadeUpFor | Presence::Missing => ", which is not here",
    }
}

fn changes(plan: &Plan) -> String {
    let rows = crate::steps::report::changes(&plan.changes);
    let of = |became: Became| rows.iter().filter(|row| row.became == became).count();
    let at_all =
        |became: Became, words: &str| Some(of(became)).filter(|many| *many > 0).map(|many| format!("{many} {words}, ")).unwrap_or_default();
    let mut text = format!(
        "  changes    {} upgraded, {}{}{} new, {} removed, {} with the same version and another digest\n",
        of(Became::Upgraded),
        at_all(Became::Downgraded, "downgraded"),
        at_all(Became::Changed, "in another version"),
        of(Became::New),
        of(Became::Removed),
        of(Became::Rebuilt)
    );
    let listed = plan.changes.changes.iter();
    listed.clone().take(MOST).for_each(|change| text.push_str(&format!("    {}", line(change))));
    if let Some(more) = listed.len().checked_sub(MOST).filter(|more| *more > 0) {
        let _ = writeln!(text, "    and {more} more: --json has them all");
    }
    text
}

/// The policy's word, and the approvers'.
fn policy(plan: &Plan) -> String {
    let told =
        |(f, about): (&Finding, String)| format!("  policy     {} {}: {}{about}   → airlift review\n", f.outcome.word(), f.rule, f.found);
    let mut text: String = alike(&plan.findings).into_iter().map(told).collect();
    if !plan.undecided.is_empty() {
        let _ =
            writeln!(text, "  undecided  {}: the content decides, which is not read here   → airlift report", plan.undecided.join(", "));
    }
    match &plan.admitted {
        Some(admitted) if admitted.approvals.needed > 0 => {
            let people = admitted.approvals.people(Decision::Approve);
            let names = people.iter().map(|given| given.principal.as_str()).collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "  approvals  {} of {}: {names}", people.len(), admitted.approvals.needed);
        }
        Some(_) if text.is_empty() => text.push_str("  policy     nothing speaks against it\n"),
        _ => {}
    }
    text
}

fn document(plan: &Plan) -> Value {
    let (bundle, statement) = (&plan.bundle, &plan.bundle.statement);
    let (word, missing) = match &plan.order {
        None => ("refused", None),
        Some(Order::First) => ("first", None),
        Some(Order::Next) => ("next", None),
        Some(Order::Gap(gap)) => ("gap", Some(json!([gap.start(), gap.end()]))),
        Some(Order::Replay) => ("replay", None),
    };
    let signers = bundle.judged.tally.signers.iter();
    let approvals = plan.admitted.as_ref().map(|admitted| &admitted.approvals);
    json!({
        "bundle": bundle.id.hex(), "name": statement.name, "line": statement.line, "epoch": statement.epoch, "seq": statement.seq,
        "order": word, "missing": missing,
        "installed": plan.follows.as_ref().map(|i| json!({ "bundle": i.bundle.hex(), "epoch": i.epoch, "seq": i.seq })),
        "signers": signers.map(|s| json!({ "principal": s.principal, "custody": s.custody.name(), "key": s.fingerprint })).collect::<Vec<_>>(),
        "threshold": bundle.judged.tally.threshold,
        "builds-on": bundle.bases.refs.iter().map(|base| base.id().hex()).collect::<Vec<_>>(), "lacking": plan.lacking.len(),
        "volumes": plan.needs.volumes.iter().map(volume).collect::<Vec<_>>(),
        "at-hand": at_hand(bundle, &plan.needs).1, "blobs": plan.needs.blobs, "bytes": plan.needs.bytes, "free": plan.free,
        "changes": plan.changes.changes,
        "findings": plan.findings.iter().map(|f| json!({ "rule": f.rule, "outcome": f.outcome.word(), "expected": f.expected, "found": f.found }))
            .collect::<Vec<_>>(),
        "undecided": plan.undecided,
        "approvals": approvals.map(|a| json!({ "needed": a.needed, "given": a.people(Decision::Approve).len() })),
        "would": plan.outcome().word(),
        "refusal": plan.error.as_ref().map(|e| json!({ "kind": e.kind().name(), "exit": e.kind().exit_code(), "message": e.message() })),
    })
}

fn volume(volume: &VolumeNeed) -> Value {
    let presence = match volume.presence {
        Presence::Here => "here",
        Presence::MadeUpFor => "made-up-for",
        Presence::Missing => "missing",
    };
    json!({ "name": volume.name, "size": volume.size, "presence": presence, "needed": volume.bytes > 0, "bytes": volume.bytes })
}

/// The volumes a bundle waits for, as `import` tells them.
pub fn awaited(needs: &Needs) -> Vec<Value> {
    needs.awaited().into_iter().map(volume).collect()
}
