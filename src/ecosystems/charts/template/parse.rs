//! Tokens into trees: the grammar of Go's `text/template/parse`.

use super::engine::{Function, lookup};
use super::lex::{Failure, Piece, Spanned, Token, pieces};
use super::tree::{Branch, Command, File, Kind, Node, Number, Operand, Pipe, Tree};
use std::collections::HashMap;
use std::rc::Rc;

/// How deep blocks and parentheses may nest in one file.
const MAX_NESTING: usize = 200;

/// The templates of a file by name, its own body first, or `file:line: message`.
pub fn parse(name: &str, text: &str) -> Result<Vec<Rc<Tree>>, String> {
    let file = Rc::new(File { name: name.into(), text: text.into() });
    let failed = |(at, message): Failure| format!("{}: {message}", file.line(at));
    let pieces = pieces(text).map_err(failed)?;
    let mut parser = Parser {
        pieces: pieces.into_iter(),
        file: file.clone(),
        variables: vec!["$".into()],
        trees: vec![],
        loops: 0,
        depth: 0,
        end: text.len(),
    };
    let body = parser.top().map_err(failed)?;
    let mut trees = vec![Rc::new(Tree { name: file.name.clone(), file, body })];
    let mut seen = HashMap::new();
    for (tree, at) in parser.trees {
        if let Some(before) = seen.insert(tree.name.clone(), empty(&tree.body))
            && !before
            && !empty(&tree.body)
        {
            return Err(format!("{}: template: multiple definition of template {:?}", tree.file.line(at), tree.name));
        }
        trees.push(tree);
    }
    Ok(trees)
}

/// Whether a body is nothing but white space: such a definition never replaces another.
pub fn is_empty(tree: &Tree) -> bool {
    empty(&tree.body)
}

fn empty(body: &[Node]) -> bool {
    body.iter().all(|n| matches!(n, Node::Text(text) if text.trim().is_empty()))
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
    file: Rc<File>,
    variables: Vec<Rc<str>>,
    trees: Vec<(Rc<Tree>, usize)>,
    loops: usize,
    depth: usize,
    end: usize,
}

/// What ended a list of nodes.
enum Stop {
    End,
    Else(Vec<Spanned>, usize),
    Eof,
}

type Parsed<T> = Result<T, Failure>;

fn keyword(tokens: &[Spanned]) -> Option<&str> {
    match tokens.first().map(|t| &t.token) {
        Some(Token::Name(name)) => Some(name),
        _ => None,
    }
}

impl Parser {
    fn top(&mut self) -> Parsed<Vec<Node>> {
        match self.list()? {
            (body, Stop::Eof) => Ok(body),
            (_, Stop::End) => Err((self.end, "unexpected {{end}}".into())),
            (_, Stop::Else(_, at)) => Err((at, "unexpected {{else}}".into())),
        }
    }

    fn list(&mut self) -> Parsed<(Vec<Node>, Stop)> {
        let mut nodes = vec![];
        while let Some(piece) = self.pieces.next() {
            match piece {
                Piece::Text(text) => nodes.push(Node::Text(text)),
                Piece::Action(tokens, at) => match keyword(&tokens) {
                    Some("end") => {
                        self.end = at;
                        Self::nothing_more(&tokens[1..], "end")?;
                        return Ok((nodes, Stop::End));
                    }
                    Some("else") => return Ok((nodes, Stop::Else(tokens, at))),
                    _ => nodes.extend(self.action(&tokens, at)?),
                },
            }
        }
        Ok((nodes, Stop::Eof))
    }

    fn nothing_more(tokens: &[Spanned], context: &str) -> Parsed<()> {
        tokens.first().map_or(Ok(()), |t| Err((t.start, format!("unexpected {:?} in {context}", t.token))))
    }

    fn nested<T>(&mut self, at: usize, body: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return Err((at, format!("nested deeper than {MAX_NESTING}")));
        }
        self.depth += 1;
        let result = body(self);
        self.depth -= 1;
        result
    }

    fn action(&mut self, tokens: &[Spanned], at: usize) -> Parsed<Option<Node>> {
        let rest = tokens.get(1..).unwrap_or_default();
        match keyword(tokens) {
            Some("if") => self.branch(rest, at, "if").map(|b| Some(Node::If(b))),
            Some("with") => self.branch(rest, at, "with").map(|b| Some(Node::With(b))),
            Some("range") => self.branch(rest, at, "range").map(|b| Some(Node::Range(b))),
            Some("define") => self.define(rest, at).map(|()| None),
            Some("block") => self.block(rest, at).map(Some),
            Some("template") => self.template(rest, at).map(Some),
            Some(word @ ("break" | "continue")) if lookup(word).is_none() => {
                Self::nothing_more(rest, word)?;
                if self.loops == 0 {
                    return Err((at, format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                Ok(Some(if word == "break" { Node::Break } else { Node::Continue }))
            }
            _ => Ok(Some(Node::Action(self.pipeline(tokens, at, "command", 1)?))),
        }
    }

    fn branch(&mut self, tokens: &[Spanned], at: usize, word: &'static str) -> Parsed<Branch> {
        let mark = self.variables.len();
        let made = self.nested(at, |parser| parser.branch_body(tokens, at, word));
        self.variables.truncate(mark);
        made
    }

    fn branch_body(&mut self, tokens: &[Spanned], at: usize, word: &'static str) -> Parsed<Branch> {
        let most = if word == "range" { 2 } else { 1 };
        let pipe = self.pipeline(tokens, at, word, most)?;
        self.loops += usize::from(word == "range");
        let body = self.list();
        self.loops -= usize::from(word == "range");
        let (body, stop) = body?;
        let otherwise = match stop {
            Stop::End => vec![],
            Stop::Eof => return Err((self.file.text.len(), "unexpected EOF".into())),
            Stop::Else(tokens, at) => self.otherwise(&tokens, at, word)?,
        };
        Ok(Branch { pipe, body, otherwise })
    }

    fn otherwise(&mut self, tokens: &[Spanned], at: usize, word: &str) -> Parsed<Vec<Node>> {
        let chained = keyword(&tokens[1..]);
        match chained {
            Some("if") if word == "if" => Ok(vec![Node::If(self.branch(&tokens[2..], at, "if")?)]),
            Some("with") if word == "with" => Ok(vec![Node::With(self.branch(&tokens[2..], at, "with")?)]),
            _ => {
                Self::nothing_more(&tokens[1..], "else")?;
                match self.list()? {
                    (body, Stop::End) => Ok(body),
                    (_, Stop::Else(_, at)) => Err((at, "expected end; found {{else}}".into())),
                    (_, Stop::Eof) => Err((self.file.text.len(), "unexpected EOF".into())),
                }
            }
        }
    }

    fn name(tokens: &[Spanned], at: usize, context: &str) -> Parsed<Rc<str>> {
        match tokens.first().map(|t| &t.token) {
            Some(Token::Text(name)) => Ok(name.clone()),
            _ => Err((at, format!("missing name in {context} clause"))),
        }
    }

    fn define(&mut self, tokens: &[Spanned], at: usize) -> Parsed<()> {
        if self.depth > 0 {
            return Err((at, "unexpected {{define}}".into()));
        }
        let name = Self::name(tokens, at, "define")?;
        Self::nothing_more(&tokens[1..], "define clause")?;
        self.named(name, at)
    }

    fn named(&mut self, name: Rc<str>, at: usize) -> Parsed<()> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let loops = std::mem::take(&mut self.loops);
        let made = self.nested(at, Self::list);
        self.variables = variables;
        self.loops = loops;
        let (body, Stop::End) = made? else { return Err((at, "unexpected EOF, or else, in define clause".into())) };
        self.trees.push((Rc::new(Tree { name, file: self.file.clone(), body }), at));
        Ok(())
    }

    fn block(&mut self, tokens: &[Spanned], at: usize) -> Parsed<Node> {
        let name = Self::name(tokens, at, "block")?;
        let pipe = self.pipeline(&tokens[1..], at, "block", 1)?;
        self.named(name.clone(), at)?;
        Ok(Node::Template(name, Some(pipe), at))
    }

    fn template(&mut self, tokens: &[Spanned], at: usize) -> Parsed<Node> {
        let name = Self::name(tokens, at, "template")?;
        let pipe = if tokens.len() > 1 { Some(self.pipeline(&tokens[1..], at, "template", 1)?) } else { None };
        Ok(Node::Template(name, pipe, at))
    }

    fn pipeline(&mut self, tokens: &[Spanned], at: usize, context: &str, most: usize) -> Parsed<Pipe> {
        let (variables, assign, used) = self.variables_of(tokens, most, context)?;
        let rest = &tokens[used..];
        let start = rest.first().map_or(at, |t| t.start);
        if rest.is_empty() {
            return Err((at, format!("missing value for {context}")));
        }
        let mut commands = vec![];
        for (index, part) in split(rest).into_iter().enumerate() {
            let Some(first) = part.first() else { return Err((start, format!("missing value for {context}"))) };
            let command = self.command(part)?;
            let constant = matches!(command.operands[0].kind, Kind::Bool(_) | Kind::Dot | Kind::Nil | Kind::Number(_) | Kind::Text(_));
            if index > 0 && constant {
                return Err((first.start, format!("non executable command in pipeline stage {}", index + 1)));
            }
            commands.push(command);
        }
        // Declared only now: a variable is not known in its own value.
        if !assign {
            self.variables.extend(variables.iter().cloned());
        }
        Ok(Pipe { at: start, assign, variables, commands })
    }

    /// `$x :=`, `$x =`, `$i, $x :=`
    fn variables_of(&self, tokens: &[Spanned], most: usize, context: &str) -> Parsed<(Vec<Rc<str>>, bool, usize)> {
        let variable = |i: usize| match tokens.get(i).map(|t| &t.token) {
            Some(Token::Variable(name)) => Some(Rc::<str>::from(name.as_str())),
            _ => None,
        };
        let operator = |i: usize| tokens.get(i).map(|t| &t.token);
        let Some(first) = variable(0) else { return Ok((vec![], false, 0)) };
        let (names, end) = match (operator(1), variable(2)) {
            (Some(Token::Declare | Token::Assign), _) => (vec![first], 1),
            (Some(Token::Comma), Some(second)) if matches!(operator(3), Some(Token::Declare | Token::Assign)) => (vec![first, second], 3),
            (Some(Token::Comma), _) => return Err((tokens[1].start, format!("range can only initialize variables in {context}"))),
            _ => return Ok((vec![], false, 0)),
        };
        if names.len() > most {
            return Err((tokens[0].start, format!("too many declarations in {context}")));
        }
        let assign = operator(end) == Some(&Token::Assign);
        if assign {
            names.iter().try_for_each(|n| self.known(n, tokens[0].start))?;
        }
        Ok((names, assign, end + 1))
    }

    fn known(&self, name: &str, at: usize) -> Parsed<()> {
        if self.variables.iter().any(|v| &**v == name) { Ok(()) } else { Err((at, format!("undefined variable {name:?}"))) }
    }

    fn command(&mut self, tokens: &[Spanned]) -> Parsed<Command> {
        let mut operands = vec![];
        let mut at = 0;
        while at < tokens.len() {
            if at > 0 && !tokens[at].spaced {
                return Err((tokens[at].start, format!("unexpected {:?} in operand", tokens[at].token)));
            }
            let (operand, used) = self.operand(&tokens[at..])?;
            operands.push(operand);
            at += used;
        }
        Ok(Command { operands })
    }

    fn operand(&mut self, tokens: &[Spanned]) -> Parsed<(Operand, usize)> {
        let (start, mut used) = (tokens[0].start, 1);
        let mut kind = match &tokens[0].token {
            Token::Open => {
                let close = matching(tokens);
                used = close + 1;
                let pipe = self.nested(start, |p| p.pipeline(&tokens[1..close], start, "parenthesized pipeline", 1))?;
                Kind::Pipe(Box::new(pipe))
            }
            other => self.term(other, start)?,
        };
        let mut fields: Vec<Rc<str>> = vec![];
        while let Some(Spanned { token: Token::Field(name), spaced: false, .. }) = tokens.get(used) {
            if name.is_empty() {
                return Err((tokens[used].start, "unexpected <.> in operand".into()));
            }
            fields.push(name.as_str().into());
            used += 1;
        }
        let end = tokens[used - 1].end;
        if !fields.is_empty() {
            kind = match kind {
                Kind::Field(mut names) => {
                    names.append(&mut fields);
                    Kind::Field(names)
                }
                Kind::Variable(name, mut names) => {
                    names.append(&mut fields);
                    Kind::Variable(name, names)
                }
                Kind::Bool(_) | Kind::Number(_) | Kind::Nil | Kind::Dot | Kind::Text(_) => {
                    return Err((start, "unexpected . after term".into()));
                }
                other => Kind::Chain(Box::new(Operand { start, end, kind: other }), fields),
            };
        }
        Ok((Operand { start, end, kind }, used))
    }

    fn term(&self, token: &Token, at: usize) -> Parsed<Kind> {
        Ok(match token {
            Token::Name(name) => match name.as_str() {
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                "nil" => Kind::Nil,
                name => {
                    let function: Function = lookup(name).ok_or_else(|| (at, format!("function {name:?} not defined")))?;
                    Kind::Function(name.into(), function)
                }
            },
            Token::Field(name) if name.is_empty() => Kind::Dot,
            Token::Field(name) => Kind::Field(vec![name.as_str().into()]),
            Token::Variable(name) => {
                self.known(name, at)?;
                Kind::Variable(name.as_str().into(), vec![])
            }
            Token::Text(text) => Kind::Text(text.clone()),
            Token::Number(text) => Kind::Number(Number::parse(text).ok_or_else(|| (at, format!("bad number syntax: {text:?}")))?),
            other => return Err((at, format!("unexpected {other:?} in command"))),
        })
    }
}

/// The parts of a pipeline between its own `|`.
fn split(tokens: &[Spanned]) -> Vec<&[Spanned]> {
    let mut depth = 0_usize;
    let mut parts = vec![];
    let mut start = 0;
    for (index, spanned) in tokens.iter().enumerate() {
        match spanned.token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Pipe if depth == 0 => {
                parts.push(&tokens[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}

/// The index of the parenthesis that closes the first token; the lexer saw that they are even.
fn matching(tokens: &[Spanned]) -> usize {
    let mut depth = 0_usize;
    for (index, spanned) in tokens.iter().enumerate() {
        match spanned.token {
            Token::Open => depth += 1,
            Token::Close => {
                depth -= 1;
                if depth == 0 {
                    return index;
                }
            }
            _ => {}
        }
    }
    tokens.len() - 1
}
