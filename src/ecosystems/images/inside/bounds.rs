//! Whether what is here has a version that a requirement asks for.

use crate::advisories::order::{Order, Version};
use std::cmp::Ordering;
use std::collections::HashMap;

/// The versions that are here, by name, in the order of one kind of package.
pub(super) struct Here {
    order: Order,
    by_name: HashMap<String, Vec<Offered>>,
}

/// What something is offered as.
enum Offered {
    Version(Version, String),
    /// Without a version, which meets no requirement that names one.
    Bare,
    /// With a text that the order does not know: it cannot be said that it does not fit.
    Unread,
}

impl Here {
    /// Nothing yet.
    pub fn new(order: Order) -> Self {
        Self { order, by_name: HashMap::new() }
    }

    /// Notes that a name is here, in that version.
    pub fn add(&mut self, name: &str, version: Option<&str>) {
        let offered = match version {
            None => Offered::Bare,
            Some(text) => self.order.parse(text).map_or(Offered::Unread, |version| Offered::Version(version, text.to_owned())),
        };
        self.by_name.entry(name.to_owned()).or_default().push(offered);
    }

    /// Whether something of that name is here that fits a bound, such as `>=` and `1.2`; without one, everything fits.
    pub fn satisfies(&self, name: &str, bound: Option<(&str, &str)>) -> bool {
        let Some((operator, text)) = bound else { return true };
        let wanted = self.order.parse(text);
        self.by_name.get(name).into_iter().flatten().any(|offered| match (offered, &wanted) {
            (Offered::Bare, _) => false,
            (Offered::Version(_, version), _) if operator.starts_with('~') => version.starts_with(text),
            (Offered::Unread, _) | (Offered::Version(..), None) => true,
            (Offered::Version(version, _), Some(wanted)) => {
                version.compare(wanted).is_none_or(|order| fits(operator, order) || version.leaves_open(wanted))
            }
        })
    }
}

/// Whether a version that stands so to the one of a bound fits it. An operator that is not known excludes nothing.
fn fits(operator: &str, order: Ordering) -> bool {
    match operator {
        // Debian's `<`, which meant `<=`, is not taken by dpkg any more; apk's means less.
        "<" | "<<" => order.is_lt(),
        "<=" => order.is_le(),
        "=" => order.is_eq(),
        ">=" => order.is_ge(),
        ">" | ">>" => order.is_gt(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::Here;
    use crate::advisories::order::Order;

    #[test]
    fn versions_are_compared_in_their_order() {
        let mut here = Here::new(Order::Debian);
        here.add("lib", Some("1:2.0-1"));
        here.add("virtual", None);
        here.add("odd", Some("not a version"));
        for (name, operator, version, expected) in [
            ("lib", ">=", "1:1.9", true),
            ("lib", ">=", "3", true),
            ("lib", "<<", "1:2.0-1", false),
            ("lib", "=", "1:2.0-1", true),
            ("lib", ">>", "1:2.0-1", false),
            ("lib", "<=", "1:1.9", false),
            ("virtual", ">=", "0", false),
            ("absent", ">=", "0", false),
            ("odd", ">=", "5", true),
        ] {
            assert_eq!(here.satisfies(name, Some((operator, version))), expected, "{name} {operator} {version}");
        }
        assert!(here.satisfies("virtual", None) && here.satisfies("absent", None), "who has no bound is looked for by name");
        let mut here = Here::new(Order::Apk);
        here.add("so:libc", Some("1.2.5-r0"));
        assert!(here.satisfies("so:libc", Some(("~", "1.2"))) && !here.satisfies("so:libc", Some(("~", "1.3"))));
    }
}
