//! Info-ZIP's zip 3.0 and GNU gzip: the matcher of zlib, blocks of up to 32767 symbols, and a guess whether a block should end early.
//! The two differ in the last bytes of a stream only: gzip lets what lies behind the input count in its search.
//!
//! The rules are those generally known of the two programs, confirmed by comparing with what they write; no text of gzip was used.

use super::chains::Limits;
use super::lz::{AtEnd, BlockRule, Search, Tuning};
use super::zlib::{LEVELS, Running};

/// What zip or gzip is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InfoZip {
    level: u8,
    gzip: bool,
}

impl InfoZip {
    /// zip at level 1–9; `None` outside of these.
    pub fn zip(level: u8) -> Option<Self> {
        (1..=9).contains(&level).then_some(Self { level, gzip: false })
    }

    /// gzip at level 1–9; `None` outside of these.
    pub fn gzip(level: u8) -> Option<Self> {
        (1..=9).contains(&level).then_some(Self { level, gzip: true })
    }

    pub(super) const fn parameters(self) -> [u8; 2] {
        [self.level, self.gzip as u8]
    }

    pub(super) fn from_parameters(bytes: &[u8]) -> Option<Self> {
        match *bytes {
            [level, 0] => Self::zip(level),
            [level, 1] => Self::gzip(level),
            _ => None,
        }
    }

    /// Starts a stream.
    pub fn start(self) -> Running {
        let (good, lazy, nice, chain) = LEVELS[usize::from(self.level) - 1];
        Running::new(Tuning {
            limits: Limits { good, nice, chain, to_end: !self.gzip },
            lazy,
            search: if self.level < 4 { Search::Greedy } else { Search::Lazy },
            window_bits: 15,
            hash_bits: 15,
            symbols: (1 << 15) - 1,
            filtered: false,
            fixed_only: false,
            rule: if self.level > 2 { BlockRule::Guess } else { BlockRule::Full },
            end: if self.gzip { AtEnd::Zeros } else { AtEnd::Stay },
        })
    }
}
