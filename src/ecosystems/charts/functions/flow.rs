//! Defaults, kinds, versions, and what only Helm has: `include`, `tpl`, `required`, `fail`, `lookup`.

use super::convert::text_of;
use super::{ANY, Made, entry};
use crate::ecosystems::charts::template::semver::{Constraint, Version};
use crate::ecosystems::charts::template::{Arguments, Entry, Fault, Object, Value};

pub(super) const TABLE: &[Entry] = &[
    entry("include", 2, 2, |e, a| Ok(e.include(a.text(0)?, a.any(1).clone())?.into())),
    entry("tpl", 2, 2, |e, a| {
        a.map(1)?;
        Ok(e.evaluate(a.text(0)?, a.any(1).clone())?.into())
    }),
    entry("required", 2, 2, |_, a| required(a)),
    entry("fail", 1, 1, |_, a| Err(said(a.text(0)?))),
    entry("lookup", 4, 4, |_, a| {
        (0..4).try_for_each(|i| a.text(i).map(|_| ()))?;
        Ok(Value::map(Vec::<(&str, Value)>::new()))
    }),
    entry("default", 1, ANY, |_, a| Ok(a.values.get(1).filter(|v| !v.is_empty()).unwrap_or(a.any(0)).clone())),
    entry("empty", 1, 1, |_, a| Ok(a.any(0).is_empty().into())),
    entry("coalesce", 0, ANY, |_, a| Ok(a.values.iter().find(|v| !v.is_empty()).cloned().unwrap_or(Value::Nil))),
    entry("all", 0, ANY, |_, a| Ok((!a.values.iter().any(Value::is_empty)).into())),
    entry("any", 0, ANY, |_, a| Ok(a.values.iter().any(|v| !v.is_empty()).into())),
    entry("ternary", 3, 3, |_, a| Ok(if a.bool(2)? { a.any(0).clone() } else { a.any(1).clone() })),
    entry("typeOf", 1, 1, |_, a| Ok(a.any(0).type_name().into())),
    entry("typeIs", 2, 2, |_, a| Ok((&**a.text(0)? == a.any(1).type_name()).into())),
    entry("typeIsLike", 2, 2, |_, a| {
        let found = a.any(1).type_name();
        Ok((found == &**a.text(0)? || found.strip_prefix('*') == Some(&**a.text(0)?)).into())
    }),
    entry("kindOf", 1, 1, |_, a| Ok(a.any(0).kind().into())),
    entry("kindIs", 2, 2, |_, a| Ok((&**a.text(0)? == a.any(1).kind()).into())),
    entry("deepEqual", 2, 2, |_, a| Ok(a.any(0).deep_equal(a.any(1)).into())),
    entry("semver", 1, 1, |_, a| Ok(Value::object(Object::Semver(Version::parse(a.text(0)?)?)))),
    entry("semverCompare", 2, 2, |_, a| Ok(Constraint::parse(a.text(0)?)?.check(&Version::parse(a.text(1)?)?).into())),
    entry("getHostByName", 1, 1, |_, a| a.text(0).map(|_| "".into()).map_err(Fault::from)),
];

fn said(message: &str) -> Fault {
    Fault { said: Some(message.to_string()), ..Fault::from(message) }
}

fn required(a: Arguments<'_>) -> Made {
    let warning = text_of(&Value::Text(a.text(0)?.clone()));
    match a.any(1) {
        value if value.is_nil() => Err(said(&warning)),
        Value::Text(text) if text.is_empty() => Err(said(&warning)),
        value => Ok(value.clone()),
    }
}
