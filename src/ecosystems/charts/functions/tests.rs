use crate::ecosystems::charts::archive::File;
use crate::ecosystems::charts::chart::Chart;
use crate::ecosystems::charts::render::{RenderOptions, render};

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/vectors/charts/functions/", $name))
    };
}

/// 510 expressions; `expected.txt` is what helm 3.10.1 printed for the same chart.
#[test]
fn functions_give_what_helm_gives() {
    let files: [(&str, &[u8]); 8] = [
        ("Chart.yaml", vector!("Chart.yaml")),
        ("values.yaml", vector!("values.yaml")),
        ("templates/_h.tpl", vector!("templates/_h.tpl")),
        ("templates/t.yaml", vector!("templates/t.yaml")),
        ("config/a.txt", vector!("config/a.txt")),
        ("config/b.toml", vector!("config/b.toml")),
        ("config/c.bin", vector!("config/c.bin")),
        ("bytes/d.bin", vector!("bytes/d.bin")),
    ];
    let files = files.map(|(name, data)| File { name: name.into(), data: data.to_vec() });
    let chart = Chart::from_files("ft", files.into()).unwrap();
    let options = RenderOptions { release: "rel".into(), kube_version: "v1.25.0".into(), ..RenderOptions::default() };
    let rendered = render(&chart, &options).unwrap();
    // Helm cannot read what it printed either.
    assert!(rendered.failures.iter().all(|failure| failure.message.starts_with("YAML parse error")), "{:?}", rendered.failures);
    let text = rendered.text(false);
    let expected = String::from_utf8_lossy(vector!("expected.txt"));
    for (line, (ours, theirs)) in text.lines().zip(expected.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {}", line + 1);
    }
    assert_eq!(text.lines().count(), expected.lines().count());
}
