//! The test channels on loopback, as the set-up's packages are.

use crate::images::registry::{Answer, Registry};
use crate::stock;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The folder of the channels; made once.
pub fn folder() -> PathBuf {
    static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = stock::folder().join("channel");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/channel");
        let output = Command::new(script).arg(&folder).env("AIRLIFT_CLIENTS", stock::folder()).output().expect("the script runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder
    });
    MADE.clone()
}

/// A server of all channels, which reads a file when it is asked for.
pub struct Outside {
    /// It; for looking at what it was asked, and for rules.
    pub server: Registry,
}

impl Outside {
    pub fn start() -> Self {
        let (server, folder) = (Registry::start(), folder());
        server.rule(move |asked| {
            let file = folder.join(asked.path.trim_start_matches('/'));
            std::fs::read(file).ok().map(|bytes| Answer::new(200, bytes).with("Content-Type", "application/octet-stream"))
        });
        Self { server }
    }

    /// A channel, as a manifest names one.
    pub fn channel(&self, name: &str) -> String {
        format!("{{ name = \"{name}\", url = \"http://{}/{name}\" }}", self.server.host)
    }
}
