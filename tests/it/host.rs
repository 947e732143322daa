//! A host of its own for the real binary: home, settings, cache and store in a temporary folder, nothing of the machine's environment.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

/// The binary under test.
pub const AIRLIFT: &str = env!("CARGO_BIN_EXE_airlift");

/// Serves the store on loopback, and ends with the script.
const MIRROR: &str = r#"
"$AIRLIFT" --store "$STORE" serve --http "$MIRROR" >"$HOME/serve.log" 2>&1 &
trap 'kill %1' EXIT
curl --silent --retry 50 --retry-connrefused --retry-delay 1 --output /dev/null "http://$MIRROR/healthz"
"#;

pub struct Host {
    folder: TempDir,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Host {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("work")).expect("a folder");
        Self { folder }
    }

    /// Where commands run: relative paths start here.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// A file in the folder where commands run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).expect("a file");
        self.path(name)
    }

    /// The store that is used when none is named.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("data/airlift")
    }

    /// Any program, seeing this host only.
    pub fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let place = |name: &str| self.folder.path().join(name);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8").env("HOME", self.folder.path());
        command.env("XDG_DATA_HOME", place("data")).env("XDG_CONFIG_HOME", place("config")).env("XDG_CACHE_HOME", place("cache"));
        command.current_dir(self.work()).stdin(Stdio::null());
        command
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(AIRLIFT);
        command.args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("airlift runs"))
    }

    /// Runs a command that must succeed.
    pub fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "airlift {args:?}: {}{}", ran.out, ran.err);
        ran
    }

    /// Runs a command that must succeed with `--json`: every line of both streams is then a JSON document.
    pub fn json(&self, args: &[&str]) -> Vec<Value> {
        let ran = self.ok(&[&["--json"], args].concat());
        let parsed = |text: &str| -> Vec<Value> {
            text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("airlift {args:?}: {e}: {line}"))).collect()
        };
        parsed(&ran.err);
        parsed(&ran.out)
    }

    /// Runs a command that must be refused with that exit code, a message with these words and a next step, and no data.
    pub fn fails(&self, code: i32, args: &[&str], words: &[&str]) -> Ran {
        let ran = self.run(args);
        ran.refused(code, words);
        ran
    }

    /// What a script of bash prints that runs where nothing but loopback exists, beside a mirror of what this host has on that port. `$AIRLIFT` is the
    /// program, `$STORE` the store, `$CLIENTS` the folder of the scripts that start clients, the home a folder of its own in the folder where commands run.
    pub fn beside_a_mirror(&self, port: u16, variables: &[(&str, &Path)], script: &str) -> String {
        let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        let home = self.path("home");
        std::fs::create_dir_all(&home).expect("a folder");
        let mirror = format!("127.0.0.1:{port}");
        let mut command = Command::new(clients.join("air"));
        command.args(["timeout", "170", "bash", "-e", "-o", "pipefail", "-c", &format!("{MIRROR}{script}"), "bash"]);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8").env("HOME", &home).env("MIRROR", &mirror);
        command.env("AIRLIFT", AIRLIFT).env("STORE", self.store()).env("CLIENTS", &clients).envs(variables.iter().copied());
        let output = command.current_dir(self.work()).stdin(Stdio::null()).output().expect("bash runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {out}{err}", output.status);
        out.into_owned()
    }

    /// Starts a command that is read from while it runs.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::of(self.command(args))
    }
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("all output is UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// That it was refused with an exit code and a message that holds these words.
    pub fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(self.err.contains("error: ") && self.out.is_empty(), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word} is not in: {}", self.err);
        }
    }
}

/// A command that is running; killed when dropped.
pub struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Running {
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let (out, err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        Self { child, out: BufReader::new(out), err: BufReader::new(err) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of data.
    pub fn line(&mut self) -> String {
        next_line(&mut self.out)
    }

    /// The next line of talk that holds a word.
    pub fn said(&mut self, word: &str) -> String {
        loop {
            let line = next_line(&mut self.err);
            if line.contains(word) {
                return line;
            }
        }
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).expect("it is running");
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).expect("UTF-8");
        self.err.read_to_string(&mut err).expect("UTF-8");
        Ran { code: self.child.wait().expect("it is ours").code(), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next_line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    assert_ne!(from.read_line(&mut line).expect("UTF-8"), 0, "the program ended without a further line");
    line.trim_end().to_owned()
}

/// A path as an argument.
pub fn arg(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}
