use super::code::{Encoder, Grid, SECTOR, restore};
use super::damage::Damage;
use super::layout::Layout;
use super::table::Redundancy;
use crate::artifact::{Digest, PIECE};
use crate::bundle::frames::{BlobEntry, Encoding, FrameTable, frame_count};

/// Blocks that are easily written down: byte j of block i is 31 i + 7 j.
fn blocks(count: usize, length: usize) -> Vec<Vec<u8>> {
    (0..count).map(|i| (0..length).map(|j| (31 * i + 7 * j) as u8).collect()).collect()
}

fn parity(blocks: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(blocks.len(), count, blocks[0].len()).expect("a code");
    blocks.iter().for_each(|block| encoder.add(block).expect("a block"));
    let mut parity = vec![];
    encoder
        .finish(|_, bytes| {
            parity.push(bytes.to_vec());
            Ok(())
        })
        .expect("parity");
    parity
}

#[test]
fn the_code_is_the_one_of_the_format() {
    let hash = |bytes: Vec<Vec<u8>>| blake3::hash(&bytes.concat()).to_hex()[..16].to_owned();
    let found = [(3, 64, 1), (500, 128, 25), (7, 192, 7)].map(|(count, length, more)| hash(parity(&blocks(count, length), more)));
    assert_eq!(found, ["4ed0478358e2c436", "88958195f57993b1", "916997acce9372d4"]);
}

#[test]
fn blocks_are_coded_64_bytes_at_a_time() {
    let long = blocks(5, 256);
    let short: Vec<Vec<u8>> = long.iter().map(|block| block[64..128].to_vec()).collect();
    let (long, short) = (parity(&long, 2), parity(&short, 2));
    assert!(long.iter().zip(&short).all(|(long, short)| long[64..128] == short[..]), "windows of any length must give the same bytes");
}

#[test]
fn any_k_of_a_word_give_the_others() {
    let data = blocks(4, 64);
    let all = [data.clone(), parity(&data, 2)].concat();
    for (one, two) in (0..6).flat_map(|one| (0..one).map(move |two| (one, two))) {
        let known = all.iter().enumerate().filter(|(n, _)| *n != one && *n != two).map(|(n, bytes)| (n, bytes.as_slice()));
        let found = restore((4, 2, 64), known).expect("enough");
        for lost in [one, two].into_iter().filter(|lost| *lost < 4) {
            assert!(found[&lost] == data[lost], "{one} and {two} lost");
        }
    }
    assert!(restore((4, 2, 64), all.iter().take(3).enumerate().map(|(n, bytes)| (n, bytes.as_slice()))).is_err());
}

#[test]
fn a_grid_holds_every_block_once() {
    for count in [0, 1, 2, 499, 500, 501, 1000, 1001, 123_457] {
        let grid = Grid::new(count, 50);
        let found: Vec<u64> =
            (0..grid.rows + grid.parity).flat_map(|row| (0..grid.columns).filter_map(move |column| grid.block(row, column))).collect();
        assert!(found == (0..grid.all()).collect::<Vec<_>>(), "{count}: {grid:?}");
        assert!(grid.rows <= 500 && grid.rows * grid.columns >= count);
    }
}

#[test]
fn members_are_sectors_and_volumes_have_the_length_they_say() {
    for (end, permille) in [(40_960, 50), (40_961, 50), (50_000_000_000, 1000), (9_000_000_123, 0)] {
        let layout = Layout::data(40_960, end, permille);
        for span in [layout.checks[0], layout.rows, layout.checks[1], layout.capsule] {
            assert!(span.start.is_multiple_of(SECTOR), "{layout:?}");
        }
        let gaps: u64 = layout.stretches().map(|(_, bytes)| bytes.len() as u64).sum();
        let blocks = layout.checks[0].blocks * 2 + layout.rows.blocks + layout.capsule.blocks;
        assert_eq!(end + gaps + blocks * SECTOR + super::TAIL, layout.length, "bytes that belong to nothing");
        let (last, _) = layout.rows.place(layout.rows.blocks.saturating_sub(1), 1);
        assert!(layout.rows.blocks == 0 || last + SECTOR < layout.checks[1].start);
    }
}

#[test]
fn the_planned_table_is_always_long_enough() {
    for (sizes, volume) in [(vec![0], None), (vec![1; 3000], Some(13 << 20)), (vec![10 << 30], Some(4 << 30)), (vec![5 << 30; 3], None)] {
        let mut plan = FrameTable::default();
        for size in sizes {
            let frames = frame_count(size);
            plan.blobs.push(BlobEntry { digest: Digest::of(b""), size, held: size, encoding: Encoding::Stored, first: 0, frames });
        }
        let content: u64 = plan.blobs.iter().map(|b| b.size + b.size / 64 + 1024 * b.frames as u64 + 5632).sum();
        for redundancy in
            [Redundancy { permille: 1000, spares: 3 }, Redundancy { permille: 1, spares: 0 }, Redundancy { permille: 0, spares: 1 }]
        {
            let each = volume.unwrap_or(u64::MAX).min(content);
            let ends: Vec<u64> = (0..content.div_ceil(each)).map(|n| 4096 + each.min(content - n * each)).collect();
            let pins: u64 = redundancy.layouts(4096, &ends).iter().map(|l| l.checks[0].blocks).sum();
            let planned = redundancy.table_length(&plan, volume);
            assert!(24 + 16 * pins <= planned, "{redundancy:?}, {volume:?}: {pins} pins, {planned} bytes");
        }
    }
    assert_eq!(PIECE, 4 << 20);
}

#[test]
fn damage_is_told_in_ranges() {
    let mut damage = Damage::default();
    assert!(!damage.is_some());
    for (from, to) in [(4096, 8192), (20_000, 20_001), (8192, 12_288), (0, 4096), (4000, 5000)] {
        damage.add(from, to);
    }
    assert_eq!(damage.ranges().collect::<Vec<_>>(), [(0, 12_288), (20_000, 20_001)]);
    assert_eq!(damage.told(0), "volume 1: 12289 bytes in 2 places: 0-12287, 20000-20000");
    (0..100_000).for_each(|n| damage.add(100_000 + n * 10, 100_001 + n * 10));
    assert!(damage.ranges().count() <= 4096 && damage.ranges().last().is_some_and(|(_, to)| to == 1_099_991));
}
