//! Plain files: curl goes on after a cut, and the sums fit.

use super::gap::{finish, run};
use super::sender::{LARGE, SMALL, large, small};
use super::{Shared, shared};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a line of shell in a folder inside.
fn shell(shared: &Shared, folder: &Path, line: &str) -> Command {
    let mut command = shared.gap.client("bash", folder);
    command.args(["-c", line]).current_dir(folder);
    command
}

#[test]
fn curl_goes_on_after_a_cut() {
    let Some(shared) = shared() else { return };
    let folder = shared.gap.place();
    let (_, printed) = shared.mirror.snippets("curl", false).remove(0);
    let line = printed.lines().find(|line| line.starts_with("curl ")).unwrap().replace("PATH", LARGE);
    let file = folder.path().join("setup.bin");
    // The longest file that may be written ends curl in mid-transfer, as a cable that is pulled does.
    let cut = finish(&mut shell(shared, folder.path(), &format!("ulimit -f 3000; {line}")));
    assert!(!cut.status.success());
    assert_eq!(fs::metadata(&file).unwrap().len(), 3000 * 1024);
    run(&mut shell(shared, folder.path(), &line));
    assert!(fs::read(&file).unwrap() == large(), "the file differs");
    let rest = large().len() - 3000 * 1024;
    shared.mirror.answered(LARGE, |answer| answer["status"] == 206 && answer["bytes"] == rest);
    // Once more, with nothing left to do: curl 7.88 takes the 416 it must get for an error, and leaves the file as it is.
    let _ = finish(&mut shell(shared, folder.path(), &line));
    assert!(fs::read(&file).unwrap() == large(), "the file differs");
    shared.mirror.answered(LARGE, |answer| answer["status"] == 416);
}

#[test]
fn sums_are_checked_by_sha256sum() {
    let Some(shared) = shared() else { return };
    let folder = shared.gap.place();
    let base = format!("{}/files/latest", shared.mirror.base);
    fs::create_dir(folder.path().join("tools")).unwrap();
    let fetch = |path: &str| {
        let url = format!("{base}/{}", path.replace(' ', "%20"));
        run(&mut shell(shared, folder.path(), &format!("curl -qsf -o '{path}' '{url}'")));
    };
    [LARGE, SMALL, "SHA256SUMS", "tools/SHA256SUMS"].into_iter().for_each(fetch);
    let checked = run(&mut shell(shared, folder.path(), "sha256sum -c SHA256SUMS && cd tools && sha256sum -c SHA256SUMS"));
    assert_eq!(checked, "tools/read me.txt: OK\ntools/setup.bin: OK\nread me.txt: OK\nsetup.bin: OK\n");
    assert_eq!(fs::read(folder.path().join(SMALL)).unwrap(), small());
    fs::write(folder.path().join(SMALL), "something else").unwrap();
    let damaged = finish(&mut shell(shared, folder.path(), "sha256sum -c SHA256SUMS"));
    assert!(String::from_utf8_lossy(&damaged.stdout).contains("tools/read me.txt: FAILED"));
}
