//! Walks a tree: Go's `text/template/exec`, rule by rule.

use super::compare;
use super::engine::{Engine, Entry, Fault};
use super::format::sprint_value;
use super::object::Object;
use super::octets;
use super::tree::{Branch, Command, Kind, Node, Number, Operand, Pipe, Tree};
use super::value::Value;
use super::work;
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

type Done<T> = Result<T, Fault>;

/// How a list of nodes ended.
#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

struct Run<'e, 't> {
    engine: &'e mut Engine,
    tree: &'t Tree,
    variables: Vec<(Rc<str>, Value)>,
    out: String,
}

pub(super) fn execute(engine: &mut Engine, tree: &Rc<Tree>, data: Value) -> Done<String> {
    let mut run = Run { engine, tree, variables: vec![("$".into(), data.clone())], out: String::new() };
    run.walk(&data, &tree.body)?;
    Ok(run.out)
}

impl Run<'_, '_> {
    fn walk(&mut self, dot: &Value, nodes: &[Node]) -> Done<Flow> {
        for node in nodes {
            self.engine.step()?;
            match node {
                Node::Text(text) => self.write(text)?,
                Node::Action(pipe) => {
                    let value = self.pipeline(dot, pipe)?;
                    if pipe.variables.is_empty() {
                        self.print(&value)?;
                    }
                }
                Node::If(branch) | Node::With(branch) => {
                    let flow = self.conditional(dot, branch, matches!(node, Node::With(_)))?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Node::Range(branch) => {
                    let flow = self.range(dot, branch)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Node::Template(name, pipe, at) => self.template(dot, name, pipe.as_ref(), *at)?,
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::Next)
    }

    fn write(&mut self, text: &str) -> Done<()> {
        self.engine.wrote(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    fn print(&mut self, value: &Value) -> Done<()> {
        match value {
            Value::Absent | Value::Nil => self.write("<no value>"),
            Value::Text(text) => self.write(text),
            // An addressable struct prints itself.
            Value::Object(object) if let Object::KubeVersion { version, .. } = &**object => self.write(version),
            other => {
                self.charge(work::of_printing(other))?;
                self.write(&sprint_value(other))
            }
        }
    }

    /// Counts what is about to be read; a failure is a value too large to be read at all.
    fn charge(&mut self, units: Result<u64, String>) -> Done<()> {
        let refused = units.as_ref().err().cloned();
        self.engine.worked(units.unwrap_or(work::REFUSED))?;
        refused.map_or(Ok(()), |message| Err(message.into()))
    }

    /// The message with the place it happened at, as Go words it.
    fn placed(&self, fault: Fault, at: usize, span: Range<usize>) -> Fault {
        if fault.placed {
            return fault;
        }
        let source = &self.tree.file.text;
        let snippet: String = source.get(span).unwrap_or_default().chars().take(60).collect();
        let (place, name) = (self.tree.file.place(at), &self.tree.name);
        let why = shortened(&fault.message);
        Fault { message: format!("template: {place}: executing {name:?} at <{snippet}>: {why}"), placed: true, ..fault }
    }

    fn conditional(&mut self, dot: &Value, branch: &Branch, with: bool) -> Done<Flow> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = if value.truth() { self.walk(if with { &value } else { dot }, &branch.body) } else { self.walk(dot, &branch.otherwise) };
        self.variables.truncate(mark);
        flow
    }

    fn template(&mut self, dot: &Value, name: &Rc<str>, pipe: Option<&Pipe>, at: usize) -> Done<()> {
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Absent,
        };
        let made = self.engine.render(name, data).map_err(|fault| {
            let known = fault.placed;
            if known { fault } else { self.placed(fault, at, at..at + 2) }
        })?;
        self.out.push_str(&made);
        Ok(())
    }

    fn range(&mut self, dot: &Value, branch: &Branch) -> Done<Flow> {
        let outer = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let at = branch.pipe.at;
        let last = branch.pipe.commands.last().and_then(|c| c.operands.last());
        let span = at..last.map_or(at, |o| o.end);
        if matches!(value, Value::Map(_) | Value::Object(_)) {
            self.engine.worked(work::of_top(&value)).map_err(|f| self.placed(f, at, span.clone()))?;
        }
        let turns = elements(&value).map_err(|m| self.placed(m.into(), at, span.clone()))?;
        let flow = match turns {
            None => self.walk(dot, &branch.otherwise)?,
            // A loop without end has no place of its own that it fails at.
            Some(turns) => {
                self.turns(&branch.pipe, &branch.body, turns).map_err(|f| if f.exhausted { self.placed(f, at, span) } else { f })?
            }
        };
        self.variables.truncate(outer);
        Ok(flow)
    }

    fn turns(&mut self, pipe: &Pipe, body: &[Node], turns: Turns) -> Done<Flow> {
        let mark = self.variables.len();
        for (index, element) in turns {
            self.engine.step()?;
            match (&pipe.variables[..], pipe.assign) {
                ([], _) => {}
                ([one], true) => self.set(one, element.clone())?,
                ([first, second, ..], true) => {
                    self.set(first, index)?;
                    self.set(second, element.clone())?;
                }
                ([_], false) => self.variables[mark - 1].1 = element.clone(),
                ([_, _, ..], false) => {
                    self.variables[mark - 2].1 = index;
                    self.variables[mark - 1].1 = element.clone();
                }
            }
            let flow = self.walk(&element, body);
            self.variables.truncate(mark);
            if flow? == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    fn set(&mut self, name: &str, value: Value) -> Done<()> {
        if let Some(at) = self.find(name)? {
            self.variables[at].1 = value;
        }
        Ok(())
    }

    /// Where a variable is; those before it are looked at, which counts.
    fn find(&mut self, name: &str) -> Done<Option<usize>> {
        let found = self.variables.iter().rposition(|v| &*v.0 == name);
        self.engine.worked((self.variables.len() - found.unwrap_or(0)) as u64)?;
        Ok(found)
    }

    fn pipeline(&mut self, dot: &Value, pipe: &Pipe) -> Done<Value> {
        let mut value = None;
        for command in &pipe.commands {
            value = Some(match self.command(dot, command, value)? {
                // An interface that holds nothing becomes no value at all here.
                Value::Nil => Value::Absent,
                other => other,
            });
        }
        let value = value.unwrap_or_default();
        for name in &pipe.variables {
            if pipe.assign {
                self.set(name, value.clone())?;
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(&mut self, dot: &Value, command: &Command, last: Option<Value>) -> Done<Value> {
        self.engine.step()?;
        let first = &command.operands[0];
        let end = command.operands.last().map_or(first.end, |o| o.end);
        let rest = &command.operands[1..];
        let made = match &first.kind {
            Kind::Function(name, entry) => self.call(dot, name, entry, rest, last),
            Kind::Field(names) => self.with_arguments(dot, dot, names, rest, last),
            Kind::Variable(name, names) if !names.is_empty() => {
                let value = self.variable(name)?;
                self.with_arguments(dot, &value, names, rest, last)
            }
            Kind::Chain(inner, names) => {
                let value = self.operand(dot, inner)?;
                self.with_arguments(dot, &value, names, rest, last)
            }
            _ if !rest.is_empty() || last.is_some() => {
                let text = self.tree.file.text.get(first.start..first.end).unwrap_or_default();
                Err(format!("can't give argument to non-function {text}").into())
            }
            Kind::Nil => Err("nil is not a command".into()),
            _ => self.operand(dot, first),
        };
        made.map_err(|fault| self.placed(fault, first.place(&self.tree.file.text), first.start..end))
    }

    fn variable(&mut self, name: &str) -> Done<Value> {
        Ok(self.find(name)?.map_or(Value::Absent, |at| self.variables[at].1.clone()))
    }

    /// An operand as an argument.
    fn operand(&mut self, dot: &Value, operand: &Operand) -> Done<Value> {
        let made = match &operand.kind {
            Kind::Dot => Ok(dot.clone()),
            Kind::Nil => Ok(Value::Nil),
            Kind::Bool(value) => Ok(Value::Bool(*value)),
            Kind::Number(Number::Int(value)) => Ok(Value::Int(*value)),
            Kind::Number(Number::Float(value)) => Ok(Value::Float(*value)),
            Kind::Text(text) => Ok(Value::Text(text.clone())),
            Kind::Field(names) => self.with_arguments(dot, dot, names, &[], None),
            Kind::Variable(name, names) => {
                let value = self.variable(name)?;
                if names.is_empty() { Ok(value) } else { self.with_arguments(dot, &value, names, &[], None) }
            }
            Kind::Chain(inner, names) => {
                let value = self.operand(dot, inner)?;
                self.with_arguments(dot, &value, names, &[], None)
            }
            Kind::Pipe(pipe) => {
                let mark = self.variables.len();
                let made = self.pipeline(dot, pipe);
                self.variables.truncate(mark);
                made
            }
            Kind::Function(name, entry) => self.call(dot, name, entry, &[], None),
        };
        made.map_err(|fault| self.placed(fault, operand.place(&self.tree.file.text), operand.start..operand.end))
    }

    /// A chain of fields; arguments go to the last, which must then be a method.
    fn with_arguments(&mut self, dot: &Value, receiver: &Value, names: &[Rc<str>], rest: &[Operand], last: Option<Value>) -> Done<Value> {
        let Some((name, before)) = names.split_last() else { return Ok(receiver.clone()) };
        let mut value = receiver.clone();
        for name in before {
            value = field(&value, name, &[])?;
        }
        let mut arguments = vec![];
        for operand in rest {
            arguments.push(self.operand(dot, operand)?);
        }
        arguments.extend(last);
        let made = field(&value, name, &arguments)?;
        if let Value::Object(object) = &value
            && let Object::Files(files) = &**object
        {
            // Methods of files copy them or write them anew.
            self.engine.worked(32 * files.len() as u64 + 4 * work::of_top(&made))?;
        }
        Ok(made)
    }

    fn call(&mut self, dot: &Value, name: &str, entry: &Entry, rest: &[Operand], last: Option<Value>) -> Done<Value> {
        let count = rest.len() + usize::from(last.is_some());
        let (least, most) = (usize::from(entry.arity.0), usize::from(entry.arity.1));
        if count < least || (count > most && most != 255) {
            let want = if most == 255 { format!("at least {least}") } else { least.to_string() };
            return Err(format!("wrong number of args for {name}: want {want} got {count}").into());
        }
        if matches!(name, "and" | "or") {
            return self.short_circuit(dot, name == "or", rest, last);
        }
        let mut values = Vec::with_capacity(count);
        for operand in rest {
            values.push(self.operand(dot, operand)?);
        }
        values.extend(last);
        self.charge(work::of_call(name, &values))?;
        let made = (entry.run)(self.engine, super::Arguments { values: &values }).map_err(|fault| {
            // Go words a wrong type without the name of the function.
            let typed = fault.message.starts_with("wrong type for value;") || fault.message.starts_with("invalid value;");
            let message = if typed { fault.message } else { format!("error calling {name}: {}", fault.message) };
            Fault { message, placed: false, ..fault }
        })?;
        let Value::Text(text) = made else { return Ok(made) };
        self.engine.wrote(text.len())?;
        Ok(Value::Text(match octets::settled(&text) {
            Cow::Owned(settled) => settled.into(),
            Cow::Borrowed(_) => text,
        }))
    }

    fn short_circuit(&mut self, dot: &Value, or: bool, rest: &[Operand], last: Option<Value>) -> Done<Value> {
        let mut value = Value::Absent;
        for operand in rest {
            value = self.operand(dot, operand)?;
            if value.truth() == or {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}

/// Longest account of where a failure came through, in bytes; templates that call one another deep have their middle left out.
const LONGEST: usize = 4_000;

fn shortened(message: &str) -> Cow<'_, str> {
    if message.len() <= LONGEST {
        return Cow::Borrowed(message);
    }
    let (begin, end) = (message.floor_char_boundary(LONGEST / 4), message.ceil_char_boundary(message.len() - LONGEST / 8));
    Cow::Owned(format!("{} … {}", &message[..begin], &message[end..]))
}

type Turns = Box<dyn Iterator<Item = (Value, Value)>>;

/// What `range` walks over; `None` is nothing at all.
fn elements(value: &Value) -> Result<Option<Turns>, String> {
    let boxed = |items: Vec<(Value, Value)>| -> Option<Turns> { if items.is_empty() { None } else { Some(Box::new(items.into_iter())) } };
    let indexed = |items: Vec<Value>| boxed(items.into_iter().enumerate().map(|(i, v)| (Value::Int(i as i64), v)).collect());
    Ok(match value {
        Value::List(list) if list.items.is_empty() => None,
        Value::List(list) => {
            let list = list.clone();
            Some(Box::new((0..list.items.len()).map(move |i| (Value::Int(i as i64), list.items[i].clone()))))
        }
        Value::Map(map) => boxed(map.entries().into_iter().map(|(k, v)| (Value::Text(k), v)).collect()),
        Value::Int(count) | Value::Long(count) if *count > 0 => Some(Box::new((0..*count).map(|i| (Value::Int(i), Value::Int(i))))),
        Value::Absent | Value::Nil | Value::Int(_) | Value::Long(_) => None,
        Value::Object(object) => match &**object {
            Object::Files(files) => {
                boxed(files.iter().map(|(k, v)| (Value::Text(k.clone()), Value::object(Object::Bytes(v.clone())))).collect())
            }
            Object::Versions(versions) => indexed(versions.iter().map(|v| Value::Text(v.clone())).collect()),
            Object::Bytes(bytes) => indexed(bytes.iter().map(|b| Value::Int(i64::from(*b))).collect()),
            _ => return Err(format!("range can't iterate over {}", sprint_value(value))),
        },
        other => return Err(format!("range can't iterate over {}", sprint_value(other))),
    })
}

/// A field or method of a value.
fn field(value: &Value, name: &str, arguments: &[Value]) -> Result<Value, String> {
    match value {
        Value::Absent => return Ok(Value::Absent),
        Value::Nil => return Err(format!("nil pointer evaluating interface {{}}.{name}")),
        Value::Object(object) => {
            if let Some(made) = object.method(name, arguments) {
                return made.map_err(|e| if e.starts_with("wrong") { e } else { format!("error calling {name}: {e}") });
            }
            if let Some(found) = object.field(name) {
                return if arguments.is_empty() {
                    Ok(found)
                } else {
                    Err(format!("{name} has arguments but cannot be invoked as function"))
                };
            }
        }
        Value::Map(map) => {
            if !arguments.is_empty() {
                return Err(format!("{name} is not a method but has arguments"));
            }
            return Ok(map.get(name).unwrap_or(Value::Nil));
        }
        _ => {}
    }
    Err(format!("can't evaluate field {name} in type {}", compare::go_type(value)))
}
