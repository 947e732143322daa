//! What stock scanners are set up with.

use super::database::tagged;
use super::meta::{Kind, Meta};
use super::serve::{FOLDERS, ecosystems};
use crate::artifact::percent_encoded;
use crate::ecosystems::{Mirror, Snippet};
use crate::server::oci::served_name;
use crate::store::Shelf;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The references that trivy asks for unless it is told otherwise.
const USUAL: [&str; 2] = ["ghcr.io/aquasecurity/trivy-db:2", "ghcr.io/aquasecurity/trivy-java-db:1"];
/// Where the mirror's own authority goes.
const AUTHORITY: &str = "/etc/airlift/ca.pem";

/// For every scanner, whatever is carried.
pub(super) fn usual(mirror: &Mirror) -> Vec<Snippet> {
    vec![osv(mirror, &["ECOSYSTEM".to_owned()]), trivy(mirror, &USUAL.map(str::to_owned)), grype(mirror, "v6")]
}

/// For what is carried.
pub(super) fn carried(mirror: &Mirror, shelf: &Shelf) -> Vec<Snippet> {
    let names = |kind: Kind, folder: &str| -> BTreeSet<String> {
        let of = |artifact: &crate::artifact::Artifact| Meta::of(artifact).ok().filter(|meta| meta.kind == kind);
        let named = shelf.artifacts.iter().filter(|artifact| of(artifact).is_some());
        named.filter_map(|artifact| artifact.name.strip_prefix(folder).map(str::to_owned)).collect()
    };
    let (osv_carried, trivy_carried) = (ecosystems(shelf).collect::<Vec<_>>(), names(Kind::Trivy, "trivy/"));
    let mut all = Vec::new();
    if !osv_carried.is_empty() {
        all.push(osv(mirror, &osv_carried));
    }
    if !trivy_carried.is_empty() {
        all.push(trivy(mirror, &trivy_carried.into_iter().collect::<Vec<_>>()));
    }
    all.extend(names(Kind::Grype, "grype/").iter().map(|model| grype(mirror, model)));
    all
}

/// The folders of osv-scanner, filled from the mirror.
pub(super) fn osv(mirror: &Mirror, ecosystems: &[String]) -> Snippet {
    let ca = if mirror.own_ca { " --cacert ca.pem" } else { "" };
    let mut text = "# releases of osv-scanner differ in the folder and the variable\nexport OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY=\"$HOME/.cache/osv\"\nexport OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY=\"$HOME/.cache/osv\"\n".to_owned();
    for ecosystem in ecosystems {
        let encoded = percent_encoded(ecosystem);
        for folder in FOLDERS {
            let place = format!("{folder}/{ecosystem}/all.zip");
            let _ = writeln!(
                text,
                "curl{ca} -fL --create-dirs -o \"$HOME/.cache/osv/{place}\" {}/advisories/{}/{folder}/{encoded}/all.zip",
                mirror.base,
                percent_encoded(&mirror.view)
            );
        }
    }
    text.push_str("osv-scanner scan source --offline -L requirements.txt\n");
    Snippet { client: "osv-scanner", place: "shell".to_owned(), text }
}

/// trivy asks registries, and here the mirror's; what else it would ask the outside for is switched off.
pub(super) fn trivy(mirror: &Mirror, references: &[String]) -> Snippet {
    let mut text = String::new();
    if mirror.own_ca {
        text.push_str(&mirror.authority_comment(AUTHORITY));
        let _ = writeln!(text, "export SSL_CERT_FILE={AUTHORITY}");
    }
    if mirror.plain_http() {
        text.push_str("export TRIVY_INSECURE=true\n");
    }
    if mirror.view != "latest" {
        text.push_str("# this client reaches the view `latest` only\n");
    }
    let mut flags = String::new();
    for reference in references {
        let Some((repository, tag)) = tagged(reference) else { continue };
        let place = format!("{}/{}:{tag}", mirror.authority(), served_name(repository));
        let (variable, flag) = match repository.contains("java") {
            true => ("TRIVY_JAVA_DB_REPOSITORY", "--java-db-repository"),
            false => ("TRIVY_DB_REPOSITORY", "--db-repository"),
        };
        let _ = writeln!(text, "export {variable}={place}");
        let _ = write!(flags, " {flag} {place}");
    }
    for off in ["TRIVY_OFFLINE_SCAN", "TRIVY_SKIP_CHECK_UPDATE", "TRIVY_SKIP_VEX_REPO_UPDATE", "TRIVY_SKIP_VERSION_CHECK"] {
        let _ = writeln!(text, "export {off}=true");
    }
    text.push_str("export TRIVY_DISABLE_TELEMETRY=true\n");
    let _ = writeln!(text, "trivy image IMAGE\n# the same in flags: trivy image{flags} --offline-scan IMAGE");
    text.push_str("# of CycloneDX trivy does not read what lies within a component, such as an image: airlift sbom --format spdx --out kit.spdx.json\n");
    text.push_str("trivy sbom kit.spdx.json\n");
    text.push_str("# trivy takes the database anew when its NextUpdate has passed; to keep what it has: TRIVY_SKIP_DB_UPDATE=true\n");
    Snippet { client: "trivy", place: "shell".to_owned(), text }
}

/// grype reads the listing of a model, and takes the archive that it names from beside it.
pub(super) fn grype(mirror: &Mirror, model: &str) -> Snippet {
    let mut text = String::new();
    if mirror.own_ca {
        text.push_str(&mirror.authority_comment(AUTHORITY));
        let _ = writeln!(text, "export GRYPE_DB_CA_CERT={AUTHORITY}");
    }
    let view = percent_encoded(&mirror.view);
    let _ = writeln!(text, "export GRYPE_DB_UPDATE_URL={}/advisories/{view}/grype/{model}/{}", mirror.base, super::database::LISTING);
    text.push_str("# grype refuses a database that is older than five days unless it is told how old it may be\n");
    text.push_str("export GRYPE_DB_MAX_ALLOWED_BUILT_AGE=336h\nexport GRYPE_DB_REQUIRE_UPDATE_CHECK=true\nexport GRYPE_CHECK_FOR_APP_UPDATE=false\ngrype sbom:sbom.json\n");
    Snippet { client: "grype", place: "shell".to_owned(), text }
}
