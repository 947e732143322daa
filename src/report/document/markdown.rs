//! CommonMark with the tables of GFM. What has a meaning there is escaped wherever text is written.

use super::layout::{Block, Layout, Table};
use std::fmt::Write;

/// The whole document.
pub fn render(layout: &Layout) -> String {
    let mut out = format!("# {}\n\n{}\n", escape(&layout.title), escape(&layout.lead));
    layout.first.iter().for_each(|block| self::block(&mut out, block));
    out.push_str("\n---\n");
    layout.foot.iter().for_each(|line| {
        let _ = write!(out, "\n{}\n", escape(line));
    });
    layout.rest.iter().for_each(|block| self::block(&mut out, block));
    out
}

fn block(out: &mut String, block: &Block) {
    let _ = match block {
        Block::Verdict { title, lines, .. } => {
            let lines = lines.iter().filter(|line| !line.is_empty()).map(|line| format!("\n{}\n", escape(line)));
            write!(out, "\n**{}**\n{}", escape(title), lines.collect::<String>())
        }
        Block::Facts { caption, rows } => {
            let rows = rows.iter().map(|(name, value)| format!("- {}: {}\n", escape(name), escape(value)));
            write!(out, "\n## {}\n\n{}", escape(caption), rows.collect::<String>())
        }
        Block::Tiles { caption, tiles, note } => {
            let tiles = tiles.iter().map(|tile| format!("- **{}** {}\n", escape(&tile.value), escape(&tile.label)));
            write!(out, "\n## {}\n\n{}\n{}\n", escape(caption), tiles.collect::<String>(), escape(note))
        }
        Block::Lines { caption, lines } => {
            let lines = lines.iter().map(|line| format!("- {}\n", escape(line)));
            write!(out, "\n## {}\n\n{}", escape(caption), lines.collect::<String>())
        }
        Block::Ink { label, lines } => write!(out, "\n{}", format!("{}: ________________\n\n", escape(label)).repeat(*lines)),
        Block::Code { caption, lines } => {
            // A fence that no line can close.
            write!(out, "\n## {}\n\n{}", escape(caption), lines.iter().map(|line| format!("    {line}\n")).collect::<String>())
        }
        Block::Table(table) => {
            out.push_str(&self::table(table));
            Ok(())
        }
    };
}

fn table(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = format!("\n## {}\n\n", escape(&table.caption));
    out.push_str(&row(table.columns.iter().map(|column| escape(&column.label)).collect()));
    out.push_str(&row(table.columns.iter().map(|column| if column.numeric { "---:" } else { "---" }.to_owned()).collect()));
    table.rows.iter().for_each(|cells| out.push_str(&row(cells.iter().map(|cell| escape(cell)).collect())));
    table.notes.iter().for_each(|note| out.push_str(&format!("\n{}\n", escape(note))));
    out
}

/// Every character that can begin or end something is escaped (CommonMark, section 2.4); `<` and `&` as entities, for readers that take HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '~' | '!' | '>' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
