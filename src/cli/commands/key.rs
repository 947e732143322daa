//! stub
use crate::cli::Context;
use crate::error::Result;
use clap::Subcommand;
/// stub
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// a
    A,
}
/// stub
pub fn run(_: KeyCommand, _: &Context) -> Result<()> {
    Ok(())
}
