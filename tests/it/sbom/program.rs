//! What airlift says of itself.

use super::judge;
use crate::host::Host;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

#[test]
fn the_program_tells_what_it_was_made_of_and_which_file_it_is() {
    let host = Host::new();
    for (form, name) in [("cyclonedx", "own.cdx.json"), ("spdx", "own.spdx.json"), ("spdx3", "own.spdx3.json")] {
        host.ok(&["sbom", "--program", "--format", form, "--out", name]);
        judge(&host.path(name), form);
        assert_eq!(host.ok(&["sbom", "--program", "--format", form]).out, std::fs::read_to_string(host.path(name)).unwrap());
    }
    let document: Value = serde_json::from_slice(&std::fs::read(host.path("own.cdx.json")).unwrap()).unwrap();
    let digest = Sha256::digest(std::fs::read(env!("CARGO_BIN_EXE_airlift")).unwrap());
    let hex = digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    assert_eq!(document["metadata"]["component"]["hashes"][0]["content"], hex);
    let own = document["components"].as_array().unwrap().iter().find(|component| component["name"] == "airlift").unwrap();
    assert_eq!(own["version"], env!("CARGO_PKG_VERSION"));
    host.fails(2, &["sbom", "--program", "--lock", "kit.lock"], &["cannot be used with"]);
}
