//! The real binary, as people and scripts meet it: every command, its help, its JSON, its exit codes.

pub mod approvals;
mod early;
mod exits;
pub mod help;
mod network;
mod reference;
pub mod walk;

use crate::host::{Host, Ran, arg};
use crate::origin::{Origin, Reply};
use airlift::artifact::Digest;
use serde_json::Value;
use std::path::Path;

/// How a signing command names the key of [`sign_in`].
pub const SIGNED: [&str; 3] = ["--key", "alice", "--allow-plain-key"];

/// Makes a key and a trust root on a host, and accepts the root there.
fn sign_in(host: &Host) {
    host.ok(&["key", "generate", "alice", "--no-passphrase"]);
    host.ok(&[&["trust", "init", "test", "--principal", "alice=alice.pub", "--threshold", "1"], &SIGNED[..]].concat());
    trust(host, &host.path("trust/root.1.json"));
}

/// Lets a host accept a root, as people do who were told its fingerprint.
fn trust(host: &Host, root: &Path) {
    let shown = host.json(&["trust", "show", arg(root)]);
    host.ok(&["trust", "accept", arg(root), "--fingerprint", shown[0]["spoken"].as_str().expect("a fingerprint")]);
}

/// A manifest of files on a server that has them.
pub fn manifest(origin: &Origin, files: &[(&str, &[u8])]) -> String {
    let items =
        files.iter().map(|(path, bytes)| format!("  {{ url = \"{}\", sha256 = \"{}\" }},\n", origin.url(path), Digest::of(bytes).hex()));
    format!("airlift = 1\nname = \"kit\"\n\n[files.all]\nitems = [\n{}]\n", items.collect::<String>())
}

pub fn origin(files: &[(&str, &[u8])]) -> Origin {
    let replies: Vec<_> = files.iter().map(|(path, bytes)| (*path, vec![Reply::File(bytes.to_vec())])).collect();
    Origin::new(&replies)
}

/// A host that has locked, fetched and packed these files into `out`.
pub fn packed(files: &[(&str, &[u8])]) -> (Host, Origin) {
    let (host, origin) = (Host::new(), origin(files));
    sign_in(&host);
    host.write("kit.toml", manifest(&origin, files));
    host.ok(&[&["build", "kit.toml", "--out", "out"], &SIGNED[..]].concat());
    (host, origin)
}

/// A host that trusts another one's root and has nothing installed.
pub fn receiver(sender: &Host) -> Host {
    let host = Host::new();
    trust(&host, &sender.path("trust/root.1.json"));
    host
}

/// What `airlift status` says.
fn status(host: &Host) -> Value {
    host.json(&["status"]).remove(0)
}

/// The refusal of a command as `--json` tells it.
pub fn refusal(ran: &Ran) -> Value {
    let last = ran.err.lines().last().expect("an error");
    serde_json::from_str::<Value>(last).unwrap_or_else(|e| panic!("{e}: {last}"))["error"].clone()
}
