//! Licence statements: as written, and as an expression of the SPDX licence list (annex D of the specification) where that is certain.
//!
//! The list and the grammar are the crate `spdx`'s. Its table of imprecise names is not used: it takes `BSD` for one of several licences.

mod found;
mod older;
mod texts;
mod words;

pub use found::{MAX_LICENCE_BYTES, recognised, without_vaguer};
pub(super) use found::{difference, each_found};
pub(super) use older::{in_older_terms, is_taken};
pub use texts::text_key;

use std::collections::HashMap;
use std::sync::OnceLock;

/// Longest text that is read as a statement, in bytes; what is longer is a licence, not the name of one.
const LONGEST: usize = 1000;

/// Words of SPDX for that nothing is said, and that there is none. The crate has them in its list; they are no licences of it.
const NO_LICENCES: [&str; 2] = ["NOASSERTION", "NONE"];

/// How a statement came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The publisher states it of the whole.
    Declared,
    /// A file inside has the text of a licence, or a notice of one; it is nowhere declared that it is that of the whole.
    Found,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licensing {
    /// As written. Of what was found, the identifier, or several with `or` between them; empty where a file was not recognised.
    pub text: String,
    /// Where it stood; the file that something was found in.
    pub source: String,
    /// How it came to be.
    pub basis: Basis,
    /// As an expression of the SPDX list; absent where it is not certain which one is meant.
    pub expression: Option<String>,
}

/// What all statements about one component come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// Nothing was declared.
    Nothing,
    /// One expression.
    Expression(String),
    /// Something that is no expression of the list, or several statements of which it is not said how they go together.
    Text(String),
}

impl Licensing {
    /// A declared statement, which is read.
    pub fn new(text: impl Into<String>, source: impl Into<String>) -> Self {
        let text = text.into();
        Self { expression: normalised(&text), text, source: source.into(), basis: Basis::Declared }
    }

    /// Where it stands and what stands there, in a line.
    pub(super) fn source_line(&self) -> String {
        match self.basis {
            Basis::Declared => format!("{}: {}", self.source, self.text.lines().next().unwrap_or_default()),
            Basis::Found if self.text.is_empty() => format!("{}: not recognised", self.source),
            Basis::Found => format!("{}: {}", self.source, self.text),
        }
    }
}

impl Declared {
    /// Of these statements.
    pub fn of(statements: &[Licensing]) -> Self {
        let declared: Vec<&Licensing> = statements.iter().filter(|s| s.basis == Basis::Declared).collect();
        let mut expressions: Vec<&str> = declared.iter().filter_map(|s| s.expression.as_deref()).collect();
        expressions.sort_unstable();
        expressions.dedup();
        let takes_nothing = |one: &str| declared.iter().filter(|s| s.expression.is_none()).all(|s| is_family(&s.text, one));
        match (&declared[..], &expressions[..]) {
            ([], _) => Self::Nothing,
            // A classifier without a version beside an exact statement of the same publisher takes nothing from it.
            (_, [one]) if takes_nothing(one) => Self::Expression((*one).to_owned()),
            _ => Self::Text(declared.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("; ")),
        }
    }
}

/// Names that stand for several licences of the list, and how the identifiers of those begin.
const FAMILIES: [(&str, &str); 26] = [
    ("academic free license (afl)", "AFL-"),
    ("affero gpl", "AGPL-"),
    ("agpl", "AGPL-"),
    ("apache", "Apache-"),
    ("apache license", "Apache-"),
    ("apache software", "Apache-"),
    ("apache software license", "Apache-"),
    ("artistic", "Artistic-"),
    ("artistic license", "Artistic-"),
    ("bsd", "BSD-"),
    ("bsd license", "BSD-"),
    ("bsd-style", "BSD-"),
    ("gnu affero general public license", "AGPL-"),
    ("gnu general public license", "GPL-"),
    ("gnu general public license (gpl)", "GPL-"),
    ("gnu gpl", "GPL-"),
    ("gnu lesser general public license", "LGPL-"),
    ("gnu library or lesser general public license (lgpl)", "LGPL-"),
    ("gpl", "GPL-"),
    ("lgpl", "LGPL-"),
    ("mozilla public license", "MPL-"),
    ("mpl", "MPL-"),
    ("psf", "Python-"),
    ("python software foundation license", "Python-"),
    ("python software foundation license", "PSF-"),
    ("zope public license", "ZPL-"),
];

/// Whether a text names no more than the family of a licence that stands in an expression.
fn is_family(text: &str, expression: &str) -> bool {
    let folded = folded(text);
    let ids = || expression.split([' ', '(', ')']);
    let approved = || ids().any(|id| spdx::license_id(id).is_some_and(spdx::LicenseId::is_osi_approved));
    folded == "osi approved" && approved()
        || FAMILIES.iter().any(|(family, start)| *family == folded && ids().any(|id| id.starts_with(start)))
}

/// The version of the SPDX licence list that is used.
pub fn licence_list() -> &'static str {
    spdx::license_version()
}

/// One licence of an expression, apart from how it is joined to others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// Its identifier: `GPL-2.0-only`, `LicenseRef-ours`.
    pub licence: String,
    /// The exception that is added to it.
    pub exception: Option<String>,
}

impl Term {
    /// The only licence of a text that is an expression of the list, spelt as the list does; `None` for other texts.
    pub fn read(text: &str) -> Option<Self> {
        let expression = spdx::Expression::parse(text).ok().filter(|_| !NO_LICENCES.contains(&text.trim()))?;
        let mut terms = expression.requirements().map(|requirement| Self::of(&requirement.req));
        terms.next().filter(|_| terms.next().is_none())
    }

    fn of(requirement: &spdx::LicenseReq) -> Self {
        let text = requirement.to_string();
        let (licence, exception) = text.split_once(" WITH ").map_or((&*text, None), |(licence, with)| (licence, Some(with.to_owned())));
        // `+` is the older way to say "or later", and is no other licence.
        Self { licence: licence.trim_end_matches('+').to_owned(), exception }
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.licence)?;
        self.exception.iter().try_for_each(|exception| write!(f, " WITH {exception}"))
    }
}

/// Whether an expression can be satisfied with licences that are accepted: of those joined by `OR` one, of those joined by `AND` all. If
/// not, those that stand in the way. `None` for what is no expression.
pub fn satisfiable(expression: &str, accepted: &mut dyn FnMut(&Term) -> bool) -> Option<Result<(), Vec<Term>>> {
    let expression = spdx::Expression::parse(expression).ok()?;
    let outcome = expression.evaluate_with_failures(|requirement| accepted(&Term::of(requirement)));
    Some(outcome.map_err(|failed| {
        let mut terms: Vec<Term> = failed.into_iter().map(|requirement| Term::of(&requirement.req)).collect();
        terms.sort();
        terms.dedup();
        terms
    }))
}

/// The expression that a text certainly is.
pub fn normalised(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let expression = match named(text) {
        Some(id) => id,
        None => joined(text)?,
    };
    spdx::Expression::parse(&expression).ok().map(|_| expression)
}

/// Names between operators and parentheses, each looked up by itself.
fn joined(text: &str) -> Option<String> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let (mut out, mut name): (Vec<String>, Vec<&str>) = (Vec::new(), Vec::new());
    for word in spaced.split_whitespace() {
        let operator = word.to_ascii_uppercase();
        if matches!(operator.as_str(), "AND" | "OR" | "WITH" | "(" | ")") {
            take_name(&mut name, &mut out)?;
            out.push(operator);
        } else {
            name.push(word);
        }
    }
    take_name(&mut name, &mut out)?;
    (out.len() > 1).then(|| out.join(" ").replace("( ", "(").replace(" )", ")"))
}

fn take_name(name: &mut Vec<&str>, out: &mut Vec<String>) -> Option<()> {
    if !name.is_empty() {
        let text = name.join(" ");
        let exception = out.last().is_some_and(|operator| operator == "WITH");
        out.push(if exception { spdx::exception_id(&text)?.name.to_owned() } else { named(&text)? });
        name.clear();
    }
    Some(())
}

/// The identifier of a licence by its identifier, its full name or one of the spellings that leave no doubt.
fn named(text: &str) -> Option<String> {
    static NAMES: OnceLock<HashMap<String, String>> = OnceLock::new();
    if text.starts_with("LicenseRef-") && spdx::Expression::parse(text).is_ok() {
        return Some(text.to_owned());
    }
    let names = NAMES.get_or_init(names);
    let folded = folded(text);
    names.get(&folded).or_else(|| names.get(folded.strip_prefix("the ")?)).cloned()
}

/// Lower case, and one space between words.
fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn names() -> HashMap<String, String> {
    let mut names = HashMap::new();
    let listed = spdx::identifiers::LICENSES.iter().filter(|licence| !NO_LICENCES.contains(&licence.name));
    let current = listed.filter(|l| spdx::license_id(l.name).is_some_and(|id| !id.is_deprecated()));
    for licence in current {
        names.insert(folded(licence.full_name), licence.name.to_owned());
        names.insert(folded(licence.name), licence.name.to_owned());
    }
    // The list itself says what its old names for these are.
    for base in
        ["AGPL-1.0", "AGPL-3.0", "GFDL-1.1", "GFDL-1.2", "GFDL-1.3", "GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0"]
    {
        names.insert(folded(base), format!("{base}-only"));
        names.insert(folded(&format!("{base}+")), format!("{base}-or-later"));
        // The short names of Debian's copyright files (DEP 5).
        if let Some(short) = base.strip_suffix(".0") {
            names.insert(folded(short), format!("{base}-only"));
            names.insert(folded(&format!("{short}+")), format!("{base}-or-later"));
        }
    }
    names.extend(SPELLINGS.iter().map(|(spelling, id)| ((*spelling).to_owned(), (*id).to_owned())));
    names
}

/// Spellings in use that name one licence of the list and no other.
const SPELLINGS: [(&str, &str); 42] = [
    ("apache 2", "Apache-2.0"),
    ("apache 2.0", "Apache-2.0"),
    ("apache-2", "Apache-2.0"),
    ("apache license 2.0", "Apache-2.0"),
    ("apache license v2.0", "Apache-2.0"),
    ("apache license, version 2.0", "Apache-2.0"),
    ("apache license version 2.0", "Apache-2.0"),
    ("apache software license 2.0", "Apache-2.0"),
    ("2-clause bsd", "BSD-2-Clause"),
    ("bsd 2-clause", "BSD-2-Clause"),
    ("bsd-2", "BSD-2-Clause"),
    ("bsd 2-clause license", "BSD-2-Clause"),
    ("3-clause bsd", "BSD-3-Clause"),
    ("3-clause bsd license", "BSD-3-Clause"),
    ("bsd 3-clause", "BSD-3-Clause"),
    ("bsd 3 clause", "BSD-3-Clause"),
    ("bsd-3", "BSD-3-Clause"),
    ("bsd 3-clause license", "BSD-3-Clause"),
    ("new bsd license", "BSD-3-Clause"),
    ("modified bsd license", "BSD-3-Clause"),
    ("expat", "MIT"),
    ("mit license", "MIT"),
    ("isc license (iscl)", "ISC"),
    ("mpl 2.0", "MPL-2.0"),
    ("mpl-2", "MPL-2.0"),
    ("mozilla public license 2.0 (mpl 2.0)", "MPL-2.0"),
    ("unlicense (unlicense)", "Unlicense"),
    ("zlib/libpng license", "Zlib"),
    ("boost software license 1.0 (bsl-1.0)", "BSL-1.0"),
    ("cc0 1.0 universal (cc0 1.0) public domain dedication", "CC0-1.0"),
    ("gplv2", "GPL-2.0-only"),
    ("gplv2+", "GPL-2.0-or-later"),
    ("gplv3", "GPL-3.0-only"),
    ("gplv3+", "GPL-3.0-or-later"),
    ("gnu general public license v2 (gplv2)", "GPL-2.0-only"),
    ("gnu general public license v2 or later (gplv2+)", "GPL-2.0-or-later"),
    ("gnu general public license v3 (gplv3)", "GPL-3.0-only"),
    ("gnu general public license v3 or later (gplv3+)", "GPL-3.0-or-later"),
    ("gnu lesser general public license v3 (lgplv3)", "LGPL-3.0-only"),
    ("gnu lesser general public license v3 or later (lgplv3+)", "LGPL-3.0-or-later"),
    ("gnu affero general public license v3", "AGPL-3.0-only"),
    ("gnu affero general public license v3 or later (agplv3+)", "AGPL-3.0-or-later"),
];
