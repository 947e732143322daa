//! `docs/cli.md` is written from the command line's own definition; this test keeps them the same. `AIRLIFT_BLESS=1` writes it anew.

use super::help::commands;
use airlift::cli::{VARIABLES, command_line};
use airlift::error::Kind;
use clap::{Arg, Command};
use std::fmt::Write;
use std::path::Path;

const OPENING: &str = "# The command line

Written from the program's own definition by `AIRLIFT_BLESS=1 cargo test --release --test it cli::reference`; a test compares the two.

Data goes to standard output, talk and errors to standard error. With `--json`, data is one JSON document (a line each, where there are
several), progress and errors are JSON lines; `sbom`, `report` without `--out`, `schema`, `completions`, `log export`, `trust allowed-signers` and `trust revoked-keys` print the content of a
file, with and without it. No command asks a question, except for a passphrase on a terminal.

In the documents of `pack`, `verify` and `import`, `sha256-bytes` is how many bytes were hashed with SHA-256 for it: the content once when
it is verified or imported, and only heads when it is packed from blobs that were fetched by this store.
";

#[test]
fn the_reference_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let wanted = reference();
    if std::env::var_os("AIRLIFT_BLESS").is_some() {
        std::fs::write(&path, &wanted).expect("docs/cli.md can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(wanted.lines()).position(|(a, b)| a != b).map_or(found.lines().count(), |n| n) + 1;
    assert!(found == wanted, "docs/cli.md is not what the program says, from line {line} on: run this test with AIRLIFT_BLESS=1");
}

fn reference() -> String {
    let mut root = command_line();
    root.build();
    let mut text = OPENING.to_owned();
    text.push_str("\n## For every command\n\n");
    text.push_str(&options(root.get_arguments().filter(|a| a.is_global_set())));
    for (path, command) in commands() {
        text.push_str(&section(&path.join(" "), command));
    }
    text.push_str("\n## Exit codes\n\n| code | name in `--json` | meaning |\n|---|---|---|\n| 0 | | done; also when the reader of the output has gone |\n");
    for kind in Kind::ALL {
        let _ = writeln!(text, "| {} | `{}` | {} |", kind.exit_code(), kind.name(), kind.meaning());
    }
    text.push_str("\nThey are never renumbered.\n\n## Environment\n\n| variable | meaning |\n|---|---|\n");
    for (names, meaning) in VARIABLES {
        let names: Vec<String> = names.split(", ").map(|name| format!("`{name}`")).collect();
        let _ = writeln!(text, "| {} | {} |", names.join(", "), cell(meaning));
    }
    text
}

fn section(path: &str, mut command: Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.render_usage().to_string();
    let mut text = format!("\n## `airlift {path}`\n\n{about}.\n\n```text\n{}\n```\n", usage.trim_start_matches("Usage: "));
    let table = options(command.get_arguments().filter(|a| !a.is_global_set() && a.get_id() != "help" && a.get_id() != "version"));
    if !table.is_empty() {
        let _ = write!(text, "\n{table}");
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (examples, rest) = after.split_once("\n\n").unwrap_or((&after, ""));
    let examples = examples.trim_start_matches("Examples:").trim_start_matches("Example:");
    if !examples.trim().is_empty() {
        let lines = examples.lines().flat_map(|line| line.split("; ")).map(str::trim).filter(|line| !line.is_empty());
        let _ = write!(text, "\n```console\n{}```\n", lines.map(|line| format!("$ {line}\n")).collect::<String>());
    }
    if !rest.is_empty() {
        let _ = write!(text, "\n{rest}\n");
    }
    text
}

fn options<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let rows: String = arguments.map(row).collect();
    if rows.is_empty() { rows } else { format!("| argument | meaning |\n|---|---|\n{rows}") }
}

fn row(argument: &Arg) -> String {
    let value = argument.get_value_names().unwrap_or_default().iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" ");
    let takes_value = argument.get_action().takes_values();
    let name = match (argument.get_long(), argument.get_short()) {
        _ if argument.is_positional() => format!("<{}>", argument.get_id().as_str().to_uppercase()),
        (Some(long), Some(short)) if takes_value => format!("-{short}, --{long} {value}"),
        (Some(long), None) if takes_value => format!("--{long} {value}"),
        (Some(long), Some(short)) => format!("-{short}, --{long}"),
        (Some(long), None) => format!("--{long}"),
        (None, _) => argument.get_id().to_string(),
    };
    let mut meaning = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<_> = argument.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
    if takes_value && !defaults.is_empty() {
        let _ = write!(meaning, " [default: {}]", defaults.join(", "));
    }
    if argument.is_required_set() {
        meaning.push_str(" (required)");
    }
    format!("| `{name}` | {} |\n", cell(&meaning))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}
