//! The `copyright` of Debian's packages: in the form that programs can read (DEP 5), or free text that has licences or leads to them
//! (Debian policy 12.5).

use super::fields::each;
use super::filesystem::Filesystem;
use crate::ecosystems::core_metadata::first_line;
use crate::report::{Licensing, normalised, recognised, without_vaguer};
use std::collections::BTreeSet;

/// Longest licence statements of one package together, in bytes.
const LONGEST: usize = 4096;
/// Where the texts lie that need not stand in a `copyright`.
const SHARED: &str = "/usr/share/common-licenses/";

/// What the `copyright` of a package says: what it declares; where that is no expression of the list, what is found in it as well.
pub(super) fn of(name: &str, files: &Filesystem) -> Vec<Licensing> {
    let place = format!("usr/share/doc/{name}/copyright");
    let Some(bytes) = files.content_through_links(&place) else { return vec![] };
    let mut all: Vec<Licensing> = declared(bytes, &place).into_iter().collect();
    if all.iter().all(|statement| statement.expression.is_none()) {
        let mut found: BTreeSet<String> = recognised(bytes).into_iter().collect();
        found.extend(referred(&String::from_utf8_lossy(bytes)));
        all.extend(Licensing::found(&place, &without_vaguer(found.into_iter().collect())));
    }
    all
}

/// What it says in the form for programs: every licence that stands over some files. They all apply, each to its files.
fn declared(bytes: &[u8], place: &str) -> Option<Licensing> {
    let (mut named, mut head, mut length) = (BTreeSet::new(), None, 0);
    each(bytes, &mut |paragraph| match &head {
        None => head = Some(paragraph.one("format").is_some()),
        Some(_) if paragraph.one("Files").is_none() || length > LONGEST => {}
        Some(_) => {
            let licence = paragraph.one("license").map(first_line);
            length += licence.as_ref().map_or(0, String::len);
            named.extend(licence);
        }
    });
    if head != Some(true) || named.is_empty() {
        return None;
    }
    let text = named.iter().cloned().collect::<Vec<_>>().join(", ");
    let mut licensing = Licensing::new(text, place);
    let each: Option<BTreeSet<String>> =
        named.iter().map(|one| normalised(one).map(|e| if e.contains(" OR ") { format!("({e})") } else { e })).collect();
    licensing.expression = each.filter(|_| length <= LONGEST).map(|each| each.into_iter().collect::<Vec<_>>().join(" AND "));
    Some(licensing)
}

/// The licences whose shared texts are named. A name says neither whether later versions are meant nor, without a number, which one is.
fn referred(text: &str) -> BTreeSet<String> {
    let is_of_name = |c: char| !(c.is_ascii_alphanumeric() || "-.".contains(c));
    let names = text.split(SHARED).skip(1).filter_map(|rest| rest.split(is_of_name).next());
    names.filter_map(|name| shared(name.trim_end_matches('.'))).collect()
}

/// The identifiers that a shared text may have, between spaces.
fn shared(name: &str) -> Option<String> {
    let of = |base: &str, versions: &[&str]| {
        let ids: Vec<String> = versions.iter().flat_map(|v| [format!("{base}-{v}-only"), format!("{base}-{v}-or-later")]).collect();
        Some(ids.join(" "))
    };
    match name {
        "Apache-2.0" | "CC0-1.0" | "MPL-1.1" | "MPL-2.0" => Some(name.to_owned()),
        "Artistic" => Some("Artistic-1.0-Perl".to_owned()),
        "BSD" => Some("BSD-3-Clause".to_owned()),
        "GPL" => of("GPL", &["1.0", "2.0", "3.0"]),
        "GPL-1" => of("GPL", &["1.0"]),
        "GPL-2" => of("GPL", &["2.0"]),
        "GPL-3" => of("GPL", &["3.0"]),
        "LGPL" => of("LGPL", &["2.0", "2.1", "3.0"]),
        "LGPL-2" => of("LGPL", &["2.0"]),
        "LGPL-2.1" => of("LGPL", &["2.1"]),
        "LGPL-3" => of("LGPL", &["3.0"]),
        "GFDL" => of("GFDL", &["1.1", "1.2", "1.3"]),
        "GFDL-1.2" => of("GFDL", &["1.2"]),
        "GFDL-1.3" => of("GFDL", &["1.3"]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{referred, shared};

    #[test]
    fn texts_that_are_shared_are_named_by_what_they_may_be() {
        let said = |text: &str| referred(text).into_iter().collect::<Vec<_>>();
        assert_eq!(said("see `/usr/share/common-licenses/Apache-2.0'."), ["Apache-2.0"]);
        assert_eq!(said("in /usr/share/common-licenses/GPL-2."), ["GPL-2.0-only GPL-2.0-or-later"]);
        assert_eq!(said("/usr/share/common-licenses/BSD, /usr/share/common-licenses/BSD"), ["BSD-3-Clause"]);
        assert!(said("/usr/share/common-licenses/").is_empty() && shared("GPL-4").is_none());
        assert_eq!(shared("LGPL").map(|ids| ids.split(' ').count()), Some(6));
    }
}
