//! What is written down of exceptions and of the program itself.

use super::carried::pretty;
use super::{Gathering, Notes};
use crate::error::Result;
use crate::policy::gate::Standing;
use crate::report::controls::{Filed, Folder, Found, Reason, References};
use crate::steps::policy::in_force;
use serde_json::json;

/// The packages that the program is built from, with the digests of their sources.
const SOURCES: &str = include_str!("../../../Cargo.lock");

/// The exceptions of the policy with owner and end, and where each stood at a time.
pub fn exceptions(gathering: &Gathering<'_>, time: &str, folder: &mut Folder, notes: &mut Notes) -> Result<Found> {
    let (Some(filed), policy) = (notes.policy.clone(), in_force(gathering.store)?.0) else { return Ok(Found::Absent(Reason::NoPolicy)) };
    if policy.terms.exceptions.is_empty() {
        return Ok(Found::NotApplicable(Reason::NothingExcepted));
    }
    let at: Option<jiff::Timestamp> = time.parse().ok();
    let rows = policy.terms.exceptions.iter().map(|one| {
        let standing = at.map(|at| match one.standing(at) {
            Standing::Ahead => "ahead",
            Standing::Holds => "holds",
            Standing::Expired => "expired",
        });
        json!({ "rule": one.rule, "subject": one.subject, "finding": one.finding, "owner": one.owner, "second-owner": one.second,
            "reason": one.reason, "granted": one.granted.to_string(), "expires": one.expires.to_string(), "standing": standing })
    });
    let document =
        json!({ "airlift-exceptions": 1, "as-of": time, "policy": filed.digest().hex(), "exceptions": rows.collect::<Vec<_>>() });
    let listed = folder.write("exceptions.json", &pretty(&document))?;
    notes.checks.names(&listed, &filed);
    Ok(Found::Present(References::to(listed).and(filed)))
}

/// The program: its version, the digest of its file where that is known, and what it is built from.
pub fn program(gathering: &Gathering<'_>, folder: &mut Folder, notes: &mut Notes) -> Result<Found> {
    let sources: Filed = folder.write("tool/Cargo.lock", SOURCES.as_bytes())?;
    let document = json!({ "airlift-tool": 1, "tool": gathering.tool, "sha256": gathering.program.map(|digest| digest.hex()),
        "sources": { "file": sources.name(), "sha256": sources.digest().hex() } });
    let filed = folder.write("tool/tool.json", &pretty(&document))?;
    notes.checks.names(&filed, &sources);
    Ok(Found::Partial(References::to(filed).and(sources), vec![Reason::NoBuild]))
}
