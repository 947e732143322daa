//! Which images a chart uses: rendered, annotated, listed, and guessed from its values; each with how it was found.

mod evidence;
mod reference;
mod values;
mod walk;

pub(super) use evidence::fits;
pub(super) use reference::Reference;

use super::meta::{Image, Redirect};
use super::package::{Laid, Subject};
use super::section::{ImagePolicy, OnFailure};
use crate::error::{Error, Kind, Result};
use evidence::{Evidence, MOST_IMAGES, Weight};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use values::{Guess, global, guesses};
use walk::{Seen, walk};

/// Where annotations stand in which publishers list images: Artifact Hub's, Helm's, and that of a large publisher.
const ANNOTATIONS: [&str; 3] = ["artifacthub.io/", "helm.sh/", ""];
/// Stands for the mirror while it is tried where values lead; `.invalid` is nobody's (RFC 2606).
const STAND_IN: &str = "mirror.invalid:5000";
/// Most failures of one chart that are told.
const MOST_FAILURES: usize = 100;
/// Charts of one large publisher refuse to be installed with images from elsewhere, unless this is true.
const INSECURE: [&str; 3] = ["global", "security", "allowInsecureImages"];
/// Longest account of one failure, in characters: templates that call themselves are told once, not a thousand times.
const LONGEST_FAILURE: usize = 400;

/// One rendering of a chart.
#[derive(Debug, Default)]
pub(super) struct Rendering {
    /// Documents with the template each is of.
    pub documents: Vec<(String, Value)>,
    /// What could not be rendered.
    pub failures: Vec<String>,
    /// Whether Helm would refuse the values.
    pub unfit: bool,
}

/// A way to install a chart.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// Its name: `default`, `values`, or that of a value set.
    pub name: String,
    /// The user's values.
    pub values: Map<String, Value>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The images.
    pub images: Vec<Image>,
    /// What could not be rendered or read.
    pub failures: Vec<String>,
    /// Values that lead the chart to a mirror.
    pub redirects: Vec<Redirect>,
    /// Values that must be true for that.
    pub switches: Vec<Vec<String>>,
}

/// Looks for the images of a chart.
pub(super) fn find(chart: &Subject<'_>, ways: &[Way], kube_versions: &[String], policy: &ImagePolicy) -> Result<Found> {
    let mut search =
        Search { chart, evidence: Evidence::default(), failures: BTreeSet::new(), redirects: BTreeMap::new(), switches: BTreeSet::new() };
    for extra in &policy.extra {
        let reference = listed(extra)?;
        search.evidence.add_reference(reference, Weight::Sure, "listed");
    }
    search.annotations(chart.annotations(), "");
    for way in ways {
        search.way(way, kube_versions);
        if search.evidence.len() > MOST_IMAGES {
            return Err(Error::verification("it names too many images").with("expected", format!("at most {MOST_IMAGES}")));
        }
    }
    search.found(policy)
}

/// Refuses what a section says of images and no image can be, before anything is asked for.
pub(super) fn check(policy: &ImagePolicy) -> Result<()> {
    policy.extra.iter().try_for_each(|extra| listed(extra).map(drop))
}

fn listed(extra: &str) -> Result<Reference> {
    Reference::parse(extra).map_err(|why| Error::usage(format!("\"{extra:.120}\" in `images.extra`: {why}")))
}

/// What a way is tried with once more.
struct Trial<'a> {
    version: Option<&'a str>,
    global: Option<Redirect>,
    /// Whether the chart has the switch that lets it take images of other registries.
    insecure: bool,
    /// Whether the values did not meet the schema in the first place.
    unfit: bool,
    /// What could not be rendered in the first place.
    failed: BTreeSet<String>,
}

impl Trial<'_> {
    /// Whether Helm would install what was tried, as far as it would install the chart as it is.
    fn passes(&self, rendering: &Rendering) -> bool {
        let known = |failure: &String| self.failed.contains(failure) || self.unfit && failure.contains("values.schema.json");
        (self.unfit || !rendering.unfit) && rendering.failures.iter().all(known)
    }
}

struct Search<'a> {
    chart: &'a Subject<'a>,
    evidence: Evidence,
    failures: BTreeSet<String>,
    redirects: BTreeMap<Vec<String>, String>,
    switches: BTreeSet<Vec<String>>,
}

impl Search<'_> {
    /// What the publisher lists; of a chart within the chart, with its name behind.
    fn annotations(&mut self, annotations: &BTreeMap<String, String>, whose: &str) {
        for key in ANNOTATIONS.map(|place| format!("{place}images")) {
            let (Some(text), how) = (annotations.get(&key), format!("annotation {key}{whose}")) else { continue };
            match super::yaml::parse(text) {
                Ok(Value::Array(list)) => list.iter().for_each(|entry| {
                    let image = entry.as_str().or_else(|| entry.get("image")?.as_str()).unwrap_or_default();
                    self.evidence.add(image, Weight::Sure, &how);
                }),
                Ok(_) => drop(self.failures.insert(format!("{how}: it is no list"))),
                Err(error) => drop(self.failures.insert(format!("{how}: {error}"))),
            }
        }
    }

    fn way(&mut self, way: &Way, kube_versions: &[String]) {
        // Parts that are switched off have values too; those that are on may go by other names.
        let (laid, whole) = (self.chart.laid(&way.values), self.chart.whole(&way.values));
        let of = |laid: &Option<Laid>| laid.as_ref().map(|laid| guesses(&laid.values, &|path| laid.app_version(path))).unwrap_or_default();
        for (part, annotations) in laid.iter().flat_map(Laid::annotated) {
            self.annotations(annotations, &format!(" of {part}"));
        }
        let guesses = of(&laid);
        for guess in guesses.iter().chain(&of(&whole)) {
            self.evidence.add_reference(guess.reference.clone(), Weight::Guessed, &format!("values: {}", guess.place));
        }
        let versions: Vec<Option<&str>> =
            if kube_versions.is_empty() { vec![None] } else { kube_versions.iter().map(|v| Some(&**v)).collect() };
        let (mut places, mut rendered, mut unfit, mut failed) = (BTreeMap::new(), BTreeSet::new(), false, BTreeSet::new());
        for version in &versions {
            let rendering = self.chart.render(&way.values, *version);
            unfit |= rendering.unfit;
            rendered.append(&mut self.rendering(&rendering, &way.name, *version, &mut places));
            failed.extend(rendering.failures);
        }
        for ((text, template, sure), versions) in places {
            let versions =
                if versions.is_empty() { String::new() } else { format!(" k8s {},", versions.into_iter().collect::<Vec<_>>().join(" ")) };
            let (weight, word) = if sure { (Weight::Sure, "rendered") } else { (Weight::Guessed, "mentioned") };
            self.evidence.add(&text, weight, &format!("{word}: {},{versions} {template}", way.name));
        }
        let insecure = laid.as_ref().is_some_and(|laid| laid.values.pointer(&format!("/{}", INSECURE.join("/"))).is_some());
        let global = laid.and_then(|laid| global(&laid.values));
        let trial = Trial { version: versions[0], global, insecure, unfit, failed };
        self.redirect(way, trial, &guesses, &rendered);
    }

    /// Takes in one rendering; tells the images that it surely uses.
    fn rendering(&mut self, rendering: &Rendering, way: &str, version: Option<&str>, places: &mut Places) -> BTreeSet<Reference> {
        let at = version.map(|version| format!(", k8s {version}")).unwrap_or_default();
        self.failures.extend(rendering.failures.iter().map(|failure| format!("{way}{at}: {}", shortened(failure))));
        let mut sure = BTreeSet::new();
        for (template, document) in &rendering.documents {
            let mut seen = Seen::default();
            walk(document, &mut seen);
            sure.extend(seen.images.iter().filter_map(|text| Reference::parse(text).ok()));
            let texts = seen.images.into_iter().map(|text| (text, true)).chain(seen.mentions.into_iter().map(|text| (text, false)));
            for (text, is_sure) in texts {
                places.entry((text, template.clone(), is_sure)).or_default().extend(version.map(str::to_owned));
            }
        }
        sure
    }

    /// Finds the values that lead the images of a way to a mirror, and tries them.
    fn redirect(&mut self, way: &Way, on: Trial<'_>, guesses: &[Guess], rendered: &BTreeSet<Reference>) {
        let names: BTreeSet<String> = rendered.iter().map(Reference::name).collect();
        let used = guesses.iter().filter(|guess| names.contains(&guess.reference.name()));
        let redirects: Vec<Redirect> = used.filter_map(|guess| guess.redirect.clone()).chain(on.global.clone()).collect();
        if redirects.is_empty() {
            rendered.iter().for_each(|reference| self.evidence.redirected(reference, false));
            return;
        }
        let mut values = way.values.clone();
        for redirect in &redirects {
            set(&mut values, &redirect.path, format!("{STAND_IN}/{}", redirect.value).into());
        }
        let (mut trial, mut switch) = (self.chart.render(&values, on.version), None);
        if !on.passes(&trial) && on.insecure {
            let path = INSECURE.map(str::to_owned).to_vec();
            set(&mut values, &path, true.into());
            (trial, switch) = (self.chart.render(&values, on.version), Some(path));
        }
        if !on.passes(&trial) {
            // Helm would refuse values that lead to a mirror, so there are none.
            rendered.iter().for_each(|reference| self.evidence.redirected(reference, false));
            return;
        }
        let led = led(&trial, rendered);
        rendered.iter().for_each(|reference| self.evidence.redirected(reference, led.contains(reference)));
        if !led.is_empty() {
            self.switches.extend(switch);
            self.redirects.extend(redirects.into_iter().map(|redirect| (redirect.path, redirect.value)));
        }
    }

    fn found(self, policy: &ImagePolicy) -> Result<Found> {
        let mut failures: Vec<String> = self.failures.iter().chain(&self.evidence.unreadable).cloned().collect();
        if policy.on_failure == OnFailure::Refuse && !failures.is_empty() {
            return Err(Error::new(Kind::Policy, "its images are not all known")
                .with_all("failed", &failures[..failures.len().min(10)])
                .hint("give the chart the `values` it needs, or set images.on-failure = \"note\""));
        }
        if let Some(more) = failures.len().checked_sub(MOST_FAILURES).filter(|more| *more > 0) {
            failures.truncate(MOST_FAILURES);
            failures.push(format!("and {more} more"));
        }
        let redirects = self.redirects.into_iter().map(|(path, value)| Redirect { path, value }).collect();
        Ok(Found { images: self.evidence.images(policy), failures, redirects, switches: self.switches.into_iter().collect() })
    }
}

/// The images that a trial leads to the mirror, all of their places.
fn led(trial: &Rendering, rendered: &BTreeSet<Reference>) -> BTreeSet<Reference> {
    let mut seen = Seen::default();
    trial.documents.iter().for_each(|(_, document)| walk(document, &mut seen));
    let (mut there, mut left) = (BTreeSet::new(), BTreeSet::new());
    for text in &seen.images {
        match text.strip_prefix(STAND_IN).and_then(|rest| rest.strip_prefix('/')) {
            Some(rest) => drop(there.insert(rest.to_owned())),
            None => left.extend(Reference::parse(text)),
        }
    }
    let is_led = |reference: &&Reference| served(reference).iter().any(|text| there.contains(text)) && !left.contains(*reference);
    rendered.iter().filter(is_led).cloned().collect()
}

/// The beginning and the end of a long text: where it happened, and what.
fn shortened(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= LONGEST_FAILURE {
        return text.to_owned();
    }
    let (begin, end) = (&letters[..LONGEST_FAILURE / 2], &letters[letters.len() - LONGEST_FAILURE / 2..]);
    format!("{} … {}", begin.iter().collect::<String>(), end.iter().collect::<String>())
}

/// The Kubernetes versions for which a template names a text as an image, or only mentions it.
type Places = BTreeMap<(String, String, bool), BTreeSet<String>>;

/// The spellings under which a chart that was led to a mirror may name an image there.
fn served(reference: &Reference) -> Vec<String> {
    let whole = reference.to_string();
    let (host, rest) = whole.split_once('/').unwrap_or_default();
    let host = host.replace(':', "_");
    let tail: String = format!(":{}", reference.tag.as_deref().unwrap_or_default());
    let untagged = rest.strip_suffix(":latest").unwrap_or(rest);
    let mut all = vec![format!("{host}/{rest}"), format!("{host}/{untagged}")];
    if let Some(digest) = &reference.digest {
        // A tag beside a digest says nothing more.
        all.push(format!("{host}/{}@{digest}", reference.path));
        all.push(format!("{host}/{}{tail}", reference.path));
    }
    if let Some(short) = reference.path.strip_prefix("library/").filter(|_| host == "docker.io") {
        let short = rest.strip_prefix("library/").unwrap_or(short);
        all.push(format!("{host}/{short}"));
        all.push(format!("{host}/{}", short.strip_suffix(":latest").unwrap_or(short)));
    }
    all
}

/// Sets a value below maps; what is in the way and no map becomes one.
fn set(values: &mut Map<String, Value>, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else { return };
    let place = values.entry(key.clone()).or_insert(Value::Null);
    if rest.is_empty() {
        *place = value;
        return;
    }
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    if let Value::Object(below) = place {
        set(below, rest, value);
    }
}

#[cfg(test)]
mod tests;
