//! What templates see: `.Values`, `.Chart`, `.Release`, `.Capabilities`, `.Files`, `.Subcharts`.

use super::RenderOptions;
use crate::ecosystems::charts::chart::{Chart, Dependency};
use crate::ecosystems::charts::template::semver::Version;
use crate::ecosystems::charts::template::{Object, Record, Value};
use crate::ecosystems::charts::values::Values;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The API versions `helm template` knows without a cluster.
pub const API_VERSIONS: [&str; 48] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "autoscaling/v2beta1",
    "autoscaling/v2beta2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1alpha1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1alpha1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "scheduling.k8s.io/v1alpha1",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// One template and the data it is rendered with.
pub(super) struct Sheet<'c> {
    pub(super) text: &'c [u8],
    pub(super) data: Value,
    pub(super) base: String,
}

/// `v1.31.0` of `1.31`.
pub(in super::super) fn kube_version(text: &str) -> Result<String, String> {
    Version::parse(text).map(|v| format!("v{v}")).map_err(|e| format!("Kubernetes version {text:?}: {e}"))
}

/// Every template of the chart and of its subcharts by path.
pub(super) fn sheets<'c>(chart: &'c Chart, values: &Values, options: &RenderOptions, version: &str) -> BTreeMap<String, Sheet<'c>> {
    let shared = (release(options), capabilities(options, version));
    let mut sheets = BTreeMap::new();
    descend(chart, chart.name(), true, &Value::from_json(&Json::Object(values.clone())).values(), &shared, &mut sheets);
    sheets
}

fn descend<'c>(
    chart: &'c Chart,
    path: &str,
    root: bool,
    values: &Value,
    shared: &(Value, Value),
    sheets: &mut BTreeMap<String, Sheet<'c>>,
) -> Value {
    let subcharts = Value::map(Vec::<(&str, Value)>::new());
    let data = Value::map([
        ("Chart", metadata(chart, root)),
        ("Files", files(chart)),
        ("Release", shared.0.clone()),
        ("Capabilities", shared.1.clone()),
        ("Values", values.clone()),
        ("Subcharts", subcharts.clone()),
    ]);
    let data = if root { data.values() } else { data };
    for child in &chart.subcharts {
        let below = match values.get(child.name()) {
            Some(map @ Value::Map(_)) => map,
            _ => Value::map(Vec::<(&str, Value)>::new()),
        };
        let seen = descend(child, &format!("{path}/charts/{}", child.name()), false, &below, shared, sheets);
        if let Value::Map(map) = &subcharts {
            map.insert(child.name(), seen);
        }
    }
    for template in &chart.templates {
        let base = template.name.rsplit('/').next().unwrap_or("");
        if chart.is_library() && !base.starts_with('_') {
            continue;
        }
        let sheet = Sheet { text: &template.data, data: data.clone(), base: format!("{path}/templates") };
        sheets.insert(format!("{path}/{}", template.name), sheet);
    }
    data
}

fn release(options: &RenderOptions) -> Value {
    Value::map([
        ("Name", options.release.as_str().into()),
        ("Namespace", options.namespace.as_str().into()),
        ("IsUpgrade", options.is_upgrade.into()),
        ("IsInstall", (!options.is_upgrade).into()),
        ("Revision", Value::Int(1)),
        ("Service", "Helm".into()),
    ])
}

fn capabilities(options: &RenderOptions, version: &str) -> Value {
    let parsed = version.trim_start_matches('v').split('.').map(Rc::from).collect::<Vec<Rc<str>>>();
    let part = |i: usize| parsed.get(i).cloned().unwrap_or_else(|| "0".into());
    let kube = Object::KubeVersion { version: version.into(), major: part(0), minor: part(1) };
    let known = API_VERSIONS.iter().copied().chain(options.api_versions.iter().map(String::as_str));
    let helm = Record {
        name: "chartutil.BuildInfo",
        fields: vec![
            ("Version", "version", format!("v{}", options.helm_version.trim_start_matches('v')).into()),
            ("GitCommit", "git_commit", "".into()),
            ("GitTreeState", "git_tree_state", "clean".into()),
            ("GoVersion", "go_version", "go1.18.7".into()),
        ],
    };
    let fields = vec![
        ("KubeVersion", "KubeVersion", Value::object(kube)),
        ("APIVersions", "APIVersions", Value::object(Object::Versions(known.map(Rc::from).collect()))),
        ("HelmVersion", "HelmVersion", Value::object(Object::Record(helm))),
    ];
    Value::object(Object::Record(Record { name: "*chartutil.Capabilities", fields }))
}

fn files(chart: &Chart) -> Value {
    let files = chart.files.iter().map(|f| (Rc::from(f.name.as_str()), Rc::from(f.data.as_slice())));
    Value::object(Object::Files(Rc::new(files.collect())))
}

fn metadata(chart: &Chart, root: bool) -> Value {
    let m = &chart.metadata;
    let texts = |list: &[String]| Value::strings(list.iter().map(String::as_str));
    let annotations = Value::map(m.annotations.iter().map(|(k, v)| (k.as_str(), v.as_str().into())));
    let maintainers = m.maintainers.iter().map(|map| Value::from_json(&Json::Object(map.clone())));
    let maintainers = maintainers.map(|v| {
        let field = |key: &str| v.get(key).unwrap_or_else(|| "".into());
        let fields = vec![("Name", "name", field("name")), ("Email", "email", field("email")), ("URL", "url", field("url"))];
        Value::object(Object::Record(Record { name: "*chart.Maintainer", fields }))
    });
    let fields = vec![
        ("Name", "name", m.name.as_str().into()),
        ("Home", "home", m.home.as_str().into()),
        ("Sources", "sources", texts(&m.sources)),
        ("Version", "version", m.version.as_str().into()),
        ("Description", "description", m.description.as_str().into()),
        ("Keywords", "keywords", texts(&m.keywords)),
        ("Maintainers", "maintainers", Value::list(maintainers.collect())),
        ("Icon", "icon", m.icon.as_str().into()),
        ("APIVersion", "apiVersion", m.api_version.as_str().into()),
        ("Condition", "condition", m.condition.as_str().into()),
        ("Tags", "tags", m.tags.as_str().into()),
        ("AppVersion", "appVersion", m.app_version.as_str().into()),
        ("Deprecated", "deprecated", m.deprecated.into()),
        ("Annotations", "annotations", annotations),
        ("KubeVersion", "kubeVersion", m.kube_version.as_str().into()),
        ("Dependencies", "dependencies", Value::list(m.dependencies.iter().map(dependency).collect())),
        ("Type", "type", m.kind.as_str().into()),
        ("IsRoot", "IsRoot", root.into()),
    ];
    Value::object(Object::Record(Record { name: "struct { chart.Metadata; IsRoot bool }", fields }))
}

fn dependency(d: &Dependency) -> Value {
    let fields = vec![
        ("Name", "name", d.name.as_str().into()),
        ("Version", "version", d.version.as_str().into()),
        ("Repository", "Repository", d.repository.as_str().into()),
        ("Condition", "condition", d.condition.as_str().into()),
        ("Tags", "tags", Value::strings(d.tags.iter().map(String::as_str))),
        ("Enabled", "enabled", true.into()),
        ("ImportValues", "import-values", Value::from_json(&Json::Array(d.import_values.clone()))),
        ("Alias", "alias", d.alias.as_str().into()),
    ];
    Value::object(Object::Record(Record { name: "*chart.Dependency", fields }))
}
