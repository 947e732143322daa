//! How severe: base scores from CVSS vectors (v2 and v3.x by their specifications), words of databases, and the bands of both.

use std::fmt;

/// The bands of CVSS v3.1, section 5, and `Unknown` where nobody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub enum Rating {
    /// Nothing is said, or nothing that can be read.
    #[default]
    Unknown,
    /// 0.0
    None,
    /// 0.1 to 3.9
    Low,
    /// 4.0 to 6.9
    Medium,
    /// 7.0 to 8.9
    High,
    /// 9.0 to 10.0
    Critical,
}

impl Rating {
    /// The band of a score.
    pub fn of(score: Score) -> Self {
        match score.0 {
            0 => Self::None,
            1..40 => Self::Low,
            40..70 => Self::Medium,
            70..90 => Self::High,
            _ => Self::Critical,
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// What a database calls it (`MODERATE`, `important`).
    pub fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "none" => Self::None,
            "low" | "negligible" | "unimportant" => Self::Low,
            "medium" | "moderate" => Self::Medium,
            "high" | "important" => Self::High,
            "critical" => Self::Critical,
            _ => Self::Unknown,
        }
    }
}

/// A base score, in tenths: 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u8);

impl Score {
    fn of_tenths(tenths: f64) -> Self {
        Self(tenths.clamp(0.0, 100.0) as u8)
    }

    /// The score in tenths.
    pub fn tenths(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// How severe an advisory is said to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Severity {
    /// The band.
    pub rating: Rating,
    /// The base score, where the vector gives one.
    pub score: Option<Score>,
    /// The vector as it stands in the record.
    pub vector: Option<Box<str>>,
}

impl Severity {
    /// Of a vector: v2 and v3.x with their score, v4.0 as it is (its score comes from a table, which is not carried).
    pub fn of_vector(vector: &str) -> Self {
        let score = base_score(vector);
        Self { rating: score.map_or(Rating::Unknown, Rating::of), score, vector: Some(vector.into()) }
    }

    /// Of a word.
    pub fn of_word(word: &str) -> Self {
        Self { rating: Rating::from_word(word), ..Self::default() }
    }
}

/// The base score of a CVSS v2.0, v3.0 or v3.1 vector; `None` for others, and for those that are not whole.
pub fn base_score(vector: &str) -> Option<Score> {
    match vector.strip_prefix("CVSS:3.").and_then(|rest| rest.split_once('/')) {
        Some(("0", metrics)) => version_3(&Metrics::read(metrics)?, false),
        Some(("1", metrics)) => version_3(&Metrics::read(metrics)?, true),
        Some(_) => None,
        None if vector.starts_with("CVSS:") => None,
        None => version_2(&Metrics::read(vector.trim_start_matches('(').trim_end_matches(')'))?),
    }
}

/// Most metrics of a vector: all groups of the longest version.
const MOST_METRICS: usize = 40;

struct Metrics<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Metrics<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let metrics: Vec<_> = text.split('/').take(MOST_METRICS + 1).map(|metric| metric.split_once(':')).collect::<Option<_>>()?;
        let twice = metrics.iter().enumerate().any(|(at, (name, _))| metrics[..at].iter().any(|(other, _)| other == name));
        (!twice && metrics.len() <= MOST_METRICS).then_some(Self(metrics))
    }

    fn weight(&self, name: &str, values: &[(&str, f64)]) -> Option<f64> {
        let (_, found) = self.0.iter().find(|(metric, _)| *metric == name)?;
        values.iter().find(|(value, _)| value == found).map(|(_, weight)| *weight)
    }
}

/// CVSS v3.0 and v3.1, section 7.1; they differ in how is rounded up (v3.1, appendix A).
fn version_3(metrics: &Metrics<'_>, newer: bool) -> Option<Score> {
    let changed = metrics.weight("S", &[("U", 0.0), ("C", 1.0)])? > 0.0;
    let vector = metrics.weight("AV", &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)])?;
    let complexity = metrics.weight("AC", &[("L", 0.77), ("H", 0.44)])?;
    let (low, high) = if changed { (0.68, 0.5) } else { (0.62, 0.27) };
    let privileges = metrics.weight("PR", &[("N", 0.85), ("L", low), ("H", high)])?;
    let interaction = metrics.weight("UI", &[("N", 0.85), ("R", 0.62)])?;
    let loss = |name| metrics.weight(name, &[("H", 0.56), ("L", 0.22), ("N", 0.0)]);
    let base = 1.0 - (1.0 - loss("C")?) * (1.0 - loss("I")?) * (1.0 - loss("A")?);
    let impact = if changed { 7.52 * (base - 0.029) - 3.25 * (base - 0.02).powi(15) } else { 6.42 * base };
    let exploitability = 8.22 * vector * complexity * privileges * interaction;
    if impact <= 0.0 {
        return Some(Score(0));
    }
    let sum = if changed { 1.08 * (impact + exploitability) } else { impact + exploitability };
    Some(Score::of_tenths(rounded_up(sum.min(10.0), newer)))
}

/// Tenths, rounded up.
fn rounded_up(score: f64, newer: bool) -> f64 {
    if !newer {
        return (score * 10.0).ceil();
    }
    let whole = (score * 100_000.0).round();
    if whole % 10_000.0 == 0.0 { whole / 10_000.0 } else { (whole / 10_000.0).floor() + 1.0 }
}

/// CVSS v2.0, section 3.2.1.
fn version_2(metrics: &Metrics<'_>) -> Option<Score> {
    let vector = metrics.weight("AV", &[("L", 0.395), ("A", 0.646), ("N", 1.0)])?;
    let complexity = metrics.weight("AC", &[("H", 0.35), ("M", 0.61), ("L", 0.71)])?;
    let authentication = metrics.weight("Au", &[("M", 0.45), ("S", 0.56), ("N", 0.704)])?;
    let loss = |name| metrics.weight(name, &[("N", 0.0), ("P", 0.275), ("C", 0.66)]);
    let impact = 10.41 * (1.0 - (1.0 - loss("C")?) * (1.0 - loss("I")?) * (1.0 - loss("A")?));
    let exploitability = 20.0 * vector * complexity * authentication;
    let factor = if impact == 0.0 { 0.0 } else { 1.176 };
    Some(Score::of_tenths((((0.6 * impact) + (0.4 * exploitability) - 1.5) * factor * 10.0).round()))
}
