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

/// Every character that can begin or end something is escaped (CommonMark, section 2.4), wherever it stands, those that mean something at the
/// start of a line only there; `<` and `&` as entities, for readers that take HTML; and what readers make links of by themselves.
fn escape(text: &str) -> String {
    let text = text.trim_start();
    let mut out = String::with_capacity(text.len() + 8);
    // A number at the start is one of a list, up to the character that says so.
    let number = text.bytes().take_while(u8::is_ascii_digit).count();
    for (at, c) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '~' | '!' | '>' | '$' | '@' => out.extend(['\\', c]),
            '-' | '+' | '=' if at == 0 => out.extend(['\\', c]),
            '.' if number > 0 && at == number => out.extend(['\\', c]),
            '.' if ends_in_www(before) => out.extend(['\\', c]),
            ':' if after.starts_with("//") || is_scheme(before) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

fn ends_in_www(text: &str) -> bool {
    text.get(text.len().saturating_sub(3)..).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// Schemes that readers make links of without two slashes.
fn is_scheme(text: &str) -> bool {
    let word = text.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    ["mailto", "xmpp", "tel"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}
