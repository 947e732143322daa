//! Work on all cores: every item once, or in order with a bound on what is under way.

use super::error::{Error, Result};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};

/// Does `work` for each number below `count`; the results in order.
pub fn each<T: Send>(threads: usize, count: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let run = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            let result = work(index);
            if result.is_err() {
                next.store(count, Ordering::Relaxed);
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
        }
    };
    std::thread::scope(|scope| {
        (1..threads.min(count)).for_each(|_| {
            scope.spawn(run);
        });
        run();
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// The same as [`ordered_by`] for work that keeps nothing from item to item.
pub fn ordered<T: Send, R: Send>(
    threads: usize,
    ahead: usize,
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> Result<R> + Sync,
    sink: impl FnMut(R) -> Result<bool>,
) -> Result<()> {
    ordered_by((threads, ahead), items, || (), |(), item| work(item), sink)
}

/// Does `work` for each item on several threads, with what each has from `begin`, and hands the results to `sink` in the order of the items. At most `ahead` items
/// are under way or wait for their turn. `sink` says whether to go on.
pub fn ordered_by<T: Send, R: Send, S>(
    (threads, ahead): (usize, usize),
    items: impl IntoIterator<Item = T>,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) -> Result<R> + Sync,
    mut sink: impl FnMut(R) -> Result<bool>,
) -> Result<()> {
    let (give, take) = mpsc::channel::<(usize, T)>();
    let (answer, answers) = mpsc::channel();
    let take = Mutex::new(take);
    let (take, begin, work) = (&take, &begin, &work);
    // Moved in, so that an early end here lets the threads end, too.
    std::thread::scope(move |scope| {
        for _ in 0..threads.max(1) {
            let answer = answer.clone();
            scope.spawn(move || {
                let mut own = begin();
                loop {
                    let item = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((index, item)) = item else { return };
                    let last_word = LastWord::new(&answer, (index, Err(gone())));
                    let result = work(&mut own, item);
                    last_word.unsaid();
                    if answer.send((index, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(answer);
        let (mut items, mut waiting) = (items.into_iter(), BTreeMap::new());
        let (mut given, mut sunk) = (0, 0);
        loop {
            while given - sunk < ahead.max(1)
                && let Some(item) = items.next()
            {
                give.send((given, item)).map_err(|_| gone())?;
                given += 1;
            }
            if given == sunk {
                return Ok(());
            }
            let (index, result) = answers.recv().map_err(|_| gone())?;
            waiting.insert(index, result?);
            while let Some(result) = waiting.remove(&sunk) {
                sunk += 1;
                if !sink(result)? {
                    return Ok(());
                }
            }
        }
    })
}

/// What a thread answers when it ends in the middle of its work: whoever waits for it would wait for ever, since the others live.
pub struct LastWord<'a, T> {
    answer: &'a mpsc::Sender<T>,
    word: Option<T>,
}

impl<'a, T> LastWord<'a, T> {
    /// Says this word once it is dropped.
    pub fn new(answer: &'a mpsc::Sender<T>, word: T) -> Self {
        Self { answer, word: Some(word) }
    }

    /// The work is done, and nothing is to be said.
    pub fn unsaid(mut self) {
        self.word = None;
    }
}

impl<T> Drop for LastWord<'_, T> {
    fn drop(&mut self) {
        if let Some(word) = self.word.take() {
            let _ = self.answer.send(word);
        }
    }
}

/// A thread ended in the middle of its work.
pub fn gone() -> Error {
    Error::malformed("working", "a thread that answers", "none")
}

#[cfg(test)]
mod tests {
    use super::{Error, ordered};

    #[test]
    fn a_thread_that_panics_ends_the_work_and_is_not_waited_for() {
        let work = |item: u32| {
            assert!(item != 3, "meant");
            Ok::<_, Error>(item)
        };
        let ended = std::panic::catch_unwind(|| ordered(3, 3, 0..9, work, |_| Ok(true)));
        // The scope hands the panic on once its threads have ended.
        assert!(ended.is_err());
    }
}
