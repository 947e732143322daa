//! A4 with real text: tagged, in the order of the other forms, with the fonts every reader has. The same report gives the same bytes.

mod canvas;
mod font;
mod metrics;

use super::layout::{Block, Layout, Table};
use canvas::{CODE, Canvas, MARGIN, Style, WIDTH};
use pdf_writer::Date;
use pdf_writer::types::StructRole;

const TEXT: Style = Style { size: 7.2, bold: false };
const SMALL: Style = Style { size: 6.2, bold: false };
const STRONG: Style = Style { size: 7.2, bold: true };
const HEADING: Style = Style { size: 9.5, bold: true };
const TITLE: Style = Style { size: 15.0, bold: true };
/// Tiles beside each other.
const TILES: usize = 4;

/// The whole document.
pub fn render(layout: &Layout) -> Vec<u8> {
    let mut canvas = Canvas::new();
    canvas.paragraph(StructRole::H1, &layout.title, TITLE);
    canvas.paragraph(StructRole::P, &layout.lead, TEXT);
    layout.first.iter().for_each(|block| self::block(&mut canvas, block));
    canvas.gap(5.0);
    foot(&mut canvas, layout);
    canvas.turn();
    layout.rest.iter().for_each(|block| self::block(&mut canvas, block));
    canvas.finish(&layout.title, &layout.tag, date(&layout.at))
}

/// The foot of page 1, and the code on its right.
fn foot(canvas: &mut Canvas, layout: &Layout) {
    let wide = layout.code.as_ref().map_or(WIDTH, |_| WIDTH - CODE);
    let under = layout.code.as_ref().map(|code| canvas.matrix(code));
    for line in &layout.foot {
        let element = canvas.element(StructRole::P, 0);
        canvas.row(&[(element, MARGIN, wide, line)], SMALL);
    }
    under.into_iter().for_each(|y| canvas.descend(y));
}

/// The report's own time as the file's: `2026-03-01T00:00:00Z`.
fn date(at: &str) -> Option<Date> {
    let time: jiff::Timestamp = at.parse().ok()?;
    let time = jiff::tz::Offset::UTC.to_datetime(time);
    let of = |n: i8| u8::try_from(n).ok();
    let date = Date::new(u16::try_from(time.year()).ok()?).month(of(time.month())?).day(of(time.day())?);
    Some(date.hour(of(time.hour())?).minute(of(time.minute())?).second(of(time.second())?).utc_offset_hour(0).utc_offset_minute(0))
}

fn block(canvas: &mut Canvas, block: &Block) {
    match block {
        Block::Verdict { title, lines, .. } => {
            canvas.gap(5.0);
            canvas.paragraph(StructRole::H2, title, Style { size: 13.0, bold: true });
            lines.iter().for_each(|line| canvas.paragraph(StructRole::P, line, TEXT));
        }
        Block::Facts { caption, rows } => {
            heading(canvas, caption);
            let list = canvas.element(StructRole::L, 0);
            for (name, value) in rows {
                let item = canvas.element(StructRole::LI, list);
                let (label, body) = (canvas.element(StructRole::Lbl, item), canvas.element(StructRole::LBody, item));
                canvas.row(&[(label, MARGIN, 130.0, name), (body, MARGIN + 130.0, WIDTH - 130.0, value)], TEXT);
            }
        }
        Block::Tiles { caption, tiles, note } => {
            heading(canvas, caption);
            let (list, wide) = (canvas.element(StructRole::L, 0), WIDTH / TILES as f32);
            for row in tiles.chunks(TILES) {
                let texts: Vec<String> = row.iter().map(|tile| format!("{}: {}", tile.label, tile.value)).collect();
                let mut cells = Vec::new();
                for (n, text) in texts.iter().enumerate() {
                    let item = canvas.element(StructRole::LI, list);
                    cells.push((canvas.element(StructRole::LBody, item), MARGIN + wide * n as f32, wide, text.as_str()));
                }
                canvas.row(&cells, TEXT);
            }
            canvas.paragraph(StructRole::P, note, SMALL);
        }
        Block::Lines { caption, lines } | Block::Code { caption, lines } => {
            heading(canvas, caption);
            lines.iter().for_each(|line| canvas.paragraph(StructRole::P, line, TEXT));
        }
        Block::Ink { label, lines } => (0..*lines).for_each(|_| {
            canvas.rule();
            canvas.paragraph(StructRole::P, label, SMALL);
        }),
        Block::Table(table) => self::table(canvas, table),
    }
}

fn heading(canvas: &mut Canvas, text: &str) {
    canvas.gap(4.0);
    canvas.paragraph(StructRole::H2, text, HEADING);
}

fn table(canvas: &mut Canvas, table: &Table) {
    heading(canvas, &table.caption);
    let element = canvas.element(StructRole::Table, 0);
    let wide = WIDTH / table.columns.len().max(1) as f32;
    let head: Vec<String> = table.columns.iter().map(|column| column.label.clone()).collect();
    row(canvas, element, &head, wide, true);
    table.rows.iter().for_each(|cells| row(canvas, element, cells, wide, false));
    table.notes.iter().for_each(|note| canvas.paragraph(StructRole::P, note, SMALL));
}

fn row(canvas: &mut Canvas, table: usize, cells: &[String], wide: f32, head: bool) {
    let row = canvas.element(StructRole::TR, table);
    let mut set = Vec::new();
    for (n, text) in cells.iter().enumerate() {
        let role = if head || n == 0 { StructRole::TH } else { StructRole::TD };
        set.push((canvas.element(role, row), MARGIN + wide * n as f32, wide, text.as_str()));
    }
    canvas.row(&set, if head { Style { size: SMALL.size, ..STRONG } } else { SMALL });
}

/// The character of a code in one of the two encodings.
#[cfg(test)]
pub fn character(code: u8, further: bool) -> Option<char> {
    font::character(code, further)
}
