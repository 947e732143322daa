//! The report: one document in no language, its schema, and its forms for people: HTML, PDF, Markdown, tables.
//!
//! In: what a step found out, each statement with the [`Evidence`] it rests on; a time, by which ages are counted; a language. Out: bytes,
//! the same for the same input. Page 1 is for the decision, everything after it for whoever asks why. All forms are written from one
//! [`layout`](layout::layout), so that none of them says more, less or in another order than another. Text from outside enters through
//! one function. Nothing here reads a clock, a store or a network, and no form needs one to be read.

mod carriage;
mod checkpoint;
mod csv;
mod evidence;
mod found;
mod html;
mod inside;
mod layout;
mod markdown;
mod model;
mod pdf;
mod ruled;
mod sections;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use carriage::{Carriage, EncodingRow};
pub use checkpoint::CheckpointRow;
pub use evidence::{Backed, Claim, Evidence, Sentence, Source};
pub use found::{FindingRow, StatementRow};
pub use html::style_source;
pub use inside::{InsideCounts, Stated, WithinRow};
pub use model::{MAX_REPORT_BYTES, Report};
pub use ruled::{Decision, ExceptionRow, RuleRow, Standing};
pub use sections::{
    Age, ApproverRow, ArtifactRow, Became, BundleRow, ChangeRow, Changes, ComparedRow, CountRow, Counted, EventRow, Identity, Kind,
    ModelRow, Newest, People, ProofRow, SignerRow, Tile, Verdict, VolumeRow, WhyRow,
};
pub use text::outside;

use crate::report::Language;

/// What reports name as their maker.
const TOOL: &str = concat!("airlift ", env!("CARGO_PKG_VERSION"));

/// What reporters sign in.
pub const REPORT: &str = "report.v1@airlift";

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The document itself.
    Json,
    /// One file, no scripts.
    Html,
    /// A4, tagged.
    Pdf,
    /// CommonMark with tables.
    Markdown,
    /// Every table, one after the other (RFC 4180).
    Csv,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Json, Self::Html, Self::Pdf, Self::Markdown, Self::Csv];

    /// The ending of a file's name.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Markdown => "md",
            Self::Csv => "csv",
        }
    }
}

impl Report {
    /// The report in a form and a language; the document itself is in none.
    pub fn render(&self, form: Form, language: Language) -> Vec<u8> {
        match form {
            Form::Json => self.to_bytes(),
            Form::Html => html::render(&layout::layout(self, language)).into_bytes(),
            Form::Pdf => pdf::render(&layout::layout(self, language)),
            Form::Markdown => markdown::render(&layout::layout(self, language)).into_bytes(),
            Form::Csv => csv::render(&layout::layout(self, language)).into_bytes(),
        }
    }
}
