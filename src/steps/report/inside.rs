//! What lies inside artifacts, counted: their packages' licences and suppliers, and of how many artifacts nobody knows what is in them.

use crate::report::document::{CountRow, InsideCounts, Stated, outside};
use crate::report::{Class, Component, Declared, Inventory};
use std::borrow::Cow;
use std::collections::HashMap;

/// Most names that are listed; what more there are is counted.
const MOST_LISTED: usize = 500;

/// What is stated of the packages inside all artifacts; `None` where there are none, and none could be.
pub(super) fn counted(inventory: &Inventory) -> Option<InsideCounts> {
    let mut counts = InsideCounts::default();
    let (mut licences, mut suppliers) = (Names::default(), Names::default());
    for artifact in &inventory.components {
        let before = counts.packages;
        packages(artifact, &mut |package| {
            counts.packages += 1;
            licences.add(licence(package));
            suppliers.add(package.supplier.as_deref().map(Cow::Borrowed));
        });
        counts.artifacts += u64::from(counts.packages > before);
        counts.unseen += u64::from(artifact.unseen().parts > 0);
    }
    (counts.licences, counts.suppliers) = (licences.listed(), suppliers.listed());
    (counts.packages > 0 || counts.unseen > 0).then_some(counts)
}

/// Calls `visit` with every package inside an artifact; the platforms of an image are none.
fn packages<'a>(artifact: &'a Component, visit: &mut dyn FnMut(&'a Component)) {
    let mut take = |inner: &'a Component| {
        if inner.class != Class::Container {
            visit(inner);
        }
    };
    artifact.nested().iter().for_each(|inner| inner.walk(&mut take));
}

/// How a licence is declared. Nearly always it is one expression as it stands.
fn licence(package: &Component) -> Option<Cow<'_, str>> {
    match &package.licences[..] {
        [] => None,
        [one] if one.basis == crate::report::Basis::Declared => {
            Some(one.expression.as_deref().map_or_else(|| Cow::Borrowed(&*one.text), Cow::Borrowed))
        }
        several => match Declared::of(several) {
            Declared::Expression(text) | Declared::Text(text) => Some(Cow::Owned(text)),
            Declared::Nothing => None,
        },
    }
}

/// How often each name is there.
#[derive(Default)]
struct Names<'a> {
    counts: HashMap<Cow<'a, str>, u64>,
    unstated: u64,
}

impl<'a> Names<'a> {
    fn add(&mut self, name: Option<Cow<'a, str>>) {
        match name.filter(|name| !name.trim().is_empty()) {
            Some(name) => *self.counts.entry(name).or_default() += 1,
            None => self.unstated += 1,
        }
    }

    /// The most frequent first, those that are as frequent by their names.
    fn listed(self) -> Stated {
        let mut all: Vec<(Cow<'_, str>, u64)> = self.counts.into_iter().collect();
        all.sort_unstable_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        let rest = all.split_off(all.len().min(MOST_LISTED));
        Stated {
            rows: all.iter().map(|(name, count)| CountRow { name: outside(name), count: *count }).collect(),
            more: rest.len() as u64,
            more_packages: rest.iter().map(|(_, count)| count).sum(),
            unstated: self.unstated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_counted_and_the_numbers_add_up() {
        let mut names = Names::default();
        for n in 0..MOST_LISTED + 20 {
            (0..=usize::from(n == 7)).for_each(|_| names.add(Some(Cow::Owned(format!("name {n:04}")))));
        }
        (0..3).for_each(|_| names.add(None));
        names.add(Some(Cow::Borrowed("  ")));
        let stated = names.listed();
        assert_eq!((stated.rows[0].name.as_str(), stated.rows[0].count, stated.rows[1].name.as_str()), ("name 0007", 2, "name 0000"));
        assert_eq!((stated.rows.len(), stated.more, stated.more_packages, stated.unstated), (MOST_LISTED, 20, 20, 4));
    }
}
