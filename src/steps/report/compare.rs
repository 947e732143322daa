//! What changed, with what a reviewer looks at first in front: other bytes of one version, earlier versions, later ones.

use crate::advisories::order::Order;
use crate::lock::{Change, LockDiff};
use crate::report::document::{Became, ChangeRow, outside};
use std::cmp::Ordering;

/// Orders that are asked which of two versions is the later one. They have to agree.
const ORDERS: [Order; 2] = [Order::Pep440, Order::SemVer];

/// The rows of a difference.
pub fn changes(difference: &LockDiff) -> Vec<ChangeRow> {
    let mut rows: Vec<ChangeRow> = difference.changes.iter().map(row).collect();
    rows.sort();
    rows
}

fn row(change: &Change) -> ChangeRow {
    let said = |became, name: &str, before: &[String], after: &[String]| ChangeRow {
        became,
        name: outside(name),
        before: outside(&before.join(", ")),
        after: outside(&after.join(", ")),
    };
    match change {
        Change::New { name, after } => said(Became::New, name, &[], after),
        Change::Removed { name, before } => said(Became::Removed, name, before, &[]),
        Change::Rebuilt { name, version } => said(Became::Rebuilt, name, std::slice::from_ref(version), std::slice::from_ref(version)),
        Change::Changed { name, before, after } => said(direction(before, after), name, before, after),
    }
}

/// Which way a version went, where there is one on each side and every order that knows both says the same.
fn direction(before: &[String], after: &[String]) -> Became {
    let ([old], [new]) = (before, after) else { return Became::Changed };
    let compared = |order: &Order| order.parse(new)?.compare(&order.parse(old)?);
    let said: Vec<Ordering> = ORDERS.iter().filter_map(compared).collect();
    match said.first() {
        Some(first) if said.iter().all(|other| other == first) => match first {
            Ordering::Greater => Became::Upgraded,
            Ordering::Less => Became::Downgraded,
            Ordering::Equal => Became::Changed,
        },
        _ => Became::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_is_said_only_where_it_is_certain() {
        let went = |old: &str, new: &str| direction(&[old.to_owned()], &[new.to_owned()]);
        assert_eq!(went("1.9.0", "1.10.0"), Became::Upgraded);
        assert_eq!(went("2.0", "1.0"), Became::Downgraded);
        assert_eq!(went("1.0rc1", "1.0"), Became::Upgraded);
        assert_eq!(went("latest", "stable"), Became::Changed);
        assert_eq!(went("1.0", "1.0.0"), Became::Changed);
        assert_eq!(direction(&["1".to_owned(), "2".to_owned()], &["3".to_owned()]), Became::Changed);
    }
}
