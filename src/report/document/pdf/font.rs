//! The two standard fonts that every reader has (ISO 32000-1, 9.6.2.2), in WinAnsi: widths, and text that fits into them.

/// Widths of Helvetica's characters from space to tilde, in thousandths of the size (Adobe's font metrics).
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278,
    278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722,
    667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556,
    556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// What the bold face is wider by, at most.
const BOLD: f32 = 1.1;

/// Text in WinAnsi; what that has no place for is written by its number, so that nothing is left out in silence.
pub fn encoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => out.push(c as u8),
            '\u{a0}'..='\u{ff}' => out.push(c as u32 as u8),
            '…' => out.push(0x85),
            '–' => out.push(0x96),
            '—' => out.push(0x97),
            '‘' => out.push(0x91),
            '’' => out.push(0x92),
            '“' => out.push(0x93),
            '”' => out.push(0x94),
            '€' => out.push(0x80),
            '•' => out.push(0x95),
            '→' => out.extend(b"->"),
            c => out.extend(format!("\\u{{{:x}}}", c as u32).into_bytes()),
        }
    }
    out
}

/// How wide encoded text is, in points.
pub fn width(text: &[u8], size: f32, bold: bool) -> f32 {
    let of = |byte: &u8| u32::from(WIDTHS.get(usize::from(byte.wrapping_sub(32))).copied().unwrap_or(600));
    let sum: u32 = text.iter().map(of).sum();
    sum as f32 / 1000.0 * size * if bold { BOLD } else { 1.0 }
}

/// Lines that fit into a width; a word that is longer than a line is broken.
pub fn wrapped(text: &str, size: f32, bold: bool, most: f32) -> Vec<Vec<u8>> {
    let (mut lines, mut line): (Vec<Vec<u8>>, Vec<u8>) = (Vec::new(), Vec::new());
    for word in encoded(text).split(|b| *b == b' ') {
        let mut word = word.to_vec();
        let space = usize::from(!line.is_empty());
        if !line.is_empty() && width(&line, size, bold) + width(b" ", size, bold) + width(&word, size, bold) > most {
            lines.push(std::mem::take(&mut line));
        } else if space > 0 {
            line.push(b' ');
        }
        while width(&word, size, bold) > most && word.len() > 1 {
            let mut end = word.len();
            while end > 1 && width(&word[..end], size, bold) > most {
                end = if end > 64 { end / 2 } else { end - 1 };
            }
            let rest = word.split_off(end);
            lines.push(std::mem::replace(&mut word, rest));
        }
        line.extend(word);
    }
    lines.push(line);
    lines
}
