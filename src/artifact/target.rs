//! Targets: the machines a toolkit is for, as data; never taken from the machine that locks.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// 64-bit x86 (`amd64` in OCI).
    X86_64,
    /// 64-bit Arm (`arm64` in OCI).
    Aarch64,
}

impl Architecture {
    /// The kernel's name (`uname -m`).
    pub const fn machine(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// The name in OCI platforms (GOARCH).
    pub const fn oci(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        }
    }
}

/// A dotted version of two or three numbers, such as a Python or glibc release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number, when given.
    pub patch: Option<u32>,
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong =
            || Error::usage("not a version").with("expected", "MAJOR.MINOR or MAJOR.MINOR.PATCH").with("found", format!("{text:.40}"));
        let digits = |n: &str| n.bytes().all(|b| b.is_ascii_digit());
        let numbers = text.split('.').map(|n| n.parse::<u32>().ok().filter(|_| digits(n)).ok_or_else(wrong)).collect::<Result<Vec<_>>>()?;
        match numbers[..] {
            [major, minor] => Ok(Self { major, minor, patch: None }),
            [major, minor, patch] => Ok(Self { major, minor, patch: Some(patch) }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

/// The C library a target has, with the oldest version that must be supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Libc {
    /// GNU libc.
    Glibc(Version),
    /// musl.
    Musl(Version),
}

/// One machine (or kind of machine) a toolkit is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name in the manifest.
    pub name: String,
    /// Processor.
    pub architecture: Architecture,
    /// C library.
    pub libc: Libc,
    /// Python release, where one is wanted.
    pub python: Option<Version>,
    /// CUDA release the driver supports, where there is one.
    pub cuda: Option<Version>,
}
