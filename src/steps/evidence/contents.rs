//! What is in it: bills of materials, licences, models, and what the strict readers find; written as they come.

use super::advised::{Advised, ask};
use super::carried::pretty;
use super::published::{self, Published};
use super::{Gathering, Notes};
use crate::artifact::{Artifact, Blobs, Digest};
use crate::error::{Error, Result};
use crate::report::controls::{Filed, Folder, Found, Reason, References};
use crate::report::{Component, Declared, Format, Inventory, Subject, of_program};
use crate::scan::Severity;
use crate::steps::sbom::Stocktaking;
use crate::steps::scan::{Report, Scan, Scanned};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What the contents are evidence of.
pub struct Contents {
    /// The bills of materials.
    pub bills: Found,
    /// The scan.
    pub scan: Found,
    /// Licences.
    pub licences: Found,
    /// Models.
    pub models: Found,
    /// Signatures of publishers.
    pub published: Published,
    /// What the program itself is.
    pub program: Found,
    /// That some blobs are not here, where it is so.
    pub not_here: Option<Reason>,
}

/// What is looked into, and where its bytes are.
#[derive(Clone, Copy)]
pub struct Looked<'a> {
    /// The artifacts.
    pub artifacts: &'a [&'a Artifact],
    /// Their bytes.
    pub blobs: &'a dyn Blobs,
    /// Whether each blob is compared with the lock; the place may do that itself.
    pub hash: bool,
    /// As of when.
    pub at: Timestamp,
}

/// Reads every artifact twice, once as components and once with the strict readers, and writes what was found.
pub fn lay(subject: Subject, looked: Looked<'_>, gathering: &Gathering<'_>, folder: &mut Folder, notes: &mut Notes) -> Result<Contents> {
    let Looked { artifacts, blobs, hash, .. } = looked;
    let stocktaking = Stocktaking { threads: gathering.threads, progress: gathering.progress };
    let inventory = stocktaking.run(subject, artifacts, blobs)?;
    let scanned = Scan { threads: gathering.threads, hash, progress: gathering.progress }.run(artifacts, blobs)?;
    let what = if hash { "blobs that were read again and compared with the lock" } else { "blobs that were looked into" };
    notes.transcript(what, "all", &format!("{} blobs, {} bytes; {} not here", scanned.blobs, scanned.bytes, scanned.absent));
    let (absent, all) = (scanned.absent as u64, (scanned.blobs + scanned.absent) as u64);
    let not_here = Some(Reason::NotHere(absent, all)).filter(|_| absent > 0);
    let scan = folder.write("scan.json", &pretty(&scan_document(&scanned)))?;
    let advised = ask(&inventory, looked, gathering, notes);
    let listed = scanned.reports.len() as u64;
    let cut = Some(Reason::FindingsCut(listed, listed + scanned.cut as u64)).filter(|_| scanned.cut > 0);
    Ok(Contents {
        bills: bills(&inventory, folder)?,
        scan: findings(scan, advised, not_here.into_iter().chain(cut).collect(), folder)?,
        licences: licences(&inventory, folder)?,
        models: models(&inventory, folder)?,
        published: published::lay(looked, &inventory, folder, notes)?,
        program: program(gathering.program, folder)?,
        not_here,
    })
}

/// What the content and the advisories say together.
fn findings(scan: Filed, advised: Advised, mut reasons: Vec<Reason>, folder: &mut Folder) -> Result<Found> {
    let mut files = References::to(scan);
    match advised {
        Advised::Nobody => reasons.push(Reason::NoAdvisories),
        Advised::Unusable => reasons.push(Reason::AdvisoriesUnusable),
        Advised::Said(document, lacking) => {
            files = files.and(folder.write("advisories.json", &pretty(&document))?);
            reasons.extend(lacking);
        }
    }
    Ok(Found::but(files, reasons))
}

fn bills(inventory: &Inventory, folder: &mut Folder) -> Result<Found> {
    let cyclonedx = folder.stream("sbom/cyclonedx.json", |out| Format::CycloneDx.write(inventory, out))?;
    let spdx = folder.stream("sbom/spdx.json", |out| Format::Spdx.write(inventory, out))?;
    let spdx3 = folder.stream("sbom/spdx3.json", |out| Format::Spdx3.write(inventory, out))?;
    let counts = inventory.counts();
    let lacking = counts.not_examined + counts.unreadable;
    let reasons = if lacking > 0 { vec![Reason::NotAllExamined(lacking as u64, counts.artifacts as u64)] } else { vec![] };
    Ok(Found::but(References::to(cyclonedx).and(spdx).and(spdx3), reasons))
}

/// What the program was made of. Who built it, nothing here could say.
fn program(executable: Option<Digest>, folder: &mut Folder) -> Result<Found> {
    let Some(digest) = executable else { return Ok(Found::Absent(Reason::VersionOnly)) };
    let inventory = of_program(digest)?;
    let bill = folder.stream("program/cyclonedx.json", |out| Format::CycloneDx.write(&inventory, out))?;
    Ok(Found::but(References::to(bill), vec![Reason::BuildNotSaid]))
}

fn licences(inventory: &Inventory, folder: &mut Folder) -> Result<Found> {
    let name = "licences.csv";
    let wrong = |e: std::io::Error| Error::unwritten(name, &e);
    let filed = folder.stream(name, |out| {
        out.write_all(b"name,version,package-url,licence,certain\r\n").map_err(wrong)?;
        let mut done = Ok(());
        inventory.walk(&mut |component| {
            if done.is_ok() {
                done = out.write_all(licence_line(component).as_bytes());
            }
        });
        done.map_err(wrong)
    })?;
    let counts = inventory.counts();
    let lacking = counts.unlicensed as u64;
    let reasons = if lacking > 0 { vec![Reason::NotAllLicensed(lacking, counts.components as u64)] } else { vec![] };
    Ok(Found::but(References::to(filed), reasons))
}

fn licence_line(component: &Component) -> String {
    let (licence, certain) = match Declared::of(&component.licences) {
        Declared::Nothing => (String::new(), ""),
        Declared::Expression(expression) => (expression, "yes"),
        Declared::Text(text) => (text, "no"),
    };
    let fields = [&component.name, &component.version, &component.purl, &licence];
    fields.iter().map(|field| cell(field)).collect::<Vec<_>>().join(",") + "," + certain + "\r\n"
}

/// A field of a table (RFC 4180). Text from outside: what a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(field: &str) -> String {
    let field = crate::error::plain(field).replace('\n', " ");
    let formula = if field.starts_with(['=', '+', '-', '@', '\t']) { "'" } else { "" };
    format!("\"{formula}{}\"", field.replace('"', "\"\""))
}

fn models(inventory: &Inventory, folder: &mut Folder) -> Result<Found> {
    let mut all = Vec::new();
    inventory.walk(&mut |component| all.extend(model(component)));
    if all.is_empty() {
        return Ok(Found::NotApplicable(Reason::NoModels));
    }
    let filed = folder.write("models.json", &pretty(&json!({ "airlift-models": 1, "declared-by": "their publishers", "all": all })))?;
    Ok(Found::Present(References::to(filed)))
}

fn model(component: &Component) -> Option<Value> {
    let model = component.model.as_ref()?;
    let names = |all: &[crate::report::Dataset]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    Some(json!({
        "name": component.name, "version": component.version, "task": model.task, "architecture": model.architecture,
        "parameters": model.parameters, "parameters-declared": model.parameters_text, "library": model.library, "datasets": names(&model.datasets), "made-from": names(&model.bases),
        "formats": model.formats, "runs-code-when-loaded": model.executable, "files-not-looked-into": model.not_looked_into,
    }))
}

fn scan_document(scanned: &Scanned) -> Value {
    let counts = |severity: Severity| scanned.count(severity);
    json!({
        "airlift-scan": 1,
        "blobs": scanned.blobs, "bytes": scanned.bytes, "not-here": scanned.absent, "left-out": scanned.cut,
        "worst": scanned.worst.map(Severity::name),
        "errors": counts(Severity::Error), "warnings": counts(Severity::Warning), "notes": counts(Severity::Note),
        "reports": scanned.reports.iter().map(found).collect::<Vec<_>>(),
    })
}

fn found(report: &Report) -> Value {
    let finding =
        |f: &crate::scan::Finding| json!({ "rule": f.rule.name, "severity": f.severity.name(), "where": f.place, "what": f.what });
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    json!({
        "artifact": report.artifact, "blob": report.blob.map(|blob| blob.hex()), "file": report.file, "findings": findings, "more": report.more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Examined, Licensing};

    fn of(components: Vec<Component>) -> Inventory {
        Inventory::new(Subject::of_lock(), components)
    }

    fn folder(place: &tempfile::TempDir) -> Folder {
        Folder::begin(&place.path().join("pack")).expect("a place")
    }

    /// Names and licences come from outside, and tables are opened by spreadsheets.
    #[test]
    fn no_field_of_a_table_is_a_formula() {
        for formula in ["=1+2", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0"] {
            assert_eq!(cell(formula), format!("\"'{formula}\""));
            let component = Component {
                name: formula.to_owned(),
                version: formula.to_owned(),
                licences: vec![Licensing::new(formula, "declared")],
                ..Component::default()
            };
            let line = licence_line(&component);
            assert!(line.matches("\"'").count() >= 2 && !line.contains(&format!("\"{formula}")), "{line}");
        }
        assert!(cell("\t=1").starts_with("\"'") || !cell("\t=1").contains('\t'), "{}", cell("\t=1"));
        assert_eq!(cell("a \"b\"\n,c"), "\"a \"\"b\"\" ,c\"");
    }

    #[test]
    fn bills_of_what_was_not_read_are_partial() {
        let read = Component { examined: Examined::Read, ..Component::default() };
        let unread = |examined| Component { examined, ..Component::default() };
        for (other, lacking) in
            [(Examined::Read, 0), (Examined::Opaque, 0), (Examined::NotExamined, 1), (Examined::Unreadable("it is damaged".to_owned()), 1)]
        {
            let place = tempfile::TempDir::new().expect("a folder");
            let found = bills(&of(vec![read.clone(), unread(other.clone())]), &mut folder(&place)).expect("documents");
            match (found, lacking) {
                (Found::Present(_), 0) => {}
                (Found::Partial(_, reasons), n) if n > 0 => assert_eq!(reasons, [Reason::NotAllExamined(n, 2)], "{other:?}"),
                _ => panic!("{other:?}"),
            }
        }
    }
}
