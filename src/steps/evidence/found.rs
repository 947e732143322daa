//! Which pieces of the catalogue are in a pack, by what was written.

use super::Parts;
use super::carried::{Laid, references};
use super::published::Published;
use super::trusting::Trusting;
use crate::report::controls::{Evidence, Filed, Found, Gathered, Reason, References};

/// All of them.
pub fn found(parts: &Parts, trusting: &Trusting, policy: Option<&Filed>) -> Gathered {
    let mut gathered = Gathered::default();
    let every = |take: &dyn Fn(&Laid) -> Vec<Filed>| references(parts.laid().flat_map(take));
    let mut note = |evidence, found: Option<Found>| found.into_iter().for_each(|found| gathered.note(evidence, found));
    let some = |references: Option<References>, reasons: Vec<Reason>| references.map(|references| Found::but(references, reasons));
    note(Evidence::E1, some(every(&Laid::signed), signatures(parts)));
    note(Evidence::E2, some(references(trusting.files.clone()), vec![]));
    note(Evidence::E3, Some(Found::Present(References::to(parts.transcript.clone()))));
    note(Evidence::E5, Some(approvals(parts)));
    note(Evidence::E7, Some(parts.contents.bills.clone()));
    note(Evidence::E8, Some(parts.contents.scan.clone()));
    note(Evidence::E9, Some(parts.accepted.clone()));
    let Published { index, reasons, .. } = &parts.contents.published;
    note(Evidence::E10, some(every(&|laid| vec![laid.lock.clone()]).map(|locks| locks.and(index.clone())), reasons.clone()));
    note(Evidence::E11, Some(parts.contents.licences.clone()));
    note(Evidence::E12, Some(parts.contents.models.clone()));
    note(Evidence::E13, Some(changes(parts)));
    note(Evidence::E14, some(every(&|laid| vec![laid.statement.clone()]), vec![Reason::NoCustodians]));
    note(Evidence::E15, Some(rules(parts, policy)));
    note(Evidence::E17, Some(reread(parts)));
    note(Evidence::E18, some(every(&|laid| vec![laid.lock.clone()]), vec![Reason::NoManifest]));
    note(Evidence::E19, Some(parts.contents.program.clone()));
    note(Evidence::E20, Some(two_people(parts)));
    let (log, receipts, refusals) = log(parts);
    note(Evidence::E4, Some(log));
    note(Evidence::E6, Some(receipts));
    note(Evidence::E16, Some(refusals));
    gathered
}

/// Why the signatures are less than they could be: too few people, or keys that were revoked since, whose signatures `check.sh` does not count.
fn signatures(parts: &Parts) -> Vec<Reason> {
    let revoked = parts.laid().filter(|laid| laid.revoked > 0).map(|laid| (laid.revoked as u64, laid.signed.0 as u64));
    let revoked = revoked.map(|(n, m)| Reason::SignersRevoked(n, m)).take(1);
    too_few(parts, |laid| laid.signed, Reason::TooFewSignatures).into_iter().chain(revoked).collect()
}

fn too_few(parts: &Parts, of: impl Fn(&Laid) -> (usize, usize), reason: impl Fn(u64, u64) -> Reason) -> Vec<Reason> {
    let counts = parts.laid().map(of).filter(|(n, m)| n < m);
    counts.map(|(n, m)| reason(n as u64, m as u64)).take(1).collect()
}

/// Decisions that count; a review beside them is what was seen.
fn approvals(parts: &Parts) -> Found {
    let decided = || parts.laid().filter(|laid| !laid.approvals.is_empty());
    let files = references(decided().flat_map(|laid| laid.approvals.iter().chain(&laid.review).cloned()));
    match files {
        Some(files) => Found::but(files, too_few(parts, |laid| laid.approved, Reason::TooFewApprovals)),
        None if parts.laid().any(|laid| laid.nobody_may) => Found::Absent(Reason::NobodyMay),
        None if parts.laid().any(|laid| laid.approved.1 > 0) => Found::Absent(Reason::NotGathered),
        None => Found::NotApplicable(Reason::NobodyAsked),
    }
}

/// At least two people for every bundle, whether they signed or approved.
fn two_people(parts: &Parts) -> Found {
    let files = references(parts.laid().flat_map(|laid| laid.signed().into_iter().chain(laid.approvals.iter().cloned())));
    match files.filter(|_| parts.laid().all(|laid| laid.people.len() >= 2)) {
        Some(files) => Found::Present(files),
        None => Found::Absent(Reason::OnePerson),
    }
}

fn changes(parts: &Parts) -> Found {
    let (have, all) = (parts.laid().filter(|laid| laid.changes.is_some()).count(), parts.laid().count());
    let reasons = if have < all { vec![Reason::SomeChanges(have as u64, all as u64)] } else { vec![] };
    match references(parts.laid().filter_map(|laid| laid.changes.clone())) {
        Some(files) => Found::but(files, reasons),
        None if parts.installed || !parts.expected.is_empty() => Found::NotApplicable(Reason::NothingBefore),
        None => Found::Absent(Reason::NotReviewed),
    }
}

fn rules(parts: &Parts, policy: Option<&Filed>) -> Found {
    let Some(policy) = policy else { return Found::Absent(Reason::NoPolicy) };
    let told = parts.laid().flat_map(|laid| laid.review.iter().chain(&laid.gates).cloned());
    let mut reasons = if parts.laid().all(|laid| laid.policy) { vec![] } else { vec![Reason::PolicyNotInReview] };
    let (have, want) = (parts.laid().filter(|laid| laid.gates.is_some()).count() as u64, parts.expected.len() as u64);
    reasons.extend(Some(Reason::SomeGates(have, want)).filter(|_| have < want));
    references(told.chain([policy.clone()])).map_or(Found::Absent(Reason::NoPolicy), |files| Found::but(files, reasons))
}

fn reread(parts: &Parts) -> Found {
    let Some(list) = &parts.list else { return Found::NotApplicable(Reason::NotInstalled) };
    if let Some(Reason::NotHere(absent, all)) = parts.contents.not_here
        && absent == all
    {
        return Found::Absent(Reason::NotHere(absent, all));
    }
    let reasons = [Reason::Once].into_iter().chain(parts.contents.not_here).collect();
    Found::Partial(References::to(parts.transcript.clone()).and(list.clone()), reasons)
}

/// The log, the receipts in it, the refusals in it.
fn log(parts: &Parts) -> (Found, Found, Found) {
    let absent = if parts.expected.is_empty() { Found::NotApplicable(Reason::NotInstalled) } else { Found::Absent(Reason::NoLog) };
    let Some(logged) = &parts.logged else { return (Found::Absent(Reason::NoLog), absent, Found::Absent(Reason::NoLog)) };
    let files = logged.signed.iter().chain(&logged.cosigned).cloned();
    let log = files.fold(References::to(logged.events.clone()), References::and);
    let log = match logged.cosigned_to {
        (0, _) => Found::but(log, vec![Reason::NotCosigned]),
        (to, size) if to < size => Found::but(log, vec![Reason::CosignedUpTo(to, size)]),
        _ => Found::Present(log),
    };
    let (named, refused) = (logged.refusals.len() as u64, logged.refused);
    let refusals = match refused {
        0 => Found::NotApplicable(Reason::NothingRefused),
        _ => Found::but(
            References::events(logged.events.clone(), logged.refusals.clone()),
            if named < refused { vec![Reason::NotAllNamed(named, refused)] } else { vec![] },
        ),
    };
    let (have, want) = (logged.imports.len() as u64, parts.expected.len() as u64);
    let receipts = match references(logged.imports.values().map(|(_, receipt)| receipt.clone())) {
        Some(files) => Found::but(files, if have < want { vec![Reason::SomeReceipts(have, want)] } else { vec![] }),
        None if want == 0 => Found::NotApplicable(Reason::NotInstalled),
        None => Found::Absent(Reason::NotGathered),
    };
    (log, receipts, refusals)
}
