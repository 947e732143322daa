//! Headers of rpm (rpm's `docs/manual/hregions.md` and `format_header.md`): an index of entries and a store of values, all big-endian.

/// Name.
pub(super) const NAME: u32 = 1000;
/// Version.
pub(super) const VERSION: u32 = 1001;
/// Release.
pub(super) const RELEASE: u32 = 1002;
/// Epoch.
pub(super) const EPOCH: u32 = 1003;
/// Summary.
pub(super) const SUMMARY: u32 = 1004;
/// Vendor.
pub(super) const VENDOR: u32 = 1011;
/// Licence.
pub(super) const LICENSE: u32 = 1014;
/// Packager.
pub(super) const PACKAGER: u32 = 1015;
/// Web page.
pub(super) const URL: u32 = 1020;
/// Architecture.
pub(super) const ARCH: u32 = 1022;
/// File name of the source package.
pub(super) const SOURCE_RPM: u32 = 1044;
/// Capabilities it provides.
pub(super) const PROVIDE_NAME: u32 = 1047;
/// Capabilities it requires.
pub(super) const REQUIRE_NAME: u32 = 1049;
const DIR_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIR_NAMES: u32 = 1118;

const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;
/// Most entries of an index, and most values of one entry.
const MOST: u32 = 1 << 20;

/// A header that was taken apart.
#[derive(Debug)]
pub(super) struct Header {
    entries: Vec<(u32, u32, u32, u32)>,
    store: Vec<u8>,
}

impl Header {
    /// Reads a header as a database keeps it: number of entries, length of the store, entries, store.
    pub fn parse(blob: &[u8]) -> Option<Self> {
        let (count, rest) = word(blob)?;
        let (length, rest) = word(rest)?;
        if count > MOST {
            return None;
        }
        let index = rest.get(..usize::try_from(count).ok()?.checked_mul(16)?)?;
        let store = rest.get(index.len()..)?.get(..usize::try_from(length).ok()?)?.to_vec();
        let entry = |bytes: &[u8]| {
            let at = |n: usize| u32::from_be_bytes([bytes[n], bytes[n + 1], bytes[n + 2], bytes[n + 3]]);
            (at(0), at(4), at(8), at(12))
        };
        Some(Self { entries: index.chunks_exact(16).map(entry).collect(), store })
    }

    /// One text.
    pub fn text(&self, tag: u32) -> Option<String> {
        self.texts(tag).into_iter().next().filter(|text| !text.is_empty() && text != "(none)")
    }

    /// All texts of an entry; none where it is of another type, and only those that are whole.
    pub fn texts(&self, tag: u32) -> Vec<String> {
        let Some((_, kind, offset, count)) = self.entries.iter().find(|(t, ..)| *t == tag) else { return vec![] };
        if !matches!(*kind, STRING | STRING_ARRAY | I18N_STRING) {
            return vec![];
        }
        let store = self.store.get(*offset as usize..).unwrap_or_default();
        let ends = store.iter().enumerate().filter(|(_, b)| **b == 0).map(|(at, _)| at);
        let mut start = 0;
        let text = |end: usize| {
            let text = String::from_utf8_lossy(&store[start..end]).into_owned();
            start = end + 1;
            text
        };
        ends.take((*count).min(MOST) as usize).map(text).collect()
    }

    /// One number.
    pub fn number(&self, tag: u32) -> Option<u32> {
        self.numbers(tag).into_iter().next()
    }

    fn numbers(&self, tag: u32) -> Vec<u32> {
        let Some((_, INT32, offset, count)) = self.entries.iter().find(|(t, ..)| *t == tag) else { return vec![] };
        let store = self.store.get(*offset as usize..).unwrap_or_default();
        store.chunks_exact(4).take((*count).min(MOST) as usize).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    /// Calls `take` with folder and name of each of its files: put together, a few folders and many names would be without bound.
    pub fn files(&self, take: &mut dyn FnMut(&str, &str)) {
        let (folders, places) = (self.texts(DIR_NAMES), self.numbers(DIR_INDEXES));
        for (name, place) in self.texts(BASE_NAMES).iter().zip(&places) {
            if let Some(folder) = folders.get(*place as usize) {
                take(folder.strip_suffix('/').unwrap_or(folder), name);
            }
        }
    }
}

fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*word), rest))
}
