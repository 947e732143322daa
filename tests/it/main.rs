//! One test binary over the public interface.

mod server;
