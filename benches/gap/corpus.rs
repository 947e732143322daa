//! The corpus: real wheels from the user's index, the test images' layers, and tars of the same layers, which compress.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is packed, imported and served.
pub struct Corpus {
    /// Where everything of the benchmark lies.
    pub folder: PathBuf,
}

/// The program under test.
pub fn airlift() -> &'static str {
    env!("CARGO_BIN_EXE_airlift")
}

/// Where the set-up script put the clients.
pub fn clients() -> PathBuf {
    std::env::var_os("AIRLIFT_CLIENTS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients"), PathBuf::from)
}

impl Corpus {
    /// Makes what is not there yet.
    pub fn prepare() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (folder, images) = (here.join("target/bench-corpus"), clients().join("images"));
        assert!(images.join("index.json").exists(), "make the test images first: tests/clients/setup && tests/clients/images");
        let status = Command::new(here.join("benches/gap/prepare.sh")).arg(&folder).arg(airlift()).arg(images).status();
        assert!(status.is_ok_and(|s| s.success()), "the corpus could not be made");
        Self { folder }
    }

    /// A script in the corpus folder, with `$A` for airlift on the sender's store and `$I` for the receiver's.
    pub fn script(&self, script: &str) -> String {
        let (folder, airlift) = (self.folder.display(), airlift());
        format!(
            "cd {folder}; export HOME={folder}/home; A='{airlift} --quiet --store {folder}/store'; I='{airlift} --quiet --store {folder}/inside'; {script}"
        )
    }

    /// Bytes of one kit.
    pub fn bytes(&self, kit: &str) -> u64 {
        let files = std::fs::read_dir(self.folder.join("plain").join(kit)).unwrap();
        files.map(|f| f.unwrap().metadata().unwrap().len()).sum()
    }
}
