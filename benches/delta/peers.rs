//! What stock tools make of the same files.

use crate::sides::{Cost, Made};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a script and prints what it cost; its own output goes to its first argument. Python may have been started by a script, whose children
/// count as its own.
const MEASURE: &str = "
import resource, subprocess, sys, time
before = resource.getrusage(resource.RUSAGE_CHILDREN)
start = time.monotonic()
subprocess.run(['bash', '-c', 'set -eo pipefail; ' + sys.argv[1], 'sh', *sys.argv[2:]], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
print(time.monotonic() - start, cpu, used.ru_maxrss // 1024)
";

/// `zstd --patch-from` on the files as they are.
pub fn patch(old: &Path, new: &Path) -> Made {
    both(
        "zstd -q -3 --long=31 --patch-from=\"$2\" -c \"$3\" >\"$1\"",
        "zstd -q -d --long=31 --memory=2048MB --patch-from=\"$2\" -c \"$1\" >/dev/null",
        &[old, new],
    )
}

/// `tar | zstd -3`.
pub fn archive(files: &[&Path], options: &str) -> Made {
    let encode = format!("out=$1; shift; tar -P -cf - \"$@\" | zstd -q -3 {options} -c >\"$out\"");
    both(&encode, "zstd -q -d --long=31 --memory=2048MB -c \"$1\" | tar -xOf - >/dev/null", files)
}

fn both(encode: &str, decode: &str, files: &[&Path]) -> Made {
    let out = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench/peer");
    let encode = measured(encode, &out, files);
    let size = fs::metadata(&out).unwrap().len();
    let decode = measured(decode, &out, files);
    fs::remove_file(&out).unwrap();
    Made { size, encode, decode: Some(decode), deflated: None }
}

/// What a script of bash costs that is given these paths.
pub fn measured(script: &str, out: &Path, files: &[&Path]) -> Cost {
    let ran = Command::new("python3").args(["-c", MEASURE, script]).arg(out).args(files).output().unwrap();
    assert!(ran.status.success(), "{script}: {}", String::from_utf8_lossy(&ran.stderr));
    Cost::read(&String::from_utf8(ran.stdout).unwrap())
}
