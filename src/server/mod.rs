//! The only way in: HTTP for stock clients, read-only.
//!
//! In: routers of the rooms, listeners, TLS keys. Out: answers with the headers every client needs (length, ranges, tags, HEAD), an
//! access log, problem bodies (RFC 9457). Rooms and the serve step call it. It knows no ecosystem, never uses `upstream`, and changes
//! nothing in a store.
//!
//! A room answers with [`blob`], [`document`] and [`problem`], and asks [`preferred`] and [`base`] about a request. A step gives a
//! router to a [`Switch`] behind a [`Door`] and runs [`listen`] over bound [`Listener`]s. Every request passes the door: what is
//! malformed, carries a body or wants to write is refused before a room sees it (a POST request that a room knows for a question comes
//! in, its short body read), a panic becomes a 500, every answer is logged once its
//! last byte is gone. Nothing here grows with what is served or with what a client sends.

mod accept;
mod access;
mod blob;
mod buffers;
mod coding;
mod condition;
mod connection;
mod document;
mod door;
mod exchange;
mod kept;
mod linger;
mod listen;
pub mod oci;
mod own_ca;
pub mod page;
mod problem;
mod question;
mod range;
mod request;
mod switch;
mod tls;
mod transfer;

#[cfg(test)]
mod tests;

pub use accept::preferred;
pub use access::AccessLog;
pub use blob::{BlobReply, blob};
pub use document::{DocumentReply, document};
pub use door::{Door, Questions};
pub use exchange::{Secret, Shown, base, mount};
pub use kept::Kept;
pub use listen::{Limits, Listener, listen};
pub use own_ca::{OwnCa, own_ca};
pub use problem::problem;
pub use range::{Wanted, wanted};
pub use request::is_encoded;
pub use switch::Switch;
pub use tls::tls_from_files;
