//! The two standard fonts that every reader has (ISO 32000-1, 9.6.2.2), each with two encodings: WinAnsi, and what they have beside it.

use super::metrics::{BOLD, FURTHER, HIGH, REGULAR};
use pdf_writer::types::{FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Finish, Name, Pdf, Rect, Ref, Str};

/// The first code of what the fonts have beside WinAnsi.
const FIRST_FURTHER: u8 = 33;
/// The objects that [`write`] makes.
pub const OBJECTS: i32 = 7;
/// The names of the fonts in a page's resources: by weight, then by encoding.
pub const NAMES: [[&[u8]; 2]; 2] = [[b"R", b"RX"], [b"B", b"BX"]];

/// A character of the fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// One of WinAnsi, by its code.
    Win(u8),
    /// One beside it, by its place in [`FURTHER`].
    Further(u8),
}

impl Glyph {
    const SPACE: Self = Self::Win(b' ');

    fn of(c: char) -> Option<Self> {
        match c {
            ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(c)).ok().map(Self::Win),
            '•' => Some(Self::Win(0x95)),
            c => {
                let high = HIGH.iter().position(|have| *have == c).and_then(|at| u8::try_from(0x80 + at).ok());
                let further = || FURTHER.binary_search_by_key(&c, |(have, ..)| *have).ok().and_then(|at| u8::try_from(at).ok());
                high.map(Self::Win).or_else(|| further().map(Self::Further))
            }
        }
    }

    /// The encoding it is in, as in [`NAMES`], and its code there.
    pub const fn code(self) -> (usize, u8) {
        match self {
            Self::Win(code) => (0, code),
            Self::Further(at) => (1, FIRST_FURTHER + at),
        }
    }

    fn width(self, bold: bool) -> u32 {
        u32::from(match self {
            Self::Win(code) if bold => BOLD[usize::from(code.saturating_sub(32))],
            Self::Win(code) => REGULAR[usize::from(code.saturating_sub(32))],
            Self::Further(at) if bold => FURTHER[usize::from(at)].3,
            Self::Further(at) => FURTHER[usize::from(at)].2,
        })
    }
}

/// Text in characters of the fonts; what they have none for is written by its number, so that nothing is left out in silence.
pub fn encoded(text: &str) -> Vec<Glyph> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match (Glyph::of(c), c) {
            (Some(glyph), _) => out.push(glyph),
            (None, '→') => out.extend(b"->".map(Glyph::Win)),
            (None, c) => out.extend(format!("\\u{{{:x}}}", u32::from(c)).bytes().map(Glyph::Win)),
        }
    }
    out
}

/// The character of a code in one of the two encodings.
#[cfg(test)]
pub fn character(code: u8, further: bool) -> Option<char> {
    match code {
        _ if further => FURTHER.get(usize::from(code.checked_sub(FIRST_FURTHER)?)).map(|(c, ..)| *c),
        0x80..=0x9f => HIGH.get(usize::from(code) - 0x80).copied(),
        code => Some(char::from(code)),
    }
}

/// How wide text is, in thousandths of its size.
pub fn width(text: &[Glyph], bold: bool) -> u32 {
    text.iter().map(|glyph| glyph.width(bold)).fold(0, u32::saturating_add)
}

/// Lines that fit into a width in points; a word that is longer than a line is broken.
pub fn wrapped(text: &str, size: f32, bold: bool, most: f32) -> Vec<Vec<Glyph>> {
    let (room, space) = ((most / size * 1000.0) as u32, Glyph::SPACE.width(bold));
    let (mut lines, mut line, mut used): (Vec<Vec<Glyph>>, Vec<Glyph>, u32) = (Vec::new(), Vec::new(), 0);
    for word in encoded(text).split(|glyph| *glyph == Glyph::SPACE) {
        if !line.is_empty() && used.saturating_add(space).saturating_add(width(word, bold)) > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if !line.is_empty() {
            line.push(Glyph::SPACE);
            used += space;
        }
        for glyph in word {
            let wide = glyph.width(bold);
            if !line.is_empty() && used + wide > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(*glyph);
            used += wide;
        }
    }
    lines.push(line);
    lines
}

/// Writes the fonts, each with its widths, so that no reader has to know them; gives back what they are by [`NAMES`].
pub fn write(pdf: &mut Pdf, first: i32) -> [[Ref; 2]; 2] {
    let further = Ref::new(first + 6);
    let last = FIRST_FURTHER + u8::try_from(FURTHER.len() - 1).unwrap_or(u8::MAX - FIRST_FURTHER);
    let fonts = [false, true].map(|bold| {
        let at = first + 3 * i32::from(bold);
        let (win, extra, descriptor) = (Ref::new(at), Ref::new(at + 1), Ref::new(at + 2));
        let name = Name(if bold { b"Helvetica-Bold" } else { b"Helvetica" });
        let widths = if bold { &BOLD } else { &REGULAR };
        let mut font = pdf.type1_font(win);
        font.base_font(name).encoding_predefined(Name(b"WinAnsiEncoding")).first_char(32).last_char(255);
        font.widths(widths.iter().map(|wide| f32::from(*wide))).font_descriptor(descriptor);
        font.finish();
        let mut font = pdf.type1_font(extra);
        font.base_font(name).first_char(FIRST_FURTHER).last_char(last).to_unicode(further).font_descriptor(descriptor);
        font.widths(FURTHER.iter().map(|(_, _, regular, strong)| f32::from(if bold { *strong } else { *regular })));
        let mut encoding = font.encoding_custom();
        encoding.differences().consecutive(FIRST_FURTHER, FURTHER.iter().map(|(_, name, ..)| Name(name.as_bytes())));
        encoding.finish();
        font.finish();
        described(pdf, descriptor, name, bold);
        [win, extra]
    });
    let registry = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"UCS"), supplement: 0 };
    let mut map = UnicodeCmap::<u8>::new(Name(b"Further"), registry);
    (FIRST_FURTHER..=last).zip(FURTHER).for_each(|(code, (c, ..))| map.pair(code, c));
    pdf.cmap(further, &map.finish());
    fonts
}

/// The measures of a whole font (Adobe's metrics).
fn described(pdf: &mut Pdf, id: Ref, name: Name<'_>, bold: bool) {
    let (bounds, stem) =
        if bold { (Rect::new(-170.0, -228.0, 1003.0, 962.0), 140.0) } else { (Rect::new(-166.0, -225.0, 1000.0, 931.0), 88.0) };
    let mut font = pdf.font_descriptor(id);
    font.name(name).flags(FontFlags::NON_SYMBOLIC).bbox(bounds).italic_angle(0.0);
    font.ascent(718.0).descent(-207.0).cap_height(718.0).x_height(if bold { 532.0 } else { 523.0 }).stem_v(stem);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_fonts() {
        // Added up by hand from Adobe's metrics.
        for (text, regular, bold) in
            [("Hello", 2278, 2445), ("Wij", 1388, 1500), ("10 %", 2279, 2279), ("é–Š€", 2335, 2335), ("Łódź", 2168, 2333)]
        {
            assert_eq!((width(&encoded(text), false), width(&encoded(text), true)), (regular, bold), "{text}");
        }
    }

    #[test]
    fn what_the_fonts_have_is_written_and_the_rest_by_its_number() {
        let plain: String = "Œuvre „Žluťoučký kůň“ – 5 ≤ 7 €".chars().filter(|c| Glyph::of(*c).is_none()).collect();
        assert_eq!(plain, "");
        assert_eq!(encoded("中a"), encoded("\\u{4e2d}a"));
        assert!(FURTHER.is_sorted_by_key(|(c, ..)| *c) && FURTHER.iter().all(|(c, ..)| matches!(Glyph::of(*c), Some(Glyph::Further(_)))));
        assert!(FURTHER.len() < usize::from(u8::MAX - FIRST_FURTHER));
    }

    #[test]
    fn no_line_is_wider_than_its_room_and_none_is_broken_too_early() {
        let text = "several words, Straßenbahnhaltestellenverzeichnis ".repeat(9);
        for (size, bold, most) in [(7.2, false, 90.0), (13.0, true, 120.0), (6.2, false, 500.0)] {
            let (lines, room) = (wrapped(&text, size, bold, most), (most / size * 1000.0) as u32);
            assert!(lines.iter().all(|line| width(line, bold) <= room));
            for pair in lines.windows(2) {
                let next = pair[1].split(|glyph| *glyph == Glyph::SPACE).next().unwrap();
                assert!(width(&pair[0], bold) + Glyph::SPACE.width(bold) + width(next, bold) > room, "{pair:?}");
            }
        }
    }
}
