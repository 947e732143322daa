//! The shipped toolkit with other addresses: every section as it is written, against upstreams on loopback.

mod python;
mod science;
mod whole;

use crate::simple_index::SimpleIndex;
use airlift::ecosystems;
use airlift::ecosystems::python::PythonSection;
use airlift::manifest::Manifest;

const TOOLKIT: &str = include_str!("../../../manifests/mlops-toolkit.toml");

fn parsed(text: &str) -> Manifest {
    Manifest::parse(text, &ecosystems::names()).unwrap()
}

/// One address in place of another, which must be there.
fn put(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the toolkit does not hold {from}");
    text.replace(from, to)
}

/// A line after the heads of all sections of a room.
fn with_line(text: &str, room: &str, line: &str) -> String {
    let head = format!("[{room}.");
    assert!(text.contains(&head), "the toolkit has no section of {room}");
    text.split_inclusive('\n').map(|old| if old.starts_with(&head) { format!("{old}{line}\n") } else { old.to_owned() }).collect()
}

/// The Python sections with these in place of the built-in index and of PyTorch's own.
fn python_on_loopback(text: &str, public: &SimpleIndex, torch: &SimpleIndex) -> String {
    let sections = parsed(TOOLKIT);
    let sections = sections.sections.iter().filter(|s| s.ecosystem == "python").map(|s| s.parse::<PythonSection>().unwrap());
    let named: Vec<String> = sections.flat_map(|s| s.indexes).map(|index| index.url).collect();
    assert_eq!(named.len(), 1, "only PyTorch has an index of its own");
    with_line(&put(text, &named[0], &torch.url()), "python", &format!("default-index = \"{}\"", public.url()))
}

/// An index with the projects that the toolkit asks for, which need each other in ways that narrow their versions.
pub async fn public() -> SimpleIndex {
    let index = SimpleIndex::start().await;
    for (name, needs) in [
        ("jupyterlab", &["shared>=1"][..]),
        ("ipywidgets", &[]),
        ("scikit-learn", &["numeric<3"]),
        ("pandas", &["numeric>=1"]),
        ("matplotlib", &["numeric"]),
        ("tensorflow", &["numeric<3", "shared<3"]),
        ("shared", &[]),
    ] {
        published(&index, name, "2.0", needs);
    }
    for version in ["1.0", "2.0"] {
        published(&index, "numeric", version, &[]);
    }
    published(&index, "torch", "9.0", &["cuda"]);
    index
}

fn published(index: &SimpleIndex, name: &str, version: &str, needs: &[&str]) {
    let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
    index.file(name, &file, crate::simple_index::wheel(&name.replace('-', "_"), version, needs));
    index.last(name, |file| file.more = serde_json::json!({"upload-time": "2026-01-01T00:00:00Z"}));
}

/// As the project's own: HTML without sizes, upload times and metadata.
pub async fn torch_cpu() -> SimpleIndex {
    let index = SimpleIndex::start().await;
    index.file("torch", "torch-2.0+cpu-py3-none-any.whl", crate::simple_index::wheel("torch", "2.0+cpu", &["numeric", "shared"]));
    index.with(|stock| stock.html = true);
    index
}
