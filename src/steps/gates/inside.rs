//! The packages inside an artifact, as the rules about licences ask of them.

use super::licences;
use crate::policy::gate::{Artifacts, Contained, Inside};
use crate::report::{Class, Component};

/// What lies inside a component; nothing where no rule asks.
pub(super) fn of(asked: &Artifacts, component: &Component) -> Inside {
    if asked.licences_inside.unknown().is_none() {
        return Inside::default();
    }
    let mut packages = Vec::new();
    let mut take = |inner: &Component| {
        // A platform of an image is no package: what is in it is.
        if inner.class != Class::Container {
            let purl = if inner.purl.is_empty() { inner.label() } else { inner.purl.clone() };
            packages.push(Contained { purl, licences: licences(inner) });
        }
    };
    component.nested().iter().for_each(|inner| inner.walk(&mut take));
    Inside { packages, unseen: component.unseen() }
}
