//! What helps to put findings in order, where it is given: CISA's list of exploited vulnerabilities (KEV) and FIRST's scores (EPSS).

use super::snapshot::{Freshness, MOST_AHEAD};
use crate::error::{Error, Result, plain};
use flate2::bufread::GzDecoder;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

/// Longest list of exploited vulnerabilities, in bytes.
const LONGEST_KEV: usize = 64 << 20;
/// Most rows of either file.
const MOST_ROWS: usize = 2_000_000;
/// Longest line of a table of scores, in bytes.
const LONGEST_LINE: u64 = 256;
const LONGEST_FIELD: usize = 64;

/// A vulnerability that is known to be exploited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exploited {
    /// The day it was listed, as the list writes it.
    pub added: Box<str>,
    /// The day by which it is to be mended, as the list writes it.
    pub due: Option<Box<str>>,
    /// Whether ransomware is known to use it.
    pub ransomware: bool,
}

/// How likely it is that a vulnerability is exploited in the next 30 days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likelihood {
    /// 0 to 1.
    pub probability: f32,
    /// The share of all vulnerabilities that are no likelier, 0 to 1.
    pub percentile: f32,
}

/// Both, by CVE; empty where nothing was given, which says nothing.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    exploited: HashMap<Box<str>, Exploited>,
    likelihood: HashMap<Box<str>, Likelihood>,
    /// The version of the list of exploited vulnerabilities, where one was read.
    pub exploited_as_of: Option<String>,
    /// The time of that list, where it is known.
    exploited_time: Option<Timestamp>,
    /// The day of the scores, where some were read.
    pub likelihood_as_of: Option<String>,
    /// The time of those scores.
    likelihood_time: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireList {
    #[serde(rename = "catalogVersion")]
    version: String,
    #[serde(rename = "dateReleased")]
    released: Option<String>,
    vulnerabilities: Vec<WireExploited>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireExploited {
    #[serde(rename = "cveID")]
    cve: String,
    date_added: String,
    due_date: Option<String>,
    known_ransomware_campaign_use: Option<String>,
}

impl Ranking {
    /// Takes in a list of exploited vulnerabilities (JSON), beside those that were taken in before, as of `given`.
    pub fn read_exploited(&mut self, bytes: &[u8], given: Option<Timestamp>) -> Result<()> {
        let what = "the list of exploited vulnerabilities";
        if bytes.len() > LONGEST_KEV {
            return Err(wrong(what, "it is too long").with("expected", format!("at most {LONGEST_KEV} bytes")));
        }
        let list: WireList = serde_json::from_slice(bytes).map_err(|e| wrong(what, "it is not in CISA's form").because(&e))?;
        if list.vulnerabilities.is_empty() || list.vulnerabilities.len() > MOST_ROWS {
            return Err(wrong(what, "it is empty, or too long"));
        }
        field(what, &list.version)?;
        let mut exploited = HashMap::new();
        for one in list.vulnerabilities {
            let texts = [Some(&one.cve), Some(&one.date_added), one.due_date.as_ref()];
            texts.into_iter().flatten().try_for_each(|text| field(what, text))?;
            let ransomware = one.known_ransomware_campaign_use.is_some_and(|word| word == "Known");
            let listed = Exploited { added: one.date_added.into(), due: one.due_date.map(Into::into), ransomware };
            exploited.insert(one.cve.into(), listed);
        }
        let said = list.released.as_deref().and_then(|text| text.parse().ok()).or_else(|| day(&list.version));
        self.exploited.extend(exploited);
        self.exploited_as_of = self.exploited_as_of.take().max(Some(list.version));
        self.exploited_time = self.exploited_time.max(said).max(given);
        Ok(())
    }

    /// The time of the list of exploited vulnerabilities, where it is known.
    pub fn exploited_time(&self) -> Option<Timestamp> {
        self.exploited_time
    }

    /// Why it is not known which vulnerabilities are exploited: there is no list, or it is too old, or from the future. `None` where it is.
    pub fn exploited_unknown(&self, freshness: &Freshness) -> Option<String> {
        let list = "list of vulnerabilities that are known to be exploited";
        let Some(version) = &self.exploited_as_of else { return Some(format!("no {list} is here")) };
        let Some(time) = self.exploited_time else { return Some(format!("the {list} says no time ({version})")) };
        let age = freshness.now.duration_since(time);
        let wrong = if age > freshness.most_age { "too old" } else { "from the future" };
        (age > freshness.most_age || -age > MOST_AHEAD).then(|| format!("the {list} is {wrong}: as of {time}"))
    }

    /// Why it is not known how likely vulnerabilities are to be exploited: there is no table, or it is too old, or from the future.
    pub fn likelihood_unknown(&self, freshness: &Freshness) -> Option<String> {
        let Some(time) = self.likelihood_time else { return Some("no table of scores is here".to_owned()) };
        let age = freshness.now.duration_since(time);
        let wrong = if age > freshness.most_age { "too old" } else { "from the future" };
        (age > freshness.most_age || -age > MOST_AHEAD).then(|| format!("{SCORES} is {wrong}: as of {time}"))
    }

    /// The time of the table of scores, where one was read.
    pub fn likelihood_time(&self) -> Option<Timestamp> {
        self.likelihood_time
    }

    /// Takes in a table of scores, beside those that were taken in before, of which the higher score counts: CSV, packed with gzip or not.
    pub fn read_likelihood(&mut self, table: impl Read) -> Result<()> {
        let mut reader = BufReader::new(table);
        let packed = reader.fill_buf().map_err(|e| unreadable(&e))?.starts_with(&[0x1f, 0x8b]);
        if packed { self.rows(BufReader::new(GzDecoder::new(reader))) } else { self.rows(reader) }
    }

    fn rows(&mut self, mut table: impl BufRead) -> Result<()> {
        let mut line = String::new();
        let head = next(&mut table, &mut line)?.and_then(|line| line.strip_prefix('#')).unwrap_or_default();
        let day = head.split(',').find_map(|part| part.strip_prefix("score_date:")).ok_or_else(|| scores("it has no date"))?.to_owned();
        field(SCORES, &day)?;
        let time = day.get(..10).and_then(|date| format!("{date}T00:00:00Z").parse().ok());
        let time: Timestamp = time.ok_or_else(|| scores("its date is none").with("found", format!("{day:.40}")))?;
        if next(&mut table, &mut line)? != Some("cve,epss,percentile") {
            return Err(scores("its columns are not cve, epss, percentile").with("found", format!("{:.80}", line.trim_end())));
        }
        let mut found = HashMap::new();
        for _ in 0..=MOST_ROWS {
            let Some(row) = next(&mut table, &mut line)? else {
                if found.is_empty() {
                    return Err(scores("it has no rows"));
                }
                self.likelihood_as_of = self.likelihood_as_of.take().max(Some(day));
                self.likelihood_time = self.likelihood_time.max(Some(time));
                found.into_iter().for_each(|(cve, scored)| self.score(cve, scored));
                return Ok(());
            };
            let (cve, likelihood) = scored(row).ok_or_else(|| scores("a row cannot be read").with("found", format!("{row:.80}")))?;
            found.insert(cve.into(), likelihood);
        }
        Err(scores("it has too many rows").with("expected", format!("at most {MOST_ROWS}")))
    }

    fn score(&mut self, cve: Box<str>, scored: Likelihood) {
        let kept = self.likelihood.entry(cve).or_insert(scored);
        if scored.probability > kept.probability {
            *kept = scored;
        }
    }

    /// How many entries both have together.
    pub fn entries(&self) -> usize {
        self.exploited.len() + self.likelihood.len()
    }

    /// What is known of the first of these identifiers that is listed.
    pub fn exploited<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Option<&Exploited> {
        names.find_map(|name| self.exploited.get(name))
    }

    /// The highest score of these identifiers.
    pub fn likelihood<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<Likelihood> {
        let found = names.filter_map(|name| self.likelihood.get(name)).copied();
        found.max_by(|a, b| a.probability.total_cmp(&b.probability))
    }
}

/// The day that a version is, as CISA counts them (`2024.05.14`).
fn day(version: &str) -> Option<Timestamp> {
    let mut numbers = version.split('.');
    let date = format!("{}-{}-{}T00:00:00Z", numbers.next()?, numbers.next()?, numbers.next()?);
    date.parse().ok()
}

const SCORES: &str = "the table of scores";

fn scores(why: &str) -> Error {
    wrong(SCORES, why)
}

fn wrong(what: &str, why: &str) -> Error {
    Error::verification(format!("{what}: {why}")).hint("take it anew, or go without it")
}

fn unreadable(error: &std::io::Error) -> Error {
    scores("it cannot be read").because(error)
}

fn field(what: &str, text: &str) -> Result<()> {
    let fits = !text.is_empty() && text.len() <= LONGEST_FIELD && plain(text) == text;
    if fits { Ok(()) } else { Err(wrong(what, "a field cannot be used").with("found", format!("{text:.80}"))) }
}

/// The next line without its end; `None` at the end of the file.
fn next<'a>(table: &mut impl BufRead, line: &'a mut String) -> Result<Option<&'a str>> {
    line.clear();
    let length = table.by_ref().take(LONGEST_LINE).read_line(line).map_err(|e| unreadable(&e))?;
    if length as u64 == LONGEST_LINE {
        return Err(scores("a line is too long"));
    }
    Ok((length > 0).then(|| line.trim_end_matches(['\n', '\r'])))
}

fn scored(row: &str) -> Option<(&str, Likelihood)> {
    let mut fields = row.split(',');
    let cve = fields.next().filter(|cve| cve.starts_with("CVE-") && cve.len() <= LONGEST_FIELD)?;
    let mut share = || fields.next()?.parse::<f32>().ok().filter(|share| (0.0..=1.0).contains(share));
    let likelihood = Likelihood { probability: share()?, percentile: share()? };
    fields.next().is_none().then_some((cve, likelihood))
}
