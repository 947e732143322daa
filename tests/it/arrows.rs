//! The dependency rules of `docs/architecture.md`, section 3, read off the `use` paths and the words of the source.

use std::path::Path;

/// Every source file of the crate as (path below `src/`, text without comments and test code).
pub fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(|e| e.expect("a readable tree"));
    files
        .filter(|e| e.path().extension().is_some_and(|x| x == "rs"))
        .map(|e| {
            let name = e.path().strip_prefix(&root).expect("below").display().to_string();
            (name, code(&std::fs::read_to_string(e.path()).expect("UTF-8")))
        })
        .filter(|(name, _)| !name.ends_with("tests.rs") && !name.contains("/tests/") && !name.starts_with("ecosystems/python/resolve/"))
        .collect()
}

fn code(text: &str) -> String {
    let lines = text.lines().filter(|l| !l.trim_start().starts_with("//"));
    lines.map(|l| l.split(" // ").next().unwrap_or(l)).collect::<Vec<_>>().join("\n")
}

/// The top-level modules of ours that a text names, `crate::{a, b}` groups included.
fn uses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + 7..];
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut word, mut fresh) = (0, String::new(), true);
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => (word, fresh) = (String::new(), true),
                    c if fresh && (c.is_alphanumeric() || c == '_') => word.push(c),
                    c if c.is_whitespace() => {}
                    _ => {
                        if fresh && !word.is_empty() {
                            found.push(word.clone());
                        }
                        fresh = false;
                    }
                }
            }
        } else {
            found.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

fn forbid(within: impl Fn(&str) -> bool, never: &[&str]) {
    for (name, text) in sources().iter().filter(|(name, _)| within(name)) {
        for used in uses(text) {
            assert!(!never.contains(&used.as_str()), "src/{name} uses crate::{used}, which docs/architecture.md section 3 rules out");
        }
    }
}

const NOUNS: [&str; 14] = [
    "artifact",
    "advisories",
    "manifest",
    "lock",
    "store",
    "trust",
    "bundle",
    "recode",
    "stream",
    "log",
    "scan",
    "publisher",
    "policy",
    "report",
];
const ALL_BUT_ERROR: [&str; 20] = [
    "artifact",
    "recode",
    "advisories",
    "manifest",
    "lock",
    "store",
    "trust",
    "bundle",
    "stream",
    "log",
    "scan",
    "publisher",
    "policy",
    "report",
    "upstream",
    "server",
    "link",
    "ecosystems",
    "steps",
    "cli",
];

fn is_noun(name: &str) -> bool {
    NOUNS.iter().any(|noun| name.starts_with(&format!("{noun}/")))
}

fn rooms() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ecosystems");
    let entries = std::fs::read_dir(folder).expect("rooms").map(|e| e.expect("a readable folder"));
    let mut rooms: Vec<String> = entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().into_string().expect("UTF-8")).collect();
    rooms.sort();
    rooms
}

#[test]
fn error_uses_nothing_and_artifact_only_error() {
    forbid(|name| name == "error.rs" || name == "progress.rs", &ALL_BUT_ERROR);
    forbid(|name| name.starts_with("artifact/"), &ALL_BUT_ERROR[1..]);
}

#[test]
fn nouns_know_no_doors_rooms_steps_or_terminal() {
    forbid(is_noun, &["upstream", "server", "link", "ecosystems", "steps", "cli"]);
}

#[test]
fn nouns_are_sync_and_name_no_ecosystem() {
    for (name, text) in sources().iter().filter(|(name, _)| is_noun(name)) {
        for word in ["tokio", "async fn", "reqwest", "axum", "std::net", "socket2"] {
            assert!(!text.contains(word), "src/{name} holds {word}");
        }
        for room in rooms() {
            assert!(!text.contains(&format!("\"{room}\"")), "src/{name} names the ecosystem {room}");
        }
    }
}

#[test]
fn rooms_never_meet() {
    for room in rooms() {
        for (name, text) in sources().iter().filter(|(name, _)| name.starts_with(&format!("ecosystems/{room}/"))) {
            for other in rooms().iter().filter(|other| **other != room) {
                assert!(!text.contains(&format!("ecosystems::{other}")), "src/{name} uses the room {other}");
            }
        }
    }
}

#[test]
fn what_runs_inside_never_reaches_out() {
    let inside = |name: &str| {
        let room = name.starts_with("ecosystems/")
            && ["/serve", "/describe", "/examine", "/inside", "/scan"].iter().any(|part| name.contains(part));
        let step = ["verify", "import", "assess", "sbom", "scan", "serve", "report", "evidence"]
            .iter()
            .any(|step| name.starts_with(&format!("steps/{step}")));
        room || step || name.starts_with("server/")
    };
    forbid(inside, &["upstream", "link"]);
    forbid(|name| name.starts_with("upstream/"), &["server", "link", "ecosystems", "steps", "cli"]);
    forbid(|name| name.starts_with("server/"), &["link", "ecosystems", "steps", "cli"]);
    forbid(|name| name.starts_with("link/"), &ALL_BUT_ERROR);
    forbid(|name| name.starts_with("ecosystems/"), &["steps", "cli"]);
    forbid(|name| name.starts_with("steps/"), &["cli"]);
}

#[test]
fn only_verify_makes_a_verified_bundle() {
    for (name, text) in sources() {
        let makes = text.contains("VerifiedBundle {") && !text.contains("impl VerifiedBundle {\n") || text.contains("Ok(VerifiedBundle {");
        assert!(!makes || name == "bundle/verify.rs", "src/{name} makes a VerifiedBundle");
    }
}

#[test]
fn only_the_command_line_knows_terminal_environment_and_exit() {
    let words = [
        "std::env",
        "env::var",
        "println!",
        "eprintln!",
        "print!(",
        "process::exit",
        "current_dir",
        "std::io::stdin",
        "std::io::stdout",
        "std::io::stderr",
    ];
    for (name, text) in sources().iter().filter(|(name, _)| !name.starts_with("cli/") && name != "main.rs") {
        for word in words {
            assert!(!text.contains(word), "src/{name} holds {word}");
        }
    }
}

#[test]
fn clock_and_randomness_stay_in_the_doors() {
    let words = ["SystemTime::now", "Instant::now", "Timestamp::now", "getrandom"];
    let allowed = |name: &str| ["cli/", "upstream/", "server/", "link/", "trust/key.rs"].iter().any(|place| name.starts_with(place));
    for (name, text) in sources().iter().filter(|(name, _)| !allowed(name)) {
        for word in words {
            assert!(!text.contains(word), "src/{name} holds {word}");
        }
    }
}

#[test]
fn nobody_matches_on_an_ecosystem_outside_its_room() {
    for (name, text) in sources() {
        for room in rooms() {
            let own = name.starts_with(&format!("ecosystems/{room}/"));
            assert!(own || !text.contains(&format!("\"{room}\"")), "src/{name} holds the name of the ecosystem {room}");
        }
    }
}

#[test]
fn the_rule_can_fail() {
    assert_eq!(uses("use crate::{server::blob, store::{A, B}, error::E};"), ["server", "store", "error"]);
    assert_eq!(uses("crate::upstream::Upstream"), ["upstream"]);
}
