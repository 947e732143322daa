//! A4 with real text: tagged, in the order of the other forms, with the fonts every reader has. The same report gives the same bytes.

mod canvas;
mod font;
mod metrics;

use super::layout::{Block, Layout, Table, TileShown};
use canvas::{CODE, Canvas, MARGIN, Style, WIDTH};
use pdf_writer::Date;
use pdf_writer::types::StructRole;

const TEXT: Style = Style { size: 7.2, bold: false };
const SMALL: Style = Style { size: 6.2, bold: false };
const STRONG: Style = Style { size: 7.2, bold: true };
const HEADING: Style = Style { size: 9.5, bold: true };
const TITLE: Style = Style { size: 15.0, bold: true };
/// Tiles beside each other, and the room between them.
const TILES: usize = 6;
const BETWEEN: f32 = 4.0;
/// The room between a frame and what is in it.
const INSET: f32 = 6.0;
/// Widest cell, in points, that a column of a table is made for: what is longer is broken.
const WIDEST: f32 = 230.0;
/// Longest word, in points, that is kept whole.
const LONGEST_WORD: f32 = 92.0;
/// Narrowest column, in points.
const NARROWEST: f32 = 22.0;
/// Most rows that the widths of columns are judged by.
const MOST_JUDGED: usize = 500;

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
            let from = canvas.place();
            inset(canvas, StructRole::H2, title, Style { size: 13.0, bold: true });
            lines.iter().filter(|line| !line.is_empty()).for_each(|line| inset(canvas, StructRole::P, line, TEXT));
            canvas.frame(from, (MARGIN, WIDTH), 1.6);
            canvas.gap(4.0);
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
            let list = canvas.element(StructRole::L, 0);
            tiles.chunks(TILES).for_each(|row| self::tiles(canvas, list, row));
            canvas.gap(1.5);
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

/// A paragraph within a frame.
fn inset(canvas: &mut Canvas, role: StructRole, text: &str, style: Style) {
    let element = canvas.element(role, 0);
    canvas.row(&[(element, MARGIN + INSET, WIDTH - 2.0 * INSET, text)], style);
}

/// A row of tiles, each in a frame: the number above what it counts.
fn tiles(canvas: &mut Canvas, list: usize, row: &[TileShown]) {
    let wide = (WIDTH + BETWEEN) / TILES as f32;
    let left = |n: usize| MARGIN + wide * n as f32;
    canvas.gap(2.5);
    canvas.keep(3.0 * TEXT.size);
    let from = canvas.place();
    let items: Vec<usize> = row.iter().map(|_| canvas.element(StructRole::LI, list)).collect();
    let mut cells = |role: StructRole, text: &dyn Fn(&TileShown) -> String, style: Style| {
        let texts: Vec<String> = row.iter().map(text).collect();
        let elements: Vec<usize> = items.iter().map(|item| canvas.element(role, *item)).collect();
        let set = elements.iter().zip(&texts).enumerate();
        let set: Vec<_> = set.map(|(n, (element, text))| (*element, left(n) + 3.0, wide - BETWEEN - 4.0, text.as_str())).collect();
        canvas.row(&set, style);
    };
    cells(StructRole::Lbl, &|tile| tile.value.clone(), STRONG);
    cells(StructRole::LBody, &|tile| tile.label.clone(), SMALL);
    (0..row.len()).for_each(|n| canvas.frame(from, (left(n), wide - BETWEEN), 0.5));
    canvas.gap(1.5);
}

fn heading(canvas: &mut Canvas, text: &str) {
    canvas.gap(4.0);
    canvas.paragraph(StructRole::H2, text, HEADING);
}

fn table(canvas: &mut Canvas, table: &Table) {
    heading(canvas, &table.caption);
    let element = canvas.element(StructRole::Table, 0);
    let wide = widths(table);
    let head: Vec<String> = table.columns.iter().map(|column| column.label.clone()).collect();
    row(canvas, element, &head, &wide, true);
    table.rows.iter().for_each(|cells| row(canvas, element, cells, &wide, false));
    table.notes.iter().for_each(|note| canvas.paragraph(StructRole::P, note, SMALL));
}

/// The widths of a table's columns: as wide as their longest words, and what is left shared by how much they hold.
fn widths(table: &Table) -> Vec<f32> {
    let points = |text: &str, style: Style| font::width(&font::encoded(text), style.bold) as f32 / 1000.0 * style.size + 5.0;
    let word = |text: &str, style: Style| text.split(' ').map(|word| points(word, style)).fold(0.0, f32::max);
    let bold = Style { size: SMALL.size, ..STRONG };
    let column = |n: usize| {
        let cells = || table.rows.iter().take(MOST_JUDGED).map(|row| row[n].as_str());
        let head = table.columns[n].label.as_str();
        let least = cells().map(|cell| word(cell, SMALL)).fold(word(head, bold), f32::max).clamp(NARROWEST, LONGEST_WORD);
        let most = cells().map(|cell| points(cell, SMALL)).fold(points(head, bold), f32::max).clamp(least, WIDEST.max(least));
        (least, most)
    };
    let columns: Vec<(f32, f32)> = (0..table.columns.len()).map(column).collect();
    let (least, most) = columns.iter().fold((0.0, 0.0), |(all, whole), (least, most)| (all + least, whole + most));
    let share = if most > least { ((WIDTH - least) / (most - least)).clamp(0.0, 1.0) } else { 0.0 };
    let narrowed = (WIDTH / least).min(1.0);
    columns.iter().map(|(least, most)| if narrowed < 1.0 { least * narrowed } else { least + (most - least) * share }).collect()
}

fn row(canvas: &mut Canvas, table: usize, cells: &[String], wide: &[f32], head: bool) {
    let row = canvas.element(StructRole::TR, table);
    let (mut set, mut left) = (Vec::new(), MARGIN);
    for (n, (text, wide)) in cells.iter().zip(wide).enumerate() {
        let role = if head || n == 0 { StructRole::TH } else { StructRole::TD };
        set.push((canvas.element(role, row), left, *wide, text.as_str()));
        left += wide;
    }
    canvas.row(&set, if head { Style { size: SMALL.size, ..STRONG } } else { SMALL });
}

/// The character of a code in one of the two encodings.
#[cfg(test)]
pub fn character(code: u8, further: bool) -> Option<char> {
    font::character(code, further)
}
