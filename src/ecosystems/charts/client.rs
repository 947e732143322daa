//! What a user pastes.

use super::catalog::Catalog;
use super::redirects;
use crate::artifact::percent_encoded;
use crate::ecosystems::{Mirror, Snippet};
use crate::store::Shelf;
use std::fmt::Write;

const AUTHORITY: &str = "/etc/ssl/certs/airlift-ca.pem";

pub(super) fn snippets(mirror: &Mirror) -> Vec<Snippet> {
    let base = format!("{}/{}/{}", mirror.base, super::NAME, percent_encoded(&mirror.view));
    let ca = if mirror.own_ca { format!(" --ca-file {AUTHORITY}") } else { String::new() };
    let mut text = String::new();
    if mirror.own_ca {
        let _ = writeln!(text, "# {}/ca.pem, after comparing its fingerprint\ninstall -D -m 644 ca.pem {AUTHORITY}", mirror.base);
    }
    let _ = writeln!(text, "helm repo add airlift {base}{ca}\nhelm repo update airlift\nhelm search repo airlift");
    text.push_str("# the charts of one repository alone, for `helm dependency build` too:\n");
    let _ = writeln!(text, "# helm repo add NAME {base}/HOST/PATH{ca}");
    if mirror.view != "latest" {
        text.push_str("# registries are reached in the view `latest` only\n");
    }
    let plain = if mirror.plain_http() { " --plain-http" } else { "" };
    let _ = writeln!(text, "# helm pull oci://{}/charts/HOST/PATH/NAME --version VERSION{ca}{plain}", mirror.authority());
    if mirror.plain_http() {
        text.push_str("# Helm before 3.13 knows no --plain-http: it uses plain HTTP on loopback only\n");
    }
    text.push_str("# values that make a chart pull its images from this mirror; what they do not reach is named in them:\n");
    if mirror.own_ca {
        let _ = writeln!(text, "# curl --cacert {AUTHORITY} -fO {base}/values/NAME-VERSION.yaml");
        text.push_str("# helm install RELEASE airlift/NAME --version VERSION -f NAME-VERSION.yaml\n");
    } else {
        let _ = writeln!(text, "# helm install RELEASE airlift/NAME --version VERSION -f {base}/values/NAME-VERSION.yaml");
    }
    vec![Snippet { client: "helm", place: "shell".to_owned(), text }]
}

/// The values file of every chart that is carried, as the mirror serves it.
pub(super) fn values(mirror: &Mirror, shelf: &Shelf) -> Vec<Snippet> {
    let catalog = Catalog::new(shelf);
    let charts = catalog.charts("").into_iter().map(|(name, version, chart)| Snippet {
        client: "helm",
        place: format!("{}/{name}-{version}.yaml", chart.meta.repository),
        text: redirects::values(&mirror.base, &shelf.view, name, version, &chart.meta),
    });
    charts.collect()
}
