//! The only way in: HTTP for stock clients, read-only.
//!
//! In: routers of the rooms, listeners, TLS keys. Out: answers with the headers every client needs (length, ranges, ETag, HEAD), an
//! access log, problem bodies (RFC 9457). Rooms and the serve step call it. It knows no ecosystem, never uses `upstream`, and changes
//! nothing in a store.

mod accept;
mod reply;

pub use accept::preferred;
pub use reply::{BlobReply, DocumentReply, blob, document, problem};
