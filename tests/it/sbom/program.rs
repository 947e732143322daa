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

/// Where somebody names a device, a pipe or a link, that is what is written to: a file in its place would take `/dev/null` from the whole machine.
#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    let host = Host::new();
    let program = ["sbom", "--program", "--out"];
    host.write("behind", "something else");
    for (link, to) in [("link", "behind"), ("null", "/dev/null")] {
        std::os::unix::fs::symlink(to, host.path(link)).unwrap();
        host.ok(&[&program[..], &[link]].concat());
        assert_eq!(std::fs::read_link(host.path(link)).unwrap(), std::path::Path::new(to), "{link} is what it was");
    }
    host.ok(&[&program[..], &["plain"]].concat());
    let read = |name: &str| std::fs::read(host.path(name)).unwrap();
    assert!(read("behind") == read("plain") && !read("plain").is_empty());
    // A pipe that somebody reads, as `>(jq .)` of a shell is one.
    let script = r#"mkfifo pipe; cat pipe >read & "$0" sbom --program --out pipe; wait; test -p pipe"#;
    let ran = host.program("bash").args(["-e", "-c", script, crate::host::AIRLIFT]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(read("read"), read("plain"));
}
