//! `airlift schema`

use crate::cli::Context;
use crate::ecosystems::ALL;
use crate::error::Result;
use clap::Args;

/// Print the JSON Schema of a manifest, for editors
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift schema > airlift.schema.json")]
pub struct Schema {}

impl Schema {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let rooms: Vec<_> = ALL.iter().map(|e| (e.name(), e.section_schema())).collect();
        let schema = crate::manifest::schema(&rooms);
        context.out.raw(&format!("{}\n", serde_json::to_string_pretty(&schema).expect("a schema has string keys only")))
    }
}
