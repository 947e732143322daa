//! `airlift vex`

use super::sign::Keys;
use crate::advisories::vex::Statement;
use crate::artifact::Digest;
use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::{Error, Kind, Result, plain, shown};
use crate::steps::policy::read;
use crate::steps::vex::{ReadBack, keep, kept, own, read_back, sign, withdraw, write};
use crate::store::Store;
use crate::trust::{PlainKeys, Signer};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Statements that are read beside those that are carried and kept.
#[derive(Debug, Clone, Default, Args)]
pub struct Vexing {
    /// A document of statements (OpenVEX or CycloneDX), shown beside the findings; signatures that lie beside it are judged
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
}

impl Vexing {
    /// The statements of all the documents that were named.
    pub fn statements(&self, context: &Context) -> Result<Vec<Statement>> {
        if self.vex.is_empty() {
            return Ok(vec![]);
        }
        let root = context.any_store()?.map(|store| context.accepted_root(&store)).transpose();
        // Documents of others need no root; one that has to be signed says that there is none.
        let root = root.ok().flatten();
        let read = |path: &PathBuf| read_back(path, root.as_ref()).map(|back| back.statements);
        Ok(self.vex.iter().map(read).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

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
    /// Take signed statements into the store, where everything that is asked about what is installed reads them
    #[command(
        after_help = "Example: airlift vex keep vex/statements.openvex.json\n\nIts signatures lie beside it, and are judged anew whenever it is read. Statements that too few people signed are refused."
    )]
    Keep {
        /// The document; its signatures lie beside it
        file: PathBuf,
    },
    /// Take statements that are kept out of the store again: from then on they say nothing
    #[command(
        after_help = "Example: airlift vex withdraw 7d3c… --reason superseded\n\nThe event log tells of it, and why. The document itself can be kept again."
    )]
    Withdraw {
        /// The digest that `airlift vex show` lists it by, whole
        statements: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show who says what until when, and who signed it
    #[command(
        after_help = "Example: airlift vex show vex/statements.openvex.json\n\nWithout a file: what is kept. Statements that too few people signed are refused."
    )]
    Show {
        /// The document; its signatures lie beside it
        file: Option<PathBuf>,
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
        VexCommand::Keep { file } => {
            let writer = store.writer()?;
            let (digest, back, index) = keep(&context.journal(&writer)?, &file, &root)?;
            let said = index.map_or_else(|| "they are kept already".to_owned(), |index| format!("logged as event {index}"));
            context.out.say(format!("{} kept as vex/{}; {said}", count(back.statements.len(), "statement"), digest.hex()));
            context.out.data(&json!({ "statements": back.statements.len(), "kept": digest.hex(), "event": index }), "")
        }
        VexCommand::Withdraw { statements, reason } => {
            let digest = Digest::from_hex(statements.trim_start_matches("vex/")).map_err(|e| e.of_kind(Kind::Usage))?;
            let writer = store.writer()?;
            let index = withdraw(&context.journal(&writer)?, &digest, &reason)?;
            context.out.say(format!("vex/{} withdrawn; logged as event {index}", digest.hex()));
            context.out.data(&json!({ "withdrawn": digest.hex(), "event": index }), "")
        }
        VexCommand::Show { file } => {
            let now = context.known_time(Some(&store))?;
            let Some(file) = file else { return show_kept(&store, now, context) };
            let back = read_back(&file, Some(&root))?;
            back.uncounted.iter().for_each(|why| context.out.warn(format!("not counted: {why}")));
            let rows: Vec<Value> = back.statements.iter().map(|statement| row(statement, now)).collect();
            context.out.data(&json!({ "statements": rows, "threshold": back.threshold }), &told(&back, now))
        }
    }
}

/// Every document that is kept; of one that does not count now, why not.
fn show_kept(store: &Store, now: Timestamp, context: &Context) -> Result<()> {
    let (mut text, mut documents) = (String::new(), Vec::new());
    for (digest, back) in kept(store)? {
        match back {
            Ok(back) => {
                let _ = writeln!(text, "vex/{}", digest.hex());
                text.push_str(&told(&back, now));
                let rows: Vec<Value> = back.statements.iter().map(|statement| row(statement, now)).collect();
                documents.push(json!({ "kept": digest.hex(), "statements": rows, "threshold": back.threshold }));
            }
            Err(error) if error.kind() == Kind::Policy => context.out.warn(format!("not counted: {}", error.message())),
            Err(error) => return Err(error),
        }
    }
    if documents.is_empty() {
        text.push_str("no statements are kept here that count\n");
    }
    context.out.data(&Value::from(documents), &text)
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
