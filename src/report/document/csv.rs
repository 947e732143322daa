//! Every table, one after the other: its id in a line of its own, a head, rows, an empty line (RFC 4180).

use super::layout::{Block, Layout};

/// All tables.
pub fn render(layout: &Layout) -> String {
    let mut out = String::new();
    for block in layout.first.iter().chain(&layout.rest) {
        match block {
            Block::Table(table) => {
                line(&mut out, [table.id].into_iter());
                line(&mut out, table.columns.iter().map(|column| column.label.as_str()));
                table.rows.iter().for_each(|row| line(&mut out, row.iter().map(String::as_str)));
                out.push_str("\r\n");
            }
            Block::Tiles { caption, tiles, .. } => {
                line(&mut out, [caption.as_str()].into_iter());
                tiles.iter().for_each(|tile| line(&mut out, [tile.label.as_str(), tile.value.as_str()].into_iter()));
                out.push_str("\r\n");
            }
            _ => {}
        }
    }
    out
}

fn line<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) {
    out.push_str(&cells.map(cell).collect::<Vec<_>>().join(","));
    out.push_str("\r\n");
}

/// Always quoted. What spreadsheets would take for a formula gets an apostrophe in front: a sign that begins one, in any of its widths, also
/// behind spaces and what is not seen.
fn cell(text: &str) -> String {
    let unseen = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let formula = text.trim_start_matches(unseen).starts_with(FORMULA) || text.starts_with(['\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

/// Signs that begin a formula, as they are typed, full-width and small.
const FORMULA: [char; 13] =
    ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{fe66}', '\u{fe62}', '\u{fe63}', '\u{fe6b}', '\u{2212}'];
