//! Verification and scanning where nothing can be written.

use airlift::scan::confine::{Confined, apart, confine};
use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;

/// What a thread lays on itself holds for it and for what it starts, so the test's other threads go on as they were.
#[test]
fn a_confined_thread_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, path) = (folder.path().join("kept"), folder.path().to_owned());
    fs::write(&kept, b"kept").unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let inner = kept.clone();
    let confined = std::thread::spawn(move || {
        let confined = confine();
        if confined != Confined::Wholly {
            return confined;
        }
        let denied = |outcome: std::io::Result<()>, what: &str| {
            assert_eq!(outcome.expect_err(what).kind(), ErrorKind::PermissionDenied, "{what}");
        };
        denied(fs::write(path.join("new"), b"x"), "make a file");
        denied(fs::write(&inner, b"x"), "write a file");
        denied(fs::File::options().append(true).open(&inner).map(drop), "open a file for appending");
        denied(fs::create_dir(path.join("folder")), "make a folder");
        denied(fs::remove_file(&inner), "remove a file");
        denied(fs::rename(&inner, path.join("other")), "rename a file");
        denied(std::os::unix::fs::symlink("/", path.join("link")), "make a link");
        denied(TcpStream::connect(address).map(drop), "connect");
        assert_eq!(fs::read(&inner).unwrap(), b"kept", "reading goes on");
        // What it starts is bound as well.
        let child = std::process::Command::new("/bin/sh").arg("-c").arg(format!("echo x > {}", inner.display())).output().unwrap();
        assert!(!child.status.success());
        assert!(std::thread::spawn(move || fs::write(&inner, b"x")).join().unwrap().is_err(), "a thread that it starts");
        confined
    })
    .join()
    .unwrap();
    if confined == Confined::No {
        crate::stock::skip("the kernel has no Landlock");
        return;
    }
    assert_eq!(confined, Confined::Wholly);
    assert_eq!(fs::read(&kept).unwrap(), b"kept");
    fs::write(&kept, b"written").expect("the other threads of the process still write");
}

/// So heads are read: what nobody is believed for yet is parsed apart, and the command goes on writing afterwards.
#[test]
fn what_is_done_apart_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let refused = apart(|| fs::write(&path, b"x").map_err(|error| error.kind()));
    fs::write(&path, b"written").expect("whoever asked for it still writes");
    match refused {
        Ok(()) => crate::stock::skip("the kernel has no Landlock"),
        Err(kind) => assert_eq!(kind, ErrorKind::PermissionDenied),
    }
}
