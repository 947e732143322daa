//! The findings as a JSON document of our own: everything that is known, and nothing that depends on who writes it.

use super::exceptions::{Exception, Standing};
use super::gated::{Excepted, Gated, Hit, Ruled};
use crate::policy::Outcome;
use serde_json::{Map, Value, json};

/// The findings; members are sorted, so that the same findings give the same bytes.
pub fn document(gated: &Gated) -> Value {
    json!({
        "airlift-gates": 1,
        "outcome": gated.worst().word(),
        "artifacts": gated.subjects.len(),
        "asked": gated.advisories,
        "rules": gated.rules.iter().map(|ruled| rule(gated, ruled)).collect::<Vec<_>>(),
        "exceptions": gated.exceptions.iter().map(exception).collect::<Vec<_>>(),
    })
}

fn rule(gated: &Gated, ruled: &Ruled) -> Value {
    let count = |outcome: &Outcome| (outcome.word().to_owned(), Value::from(ruled.count(*outcome)));
    let counts: Map<String, Value> = Outcome::ALL.iter().map(count).collect();
    json!({
        "rule": ruled.rule.id,
        "outcome": ruled.worst.word(),
        "expected": ruled.expected,
        "artifacts": counts,
        "exempt": ruled.exempt,
        "findings": ruled.hits.iter().map(|hit| finding(gated, hit)).collect::<Vec<_>>(),
        "more": ruled.more,
    })
}

fn finding(gated: &Gated, hit: &Hit) -> Value {
    let (artifact, purl) = hit.subject.and_then(|at| gated.subjects.get(at)).map(|(label, purl)| (label, purl)).unzip();
    json!({
        "artifact": artifact,
        "purl": purl,
        "package": hit.package,
        "finding": hit.id,
        "names": hit.names,
        "outcome": hit.outcome.word(),
        "found": hit.found,
        "exception": hit.exception.map(|at| at + 1),
    })
}

fn exception(excepted: &Excepted) -> Value {
    let Exception { rule, subject, finding, owner, second, reason, granted, expires, vex } = &excepted.exception;
    json!({
        "rule": rule, "subject": subject, "finding": finding, "owner": owner, "second-owner": second, "reason": reason,
        "granted": granted.to_string(), "expires": expires.to_string(), "state": state(excepted), "findings": excepted.matched,
        "vex": vex.map(|verdict| verdict.status.word()), "justification": vex.and_then(|verdict| verdict.justification).map(crate::advisories::vex::Justification::word),
    })
}

/// What became of an exception.
fn state(excepted: &Excepted) -> &'static str {
    match excepted.standing {
        Standing::Ahead => "not begun",
        Standing::Expired => "expired",
        Standing::Holds if excepted.matched == 0 => "unused",
        Standing::Holds => "used",
    }
}
