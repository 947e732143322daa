//! The parsed template.

use super::engine::Function;
use std::rc::Rc;

/// A named template: its body and the file it stands in.
#[derive(Debug)]
pub struct Tree {
    /// The name it is called by.
    pub name: Rc<str>,
    /// The file it was parsed from, for messages.
    pub file: Rc<File>,
    pub(super) body: Vec<Node>,
}

/// A source file.
#[derive(Debug)]
pub struct File {
    /// Its name: `chart/templates/service.yaml`.
    pub name: Rc<str>,
    /// Its text.
    pub text: Rc<str>,
}

impl File {
    /// `name:line:column`, the column counted in bytes from zero, as Go does.
    pub fn place(&self, at: usize) -> String {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|b| **b != b'\n').count();
        format!("{}:{line}:{column}", self.name)
    }

    /// `name:line`
    pub fn line(&self, at: usize) -> String {
        let place = self.place(at);
        place.rsplit_once(':').map_or(place.clone(), |(line, _)| line.to_string())
    }
}

#[derive(Debug)]
pub(super) enum Node {
    Text(Rc<str>),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(Rc<str>, Option<Pipe>, usize),
    Break,
    Continue,
}

#[derive(Debug)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) at: usize,
    pub(super) assign: bool,
    pub(super) variables: Vec<Rc<str>>,
    pub(super) commands: Vec<Command>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) operands: Vec<Operand>,
}

/// An operand and the range of the source it stands in.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

impl Operand {
    /// Where Go says that it stands: a chain of fields, at the field behind its first part.
    pub(super) fn place(&self, source: &str) -> usize {
        let text = source.get(self.start..self.end).unwrap_or_default();
        let behind = match &self.kind {
            Kind::Field(names) if names.len() > 1 => text.get(1..).and_then(|rest| rest.find('.')).map(|at| at + 1),
            Kind::Variable(..) => text.find('.'),
            Kind::Chain(inner, _) => inner.end.checked_sub(self.start),
            _ => None,
        };
        self.start + behind.unwrap_or(0)
    }
}

#[derive(Debug)]
pub(super) enum Kind {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Rc<str>),
    /// `.a.b`
    Field(Vec<Rc<str>>),
    /// `$x.a.b`
    Variable(Rc<str>, Vec<Rc<str>>),
    Function(Rc<str>, Function),
    /// `(pipeline).a.b`, and fields of a constant.
    Chain(Box<Operand>, Vec<Rc<str>>),
    Pipe(Box<Pipe>),
}

/// A constant: an integer if it can be one.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// `int`
    Int(i64),
    /// `float64`
    Float(f64),
}

impl Number {
    /// Go's number syntax: decimal, hexadecimal, octal, binary, underscores between digits.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.replace('_', "");
        let (sign, digits) = match plain.as_bytes().first()? {
            b'-' => (-1, &plain[1..]),
            b'+' => (1, &plain[1..]),
            _ => (1, plain.as_str()),
        };
        let lower = digits.to_ascii_lowercase();
        let radix = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find_map(|(p, r)| Some((lower.strip_prefix(p)?, r)));
        let (body, radix) = match radix {
            Some(found) => found,
            None if lower.len() > 1 && lower.starts_with('0') && lower.bytes().all(|b| b.is_ascii_digit()) => (&lower[1..], 8),
            None => (lower.as_str(), 10),
        };
        if !body.is_empty() && body.bytes().all(|b| char::from(b).is_digit(radix)) {
            return i128::from_str_radix(body, radix).ok().and_then(|v| i64::try_from(v * sign).ok()).map(Self::Int);
        }
        let decimal = lower.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-'));
        let value = (decimal && radix == 10).then(|| lower.parse::<f64>().ok()).flatten()?;
        value.is_finite().then_some(Self::Float(value * sign as f64))
    }
}
