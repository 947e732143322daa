//! Versions and constraints as `Masterminds/semver` v3 reads them: what Sprig and Helm ask.

use super::value::Value;
use regex::Regex;
use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

/// A version; numbers left out are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    pre: String,
    build: String,
    original: String,
    /// Go's `semver.Version` rather than the pointer that `semver` gives: what methods that change a version return. Few methods are left.
    bare: bool,
}

const WORD: &str = r"[0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*";

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constant and compile")
}

static VERSION: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(-({WORD}))?(\+({WORD}))?$")));

const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";

fn version_or_x() -> String {
    format!(r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-({WORD}))?(\+({WORD}))?")
}

static WORDS: LazyLock<Regex> = LazyLock::new(|| compiled(&format!("^{WORD}$")));
static ONE: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"^\s*({OPERATORS})\s*({})\s*$", version_or_x())));
static FIND: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"({OPERATORS})\s*({})", version_or_x())));
static VALID: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"^(\s*({OPERATORS})\s*({})\s*,?)+$", version_or_x())));
static RANGE: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"\s*({0})\s+-\s+({0})\s*", version_or_x())));

impl Version {
    /// Reads `1`, `1.2`, `v1.2.3-rc.1+build`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let invalid = || "Invalid Semantic Version".to_string();
        if text.len() > 256 {
            return Err(invalid());
        }
        let found = VERSION.captures(text).ok_or_else(invalid)?;
        let number = |i: usize| found.get(i).map_or(Ok(0), |m| m.as_str().trim_start_matches('.').parse::<u64>());
        let part = |i: usize| found.get(i).map_or(String::new(), |m| m.as_str().to_string());
        let pre = part(5);
        if pre.split('.').any(|p| p.len() > 1 && p.starts_with('0') && p.bytes().all(|b| b.is_ascii_digit())) {
            return Err("Version segment starts with 0".into());
        }
        let numbers = (number(1), number(2), number(3));
        let (Ok(major), Ok(minor), Ok(patch)) = numbers else { return Err(invalid()) };
        Ok(Self { major, minor, patch, pre, build: part(8), original: text.into(), bare: false })
    }

    /// Precedence; build metadata does not count.
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers = |v: &Self| (v.major, v.minor, v.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| compare_pre(&self.pre, &other.pre))
    }

    /// Whether it is Go's struct rather than a pointer to one.
    pub(super) fn is_bare(&self) -> bool {
        self.bare
    }

    /// `IncMajor`, `IncMinor`, `IncPatch`: what follows; a pre-release is followed by its release.
    pub(super) fn following(&self, name: &str) -> Option<Self> {
        let (major, minor, patch) = match name {
            "IncMajor" => (self.major.wrapping_add(1), 0, 0),
            "IncMinor" => (self.major, self.minor.wrapping_add(1), 0),
            "IncPatch" if self.pre.is_empty() => (self.major, self.minor, self.patch.wrapping_add(1)),
            "IncPatch" => (self.major, self.minor, self.patch),
            _ => return None,
        };
        Some(Self { major, minor, patch, pre: String::new(), build: String::new(), original: String::new(), bare: true })
    }

    /// `SetPrerelease`, `SetMetadata`.
    pub(super) fn with(&self, name: &str, text: &str) -> Option<Result<Self, String>> {
        let legal = |what: &str| match text.is_empty() || WORDS.is_match(text) {
            true => Ok(Self { bare: true, ..self.clone() }),
            false => Err(format!("Invalid {what} string")),
        };
        match name {
            "SetPrerelease" => Some(legal("Prerelease").map(|made| Self { pre: text.into(), ..made })),
            "SetMetadata" => Some(legal("Metadata").map(|made| Self { build: text.into(), ..made })),
            _ => None,
        }
    }

    /// What templates call on a version.
    pub(super) fn method(&self, name: &str) -> Option<Value> {
        if let Some(following) = self.following(name) {
            return Some(Value::object(super::Object::Semver(following)));
        }
        Some(match name {
            "Original" if self.bare => return None,
            "Major" => Value::Long(self.major as i64),
            "Minor" => Value::Long(self.minor as i64),
            "Patch" => Value::Long(self.patch as i64),
            "Prerelease" => self.pre.as_str().into(),
            "Metadata" => self.build.as_str().into(),
            "Original" => self.original.as_str().into(),
            "String" => self.to_string().into(),
            _ => return None,
        })
    }

    /// A method that takes another version.
    pub(super) fn method_with(&self, name: &str, other: &Self) -> Option<Value> {
        let order = self.compare(other);
        Some(match name {
            "Compare" => Value::Int(order as i64),
            "LessThan" => order.is_lt().into(),
            "GreaterThan" => order.is_gt().into(),
            "Equal" => order.is_eq().into(),
            _ => return None,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build)?;
        }
        Ok(())
    }
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut x, mut y) = (a.split('.'), b.split('.'));
    loop {
        let order = match (x.next(), y.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// One comparison of a constraint.
struct One {
    operator: String,
    version: Version,
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

/// A constraint: comparisons that must all hold, or those after `||`.
pub struct Constraint(Vec<Vec<One>>);

impl Constraint {
    /// Reads `>=1.2 <2 || ~3.1`, `^1.x`, `1.2 - 1.4`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > 4_096 {
            return Err("improper constraint: too long".into());
        }
        let text = RANGE.replace_all(text, |m: &regex::Captures<'_>| format!(">= {}, <= {}", &m[1], m.get(11).map_or("", |g| g.as_str())));
        let parts = text.split("||").map(|part| {
            if !VALID.is_match(part) {
                return Err(format!("improper constraint: {part}"));
            }
            FIND.find_iter(part).map(|m| one(m.as_str())).collect()
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a version meets it.
    pub fn check(&self, version: &Version) -> bool {
        self.0.iter().any(|all| all.iter().all(|one| one.check(version)))
    }
}

fn one(text: &str) -> Result<One, String> {
    let improper = || format!("improper constraint: {text}");
    let found = ONE.captures(text).ok_or_else(improper)?;
    let part = |i: usize| found.get(i).map_or("", |m| m.as_str());
    let open = |i: usize| matches!(part(i).trim_start_matches('.'), "" | "x" | "X" | "*");
    let (text, dirty, minor_dirty, patch_dirty) = if open(3) {
        ("0.0.0".to_string(), true, false, false)
    } else if open(4) {
        (format!("{}.0.0{}", part(3), part(6)), true, true, false)
    } else if open(5) {
        (format!("{}{}.0{}", part(3), part(4), part(6)), true, false, true)
    } else {
        (part(2).to_string(), false, false, false)
    };
    let version = Version::parse(&text).map_err(|_| "constraint Parser Error".to_string())?;
    Ok(One { operator: part(1).into(), version, dirty, minor_dirty, patch_dirty })
}

impl One {
    fn check(&self, v: &Version) -> bool {
        let c = &self.version;
        let strange = !v.pre.is_empty() && c.pre.is_empty();
        match self.operator.as_str() {
            "!=" => self.differs(v),
            _ if strange => false,
            "" | "=" if !self.dirty => v.compare(c) == Ordering::Equal,
            "" | "=" | "~" | "~>" => self.tilde(v),
            ">" => self.greater(v),
            "<" => v.compare(c) == Ordering::Less,
            ">=" | "=>" => v.compare(c) != Ordering::Less,
            "<=" | "=<" => self.at_most(v),
            _ => self.caret(v),
        }
    }

    fn differs(&self, v: &Version) -> bool {
        let c = &self.version;
        if self.dirty {
            if !v.pre.is_empty() && c.pre.is_empty() {
                return false;
            }
            if c.major != v.major || (c.minor != v.minor && !self.minor_dirty) {
                return true;
            }
            if self.minor_dirty {
                return false;
            }
            if c.patch != v.patch && !self.patch_dirty {
                return true;
            }
            if self.patch_dirty {
                return (!v.pre.is_empty() || !c.pre.is_empty()) && compare_pre(&v.pre, &c.pre) != Ordering::Equal;
            }
        }
        v.compare(c) != Ordering::Equal
    }

    fn greater(&self, v: &Version) -> bool {
        let c = &self.version;
        if !self.dirty {
            return v.compare(c) == Ordering::Greater;
        }
        if v.major != c.major {
            return v.major > c.major;
        }
        if self.minor_dirty {
            return false;
        }
        if self.patch_dirty {
            return v.minor > c.minor;
        }
        v.compare(c) == Ordering::Greater
    }

    fn at_most(&self, v: &Version) -> bool {
        let c = &self.version;
        if !self.dirty {
            return v.compare(c) != Ordering::Greater;
        }
        !(v.major > c.major || (v.major == c.major && v.minor > c.minor && !self.minor_dirty))
    }

    fn tilde(&self, v: &Version) -> bool {
        let c = &self.version;
        if v.compare(c) == Ordering::Less {
            return false;
        }
        if (c.major, c.minor, c.patch) == (0, 0, 0) && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        v.major == c.major && (v.minor == c.minor || self.minor_dirty)
    }

    fn caret(&self, v: &Version) -> bool {
        let c = &self.version;
        if v.compare(c) == Ordering::Less {
            return false;
        }
        if c.major > 0 || self.minor_dirty {
            return v.major == c.major;
        }
        if v.major > 0 {
            return false;
        }
        if c.minor > 0 || self.patch_dirty {
            return v.minor == c.minor;
        }
        c.patch == v.patch
    }
}
