//! JSON into YAML: libyaml's emitter in block style, as go-yaml v2 drives it.

use super::style::{Style, analyse, is_break, is_printable, of_string};
use crate::ecosystems::charts::template::{float_text, json_float};
use serde_json::{Map, Number, Value};
use std::cmp::Ordering;

/// The column after which libyaml folds a line at the next space.
const WIDTH: usize = 80;

/// The document `sigs.k8s.io/yaml` writes, with its final line break.
pub fn to_string(value: &Value) -> String {
    written(value, false)
}

/// The same with lists one step further in than their key.
pub fn to_string_indented(value: &Value) -> String {
    written(value, true)
}

fn written(value: &Value, indented: bool) -> String {
    let mut emitter = Emitter { out: String::new(), indent: -1, column: 0, whitespace: true, indention: true, indented };
    emitter.node(value, Context { mapping: false, simple_key: false });
    emitter.write_indent();
    emitter.out
}

#[derive(Clone, Copy)]
struct Context {
    mapping: bool,
    simple_key: bool,
}

struct Emitter {
    out: String,
    indent: isize,
    column: usize,
    whitespace: bool,
    indention: bool,
    indented: bool,
}

impl Emitter {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    fn write_indent(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, needs_space: bool, is_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
    }

    fn deeper(&mut self, flow: bool, indentless: bool) -> isize {
        let before = self.indent;
        if self.indent < 0 {
            self.indent = if flow { 2 } else { 0 };
        } else if !indentless {
            self.indent += 2;
        }
        before
    }

    fn node(&mut self, value: &Value, context: Context) {
        match value {
            Value::Array(items) if items.is_empty() => self.empty("[", "]"),
            Value::Object(map) if map.is_empty() => self.empty("{", "}"),
            Value::Array(items) => self.sequence(items, context),
            Value::Object(map) => self.mapping(map),
            Value::Null => self.scalar("null", Style::Plain, context),
            Value::Bool(value) => self.scalar(if *value { "true" } else { "false" }, Style::Plain, context),
            Value::Number(number) => self.scalar(&number_text(number), Style::Plain, context),
            Value::String(text) => {
                let style = of_string(text, &analyse(text), context.simple_key);
                self.scalar(text, style, context);
            }
        }
    }

    fn empty(&mut self, open: &str, close: &str) {
        self.indicator(open, true, true, false);
        self.indicator(close, false, false, false);
    }

    fn sequence(&mut self, items: &[Value], context: Context) {
        let before = self.deeper(false, !self.indented && context.mapping && !self.indention);
        for item in items {
            self.write_indent();
            self.indicator("-", true, false, true);
            self.node(item, Context { mapping: false, simple_key: false });
        }
        self.indent = before;
    }

    fn mapping(&mut self, map: &Map<String, Value>) {
        let before = self.deeper(false, false);
        let mut keys: Vec<&String> = map.keys().collect();
        keys.sort_by(|a, b| natural(a, b));
        for key in keys {
            self.write_indent();
            let analysis = analyse(key);
            let simple = !analysis.multiline && key.len() <= 128;
            let context = Context { mapping: true, simple_key: simple };
            if simple {
                self.scalar(key, of_string(key, &analysis, true), context);
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, true);
                self.scalar(key, of_string(key, &analysis, false), context);
                self.write_indent();
                self.indicator(":", true, false, true);
            }
            self.node(&map[key], Context { mapping: true, simple_key: false });
        }
        self.indent = before;
    }

    fn scalar(&mut self, text: &str, style: Style, context: Context) {
        let before = self.deeper(true, false);
        let breaks = !context.simple_key;
        match style {
            Style::Plain => self.plain(text, breaks),
            Style::Single => self.single(text, breaks),
            Style::Double => self.double(text, breaks),
            Style::Literal => self.literal(text),
        }
        self.indent = before;
    }

    fn plain(&mut self, text: &str, breaks: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        self.folded(text, breaks, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn single(&mut self, text: &str, breaks: bool) {
        self.indicator("'", true, false, false);
        self.folded(text, breaks, true);
        self.indicator("'", false, false, false);
    }

    /// The characters of a plain or single quoted scalar. They have no line breaks where these styles are chosen, except that a single
    /// quoted one may have carriage returns and Unicode's line separators.
    fn folded(&mut self, text: &str, breaks: bool, quoted: bool) {
        let (mut spaces, mut broken) = (false, false);
        let mut characters = text.chars().peekable();
        let mut first = true;
        while let Some(c) = characters.next() {
            if c == ' ' {
                let inner = !quoted || (!first && characters.peek().is_some());
                if breaks && !spaces && self.column > WIDTH && inner && characters.peek() != Some(&' ') {
                    self.write_indent();
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else if is_break(c) {
                self.put_break(c);
                self.indention = true;
                broken = true;
            } else {
                if broken {
                    self.write_indent();
                }
                if quoted && c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                (self.indention, spaces, broken) = (false, false, false);
            }
            first = false;
        }
    }

    fn double(&mut self, text: &str, breaks: bool) {
        self.indicator("\"", true, false, false);
        let mut spaces = false;
        let mut characters = text.chars().peekable();
        let mut first = true;
        while let Some(c) = characters.next() {
            if !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                escape(c).chars().for_each(|e| self.put(e));
                spaces = false;
            } else if c == ' ' {
                if breaks && !spaces && self.column > WIDTH && !first && characters.peek().is_some() {
                    self.write_indent();
                    if characters.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
            first = false;
        }
        self.indicator("\"", false, false, false);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut back = text.chars().rev();
        match (back.next(), back.next()) {
            (Some(last), _) if !is_break(last) => self.indicator("-", false, false, false),
            (Some(_), None) => self.indicator("+", false, false, false),
            (Some(_), Some(before)) if is_break(before) => self.indicator("+", false, false, false),
            _ => {}
        }
        self.put_break('\n');
        (self.indention, self.whitespace) = (true, true);
        let mut broken = true;
        for c in text.chars() {
            if is_break(c) {
                self.put_break(c);
                self.indention = true;
                broken = true;
            } else {
                if broken {
                    self.write_indent();
                }
                self.put(c);
                self.indention = false;
                broken = false;
            }
        }
    }
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let code = u32::from(c);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}

/// A number goes through JSON text first: what looks like an integer there is written as one.
fn number_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    let json = json_float(float);
    match super::resolve(&json) {
        super::Scalar::Int(_) | super::Scalar::Uint(_) => json,
        _ => float_text(float, false),
    }
}

/// go-yaml's order of keys: letters after everything else, digits by the number they make.
fn natural(a: &str, b: &str) -> Ordering {
    let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = x.iter().zip(&y).position(|(a, b)| a != b) else { return x.len().cmp(&y.len()) };
    let letters = (x[at].is_alphabetic(), y[at].is_alphabetic());
    match letters {
        (true, true) => return x[at].cmp(&y[at]),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let zeros = x[at] == '0' || y[at] == '0';
    let before = x[..at].iter().rev().take_while(|c| c.is_numeric()).any(|c| *c != '0');
    let start = i64::from(zeros && before);
    let run = |text: &[char]| {
        let digits = text[at..].iter().take_while(|c| c.is_numeric());
        digits.fold((start, 0_usize), |(n, count), c| (n.wrapping_mul(10).wrapping_add(i64::from(u32::from(*c)) - 48), count + 1))
    };
    run(&x).cmp(&run(&y)).then_with(|| x[at].cmp(&y[at]))
}
