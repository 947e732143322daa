//! Faults from beneath: full, read-only and failing file systems, and the end of the process at every step of its work. Whatever
//! happens, the message is clear, nothing is half done, and the same command goes on once the fault is gone.

mod places;
mod steps;
mod together;

use crate::host::{AIRLIFT, Host, Ran};
use crate::stock::{need, skip};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Calls that change a file system.
const CHANGES: [&str; 14] = [
    "write",
    "pwrite64",
    "copy_file_range",
    "fsync",
    "fdatasync",
    "rename",
    "renameat2",
    "mkdir",
    "mkdirat",
    "unlink",
    "unlinkat",
    "rmdir",
    "ftruncate",
    "fsetxattr",
];

/// strace; `None` where processes cannot be traced.
pub fn tracer() -> Option<PathBuf> {
    static TRACES: OnceLock<bool> = OnceLock::new();
    let program = need("strace")?;
    let may = TRACES.get_or_init(|| Command::new(&program).args(["-o", "/dev/null", "true"]).status().is_ok_and(|s| s.success()));
    if !may {
        skip("processes cannot be traced here");
    }
    may.then_some(program)
}

/// Airlift on one processor under strace, which does as told to some of its calls.
fn traced(host: &Host, strace: &[&str], args: &[&str]) -> Option<Command> {
    let mut command = host.program("taskset");
    command.args(["-c", &one_processor()]).arg(tracer()?).arg("-f").args(strace).arg(AIRLIFT).args(args);
    Some(command)
}

/// A processor this process may use: with one, airlift works with one thread, and its steps come in one order.
fn one_processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("Linux").trim();
    allowed.split([',', '-']).next().expect("at least one").to_owned()
}

/// A shell script in a mount namespace of its own, where `airlift` is a command and `expect CODE COMMAND…` compares an exit code and
/// leaves the error output in the file `said`; `None` where nothing can be mounted.
fn mounted(host: &Host, script: &str) -> Option<Ran> {
    if !rustix::process::geteuid().is_root() {
        skip("only root can mount a file system");
        return None;
    }
    let prologue = format!(
        "set -eu\nairlift() {{ '{AIRLIFT}' \"$@\"; }}\n\
         expect() {{ want=$1; shift; code=0; \"$@\" >out.log 2>said || code=$?; cat said >&2; \
         [ $code = $want ] || {{ echo \"exit code $code, not $want: $*\" >&2; exit 99; }}; }}\n\
         says() {{ grep -qF -- \"$1\" said || {{ echo \"not said: $1\" >&2; exit 98; }}; }}\n"
    );
    let mut command = host.program("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &format!("{prologue}{script}")]);
    Some(Ran::of(command.output().expect("util-linux is here")))
}

/// Runs a script and expects it to reach its end.
pub fn holds(host: &Host, script: &str) {
    if let Some(ran) = mounted(host, script) {
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-a", "--reflink=auto"]).arg(from).arg(to).status();
    assert!(copied.expect("cp runs").success());
}
