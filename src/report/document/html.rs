//! One file: no scripts, nothing loaded, the style named by its digest. Complete in every browser, on paper, and read aloud.

use super::checkpoint::{Matrix, QUIET};
use super::layout::{Block, Layout, Table};
use crate::artifact::html_escaped as escape;
use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// The style of the page as a policy names it (CSP 3, section 2.3.1): by the digest of its text.
pub fn style_source() -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(STYLE)))
}

/// The whole page.
pub fn render(layout: &Layout) -> String {
    let style = style_source();
    let (title, lead) = (escape(&layout.title), escape(&layout.lead));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'\">\n\
         <title>{title}</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>{title}</h1><p class=\"soft\">{lead}</p></header>\n<main>\n<div class=\"first\">\n",
        escape(&layout.tag)
    );
    layout.first.iter().for_each(|block| self::block(&mut out, block));
    out.push_str("<footer>\n");
    layout.code.iter().for_each(|code| matrix(&mut out, code));
    out.push_str("<div>\n");
    layout.foot.iter().for_each(|line| paragraph(&mut out, "", line));
    out.push_str("</div>\n</footer>\n</div>\n");
    layout.rest.iter().for_each(|block| self::block(&mut out, block));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Verdict { tone, title, lines } => {
            let _ = writeln!(out, "<section class=\"verdict {}\"><b>{}</b>", tone.word(), escape(title));
            lines.iter().for_each(|line| paragraph(out, "", line));
            out.push_str("</section>\n");
        }
        Block::Facts { caption, rows } => {
            heading(out, caption);
            out.push_str("<dl>");
            rows.iter().for_each(|(name, value)| {
                let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
            });
            out.push_str("</dl></section>\n");
        }
        Block::Tiles { caption, tiles, note } => {
            heading(out, caption);
            out.push_str("<ul class=\"tiles\">");
            tiles.iter().for_each(|tile| {
                let _ = writeln!(out, "<li><b class=\"{}\">{}</b>{}</li>", tile.tone.word(), escape(&tile.value), escape(&tile.label));
            });
            out.push_str("</ul>\n");
            paragraph(out, "note", note);
            out.push_str("</section>\n");
        }
        Block::Lines { caption, lines } => {
            heading(out, caption);
            out.push_str("<ul class=\"lines\">");
            lines.iter().for_each(|line| {
                let _ = writeln!(out, "<li>{}</li>", escape(line));
            });
            out.push_str("</ul></section>\n");
        }
        Block::Ink { label, lines } => {
            let line = format!("<li>{}</li>\n", escape(label));
            let _ = writeln!(out, "<ul class=\"ink\">{}</ul>", line.repeat(*lines));
        }
        Block::Code { caption, lines } => {
            heading(out, caption);
            let _ = writeln!(out, "<pre>{}</pre></section>", escape(&lines.join("\n")));
        }
        Block::Table(table) => self::table(out, table),
    }
}

/// Opens a section with its heading.
fn heading(out: &mut String, text: &str) {
    let _ = writeln!(out, "<section><h2>{}</h2>", escape(text));
}

fn paragraph(out: &mut String, class: &str, text: &str) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    if !text.is_empty() {
        let _ = writeln!(out, "<p{class}>{}</p>", escape(text));
    }
}

/// A code as one path, dark on light in either colour scheme: scanners want it so.
fn matrix(out: &mut String, code: &Matrix) {
    let side = code.side + 2 * QUIET;
    let text = escape(code.text.trim_end());
    let _ = write!(out, "<svg role=\"img\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\"><title>{text}</title>");
    let _ = write!(out, "<path class=\"light\" d=\"M0 0h{side}v{side}H0z\"/><path class=\"dark\" d=\"");
    code.runs.iter().for_each(|(x, y, length)| {
        let _ = write!(out, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET);
    });
    out.push_str("\"/></svg>\n");
}

fn table(out: &mut String, table: &Table) {
    let class = |n: usize| if table.columns[n].numeric { " class=\"n\"" } else { "" };
    // What is wider than the window is moved within a frame of its own, by keys too.
    let caption = escape(&table.caption);
    let _ = writeln!(out, "<div class=\"wide\" role=\"group\" tabindex=\"0\" aria-label=\"{caption}\">");
    let _ = write!(out, "<table id=\"{}\">\n<caption>{caption}</caption>\n<thead><tr>", table.id);
    table.columns.iter().enumerate().for_each(|(n, column)| {
        let _ = write!(out, "<th scope=\"col\"{}>{}</th>", class(n), escape(&column.label));
    });
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (n, cell) in row.iter().enumerate() {
            let (open, close) = if n == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
            let _ = write!(out, "<{open}{}>{}</{close}>", class(n), breakable(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    table.notes.iter().for_each(|note| paragraph(out, "note", note));
}

/// Longest word that stays whole in a cell, and how much of a longer one without signs does, in characters.
const WHOLE: usize = 22;
const PART: usize = 16;

/// Text of a cell with places where a long word may be broken: behind its signs, else after so many characters. Words of a language are not
/// as long, and so stay whole; nothing is added to what is copied.
fn breakable(text: &str) -> String {
    let word = |word: &str| if word.chars().count() > WHOLE { broken(word) } else { escape(word) };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn broken(word: &str) -> String {
    let (mut parts, mut part) = (Vec::new(), String::new());
    for c in word.chars() {
        part.push(c);
        let sign = matches!(c, '/' | '@' | ':' | '.' | ',' | ';' | '_' | '-' | '+' | '=' | '?' | '&' | '%');
        let length = part.chars().count();
        if sign && length > 3 || length >= PART {
            parts.push(escape(&part));
            part.clear();
        }
    }
    parts.extend((!part.is_empty()).then(|| escape(&part)));
    parts.join("<wbr>")
}
