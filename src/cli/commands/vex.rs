//! `airlift vex`

use super::sign::Keys;
use crate::advisories::vex::Statement;
use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::{Error, Result, plain, shown};
use crate::steps::policy::read;
use crate::steps::vex::{ReadBack, own, read_back, sign, write};
use crate::trust::{PlainKeys, Signer};
use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Say, signed and until when, which vulnerabilities do not concern what this site uses
#[derive(Debug, Subcommand)]
pub enum VexCommand {
    /// Write this site's statements as OpenVEX and CycloneDX
    #[command(
        after_help = "Example: airlift vex write statements.toml --policy policy.toml --out vex --key ~/.ssh/security\n\nWhat can stand in the file: docs/formats/advisories.md. Exceptions of the policy are statements where they say so (`vex`).\nThe same statements and trust root give the same bytes."
    )]
    Write {
        /// The file of statements
        #[arg(required_unless_present = "policy")]
        file: Option<PathBuf>,
        /// A policy whose exceptions are statements where they say so
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// The folder for the documents and their signatures
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
    /// Add a signature to statements
    #[command(after_help = "Example: airlift vex sign vex/statements.openvex.json --key ~/.ssh/security")]
    Sign {
        /// The document
        file: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
    /// Show who says what until when, and who signed it
    #[command(after_help = "Example: airlift vex show vex/statements.openvex.json\n\nStatements that too few people signed are refused.")]
    Show {
        /// The document; its signatures lie beside it
        file: PathBuf,
    },
}

/// Runs the command.
pub fn run(command: VexCommand, context: &Context) -> Result<()> {
    let store = context.open_store()?;
    let root = context.accepted_root(&store)?;
    match command {
        VexCommand::Write { file, policy, out, keys } => {
            let policy = policy.as_deref().map(read).transpose()?;
            let statements = own(file.as_deref(), policy.as_ref())?;
            let written = write(&out, &statements, &root, &open(&keys, context)?)?;
            context.out.say(format!("{} written to {}", count(statements.len(), "statement"), shown(&out)));
            if keys.key.is_empty() {
                context.out.warn("nobody has signed them: they count only with signatures (airlift vex sign)");
            }
            context.out.data(&json!({ "statements": statements.len(), "documents": written }), "")
        }
        VexCommand::Sign { file, keys } => {
            if keys.key.is_empty() {
                return Err(Error::usage("name the key to sign with: --key KEY").hint("airlift vex show shows who has signed"));
            }
            let signers = open(&keys, context)?;
            let signed = signers.iter().map(|signer| sign(&file, &root, signer.as_ref())).collect::<Result<Vec<_>>>()?;
            signed.iter().for_each(|path| context.out.say(format!("signed: {}", shown(path))));
            context.out.data(&json!({ "signatures": signed }), "")
        }
        VexCommand::Show { file } => {
            let back = read_back(&file, Some(&root))?;
            let now = context.known_time(Some(&store))?;
            back.uncounted.iter().for_each(|why| context.out.warn(format!("not counted: {why}")));
            let rows: Vec<Value> = back.statements.iter().map(|statement| row(statement, now)).collect();
            context.out.data(&json!({ "statements": rows, "threshold": back.threshold }), &told(&back, now))
        }
    }
}

fn open(keys: &Keys, context: &Context) -> Result<Vec<Box<dyn Signer>>> {
    let plain = if keys.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused };
    keys.key.iter().map(|key| context.signer(key, plain)).collect()
}

/// Where a statement stands.
fn standing(statement: &Statement, now: Timestamp) -> &'static str {
    match &statement.mark {
        Some(mark) if !mark.holds(now) => "expired",
        Some(_) if statement.timestamp > now => "not begun",
        Some(_) => "holds",
        None => "says no end",
    }
}

fn told(back: &ReadBack, now: Timestamp) -> String {
    let mut text = String::new();
    for statement in &back.statements {
        let names: Vec<&str> = statement.names.iter().map(String::as_str).collect();
        let products: Vec<&str> = statement.products.iter().map(|product| product.id.as_str()).collect();
        let _ = writeln!(text, "{:<9} {}  {}", standing(statement, now), plain(&names.join(" ")), plain(&products.join(" ")));
        let why = statement.justification.map(|why| format!(", {}", why.word())).unwrap_or_default();
        let mark = statement.mark.as_ref().map(|mark| format!(", {}", mark.told())).unwrap_or_default();
        let _ = writeln!(text, "    {}{why}{}", statement.status.word(), plain(&mark));
        if let Some(detail) = &statement.detail {
            let _ = writeln!(text, "    {}", plain(detail));
        }
    }
    let people = back.statements.first().map(|statement| statement.signers.join(", ")).unwrap_or_default();
    let _ = match people.is_empty() {
        true => writeln!(text, "nobody here signed it: it is what its author says"),
        false => writeln!(text, "signed by {} ({} needed)", plain(&people), back.threshold),
    };
    text
}

fn row(statement: &Statement, now: Timestamp) -> Value {
    json!({
        "names": statement.names, "products": statement.products.iter().map(|product| &product.id).collect::<Vec<_>>(),
        "status": statement.status.word(), "justification": statement.justification.map(crate::advisories::vex::Justification::word), "detail": statement.detail,
        "owner": statement.mark.as_ref().map(|mark| &mark.owner), "until": statement.mark.as_ref().map(|mark| mark.until.to_string()),
        "from": statement.timestamp.to_string(), "standing": standing(statement, now), "signed_by": statement.signers,
    })
}
