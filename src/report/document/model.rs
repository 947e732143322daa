//! `docs/formats/report.md`, version 1: the report as a document. Everything that is shown in any form comes from it.

use super::carriage::EncodingRow;
use super::checkpoint::CheckpointRow;
use super::evidence::{Backed, Claim};
use super::found::FindingRow;
use super::inside::InsideCounts;
use super::ruled::{Decision, ExceptionRow};
use super::sections::{
    Age, ArtifactRow, ChangeRow, Changes, ComparedRow, CountRow, Counted, EventRow, Identity, Kind, ModelRow, People, ProofRow, Tile,
    WhyRow,
};
use crate::artifact::{Digest, Limits, parse_versioned};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Longest report, in bytes.
pub const MAX_REPORT_BYTES: usize = 256 << 20;
const VERSION: u32 = 1;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Report {
    #[schemars(range(min = 1, max = 1))]
    airlift_report: u32,
    /// What it is of.
    pub kind: Kind,
    /// The time by which ages are counted, as it was given.
    pub at: String,
    /// The program that wrote it.
    pub tool: String,
    /// What it is about.
    pub subject: Backed<Identity>,
    /// What is decided.
    pub decision: Backed<Decision>,
    /// Who stands behind it.
    pub people: Option<Backed<People>>,
    /// What would change, or has.
    pub changes: Option<Backed<Changes>>,
    /// What is counted of what is known to be wrong.
    pub risks: Vec<Backed<Counted>>,
    /// What is counted of where things come from and what they hold.
    pub trust: Vec<Backed<Counted>>,
    /// How old the data are that it rests on.
    pub ages: Vec<Backed<Age>>,
    /// What was not checked.
    pub not_checked: Vec<Claim>,
    /// What people should know before they decide; each was shown and not refused.
    pub remarks: Vec<Claim>,
    /// What the policy lets through all the same, in the policy's order.
    pub exceptions: Option<Backed<Vec<ExceptionRow>>>,
    /// What is known to be wrong, by artifact, then by fix.
    pub findings: Option<Backed<Vec<FindingRow>>>,
    /// Licences, the most frequent first.
    pub licences: Option<Backed<Vec<CountRow>>>,
    /// Suppliers, the most frequent first.
    pub suppliers: Option<Backed<Vec<CountRow>>>,
    /// What lies inside artifacts, counted; nothing where nothing does.
    pub inside: Option<Backed<InsideCounts>>,
    /// Publishers' lists of packages beside what was found.
    pub compared: Option<Backed<Vec<ComparedRow>>>,
    /// Models, as their publishers declare them.
    pub models: Option<Backed<Vec<ModelRow>>>,
    /// Where it is installed from, or why it is there.
    pub why: Option<Backed<Vec<WhyRow>>>,
    /// What each way of carrying blobs takes; nothing where the bundle's tables were not at hand.
    pub encodings: Option<Backed<Vec<EncodingRow>>>,
    /// What happened to it on this host.
    pub custody: Vec<Backed<EventRow>>,
    /// The newest checkpoint of the event log.
    pub checkpoint: Option<Backed<CheckpointRow>>,
    /// The proof that the event it is about is in the log.
    pub proof: Option<Backed<ProofRow>>,
    /// What was verified, step by step.
    pub transcript: Vec<Claim>,
    /// Commands that check it without this program.
    pub commands: Vec<String>,
    /// Every artifact.
    pub artifacts: Option<Backed<Vec<ArtifactRow>>>,
}

impl Report {
    /// A report with nothing in it but what it is about and what is decided.
    pub fn new(kind: Kind, at: &str, subject: Backed<Identity>, decision: Backed<Decision>) -> Self {
        Self {
            airlift_report: VERSION,
            kind,
            at: at.to_owned(),
            tool: super::TOOL.to_owned(),
            subject,
            decision,
            people: None,
            changes: None,
            risks: vec![],
            trust: vec![],
            ages: vec![],
            not_checked: vec![],
            remarks: vec![],
            exceptions: None,
            findings: None,
            licences: None,
            suppliers: None,
            inside: None,
            compared: None,
            models: None,
            why: None,
            encodings: None,
            custody: vec![],
            checkpoint: None,
            proof: None,
            transcript: vec![],
            commands: vec![],
            artifacts: None,
        }
    }

    /// The document: members in the order of their meaning, one line feed at the end. The same report gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a report has string keys only");
        bytes.push(b'\n');
        bytes
    }

    /// SHA-256 of the document: what people sign and compare.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// Reads a document. What says something and rests on nothing is refused, like everything that is not understood.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let limits = Limits { bytes: MAX_REPORT_BYTES, depth: 12 };
        let report: Self = parse_versioned("the report", bytes, limits, "airlift-report", VERSION)?;
        let words = super::words::Words::of_language(crate::report::Language::English);
        let unknown = report.claims().find(|claim| words.find(&format!("say.{}", claim.said().key)).is_none());
        match unknown {
            Some(claim) => {
                Err(Error::verification("the report says something that no language has words for").with("found", &claim.said().key))
            }
            None => Ok(report),
        }
    }

    /// Every sentence of it.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.not_checked.iter().chain(&self.remarks).chain(&self.transcript)
    }

    /// How many of a tile there are; `None` where it was not assessed, or is not in the report.
    pub fn counted(&self, tile: Tile) -> Option<u64> {
        self.risks.iter().chain(&self.trust).map(Backed::said).find(|counted| counted.tile == tile)?.count
    }

    /// What differs.
    pub fn changed(&self) -> &[ChangeRow] {
        self.changes.as_ref().map_or(&[], |changes| &changes.said().rows)
    }

    /// The JSON Schema of the document (draft 2020-12).
    pub fn schema() -> serde_json::Value {
        let mut schema = serde_json::to_value(schemars::schema_for!(Self)).expect("a schema has string keys only");
        schema["$id"] = "https://airlift.example.org/report-1.schema.json".into();
        schema
    }
}
