//! The door of one-way links: bytes that go out and never get an answer, bytes that come in and never give one.
//!
//! In: a pipe, or a UDP socket that only ever receives. Out: a pipe, or a UDP socket that only ever sends, at a rate that is kept by the
//! clock. The send and receive steps use it. It knows nothing of what the bytes mean, reads no answer, and resolves no name but the one
//! it is told to send to.

mod arrivals;
mod outlet;

pub use arrivals::{Arrival, Arrivals};
pub use outlet::Outlet;
