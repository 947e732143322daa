//! The bundle (`docs/formats/bundle.md`): one or more volumes that carry a lock and all its blobs across the gap.
//!
//! In: a lock and the blobs it names (writing); files on a medium and a trust root (reading). Out: volumes that `tar`, `zstd`,
//! `sha256sum` and `ssh-keygen` can take apart without airlift; a [`VerifiedBundle`], which only `verify.rs` can make and which is all
//! that import accepts. The pack, sign, inspect, verify and import steps call it, and serving in place. Nothing of a volume is parsed
//! before its signatures are judged but the tar headers of its head and the signature armour; names never become paths; memory does not
//! grow with the payload; the payload of the medium is read once.

mod authentic;
mod bases;
mod complete;
mod encode;
mod frames;
mod geometry;
mod head;
mod heading;
mod inplace;
mod kept;
mod lacking;
mod member;
mod needs;
mod parents;
mod parity;
mod portion;
mod protection;
mod reader;
mod rebuild;
mod recent;
mod recoding;
mod recut;
mod request;
mod scratch;
mod sign;
mod statement;
mod unfinished;
mod verify;
mod volumes;
mod writer;

pub use authentic::Authentic;
pub use bases::{BaseRef, Bases, MAX_BASES, MAX_BLOB_BASES};
pub use encode::stored_length;
pub use frames::{BlobEntry, Encoding, Frame, FrameTable, Taken};
pub use head::{ANCESTORS, BASES, Head, MAX_SIGNATURES, PARENTS, PARITY, SIGNATURE_SPACE};
pub use inplace::InPlace;
pub use lacking::Lacking;
pub use needs::{Needs, Presence, VolumeNeed};
pub use parents::{Judgement, MAX_PARENTS, Parent, inherited};
pub use parity::{Damage, MOST_PERMILLE, ParityTable, Redundancy, Repaired, repair};
pub use portion::Portion;
pub use recoding::{Recoding, Stream};
pub use request::{MAX_REQUEST_BYTES, Request};
pub use scratch::Scratch;
pub use sign::{append_signature, check_signature_fits};
pub use statement::{DELTA, MAX_VOLUMES, Pin, Previous, RECODED, Statement};
pub use verify::{Verification, VerifiedBundle};
pub use volumes::{MAX_HEAD_BYTES, ReadAt, Volume, VolumeSet, find};
pub use writer::{Draft, PackOptions, Written, write};
