//! The short list: which encoders the evidence leaves, the likeliest first. New families add themselves to [`FAMILIES`].

use super::super::encoder::{Chunk, Cut, Encoder, GoWriter, InfoZip, Joint, MinizOxide, Pigz, Strategy, Zlib, ZlibRs};
use super::super::inflate::BlockKind;
use super::Evidence;
use super::evidence::Block;

/// Names the candidates of a family that the evidence leaves.
type Family = fn(&Evidence, &mut Vec<Encoder>);

/// All families, the likeliest first.
const FAMILIES: &[Family] = &[zlib, info_zip, pigz, go, zlib_rs, miniz, rare_zlib];

/// The candidates, each once.
pub fn list(evidence: &Evidence) -> Vec<Encoder> {
    let mut list = Vec::new();
    for family in FAMILIES {
        family(evidence, &mut list);
    }
    let mut seen = std::collections::HashSet::new();
    list.retain(|encoder| seen.insert(encoder.clone()));
    list
}

/// zlib ends a block exactly when its symbol buffer is full, which tells the memory level. A block that was stored tells its bytes
/// only, and a symbol may stand for several.
fn zlib(evidence: &Evidence, list: &mut Vec<Encoder>) {
    let symbols = |memory: u8| (1u64 << (memory + 6)) - 1;
    let memories: Vec<u8> = match evidence.ended().next() {
        Some(&Block { kind: BlockKind::Stored(length), .. }) => {
            let mut fit: Vec<u8> = (1..=9).filter(|&memory| symbols(memory) <= u64::from(length)).collect();
            fit.sort_by_key(|&memory| (symbols(memory) != u64::from(length), memory.abs_diff(8)));
            fit
        }
        Some(block) => (1..=9).filter(|&memory| block.symbols == symbols(memory)).collect(),
        None => vec![8, 9],
    };
    for memory in memories {
        for level in [6, 9, 1, 5, 4, 3, 2, 7, 8] {
            list.extend(Zlib::new(level, 15, memory, Strategy::Default).map(|zlib| Encoder::Zlib(zlib, evidence.cut)));
        }
    }
}

const fn is_stored(block: &Block) -> bool {
    matches!(block.kind, BlockKind::Stored(_))
}

/// zip and gzip end a block at 32767 symbols, or at a multiple of 4096 where they guess.
fn info_zip(evidence: &Evidence, list: &mut Vec<Encoder>) {
    if evidence.cut != Cut::Nowhere {
        return;
    }
    let fits = evidence.ended().all(|block| block.symbols == 32767 || block.symbols % 4096 == 0 || is_stored(block));
    if fits {
        for level in [6, 9, 1, 5, 4, 3, 2, 7, 8] {
            list.extend([InfoZip::zip(level), InfoZip::gzip(level)].into_iter().flatten().map(Encoder::InfoZip));
        }
    }
}

/// pigz ends a block at a multiple of its block size, and fills up the last byte with empty blocks.
fn pigz(evidence: &Evidence, list: &mut Vec<Encoder>) {
    const BLOCK: u64 = 128 * 1024;
    let empty = |at: u64| evidence.blocks.iter().any(|block| block.from == at && block.to == at && block.symbols == 0);
    let cut = evidence.blocks.iter().any(|block| block.to == BLOCK && !block.last);
    if !cut {
        return;
    }
    let independent = evidence.blocks.iter().filter(|block| block.from == BLOCK && block.kind == BlockKind::Stored(0)).count() > 1;
    let joints: &[Joint] = if independent && empty(BLOCK) { &[Joint::Independent] } else { &[Joint::Dictionary, Joint::Continued] };
    for &joint in joints {
        list.extend([6, 9, 1, 5, 4, 3, 2, 7, 8].into_iter().filter_map(|level| Pigz::new(level, 128, joint)).map(Encoder::Pigz));
    }
}

/// Whether blocks end where the symbol buffer of zlib at memory level 8 is full.
fn fills_a_buffer(evidence: &Evidence) -> bool {
    evidence.ended().all(|block| block.symbols == 16383 || is_stored(block))
}

/// zlib-rs has the symbol buffer of zlib at memory level 8. How its input was cut matters; the usual copy loop cuts at 8 KiB.
fn zlib_rs(evidence: &Evidence, list: &mut Vec<Encoder>) {
    if !fills_a_buffer(evidence) {
        return;
    }
    let levels: &[u8] = &[6, 9, 1, 5, 4, 3, 2, 7, 8];
    for &chunk in chunks(evidence) {
        list.extend(levels.iter().filter_map(|&level| ZlibRs::new(level, chunk)).map(|zlib_rs| Encoder::ZlibRs(zlib_rs, evidence.cut)));
    }
    if evidence.prefix.len() > 16 * 1024 {
        for chunk in [16, 32, 64, 128, 4] {
            list.extend(ZlibRs::new(6, Chunk::Kib(chunk)).map(|zlib_rs| Encoder::ZlibRs(zlib_rs, evidence.cut)));
        }
    }
}

/// `miniz_oxide` ends blocks by bytes, not by symbols.
fn miniz(evidence: &Evidence, list: &mut Vec<Encoder>) {
    for &chunk in chunks(evidence) {
        let levels = [6, 9, 1, 5, 4, 3, 2, 7, 8, 10].into_iter();
        list.extend(levels.filter_map(|level| MinizOxide::new(level, chunk)).map(|miniz| Encoder::MinizOxide(miniz, evidence.cut)));
    }
}

/// How input may have been cut.
fn chunks(evidence: &Evidence) -> &'static [Chunk] {
    if evidence.prefix.len() <= 8 * 1024 { &[Chunk::Whole] } else { &[Chunk::Whole, Chunk::Kib(8)] }
}

/// zlib with a strategy or a window that few programs ask for.
fn rare_zlib(evidence: &Evidence, list: &mut Vec<Encoder>) {
    // All of memory level 8, whatever else they are told.
    if !fills_a_buffer(evidence) {
        return;
    }
    let mut push =
        |level, window, strategy| list.extend(Zlib::new(level, window, 8, strategy).map(|zlib| Encoder::Zlib(zlib, evidence.cut)));
    if evidence.matches == 0 {
        push(6, 15, Strategy::HuffmanOnly);
    }
    if evidence.farthest <= 1 {
        push(6, 15, Strategy::Rle);
    }
    if evidence.blocks.iter().all(|block| block.kind != BlockKind::Dynamic) {
        push(6, 15, Strategy::Fixed);
        push(9, 15, Strategy::Fixed);
        push(1, 15, Strategy::Fixed);
    }
    push(6, 15, Strategy::Filtered);
    push(9, 15, Strategy::Filtered);
    for window in 9..15 {
        if evidence.farthest <= (1 << window) - 262 {
            push(6, window, Strategy::Default);
            push(9, window, Strategy::Default);
        }
    }
}

/// The writers of Go tell themselves by how their first block begins; several make the same stream for long.
fn go(evidence: &Evidence, list: &mut Vec<Encoder>) {
    let likely = GoWriter::candidates(&evidence.front).into_iter();
    list.extend(likely.map(|writer| {
        Encoder::Go(match (writer, evidence.cut) {
            (GoWriter::Pgzip(_, level, variant), Cut::Every(block)) => GoWriter::pgzip(block, level, variant).unwrap_or(writer),
            (writer, _) => writer,
        })
    }));
}
