//! The corridor: one file per verb, each the whole story of that verb on a page or two.
//!
//! A step takes options that the command line has already read, walks from one noun to the next, and leaves everything particular to
//! one kind of package to the rooms. In: options, stores, bundles, locks. Out: what the verb made, or the first error. Only `cli`, the
//! tests and embedders call steps. A step never touches a terminal, the environment or the current directory, never ends the process,
//! and the offline ones never use `upstream`.

pub mod client;
pub mod serve;
