//! Reading what is hostile where nothing can be written: Landlock, a rule that a thread of Linux lays on itself and cannot take back.
//!
//! What is confined is the calling thread and every thread and process that it starts afterwards. Files that are open already, such as
//! standard output, stay as they are; everything can still be read.

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confined {
    /// Nothing can be written from here on, and no TCP connection be made, as far as this kernel knows how.
    Wholly,
    /// The kernel is of a time that knew only some of the ways to write.
    Partly,
    /// The kernel, or the system, has no Landlock.
    No,
}

impl Confined {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wholly => "wholly",
            Self::Partly => "partly",
            Self::No => "no",
        }
    }
}

/// Lets the calling thread, and what it starts from now on, write nothing any more.
#[cfg(target_os = "linux")]
pub fn confine() -> Confined {
    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus};
    let restrict = || -> Result<RulesetStatus, RulesetError> {
        let rules = Ruleset::default().handle_access(AccessFs::from_write(ABI::V3))?.handle_access(AccessNet::from_all(ABI::V4))?;
        Ok(rules.create()?.restrict_self()?.ruleset)
    };
    match restrict() {
        Ok(RulesetStatus::FullyEnforced) => Confined::Wholly,
        Ok(RulesetStatus::PartiallyEnforced) => Confined::Partly,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Confined::No,
    }
}

/// Other systems have nothing of the kind.
#[cfg(not(target_os = "linux"))]
pub fn confine() -> Confined {
    Confined::No
}

/// Runs something on a thread of its own that can write nothing, where the kernel knows how; what was begun before is not confined.
///
/// # Panics
/// Where `work` does.
pub fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let confined = scope.spawn(|| {
            confine();
            work()
        });
        confined.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
