//! What is in something: artifacts, licences, suppliers, models; what was counted, and what nobody looked at.

use super::risks::Risks;
use crate::artifact::{Artifact, Learned};
use crate::report::document::{ArtifactRow, Backed, Claim, ComparedRow, CountRow, Counted, Evidence, ModelRow, Report, Tile, outside};
use crate::report::{Component, Declared, Examined, Inventory};
use std::borrow::Borrow;
use std::collections::BTreeMap;

/// Fills in everything that follows from artifacts and their inventory.
pub fn fill<A: Borrow<Artifact>>(report: &mut Report, artifacts: &[A], inventory: &Inventory, risks: &Risks, by: &Evidence) {
    let counts = inventory.counts();
    let say = |key: &str, count: usize| Claim::say(key, &[("count", count.to_string())], by.clone());
    let opaque = inventory.components.iter().filter(|c| c.examined == Examined::Opaque).count();
    risks.fill(report);
    for (key, count) in [("not-here", counts.not_examined), ("unreadable", counts.unreadable), ("not-opened", opaque)] {
        report.not_checked.extend((count > 0).then(|| say(key, count)));
    }
    for key in ["no-scan", "no-upstream-signatures", "not-executed", "as-declared"] {
        report.not_checked.push(Claim::say(key, &[], Evidence::tool()));
    }
    report.trust = trust(artifacts, inventory, by);
    // What nobody read and nobody declared says nothing: it is no artifact without a licence.
    report.licences = Some(Backed::new(counted(inventory.components.iter().filter(|c| tells(c)).map(licence)), by.clone()));
    let told = inventory.components.iter().filter(|c| tells(c) || c.supplier.is_some());
    let suppliers = told.map(|c| outside(c.supplier.as_deref().unwrap_or_default()));
    report.suppliers = Some(Backed::new(counted(suppliers), by.clone()));
    report.inside = super::inside::counted(inventory).map(|counts| Backed::new(counts, by.clone()));
    report.models = Some(Backed::new(inventory.components.iter().filter_map(model).collect(), by.clone()));
    let compared = compared(inventory);
    report.compared = (!compared.is_empty()).then(|| Backed::new(compared, by.clone()));
    report.artifacts = Some(Backed::new(inventory.components.iter().map(row).collect(), by.clone()));
    let read = inventory.components.iter().filter(|c| c.examined == Examined::Read).count();
    let values = [("read", read.to_string()), ("all", counts.artifacts.to_string())];
    report.transcript.push(Claim::say("inventory-read", &values, by.clone()));
}

/// Whether a component was read, or its licence is declared elsewhere.
fn tells(component: &Component) -> bool {
    !component.licences.is_empty() || matches!(component.examined, Examined::Read | Examined::Opaque)
}

fn trust<A: Borrow<Artifact>>(artifacts: &[A], inventory: &Inventory, by: &Evidence) -> Vec<Backed<Counted>> {
    let mut learned = BTreeMap::new();
    for blob in artifacts.iter().flat_map(|a| &a.borrow().descriptors) {
        learned.entry(blob.digest).and_modify(|known: &mut Learned| *known = (*known).max(blob.learned)).or_insert(blob.learned);
    }
    let of = |wanted: Learned| learned.values().filter(|l| **l == wanted).count();
    let attached = artifacts.iter().filter(|a| Borrow::<Artifact>::borrow(*a).subject.is_some()).count();
    let executable: usize = inventory.components.iter().filter_map(|c| c.model.as_ref()).map(|m| m.executable.len()).sum();
    let declares =
        |wanted: fn(&Declared) -> bool| inventory.components.iter().filter(|c| tells(c) && wanted(&Declared::of(&c.licences))).count();
    let counts = inventory.counts();
    let rows = [
        (Tile::FromUpstream, of(Learned::Upstream)),
        (Tile::Pinned, of(Learned::Pinned)),
        (Tile::Downloaded, of(Learned::Downloaded)),
        (Tile::Attached, attached),
        (Tile::Executable, executable),
        (Tile::Unlicensed, declares(|d| *d == Declared::Nothing)),
        (Tile::OtherLicence, declares(|d| matches!(d, Declared::Text(_)))),
        (Tile::Unread, counts.not_examined + counts.unreadable),
    ];
    // Where not all models were read to their ends, nobody has looked for all that runs; where nothing tells of licences, none are known.
    let read = |c: &Component| !matches!(c.examined, Examined::NotExamined | Examined::Unreadable(_));
    let whole = inventory.components.iter().all(|c| read(c) && c.model.as_ref().is_none_or(|model| model.not_looked_into == 0));
    let told = inventory.components.is_empty() || inventory.components.iter().any(tells);
    let looked = |tile: Tile| match tile {
        Tile::Executable => whole,
        Tile::Unlicensed | Tile::OtherLicence => told,
        _ => true,
    };
    rows.iter()
        .map(|(tile, count)| Backed::new(Counted { tile: *tile, count: looked(*tile).then_some(*count as u64) }, by.clone()))
        .collect()
}

fn licence(component: &Component) -> String {
    match Declared::of(&component.licences) {
        Declared::Expression(text) | Declared::Text(text) => outside(&text),
        Declared::Nothing => String::new(),
    }
}

/// How often each is there, the most frequent first.
fn counted(names: impl Iterator<Item = String>) -> Vec<CountRow> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut rows: Vec<CountRow> = counts.into_iter().map(|(name, count)| CountRow { name, count }).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    rows
}

fn model(component: &Component) -> Option<ModelRow> {
    let model = component.model.as_ref()?;
    let text = |text: &Option<String>| outside(text.as_deref().unwrap_or_default());
    let names = |all: &[crate::report::Dataset]| all.iter().map(|one| outside(&one.name)).collect();
    Some(ModelRow {
        name: outside(&component.label()),
        task: text(&model.task),
        architecture: text(&model.architecture),
        parameters: model.parameters.filter(|n| *n <= crate::artifact::LARGEST),
        bases: names(&model.bases),
        datasets: names(&model.datasets),
        formats: model.formats.iter().map(|f| outside(f)).collect(),
        executable: model.executable.iter().map(|f| outside(f)).collect(),
        not_looked_into: model.not_looked_into,
    })
}

/// What publishers list, of artifacts and of what is inside them, such as platforms.
fn compared(inventory: &Inventory) -> Vec<ComparedRow> {
    let mut rows = Vec::new();
    inventory.walk(&mut |component| {
        rows.extend(component.compared.iter().map(|compared| ComparedRow {
            artifact: outside(&component.label()),
            form: compared.form.to_owned(),
            sha256: compared.digest.hex(),
            same: compared.same,
            only_listed: compared.only_listed,
            only_found: compared.only_found,
            unnamed: compared.unnamed,
        }));
    });
    rows
}

fn row(component: &Component) -> ArtifactRow {
    ArtifactRow {
        ecosystem: component.ecosystem.clone(),
        name: outside(&component.name),
        version: outside(&component.version),
        bytes: component.size(),
        sha256: component.first().map_or_else(String::new, |part| part.digest.hex()),
        licence: licence(component),
        supplier: outside(component.supplier.as_deref().unwrap_or_default()),
        examined: component.examined.words().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Descriptor, Digest, SideDigests};
    use crate::report::{Model, Subject};

    fn artifact(learned: &[Learned]) -> Artifact {
        let blob = |learned: &Learned| Descriptor {
            media_type: "application/octet-stream".to_owned(),
            digest: Digest::of(b"one blob"),
            size: 1,
            name: None,
            origins: vec![],
            learned: *learned,
            side_digests: SideDigests::default(),
        };
        Artifact {
            ecosystem: "room".to_owned(),
            sections: vec![],
            name: "a".to_owned(),
            version: "1".to_owned(),
            descriptors: learned.iter().map(blob).collect(),
            subject: None,
            meta: serde_json::Value::Null,
        }
    }

    fn count(artifacts: &[Artifact], components: Vec<Component>, wanted: Tile) -> Option<u64> {
        let tiles = trust(artifacts, &Inventory::new(Subject::of_lock(), components), &Evidence::tool());
        tiles.iter().find(|counted| counted.said().tile == wanted).expect("a tile").said().count
    }

    /// A digest that one origin was trusted for is not better known because another one told it, too.
    #[test]
    fn a_blob_of_several_origins_is_told_by_the_worst() {
        let all = [Learned::Upstream, Learned::Pinned, Learned::Downloaded];
        let told = |artifacts: &[Artifact]| {
            [Tile::FromUpstream, Tile::Pinned, Tile::Downloaded].map(|tile| count(artifacts, vec![], tile).expect("a number"))
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            assert_eq!(told(&[artifact(&order.map(|at: usize| all[at]))]), [0, 0, 1], "{order:?}");
        }
        assert_eq!(told(&[artifact(&[Learned::Pinned]), artifact(&[Learned::Upstream])]), [0, 1, 0]);
    }

    /// Where nobody has looked into a file of a model, nobody knows how many run when they are loaded.
    #[test]
    fn what_runs_when_loaded_has_no_number_where_not_all_was_looked_into() {
        let model = |not_looked_into, examined| {
            let model = Model { executable: vec!["a.pkl".to_owned()], not_looked_into, ..Model::default() };
            Component { model: Some(model), examined, ..Component::default() }
        };
        let executable = |components| count(&[], components, Tile::Executable);
        assert_eq!(executable(vec![model(0, Examined::Read)]), Some(1));
        assert_eq!(executable(vec![model(1, Examined::Read)]), None);
        assert_eq!(executable(vec![model(0, Examined::Read), model(0, Examined::NotExamined)]), None);
        assert_eq!(executable(vec![model(0, Examined::Unreadable("it is damaged".to_owned()))]), None);
    }
}
