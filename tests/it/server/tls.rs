//! TLS by the mirror's own authority, as a stock client sees it.

use super::{Memory, PATIENCE, noise, router};
use airlift::artifact::Digest;
use airlift::server::{AccessLog, Door, Limits, Listener, Switch, listen, own_ca, tls_from_files};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::mpsc::channel;
use tokio::sync::oneshot;

fn names() -> Vec<String> {
    vec!["localhost".to_owned(), "mirror.example.org".to_owned(), "127.0.0.1".to_owned()]
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn the_authority_is_made_once_and_the_certificate_when_needed() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("tls");
    let first = own_ca(path, &names()).unwrap();
    for key in ["ca.key", "server.key"] {
        assert_eq!(path.join(key).metadata().unwrap().permissions().mode() & 0o777, 0o600, "{key}");
    }
    let (authority, certificate) = (read(path, "ca.pem"), read(path, "server.pem"));
    assert_eq!(first.ca_pem, authority);
    assert_eq!(own_ca(path, &names()[..1]).unwrap().fingerprint, first.fingerprint);
    assert_eq!(read(path, "server.pem"), certificate, "fewer names need no new one");
    own_ca(path, &["other.example.org".to_owned()]).unwrap();
    let renamed = read(path, "server.pem");
    assert_ne!(renamed, certificate, "another name does");
    std::fs::write(path.join("server.key"), read(path, "ca.key")).unwrap();
    own_ca(path, &["other.example.org".to_owned()]).unwrap();
    assert_ne!(read(path, "server.pem"), renamed, "a key that does not fit does too");
    assert_eq!(read(path, "ca.pem"), authority);
    tls_from_files(&path.join("server.pem"), &path.join("server.key")).unwrap();
}

#[test]
fn an_authority_is_never_replaced_behind_the_back_of_its_clients() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    own_ca(path, &names()).unwrap();
    let key = read(path, "ca.key");
    let other = tempfile::tempdir().unwrap();
    own_ca(other.path(), &names()).unwrap();
    std::fs::copy(other.path().join("ca.key"), path.join("ca.key")).unwrap();
    assert!(own_ca(path, &names()).unwrap_err().to_string().contains("not the key of ca.pem"));
    std::fs::remove_file(path.join("ca.key")).unwrap();
    let error = own_ca(path, &names()).unwrap_err();
    assert!(error.to_string().contains("ca.key is missing") && !error.hints().is_empty());
    std::fs::write(path.join("ca.key"), "nonsense").unwrap();
    assert!(own_ca(path, &names()).unwrap_err().to_string().contains("ca.key"));
    std::fs::write(path.join("ca.key"), key).unwrap();
    assert!(own_ca(path, &[]).is_err());
    assert!(own_ca(path, &["not a name".to_owned()]).is_err());
}

#[test]
fn certificate_files_that_do_not_fit_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    own_ca(path, &names()).unwrap();
    let wrong = |certificate: &str, key: &str| tls_from_files(&path.join(certificate), &path.join(key)).unwrap_err().to_string();
    assert!(wrong("absent.pem", "server.key").contains("absent.pem"));
    assert!(wrong("server.key", "server.key").contains("no certificate"));
    assert!(wrong("server.pem", "server.pem").contains("no private key"));
    assert!(wrong("server.pem", "ca.key").contains("cannot be used"));
}

fn curl(arguments: &[&str]) -> Option<Output> {
    match Command::new("curl").args(["-sS", "--max-time", "30", "--noproxy", "*"]).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("SKIPPED: curl cannot be run: {error}");
            None
        }
    }
}

#[test]
fn curl_trusts_the_own_authority_over_http1_and_http2() {
    let folder = tempfile::tempdir().unwrap();
    let tls = own_ca(folder.path(), &names()).unwrap();
    let mut memory = Memory::default();
    let (whole, broken) = (memory.add(noise(3_000_000)), memory.add(noise(3_000_001)));
    memory.break_at(broken, 1_500_000);
    let (stop, stopped) = oneshot::channel::<()>();
    let (bound, address) = channel();
    let server = std::thread::spawn(move || {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
            let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Some(tls.config)).await.unwrap();
            bound.send(listener.url()).unwrap();
            let door = Door::new(Switch::new(router(memory)), Arc::new(AccessLog::silent()));
            listen(vec![listener], door, Limits::default(), async { drop(stopped.await) }).await;
        });
    });
    let base = address.recv_timeout(PATIENCE).unwrap();
    let authority = folder.path().join("ca.pem");
    let authority = authority.to_str().unwrap();
    let url = |digest: &Digest| format!("{base}/blob/{}", digest.hex());
    for version in ["--http1.1", "--http2"] {
        let Some(output) = curl(&[version, "--cacert", authority, &url(&whole)]) else { return };
        assert!(output.status.success(), "{version}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(Digest::of(&output.stdout), whole, "{version}");
        let cut = curl(&[version, "--cacert", authority, &url(&broken)]).unwrap();
        assert!(!cut.status.success() && cut.stdout.len() <= 1_500_000, "{version}: a broken blob must not look whole");
        let post =
            curl(&[version, "--cacert", authority, "-d", "x=1", "-o", "/dev/null", "-w", "%{http_code}", &format!("{base}/document")])
                .unwrap();
        assert_eq!(String::from_utf8_lossy(&post.stdout), "405", "{version}: {}", String::from_utf8_lossy(&post.stderr));
    }
    let untrusted = curl(&[&url(&whole)]).unwrap();
    assert!(!untrusted.status.success(), "nobody else trusts it");
    drop(stop);
    server.join().unwrap();
}
