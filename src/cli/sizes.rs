//! Sizes and shares as people write them.

use crate::bundle::MOST_PERMILLE;

/// Sizes of media, in bytes: FAT32's longest file; ECMA-130, ECMA-267, ECMA-268 and Blu-ray discs less room for a file system.
const MEDIA: [(&str, u64); 6] = [
    ("fat32", (1 << 32) - 1),
    ("cd", 700 << 20),
    ("dvd", 4_699_979_776),
    ("dvd-dl", 8_543_666_176),
    ("bd", 25_019_023_360),
    ("bd-dl", 50_040_143_872),
];

/// A volume size: a medium's name, or a number with a decimal or binary unit.
pub fn volume_size(text: &str) -> std::result::Result<u64, String> {
    if let Some((_, size)) = MEDIA.iter().find(|(name, _)| *name == text) {
        return Ok(*size);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" | "B" => 1,
        "kB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err("expected a size such as 4GB, 700MiB or fat32".to_owned()),
    };
    digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(|| "expected a size such as 4GB, 700MiB or fat32".to_owned())
}

/// Thousandths from a percentage: 5, 5%, 0.5%.
pub fn permille(text: &str) -> std::result::Result<u64, String> {
    let wrong = || format!("expected a percentage from 0.1% to {}%, such as 5%", MOST_PERMILLE / 10);
    let digits = text.strip_suffix('%').unwrap_or(text);
    let (whole, tenths) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let permille =
        number(whole).and_then(|n| n.checked_mul(10)).zip(number(tenths).filter(|_| tenths.len() == 1)).map(|(w, t)| w.saturating_add(t));
    permille.filter(|p| (1..=MOST_PERMILLE).contains(p)).ok_or_else(wrong)
}
