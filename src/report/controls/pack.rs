//! Control packs: one file a framework, read strictly. A row names the evidence it draws on, what that shows and what it does not.

use super::evidence::Evidence;
use super::text::Text;
use super::texts::said;
use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The packs as they are shipped.
const SHIPPED: [&str; 9] = [
    include_str!("packs/hipaa.toml"),
    include_str!("packs/gdpr.toml"),
    include_str!("packs/nist-800-53.toml"),
    include_str!("packs/iso-27001.toml"),
    include_str!("packs/cmmc.toml"),
    include_str!("packs/cra.toml"),
    include_str!("packs/dora.toml"),
    include_str!("packs/pci-dss.toml"),
    include_str!("packs/ai-act.toml"),
];
const VERSION: u32 = 1;
/// The catalogue whose identifiers a pack has that says they are official.
const CATALOGUE: &str = "https://github.com/usnistgov/oscal-content/blob/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json";
/// Most rows of a pack.
const MAX_ROWS: usize = 500;
/// Most controls of one row.
const MAX_IDS: usize = 20;

/// The rows of one framework.
#[derive(Debug, Clone)]
pub struct ControlPack {
    /// Its name as a profile: `hipaa`.
    pub id: String,
    /// The framework's name.
    pub name: String,
    /// Which version of it.
    pub version: String,
    /// Where its text stands.
    pub source: String,
    /// What identifiers of an OSCAL catalogue begin with; empty where the framework has an official one.
    prefix: String,
    /// Whether the identifiers are those of an official OSCAL catalogue.
    pub official: bool,
    /// What must be known of the selection.
    pub note: Text,
    /// The rows.
    pub controls: Vec<Control>,
}

/// A row: one control, or several that rest on the same evidence.
#[derive(Debug, Clone)]
pub struct Control {
    /// The framework's own numbers.
    pub ids: Vec<String>,
    /// The same as identifiers of an OSCAL catalogue.
    pub tokens: Vec<String>,
    /// What it is called; in words of our own where the text is copyrighted.
    pub title: Text,
    /// The evidence it draws on, each piece with what it shows.
    pub shows: BTreeMap<Evidence, Text>,
    /// What it does not show.
    pub does_not_show: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WirePack {
    airlift_controls: u32,
    id: String,
    name: String,
    version: String,
    source: String,
    prefix: String,
    official: bool,
    note: Text,
    control: Vec<WireControl>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireControl {
    ids: Vec<String>,
    title: Text,
    shows: BTreeMap<String, String>,
    does_not_show: String,
}

impl ControlPack {
    /// The packs that are shipped, in a fixed order.
    pub fn shipped() -> &'static [Self] {
        static PACKS: OnceLock<Vec<ControlPack>> = OnceLock::new();
        PACKS.get_or_init(|| SHIPPED.iter().map(|text| Self::parse(text).expect("a test reads the packs that are shipped")).collect())
    }

    /// The shipped pack of that name.
    pub fn named(id: &str) -> Result<&'static Self> {
        Self::shipped().iter().find(|pack| pack.id == id).ok_or_else(|| {
            Error::usage("there is no such profile")
                .with("expected", Self::shipped().iter().map(|pack| pack.id.as_str()).collect::<Vec<_>>().join(", "))
                .with("found", format!("{id:.60}"))
        })
    }

    /// Reads a pack. A member that is not known, a row without evidence, or a text that lacks a language is refused.
    pub fn parse(text: &str) -> Result<Self> {
        let wire: WirePack = toml::from_str(text).map_err(|e| refused("", "it cannot be read").with("found", e.message()))?;
        if wire.airlift_controls != VERSION {
            return Err(refused(&wire.id, "its version is not known").with("expected", VERSION).with("found", wire.airlift_controls));
        }
        if !word(&wire.id) || !(wire.prefix.is_empty() || word(&wire.prefix)) || !(1..=MAX_ROWS).contains(&wire.control.len()) {
            return Err(refused(&wire.id, "its id, prefix or count of rows is not right"));
        }
        wire.note.check(&wire.id)?;
        let controls: Vec<Control> = wire.control.into_iter().map(|row| Control::read(row, &wire.prefix)).collect::<Result<_>>()?;
        let mut ids: Vec<&str> = controls.iter().flat_map(|control| &control.tokens).map(String::as_str).collect();
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(refused(&wire.id, "a control is there twice").with("found", twice[0]));
        }
        let WirePack { id, name, version, source, prefix, official, note, .. } = wire;
        Ok(Self { id, name, version, source, prefix, official, note, controls })
    }
}

impl Control {
    fn read(row: WireControl, prefix: &str) -> Result<Self> {
        let label = row.ids.join(", ");
        let lacking = |what: &str, name: &str| refused(&label, &format!("`{what}` names no text")).with("found", name);
        let piece = |(code, name): (&String, &String)| {
            let evidence =
                Evidence::named(code).ok_or_else(|| refused(&label, "it draws on what is not in the catalogue").with("found", code))?;
            Ok((evidence, said().shows(name).ok_or_else(|| lacking("shows", name))?.clone()))
        };
        let shows: BTreeMap<Evidence, Text> = row.shows.iter().map(piece).collect::<Result<_>>()?;
        if shows.is_empty() {
            return Err(refused(&label, "it draws on no evidence"));
        }
        let plain =
            |id: &String| !id.is_empty() && id.len() <= 60 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b" .-()".contains(&b));
        if row.ids.is_empty() || row.ids.len() > MAX_IDS || !row.ids.iter().all(plain) {
            return Err(refused(&label, "its ids are not right"));
        }
        let does_not_show = said().does_not_show(&row.does_not_show).ok_or_else(|| lacking("does-not-show", &row.does_not_show))?.clone();
        row.title.check(&label)?;
        let tokens = row.ids.iter().map(|id| token(prefix, id)).collect();
        Ok(Self { ids: row.ids, tokens, title: row.title, shows, does_not_show })
    }

    /// Its numbers in one line.
    pub fn label(&self) -> String {
        self.ids.join(", ")
    }
}

impl ControlPack {
    /// Where an OSCAL document says its controls are from.
    pub fn catalogue(&self) -> String {
        if self.official { CATALOGUE.to_owned() } else { format!("urn:airlift:{}", self.prefix) }
    }
}

/// `AC-3(2)` is `ac-3.2` in the catalogue of NIST; others get their prefix in front.
fn token(prefix: &str, id: &str) -> String {
    let mut out = String::from(prefix);
    for c in id.to_ascii_lowercase().chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '-' => {
                if out == prefix && !prefix.is_empty() {
                    out.push('-');
                }
                out.push(c);
            }
            '(' | ' ' | '.' if !out.ends_with('.') && out != prefix => out.push('.'),
            _ => {}
        }
    }
    out.trim_end_matches('.').to_owned()
}

fn word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn refused(what: &str, why: &str) -> Error {
    let what = if what.is_empty() { "the control pack".to_owned() } else { format!("the control pack, {what}") };
    Error::usage(format!("{what}: {why}"))
}
