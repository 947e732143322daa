//! Hashes of passwords, passwords of passwords, and AES: as Sprig makes them, but for salts, which come from the engine's seed.

use super::{Made, entry};
use crate::ecosystems::charts::template::{Arguments, Engine, Entry, Fault, octets};
use aes::Aes256;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _};
use data_encoding::{BASE64, Encoding, Specification};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::sync::LazyLock;

pub(super) const TABLE: &[Entry] = &[
    entry("bcrypt", 1, 1, |e, a| Ok(hashed(e, a.text(0)?)?.into())),
    entry("htpasswd", 2, 2, htpasswd),
    entry("derivePassword", 5, 5, derive),
    entry("encryptAES", 2, 2, encrypt),
    entry("decryptAES", 2, 2, |_, a| decrypt(a)),
];

/// How many hashes a derived password counts for; it also takes 32 MiB of memory for a moment.
const DERIVED: u64 = 8;
/// The default cost of Go's bcrypt.
const COST: u32 = 10;
/// How much of a password bcrypt looks at, in bytes.
const MOST_BCRYPT_BYTES: usize = 72;
/// Bytes of an AES block.
const BLOCK: usize = 16;

/// Base 64 as bcrypt has it.
static BCRYPT_BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    spec.encoding().expect("64 different characters are an alphabet")
});

fn hashed(engine: &mut Engine, password: &str) -> Result<String, Fault> {
    engine.hashed(1)?;
    let mut key = octets::to_bytes(password).into_owned();
    key.push(0);
    key.truncate(MOST_BCRYPT_BYTES);
    let salt: [u8; 16] = drawn(engine);
    let hash = bcrypt::bcrypt(COST, salt, &key);
    Ok(format!("$2a${COST}${}{}", BCRYPT_BASE64.encode(&salt), BCRYPT_BASE64.encode(&hash[..23])))
}

fn drawn<const N: usize>(engine: &mut Engine) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&engine.random(N));
    out
}

fn htpasswd(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let (user, password) = (a.text(0)?, a.text(1)?);
    if user.contains(':') {
        return Ok(format!("invalid username: {user}").into());
    }
    Ok(format!("{user}:{}", hashed(engine, password)?).into())
}

/// The forms of a password, a letter a class of characters.
fn forms(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return None,
    })
}

/// The characters of a class.
fn class(letter: u8) -> &'static [u8] {
    match letter {
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The algorithm of Master Password (Spectre), version 1: scrypt makes a key of name and password, HMAC a seed of key and site.
fn derive(engine: &mut Engine, a: Arguments<'_>) -> Made {
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let counter = u32::try_from(a.int(0)?).map_err(|_| format!("expected unsigned integer; found {}", a.int(0).unwrap_or(-1)))?;
    let (kind, password) = (a.text(1)?, octets::to_bytes(a.text(2)?));
    let (user, site) = (octets::to_bytes(a.text(3)?), octets::to_bytes(a.text(4)?));
    let Some(forms) = forms(kind) else { return Ok(format!("cannot find password template {kind}").into()) };
    engine.hashed(DERIVED)?;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [SCOPE, &length(&user), &user].concat();
    let (mut key, failed) = ([0; 64], |e: &dyn std::fmt::Display| format!("failed to derive password: {e}"));
    let params = scrypt::Params::new(15, 8, 2, key.len()).map_err(|e| failed(&e))?;
    scrypt::scrypt(&password, &salt, &params, &mut key).map_err(|e| failed(&e))?;
    let mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|e| failed(&e))?;
    let seed = mac.chain_update([SCOPE, &length(&site), &site, &counter.to_be_bytes()].concat()).finalize().into_bytes();
    let form = forms[usize::from(seed[0]) % forms.len()];
    let each = |(letter, number): (u8, &u8)| char::from(class(letter)[usize::from(*number) % class(letter).len()]);
    Ok(form.bytes().zip(&seed[1..]).map(each).collect::<String>().into())
}

/// Sprig's key: the password itself, cut or filled with zeros.
fn key(a: Arguments<'_>) -> Result<[u8; 32], Fault> {
    let password = octets::to_bytes(a.text(0)?);
    let mut key = [0; 32];
    key.iter_mut().zip(&*password).for_each(|(place, byte)| *place = *byte);
    Ok(key)
}

fn encrypt(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let (key, plain) = (key(a)?, octets::to_bytes(a.text(1)?));
    if plain.is_empty() {
        return Ok("".into());
    }
    let vector: [u8; BLOCK] = drawn(engine);
    let made = cbc::Encryptor::<Aes256>::new(&key.into(), &vector.into()).encrypt_padded_vec_mut::<Pkcs7>(&plain);
    Ok(BASE64.encode(&[&vector, &made[..]].concat()).into())
}

/// Sprig believes the last byte: where it is no padding, it says how much is cut off all the same.
fn decrypt(a: Arguments<'_>) -> Made {
    let (key, text) = (key(a)?, octets::to_bytes(a.text(1)?));
    if text.is_empty() {
        return Ok("".into());
    }
    let sealed = BASE64.decode(&text).map_err(|e| format!("illegal base64 data at input byte {}", e.position))?;
    let (vector, sealed) = sealed
        .split_first_chunk::<BLOCK>()
        .ok_or_else(|| format!("runtime error: slice bounds out of range [:16] with capacity {}", sealed.len()))?;
    if sealed.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let opened = cbc::Decryptor::<Aes256>::new(&key.into(), &(*vector).into()).decrypt_padded_vec_mut::<NoPadding>(sealed);
    let opened = opened.map_err(|e| e.to_string())?;
    let cut = opened.last().copied().ok_or("runtime error: index out of range [-1]")?;
    let end = opened.len().checked_sub(cut.into()).ok_or_else(|| {
        let past = opened.len() as i64 - i64::from(cut);
        format!("runtime error: slice bounds out of range [:{past}]")
    })?;
    Ok(octets::from_bytes(&opened[..end]).into())
}
