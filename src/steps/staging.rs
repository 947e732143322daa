//! Taking a bundle in stick by stick: what is here of it goes into the store, where nothing names it, and waits for the rest. Nothing is
//! installed before everything is here.

use crate::bundle::{Authentic, Needs, Portion, Presence, Statement, Verification};
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::store::Waiting;

/// A bundle that waits for volumes.
#[derive(Debug, Clone)]
pub struct Staged {
    /// `NAME SEQ` of the bundle.
    pub label: String,
    /// How many blobs became whole by this run.
    pub blobs: usize,
    /// Bytes of the payload that were taken in by this run.
    pub bytes: u64,
    /// What is still needed.
    pub needs: Needs,
    /// What a command ends with that could take in a part only.
    pub error: Error,
}

/// The error that names the volumes a bundle waits for, and what lies in their places instead.
pub fn still_needed(bundle: &Authentic, needs: &Needs) -> Error {
    let (awaited, count) = (needs.awaited(), needs.volumes.len());
    let message = format!("{}: {} of its {count} volumes {} still needed", bundle.statement.label(), awaited.len(), are(awaited.len()));
    let names: Vec<String> = awaited.iter().map(|volume| format!("{} ({} bytes)", volume.name, volume.size)).collect();
    let without = needs.volumes.iter().filter(|v| v.presence != Presence::Here && v.bytes == 0).map(|v| v.name.clone());
    let error = Error::new(Kind::Incomplete, message).with_all("needed", &names).with_all("not needed", &without.collect::<Vec<_>>());
    let seen = bundle.shortage().map(Error::context).unwrap_or_default().iter();
    let error = match seen.clone().find(|(label, _)| *label == "needs") {
        Some((_, spares)) => {
            let absent = needs.volumes.iter().filter(|v| v.presence == Presence::Missing).map(|v| v.name.as_str());
            let absent = absent.collect::<Vec<_>>().join(", ");
            error.with("or", format!("all that is here together with {spares}: {absent}"))
        }
        None => error,
    };
    let told = seen.filter(|(label, _)| ["looked in", "found"].contains(label));
    told.fold(error, |error, (label, value)| error.with(label, value))
        .hint("plug the next one in and run the same command; several at once are fine (nothing was installed)")
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// How a bundle is named among those that wait.
pub fn named(statement: &Statement) -> Waiting {
    Waiting { name: statement.name.clone(), line: statement.line.clone(), epoch: statement.epoch, seq: statement.seq }
}

/// Takes in what is here of a bundle that has been admitted; `None` when all that the store lacks of it is here. It is logged as `kind`
/// before anything is taken, and kept from being pruned.
pub fn stage(
    bundle: &Authentic,
    needs: &Needs,
    journal: &Journal<'_>,
    verification: &Verification<'_>,
    kind: &'static str,
) -> Result<Option<Staged>> {
    if needs.awaited().is_empty() {
        return Ok(None);
    }
    if let Some(error) = bundle.misplaced() {
        return Err(error);
    }
    let (writer, store) = (journal.writer(), journal.store());
    if !needs.portions.is_empty() {
        journal.append(event(bundle, needs, kind))?;
        writer.await_rest(&named(&bundle.statement), bundle.lock_bytes(), &bundle.only_bases())?;
        verification.stage(bundle, &needs.portions, writer)?;
        bundle.forget_kept(writer)?;
    }
    let (blobs, bytes) = at_hand(bundle, needs);
    let needs = bundle.needs(store)?;
    let error = still_needed(bundle, &needs);
    Ok(Some(Staged { label: bundle.statement.label(), blobs, bytes, needs, error }))
}

/// How many blobs could become whole by what is here, and the bytes of content that could be taken in.
pub fn at_hand(bundle: &Authentic, needs: &Needs) -> (usize, u64) {
    let whole = needs.portions.iter().filter(|(_, portion)| *portion == Portion::Whole).count();
    let content = |(index, portion): &(usize, Portion)| portion.content(bundle, &bundle.table.blobs[*index]);
    (whole, needs.portions.iter().map(content).sum())
}

/// What is about to be taken in, of how much.
fn event(bundle: &Authentic, needs: &Needs, kind: &'static str) -> Draft {
    let subjects = vec![
        Item::named("bundle", bundle.statement.label()).digest(bundle.id),
        Item::named("count", format!("{} blobs or parts of them", needs.portions.len())),
    ];
    let here: Vec<String> = (1..).zip(&needs.volumes).filter(|(_, v)| v.presence == Presence::Here).map(|(n, _)| n.to_string()).collect();
    Draft::new(kind, subjects).note(&format!("of {} volumes those with the numbers {} are here", needs.volumes.len(), here.join(", ")))
}

/// The kind of event for a bundle that is not installed yet.
pub const KIND: &str = kind::STAGE;
