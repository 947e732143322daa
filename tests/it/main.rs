//! The one integration test binary: everything that needs sockets, processes or stock clients.

mod images;
mod stock;
