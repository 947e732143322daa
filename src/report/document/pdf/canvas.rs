//! Pages with text on them, each piece under an element of the document's structure (ISO 32000-1, 14.7 and 14.8).

use super::super::checkpoint::{Matrix, QUIET};
use super::font::{self, Glyph, NAMES, wrapped};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::StructRole;
use pdf_writer::{Content, Date, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use std::io::Write;

/// A4, and the margin on every side, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
pub const MARGIN: f32 = 34.0;
/// The width between the margins.
pub const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// The side of a code with its quiet zone, in points: 27 mm.
pub const CODE: f32 = 76.5;
const LEADING: f32 = 1.22;
const CATALOG: Ref = Ref::new(1);
const TREE: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const FONTS: i32 = 4;
const FIRST: i32 = FONTS + font::OBJECTS;

/// An element of the structure.
struct Element {
    role: StructRole,
    parent: usize,
    children: Vec<usize>,
    /// Pieces of content: page and number on it.
    content: Vec<(usize, i32)>,
    /// What a figure shows.
    alternative: Option<String>,
}

/// How text is set.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Size in points.
    pub size: f32,
    /// Whether it is bold.
    pub bold: bool,
}

/// A place on a page.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    page: usize,
    y: f32,
}

/// A document being written.
pub struct Canvas {
    elements: Vec<Element>,
    /// Of each page: the content, and the element of each piece.
    pages: Vec<(Content, Vec<usize>)>,
    /// Where the next line begins, from the lower edge.
    y: f32,
}

impl Canvas {
    /// An empty page.
    pub fn new() -> Self {
        let root = Element { role: StructRole::Document, parent: 0, children: vec![], content: vec![], alternative: None };
        let mut canvas = Self { elements: vec![root], pages: vec![], y: 0.0 };
        canvas.turn();
        canvas
    }

    /// A new page.
    pub fn turn(&mut self) {
        self.pages.push((Content::new(), vec![]));
        self.y = PAGE.1 - MARGIN;
    }

    /// A new page where so much does not fit on this one.
    pub fn keep(&mut self, points: f32) {
        self.room(points);
    }

    /// Room between blocks.
    pub fn gap(&mut self, points: f32) {
        self.y -= points;
    }

    /// An element below another; 0 is the document.
    pub fn element(&mut self, role: StructRole, parent: usize) -> usize {
        self.elements.push(Element { role, parent, children: vec![], content: vec![], alternative: None });
        let at = self.elements.len() - 1;
        self.elements[parent].children.push(at);
        at
    }

    /// Whole width of text, as a paragraph of its own.
    pub fn paragraph(&mut self, role: StructRole, text: &str, style: Style) {
        let element = self.element(role, 0);
        for line in wrapped(text, style.size, style.bold, WIDTH) {
            self.room(style.size * LEADING);
            self.y -= style.size * LEADING;
            self.show(element, MARGIN, self.y, &line, style);
        }
    }

    /// A row of cells beside each other, as (element, left edge, width, text). A row that is longer than a page goes on on the next.
    pub fn row(&mut self, cells: &[(usize, f32, f32, &str)], style: Style) {
        let set: Vec<Vec<Vec<Glyph>>> =
            cells.iter().map(|(_, _, width, text)| wrapped(text, style.size, style.bold, width - 4.0)).collect();
        let lines = set.iter().map(Vec::len).max().unwrap_or(0);
        self.room(style.size * LEADING * lines.min(8) as f32);
        for n in 0..lines {
            self.room(style.size * LEADING);
            self.y -= style.size * LEADING;
            for ((element, x, _, _), lines) in cells.iter().zip(&set) {
                if let Some(line) = lines.get(n) {
                    self.show(*element, *x, self.y, line, style);
                }
            }
        }
        self.y -= 1.5;
    }

    /// Where the next line begins, to be framed from.
    pub fn place(&self) -> Place {
        Place { page: self.pages.len(), y: self.y }
    }

    /// A frame around what was set since a place, of a width at a left edge and of a line so thick; none where a page has ended meanwhile.
    pub fn frame(&mut self, from: Place, (x, width): (f32, f32), line: f32) {
        if from.page != self.pages.len() {
            return;
        }
        let bottom = self.y - 2.5;
        let (content, _) = self.page();
        content.begin_marked_content(Name(b"Artifact"));
        content.set_line_width(line).rect(x, bottom, width, from.y - bottom).stroke();
        content.end_marked_content();
    }

    /// A line across the page, to be written on.
    pub fn rule(&mut self) {
        self.room(22.0);
        self.y -= 20.0;
        let y = self.y;
        let (content, _) = self.page();
        content.begin_marked_content(Name(b"Artifact"));
        content.set_line_width(0.6).move_to(MARGIN, y).line_to(PAGE.0 - MARGIN, y).stroke();
        content.end_marked_content();
    }

    /// A code on the right, dark on the white of the page: a figure, with its text for whoever cannot see it. What follows may be set beside
    /// it; returned is where it ends.
    pub fn matrix(&mut self, code: &Matrix) -> f32 {
        self.room(CODE);
        let (bottom, module) = (self.y - CODE, CODE / (code.side + 2 * QUIET) as f32);
        let edge = MARGIN + WIDTH - CODE;
        let element = self.element(StructRole::Figure, 0);
        self.elements[element].alternative = Some(code.text.trim_end().to_owned());
        let id = self.piece(element);
        let (content, _) = self.page();
        content.begin_marked_content_with_properties(StructRole::Figure.to_name()).properties().identify(id);
        content.save_state().set_fill_gray(0.0);
        for (x, y, length) in &code.runs {
            let (left, top) = (edge + (x + QUIET) as f32 * module, bottom + CODE - (y + QUIET) as f32 * module);
            content.rect(left, top - module, *length as f32 * module, module);
        }
        content.fill_nonzero().restore_state();
        content.end_marked_content();
        bottom
    }

    /// Goes down to a place of the page, where it is not below it.
    pub fn descend(&mut self, y: f32) {
        self.y = self.y.min(y);
    }

    /// A new piece of an element on the page: its number there.
    fn piece(&mut self, element: usize) -> i32 {
        let page = self.pages.len() - 1;
        let (_, pieces) = self.page();
        let id = i32::try_from(pieces.len()).unwrap_or(i32::MAX);
        pieces.push(element);
        self.elements[element].content.push((page, id));
        id
    }

    fn room(&mut self, points: f32) {
        if self.y - points < MARGIN {
            self.turn();
        }
    }

    fn page(&mut self) -> &mut (Content, Vec<usize>) {
        self.pages.last_mut().expect("there is a page from the beginning")
    }

    fn show(&mut self, element: usize, x: f32, y: f32, text: &[Glyph], style: Style) {
        if text.is_empty() {
            return;
        }
        let (role, id) = (self.elements[element].role, self.piece(element));
        let (content, _) = self.page();
        content.begin_marked_content_with_properties(role.to_name()).properties().identify(id);
        content.begin_text().set_text_matrix([1.0, 0.0, 0.0, 1.0, x, y]);
        for run in text.chunk_by(|one, next| one.code().0 == next.code().0) {
            let name = NAMES[usize::from(style.bold)][run[0].code().0];
            let bytes: Vec<u8> = run.iter().map(|glyph| glyph.code().1).collect();
            content.set_font(Name(name), style.size).show(Str(&bytes));
        }
        content.end_text();
        content.end_marked_content();
    }

    /// The file. Nothing in it is of the moment: its date is the one that is given.
    pub fn finish(self, title: &str, code: &str, date: Option<Date>) -> Vec<u8> {
        // There are at most as many pages and elements as rows in a report, far fewer than numbers.
        let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX / 4);
        let pages = number(self.pages.len());
        let page = |n: usize| Ref::new(FIRST + 3 * number(n));
        let after = FIRST + 3 * pages;
        let element = |n: usize| Ref::new(after + number(n));
        let mut pdf = Pdf::new();
        let mut catalog = pdf.catalog(CATALOG);
        catalog.pages(TREE).lang(TextStr(code));
        catalog.mark_info().marked(true);
        catalog.viewer_preferences().display_doc_title(true);
        let mut root = catalog.struct_tree_root();
        root.child(element(0)).parent_tree_next_key(pages);
        let mut tree = root.parent_tree();
        let mut nums = tree.nums();
        (0..self.pages.len()).for_each(|n| {
            nums.insert(number(n), Ref::new(FIRST + 3 * number(n) + 2));
        });
        nums.finish();
        tree.finish();
        root.finish();
        catalog.finish();
        pdf.pages(TREE).count(pages).kids((0..self.pages.len()).map(page));
        let fonts = font::write(&mut pdf, FONTS);
        let mut info = pdf.document_info(INFO);
        info.title(TextStr(title)).producer(TextStr(super::super::TOOL));
        if let Some(date) = date {
            info.creation_date(date);
        }
        info.finish();
        for (n, (content, pieces)) in self.pages.into_iter().enumerate() {
            let (contents, parents) = (Ref::new(FIRST + 3 * number(n) + 1), Ref::new(FIRST + 3 * number(n) + 2));
            let mut one = pdf.page(page(n));
            one.parent(TREE).media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).contents(contents).struct_parents(number(n));
            let mut resources = one.resources();
            let mut named = resources.fonts();
            NAMES.iter().flatten().zip(fonts.iter().flatten()).for_each(|(name, id)| {
                named.pair(Name(name), *id);
            });
            named.finish();
            resources.finish();
            one.finish();
            pdf.stream(contents, &deflated(&content.finish())).filter(Filter::FlateDecode);
            pdf.indirect(parents).array().items(pieces.into_iter().map(element));
        }
        for (n, one) in self.elements.iter().enumerate() {
            let mut written = pdf.struct_element(element(n));
            written.kind(one.role).parent(if n == 0 { CATALOG } else { element(one.parent) });
            if let Some(text) = &one.alternative {
                written.alt(TextStr(text));
            }
            let mut children = written.children();
            one.children.iter().for_each(|child| {
                children.struct_element(element(*child));
            });
            one.content.iter().for_each(|(at, id)| {
                children.marked_content_ref().page(page(*at)).marked_content_id(*id);
            });
        }
        pdf.finish()
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // A vector takes everything.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}
