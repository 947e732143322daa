//! The pages people see: plain HTML that works without scripts, in light and dark, printable.
//!
//! In: plain structs filled by the serve step. Out: text with everything from outside escaped, and the `Content-Security-Policy` that
//! allows nothing but the page's own style. It reads nothing, knows no ecosystem, and makes no request.

mod html;
mod list;
mod reports;
mod start;

pub use html::{PAGE_TYPE, escape, headers};
pub use list::{ListPage, Row, list};
pub use reports::{ReportLine, ReportsPage, report_headers, reports};
pub use start::{Recipe, ShelfLine, StartPage, ViewLine, start};

/// What every page tells of the mirror.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// What the mirror is called.
    pub name: String,
    /// Number of the snapshot being served, where there is one.
    pub snapshot: Option<u64>,
    /// Its identity, as people read it aloud.
    pub id: Option<String>,
    /// SHA-256 of the mirror's own certificate authority, where it has one: `/ca.pem`.
    pub authority: Option<String>,
    /// Whom to ask for more: an address or a sentence.
    pub contact: Option<String>,
    /// Whether signed reports are shown at `/reports/`.
    pub reports: bool,
}
