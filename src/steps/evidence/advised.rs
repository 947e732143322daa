//! What the advisories at hand say of what a pack is about, and which findings the policy lets through.

use super::carried::pretty;
use super::contents::Looked;
use super::{Gathering, Notes};
use crate::advisories::{Counts, Freshness};
use crate::error::Result;
use crate::policy::Policy;
use crate::policy::gate::{Exception, Standing};
use crate::report::Inventory;
use crate::report::controls::{Filed, Folder, Found, Reason, References};
use crate::steps::advise::at_hand;
use crate::steps::assess::{Assessed, Found as Weakness, Held, Line, STATEMENTS_HOLD, Terms};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Most findings that are listed; all are counted.
const MOST: usize = 10_000;

/// What the advisories said.
pub enum Advised {
    /// There are none.
    Nobody,
    /// They are missing for something, or too old.
    Unusable,
    /// They were asked: the record, and why it is not more.
    Said(Value, Vec<Reason>),
}

/// Asks the advisories among the artifacts, else those that are installed; why they could not be asked goes into the transcript.
pub fn ask(inventory: &Inventory, looked: Looked<'_>, gathering: &Gathering<'_>, notes: &mut Notes) -> Advised {
    let days = notes.rules.terms.advisory_days();
    let freshness = Freshness { now: looked.at, most_age: SignedDuration::from_hours(i64::from(days) * 24) };
    let terms = Terms { freshness, lifetime: STATEMENTS_HOLD };
    let asked = at_hand(looked.artifacts, looked.blobs, Some(gathering.store), gathering.statements)
        .and_then(|held| held.map(|held| held.assess(inventory, &terms).map(|assessed| (held, assessed))).transpose());
    match asked {
        Ok(None) => Advised::Nobody,
        Ok(Some((held, assessed))) => {
            let (asked, lacking) = (assessed.counts, lacking(&assessed.counts));
            let all = asked.assessed + lacking;
            notes.transcript("packages that were laid beside advisories", "all", &format!("{} of {all}", asked.assessed));
            let reasons = if lacking > 0 { vec![Reason::NotAllAsked(lacking as u64, all as u64)] } else { vec![] };
            Advised::Said(document(&held, &assessed, looked.at), reasons)
        }
        Err(error) => {
            let context = error.context().iter().map(|(label, value)| format!("; {label} {value}")).collect::<String>();
            notes.transcript("the advisories here could not be asked", "all", &format!("{}{context}", error.message()));
            Advised::Unusable
        }
    }
}

/// How many packages the advisories do not say everything of: those that nobody has looked into, too.
fn lacking(counts: &Counts) -> usize {
    counts.undetermined + counts.not_examined + counts.not_assessable
}

/// The databases with their dates, the counts, the findings: the gravest first.
fn document(held: &Held, assessed: &Assessed, at: Timestamp) -> Value {
    let database = |(ecosystem, taken): (&String, &crate::advisories::Taken)| json!({ "ecosystem": ecosystem, "as-of": taken.time.to_string(), "newest-record": taken.newest.to_string(), "records": taken.records });
    let mut all: Vec<(&Line, &Weakness)> =
        assessed.lines.iter().flat_map(|line| line.findings.iter().map(move |found| (line, found))).collect();
    all.sort_by(|(a, x), (b, y)| y.rank().cmp(&x.rank()).then_with(|| (&a.purl, &x.id, &a.within).cmp(&(&b.purl, &y.id, &b.within))));
    let counts = assessed.counts;
    json!({
        "airlift-advisories": 1,
        "as-of": at.to_string(),
        "sha256": held.evidence.map(|digest| digest.hex()),
        "databases": assessed.taken.iter().map(database).collect::<Vec<_>>(),
        "assessed": counts.assessed, "undetermined": counts.undetermined, "not-examined": counts.not_examined,
        "not-assessable": counts.not_assessable,
        "affected": counts.affected, "count": counts.findings,
        "why-not-assessed": assessed.reasons,
        "findings": all.iter().take(MOST).map(|(line, found)| finding(line, found)).collect::<Vec<_>>(),
        "left-out": all.len().saturating_sub(MOST),
    })
}

fn finding(line: &Line, found: &Weakness) -> Value {
    let said = found.said.as_ref().map(|said| {
        json!({
            "status": said.status.word(), "justification": said.justification, "detail": said.detail, "author": said.author,
            "time": said.timestamp.to_string(), "signed-by": said.signers, "owner": said.mark.as_ref().map(|mark| &mark.owner),
            "until": said.mark.as_ref().map(|mark| mark.until.to_string()),
        })
    });
    json!({
        "package": line.purl, "within": line.within, "id": found.id, "names": found.names, "rating": found.rating.word(), "score": found.score,
        "malicious": found.malicious, "exploited-since": found.exploited, "likelihood-per-mille": found.per_mille(),
        "mended-in": found.fixed, "said": said, "said-and-set-aside": found.set_aside, "summary": found.summary,
    })
}

/// The exceptions of the policy in force, each with where it stands.
pub fn accepted(rules: &Policy, policy: Option<&Filed>, at: Timestamp, folder: &mut Folder) -> Result<Found> {
    let Some(policy) = policy else { return Ok(Found::Absent(Reason::NoPolicy)) };
    if rules.terms.exceptions.is_empty() {
        return Ok(Found::NotApplicable(Reason::NothingAccepted));
    }
    let all: Vec<Value> = rules.terms.exceptions.iter().map(|exception| one(exception, at)).collect();
    let document = json!({ "airlift-exceptions": 1, "as-of": at.to_string(), "policy": policy.digest().hex(), "all": all });
    let filed = folder.write("exceptions.json", &pretty(&document))?;
    Ok(Found::Present(References::to(filed).and(policy.clone())))
}

fn one(exception: &Exception, at: Timestamp) -> Value {
    let standing = match exception.standing(at) {
        Standing::Ahead => "not-begun",
        Standing::Holds => "holds",
        Standing::Expired => "expired",
    };
    json!({
        "rule": exception.rule, "subject": exception.subject, "finding": exception.finding, "owner": exception.owner,
        "second-owner": exception.second, "reason": exception.reason, "granted": exception.granted.to_string(),
        "expires": exception.expires.to_string(), "standing": standing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::vex::Statements;
    use crate::advisories::{Builder, Extent, Ranking, Rating};

    /// What nobody has looked into is not what the advisories were asked about.
    #[test]
    fn what_was_not_examined_is_lacking() {
        let one = |of: fn(&mut Counts) -> &mut usize| {
            let mut counts = Counts { assessed: 5, affected: 3, findings: 9, ..Counts::default() };
            *of(&mut counts) += 2;
            lacking(&counts)
        };
        assert_eq!(one(|counts| &mut counts.assessed), 0);
        assert_eq!([one(|c| &mut c.undetermined), one(|c| &mut c.not_examined), one(|c| &mut c.not_assessable)], [2; 3]);
    }

    #[test]
    fn the_gravest_findings_are_listed_first_and_all_are_counted() {
        let line = |purl: &str, findings| Line {
            purl: purl.to_owned(),
            asked: None,
            within: None,
            extent: Extent::NotExamined,
            reasons: vec![],
            findings,
        };
        let many = (0..MOST).map(|n| Weakness::rated(&format!("M-{n}"), Rating::Medium)).collect();
        let lines = vec![
            line("pkg:x/a@1", vec![Weakness::rated("L", Rating::Low)]),
            line("pkg:x/b@1", many),
            line("pkg:x/c@1", vec![Weakness::rated("C", Rating::Critical)]),
        ];
        let counts = Counts { assessed: 1, undetermined: 2, not_examined: 3, not_assessable: 4, affected: 3, findings: MOST + 2 };
        let assessed = Assessed { lines, counts, ..Assessed::default() };
        let (snapshot, ranking, statements) = (Builder::new().finish(), Ranking::default(), Statements::default());
        let held = Held { snapshot, ranking, statements, evidence: None, used: vec![] };
        let said = document(&held, &assessed, Timestamp::UNIX_EPOCH);
        let listed = said["findings"].as_array().expect("findings");
        assert_eq!((listed.len(), &said["left-out"], &said["count"]), (MOST, &json!(2), &json!(MOST + 2)));
        assert_eq!((&listed[0]["id"], &listed[1]["rating"]), (&json!("C"), &json!("medium")));
        let extents = ["assessed", "undetermined", "not-examined", "not-assessable"].map(|word| said[word].as_u64());
        assert_eq!(extents, [Some(1), Some(2), Some(3), Some(4)]);
    }
}
