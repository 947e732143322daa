//! The Conda room: real channels on loopback, and the stock clients of channels.

mod channels;
pub mod clients;
