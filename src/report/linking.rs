//! References and edges: every component gets a name of its own, and every requirement leads to what satisfies it, where that is here.
//!
//! What lies inside an artifact is linked within that artifact only: a library in one image serves no other. Linear in the number of
//! components and requirements, but for requirements without a version, which lead to every version there is of a name.

use super::component::{Component, Requirement};
use super::model::Dataset;
use crate::artifact::Completeness;
use crate::artifact::Purl;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Most components that one requirement leads to: what more there are of one name is not told apart.
const MOST_PER_REQUIREMENT: usize = 64;

/// Names and links the components of one level, and what is inside them.
pub(super) fn link(components: &mut [Component], outer: &str, taken: &mut HashSet<String>) {
    for component in components.iter_mut() {
        component.reference = reference(component, outer, taken);
    }
    let index = Index::of(components);
    let linked: Vec<Linked> = components.iter().map(|component| index.linked(component)).collect();
    for (component, linked) in components.iter_mut().zip(linked) {
        component.needs_known = linked.known(component);
        component.needs = linked.needs.into_iter().filter(|reference| *reference != component.reference).collect();
        component.unmet = linked.unmet;
        let outer = component.reference.clone();
        if let Some(inside) = &mut component.inside {
            link(&mut inside.components, &outer, taken);
        }
    }
}

/// Leads what models are declared to be made from and trained on to the artifacts that these are.
pub(super) fn relate(components: &mut [Component]) {
    let index = Index::of(components);
    let here = |named: &Dataset| {
        let wanted = Requirement { purls: named.purl.iter().cloned().collect(), ..Requirement::default() };
        index.satisfying(&wanted).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let related = |component: &Component| {
        let model = component.model.as_ref()?;
        let each = |all: &[Dataset]| all.iter().map(here).collect::<Vec<_>>();
        Some((each(&model.datasets), each(&model.bases)))
    };
    let all: Vec<_> = components.iter().map(related).collect();
    for (component, related) in components.iter_mut().zip(all) {
        let (Some(model), Some((datasets, bases))) = (&mut component.model, related) else { continue };
        model.datasets.iter_mut().zip(datasets).for_each(|(dataset, here)| dataset.here = here);
        model.bases.iter_mut().zip(bases).for_each(|(base, here)| base.here = here);
    }
}

/// The package URL where nothing else has it; else the digest tells two of one name apart.
fn reference(component: &Component, outer: &str, taken: &mut HashSet<String>) -> String {
    let own = if component.purl.is_empty() { format!("{}@{}", component.name, component.version) } else { component.purl.clone() };
    let own = if outer.is_empty() { own } else { format!("{outer}|{own}") };
    if taken.insert(own.clone()) {
        return own;
    }
    let digest = component.first().map(|part| part.digest.hex()).unwrap_or_default();
    let mut number = 1;
    loop {
        let other = if number == 1 { format!("{own}#{digest}") } else { format!("{own}#{digest}-{number}") };
        if taken.insert(other.clone()) {
            return other;
        }
        number += 1;
    }
}

/// What one component's requirements lead to.
struct Linked {
    needs: BTreeSet<String>,
    unmet: Vec<String>,
    /// Whether something unmet would be needed without a condition.
    lacking: bool,
}

impl Linked {
    /// What is known of the edges, once they were looked for.
    fn known(&self, component: &Component) -> Completeness {
        match component.declared {
            Completeness::Complete if self.lacking => Completeness::Partial,
            declared => declared,
        }
    }
}

/// Components by what they are and what they provide.
struct Index<'a> {
    by_base: HashMap<String, Vec<(Purl, &'a str)>>,
}

impl<'a> Index<'a> {
    fn of(components: &'a [Component]) -> Self {
        let mut by_base: HashMap<String, Vec<(Purl, &str)>> = HashMap::new();
        for component in components {
            let provided = component.provides.iter().map(String::as_str);
            for purl in std::iter::once(component.purl.as_str()).chain(provided).filter_map(Purl::read) {
                by_base.entry(purl.base()).or_default().push((purl, &component.reference));
            }
        }
        Self { by_base }
    }

    fn linked(&self, component: &Component) -> Linked {
        let (mut needs, mut unmet, mut lacking) = (BTreeSet::new(), Vec::new(), false);
        for requirement in &component.requirements {
            let found = self.satisfying(requirement);
            if found.is_empty() {
                lacking |= !requirement.conditional;
                unmet.push(requirement.declared.clone());
            }
            needs.extend(found.into_iter().map(str::to_owned));
        }
        Linked { needs, unmet, lacking }
    }

    /// What satisfies a requirement: the first alternative of which anything is here.
    fn satisfying(&self, requirement: &Requirement) -> Vec<&'a str> {
        let matching = |wanted: Purl| -> Vec<&'a str> {
            let of_the_name = self.by_base.get(&wanted.base()).into_iter().flatten();
            let fits = of_the_name.filter(|(purl, _)| wanted.covers(purl));
            fits.map(|(_, reference)| *reference).take(MOST_PER_REQUIREMENT).collect()
        };
        let alternatives = requirement.purls.iter().filter_map(|purl| Purl::read(purl));
        alternatives.map(matching).find(|found| !found.is_empty()).unwrap_or_default()
    }
}
