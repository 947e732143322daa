//! Reading one table of an SQLite database ("Database File Format", sections 1.3 to 2.6): the blobs of its rows, and nothing else.
//!
//! Every page is met at most once, so that a database whose pages lead in circles ends like any other.

use std::collections::HashSet;

const INTERIOR: u8 = 5;
const LEAF: u8 = 13;
const NO_TABLE: &str = "it has no such table";
const BROKEN: &str = "its pages do not hang together as those of a database do";

/// The last column of every row of a table, which is a blob.
pub(in super::super) fn blobs(bytes: &[u8], table: &str, most: usize) -> Result<Vec<Vec<u8>>, &'static str> {
    let database = Database::of(bytes)?;
    let mut seen = HashSet::new();
    let schema = database.rows(1, most, &mut seen)?;
    // type, name, tbl_name, rootpage, sql
    let root = schema.iter().find_map(|row| {
        let columns = columns(row)?;
        let [kind, name, _, root, _] = &columns[..] else { return None };
        (kind.bytes == b"table" && name.bytes == table.as_bytes()).then(|| root.integer()).flatten()
    });
    let root = root.and_then(|root| u32::try_from(root).ok()).ok_or(NO_TABLE)?;
    let rows = database.rows(root, most, &mut seen)?;
    rows.iter().map(|row| columns(row).and_then(|columns| Some(columns.last()?.bytes.to_vec())).ok_or(BROKEN)).collect()
}

struct Database<'a> {
    bytes: &'a [u8],
    page: usize,
    /// Bytes of a page that hold content.
    usable: usize,
}

impl<'a> Database<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, &'static str> {
        if !bytes.starts_with(b"SQLite format 3\0") || bytes.len() < 100 {
            return Err("it is no SQLite database");
        }
        let page = match usize::from(u16::from_be_bytes([bytes[16], bytes[17]])) {
            1 => 65536,
            size if size.is_power_of_two() && size >= 512 => size,
            _ => return Err(BROKEN),
        };
        let usable = page.checked_sub(usize::from(bytes[20])).filter(|usable| *usable >= 480).ok_or(BROKEN)?;
        Ok(Self { bytes, page, usable })
    }

    fn page(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_sub(1)?.checked_mul(self.page)?;
        self.bytes.get(start..start.checked_add(self.usable)?)
    }

    /// The payloads of a table, from its root on.
    fn rows(&self, root: u32, most: usize, seen: &mut HashSet<u32>) -> Result<Vec<Vec<u8>>, &'static str> {
        let (mut next, mut rows, mut left) = (vec![root], Vec::new(), self.bytes.len());
        // Rows together are never longer than their file, unless cells share their bytes.
        let mut fits = |length: usize| {
            let fits = length <= left;
            left = left.saturating_sub(length);
            fits
        };
        while let Some(number) = next.pop() {
            if !seen.insert(number) {
                return Err(BROKEN);
            }
            let page = self.page(number).ok_or(BROKEN)?;
            // The first page begins with the header of the file.
            let head = if number == 1 { 100 } else { 0 };
            let (kind, cells) = cells(page, head).ok_or(BROKEN)?;
            let pointers = head + if kind == INTERIOR { 12 } else { 8 };
            let cell = |n: usize| page.get(pointers + 2 * n..pointers + 2 * n + 2).map(|b| usize::from(u16::from_be_bytes([b[0], b[1]])));
            for n in 0..cells {
                let cell = cell(n).and_then(|at| page.get(at..)).ok_or(BROKEN)?;
                match kind {
                    INTERIOR => next.push(word(cell).ok_or(BROKEN)?),
                    _ if rows.len() == most => return Err("it has too many rows"),
                    _ => rows.push(self.payload(cell, seen).filter(|row| fits(row.len())).ok_or(BROKEN)?),
                }
            }
            if kind == INTERIOR {
                next.push(page.get(head + 8..).and_then(word).ok_or(BROKEN)?);
            }
        }
        Ok(rows)
    }

    /// The payload of a leaf's cell, with its overflow pages ("B-tree Pages", 1.6; "Cell Payload Overflow Pages", 1.7).
    fn payload(&self, cell: &[u8], seen: &mut HashSet<u32>) -> Option<Vec<u8>> {
        let (length, rest) = varint(cell)?;
        let (_, rest) = varint(rest)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= self.bytes.len())?;
        let most = self.usable - 35;
        if length <= most {
            return Some(rest.get(..length)?.to_vec());
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (self.usable - 4);
        let here = if fitting <= most { fitting } else { least };
        let mut payload = rest.get(..here)?.to_vec();
        let mut next = word(rest.get(here..)?)?;
        while payload.len() < length {
            if !seen.insert(next) {
                return None;
            }
            let page = self.page(next)?;
            let take = (length - payload.len()).min(self.usable - 4);
            payload.extend_from_slice(page.get(4..4 + take)?);
            next = word(page)?;
        }
        Some(payload)
    }
}

/// The kind of a page and the number of its cells; `None` for a page of an index.
fn cells(page: &[u8], head: usize) -> Option<(u8, usize)> {
    let kind = *page.get(head)?;
    let count = page.get(head + 3..head + 5)?;
    matches!(kind, INTERIOR | LEAF).then(|| (kind, usize::from(u16::from_be_bytes([count[0], count[1]]))))
}

/// A column of a row.
struct Column<'a> {
    kind: u64,
    bytes: &'a [u8],
}

impl Column<'_> {
    fn integer(&self) -> Option<i64> {
        match self.kind {
            8 => Some(0),
            9 => Some(1),
            1..=6 => {
                let negative = self.bytes.first()? & 0x80 != 0;
                let start = if negative { -1 } else { 0 };
                Some(self.bytes.iter().fold(start, |sum: i64, b| sum << 8 | i64::from(*b)))
            }
            _ => None,
        }
    }
}

/// The columns of a row ("Record Format", 2.1).
fn columns(row: &[u8]) -> Option<Vec<Column<'_>>> {
    let (length, _) = varint(row)?;
    let header = row.get(..usize::try_from(length).ok()?)?;
    let (_, mut kinds) = varint(header)?;
    let mut content = &row[header.len()..];
    let mut all = Vec::new();
    while !kinds.is_empty() && all.len() < 64 {
        let (kind, rest) = varint(kinds)?;
        kinds = rest;
        let size = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let bytes = content.get(..usize::try_from(size).ok()?)?;
        content = &content[bytes.len()..];
        all.push(Column { kind, bytes });
    }
    Some(all)
}

/// A number of one to nine bytes.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for n in 0..9 {
        let byte = *bytes.get(n)?;
        if n == 8 {
            return Some((value << 8 | u64::from(byte), &bytes[9..]));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[n + 1..]));
        }
    }
    None
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<4>().map(|b| u32::from_be_bytes(*b))
}
