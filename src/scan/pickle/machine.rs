//! The machine that a pickle is a program for, without objects: a stack with marks, and a memo.
//!
//! It ends where Python's readers raise. Where they need not agree, or a value cannot be followed, it goes on and keeps a doubt.

use super::arrays::{self, Follows};
use super::opcode::Op;
use super::value::{Pool, Value};

/// Most values on the stack, marks, and entries of the memo.
const MOST_VALUES: usize = 1 << 20;
const MOST_MARKS: usize = 1 << 16;
const MOST_MEMO: u64 = 1 << 21;

/// joblib's stand-in for an array, whose bytes lie between the opcodes.
pub(super) const WRAPPER: &str = "joblib.numpy_pickle.NumpyArrayWrapper";
const DTYPE: &str = "numpy.dtype";

/// What a step leads to.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    Next,
    /// The pickle is at its end, with this value.
    Stopped(Value),
    /// Bytes of an array stand here, to readers that know of them.
    Array(Follows),
}

/// Where a reader raises: why.
pub(super) type Outcome<T> = Result<T, &'static str>;

/// What is not fatal to a reader and cannot be told.
#[derive(Debug, Default)]
pub(super) struct Doubts(Vec<&'static str>);

impl Doubts {
    pub fn add(&mut self, what: &'static str) {
        if !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    pub fn list(&self) -> &[&'static str] {
        &self.0
    }
}

/// One reading of a stream of opcodes.
#[derive(Debug, Clone, Default)]
pub(super) struct Machine {
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: Vec<Option<Value>>,
    entries: u64,
    /// Whether it reads as one that knows nothing of arrays between opcodes.
    pub plain: bool,
}

/// What all readings of a stream share.
#[derive(Debug, Default)]
pub(super) struct World {
    pub pool: Pool,
    pub doubts: Doubts,
}

impl Machine {
    /// How much a copy of it takes.
    pub fn weight(&self) -> usize {
        self.stack.len() + self.memo.len() + 1
    }

    /// The reading of a reader that goes on with what it remembers.
    pub fn next_pickle(self) -> Self {
        Self { stack: vec![], marks: vec![], ..self }
    }

    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn push(&mut self, value: Value) -> Outcome<Effect> {
        if self.stack.len() >= MOST_VALUES {
            return Err("more values on the stack than are followed");
        }
        self.stack.push(value);
        Ok(Effect::Next)
    }

    fn raw(&mut self) -> Outcome<Value> {
        match self.stack.len() > self.fence() {
            true => self.stack.pop().ok_or("it takes from an empty stack"),
            false => Err("it takes more from the stack than there is"),
        }
    }

    /// Takes a value. A stand-in for an array is only ever taken to be made as joblib does: in no other way could its bytes be followed.
    fn pop(&mut self, world: &mut World) -> Outcome<Value> {
        let value = self.raw()?;
        world.not_a_wrapper(value);
        Ok(value)
    }

    fn top(&self) -> Outcome<Value> {
        match self.stack.len() > self.fence() {
            true => self.stack.last().copied().ok_or("it looks at an empty stack"),
            false => Err("it looks at more of the stack than there is"),
        }
    }

    fn above_mark(&mut self, world: &mut World) -> Outcome<Vec<Value>> {
        let mark = self.marks.pop().ok_or("there is no mark")?;
        let above = self.stack.split_off(mark.min(self.stack.len()));
        above.iter().for_each(|value| world.not_a_wrapper(*value));
        Ok(above)
    }

    fn put(&mut self, at: u64) -> Outcome<Effect> {
        let value = self.top()?;
        if at >= MOST_MEMO {
            return Err("more in the memo than is followed");
        }
        let at = at as usize;
        if self.memo.len() <= at {
            self.memo.resize(at + 1, None);
        }
        self.entries += u64::from(self.memo[at].replace(value).is_none());
        Ok(Effect::Next)
    }

    fn get(&mut self, at: u64) -> Outcome<Effect> {
        let value = usize::try_from(at).ok().and_then(|at| self.memo.get(at).copied().flatten());
        self.push(value.ok_or("an entry of the memo that is not there")?)
    }

    /// Does what an opcode does.
    pub fn apply(&mut self, op: &Op, world: &mut World) -> Outcome<Effect> {
        match op {
            Op::Nothing => Ok(Effect::Next),
            Op::Data => self.push(Value::Plain),
            Op::None => self.push(Value::Nothing),
            Op::Int(number) => self.push(Value::Int(*number)),
            Op::Text(text) => self.push(world.pool.text(text.clone())),
            Op::MarkOfFive => self.push(Value::MarkOfFive),
            Op::EmptyDict => self.push(world.pool.dict()),
            Op::Get(at) => self.get(*at),
            Op::Put(at) => self.put(*at),
            Op::Memoize => self.put(self.entries),
            Op::Stop => self.pop(world).map(Effect::Stopped),
            Op::Dup => self.top().and_then(|value| self.push(value)),
            Op::Mark | Op::Pop | Op::PopMark => self.marking(op, world),
            Op::Into(_) | Op::AllInto | Op::SetItem | Op::SetItems => self.filling(op, world),
            Op::Gather | Op::DictOf | Op::Tuple | Op::TupleOf(_) => self.gathering(op, world),
            _ => self.calling(op, world),
        }
    }

    fn marking(&mut self, op: &Op, world: &mut World) -> Outcome<Effect> {
        match op {
            Op::Mark if self.marks.len() >= MOST_MARKS => return Err("more marks than are followed"),
            Op::Mark => self.marks.push(self.stack.len()),
            Op::PopMark => drop(self.above_mark(world)?),
            _ if self.stack.len() > self.fence() => drop(self.stack.pop()),
            _ => drop(self.marks.pop().ok_or("it takes from an empty stack")?),
        }
        Ok(Effect::Next)
    }

    fn filling(&mut self, op: &Op, world: &mut World) -> Outcome<Effect> {
        match op {
            Op::SetItem => {
                let (value, key) = (self.pop(world)?, self.pop(world)?);
                let into = self.top()?;
                self.entry(into, key, value, world);
            }
            Op::SetItems => {
                let items = self.above_mark(world)?;
                let into = self.top()?;
                for pair in items.chunks(2) {
                    self.entry(into, pair[0], pair.get(1).copied().ok_or("a key without a value")?, world);
                }
            }
            Op::AllInto => {
                self.above_mark(world)?;
                self.top()?;
            }
            _ => {
                self.pop(world)?;
                self.top()?;
            }
        }
        Ok(Effect::Next)
    }

    /// Keeps an entry of a dictionary. What a reader does that knows nothing of arrays changes nothing for one that does.
    fn entry(&self, into: Value, key: Value, value: Value, world: &mut World) {
        if !self.plain {
            world.pool.put(into, key, value);
        }
    }

    fn gathering(&mut self, op: &Op, world: &mut World) -> Outcome<Effect> {
        let value = match op {
            Op::TupleOf(count) => {
                let mut members = (0..*count).map(|_| self.pop(world)).collect::<Outcome<Vec<_>>>()?;
                members.reverse();
                world.pool.tuple(&members)
            }
            Op::Tuple => {
                let members = self.above_mark(world)?;
                world.pool.tuple(&members)
            }
            Op::DictOf => {
                let (items, dict) = (self.above_mark(world)?, world.pool.dict());
                for pair in items.chunks(2) {
                    world.pool.put(dict, pair[0], pair.get(1).copied().ok_or("a key without a value")?);
                }
                dict
            }
            _ => {
                self.above_mark(world)?;
                Value::Plain
            }
        };
        self.push(value)
    }

    fn calling(&mut self, op: &Op, world: &mut World) -> Outcome<Effect> {
        let value = match op {
            Op::Global(module, attribute) => self.name(module.as_deref(), attribute.as_deref(), world)?,
            Op::StackGlobal => {
                let (attribute, module) = (self.pop(world)?, self.pop(world)?);
                let text = |value| world.pool.as_text(value).map(str::to_owned);
                let (module, attribute) = (text(module), text(attribute));
                self.name(module.as_deref(), attribute.as_deref(), world)?
            }
            Op::Inst(module, attribute) => {
                let arguments = self.above_mark(world)?;
                let class = self.name(module.as_deref(), attribute.as_deref(), world)?;
                world.not_a_wrapper(class);
                let arguments = world.pool.tuple(&arguments);
                world.call(class, arguments)?
            }
            Op::Obj => {
                let all = self.above_mark(world)?;
                let (class, arguments) = all.split_first().ok_or("an object of no class")?;
                let arguments = world.pool.tuple(arguments);
                world.call(*class, arguments)?
            }
            Op::NewObj => {
                let (arguments, class) = (self.pop(world)?, self.raw()?);
                world.call(class, arguments)?
            }
            Op::NewObjEx => {
                let (_, arguments, class) = (self.pop(world)?, self.pop(world)?, self.pop(world)?);
                world.call(class, arguments)?
            }
            Op::Reduce => {
                let (arguments, callable) = (self.pop(world)?, self.pop(world)?);
                world.call(callable, arguments)?
            }
            Op::Build => return self.build(world),
            Op::Persistent => {
                let identity = self.pop(world)?;
                world.persistent(identity)
            }
            Op::PersistentLine => {
                world.doubts.add("a persistent identity, which means what its reader makes of it");
                Value::Persistent
            }
            _ => {
                world.doubts.add("a code of a registry of extensions, which is another on every host");
                Value::Obscure
            }
        };
        self.push(value)
    }

    /// Looks a name up: every one counts, called or not.
    fn name(&self, module: Option<&str>, attribute: Option<&str>, world: &mut World) -> Outcome<Value> {
        let (Some(module), Some(attribute)) = (module, attribute) else {
            // A module is imported even where what is meant of it is not there.
            if self.plain && module.is_none() {
                return Err("a name that is none");
            }
            world.doubts.add("a name that cannot be followed");
            return Ok(Value::Obscure);
        };
        let Some(at) = world.pool.name(module, attribute) else {
            return Err("more names than are followed");
        };
        let value = Value::Named(at);
        world.pool.arrays |= world.is(value, WRAPPER);
        Ok(value)
    }

    fn build(&mut self, world: &mut World) -> Outcome<Effect> {
        let (state, object) = (self.pop(world)?, self.top()?);
        match object {
            Value::Made(_) => {}
            Value::Object(_) if self.plain => {}
            Value::Object(at) => {
                let Some(object) = world.pool.objects.get_mut(at as usize) else { return Err("an object that is not there") };
                let again = std::mem::replace(&mut object.state, state) != Value::Plain;
                if world.pool.origin(Value::Object(at)) == Some(WRAPPER) {
                    return self.array(state, again, world);
                }
            }
            Value::Named(_) => world.doubts.add("state is put into what a name stands for"),
            Value::Obscure | Value::Persistent => world.doubts.add("state is put into what cannot be followed"),
            _ => return Err("state is put into data"),
        }
        Ok(Effect::Next)
    }

    fn array(&mut self, state: Value, again: bool, world: &World) -> Outcome<Effect> {
        self.raw()?;
        self.push(Value::Plain)?;
        if again { Err("the bytes of an array are asked for twice") } else { Ok(Effect::Array(arrays::follows(state, &world.pool)?)) }
    }
}

impl World {
    fn is(&self, value: Value, full: &str) -> bool {
        self.pool.origin(value) == Some(full)
    }

    fn not_a_wrapper(&mut self, value: Value) {
        if self.pool.arrays && matches!(value, Value::Named(_)) && self.is(value, WRAPPER) {
            self.doubts.add("an array whose bytes cannot be followed");
        }
    }

    fn call(&mut self, callable: Value, arguments: Value) -> Outcome<Value> {
        match callable {
            Value::Named(name) => {
                if self.is(callable, "_codecs.encode") && !self.encodes_latin1(arguments) {
                    self.doubts.add("a text is encoded by a codec that is not latin1, which may run what is registered for it");
                }
                if self.is(callable, WRAPPER) || self.is(callable, DTYPE) {
                    return self.pool.object(name, arguments).ok_or("more arrays than are followed");
                }
                Ok(Value::Made(name))
            }
            Value::Made(_) | Value::Object(_) | Value::Persistent | Value::Obscure => {
                self.doubts.add("what is called is not a name");
                Ok(Value::Obscure)
            }
            _ => Err("data is called"),
        }
    }

    fn encodes_latin1(&self, arguments: Value) -> bool {
        let codec = self.pool.members(arguments).get(1).and_then(|codec| self.pool.as_text(*codec));
        self.pool.members(arguments).len() == 2 && matches!(codec, Some("latin1" | "latin-1"))
    }

    /// What torch calls a storage: a tuple that begins with that word, its type, and where its bytes are.
    fn persistent(&mut self, identity: Value) -> Value {
        let storage = match self.pool.members(identity) {
            [kind, class, ..] => self.pool.as_text(*kind) == Some("storage") && matches!(class, Value::Named(_)),
            _ => false,
        };
        if !storage {
            self.doubts.add("a persistent identity, which means what its reader makes of it");
        }
        Value::Persistent
    }
}
