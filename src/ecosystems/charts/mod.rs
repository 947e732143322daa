//! Helm charts: the pure core that reads and renders them.

#[cfg(feature = "upstream")]
pub mod archive;
#[cfg(feature = "upstream")]
pub mod chart;
#[cfg(feature = "upstream")]
mod functions;
#[cfg(feature = "upstream")]
pub mod render;
#[cfg(feature = "upstream")]
mod template;
#[cfg(feature = "upstream")]
pub mod values;
#[cfg(feature = "upstream")]
pub mod yaml;
