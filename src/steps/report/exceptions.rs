//! The exceptions of this host's policy, each with who answers for it, why and until when; those that have ended are told apart.

use crate::error::Result;
use crate::policy::gate::{Exception, Standing as Stands};
use crate::report::document::{Backed, Claim, Evidence, ExceptionRow, Report, Source, Standing, outside};
use crate::steps::policy::in_force;
use crate::store::Store;
use jiff::Timestamp;

/// Adds them, where the policy has some.
pub fn fill(report: &mut Report, store: &Store, at: Timestamp) -> Result<()> {
    let (policy, _) = in_force(store)?;
    let Some(digest) = policy.digest.filter(|_| !policy.terms.exceptions.is_empty()) else { return Ok(()) };
    let by = Evidence::of(Source::Policy, digest);
    let rows: Vec<ExceptionRow> = policy.terms.exceptions.iter().map(|exception| row(exception, at)).collect();
    let count = |wanted: Standing| rows.iter().filter(|row| row.standing == wanted).count();
    let expired = count(Standing::Expired);
    let values = [
        ("all", rows.len().to_string()),
        ("holds", count(Standing::Holds).to_string()),
        ("expired", expired.to_string()),
        ("ahead", count(Standing::Ahead).to_string()),
    ];
    report.transcript.push(Claim::say("exceptions-told", &values, by.clone()));
    if expired > 0 {
        report.remarks.push(Claim::say("exception-expired", &[("count", expired.to_string())], by.clone()));
    }
    report.exceptions = Some(Backed::new(rows, by));
    Ok(())
}

fn row(exception: &Exception, at: Timestamp) -> ExceptionRow {
    let owners = std::iter::once(&exception.owner).chain(&exception.second).map(|owner| outside(owner)).collect::<Vec<_>>();
    ExceptionRow {
        rule: exception.rule.clone(),
        subject: outside(&exception.subject),
        finding: outside(exception.finding.as_deref().unwrap_or_default()),
        owner: owners.join(", "),
        reason: outside(&exception.reason),
        granted: exception.granted.to_string(),
        expires: exception.expires.to_string(),
        standing: match exception.standing(at) {
            Stands::Ahead => Standing::Ahead,
            Stands::Holds => Standing::Holds,
            Stands::Expired => Standing::Expired,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Decision, Identity, Kind, Verdict};
    use crate::store::write_atomic;

    /// Who reads page 1 learns of each exception that has ended.
    #[test]
    fn every_exception_that_has_ended_is_remarked() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_or_create(&folder.path().join("store")).expect("a store");
        let exception = |subject: &str, expires: &str| {
            format!(
                "[[exception]]\nrule = \"artifacts.size\"\nsubject = \"{subject}\"\nowner = \"Alice\"\nreason = \"known\"\n\
                 granted = \"2026-01-01\"\nexpires = \"{expires}\"\n"
            )
        };
        let exceptions = exception("room/a", "2026-03-01") + &exception("room/b", "2026-06-01");
        let policy = format!("airlift-policy = 1\n[artifacts]\nmax-bytes = 1\n{exceptions}");
        write_atomic(&store.policy_path(), policy.as_bytes()).expect("a policy");
        let told = |at: &str| {
            let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
            let tool = Evidence::tool;
            let mut report = Report::new(Kind::Installed, at, Backed::new(Identity::default(), tool()), Backed::new(decision, tool()));
            fill(&mut report, &store, at.parse().expect("a time")).expect("a policy");
            let remark = |claim: &Claim| (claim.said().key.clone(), claim.said().values["count"].clone());
            report.remarks.iter().map(remark).collect::<Vec<_>>()
        };
        let expired = |count: &str| vec![("exception-expired".to_owned(), count.to_owned())];
        assert!(told("2026-03-01T23:59:59Z").is_empty());
        assert_eq!(told("2026-03-02T00:00:00Z"), expired("1"));
        assert_eq!(told("2026-06-02T00:00:00Z"), expired("2"));
    }
}
