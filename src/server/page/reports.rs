//! The list of signed reports, and what goes with a report that is shown.

use super::About;
use super::html::{escape, frame};
use crate::artifact::percent_encoded as segment;
use http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};
use std::fmt::Write;

/// One report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportLine {
    /// Its digest, as in URLs.
    pub digest: String,
    /// The same, as people read it aloud.
    pub spoken: String,
    /// Its files.
    pub files: Vec<String>,
    /// What it is of: a bundle, an arrival, a receipt…
    pub kind: String,
    /// The name of what it is about.
    pub subject: String,
    /// The time by which it counts.
    pub at: String,
    /// What it decides.
    pub verdict: String,
    /// Why it is not shown, where it is not what somebody signed.
    pub wrong: Option<String>,
}

/// One page of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportsPage {
    /// The reports of this page, the newest first.
    pub lines: Vec<ReportLine>,
    /// The one view they are about, where only those are listed.
    pub view: Option<String>,
    /// Number of this page, from 1.
    pub number: usize,
    /// Whether there is a page behind it.
    pub more: bool,
}

/// A report is a page of its own, with the one style that `style` names (CSP, such as `'sha256-…'`): nothing may be loaded or run, and it is nobody's frame.
pub fn report_headers(style: &str) -> HeaderMap {
    let policy = format!("default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox");
    HeaderMap::from_iter([
        (CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).expect("words and base64 are a valid header value")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ])
}

/// Renders the list.
pub fn reports(about: &About, page: &ReportsPage) -> String {
    let mut out = "<h1>Reports</h1>\n".to_owned();
    match (page.lines.is_empty(), &page.view) {
        (true, None) if page.number == 1 => {
            out.push_str("<p>No report has been signed on this host: <code>airlift report --sign KEY</code> does that.</p>\n");
            return frame(about, "Reports", &out);
        }
        (true, _) => out.push_str("<p>None. <a href=\"/reports/\">All reports</a></p>\n"),
        (false, Some(view)) => {
            let _ = writeln!(
                out,
                "<p class=\"soft\">Those about {}, among the newest. <a href=\"/reports/\">All reports</a></p>",
                escape(view)
            );
        }
        (false, None) => {}
    }
    out.push_str("<p class=\"soft\">Each is signed, and the event log tells of it. The document is <code>report.json</code>, and what is shown is checked first.</p>\n");
    out.push_str("<table>\n<caption>Signed reports, the newest first</caption>\n<tr>");
    ["About", "Kind", "As of", "Decision", "Files", "Report"].iter().for_each(|head| {
        let _ = write!(out, "<th scope=\"col\">{head}");
    });
    out.push_str("</tr>\n");
    page.lines.iter().for_each(|line| row(&mut out, line));
    out.push_str("</table>\n");
    turn(&mut out, page);
    frame(about, "Reports", &out)
}

fn row(out: &mut String, line: &ReportLine) {
    let spoken = escape(&line.spoken);
    if let Some(wrong) = &line.wrong {
        let _ = writeln!(out, "<tr><td colspan=\"5\">Not shown: {}<td><code>{spoken}</code></tr>", escape(wrong));
        return;
    }
    let link = |file: &String| format!("<a href=\"/reports/{}/{}\">{}</a>", escape(&line.digest), escape(file), escape(file));
    let files: Vec<String> = line.files.iter().map(link).collect();
    let (subject, kind, at, verdict) = (escape(&line.subject), escape(&line.kind), escape(&line.at), escape(&line.verdict));
    let _ = writeln!(out, "<tr><td>{subject}<td>{kind}<td>{at}<td>{verdict}<td>{}<td><code>{spoken}</code></tr>", files.join("<br>"));
}

fn turn(out: &mut String, page: &ReportsPage) {
    let about = page.view.as_ref().map_or_else(String::new, |view| format!("&amp;view={}", segment(view)));
    let link = |number: usize, text: &str| format!("<a href=\"/reports/?page={number}{about}\">{text}</a>");
    let before = if page.number > 1 { link(page.number - 1, "← newer") } else { "<span></span>".to_owned() };
    let after = if page.more { link(page.number + 1, "older →") } else { String::new() };
    let _ = writeln!(out, "<nav>{before}{after}</nav>");
}
