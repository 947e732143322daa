//! Help: complete, with examples, in the words of the exit codes.

use crate::host::Host;
use airlift::cli::command_line;
use airlift::error::Kind;

/// Every command that can be run, with its path of names.
pub fn commands() -> Vec<(Vec<String>, clap::Command)> {
    fn walk(command: &clap::Command, path: &[String], all: &mut Vec<(Vec<String>, clap::Command)>) {
        for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            if sub.has_subcommands() { walk(sub, &path, all) } else { all.push((path, sub.clone())) }
        }
    }
    let (mut all, mut root) = (Vec::new(), command_line());
    root.build();
    walk(&root, &[], &mut all);
    all
}

#[test]
fn every_command_with_arguments_shows_an_example() {
    let host = Host::new();
    for (path, command) in commands() {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = host.ok(&words).out;
        assert!(help.contains("Usage: airlift"), "{path:?}: {help}");
        if command.get_arguments().any(|a| !a.is_global_set() && a.get_id() != "help") {
            let example = help.split("Example").nth(1).unwrap_or_else(|| panic!("{path:?} has no example"));
            assert!(example.contains(&format!("airlift {}", path.join(" "))), "{path:?}: the example is of something else");
        }
        assert!(command.get_about().is_some(), "{path:?} does not say what it is for");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{path:?}: {} is not explained", argument.get_id());
        }
    }
}

#[test]
fn examples_are_command_lines_that_parse() {
    for (path, command) in commands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> = help.split(['\n', ';']).filter_map(|line| Some(&line[line.find("airlift ")?..])).collect();
        for example in examples.iter().filter(|line| line.starts_with(&format!("airlift {}", path.join(" ")))) {
            let plain = example.split(" >").next().unwrap_or(example).split("   ").next().unwrap_or(example);
            if let Err(error) = command_line().try_get_matches_from(plain.split_whitespace()) {
                panic!("the example of {path:?} is refused: {error}");
            }
        }
    }
}

#[test]
fn the_long_help_tells_exit_codes_and_variables() {
    let help = Host::new().ok(&["--help"]).out;
    for kind in Kind::ALL {
        assert!(help.contains(&format!("{:>5}  {}", kind.exit_code(), &kind.meaning()[..20])), "{help}");
    }
    for (names, _) in airlift::cli::VARIABLES {
        assert!(help.contains(names), "{names} is not in {help}");
    }
}

#[test]
fn version_and_completions() {
    let host = Host::new();
    assert_eq!(host.ok(&["--version"]).out, format!("airlift {}\n", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish"] {
        let script = host.ok(&["completions", shell]).out;
        assert!(commands().iter().all(|(path, _)| script.contains(path.last().expect("a name"))), "{shell} misses a command");
    }
    host.fails(2, &["completions", "cobol"], &["cobol"]);
}
