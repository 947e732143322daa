//! QR codes on a terminal and on paper: half blocks, two modules a character.

use qrcodegen::{QrCode, QrCodeEcc};
use std::io::IsTerminal;

/// Light modules around a code (ISO/IEC 18004, section 9.1).
const QUIET: i32 = 4;

/// A code with some text, which should be of digits and capitals so that it stays small; `None` when it is too long for any. Terminals are
/// dark: there blocks are light; in a file, for paper, blocks are dark.
pub fn draw(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    Some(drawn(&code, std::io::stdout().is_terminal()))
}

fn drawn(code: &QrCode, blocks_are_light: bool) -> String {
    let side = code.size();
    let block = |x: i32, y: i32| y < side + QUIET && code.get_module(x, y) != blocks_are_light;
    let mut out = String::new();
    for y in (-QUIET..side + QUIET).step_by(2) {
        let row = (-QUIET..side + QUIET).map(|x| match (block(x, y), block(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        out.push_str(row.collect::<String>().trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{QrCode, QrCodeEcc, drawn};

    #[test]
    fn every_module_is_drawn_once_on_paper_and_on_a_terminal() {
        let code = QrCode::encode_text("AIRLIFT 1", QrCodeEcc::Low).expect("short");
        for light in [false, true] {
            let rows: Vec<Vec<char>> = drawn(&code, light).lines().map(|line| line.chars().collect()).collect();
            assert_eq!(rows.len(), (code.size() as usize + 8).div_ceil(2));
            for (x, y) in (0..code.size()).flat_map(|x| (0..code.size()).map(move |y| (x, y))) {
                let (column, line) = ((x + 4) as usize, (y + 4) as usize);
                let drawn = rows[line / 2].get(column).copied().unwrap_or(' ');
                let block = drawn == '█' || drawn == if line % 2 == 0 { '▀' } else { '▄' };
                assert_eq!(block, code.get_module(x, y) != light, "{x} {y}");
            }
        }
    }
}
