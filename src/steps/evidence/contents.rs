//! What is in it: bills of materials, licences, models, and what the strict readers find; written as they come.

use super::carried::pretty;
use super::{Gathering, Notes};
use crate::artifact::{Artifact, Blobs};
use crate::error::{Error, Result};
use crate::report::controls::{Folder, Found, Reason, References};
use crate::report::{Component, Declared, Format, Inventory, Subject};
use crate::scan::Severity;
use crate::steps::sbom::Stocktaking;
use crate::steps::scan::{Report, Scan, Scanned};
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
}

/// Reads every artifact twice, once as components and once with the strict readers, and writes what was found.
pub fn lay(
    subject: Subject,
    artifacts: &[&Artifact],
    blobs: &dyn Blobs,
    hash: bool,
    gathering: &Gathering<'_>,
    folder: &mut Folder,
    notes: &mut Notes,
) -> Result<Contents> {
    let stocktaking = Stocktaking { threads: gathering.threads, progress: gathering.progress };
    let inventory = stocktaking.run(subject, artifacts, blobs)?;
    let scanned = Scan { threads: gathering.threads, hash, progress: gathering.progress }.run(artifacts, blobs)?;
    let what = if hash { "blobs that were read again and compared with the lock" } else { "blobs that were looked into" };
    notes.transcript(what, "all", &format!("{} blobs, {} bytes; {} not here", scanned.blobs, scanned.bytes, scanned.absent));
    let scan = folder.write("scan.json", &pretty(&scan_document(&scanned)))?;
    Ok(Contents {
        bills: bills(&inventory, folder)?,
        scan: Found::Partial(References::to(scan), vec![Reason::ContentOnly]),
        licences: licences(&inventory, folder)?,
        models: models(&inventory, folder)?,
    })
}

fn bills(inventory: &Inventory, folder: &mut Folder) -> Result<Found> {
    let cyclonedx = folder.stream("sbom/cyclonedx.json", |out| Format::CycloneDx.write(inventory, out))?;
    let spdx = folder.stream("sbom/spdx.json", |out| Format::Spdx.write(inventory, out))?;
    let counts = inventory.counts();
    let lacking = counts.not_examined + counts.unreadable;
    let reasons = if lacking > 0 { vec![Reason::NotAllExamined(lacking as u64, counts.artifacts as u64)] } else { vec![] };
    Ok(Found::but(References::to(cyclonedx).and(spdx), reasons))
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
        "parameters": model.parameters, "library": model.library, "datasets": names(&model.datasets), "made-from": names(&model.bases),
        "formats": model.formats, "runs-code-when-loaded": model.executable, "files-not-looked-into": model.not_looked_into,
    }))
}

fn scan_document(scanned: &Scanned) -> Value {
    let counts = |severity: Severity| scanned.count(severity);
    json!({
        "airlift-scan": 1,
        "blobs": scanned.blobs, "bytes": scanned.bytes, "not-here": scanned.absent,
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
