//! ASCII armour (RFC 9580, section 6): one block, and nothing beside it. Its checksum protects nobody, and is not looked at.

use data_encoding::BASE64;

/// The bytes in a block of that label.
pub(super) fn read(text: &str, label: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("it is not one armoured block, from -----BEGIN {label}----- to -----END {label}-----");
    let mut lines = text.trim().lines().map(str::trim_end);
    if lines.next() != Some(&*format!("-----BEGIN {label}-----")) {
        return Err(wrong());
    }
    let mut body = String::with_capacity(text.len());
    // Headers, such as a comment, end with an empty line.
    let mut lines = lines.skip_while(|line| line.contains(": ")).peekable();
    if lines.next_if(|line| line.is_empty()).is_none() {
        return Err(wrong());
    }
    let end = format!("-----END {label}-----");
    for line in lines.by_ref() {
        match line {
            line if line == end => return finish(&body, lines.next().is_none(), wrong),
            checksum if checksum.starts_with('=') && checksum.len() == 5 => {}
            line if line.len() <= 76 => body.push_str(line),
            _ => return Err(wrong()),
        }
    }
    Err(wrong())
}

fn finish(body: &str, last: bool, wrong: impl Fn() -> String) -> Result<Vec<u8>, String> {
    if !last {
        return Err(wrong());
    }
    BASE64.decode(body.as_bytes()).map_err(|_| "its armour is not base64".to_owned())
}
