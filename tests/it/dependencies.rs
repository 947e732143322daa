//! What the program is made of: licences, sources, no second copy of what speaks to the network, and no client at all in the offline
//! binary.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Licences that ask for no more than their text and a notice.
const PERMISSIVE: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];
/// Crates under the Mozilla Public License 2.0, which asks for their own source, unchanged here, to be available.
const MOZILLA: [&str; 5] = ["astral-pubgrub", "astral-version-ranges", "option-ext", "priority-queue", "version-ranges"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `cargo tree` says, a crate a line, for this machine's platform and without asking the network.
fn tree(args: &[&str]) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["tree", "--offline", "--locked", "--prefix", "none"]).args(args).current_dir(root());
    let out = command.output().expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let lines: BTreeSet<String> =
        String::from_utf8(out.stdout).expect("UTF-8").lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect();
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// Name and version of every crate in the lock file, with the place it comes from.
fn locked() -> Vec<(String, String, Option<String>)> {
    let text = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let lock: toml::Table = toml::from_str(&text).expect("TOML");
    let word = |package: &toml::Value, key: &str| package.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let packages = lock["package"].as_array().expect("a list").iter();
    packages.map(|p| (word(p, "name").expect("a name"), word(p, "version").expect("a version"), word(p, "source"))).collect()
}

#[test]
fn the_offline_binary_has_no_client() {
    let crates = tree(&["-p", "airlift", "-e", "normal", "--no-default-features", "--format", "{p}|{f}"]);
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    assert!(crates.iter().any(|line| name(line) == "hyper"), "the server is made with hyper: {crates:?}");
    for line in &crates {
        let name = name(line);
        let client =
            ["reqwest", "ureq", "curl", "isahc", "oci-client", "hyper-rustls", "hyper-tls", "docker_credential"].contains(&name.as_str());
        assert!(!client && !name.starts_with("uv-") && !name.starts_with("reqwest"), "{line} is in the offline binary");
        let features = line.split('|').nth(1).unwrap_or_default();
        let calls = name.starts_with("hyper") && features.split(',').any(|feature| feature.starts_with("client"));
        assert!(!calls, "the offline binary has the client half of {line}");
    }
    let connected = tree(&["-p", "airlift", "-e", "normal", "--format", "{p}"]);
    assert!(connected.iter().any(|line| name(line) == "reqwest"), "the test can fail");
}

/// Whether an SPDX expression can be met with licences that are `allowed`.
fn permits(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.replace('/', " OR ");
    let parts = |text: &str, word: &str| -> Vec<String> {
        let (mut depth, mut parts) = (0, vec![String::new()]);
        for token in text.replace('(', " ( ").replace(')', " ) ").split_whitespace() {
            depth += i32::from(token == "(") - i32::from(token == ")");
            match depth == 0 && token == word {
                true => parts.push(String::new()),
                false => *parts.last_mut().expect("never empty") += &format!(" {token}"),
            }
        }
        parts.iter().map(|part| part.trim().to_owned()).collect()
    };
    let or = parts(&expression, "OR");
    if or.len() > 1 {
        return or.iter().any(|part| permits(part, allowed));
    }
    let and = parts(&expression, "AND");
    if and.len() > 1 {
        return and.iter().all(|part| permits(part, allowed));
    }
    match expression.trim().strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => permits(inner, allowed),
        None => allowed(expression.trim()),
    }
}

#[test]
fn every_licence_is_one_we_may_ship() {
    for line in tree(&["--workspace", "-e", "normal,build", "--format", "{p}|{l}"]) {
        let (krate, licence) = line.split_once('|').expect("as asked for");
        let name = krate.split(' ').next().unwrap_or_default();
        let allowed = |one: &str| PERMISSIVE.contains(&one) || (one == "MPL-2.0" && MOZILLA.contains(&name));
        assert!(permits(licence, &allowed), "{krate} is under {licence:?}");
    }
    let mit = |one: &str| one == "MIT";
    assert!(permits("(MIT OR GPL-3.0) AND MIT", &mit) && !permits("MIT AND (GPL-3.0 OR ISC)", &mit) && !permits("", &mit));
}

#[test]
fn everything_comes_from_one_registry() {
    let ours = ["airlift", "airlift-python-resolve"];
    let sources: BTreeSet<Option<String>> =
        locked().into_iter().filter(|(name, ..)| !ours.contains(&name.as_str())).map(|(.., s)| s).collect();
    assert!(sources.len() == 1 && sources.first().is_some_and(|s| s.as_ref().is_some_and(|s| s.starts_with("registry+"))), "{sources:?}");
}

#[test]
fn there_is_one_of_everything_that_speaks_to_the_network() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, version, _) in locked() {
        versions.entry(name).or_default().push(version);
    }
    for name in ["tokio", "http", "hyper", "h2", "reqwest", "rustls", "rustls-webpki", "aws-lc-rs", "axum", "url"] {
        assert_eq!(versions[name].len(), 1, "{name} is here as {:?}", versions[name]);
    }
    for line in tree(&["-p", "airlift", "-e", "normal", "--format", "{p}"]) {
        let second = ["openssl ", "openssl-sys ", "native-tls ", "ring ", "hyper-tls "].iter().any(|name| line.starts_with(name));
        assert!(!second, "a second TLS came with {line}");
    }
}
