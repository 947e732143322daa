//! The encoders against the programs they are made after, and against themselves.

use sha2::{Digest, Sha256};

use super::super::corpora;
use super::super::inflate::InflateReader;
use super::{Chunk, Cut, Encoder, EncoderError, InfoZip, Joint, MinizOxide, Pigz, Strategy, Zlib, ZlibRs};

/// Code of an encoder, and the SHA-256 of what the stock program makes of all corpora in order: for each the length of the raw
/// deflate stream in 8 bytes, little endian, and the stream.
///
/// Made with zlib 1.2.13 through Python's `zlib.compressobj(level, 8, -wbits, memlevel, strategy)`, one `compress`, `flush()`; where
/// the code tells of cuts, `flush(Z_SYNC_FLUSH)` at the end or after each full piece. Family 2: `gzip -n -LEVEL` (GNU gzip 1.12)
/// without its header of 10 and trailer of 8 bytes; `zip -q -LEVEL - FILE` (Info-ZIP 3.0) makes the same streams where it deflates.
/// Family 3: `pigz -n -LEVEL` (pigz 2.6 with zlib 1.2.13), `-p4`, `-p1`, `-i`, `-b512` and `-b32`.
const STOCK: &[(&str, &str)] = &[
    ("01010f0800", "02614e9b0b25ddf7b46f166435208836f532772ad9b9381fc0bcd146c5bc6e54"),
    ("01020f0800", "291c7659d46d3d1f964347a41b244de939ed8bce547086039561dff97ce21197"),
    ("01030f0800", "7b7889785a52396a8973a386ebd1d5d98d514601cffc5f689faf1f0d01a11141"),
    ("01040f0800", "93f39ec114166263d4ee74328110f78fa498dc0bde3ad3ae92b5a0a909a6f4ac"),
    ("01050f0800", "83cf2f731bfee014c47f33759d9ccfd4d8b0ea9b0e0b0259dd35f47965e0419e"),
    ("01060f0800", "5020a0df688938891e96e997cdd481ec91918cdfc052bee87b89021a58c1c744"),
    ("01070f0800", "3e3b2e451fcafbd18c34fc02d377160f4b1ecd2757275ee1c291e7bf118fc0b6"),
    ("01080f0800", "fb6202faea5c70f0989d386502dc30e2ad433dd45c2406480c6f79a4833bb91f"),
    ("01090f0800", "942546596b68948adbfbe581671db1af3c94e49123045e4a39df39bf473b5922"),
    ("01060f0100", "058284168c99e0921366a3f0141e48222a3ca3c5a440d5ad5a5c84edb15327da"),
    ("01060f0200", "8b8d54679f176bd1a10312a0c2acf47a52effda9dd9060a5f692594f67780406"),
    ("01060f0500", "453feb493ee0a3a7f67436746c77edd07a646c178f7f1585af106f5eadeb1a0f"),
    ("01060f0900", "c8b578e5c4cd0172a8d0bcb9ece0d970a30ffd5f2af6204c0df803a8f4038b4f"),
    ("01090f0900", "ffeb419cd5c0bffcd586f8ba8fc07b4dac6cbcb596daefde837adadf2ddaba61"),
    ("01010f0900", "3018a42332846acfccfde9e4128cc3ea5f836d12cbda2537d1a69bc9f003b510"),
    ("0106090800", "c393e06d51e8981c198cecdfb594240b42371e5eb3e216da35223a9f62f54a96"),
    ("01060a0800", "1dc5871fb474e7e853dc910f1b8df0322adfba634289b1450f896d76e90f25ca"),
    ("01060c0800", "c1e7ffdf70c819e7e9f9d81f2ae2d439217bbd8706e05fe5c8292a1d46e5ebff"),
    ("01060e0800", "77a53236a971b6f466c6127d79602a01a800ad261e0c40228d5b8a01e6cdec43"),
    ("0101090100", "035e8f2b5c97c61c308a475933804470fdf10ad48ca4a6a1c8431d892372bac4"),
    ("0109090100", "af91f06f1671412957aafa14ec989f7064bec910ebdb0456a5a59c7759371340"),
    ("01060f0801", "9a56a085c04ae5f2b09f50ae32dc464b99f8c6ce29a4dfe7c8be3f64bc37836b"),
    ("01060f0802", "683bd4714c3c5e53d60effd69c106e8be2593c2ce8f3825a5018b10a809c4116"),
    ("01060f0803", "ec2c0a727db44b2b65052aabda135f7a33bbd6dac26bd2eeeb740c3176c9c1de"),
    ("01060f0804", "574974d275238749a52dfa58239954a67f3590e5f7e46f9a356d88b17659dd65"),
    ("01060f080001", "b1ea12cdf4c09e6ddfd500c3dbbd4b109b8342766839bf1bcb78994d0ace78d4"),
    ("01060f080002e8030000", "c48706ce6ef41c8f0089e3554a78e098de42d48d5054a876b2679ad214ad1141"),
    ("01060f08000200400000", "81a49adddb2b053527f651dcae13a7462bea43f66595a9c0a689ea79da962131"),
    ("01060f08000200000100", "9a50a9631baadeaa2d0f2f727cc0503a2fbc7476fa92899d6aa20e917a99ffed"),
    ("01010f08000207000000", "4a6ececda31b848130da79d32df09fe77dab11d98c8c2c25985c1a9956acb19f"),
    ("01060f08000207000000", "0b5fdf11efb5c48a50aca1bd115a4fdd3f900544fef4d9bcfc481467258cba1c"),
    ("020101", "ada062b8e10f7c2272319d56a1e7215b23a0a7b550db31cb183b8d5a19db444d"),
    ("020201", "474cf423d329daac1d2dcc06a362a3dc5fa5312d846d49ef142de6989364096c"),
    ("020301", "920e305b8048478df2ae6271e57329e23fd2f46f5c432dadd208c7036b17c54e"),
    ("020401", "4e052357d582deee329b3aa2e49301dbfb57d6370fa0fd1a7438446173205955"),
    ("020501", "46ef4ee37062508f74519f04b31c1a7433b2af95f954e40372edda7653e5600c"),
    ("020601", "5b4e689d86541e0a5dc97cbe604361b46ec6ffd29638f74876eb89af32359f45"),
    ("020701", "92232aa1ec6bba42543498b5bf34018d1e009f9c0050bde4f981f79fb455df09"),
    ("020801", "2cb97a2c659f9e1305c50d6ed647c6c3aac6da96bbf58d1c05421cc47abf1205"),
    ("020901", "aad74237df68ae9bd5c2cac3cf54bdaa1dd8c23f2d8a5eb62a9594fa8b6757b2"),
    ("0301800000", "e2c02160265c77b71aeef73d959779a2dd387b7bcfcfd5b51c39e33c19de24f9"),
    ("0301800001", "21fa705cee12c8a8bfd6ecd6c10e8766f9d023745af9091c7d611fd129ba71b0"),
    ("0301800002", "fd35025918702dd58224832230622fbfde650377b8b8662ad1d20b179dc6777c"),
    ("0304800000", "995920b0479e5c8fb840f9c91052ce99781ae5862013c6ffd8fe3a4e7d99fdb1"),
    ("0304800001", "995920b0479e5c8fb840f9c91052ce99781ae5862013c6ffd8fe3a4e7d99fdb1"),
    ("0304800002", "83d08e1a4c02530a18139c33af8fb8e68991bd16ebd32c62493899a563d3d53e"),
    ("0306800000", "e1e034addb43f82e9437cbb108acf5e3ce0590ebef76ea1059b16784e02dc7af"),
    ("0306800001", "e1e034addb43f82e9437cbb108acf5e3ce0590ebef76ea1059b16784e02dc7af"),
    ("0306800002", "9fb10fada96e640e4b258db217aa219f16b3396abbd121b4e02cf80a43f5e4cc"),
    ("0309800000", "26687f9091c44765c1133568b44d68b0114d30fa2b9fd5f71892e0e182c859c2"),
    ("0309800001", "26687f9091c44765c1133568b44d68b0114d30fa2b9fd5f71892e0e182c859c2"),
    ("0309800002", "7050e57abdc61064f8b06c5b7889da90045efa84fa26980132c1f25277e042d9"),
    ("0306000200", "5020a0df688938891e96e997cdd481ec91918cdfc052bee87b89021a58c1c744"),
    ("0306200000", "e1e61ca1c7ffab7437c060560a0883c537eddceb8626188ed49bed2fcc5a916f"),
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn deflate(encoder: &Encoder, plain: &[u8], piece: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut running = encoder.start();
    for piece in plain.chunks(piece) {
        running.write(piece, &mut out).unwrap();
    }
    running.finish(&mut out).unwrap();
    out
}

fn inflate(deflated: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut InflateReader::new(deflated, 1 << 24), &mut plain).unwrap();
    plain
}

#[test]
fn streams_of_stock_encoders() {
    let corpora = corpora::all();
    for (code, expected) in STOCK {
        let encoder = Encoder::from_code(&bytes(code)).unwrap();
        let mut hash = Sha256::new();
        for (_, plain) in &corpora {
            let stream = deflate(&encoder, plain, 70_001);
            hash.update((stream.len() as u64).to_le_bytes());
            hash.update(&stream);
        }
        let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(&found, expected, "{code} {encoder:?}");
    }
}

/// One of each kind.
fn kinds() -> Vec<Encoder> {
    let zlib = |level, strategy| Zlib::new(level, 15, 8, strategy).unwrap();
    vec![
        Encoder::Zlib(zlib(1, Strategy::Default), Cut::Nowhere),
        Encoder::Zlib(zlib(6, Strategy::Default), Cut::Nowhere),
        Encoder::Zlib(zlib(9, Strategy::Filtered), Cut::AtEnd),
        Encoder::Zlib(zlib(6, Strategy::HuffmanOnly), Cut::Every(5000)),
        Encoder::Zlib(zlib(6, Strategy::Rle), Cut::Nowhere),
        Encoder::Zlib(zlib(6, Strategy::Fixed), Cut::Nowhere),
        Encoder::InfoZip(InfoZip::zip(9).unwrap()),
        Encoder::Pigz(Pigz::new(6, 128, Joint::Dictionary).unwrap()),
        Encoder::Pigz(Pigz::new(6, 32, Joint::Continued).unwrap()),
        Encoder::Pigz(Pigz::new(6, 64, Joint::Independent).unwrap()),
        Encoder::ZlibRs(ZlibRs::new(6, Chunk::Whole).unwrap(), Cut::AtEnd),
        Encoder::ZlibRs(ZlibRs::new(1, Chunk::Kib(8)).unwrap(), Cut::Nowhere),
        Encoder::MinizOxide(MinizOxide::new(6, Chunk::Whole).unwrap(), Cut::Nowhere),
    ]
}

#[test]
fn what_comes_out_inflates_and_does_not_depend_on_pieces() {
    for (name, plain) in corpora::all() {
        for encoder in kinds() {
            let whole = deflate(&encoder, &plain, usize::MAX);
            assert_eq!(inflate(&whole), plain, "{name} {encoder:?}");
            for piece in [777, 65_535] {
                assert!(deflate(&encoder, &plain, piece) == whole, "{name} {encoder:?} in pieces of {piece}");
            }
        }
    }
}

#[test]
fn codes_go_there_and_back() {
    for encoder in kinds() {
        let code = encoder.code();
        assert!(code.as_bytes().len() <= super::MAX_CODE);
        assert_eq!(Encoder::from_code(code.as_bytes()), Ok(encoder));
    }
}

#[test]
fn codes_of_nothing_are_refused() {
    assert_eq!(Encoder::from_code(&[0x3f, 1]), Err(EncoderError::Family(0x3f)));
    let wrong: [&[u8]; 12] = [
        &[],
        &[1],
        &[1, 0, 15, 8, 0],
        &[1, 10, 15, 8, 0],
        &[1, 6, 8, 8, 0],
        &[1, 6, 15, 10, 0],
        &[1, 6, 15, 8, 5],
        &[1, 6, 15, 8, 0, 3],
        &[1, 6, 15, 8, 0, 2, 0, 0, 0, 0],
        &[2, 6, 2],
        &[3, 6, 0, 0, 0],
        &[4, 6],
    ];
    for code in wrong {
        assert!(matches!(Encoder::from_code(code), Err(EncoderError::Parameters(_))), "{code:?}");
    }
}

/// What flate2 makes of writes of `piece` bytes, flushed before the end or not.
fn written(level: u8, plain: &[u8], piece: usize, flush: bool) -> Vec<u8> {
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(u32::from(level)));
    for piece in plain.chunks(piece) {
        std::io::Write::write_all(&mut writer, piece).unwrap();
    }
    if flush {
        std::io::Write::flush(&mut writer).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn zlib_rs_as_its_users_write_with_it() {
    for (name, plain) in corpora::all() {
        for level in 1..=9 {
            let whole = Encoder::ZlibRs(ZlibRs::new(level, Chunk::Whole).unwrap(), Cut::Nowhere);
            assert!(deflate(&whole, &plain, 10_000) == written(level, &plain, usize::MAX, false), "{name} at level {level}");
            let copied = Encoder::ZlibRs(ZlibRs::new(level, Chunk::Kib(8)).unwrap(), Cut::AtEnd);
            assert!(deflate(&copied, &plain, 10_000) == written(level, &plain, 8192, true), "{name} copied at level {level}");
        }
    }
}

/// All the input in one, with the buffer of 32 KiB for output that flate2 has.
fn miniz_at_once(level: u8, mut plain: &[u8]) -> Vec<u8> {
    use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params};
    let mut state = CompressorOxide::new(create_comp_flags_from_zip_params(i32::from(level), 0, 0));
    let (mut out, mut step) = (Vec::new(), vec![0; 32 * 1024]);
    loop {
        let flush = if plain.is_empty() { TDEFLFlush::Finish } else { TDEFLFlush::None };
        let (status, taken, made) = compress(&mut state, plain, &mut step, flush);
        out.extend_from_slice(&step[..made]);
        plain = &plain[taken..];
        if status == TDEFLStatus::Done {
            return out;
        }
    }
}

#[test]
fn more_in_one_than_is_kept_is_refused() {
    let mut running = Encoder::from_code(&[4, 6, 0]).unwrap().start();
    let mut out = Vec::new();
    assert_eq!(running.write(&vec![0; 4 << 20], &mut out), Ok(()));
    assert_eq!(running.write(&[0], &mut out), Err(EncoderError::TooLong));
}

#[test]
fn miniz_oxide_as_its_users_write_with_it() {
    for (name, plain) in corpora::all() {
        for level in 1..=9 {
            let whole = Encoder::MinizOxide(MinizOxide::new(level, Chunk::Whole).unwrap(), Cut::Nowhere);
            assert!(deflate(&whole, &plain, 10_000) == miniz_at_once(level, &plain), "{name} at level {level}");
        }
    }
}
