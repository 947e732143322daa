//! One schema against one value, keyword by keyword, with everything counted.

use super::keywords::{common, count, decimal_multiple, list, mistyped, numeric, same_item};
use super::resolve::{Draft, References};
use crate::ecosystems::charts::functions::go_regex;
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// How many schemas are held against values, over all.
const MAX_STEPS: u64 = 500_000;
/// How deep schemas may lead to schemas.
const MAX_DEPTH: usize = 600;

/// What was found, and how near it came: of several alternatives, the nearest is told.
#[derive(Default)]
pub(super) struct Outcome {
    errors: Vec<String>,
    score: i64,
}

impl Outcome {
    pub(super) fn fail(&mut self, place: &str, message: &str) {
        self.errors.push(format!("{}: {message}", if place.is_empty() { "(root)" } else { place }));
        self.score -= 2;
    }

    fn merge(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.score += other.score;
    }

    fn is_met(&self) -> bool {
        self.errors.is_empty()
    }
}

type Checked = Result<Outcome, String>;

pub(super) struct Check<'s> {
    references: &'s References<'s>,
    draft: Draft,
    patterns: HashMap<String, Rc<Regex>>,
    steps: u64,
    depth: usize,
}

/// The place of a key or an index below another.
fn below(place: &str, key: impl std::fmt::Display) -> String {
    if place.is_empty() { key.to_string() } else { format!("{place}.{key}") }
}

impl<'s> Check<'s> {
    pub(super) fn new(references: &'s References<'s>, draft: Draft) -> Self {
        Self { references, draft, patterns: HashMap::new(), steps: 0, depth: 0 }
    }

    /// All that is wrong with a value.
    pub(super) fn root(mut self, schema: &Value, value: &Value) -> Result<Vec<String>, String> {
        self.against(schema, value, "").map(|outcome| outcome.errors)
    }

    fn step(&mut self) -> Result<(), String> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(format!("it takes more than {MAX_STEPS} steps"));
        }
        Ok(())
    }

    fn against(&mut self, schema: &Value, value: &Value, place: &str) -> Checked {
        self.step()?;
        if self.depth >= MAX_DEPTH {
            return Err(format!("its schemas lead to one another deeper than {MAX_DEPTH}"));
        }
        self.depth += 1;
        let made = self.one(schema, value, place);
        self.depth -= 1;
        made
    }

    fn one(&mut self, node: &Value, value: &Value, place: &str) -> Checked {
        let mut out = Outcome::default();
        let schema = match node {
            Value::Object(map) => map,
            Value::Bool(false) => {
                out.fail(place, "False always fails validation");
                return Ok(out);
            }
            _ => return Ok(out),
        };
        // Nothing beside a reference counts.
        if let Some(target) = self.references.target(node) {
            return self.against(target, value, place);
        }
        if let Some(mismatch) = mistyped(schema, value)? {
            out.fail(place, &mismatch);
            return Ok(out);
        }
        self.combined(schema, value, place, &mut out)?;
        common(schema, value, place, self.draft, &mut out);
        match value {
            Value::Number(number) => numbers(schema, number, place, self.draft, &mut out),
            Value::String(text) => self.text(schema, text, place, &mut out)?,
            Value::Array(items) => self.items(schema, items, place, &mut out)?,
            Value::Object(map) => self.object(schema, map, place, &mut out)?,
            _ => {}
        }
        out.score += 5;
        Ok(out)
    }

    /// Of several schemas: how many are met, and what the nearest of the others says.
    fn tried(&mut self, schemas: &[Value], value: &Value, place: &str, enough: usize) -> Result<(usize, Outcome), String> {
        let (mut met, mut nearest) = (0, None::<Outcome>);
        for schema in schemas {
            let outcome = self.against(schema, value, place)?;
            if outcome.is_met() {
                met += 1;
                if met >= enough {
                    break;
                }
            } else if nearest.as_ref().is_none_or(|known| outcome.score > known.score) {
                nearest = Some(outcome);
            }
        }
        Ok((met, nearest.unwrap_or_default()))
    }

    /// `anyOf`, `oneOf`, `allOf`, `not`, `if`.
    fn combined(&mut self, schema: &Map<String, Value>, value: &Value, place: &str, out: &mut Outcome) -> Result<(), String> {
        if let any @ [_, ..] = list(schema, "anyOf") {
            let (met, nearest) = self.tried(any, value, place, 1)?;
            if met == 0 {
                out.fail(place, "Must validate at least one schema (anyOf)");
                out.merge(nearest);
            }
        }
        if let one @ [_, ..] = list(schema, "oneOf") {
            let (met, nearest) = self.tried(one, value, place, 2)?;
            if met != 1 {
                out.fail(place, "Must validate one and only one schema (oneOf)");
            }
            if met == 0 {
                out.merge(nearest);
            }
        }
        let before = out.errors.len();
        for each in list(schema, "allOf") {
            let outcome = self.against(each, value, place)?;
            out.merge(outcome);
        }
        if out.errors.len() > before {
            out.fail(place, "Must validate all the schemas (allOf)");
        }
        if let Some(not) = schema.get("not")
            && self.against(not, value, place)?.is_met()
        {
            out.fail(place, "Must not validate the schema (not)");
        }
        match schema.get("if") {
            Some(condition) if self.draft >= Draft::Seven => self.conditional(schema, condition, value, place, out),
            _ => Ok(()),
        }
    }

    fn conditional(
        &mut self,
        schema: &Map<String, Value>,
        condition: &Value,
        value: &Value,
        place: &str,
        out: &mut Outcome,
    ) -> Result<(), String> {
        let (key, message) = match self.against(condition, value, place)?.is_met() {
            true => ("then", "Must validate \"then\" as \"if\" was valid"),
            false => ("else", "Must validate \"else\" as \"if\" was not valid"),
        };
        let Some(then) = schema.get(key) else { return Ok(()) };
        let outcome = self.against(then, value, place)?;
        if !outcome.is_met() {
            out.fail(place, message);
            out.merge(outcome);
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &str) -> Result<Rc<Regex>, String> {
        if let Some(known) = self.patterns.get(pattern) {
            return Ok(known.clone());
        }
        // Compiling takes as long as many comparisons.
        self.steps += 1_000;
        self.step()?;
        let made = Rc::new(go_regex(pattern).map_err(|_| format!("pattern must be a valid regex: {pattern:.100}"))?);
        self.patterns.insert(pattern.into(), made.clone());
        Ok(made)
    }

    fn text(&mut self, schema: &Map<String, Value>, text: &str, place: &str, out: &mut Outcome) -> Result<(), String> {
        let length = text.chars().count();
        if let Some(least) = count(schema, "minLength").filter(|least| length < *least) {
            out.fail(place, &format!("String length must be greater than or equal to {least}"));
        }
        if let Some(most) = count(schema, "maxLength").filter(|most| length > *most) {
            out.fail(place, &format!("String length must be less than or equal to {most}"));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && !self.pattern(pattern)?.is_match(text)
        {
            out.fail(place, &format!("Does not match pattern '{pattern}'"));
        }
        Ok(())
    }

    fn items(&mut self, schema: &Map<String, Value>, items: &[Value], place: &str, out: &mut Outcome) -> Result<(), String> {
        match schema.get("items") {
            Some(Value::Array(each)) => {
                for (index, (schema, item)) in each.iter().zip(items).enumerate() {
                    let outcome = self.against(schema, item, &below(place, index))?;
                    out.merge(outcome);
                }
                self.further(schema.get("additionalItems"), items, each.len(), place, out)?;
            }
            Some(every) => self.further(Some(every), items, 0, place, out)?,
            None => {}
        }
        if let Some(least) = count(schema, "minItems").filter(|least| items.len() < *least) {
            out.fail(place, &format!("Array must have at least {least} items"));
        }
        if let Some(most) = count(schema, "maxItems").filter(|most| items.len() > *most) {
            out.fail(place, &format!("Array must have at most {most} items"));
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true))
            && let Some((first, second)) = same_item(items)
        {
            out.fail(place, &format!("array items[{first},{second}] must be unique"));
        }
        match schema.get("contains") {
            Some(wanted) if self.draft >= Draft::Six => self.contains(wanted, items, place, out),
            _ => Ok(()),
        }
    }

    /// The items from one on against one schema.
    fn further(&mut self, schema: Option<&Value>, items: &[Value], from: usize, place: &str, out: &mut Outcome) -> Result<(), String> {
        let Some(schema) = schema else { return Ok(()) };
        if *schema == Value::Bool(false) && from > 0 {
            if items.len() > from {
                out.fail(place, "No additional items allowed on array");
            }
            return Ok(());
        }
        for (index, item) in items.iter().enumerate().skip(from) {
            let outcome = self.against(schema, item, &below(place, index))?;
            out.merge(outcome);
        }
        Ok(())
    }

    fn contains(&mut self, wanted: &Value, items: &[Value], place: &str, out: &mut Outcome) -> Result<(), String> {
        let mut nearest = None::<Outcome>;
        for (index, item) in items.iter().enumerate() {
            let outcome = self.against(wanted, item, &below(place, index))?;
            if outcome.is_met() {
                return Ok(());
            }
            if nearest.as_ref().is_none_or(|known| outcome.score > known.score) {
                nearest = Some(outcome);
            }
        }
        out.fail(place, "At least one of the items must match");
        out.merge(nearest.unwrap_or_default());
        Ok(())
    }

    fn object(&mut self, schema: &Map<String, Value>, map: &Map<String, Value>, place: &str, out: &mut Outcome) -> Result<(), String> {
        if let Some(least) = count(schema, "minProperties").filter(|least| map.len() < *least) {
            out.fail(place, &format!("Must have at least {least} properties"));
        }
        if let Some(most) = count(schema, "maxProperties").filter(|most| map.len() > *most) {
            out.fail(place, &format!("Must have at most {most} properties"));
        }
        for key in list(schema, "required").iter().filter_map(Value::as_str).filter(|key| !map.contains_key(*key)) {
            out.fail(place, &format!("{key} is required"));
        }
        self.keys(schema, map, place, out)?;
        self.dependencies(schema, map, place, out)?;
        for (key, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if let Some(value) = map.get(key) {
                let outcome = self.against(schema, value, &below(place, key))?;
                out.merge(outcome);
            }
        }
        Ok(())
    }

    /// `patternProperties`, `additionalProperties`, `propertyNames`: what is asked of keys that are there.
    fn keys(&mut self, schema: &Map<String, Value>, map: &Map<String, Value>, place: &str, out: &mut Outcome) -> Result<(), String> {
        let properties = schema.get("properties").and_then(Value::as_object);
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let names = schema.get("propertyNames").filter(|_| self.draft >= Draft::Six);
        for (key, value) in map {
            let mut known = properties.is_some_and(|properties| properties.contains_key(key));
            for (pattern, schema) in patterns.into_iter().flatten() {
                if self.pattern(pattern)?.is_match(key) {
                    known = true;
                    let outcome = self.against(schema, value, &below(place, key))?;
                    out.merge(outcome);
                }
            }
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) if !known => out.fail(place, &format!("Additional property {key} is not allowed")),
                Some(schema @ Value::Object(_)) if !known => {
                    let outcome = self.against(schema, value, &below(place, key))?;
                    out.merge(outcome);
                }
                _ => {}
            }
            if let Some(names) = names {
                let outcome = self.against(names, &Value::String(key.clone()), place)?;
                if !outcome.is_met() {
                    out.fail(place, &format!("Property name of {key:?} does not match"));
                    out.merge(outcome);
                }
            }
        }
        Ok(())
    }

    fn dependencies(
        &mut self,
        schema: &Map<String, Value>,
        map: &Map<String, Value>,
        place: &str,
        out: &mut Outcome,
    ) -> Result<(), String> {
        let all = schema.get("dependencies").and_then(Value::as_object).into_iter().flatten();
        for (_, wanted) in all.filter(|(key, _)| map.contains_key(*key)) {
            if let Value::Array(keys) = wanted {
                for key in keys.iter().filter_map(Value::as_str).filter(|key| !map.contains_key(*key)) {
                    out.fail(place, &format!("Has a dependency on {key}"));
                }
            } else {
                let outcome = self.against(wanted, &Value::Object(map.clone()), place)?;
                out.merge(outcome);
            }
        }
        Ok(())
    }
}

/// `multipleOf`, and the bounds: a bound that is itself excluded is a number of its own from draft 6 on, a flag before.
fn numbers(schema: &Map<String, Value>, number: &serde_json::Number, place: &str, draft: Draft, out: &mut Outcome) {
    let value = number.as_f64().unwrap_or(f64::NAN);
    if let Some(Value::Number(of)) = schema.get("multipleOf")
        && !decimal_multiple(number, of)
    {
        out.fail(place, &format!("Must be a multiple of {of}"));
    }
    for (key, excluded, or_equal, strictly) in [
        ("minimum", "exclusiveMinimum", "greater than or equal to", "greater than"),
        ("maximum", "exclusiveMaximum", "less than or equal to", "less than"),
    ] {
        let past = |bound: f64| if key == "minimum" { value < bound } else { value > bound };
        let flag = matches!(draft, Draft::Four | Draft::Any) && schema.get(excluded) == Some(&Value::Bool(true));
        if let Some((bound, text)) = numeric(schema.get(key)) {
            match flag {
                true if past(bound) || value.total_cmp(&bound).is_eq() => out.fail(place, &format!("Must be {strictly} {text}")),
                false if past(bound) => out.fail(place, &format!("Must be {or_equal} {text}")),
                _ => {}
            }
        }
        if let Some((bound, text)) = numeric(schema.get(excluded)).filter(|_| draft != Draft::Four)
            && (past(bound) || value.total_cmp(&bound).is_eq())
        {
            out.fail(place, &format!("Must be {strictly} {text}"));
        }
    }
}
