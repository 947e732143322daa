//! pip of three ages and uv install the toolkit, configured with what `airlift client` prints and nothing else.

use super::gap::{fails, run};
use super::mirror::trusted;
use super::{Shared, with_python};
use crate::stock;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const NEWEST_PIP: &str = "pip-newest";
const JSON: &str = "Accept: application/vnd.pypi.simple.v1+json";

/// An installer with a home and a fresh environment of its own.
struct Installer<'a> {
    shared: &'a Shared,
    folder: TempDir,
    /// `uv`, or none for the pip of the environment.
    uv: Option<PathBuf>,
    secure: bool,
}

impl Installer<'_> {
    /// Makes the environment, and the configuration as it is printed; `secure` for the mirror's HTTPS address.
    fn new(name: &str, secure: bool) -> Option<Self> {
        let client = stock::environment(name)?;
        let shared = with_python()?;
        let folder = shared.gap.place();
        let uv = (name == "uv").then(|| client.join("bin/uv"));
        let (client_name, place) = if uv.is_some() { ("uv", "uv/uv.toml") } else { ("pip", "pip/pip.conf") };
        let config = folder.path().join(".config").join(place);
        fs::create_dir_all(config.parent().unwrap()).unwrap();
        fs::write(&config, shared.mirror.printed(&["client", client_name], secure)).unwrap();
        fs::create_dir(folder.path().join("etc")).unwrap();
        if secure {
            shared.mirror.configure(&shared.gap, &[], true, &folder.path().join("etc"));
        }
        let environment = folder.path().join("environment");
        match &uv {
            Some(uv) => run(shared.gap.client(uv, folder.path()).args(["venv", "--python", "/usr/bin/python3"]).arg(&environment)),
            None => run(Command::new("cp").arg("-a").arg(client).arg(&environment)),
        };
        Some(Self { shared, folder, uv, secure })
    }

    fn python(&self) -> PathBuf {
        self.folder.path().join("environment/bin/python")
    }

    /// A program with this home; the authority lies where the configuration says.
    fn command(&self, program: &Path) -> Command {
        let home = format!("HOME={}", self.folder.path().display());
        let mut command = self.shared.gap.configured(&self.folder.path().join("etc"), "env");
        command.args(["-i", "PATH=/usr/bin:/bin", "LANG=C.UTF-8"]).arg(home).arg(format!("TMPDIR={}", self.folder.path().display()));
        if self.secure && self.uv.is_some() {
            command.arg("SSL_CERT_FILE=/etc/ssl/certs/airlift-ca.pem");
        }
        command.arg(program);
        command
    }

    /// The command that installs, without the requirements.
    fn install(&self) -> Command {
        match &self.uv {
            Some(uv) => {
                let mut command = self.command(uv);
                command.args(["pip", "install", "--no-cache", "--python"]).arg(self.python());
                command
            }
            None => {
                let mut command = self.command(&self.python());
                command.args(["-m", "pip", "install", "--no-cache-dir", "--no-compile"]);
                command
            }
        }
    }

    /// What a line of Python prints in the environment.
    fn says(&self, line: &str) -> String {
        run(self.command(&self.python()).args(["-c", line]))
    }
}

/// The toolkit is installed and can be imported.
fn installs(name: &str) {
    let Some(installer) = Installer::new(name, false) else { return };
    assert!(fails(installer.command(&installer.python()).args(["-c", "import jupyterlab"])).contains("ModuleNotFoundError"));
    run(installer.install().args(["jupyterlab", "scikit-learn"]));
    let fitted =
        "import jupyterlab, sklearn.linear_model as m; print(m.LinearRegression().fit([[0], [1]], [0, 2]).predict([[2]])[0].round(6))";
    assert_eq!(installer.says(fitted), "4.0\n");
}

#[test]
fn pip_20_3_installs_the_toolkit() {
    installs("pip-20.3.4");
}

#[test]
fn pip_23_2_installs_the_toolkit() {
    installs("pip-23.2.1");
}

#[test]
fn the_newest_pip_installs_the_toolkit() {
    installs(NEWEST_PIP);
}

#[test]
fn uv_installs_the_toolkit() {
    installs("uv");
}

#[test]
fn https_with_the_mirrors_own_authority() {
    for name in [NEWEST_PIP, "uv"] {
        let Some(installer) = Installer::new(name, true) else { return };
        let (gap, mirror) = (&installer.shared.gap, &installer.shared.mirror);
        assert!(!trusted(gap, &format!("{}/healthz", mirror.secure)), "the authority is trusted everywhere");
        let printed = mirror.printed(&["client", if name == "uv" { "uv" } else { "pip" }], true);
        assert!(printed.contains("https://localhost:") && printed.contains("/etc/ssl/certs/airlift-ca.pem"), "{printed}");
        run(installer.install().arg("joblib"));
        installer.says("import joblib");
        mirror.answered(".whl", |answer| answer["tls"] == true && answer["agent"].as_str().unwrap().starts_with(&name[..2]));
    }
}

#[test]
fn what_is_not_here_is_no_matching_distribution() {
    for (name, verdict) in [
        ("pip-20.3.4", "No matching distribution found for"),
        (NEWEST_PIP, "No matching distribution found for"),
        ("uv", "was not found in the package registry"),
    ] {
        let Some(installer) = Installer::new(name, false) else { return };
        let said = fails(installer.install().arg("flask"));
        assert!(said.contains(verdict) && said.contains("flask"), "{name}: {said}");
        let said = fails(installer.install().arg("joblib==0.1"));
        assert!(said.contains("joblib==0.1"), "{name}: {said}");
    }
}

/// `NAME==VERSION --hash=…` for a project, from the JSON index.
fn pinned(shared: &Shared, project: &str) -> String {
    let url = format!("{}/python/latest/simple/{project}/", shared.mirror.base);
    let (status, body) = shared.gap.get(&url, &["--header", JSON]);
    assert_eq!(status, 200, "{url}");
    let page: Value = serde_json::from_slice(&body).unwrap();
    let file = &page["files"][0];
    let version = file["filename"].as_str().unwrap().split('-').nth(1).unwrap().to_owned();
    format!("{project}=={version} --hash=sha256:{}\n", file["hashes"]["sha256"].as_str().unwrap())
}

#[test]
fn hashes_of_the_json_index_are_the_files_hashes() {
    let Some(installer) = Installer::new(NEWEST_PIP, false) else { return };
    let list = installer.folder.path().join("requirements.txt");
    let lines: String = ["cloudpickle", "joblib", "threadpoolctl"].map(|project| pinned(installer.shared, project)).concat();
    let install = || {
        let mut command = installer.install();
        command.args(["--require-hashes", "-r"]).arg(&list);
        command
    };
    fs::write(&list, &lines).unwrap();
    run(&mut install());
    installer.says("import joblib, threadpoolctl");
    let digit = lines.find("sha256:").unwrap() + 7;
    let other = if &lines[digit..=digit] == "0" { "1" } else { "0" };
    fs::write(&list, format!("{}{other}{}", &lines[..digit], &lines[digit + 1..])).unwrap();
    let said = fails(install().arg("--force-reinstall"));
    assert!(said.contains("DO NOT MATCH THE HASHES"), "{said}");
}
