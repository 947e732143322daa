//! One thing of an inventory: an artifact, or something that was found inside one.

use super::attached::Compared;
use super::inside::Inside;
use super::licence::Licensing;
use super::model::Model;
use crate::artifact::{Artifact, Completeness, Description, Digest};
use std::collections::BTreeMap;

/// What sort of thing a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Class {
    /// Code that other code uses: a package of any kind.
    #[default]
    Library,
    /// A program, or what sets one up.
    Application,
    /// A container image, or one platform of it.
    Container,
    /// A trained model.
    Model,
    /// Data that models are trained on or tested with.
    Dataset,
    /// Data that is neither code nor a model, nor such data.
    Data,
    /// A file of which nothing more is known.
    File,
    /// An operating system or distribution.
    OperatingSystem,
}

/// How far something was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Examined {
    /// Its bytes were read as far as its kind says something of itself.
    Read,
    /// Its bytes are not here: only what the lock says is known.
    #[default]
    NotExamined,
    /// Its bytes are of a kind that says nothing that is read here.
    Opaque,
    /// Its bytes are here and could not be read as what they should be; why.
    Unreadable(String),
}

impl Examined {
    /// The words in documents.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Read => "examined",
            Self::NotExamined => "not examined",
            Self::Opaque => "not assessable",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// A dependency as it was declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Requirement {
    /// The statement, as written: `numpy>=1.22; python_version < "3.11"`.
    pub declared: String,
    /// The package URLs of what would satisfy it, the wanted one first; without a version, any version does.
    pub purls: Vec<String>,
    /// Whether it only counts under a condition that was not decided here, such as an extra or a marker of another machine.
    pub conditional: bool,
}

/// One blob of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its file name, where it has one.
    pub name: Option<String>,
    /// Media type.
    pub media_type: String,
    /// SHA-256.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
    /// Digests by other algorithms, by their names in a lock.
    pub hashes: BTreeMap<String, String>,
    /// Where it can be had.
    pub origins: Vec<String>,
}

/// One thing of an inventory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Component {
    /// Its name within the inventory, unique in it; set by [`super::Inventory::new`].
    pub reference: String,
    /// What sort of thing it is.
    pub class: Class,
    /// The room it is from; empty for what was found inside.
    pub ecosystem: String,
    /// Name in its ecosystem's grammar.
    pub name: String,
    /// Version, tag or revision; empty where there is none.
    pub version: String,
    /// Package URL (ECMA-427); empty where none can be made.
    pub purl: String,
    /// Who publishes it, as declared.
    pub supplier: Option<String>,
    /// Who wrote it, as declared, where that is said apart.
    pub author: Option<String>,
    /// Where whoever wrote it, else whoever publishes it, can be reached, as declared beside the name: mailboxes, pages, the project's page.
    pub contacts: Vec<String>,
    /// When it was published, as the index it is from claims: RFC 3339, UTC, in seconds.
    pub released: Option<String>,
    /// One line of summary.
    pub summary: Option<String>,
    /// Licence statements, and licence files that were found.
    pub licences: Vec<Licensing>,
    /// The licence that governs it, as who accounts for the document concludes; set by [`super::Inventory::conclude_licences`].
    pub concluded: Option<String>,
    /// Its blobs; for what was found inside, none or the file it was found as.
    pub parts: Vec<Part>,
    /// The dependencies it declares, as written.
    pub requirements: Vec<Requirement>,
    /// Whether those are all: what is declared, before anyone looks whether it is here.
    pub declared: Completeness,
    /// Package URLs it stands for besides its own, such as virtual packages.
    pub provides: Vec<String>,
    /// References of the components it needs; set by [`super::Inventory::new`].
    pub needs: Vec<String>,
    /// Whether `needs` is everything it needs; set by [`super::Inventory::new`].
    pub needs_known: Completeness,
    /// Requirements that no component of the inventory satisfies, as written; set by [`super::Inventory::new`].
    pub unmet: Vec<String>,
    /// How far it was read.
    pub examined: Examined,
    /// How it was found, for what lies inside another: the database or file that names it.
    pub found_by: Option<String>,
    /// What is inside, where that was looked into.
    pub inside: Option<Inside>,
    /// Lists of packages that came with it from its publisher, beside what was found inside.
    pub compared: Vec<Compared>,
    /// What is known of a model.
    pub model: Option<Model>,
    /// What else its room knows, by name.
    pub properties: BTreeMap<String, String>,
}

impl Component {
    /// What an artifact and its description say together: where a room begins.
    pub fn of(artifact: &Artifact, description: Description) -> Self {
        let licence = |l: crate::artifact::Licence| Licensing::new(l.expression, l.source);
        let requirement = |purl: String| Requirement { declared: purl.clone(), purls: vec![purl], conditional: false };
        Self {
            ecosystem: artifact.ecosystem.clone(),
            name: artifact.name.clone(),
            version: artifact.version.clone(),
            purl: description.purl,
            supplier: description.supplier,
            summary: description.summary,
            licences: description.licences.into_iter().map(licence).collect(),
            parts: artifact.descriptors.iter().map(part).collect(),
            requirements: description.dependencies.into_iter().map(requirement).collect(),
            declared: description.dependencies_known,
            properties: description.properties,
            ..Self::default()
        }
    }

    /// The blob that the thing is, where it is one: that of a package, the manifest of an image.
    pub fn first(&self) -> Option<&Part> {
        self.parts.first()
    }

    /// Sum of the lengths of its blobs, in bytes.
    pub fn size(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.size))
    }

    /// `name version`, for people.
    pub fn label(&self) -> String {
        if self.version.is_empty() { self.name.clone() } else { format!("{} {}", self.name, self.version) }
    }

    /// The components directly inside.
    pub fn nested(&self) -> &[Self] {
        self.inside.as_ref().map_or(&[], |inside| &inside.components)
    }

    /// Calls `visit` with it and everything inside, however deep.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        self.nested().iter().for_each(|inner| inner.walk(visit));
    }
}

fn part(blob: &crate::artifact::Descriptor) -> Part {
    Part {
        name: blob.name.clone(),
        media_type: blob.media_type.clone(),
        digest: blob.digest,
        size: blob.size,
        hashes: blob.side_digests.clone(),
        origins: blob.origins.clone(),
    }
}
