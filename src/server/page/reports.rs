//! The list of signed reports, and what goes with a report that is shown.

use super::About;
use super::html::{escape, frame};
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
pub fn reports(about: &About, lines: &[ReportLine]) -> String {
    let mut out = "<h1>Reports</h1>\n".to_owned();
    if lines.is_empty() {
        out.push_str("<p>No report has been signed on this host: <code>airlift report --sign KEY</code> does that.</p>\n");
        return frame(about, "Reports", &out);
    }
    out.push_str("<p class=\"soft\">Each is signed, and the event log tells of it. The document is <code>report.json</code>, and what is shown is checked first.</p>\n");
    out.push_str("<table>\n<tr><th>Report<th>Files</tr>\n");
    for line in lines {
        let link = |file: &String| format!("<a href=\"/reports/{}/{}\">{}</a>", escape(&line.digest), escape(file), escape(file));
        let files: Vec<String> = line.files.iter().map(link).collect();
        let _ = writeln!(out, "<tr><td><code>{}</code><td>{}</tr>", escape(&line.spoken), files.join("<br>"));
    }
    out.push_str("</table>\n");
    frame(about, "Reports", &out)
}
