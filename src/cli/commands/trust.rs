//! stub
use crate::cli::Context;
use crate::error::Result;
use clap::Subcommand;
/// stub
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// a
    A,
}
/// stub
pub fn run(_: TrustCommand, _: &Context) -> Result<()> {
    Ok(())
}
