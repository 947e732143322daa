//! `airlift serve` on the far side.

use super::gap::{AIRLIFT, Gap, finish, run, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running mirror; ends with its owner, those of statics with the namespace.
pub struct Mirror {
    process: Child,
    /// Where it speaks HTTP.
    pub base: String,
    /// Where it speaks HTTPS, by name.
    pub secure: String,
    /// Its access log, one JSON document a line.
    pub log: PathBuf,
}

impl Mirror {
    /// Serves from a store on loopback, and waits until it does; `more` may name volumes to serve in place.
    pub fn start(gap: &Gap, store: &str, http: u16, https: Option<u16>, more: &[&Path]) -> Self {
        let mut command = gap.daemon(AIRLIFT);
        command.arg("serve").args(more);
        Self::start_as(gap, command, store, http, https)
    }

    /// The same with a command that may come by way of another program.
    pub fn start_as(gap: &Gap, mut command: Command, store: &str, http: u16, https: Option<u16>) -> Self {
        let log = gap.folder.join(format!("access-{http}.log"));
        command.arg("--store").arg(gap.folder.join(store)).arg("--access-log").arg(&log).arg("--http").arg(format!("127.0.0.1:{http}"));
        if let Some(port) = https {
            command.args(["--https", &format!("127.0.0.1:{port}"), "--own-ca", "localhost", "--own-ca", "mirror.test"]);
        }
        let said = gap.folder.join(format!("serve-{http}.log"));
        let output = File::create(&said).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let secure = format!("https://localhost:{}", https.unwrap_or(0));
        let mut mirror = Self { process: command.spawn().unwrap(), base: format!("http://127.0.0.1:{http}"), secure, log };
        let healthy = format!("{}/healthz", mirror.base);
        until("the mirror answers", 30, || {
            let ended = mirror.process.try_wait().unwrap();
            assert!(ended.is_none(), "the mirror ended: {}", fs::read_to_string(&said).unwrap());
            gap.get(&healthy, &[]).0 == 200
        });
        mirror
    }

    /// Ends it as a service manager does, and waits until it has ended; true if it did so in good order.
    pub fn stop(&mut self) -> bool {
        // It has ended already where a test stopped it.
        if let Ok(None) = self.process.try_wait() {
            let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        }
        self.process.wait().is_ok_and(|status| status.success())
    }

    /// What the mirror says of its health.
    pub fn health(&self, gap: &Gap) -> Value {
        serde_json::from_str(&gap.text(&format!("{}/healthz", self.base))).unwrap()
    }

    /// Waits until the access log, which is written a little later, has such an answer to a request whose path ends like this.
    pub fn answered(&self, end: &str, such: impl Fn(&Value) -> bool) {
        let line = |line: &str| serde_json::from_str::<Value>(line).ok();
        let fits = |answer: &Value| answer["path"].as_str().is_some_and(|path| path.ends_with(end)) && such(answer);
        until("the access log has it", 20, || fs::read_to_string(&self.log).unwrap().lines().filter_map(line).any(|answer| fits(&answer)));
    }

    /// Writes what `airlift client` prints for these clients to where it says, below `etc`; over HTTPS with the mirror's authority.
    pub fn configure(&self, gap: &Gap, clients: &[&str], secure: bool, etc: &Path) {
        let ca = secure.then(|| gap.text(&format!("{}/ca.pem", self.base)));
        let place = |path: &str, text: &str| {
            let path = etc.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for client in clients {
            for (at, text) in self.snippets(client, secure) {
                if let Some(path) = at.strip_prefix("/etc/") {
                    place(path, &text);
                }
                if let (Some(ca), Some((_, path))) = (&ca, text.split_once("install -D -m 644 ca.pem /etc/")) {
                    place(path.trim_end(), ca);
                }
            }
        }
        if let Some(ca) = ca {
            place("ssl/certs/airlift-ca.pem", &ca);
        }
    }

    /// The snippets of one client: place and text.
    pub fn snippets(&self, client: &str, secure: bool) -> Vec<(String, String)> {
        let list: Value = serde_json::from_str(&self.printed(&["--json", "client", client], secure)).unwrap();
        let field = |snippet: &Value, name: &str| snippet[name].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(|snippet| (field(snippet, "place"), field(snippet, "text"))).collect()
    }

    /// What `airlift client` prints, to be appended to a file as it is.
    pub fn printed(&self, arguments: &[&str], secure: bool) -> String {
        let mut command = Command::new(AIRLIFT);
        command.args(arguments).args(["--mirror", if secure { &self.secure } else { &self.base }]);
        run(if secure { command.arg("--own-ca") } else { &mut command })
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether a URL on the far side can be fetched with the certificates of this machine.
pub fn trusted(gap: &Gap, url: &str) -> bool {
    finish(gap.inside("curl").args(["-q", "--silent", "--fail", "--output", "/dev/null", url])).status.success()
}
