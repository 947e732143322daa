//! The hub's client for Rust, the crate hf-hub 0.4, behind the gap.

use super::clients::Inside;
use super::hub::{commit, tiny};
use crate::host::arg;
use crate::stock;
use std::path::Path;

/// The client's own requests: an account, then for each file a part of one byte, which tells commit and length, and the whole. Each revision
/// has a cache of its own, or the second would not ask for files.
const SCRIPT: &str = r#"
"$0" "$HF_ENDPOINT" "$HOME/hf-$1" acme/tiny "$@"
if "$0" "$HF_ENDPOINT" "$HOME/hf" acme/none main config.json 2>"$HOME/refused"; then exit 9; fi
if "$0" "$HF_ENDPOINT" "$HOME/hf" acme/tiny main none.json 2>"$HOME/refused" >&2; then exit 9; fi
"#;

#[test]
fn the_crate_hf_hub_gets_the_same_files_of_the_right_commit() {
    let Some(program) = stock::need_as("hf-hub-0.4", "hf-hub") else { return };
    let inside = Inside::new(&tiny());
    for revision in ["main", &commit('a')] {
        let paths: Vec<&str> = tiny().iter().map(|file| file.path).collect();
        let args = [&["-e", "-c", SCRIPT, arg(&program), revision], &paths[..]].concat();
        let said = inside.run(Path::new("/bin/bash"), &args);
        let mut lines = said.lines();
        assert_eq!(lines.next(), Some(&*format!("{} {}", commit('a'), tiny().len())), "{said}");
        for file in tiny() {
            let place = lines.next().unwrap();
            assert!(place.contains(&format!("snapshots/{}", commit('a'))), "{place} is kept by its commit");
            assert!(std::fs::read(place).unwrap() == file.bytes, "{} of {revision}", file.path);
        }
        let log = std::fs::read_to_string(inside.host.path("home/serve.log")).unwrap();
        assert!(log.lines().any(|line| line.contains("\"status\":206")), "the crate asks for a part first: {log}");
    }
}
