//! The stream (`docs/formats/stream.md`): volumes of bundles, cut into records that each say what they are and check themselves, for a
//! channel that only goes one way.
//!
//! In: open volumes (sending); any bytes whatever (receiving). Out: records of one length; volumes under temporary names that get their
//! name when all their bytes are here, with a map of what has arrived that outlives the process. The send and receive steps call it.
//! Nothing in a stream is believed: the check of a record finds damage, and whether a bundle is what people signed is for `verify` to say.
//! Names never become paths, memory and disk are bounded before they are used, and it never knows how bytes travel.

mod arriving;
mod assembly;
mod cut;
mod map;
mod record;
mod recovery;
mod scanner;
#[cfg(test)]
mod tests;

pub use assembly::{Assembly, Bounds, Missing, Tally};
pub use cut::{Cut, Shape, edition};
pub use record::{BLOCK, CHECK, Content, Edition, HEADER, Header, LONGEST_PAYLOAD};
pub use scanner::{Found, Scanner};
