//! The gap itself: a network namespace with loopback only, and how a command gets there.

use crate::stock;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program under test.
pub const AIRLIFT: &str = env!("CARGO_BIN_EXE_airlift");

/// A client that takes longer than this is stuck.
const PATIENCE: &str = "170";

/// Lasts as long as the tests' process, however that ends: it notices by the end of its input.
const KEEPER: &str =
    r#"trap "" HUP INT TERM; cat >/dev/null; "$0/registry" stop "$2/registry"; "$0/air" --name "$1" --delete; rm -rf -- "$2""#;

/// The namespace, and a folder for everything that lasts as long as it.
pub struct Gap {
    pub folder: PathBuf,
    pub name: String,
    _keeper: std::process::Child,
}

impl Gap {
    /// Makes the namespace and proves that it is sealed; says what is missing where none can be made.
    pub fn make() -> Result<Self, String> {
        for client in ["unshare", "nsenter", "curl", "jq", "docker-registry"] {
            stock::find(client).ok_or_else(|| format!("the client {client} is not installed"))?;
        }
        let name = format!("airlift-{}", std::process::id());
        let folder = TempDir::with_prefix("gap").unwrap().keep();
        let mut keeper = Command::new("bash");
        keeper.args(["-c", KEEPER]).arg(scripts()).arg(&name).arg(&folder);
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let gap = Self { folder, name, _keeper: keeper };
        let made = script("air").args(["--name", &gap.name, "--", "true"]).output().unwrap();
        if !made.status.success() {
            return Err(format!("no namespace without a network can be made here: {}", String::from_utf8_lossy(&made.stderr).trim()));
        }
        gap.prove();
        Ok(gap)
    }

    /// Nothing but loopback: no other link, no route, no way to an address elsewhere.
    pub fn prove(&self) {
        let proof = run(script("air").args(["--name", &self.name, "--proof"]));
        assert!(proof.starts_with("links: lo\nroutes beyond loopback: none\n"), "{proof}");
    }

    /// A folder for one test; short, since engines keep sockets below it.
    pub fn place(&self) -> TempDir {
        TempDir::with_prefix_in("", &self.folder).unwrap()
    }

    /// A command inside that is ended when it takes too long.
    pub fn inside(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.daemon("timeout");
        command.args(["--kill-after=5", PATIENCE]).arg(program.as_ref());
        command
    }

    /// A command inside that may run as long as it likes; the process is the program's own.
    pub fn daemon(&self, program: impl AsRef<Path>) -> Command {
        let mut command = script("air");
        command.args(["--name", &self.name, "--"]).arg(program.as_ref());
        command
    }

    /// A client inside, with an environment of its own.
    pub fn client(&self, program: impl AsRef<Path>, home: &Path) -> Command {
        let mut command = self.inside("env");
        command.args(["-i", "PATH=/usr/bin:/bin", "LANG=C.UTF-8"]);
        command.arg(format!("HOME={}", home.display())).arg(format!("TMPDIR={}", home.display())).arg(program.as_ref());
        command
    }

    /// A command inside that sees the files of `etc` in `/etc`, beside those that are there.
    pub fn configured(&self, etc: &Path, program: impl AsRef<Path>) -> Command {
        let mut command = self.inside("unshare");
        command.args(["--mount", "--", "sh", "-c", r#"mount -t overlay none -o "lowerdir=$0:/etc" /etc && exec "$@""#]);
        command.arg(etc).arg(program.as_ref());
        command
    }

    /// airlift, inside, on a store below the folder.
    pub fn airlift(&self, store: &str) -> Command {
        let mut command = self.inside(AIRLIFT);
        command.arg("--store").arg(self.folder.join(store));
        command
    }

    /// What a GET of a URL inside gives: the status, and the body.
    pub fn get(&self, url: &str, more: &[&str]) -> (u16, Vec<u8>) {
        let mut curl = self.inside("curl");
        let output = finish(curl.args(["-q", "--silent", "--max-time", "30", "--write-out", "%{stderr}%{http_code}"]).args(more).arg(url));
        (String::from_utf8_lossy(&output.stderr).trim().parse().unwrap_or(0), output.stdout)
    }

    /// The same, for text that must be there.
    pub fn text(&self, url: &str) -> String {
        let (status, body) = self.get(url, &[]);
        assert_eq!(status, 200, "{url}");
        String::from_utf8(body).unwrap()
    }
}

/// The folder of the scripts that start clients.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// One of them.
pub fn script(name: &str) -> Command {
    Command::new(scripts().join(name))
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// What a command prints, which must succeed.
pub fn run(command: &mut Command) -> String {
    let output = finish(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out.into_owned()
}

/// All that a command says, which must fail.
pub fn fails(command: &mut Command) -> String {
    let output = finish(command);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!output.status.success(), "{command:?} succeeded\n{said}");
    said.into_owned()
}

/// Asks again and again, for a bounded time, until it is so. Asking must take a moment of its own.
pub fn until(what: &str, seconds: u64, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {seconds} s");
    }
}
