//! Python resolution for airlift: uv's resolver behind a plain API.
//!
//! In: requirements in the words of the packaging standards, a target as data (no Python
//! interpreter is looked for or run), and the package indexes to ask. Out: the exact files to
//! fetch, one per package, with what the index says about each. Besides the resolver itself,
//! the readers of the files that already pin packages (`requirements.txt`, `pylock.toml`,
//! `uv.lock`) and of a project's build requirements live here, because uv understands them.
//!
//! Only the python room of the main crate calls this package. It is a package of its own because
//! uv's resolver is generic code: here it is compiled once, and no edit of the main crate
//! compiles it again. Hence the rule of the API: no generics and no uv type cross it.
//!
//! It never builds or runs anything from a source distribution, never asks git, never writes
//! outside the cache directory it is given, never looks for credentials on its own, and never puts a credential into a result or a
//! message.
#![warn(missing_docs, unreachable_pub)]

mod auth;
mod context;
mod documents;
mod failure;
mod files;
mod indexes;
mod inputs;
mod job;
mod limits;
mod locks;
mod package;
mod provider;
mod pyproject;
mod request;
mod requirements_txt;
mod resolver;
mod target;
#[cfg(test)]
mod tests;

pub use auth::{FindLogin, Login};
pub use documents::sdist::pyproject_of_sdist;
pub use documents::{ReadMetadata, WheelBytes};
pub use failure::{Failure, FailureKind};
pub use locks::{Selection, pylock, uv_lock};
pub use package::{File, FileKind, Package, Resolution};
pub use pyproject::build_requirements;
pub use request::{Callbacks, Index, IndexStrategy, Prereleases, Request, Requirement, SdistPolicy, Settings};
pub use requirements_txt::{RequirementsFile, requirements_txt};
pub use resolver::{Answer, Resolver, default_index_url};
pub use target::{Arch, System, Target};
