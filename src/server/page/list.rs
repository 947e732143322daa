//! The list of one ecosystem's artifacts in one view, in pages.

use super::About;
use super::html::{count, escape, frame, size};
use crate::artifact::percent_encoded as segment;
use std::fmt::Write;

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The mirror.
    pub about: About,
    /// The ecosystem.
    pub ecosystem: String,
    /// The view.
    pub view: String,
    /// Only names with this text are listed; empty for all.
    pub filter: String,
    /// The artifacts of this page.
    pub rows: Vec<Row>,
    /// How many there are on all pages.
    pub total: usize,
    /// Number of this page, from 1.
    pub page: usize,
    /// Number of pages, at least 1.
    pub pages: usize,
}

/// One artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How many blobs it has.
    pub blobs: usize,
    /// Their sizes, in bytes.
    pub bytes: u64,
}

/// Renders one page of a list.
pub fn list(page: &ListPage) -> String {
    let (ecosystem, view) = (escape(&page.ecosystem), escape(&page.view));
    let mut out = format!("<h1>{ecosystem} <span class=\"soft\">in {view}</span></h1>\n");
    let _ = writeln!(
        out,
        "<form action=\"/browse/{}/{}\"><input name=\"q\" value=\"{}\" placeholder=\"part of a name\" aria-label=\"part of a name\">\
         <button>Filter</button></form>",
        segment(&page.ecosystem),
        segment(&page.view),
        escape(&page.filter)
    );
    let _ = writeln!(out, "<p class=\"soft\">{}, page {} of {}</p>", count(page.total, "artifact"), page.page, page.pages);
    rows(&mut out, &page.rows);
    turn(&mut out, page);
    if page.about.reports {
        let _ = writeln!(out, "<p><a href=\"/reports/?view={}\">Signed reports about what is here</a></p>", segment(&page.view));
    }
    frame(&page.about, &format!("{} in {}", page.ecosystem, page.view), &out)
}

fn rows(out: &mut String, rows: &[Row]) {
    out.push_str("<table>\n<tr><th>Name<th>Version<th class=\"n\">Files<th class=\"n\">Size</tr>\n");
    for row in rows {
        let (name, version) = (escape(&row.name), escape(&row.version));
        let _ = writeln!(out, "<tr><td>{name}<td>{version}<td class=\"n\">{}<td class=\"n\">{}</tr>", row.blobs, size(row.bytes));
    }
    out.push_str("</table>\n");
}

/// Links to the pages before and after.
fn turn(out: &mut String, page: &ListPage) {
    let filter = if page.filter.is_empty() { String::new() } else { format!("&amp;q={}", segment(&page.filter)) };
    let link = |number: usize, text: &str| {
        let (ecosystem, view) = (segment(&page.ecosystem), segment(&page.view));
        format!("<a href=\"/browse/{ecosystem}/{view}?page={number}{filter}\">{text}</a>")
    };
    let before = if page.page > 1 { link(page.page - 1, "← previous") } else { "<span></span>".to_owned() };
    let after = if page.page < page.pages { link(page.page + 1, "next →") } else { String::new() };
    let _ = writeln!(out, "<nav>{before}{after}</nav>");
}
