//! Signs of decay, caught early: sizes, names, forgotten files, the registration slice.

use crate::arrows::sources;
use airlift::ecosystems;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_folder_of_a_room_is_registered() {
    let entries = std::fs::read_dir(root().join("src/ecosystems")).expect("rooms").map(|e| e.expect("a readable folder"));
    let mut folders: Vec<String> = entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().into_string().expect("UTF-8")).collect();
    let mut names = ecosystems::names();
    folders.sort();
    names.sort_unstable();
    assert_eq!(folders, names, "src/ecosystems/ and ecosystems::ALL differ");
}

#[test]
fn files_stay_short() {
    let folder = root().join("src");
    for (name, _) in sources() {
        let lines = std::fs::read_to_string(folder.join(&name)).expect("UTF-8").lines().count();
        assert!(lines <= 500, "src/{name} has {lines} lines: look for the second thing living in it");
    }
}

#[test]
fn functions_stay_short() {
    let mut lengths = Vec::new();
    for (name, text) in sources() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let starts = line.split_whitespace().take(4).any(|word| word == "fn") && line.trim_end().ends_with('{');
            if starts {
                let end = lines[at..].iter().position(|l| l.len() == indent + 1 && l.trim() == "}").unwrap_or(0);
                assert!(end <= 100, "src/{name}: the function at code line {} has {end} lines", at + 1);
                lengths.push(end);
            }
        }
    }
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] < 12, "the median function has {} lines", lengths[lengths.len() / 2]);
}

#[test]
fn no_module_is_a_drawer() {
    const DRAWERS: [&str; 8] = ["util", "utils", "common", "helper", "helpers", "manager", "misc", "handler"];
    for (name, _) in sources() {
        let drawer = name.trim_end_matches(".rs").split('/').find(|part| DRAWERS.contains(part));
        assert!(drawer.is_none(), "src/{name} is named after nothing in particular");
    }
}

#[test]
fn every_test_file_is_part_of_the_binary() {
    let main = std::fs::read_to_string(root().join("tests/it/main.rs")).expect("UTF-8");
    for entry in std::fs::read_dir(root().join("tests/it")).expect("tests") {
        let name = entry.expect("a readable folder").file_name().into_string().expect("UTF-8");
        let module = name.trim_end_matches(".rs");
        let known = module == "main" || main.contains(&format!("mod {module};"));
        assert!(known, "tests/it/{name} is not in main.rs and never runs");
    }
}

#[test]
fn documents_link_to_files_that_exist() {
    let documents = walkdir::WalkDir::new(root()).into_iter().filter_entry(|e| {
        let name = e.file_name().to_string_lossy();
        name != "target" && name != ".git"
    });
    for entry in documents.map(|e| e.expect("a readable tree")).filter(|e| e.path().extension().is_some_and(|x| x == "md")) {
        let text = std::fs::read_to_string(entry.path()).expect("UTF-8");
        let folder = entry.path().parent().expect("a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or(link);
            let outside = path.is_empty() || path.contains("://") || path.contains(char::is_whitespace);
            assert!(outside || folder.join(path).exists(), "{} links to {link}, which is not there", entry.path().display());
        }
    }
}

/// What `docs/security.md` names as the test of a rule is one, and no threat is left out.
#[test]
fn every_test_that_the_threats_name_exists() {
    let rows = rows("docs/security.md");
    for number in 1..=23 {
        let row = rows.iter().find(|row| row.starts_with(&format!("| T{number} |"))).unwrap_or_else(|| panic!("T{number} has no row"));
        assert!(row.rsplit(" | ").next().expect("a column").contains('`'), "T{number} has no test");
    }
    every_test_exists("docs/security.md", &rows);
}

#[test]
fn every_test_that_the_invariants_name_exists() {
    every_test_exists("docs/architecture.md", &rows("docs/architecture.md"));
}

/// The rows of a document's tables.
fn rows(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(document)).expect("UTF-8");
    text.lines().filter(|line| line.starts_with("| ")).map(str::to_owned).collect()
}

/// That the tests in the last columns of some rows are there: what has a path of modules, in the folder or file that it begins with.
fn every_test_exists(document: &str, rows: &[String]) {
    let sources: Vec<(String, String)> = ["src", "tests/it"]
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(root().join(folder)))
        .map(|e| e.expect("a readable tree"))
        .filter(|e| e.path().extension().is_some_and(|x| x == "rs"))
        .map(|e| (e.path().display().to_string(), std::fs::read_to_string(e.path()).expect("UTF-8")))
        .collect();
    let named = rows.iter().flat_map(|row| row.rsplit(" | ").next().expect("a column").split('`').skip(1).step_by(2));
    let tests: Vec<&str> =
        named.filter(|name| name.contains("::") || name.contains('_')).filter(|name| !name.contains([' ', '(', '/'])).collect();
    assert!(tests.len() > 20, "{document} names {} tests", tests.len());
    for name in tests {
        let parts: Vec<&str> = name.split("::").collect();
        let function = format!("fn {}(", parts.last().expect("a name"));
        let within = |path: &str| parts.len() == 1 || path.contains(&format!("/{}", parts[0]));
        let there = sources.iter().any(|(path, text)| within(path) && text.contains(&function));
        assert!(there, "{document} names the test {name}, which is not there");
    }
}
