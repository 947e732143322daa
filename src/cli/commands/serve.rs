//! stub
use crate::cli::Context;
use crate::error::Result;
use clap::Args;
/// stub
#[derive(Debug, Args)]
pub struct Serve {}
impl Serve {
    /// stub
    pub fn run(self, _: &Context) -> Result<()> {
        Ok(())
    }
}
