//! Which files of an image are kept for reading, by their path.

/// Longest database that is kept, in bytes.
const LONGEST_DATABASE: u64 = 128 << 20;
/// Longest file about one package that is kept, in bytes.
const LONGEST: u64 = 8 << 20;
/// Folders that databases of rpm lie in.
pub(super) const RPM: [&str; 3] = ["var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"];
/// Files of apk.
pub(super) const APK: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
/// Where a distribution says what it is, the better place first.
pub(super) const RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];
/// The databases of dpkg.
pub(super) const DPKG: &str = "var/lib/dpkg/status";

/// Where distributions other than Debian put the licences of packages.
pub(super) const LICENCES: &str = "usr/share/licenses/";

/// A file that has, as its place or name says, the text of a licence.
pub(super) fn is_licence(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let named = || ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|start| file.to_ascii_uppercase().starts_with(start));
    let project = path.split_once(".dist-info/").map(|(_, rest)| rest.starts_with("licenses/") || rest == file && named());
    path.starts_with(LICENCES) || project == Some(true) || is_node_package(folder) && named()
}

/// The most that is kept of a file at that path; `None` for files that are only counted.
pub(super) fn limit(path: &str) -> Option<u64> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let inner = folder.rsplit('/').next().unwrap_or_default();
    match () {
        () if path == DPKG || APK.contains(&path) || is_rpm(path, "rpmdb.sqlite") || is_rpm(path, "Packages.db") => Some(LONGEST_DATABASE),
        () if RELEASE.contains(&path) || folder == "var/lib/dpkg/status.d" => Some(LONGEST),
        () if folder == "var/lib/dpkg/info" && file.strip_suffix(".list").is_some() => Some(LONGEST),
        () if file == "copyright" && path.starts_with("usr/share/doc/") => Some(LONGEST),
        () if matches!(file, "METADATA" | "RECORD") && inner.strip_suffix(".dist-info").is_some() => Some(LONGEST),
        () if file == "PKG-INFO" && inner.strip_suffix(".egg-info").is_some() => Some(LONGEST),
        () if file.strip_suffix(".egg-info").is_some() => Some(LONGEST),
        () if inner == "conda-meta" && file.strip_suffix(".json").is_some() => Some(LONGEST),
        () if file == "package.json" && is_node_package(folder) => Some(LONGEST),
        () => None,
    }
}

/// Whether only the first byte of a file is kept: of changes to a database that were not yet taken in, it only counts whether there are any.
pub(super) fn is_only_met(path: &str) -> bool {
    is_rpm(path, "rpmdb.sqlite-wal")
}

/// A file of rpm in one of its folders.
pub(super) fn is_rpm(path: &str, file: &str) -> bool {
    RPM.iter().any(|folder| path.strip_prefix(folder) == Some(file))
}

/// The folder of a package below `node_modules`: `NAME`, or `@SCOPE/NAME`.
pub(super) fn is_node_package(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let (name, outer, above) = (parts.next(), parts.next(), parts.next());
    match (name, outer, above) {
        (Some(name), Some("node_modules"), _) => !name.starts_with(['@', '.']),
        (Some(_), Some(scope), Some("node_modules")) => scope.starts_with('@'),
        _ => false,
    }
}
