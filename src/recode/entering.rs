//! What it takes to read bases where slices refer to them, in bytes that are inflated. It is counted by the tables alone, so that every
//! reader and every writer comes to the same, whatever seek points it has at the time.

use super::layout::{Coding, Layout, Place, Stream};
use super::limits::{ENTERED, ENTERING_ALWAYS, ENTERING_TIMES, spacing};
use super::similar::Stretch;

/// What slices may have inflated, and what they have.
pub struct Account<'a> {
    bases: Vec<Counted<'a>>,
    allowed: u64,
    spent: u64,
}

/// References that take more than is allowed.
#[derive(Debug, PartialEq, Eq)]
pub struct Beyond {
    /// What the slice may take.
    pub allowed: u64,
    /// What its references take, as far as that was counted.
    pub found: u64,
}

/// Which base and stream, and how far it was inflated before.
type Before = (usize, usize, u64);

impl<'a> Account<'a> {
    /// Begins with the bases of these tables, of which nothing is inflated yet.
    pub fn new(layouts: impl IntoIterator<Item = &'a Layout>) -> Self {
        let layouts: Vec<&Layout> = layouts.into_iter().collect();
        let count = layouts.len();
        let bases = layouts.into_iter().map(|layout| Counted::new(layout, count)).collect();
        Self { bases, allowed: ENTERING_ALWAYS, spent: 0 }
    }

    /// The next slice has so many bytes.
    pub fn grant(&mut self, length: u64) {
        self.allowed = self.allowed.saturating_add(length.saturating_mul(ENTERING_TIMES));
    }

    /// Counts the references of a slice; where they take more than is left, they are not counted at all.
    pub fn charge(&mut self, references: &[Stretch]) -> Result<(), Beyond> {
        let allowed = self.allowed - self.spent;
        let mut before = Vec::new();
        let found = self.count(references, allowed, &mut before);
        if found > allowed {
            before.into_iter().rev().for_each(|(base, stream, reached)| self.bases[base].reached[stream] = reached);
            return Err(Beyond { allowed, found });
        }
        self.spent += found;
        Ok(())
    }

    /// Leaves out references until the next slice, of so many bytes, may have the others: first those that take most for their length.
    pub fn afford(&mut self, length: u64, references: &mut Vec<Stretch>) {
        self.grant(length);
        while self.charge(references).is_err() {
            let mut costs: Vec<(u64, usize)> = Vec::with_capacity(references.len());
            for (index, stretch) in references.iter().enumerate() {
                let mut before = Vec::new();
                let cost = self.count(std::slice::from_ref(stretch), self.allowed - self.spent, &mut before);
                before.into_iter().rev().for_each(|(base, stream, reached)| self.bases[base].reached[stream] = reached);
                costs.push((cost / stretch.length.max(1), index));
            }
            costs.sort_unstable();
            costs.truncate(references.len() - references.len().div_ceil(4));
            let mut kept = vec![false; references.len()];
            costs.iter().for_each(|(_, index)| kept[*index] = true);
            let mut kept = kept.into_iter();
            references.retain(|_| kept.next().unwrap_or(false));
        }
    }

    /// What references take, counted no further than is allowed.
    fn count(&mut self, references: &[Stretch], allowed: u64, before: &mut Vec<Before>) -> u64 {
        self.bases.iter_mut().for_each(|base| base.ends = [None; 2]);
        let mut found = 0u64;
        for stretch in references {
            let base = &mut self.bases[stretch.base];
            let (mut at, end) = (stretch.offset, stretch.offset + stretch.length);
            while at < end && found <= allowed {
                let (place, next) = base.layout.place(at);
                let length = next.min(end) - at;
                let mut note = |stream: usize, reached: u64| before.push((stretch.base, stream, reached));
                found = found.saturating_add(match place {
                    Place::Raw(_) => length,
                    Place::Plain(stream, offset) => base.stream(stream, offset, length, &mut note),
                });
                at += length;
            }
        }
        found
    }
}

/// One base.
struct Counted<'a> {
    layout: &'a Layout,
    spacing: u64,
    /// How far each stream has been inflated: up to there it has seek points.
    reached: Vec<u64>,
    /// Where the last stretch of this slice ended, for outer and for inner streams: from there it goes on without a seek point.
    ends: [Option<(usize, u64)>; 2],
}

impl<'a> Counted<'a> {
    fn new(layout: &'a Layout, bases: usize) -> Self {
        Self { layout, spacing: spacing(layout, bases), reached: vec![0; layout.streams().len()], ends: [None; 2] }
    }

    /// Plain bytes of a stream; for those of an inner one, its own bytes have to be inflated as well. Where these lie the table does not
    /// say: no more of them than plain bytes that are made, and as far behind as they can be.
    fn stream(&mut self, stream: usize, offset: u64, length: u64, note: &mut dyn FnMut(usize, u64)) -> u64 {
        let Some(parent) = self.layout.parent(stream) else { return self.enter(0, stream, offset, length, note) };
        let made = self.enter(1, stream, offset, length, note);
        let inner = self.layout.streams()[stream];
        let read = made.min(inner.deflated);
        made + self.enter(0, parent, inner.end() - read, read, note)
    }

    fn enter(&mut self, depth: usize, stream: usize, offset: u64, length: u64, note: &mut dyn FnMut(usize, u64)) -> u64 {
        let Stream { coding, plain, .. } = self.layout.streams()[stream];
        if coding == Coding::Zstd {
            return self.unpack(stream, plain, length, note);
        }
        let near = self.ends[depth].filter(|(last, end)| *last == stream && *end <= offset).map_or(offset, |(_, end)| offset - end);
        let (reached, end) = (self.reached[stream], offset + length);
        self.ends[depth] = Some((stream, end));
        if end > reached {
            note(stream, reached);
            self.reached[stream] = end;
        }
        ENTERED + near.min(self.spacing) + offset.saturating_sub(reached) + length
    }

    /// A frame of zstd is unpacked whole where it is first needed, and is at hand from then on.
    fn unpack(&mut self, stream: usize, plain: u64, length: u64, note: &mut dyn FnMut(usize, u64)) -> u64 {
        let reached = std::mem::replace(&mut self.reached[stream], plain);
        if reached < plain {
            note(stream, reached);
        }
        ENTERED + (plain - reached) + length
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Beyond, Coding, ENTERED, ENTERING_ALWAYS, ENTERING_TIMES, Layout, Stream, Stretch};

    fn stream(offset: u64, deflated: u64, plain: u64, inner: u32) -> Stream {
        Stream { offset, deflated, plain, inner, encoder: 0, coding: Coding::Deflate }
    }

    fn at(offset: u64, length: u64) -> Stretch {
        Stretch { base: 0, offset, length }
    }

    /// 100 GiB in one stream: seek points are 170 MiB apart.
    fn large() -> Layout {
        Layout::new(40 << 30, vec![stream(0, 40 << 30, 100 << 30, 0)], "a table").expect("a table")
    }

    #[test]
    fn what_was_inflated_once_is_entered_at_seek_points() {
        let layout = Layout::new(1 << 20, vec![stream(0, 1 << 20, 100 << 20, 0)], "a table").expect("a table");
        let mut account = Account::new([&layout]);
        account.charge(&[at(50 << 20, 1000)]).expect("within measure");
        assert_eq!(account.spent, ENTERED + (1 << 20) + (50 << 20) + 1000);
        let before = account.spent;
        account.charge(&[at(40 << 20, 1000)]).expect("within measure");
        assert_eq!(account.spent - before, ENTERED + (1 << 20) + 1000);
        let before = account.spent;
        account.charge(&[at(10 << 20, 1000), at((10 << 20) + 5000, 7)]).expect("within measure");
        assert_eq!(account.spent - before, ENTERED + (1 << 20) + 1000 + ENTERED + 4000 + 7);
        // What is refused is not counted, and what it would have reached is not there.
        let Err(Beyond { allowed, found }) = account.charge(&[at(99 << 20, 1000), at(0, 40 << 20)]) else { panic!("too much") };
        assert!(found > allowed && allowed == ENTERING_ALWAYS - account.spent);
        assert_eq!(account.bases[0].reached, [(50 << 20) + 1000]);
    }

    #[test]
    fn a_few_bytes_cannot_make_a_reader_inflate_gigabytes() {
        let layout = large();
        let mut account = Account::new([&layout]);
        account.grant(1);
        assert!(account.charge(&[at(90 << 30, 4096)]).is_err());
        // Nor by seek points, once all of it was inflated, nor by slices of one byte each.
        account.bases[0].reached[0] = 100 << 30;
        let far: Vec<Stretch> = (0..256).map(|index| at((index * 37 % 99) << 30, 4096)).collect();
        assert!(account.charge(&far).is_err());
        let taken = (0..1000)
            .take_while(|index| {
                account.grant(1);
                account.charge(&[at((index % 99) << 30, 4096)]).is_ok()
            })
            .count();
        assert!(taken < 2, "{taken}");
    }

    #[test]
    fn streams_of_one_byte_are_not_free() {
        let streams: Vec<Stream> = (0..100_000).map(|index| stream(index * 3, 3, 1, 0)).collect();
        let layout = Layout::new(300_000, streams, "a table").expect("a table");
        let mut account = Account::new([&layout]);
        account.grant(1);
        assert!(account.charge(&[at(0, 100_000)]).is_err());
    }

    #[test]
    fn the_writer_leaves_out_what_the_reader_refuses() {
        let layout = large();
        let mut account = Account::new([&layout]);
        account.bases[0].reached[0] = 100 << 30;
        let near: Vec<Stretch> = (0..40).map(|index| at(index << 18, 128 << 10)).collect();
        let far = (1..200).map(|index| at((index * 37 % 99 + 1) << 30, 128 << 10));
        let mut picked: Vec<Stretch> = near.iter().copied().chain(far).collect();
        let (all, slice) = (picked.len(), 8 << 20);
        account.afford(slice, &mut picked);
        assert!(picked.len() < all && near.iter().all(|stretch| picked.contains(stretch)), "{} of {all}", picked.len());
        assert!(account.spent <= ENTERING_ALWAYS + slice * ENTERING_TIMES);
        let mut reader = Account::new([&layout]);
        reader.bases[0].reached[0] = 100 << 30;
        reader.grant(slice);
        reader.charge(&picked).expect("what the writer took");
        assert_eq!(reader.spent, account.spent);
    }

    #[test]
    fn an_inner_stream_takes_its_outer_one_as_well() {
        let layout = Layout::new(1 << 20, vec![stream(0, 1 << 20, 60 << 20, 1), stream(30 << 20, 20 << 20, 40 << 20, 0)], "a table");
        let layout = layout.expect("a table");
        let mut account = Account::new([&layout]);
        // 10 MiB into the plain bytes of the inner one.
        account.charge(&[at(40 << 20, 1000)]).expect("within measure");
        let inner = ENTERED + (1 << 20) + (10 << 20) + 1000;
        assert_eq!(account.spent, inner + ENTERED + (1 << 20) + (50 << 20));
    }

    #[test]
    fn a_frame_is_unpacked_whole_and_once() {
        let frame = Stream { coding: Coding::Zstd, ..stream(0, 1 << 20, 100 << 20, 1) };
        let layout = Layout::new(1 << 20, vec![frame, stream(0, 1 << 20, 2 << 20, 0)], "a table").expect("a table");
        let mut account = Account::new([&layout]);
        account.charge(&[at(50 << 20, 1000)]).expect("within measure");
        assert_eq!(account.spent, ENTERED + (100 << 20) + 1000);
        account.charge(&[at(90 << 20, 10), at(3 << 20, 10)]).expect("within measure");
        assert_eq!(account.spent, ENTERED + (100 << 20) + 1000 + 2 * (ENTERED + 10));
        // What is refused leaves it packed.
        let large = Layout::new(1 << 20, vec![Stream { plain: 200 << 20, inner: 0, ..frame }], "a table").expect("a table");
        let mut account = Account::new([&large]);
        account.charge(&[at(0, 1)]).expect_err("too much");
        assert_eq!(account.bases[0].reached, [0]);
        account.grant(8 << 20);
        account.charge(&[at(0, 1)]).expect("granted");
    }
}
