//! Keys and certificates.

use crate::ecosystems::charts::template::Entry;

pub(super) const TABLE: &[Entry] = &[];
