//! The event log's checkpoint on page 1: by it anybody who kept it can tell later that the log was not written anew.

use qrcodegen::{QrCode, QrCodeEcc};
use serde::{Deserialize, Serialize};

/// The newest checkpoint of the event log (C2SP `tlog-checkpoint`) at the time of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckpointRow {
    /// How many events it covers.
    pub size: u64,
    /// The root of the tree over them.
    pub root: String,
    /// Size and the beginning of the root, to be read aloud or written on paper.
    pub paper: String,
    /// The signed note, line by line: joined by line feeds, with one at the end, it verifies alone.
    pub note: Vec<String>,
}

/// A two-dimensional code (ISO/IEC 18004), and its text for whoever cannot see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// What it says.
    pub text: String,
    /// Modules on a side, without the quiet zone.
    pub side: i32,
    /// Runs of dark modules: column, row, length.
    pub runs: Vec<(i32, i32, i32)>,
}

/// Light modules around a code (ISO/IEC 18004, section 9.1).
pub const QUIET: i32 = 4;

impl CheckpointRow {
    /// The signed note as a code; `None` when it is too long for any.
    pub fn matrix(&self) -> Option<Matrix> {
        let text: String = self.note.iter().flat_map(|line| [line, "\n"]).collect();
        let code = QrCode::encode_text(&text, QrCodeEcc::Low).ok()?;
        let side = code.size();
        let runs = (0..side).flat_map(|y| dark(&code, y)).collect();
        Some(Matrix { text, side, runs })
    }
}

/// The runs of one row.
fn dark(code: &QrCode, y: i32) -> Vec<(i32, i32, i32)> {
    // What lies outside of a code is light.
    let starts = (0..code.size()).filter(|x| code.get_module(*x, y) && !code.get_module(x - 1, y));
    let length = |from: i32| (from..code.size()).take_while(|x| code.get_module(*x, y)).fold(0, |length, _| length + 1);
    starts.map(|x| (x, y, length(x))).collect()
}

#[cfg(test)]
mod tests {
    use super::{CheckpointRow, QrCode, QrCodeEcc};

    #[test]
    fn the_runs_are_the_dark_modules_and_no_others() {
        let note = vec!["log.example.org/1".to_owned(), "12".to_owned(), "AAAA".to_owned(), String::new(), "— a b".to_owned()];
        let row = CheckpointRow { size: 12, root: String::new(), paper: String::new(), note };
        let matrix = row.matrix().expect("it is short");
        let code = QrCode::encode_text("log.example.org/1\n12\nAAAA\n\n— a b\n", QrCodeEcc::Low).expect("it is short");
        let side = matrix.side;
        assert_eq!(side, code.size());
        for (x, y) in (0..side).flat_map(|x| (0..side).map(move |y| (x, y))) {
            let within = |run: &(i32, i32, i32)| run.1 == y && (run.0..run.0 + run.2).contains(&x);
            assert_eq!(matrix.runs.iter().filter(|run| within(run)).count(), usize::from(code.get_module(x, y)), "{x} {y}");
        }
    }
}
