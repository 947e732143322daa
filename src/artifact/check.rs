//! A fast second check for bytes whose SHA-256 was right before.

/// Length of a piece, in bytes; also the length of a bundle's frames, so that both hash the same bytes once.
pub const PIECE: usize = 4 << 20;

/// BLAKE3 over the BLAKE3 of each 4 MiB piece (`docs/formats/store.md`, "Check value"): tells at several times the speed of SHA-256
/// whether a blob is still what it was when its SHA-256 was checked.
#[derive(Default)]
pub struct CheckValue {
    all: blake3::Hasher,
    piece: blake3::Hasher,
    filled: usize,
}

impl CheckValue {
    /// Takes the next bytes of the content.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let take = bytes.len().min(PIECE - self.filled);
            self.piece.update(&bytes[..take]);
            self.filled += take;
            bytes = &bytes[take..];
            if self.filled == PIECE {
                self.close_piece();
            }
        }
    }

    /// The check value of pieces that were hashed apart, in order.
    pub fn of_pieces<'a>(pieces: impl Iterator<Item = &'a [u8; 32]>) -> [u8; 32] {
        let mut all = blake3::Hasher::new();
        pieces.for_each(|piece| {
            all.update(piece);
        });
        *all.finalize().as_bytes()
    }

    fn close_piece(&mut self) {
        self.all.update(self.piece.finalize().as_bytes());
        self.piece.reset();
        self.filled = 0;
    }

    /// The check value of all bytes taken.
    pub fn finish(mut self) -> [u8; 32] {
        if self.filled > 0 {
            self.close_piece();
        }
        *self.all.finalize().as_bytes()
    }
}
