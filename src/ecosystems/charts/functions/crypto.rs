//! Digests, and what looks random: from the engine's seed, the same each time.

use super::{Made, entry};
use crate::ecosystems::charts::template::{Arguments, Engine, Entry, octets};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest as _, Sha256, Sha512};

const DIGITS: &[u8] = b"0123456789";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BOTH: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub(super) const TABLE: &[Entry] = &[
    entry("sha1sum", 1, 1, |_, a| Ok(HEXLOWER.encode(&<sha1::Sha1 as sha1::Digest>::digest(octets::to_bytes(a.text(0)?))).into())),
    entry("sha256sum", 1, 1, |_, a| Ok(HEXLOWER.encode(&Sha256::digest(octets::to_bytes(a.text(0)?))).into())),
    entry("sha512sum", 1, 1, |_, a| Ok(HEXLOWER.encode(&Sha512::digest(octets::to_bytes(a.text(0)?))).into())),
    entry("adler32sum", 1, 1, |_, a| Ok(adler(&octets::to_bytes(a.text(0)?)).to_string().into())),
    entry("randAlphaNum", 1, 1, |e, a| random(e, a, BOTH)),
    entry("randAlpha", 1, 1, |e, a| random(e, a, LETTERS)),
    entry("randNumeric", 1, 1, |e, a| random(e, a, DIGITS)),
    entry("randAscii", 1, 1, |e, a| random(e, a, &ASCII)),
    entry("randBytes", 1, 1, |e, a| Ok(BASE64.encode(&bytes(e, a.int(0)?)?).into())),
    entry("uuidv4", 0, 0, |e, _| Ok(uuid(e).into())),
    entry("shuffle", 1, 1, shuffle),
];

/// The printable characters of ASCII.
const ASCII: [u8; 95] = {
    let mut all = [0; 95];
    let mut i = 0;
    while i < 95 {
        all[i] = 32 + i as u8;
        i += 1;
    }
    all
};

fn adler(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

fn bytes(engine: &mut Engine, count: i64) -> Result<Vec<u8>, crate::ecosystems::charts::template::Fault> {
    let count = usize::try_from(count).map_err(|_| "Random: a negative count".to_string())?;
    engine.wrote(count)?;
    Ok(engine.random(count))
}

fn random(engine: &mut Engine, a: Arguments<'_>, alphabet: &[u8]) -> Made {
    let drawn = bytes(engine, a.int(0)?)?;
    Ok(drawn.into_iter().map(|b| char::from(alphabet[usize::from(b) % alphabet.len()])).collect::<String>().into())
}

fn uuid(engine: &mut Engine) -> String {
    let mut drawn = engine.random(16);
    drawn[6] = drawn[6] & 0x0f | 0x40;
    drawn[8] = drawn[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&drawn);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn shuffle(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let mut characters: Vec<char> = a.text(0)?.chars().collect();
    let drawn = bytes(engine, (characters.len() * 4) as i64)?;
    for index in (1..characters.len()).rev() {
        let word = &drawn[index * 4..index * 4 + 4];
        let number = word.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b));
        characters.swap(index, number % (index + 1));
    }
    Ok(characters.into_iter().collect::<String>().into())
}
