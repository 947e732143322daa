//! The whole toolkit, for all its targets: locked, fetched, packed, imported and served.

use super::{TOOLKIT, parsed, public, put, python_on_loopback, torch_cpu, with_line};
use crate::charts::{Classic, archive, push};
use crate::conda_lock::channel::{Package, Paths, package};
use crate::images::pictures;
use crate::images::registry::Registry;
use crate::models::hub::{Hub, commit, tiny};
use crate::origin::{Origin, Reply};
use crate::simple_index::SimpleIndex;
use crate::world::{World, journal};
use airlift::lock::Lock;
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::steps::fetch::{FetchOptions, fetch};
use airlift::steps::lock::{LockOptions, lock};
use airlift::steps::serve::{Settings as Site, Site as Mounted};
use airlift::upstream::{Settings, Upstream};
use axum::body::Body;
use http::{Request, StatusCode};
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt;

/// What the toolkit asks for, made small; each kept alive for as long as it is asked.
struct Outside {
    public: SimpleIndex,
    torch: SimpleIndex,
    channel: Origin,
    hub: Hub,
    classic: Vec<(&'static str, Classic)>,
    installers: Origin,
    registry: Registry,
}

/// Where the installers are, by the publisher's path.
const INSTALLERS: [&str; 5] = [
    "https://download.jetbrains.com/python/pycharm-community-2024.3.5.tar.gz",
    "https://download.jetbrains.com/python/pycharm-community-2024.3.5-aarch64.tar.gz",
    "https://download1.rstudio.org/electron/jammy/amd64/rstudio-2024.12.1-563-amd64.deb",
    "https://repo.anaconda.com/archive/Anaconda3-2024.10-1-Linux-x86_64.sh",
    "https://repo.anaconda.com/archive/Anaconda3-2024.10-1-Linux-aarch64.sh",
];

fn path_of(url: &str) -> String {
    format!("/{}", url.splitn(4, '/').nth(3).unwrap())
}

/// Packages of conda-forge, as it builds them: for each Python, for each platform, and for any.
fn channel() -> Origin {
    let mut packages: Vec<Package> = Vec::new();
    for subdir in ["linux-64", "linux-aarch64"] {
        for python in ["3.11", "3.12"] {
            let tag = python.replace('.', "");
            packages.push(package(subdir, &format!("python-{python}.9-h{tag}_0_cpython.conda"), &["libffi >=3", "__glibc >=2.17"]));
            for name in ["numpy", "pandas", "scikit-learn"] {
                let needs = ["numpy >=2".to_owned(), format!("python >={python},<{}.0a0", if python == "3.11" { "3.12" } else { "3.13" })];
                let needs: Vec<&str> = needs.iter().skip(usize::from(name == "numpy")).map(String::as_str).collect();
                packages.push(package(subdir, &format!("{name}-2.1-py{tag}h1_0.conda"), &needs));
            }
        }
        packages.push(package(subdir, "libffi-3.4-h0_0.tar.bz2", &[]));
        packages.push(package(subdir, "r-base-4.4.1-h5_0.conda", &["__glibc >=2.17"]));
        packages.push(package(subdir, "r-base-4.1.0-h5_0.conda", &["__glibc >=2.17"]));
    }
    for (file, needs) in [
        ("jupyterlab-4.4-py_0.conda", &["python >=3.9", "ipykernel"][..]),
        ("ipykernel-6.29-py_0.conda", &["python >=3.9"]),
        ("pip-25.0-py_0.conda", &["python >=3.9"]),
        ("r-essentials-4.4-r44_0.conda", &["r-base >=4.4,<4.5.0a0"]),
        ("r-irkernel-1.3-r44_0.conda", &["r-base >=4.4,<4.5.0a0"]),
        ("r-tidymodels-1.2-r44_0.conda", &["r-base >=4.4,<4.5.0a0"]),
    ] {
        packages.push(package("noarch", file, needs));
    }
    Paths::default().sharded("conda-forge", &packages).serve()
}

fn hub() -> Hub {
    let hub = Hub::start();
    hub.repo("models", "BAAI/bge-small-en-v1.5", &commit('a'), &tiny());
    hub.repo("models", "distilbert/distilbert-base-uncased", &commit('b'), &tiny());
    hub.repo("datasets", "stanfordnlp/imdb", &commit('c'), &tiny()[1..2]);
    hub
}

/// A chart whose image is used only when the value is what the toolkit says, where there is one to say.
fn chart(name: &str, version: &str, image: &str, when: Option<(&str, &str)>) -> Vec<u8> {
    let pod = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, image: \"{image}\"}}]}}\n");
    let (pod, values) = match when {
        Some((key, value)) => (format!("{{{{ if eq .Values.{key} \"{value}\" }}}}\n{pod}{{{{ end }}}}\n"), format!("{key}: OTHER\n")),
        None => (pod, String::new()),
    };
    let about = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    archive(name, &[("Chart.yaml", &about), ("values.yaml", &values), ("templates/p.yaml", &pod)])
}

impl Outside {
    async fn start() -> Self {
        let registry = Registry::start();
        for (repository, tag) in [
            ("jupyter/scipy-notebook", "2025-03-14"),
            ("library/python", "3.12-slim"),
            ("library/postgres", "17"),
            ("hub", "4"),
            ("pachd", "2"),
            ("kserve", "0"),
            ("cert-manager", "1"),
        ] {
            pictures::index(&registry, repository, tag);
        }
        let classic = [
            ("https://hub.jupyter.org/helm-chart/", "jupyterhub", "4.2.0", "hub:4", None),
            ("https://helm.pachyderm.com", "pachyderm", "2.11.0", "pachd:2", Some(("deployTarget", "LOCAL"))),
            ("https://charts.jetstack.io", "cert-manager", "1.17.0", "cert-manager:1", None),
        ];
        let classic = classic.map(|(url, name, version, image, when)| {
            let repository = Classic::start();
            repository.add(name, version, &chart(name, version, &format!("{}/{image}", registry.host), when));
            (url, repository)
        });
        push(&registry, "kserve/charts/kserve", "0.14.0", &chart("kserve", "0.14.0", &format!("{}/kserve:0", registry.host), None));
        let tags = br#"{"name":"kserve/charts/kserve","tags":["0.14.0"]}"#;
        registry.put("/v2/kserve/charts/kserve/tags/list".to_owned(), "application/json", tags);
        let installers: Vec<_> = INSTALLERS.map(|url| (path_of(url), vec![Reply::File(url.as_bytes().to_vec())])).into();
        let installers: Vec<_> = installers.iter().map(|(path, replies)| (path.as_str(), replies.clone())).collect();
        Self {
            public: public().await,
            torch: torch_cpu().await,
            channel: channel(),
            hub: hub(),
            classic: classic.into(),
            installers: Origin::new(&installers),
            registry,
        }
    }

    /// The toolkit with nothing changed but who is asked.
    fn toolkit(&self) -> Manifest {
        let mut text = python_on_loopback(TOOLKIT, &self.public, &self.torch);
        let forge = format!("{{ name = \"conda-forge\", url = \"{}/conda-forge\" }}", self.channel.address);
        text = put(&text, "channels = [\"conda-forge\"]", &format!("channels = [{forge}]"));
        text = with_line(&text, "models", &format!("hub = \"{}\"", self.hub.address()));
        for (url, repository) in &self.classic {
            text = put(&text, url, &repository.address());
        }
        for url in INSTALLERS {
            text = put(&text, url, &self.installers.url(&path_of(url)));
        }
        text = put(&text, "oci://ghcr.io/", &format!("oci://{}/", self.registry.host));
        for host in ["quay.io/", "docker.io/"] {
            text = put(&text, &format!("\"{host}"), &format!("\"{}/", self.registry.host));
        }
        let left: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && line.contains("https://")).collect();
        assert!(left.is_empty(), "asked outside: {left:?}");
        parsed(&text)
    }
}

fn upstream(outside: &Outside) -> Upstream {
    Upstream::new(Settings { attempts: 2, plain_http: vec![outside.registry.host.clone()], ..Settings::default() }).unwrap()
}

/// Names of a room's artifacts, without the address that each upstream has here.
fn names(lock: &Lock, room: &str) -> Vec<String> {
    let of_room = lock.artifacts.iter().filter(|artifact| artifact.ecosystem == room);
    let mut names: Vec<String> =
        of_room.map(|a| a.name.split_once("127.0.0.1").map_or(a.name.clone(), |(_, at)| at[6..].to_owned())).collect();
    names.iter_mut().for_each(|name| *name = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '/').to_owned());
    names.sort_unstable();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_toolkit_crosses_the_gap_for_all_its_targets() {
    let (outside, world) = (Outside::start().await, World::new());
    let (manifest, upstream, cache) = (outside.toolkit(), upstream(&outside), world.path("cache"));
    let now = "2026-11-23T00:00:00Z".parse().unwrap();
    let options = LockOptions { base: &world.path("."), cache: &cache, now, upstream: &upstream, progress: &Silent };
    let lock = lock(&manifest, &options).await.unwrap().lock;

    let sections: BTreeMap<&str, usize> = manifest.sections.iter().fold(BTreeMap::new(), |mut sections, section| {
        *sections.entry(section.ecosystem.as_str()).or_default() += 1;
        sections
    });
    let shipped = [("charts", 4), ("conda", 2), ("files", 5), ("images", 2), ("models", 3), ("python", 3)];
    assert_eq!(sections, BTreeMap::from(shipped));
    assert_eq!(names(&lock, "charts"), ["cert-manager", "jupyterhub", "kserve/charts/kserve", "pachyderm"]);
    assert_eq!(
        names(&lock, "images"),
        ["cert-manager", "hub", "jupyter/scipy-notebook", "kserve", "library/postgres", "library/python", "pachd"]
    );
    let conda: Vec<String> = names(&lock, "conda");
    for subdir in ["linux-64", "linux-aarch64"] {
        for name in ["numpy", "pandas", "scikit-learn", "python", "r-base"] {
            assert!(conda.contains(&format!("conda-forge/{subdir}/{name}")), "{name} for {subdir} is not in {conda:?}");
        }
    }
    assert!(lock.artifacts.iter().any(|a| a.name.ends_with("/r-base") && a.version.starts_with("4.4.1")));
    assert_eq!(names(&lock, "models").len(), 3);

    let options = FetchOptions { upstream: &upstream, cache: &cache, parallel: 4, progress: &Silent };
    let writer = world.sender.writer().unwrap();
    fetch(lock.clone(), &journal(&writer), &options).await.unwrap();
    drop(writer);
    let receiver = world.receiver("receiver");
    world.import(&world.pack(&lock, "out", None, &[1]), &receiver).unwrap();
    let snapshot = receiver.current().unwrap().unwrap();
    let site = Mounted::router(receiver.views(&snapshot).unwrap(), Some(1), &Arc::new(Site::default()));
    for document in [
        "/python/latest/simple/torch/",
        "/conda/latest/conda-forge/linux-aarch64/repodata.json.zst",
        "/models/latest/api/models/BAAI/bge-small-en-v1.5",
        "/models/latest/api/datasets/stanfordnlp/imdb",
        "/charts/latest/index.yaml",
        "/charts/latest/values/pachyderm-2.11.0.yaml",
        &format!("/files/latest/{}", lock.artifacts.iter().find(|a| a.name.contains("pycharm")).unwrap().name),
        &format!("/v2/{}/pachd/manifests/2", outside.registry.host.replace(':', "_")),
        &format!("/v2/charts/{}/kserve/charts/kserve/manifests/0.14.0", outside.registry.host.replace(':', "_")),
    ] {
        let request = Request::builder().uri(document).header("host", "mirror.lan").body(Body::empty()).unwrap();
        assert_eq!(site.clone().oneshot(request).await.unwrap().status(), StatusCode::OK, "{document}");
    }
}
