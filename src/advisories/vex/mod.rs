//! Statements that a vulnerability does, or does not, concern a product (VEX): read from OpenVEX 0.2 and CycloneDX 1.6, and written as both.
//!
//! A statement never removes a finding: it stands beside it, with who said it and until when. It holds for a lifetime that the asking side
//! gives, and no longer than it says of itself; one that was signed by people whom the asking side knows holds for as long as it says. After
//! that, as one from the future, it is set aside and named.

mod cyclonedx;
mod openvex;
mod own;
#[cfg(test)]
mod tests;

pub use cyclonedx::{Said, read as read_cyclonedx, write as write_cyclonedx};
pub use openvex::{Document, read as read_openvex, write as write_openvex};
pub use own::{LONGEST_OWN, Mark, VEX, Verdict, begins, product, read as read_own};

use crate::artifact::Purl;
use crate::error::{Error, Result, plain};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap};

/// Longest document, in bytes.
pub const LONGEST_DOCUMENT: usize = 64 << 20;
/// Most statements of a document, with their products, the parts of those, and their names.
pub const MOST_STATEMENTS: usize = 200_000;
/// Longest identifier or explanation, in bytes.
const LONGEST_TEXT: usize = 16 << 10;
/// How far a statement may lie in the future.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// What a statement says; the later of these outweighs the earlier where two are of one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The product is not affected, and it is said why.
    NotAffected,
    /// These versions have the remedy.
    Fixed,
    /// It is not known yet.
    UnderInvestigation,
    /// Something is to be done.
    Affected,
}

impl Status {
    pub(super) const ALL: [(Self, &'static str); 4] = [
        (Self::NotAffected, "not_affected"),
        (Self::Fixed, "fixed"),
        (Self::UnderInvestigation, "under_investigation"),
        (Self::Affected, "affected"),
    ];

    /// Its word in OpenVEX.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(status, _)| *status)
    }
}

/// Why a product is not affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Justification {
    /// The component is not in the product.
    ComponentNotPresent,
    /// The component is, its vulnerable code is not.
    VulnerableCodeNotPresent,
    /// The code is never executed.
    VulnerableCodeNotInExecutePath,
    /// Nobody who attacks can control it.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something in the product keeps it from being used.
    InlineMitigationsAlreadyExist,
}

impl Justification {
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::ComponentNotPresent, "component_not_present"),
        (Self::VulnerableCodeNotPresent, "vulnerable_code_not_present"),
        (Self::VulnerableCodeNotInExecutePath, "vulnerable_code_not_in_execute_path"),
        (Self::VulnerableCodeCannotBeControlledByAdversary, "vulnerable_code_cannot_be_controlled_by_adversary"),
        (Self::InlineMitigationsAlreadyExist, "inline_mitigations_already_exist"),
    ];

    /// Its word in OpenVEX.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(justification, _)| *justification == self).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(justification, _)| *justification)
    }
}

/// A product, or a part of one, that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Product {
    /// Its package URL or other identifier.
    pub id: String,
    /// The parts it is about; where there are none, the whole product.
    pub parts: BTreeSet<String>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// The identifiers of the vulnerability, aliases among them.
    pub names: BTreeSet<String>,
    /// The products it is about.
    pub products: BTreeSet<Product>,
    /// What it says.
    pub status: Status,
    /// Why, where it says that a product is not affected.
    pub justification: Option<Justification>,
    /// Why in words, or what is to be done.
    pub detail: Option<String>,
    /// When it was made.
    pub timestamp: Timestamp,
    /// Who made it: the author its document names. Nothing but a signature shows that it was them.
    pub author: String,
    /// Who answers for it and until when, where it says so.
    pub mark: Option<Mark>,
    /// The people whose signatures on its document were judged and count; who reads a document knows of none.
    pub signers: Vec<String>,
}

impl Statement {
    /// Whether it holds at a time.
    pub fn holds(&self, now: Timestamp, lifetime: SignedDuration) -> bool {
        let age = now.duration_since(self.timestamp);
        let in_its_time = self.mark.as_ref().is_none_or(|mark| mark.holds(now));
        let lives = age <= lifetime || (!self.signers.is_empty() && self.mark.is_some());
        lives && in_its_time && -age <= MOST_AHEAD
    }
}

/// What is asked about: a package, and the product it was found in.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The package URL of the package.
    pub purl: &'a str,
    /// The package URL of what it was found in (an image), where it was found in something.
    pub within: Option<&'a str>,
}

/// What statements say of one finding.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard<'a> {
    /// The newest statement that holds.
    pub holds: Option<&'a Statement>,
    /// Those that would have said something, but are past their time or from the future.
    pub set_aside: Vec<&'a Statement>,
}

/// Statements, ready to be asked about many findings.
#[derive(Debug, Default)]
pub struct Statements {
    all: Vec<Known>,
    /// Those about a vulnerability, by each of its names.
    by_name: HashMap<String, Vec<usize>>,
}

/// A statement and its products, read once.
#[derive(Debug)]
struct Known {
    statement: Statement,
    products: Vec<(Named, Vec<Named>)>,
}

/// An identifier, and what it is as a package URL.
#[derive(Debug)]
struct Named {
    text: String,
    purl: Option<Purl>,
}

impl Statements {
    /// Of all these.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        let mut whole = Self::default();
        for statement in statements {
            for name in &statement.names {
                whole.by_name.entry(name.clone()).or_default().push(whole.all.len());
            }
            let parts = |product: &Product| product.parts.iter().map(|part| Named::new(part)).collect();
            let products = statement.products.iter().map(|product| (Named::new(&product.id), parts(product))).collect();
            whole.all.push(Known { statement, products });
        }
        whole
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Statement> {
        self.all.iter().map(|known| &known.statement)
    }

    /// Which of them are about a vulnerability of these names in this subject, and which of those holds at `now`.
    pub fn heard<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        subject: Subject<'_>,
        now: Timestamp,
        lifetime: SignedDuration,
    ) -> Heard<'_> {
        // In the order in which they were given, each once.
        let places: BTreeSet<usize> = names.into_iter().filter_map(|name| self.by_name.get(name)).flatten().copied().collect();
        let (package, within) = (Named::new(subject.purl), subject.within.map(Named::new));
        let about = |known: &&Known| known.products.iter().any(|(id, parts)| covers(id, parts, &package, within.as_ref()));
        let holds = |statement: &&Statement| statement.holds(now, lifetime);
        let (valid, set_aside): (Vec<_>, Vec<_>) =
            places.into_iter().map(|place| &self.all[place]).filter(about).map(|known| &known.statement).partition(holds);
        Heard { holds: valid.into_iter().max_by_key(|s| (s.timestamp, s.status)), set_aside }
    }
}

impl Named {
    fn new(text: &str) -> Self {
        Self { purl: Purl::read(text), text: text.to_owned() }
    }

    fn is(&self, other: &Self) -> bool {
        self.text == other.text || self.purl.as_ref().zip(other.purl.as_ref()).is_some_and(|(a, b)| a.covers(b))
    }
}

/// Whether a product covers the subject: the package itself, the whole product it was found in, or it as a named part of that product.
fn covers(id: &Named, parts: &[Named], package: &Named, within: Option<&Named>) -> bool {
    if parts.is_empty() {
        return id.is(package) || within.is_some_and(|within| id.is(within));
    }
    id.is(within.unwrap_or(package)) && parts.iter().any(|part| part.is(package))
}

fn wrong(what: &str, why: &str) -> Error {
    Error::verification(format!("{what}: {why}")).hint("have whoever made the document mend it, or leave it out")
}

fn too_long(what: &str) -> Error {
    wrong(what, "it is too long").with("expected", format!("at most {LONGEST_DOCUMENT} bytes and {MOST_STATEMENTS} statements"))
}

/// Text that can be shown and compared.
fn text(what: &str, member: &str, text: String) -> Result<String> {
    let fits = !text.is_empty() && text.len() <= LONGEST_TEXT && plain(&text) == text;
    let expected = format!("1 to {LONGEST_TEXT} bytes of printable text");
    if fits {
        Ok(text)
    } else {
        Err(wrong(what, &format!("its {member} cannot be used")).with("expected", expected).with("found", format!("{text:.80}")))
    }
}
