//! Against a real ssh-agent.

use super::people::STATEMENT;
use crate::stock::need;
use airlift::error::Kind;
use airlift::steps::keys;
use airlift::trust::{Agent, BUNDLE, PlainKeys, Protection, SecretKey, Signature, Signer, sign};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// An agent of our own; ended by its own process id.
struct Running {
    agent: PathBuf,
    socket: PathBuf,
    id: String,
}

impl Running {
    fn start(agent: PathBuf, folder: &Path) -> Self {
        let socket = folder.join("agent");
        // Without -D it returns once the socket is there.
        let output = Command::new(&agent).arg("-s").arg("-a").arg(&socket).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let id = text.split("SSH_AGENT_PID=").nth(1).and_then(|t| t.split(';').next()).expect("an agent says its process id");
        Self { agent, socket, id: id.to_owned() }
    }

    fn add(&self, ssh_add: &Path, key: &Path) {
        let output = Command::new(ssh_add).arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new(&self.agent).arg("-k").env("SSH_AGENT_PID", &self.id).env("SSH_AUTH_SOCK", &self.socket).output();
    }
}

#[test]
fn an_agents_key_signs_like_the_file() {
    let (Some(agent), Some(ssh_add)) = (need("ssh-agent"), need("ssh-add")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(agent, folder.path());
    let agent = Agent::at(&running.socket, PATIENCE);
    assert!(agent.keys().unwrap().is_empty());

    let key = SecretKey::generate("anna").unwrap();
    let path = folder.path().join("anna");
    key.write(&path, Protection::Plain).unwrap();
    let absent = agent.key(key.public_key()).unwrap_err();
    assert_eq!(absent.kind(), Kind::Incomplete);
    running.add(&ssh_add, &path);

    let listed = agent.keys().unwrap();
    assert_eq!((listed.len(), listed[0].comment(), listed[0].public_key()), (1, "anna", key.public_key()));
    let armour = sign(&listed[0], BUNDLE, STATEMENT).unwrap();
    assert_eq!(armour, sign(&key, BUNDLE, STATEMENT).unwrap(), "Ed25519 is deterministic");
    Signature::parse(armour.as_bytes()).unwrap().verify(BUNDLE, STATEMENT).unwrap();

    for name in [format!("{}.pub", path.display()), key.public_key().fingerprint()] {
        let opened = keys::open(&name, Some(&agent), PlainKeys::Refused, &mut || unreachable!()).unwrap();
        assert_eq!(opened.public_key(), key.public_key());
    }
}

#[test]
fn keys_of_other_types_are_passed_over() {
    let (Some(agent), Some(ssh_add), Some(keygen)) = (need("ssh-agent"), need("ssh-add"), need("ssh-keygen")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(agent, folder.path());
    let other = folder.path().join("other");
    assert!(Command::new(keygen).args(["-q", "-t", "ecdsa", "-N", "", "-f"]).arg(&other).status().unwrap().success());
    running.add(&ssh_add, &other);
    assert!(Agent::at(&running.socket, PATIENCE).keys().unwrap().is_empty());
}

#[test]
fn an_agent_that_is_gone_is_an_error_with_a_next_step() {
    let error = Agent::at(Path::new("/nowhere/agent"), PATIENCE).keys().unwrap_err();
    assert!(error.to_string().contains("ssh-agent"), "{error}");
}
