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

/// Always quoted. What spreadsheets would take for a formula gets an apostrophe in front.
fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r'])
        || text.starts_with(['\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}
