//! The header of an array: a literal of Python, of which only what NumPy writes is taken.

/// A value of the literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(u64),
    Truth(bool),
    /// A tuple or a list.
    Row(Vec<Literal>),
    Map(Vec<(String, Literal)>),
}

/// Deepest nesting.
const DEEPEST: usize = 16;

/// Reads a whole literal; spaces and line ends around it are no part of it.
pub(super) fn parse(text: &str) -> Option<Literal> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\t', '\r']);
    }

    fn takes(&mut self, text: &str) -> bool {
        self.space();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Literal> {
        self.space();
        match self.rest.chars().next()? {
            _ if depth > DEEPEST => None,
            '\'' | '"' => self.text().map(Literal::Text),
            '0'..='9' => self.number(),
            '(' => self.row(")", depth),
            '[' => self.row("]", depth),
            '{' => self.map(depth),
            _ if self.takes("True") => Some(Literal::Truth(true)),
            _ if self.takes("False") => Some(Literal::Truth(false)),
            _ => None,
        }
    }

    /// A text in quotes without escapes.
    fn text(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let (text, rest) = self.rest.get(1..)?.split_once(quote)?;
        self.rest = rest;
        (!text.contains(['\\', '\n'])).then(|| text.to_owned())
    }

    fn number(&mut self) -> Option<Literal> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        // Python 2 wrote long numbers with an L.
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().ok().map(Literal::Number)
    }

    fn row(&mut self, end: &str, depth: usize) -> Option<Literal> {
        self.rest = self.rest.get(1..)?;
        let mut members = Vec::new();
        while !self.takes(end) {
            members.push(self.value(depth + 1)?);
            if !self.takes(",") {
                return self.takes(end).then_some(Literal::Row(members));
            }
        }
        Some(Literal::Row(members))
    }

    fn map(&mut self, depth: usize) -> Option<Literal> {
        self.rest = self.rest.get(1..)?;
        let mut members = Vec::new();
        while !self.takes("}") {
            self.space();
            let key = self.text()?;
            if !self.takes(":") {
                return None;
            }
            members.push((key, self.value(depth + 1)?));
            if !self.takes(",") {
                return self.takes("}").then_some(Literal::Map(members));
            }
        }
        Some(Literal::Map(members))
    }
}
