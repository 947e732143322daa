use super::record::Header;
use super::{Content, HEADER, Scanner};
use crate::artifact::Digest;

fn record(payload: u16) -> Vec<u8> {
    let (bundle, content) = (Digest::of(b"a bundle"), Content::Data);
    Header { bundle, edition: [0; 8], volume: 0, volumes: 1, length: 1 << 20, offset: 0, payload, content }.record(&[])
}

/// How many records are found, and how many bytes belong to none.
fn scanned(bytes: &[u8]) -> (usize, u64) {
    let mut scanner = Scanner::default();
    scanner.feed(bytes);
    scanner.close();
    let count = std::iter::from_fn(|| scanner.record().map(drop)).count();
    (count, scanner.skipped())
}

#[test]
fn a_record_within_what_was_none_is_found() {
    let (small, long) = (record(512), record(65024));
    let cut = [&long[..HEADER + 100], &small, &small].concat();
    assert_eq!(scanned(&cut), (2, HEADER as u64 + 100), "the rest of the long one never comes");
    let damaged = [&long[..HEADER + 100], &small, &vec![0; 65024][..], &small].concat();
    assert_eq!(scanned(&damaged), (2, HEADER as u64 + 100 + 65024));
}

#[test]
fn hashing_in_vain_is_bounded() {
    let (small, long) = (record(512), record(65024));
    // Sixteen hashes of 65120 bytes are a MiB: the seventeenth beginning is believed its length.
    let mut bytes = long[..HEADER].repeat(17);
    let end = 16 * HEADER + long.len();
    bytes.extend_from_slice(&small);
    bytes.resize(end, 0);
    bytes.extend_from_slice(&small);
    assert_eq!(scanned(&bytes), (1, end as u64));
    let fewer = &bytes[2 * HEADER..];
    assert_eq!(scanned(fewer).0, 2, "and not before");
}
