//! libzstd against what another build of the same version made, and how much memory it says it takes.

use super::super::corpora;
use super::{Encoder, MOST_MEMORY};
use sha2::{Digest, Sha256};

/// Code of an encoder, how many times all corpora stand behind each other, and the SHA-256 of what libzstd 1.5.7 of python-zstandard
/// 0.25.0 makes of that: `tests/vectors/zstd/stock.py` prints it. What another version makes is another encoder.
const STOCK: &[(&str, usize, &str)] = &[
    ("20fb0000", 1, "1ba0fefbd2978d3f6d33c11595bf9c479c155d2e8680589f95a1c0f21f0b1a92"),
    ("20fb0003", 1, "820e00b47b3db4520f025c9c146a67386b0688f902e1387a04cb93c3177dc9a0"),
    ("20010000", 1, "db87c5dda3e08749ca5b6cbdff3b0320cfdc0d412877c0d559dce226d37e9e17"),
    ("20010003", 1, "fe1b9dea478f2e52e392002fe62f38d0175a3a7f85cc8e19a877d1b23a32a4ca"),
    ("20020000", 1, "250a8bb3b2cfd2cfedfff47e8d5dbfe5f28998bb946dd9ad99993247894479fe"),
    ("20020003", 1, "ae459556f1082a74dfa1ffe4317e8452fe4263c992a53257f4ba41d94894e974"),
    ("20030000", 1, "27a8bbe662c11ee2aa8b5e08a53d855d836300a8eb0ce0622ec530186bd588c7"),
    ("20030003", 1, "c5611f684ec816b838e46bc8507e351800451f4c690b36188cf201753ce928b3"),
    ("20040000", 1, "ba0c9d2c0d11b64d5a8e6d82fbe23b63d79ec57824ac0735836c38878a656e1f"),
    ("20040003", 1, "8ceb6be1366f8072dfba2debd66b8b4966d4c132df9059142dcc48e386fa33a2"),
    ("20050000", 1, "207304d701420a090c27259bd18f0b0fed721c821670f6733cb8096e65e582a9"),
    ("20050003", 1, "a5ea040e558b9900c159b4aa08d0f85767f19fefa090cbc121efc8f2bfbfe7d5"),
    ("20060000", 1, "ad14703a99b2445880583b06a78f0b36ca1e66532032daabe665d29b0f866184"),
    ("20060003", 1, "443ef94a9456c163e89e240ebd22e2f6eab124ff706b443639c190d8ee4dc4e1"),
    ("20070000", 1, "41e9d6e31405915b715bb76517d4398487cc401de4c52cf1cfd24b1da16edfe3"),
    ("20070003", 1, "690b13359b883871f7fe9c44ab188e6385cf32dc09b52b7967dbb6e6f904a616"),
    ("20090000", 1, "f955c498e2ca4881e232bcb62461df8a06847d05a8556bc26a658526ff052ad9"),
    ("20090003", 1, "f58c0374f44ce6964e7721d60776362692ae67deb3c2608327dabadcd104f5f5"),
    ("200c0000", 1, "41f8f9cdd58cac7f90e2fee256acdcd4dced8ea32fd2ff9711e3dd054ef59113"),
    ("200c0003", 1, "df10645c8d600fd778f6d6ea5d24e3582ab906fe2491017d02a31bbf5a944a30"),
    ("200f0000", 1, "7b646c6952b2bd97e347252884ca8b07dbc5ec9990391b700ac396f2661fcf6f"),
    ("200f0003", 1, "53c01141a53942a0a890036b7faec3d840317a9cd8494145b94f9213b236fbaf"),
    ("20100000", 1, "759b1cd28e2d996877e24cc44e7328a993c522ac0f523c989c4b70d61098ccda"),
    ("20100003", 1, "ecd02791eefe21a3a339d0145afa6ca96dbc6f109cdb33ce5c4c9b320b280d25"),
    ("20120000", 1, "d7b8f598219b1d37bd994646c120823fd9468aa24622d64affcb048239bc1764"),
    ("20120003", 1, "b85c57774bf30cbdb879cb8b2e5faf56dc72459b2baf8e7c6ffd31d125ed0ef6"),
    ("20130000", 1, "14548aed466b312dfa8dfe656a5652f81ad0391e4cdb6ab4026d2a307dc678ef"),
    ("20130003", 1, "a68494a425f6f671bb650be50eaf91a5349d0635852c200c7dfc86e5b5cd7503"),
    ("20010004", 6, "ac239ba8ea4a4ef164fbd5fcb5bea37fd0a4009897dcbdb9090000000a5ce1a0"),
    ("20010007", 6, "fb7d5287b75da963c72d04213a38f5636377374389e62af309e400ef30a1b701"),
    ("20020004", 6, "f52d50145c6dc9de1f6b47379effd188b7247296a09e6c8f369b11b7421919ea"),
    ("20020007", 6, "56a890aaf02d494ff2bb4cd3e80f4beeb0544a4f9630a637f12e731f35bb6649"),
    ("20030004", 6, "37ae4c4bd571ad01267c5b035be3d5d8c2509cc9306135b24186bc754e55e1b5"),
    ("20030007", 6, "eb3fd010690ff131a77cdaeffd985330a1eecb24390e35591a06633644a7e0f2"),
    ("20100004", 1, "63d7b96e1c8bdfe105b932aedf5f4617565027dafa4e709ccad1200de5a4cbc2"),
    ("20100006", 1, "1ab5f9d97643836cbc6785cd82197fd207c42f1dfd98f67aeb8917427097dc60"),
    ("20130004", 1, "a6336d4bb28c0b0afabc6ae35c1cb8aa2493d366bec5f3dc76efe290e01fd0d2"),
    ("20130006", 1, "75548108f9c382508034aec6abf241db177f73ff95753d503db05e8915fc2a3d"),
    ("2001000a", 1, "8f8ffae780e30af325e4a8f71907fa474feef7bd2f44d5f77750a6b78e27c3d7"),
    ("2003000a", 1, "c27e3a4cbdeeb355c9ff7a4372b04c95bf45f10bf0a152744cacba2146902032"),
    ("2009000a", 1, "b3bfd26b3a51413f9ef71eb77da400e9f3afefaa6be93f63615bd8496736828a"),
    ("2013000a", 1, "4e1357551afe2257131dfcf6c85cc950599e7f21a1543add7139628270611f91"),
    ("20160002", 1, "b180c5730a56426f6a97bd406fda1bc8975633f527a6cb6f37875f6921daae61"),
    ("20031100", 1, "d53d49bf24ba5fe311397a90fac7f7dcf194d4c361c517d067566efb315b473f"),
    ("20131401", 1, "be7713dae3c82e7ef164e7c9d6345e907bce4a73898706d2bdcd976f46d5c38b"),
];

fn made(encoder: &Encoder, plain: &[u8], piece: usize) -> Vec<u8> {
    let (mut running, mut out) = (encoder.start_of(plain.len() as u64, u64::MAX), Vec::new());
    plain.chunks(piece).for_each(|piece| running.write(piece, &mut out).unwrap());
    running.finish(&mut out).unwrap();
    out
}

#[test]
fn frames_as_the_stock_library_makes_them() {
    let all: Vec<u8> = corpora::all().into_iter().flat_map(|(_, plain)| plain).collect();
    for (code, times, digest) in STOCK {
        let bytes: Vec<u8> = (0..code.len()).step_by(2).map(|at| u8::from_str_radix(&code[at..at + 2], 16).unwrap()).collect();
        let encoder = Encoder::from_code(&bytes).unwrap();
        assert_eq!(encoder.code().as_bytes(), bytes);
        let plain = all.repeat(*times);
        for piece in [16 << 10, 777_777] {
            let found: String = Sha256::digest(made(&encoder, &plain, piece)).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, *digest, "{code} by {piece} bytes: not libzstd 1.5.7?");
        }
    }
}

#[test]
fn the_library_is_of_the_version_that_the_family_stands_for() {
    assert_eq!(zstd::zstd_safe::version_string(), "1.5.7");
}

#[test]
fn memory_is_told_by_level_window_and_length() {
    let memory = |level, window, flags, packed, plain| match Encoder::from_code(&[0x20, level, window, flags]).unwrap() {
        Encoder::Zstd(zstd) => zstd.memory(packed, plain),
        _ => unreachable!("the family of zstd"),
    };
    assert!((80 << 20..110 << 20).contains(&memory(19, 0, 0, 1 << 20, 1 << 30)));
    assert!(memory(16, 0, 4, 1 << 30, 1 << 40) <= MOST_MEMORY);
    assert!(memory(19, 0, 4, 12 << 20, 60 << 20) <= MOST_MEMORY);
    assert!(memory(19, 0, 4, 1 << 30, 1 << 40) > MOST_MEMORY);
    assert!(memory(22, 0, 0, 1 << 20, 1 << 20) > MOST_MEMORY);
    assert!(memory(22, 0, 2, 1 << 20, 1 << 20) <= 30 << 20);
    assert!(memory(3, 23, 0, 1 << 20, 1 << 30) <= 32 << 20);
}
