//! Go's strings are bytes; ours are Unicode, with a stand-in for each byte that is no part of a character.
//!
//! A byte from 0x80 on that does not belong to a character stands as U+10FF80 to U+10FFFF, at the end of the last private plane, as PEP 383
//! does it with surrogates. A text that holds such a character itself has its four bytes as stand-ins, so that every string of bytes has
//! one form here, and comes out as it went in. Texts of templates, values and files go through here; nothing else has to know.

use std::borrow::Cow;

/// The stand-in of a byte is this and the byte.
const BASE: u32 = 0x10_ff00;
/// The first byte of every stand-in in UTF-8: texts without it have none.
const LEAD: u8 = 0xf4;

fn stand_in(byte: u8) -> char {
    char::from_u32(BASE | u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character of a text stands for.
pub fn byte_of(c: char) -> Option<u8> {
    let code = u32::from(c);
    (code >= BASE + 0x80).then(|| code.to_le_bytes()[0])
}

fn may_hold(text: &str) -> bool {
    text.as_bytes().contains(&LEAD)
}

/// The text of a string of bytes.
pub fn from_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&from_text(chunk.valid()));
        out.extend(chunk.invalid().iter().map(|byte| stand_in(*byte)));
    }
    out
}

/// The text of a text from outside: the same, but for characters that are stand-ins here.
pub fn from_text(text: &str) -> Cow<'_, str> {
    if !may_hold(text) || !text.chars().any(|c| byte_of(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 4);
    for c in text.chars() {
        match byte_of(c) {
            Some(_) => out.extend(c.encode_utf8(&mut [0; 4]).bytes().map(stand_in)),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The bytes of a text.
pub fn to_bytes(text: &str) -> Cow<'_, [u8]> {
    if !may_hold(text) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(out)
}

/// The one form of a text that was put together: stand-ins that became neighbours may be a character.
pub fn settled(text: &str) -> Cow<'_, str> {
    match to_bytes(text) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(from_bytes(&bytes)),
    }
}

/// The text as it leaves templates; `None` where its bytes are no UTF-8.
pub fn to_utf8(text: &str) -> Option<Cow<'_, str>> {
    match to_bytes(text) {
        Cow::Borrowed(_) => Some(Cow::Borrowed(text)),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// The same with the replacement character for each byte that is no part of one, as `encoding/json` has it.
pub fn to_lossy(text: &str) -> Cow<'_, str> {
    let Cow::Owned(bytes) = to_bytes(text) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(out)
}
