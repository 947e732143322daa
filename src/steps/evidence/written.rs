//! What is made of the evidence that was found: tables, OSCAL, the README, the index, the list.

use super::carried::{named, pretty};
use super::found::found;
use super::hand::ByHand;
use super::published::PLACE;
use super::seal::seal;
use super::{CHECK, Done, Gathering, Packed};
use crate::error::Result;
use crate::report::Language;
use crate::report::controls::{
    About, Evidence, Folder, Found, Gathered, OSCAL_VERSION, assessment_plan, assessment_results, component_definition, csv,
    json as json_table, markdown, said,
};
use serde_json::{Value, json};

/// Says which evidence was found, writes everything that is made of it, and the list last.
pub fn finish(done: Done, gathering: &Gathering<'_>, mut folder: Folder) -> Result<Packed> {
    let Done { subject, title, at, trusting, notes, parts } = done;
    let gathered = found(&parts, &trusting, notes.policy.as_ref());
    let (time, profiles) = (at.to_string(), gathering.packs.iter().map(|pack| pack.id.as_str()).collect::<Vec<_>>().join(" "));
    let (tool, language) = (gathering.tool, gathering.language);
    let about = About { title: &title, subject: subject.digest, time: &time, tool, profiles: &profiles, language };
    tables(&gathered, &about, gathering, &mut folder)?;
    folder.write("check.sh", CHECK.as_bytes())?;
    folder.write("README.md", readme(&about, &notes.hand, parts.contents.published.carried).as_bytes())?;
    let key = parts.logged.as_ref().map(|logged| logged.key.clone());
    let root = trusting.newest.fingerprint();
    let index = index(&folder, &gathered, &about, (&root.hex(), key.as_deref()), gathering);
    folder.write("pack.json", &pretty(&index))?;
    let mut files = folder.files().count() + 1;
    let mut signed_by = None;
    let sums = folder.finish(|sums| {
        let Some(signer) = gathering.signer else { return Ok(vec![]) };
        let file = seal(sums, &trusting.newest, signer)?;
        signed_by = trusting.newest.holder(signer.public_key()).map(|(person, _)| person.name.clone());
        files += 1;
        Ok(vec![file])
    })?;
    Ok(Packed { title, sums, root, key, files, signed_by, gathered })
}

/// What a pack is about, in its language.
pub fn title(kind: &str, name: &str, language: Language) -> String {
    said().word(kind, language).replace("{n}", name)
}

fn tables(gathered: &Gathered, about: &About<'_>, gathering: &Gathering<'_>, folder: &mut Folder) -> Result<()> {
    for pack in gathering.packs {
        let at = |ending: &str| format!("controls/{}.{ending}", pack.id);
        folder.write(&at("md"), markdown(pack, gathered, about).as_bytes())?;
        folder.write(&at("csv"), csv(pack, gathered, about.language).as_bytes())?;
        folder.write(&at("json"), &json_table(pack, gathered, about))?;
    }
    folder.write("oscal/assessment-results.json", &assessment_results(gathering.packs, gathered, about))?;
    folder.write("oscal/assessment-plan.json", &assessment_plan(about.language))?;
    folder.write("oscal/component-definition.json", &component_definition(about.language)).map(|_| ())
}

/// Every file, with the evidence it is.
fn index(folder: &Folder, gathered: &Gathered, about: &About<'_>, (root, key): (&str, Option<&str>), gathering: &Gathering<'_>) -> Value {
    let evidence_in = |name: &str| -> Vec<&str> {
        let of = |(evidence, found): (Evidence, &Found)| named(found.references()).any(|file| file == name).then(|| evidence.code());
        let published = name.starts_with(PLACE) && !gathered.of(Evidence::E10).references().is_empty();
        let mut all: Vec<&str> = gathered.all().filter_map(of).collect();
        // Its list names the others.
        if published && !all.contains(&Evidence::E10.code()) {
            all.push(Evidence::E10.code());
        }
        all
    };
    let files =
        folder.files().map(|file| json!({ "name": file.name(), "sha256": file.digest().hex(), "evidence": evidence_in(file.name()) }));
    json!({
        "airlift-evidence-pack": 1,
        "subject": { "title": about.title, "sha256": about.subject.hex() },
        "as-of": about.time,
        "tool": about.tool,
        "language": about.language.code(),
        "profiles": gathering.packs.iter().map(|pack| &pack.id).collect::<Vec<_>>(),
        "root": root,
        "log-key": key,
        "content": files.collect::<Vec<_>>(),
    })
}

fn readme(about: &About<'_>, hand: &ByHand, published: bool) -> String {
    let template = match about.language {
        Language::English => include_str!("readme.en.md"),
        Language::German => include_str!("readme.de.md"),
        Language::Italian => include_str!("readme.it.md"),
    };
    let (subject, (commands, left)) = (about.subject.hex(), hand.lines());
    let left = if left == 0 { String::new() } else { said().word("left-out", about.language).replace("{n}", &left.to_string()) + "\n\n" };
    let publishers = || format!("{}\n\n{}\n", said().word("publishers", about.language), include_str!("publishers.txt"));
    let publishers = if published { publishers() } else { String::new() };
    let filled = [
        ("{title}", about.title),
        ("{time}", about.time),
        ("{tool}", about.tool),
        ("{subject}", &subject),
        ("{oscal}", OSCAL_VERSION),
        ("{left-out}", &left),
        ("{publishers}", &publishers),
        ("{commands}", &commands),
    ];
    filled.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}
