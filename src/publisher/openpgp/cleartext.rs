//! Clear-signed messages (RFC 9580, section 7): lines, and an armoured signature below them. Nothing may stand around it: a reader could
//! take for signed what is not.

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
/// Longest message, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// The lines of a message without what escapes them, and the armour of its signature.
pub(super) fn read(message: &[u8]) -> Result<(Vec<String>, String), String> {
    let wrong = || "it is not one clear-signed message and nothing beside it".to_owned();
    let text = std::str::from_utf8(message).ok().filter(|text| text.len() <= MOST_BYTES).ok_or_else(wrong)?;
    let mut lines = text.trim().lines();
    if lines.next().map(str::trim_end) != Some(BEGIN) {
        return Err(wrong());
    }
    // The only header that is allowed names digests, and the signature says which one it is over.
    let mut lines = lines.skip_while(|line| line.starts_with("Hash: ")).peekable();
    if lines.next_if(|line| line.trim_end().is_empty()).is_none() {
        return Err(wrong());
    }
    let mut signed = Vec::new();
    for line in lines.by_ref() {
        match line {
            line if line.trim_end() == SIGNATURE => {
                let rest = lines.collect::<Vec<_>>().join("\n");
                return Ok((signed, format!("{SIGNATURE}\n{rest}")));
            }
            line if line.starts_with("- ") => signed.push(line[2..].to_owned()),
            // A line that begins with a dash is always escaped.
            line if line.starts_with('-') => return Err(wrong()),
            line => signed.push(line.to_owned()),
        }
    }
    Err(wrong())
}

/// What of a line is signed.
pub(super) fn signed(line: &str) -> &str {
    line.trim_end_matches([' ', '\t', '\r'])
}

/// What the signature is over: white space at the ends of lines is not signed, and lines are separated by both characters.
pub(super) fn canonical(lines: &[String]) -> Vec<u8> {
    let lines: Vec<&str> = lines.iter().map(|line| signed(line)).collect();
    lines.join("\r\n").into_bytes()
}
