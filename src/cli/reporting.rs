//! Three ways to show progress.

use super::output::tell;
use crate::ecosystems::bytes;
use crate::error::plain;
use crate::progress::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Bars on a terminal.
#[derive(Default)]
pub struct Bars {
    all: MultiProgress,
    open: Mutex<BTreeMap<&'static str, ProgressBar>>,
}

impl Progress for Bars {
    fn begin(&self, phase: &'static str, total: u64) {
        let template = match total {
            0 => "{prefix:<10} {spinner}  {decimal_bytes}  {decimal_bytes_per_sec}",
            _ => "{prefix:<10} {wide_bar}  {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─");
        let bar = self.all.add(ProgressBar::new(total).with_style(style).with_prefix(phase));
        self.open.lock().expect("no reporting thread panics").insert(phase, bar);
    }

    fn advance(&self, phase: &'static str, bytes: u64) {
        if let Some(bar) = self.open.lock().expect("no reporting thread panics").get(phase) {
            bar.inc(bytes);
        }
    }

    fn end(&self, phase: &'static str) {
        if let Some(bar) = self.open.lock().expect("no reporting thread panics").remove(phase) {
            bar.finish();
        }
    }

    fn note(&self, message: &str) {
        let _ = self.all.println(plain(message));
    }
}

/// How often a line or an event is written.
const PERIOD: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Meter {
    phases: Mutex<BTreeMap<&'static str, Phase>>,
}

struct Phase {
    total: u64,
    done: u64,
    began: Instant,
    told: Instant,
}

/// A moment of a phase: done, total, seconds since it began.
type Moment = (u64, u64, f64);

impl Meter {
    fn begin(&self, phase: &'static str, total: u64) {
        let now = Instant::now();
        self.phases.lock().expect("no reporting thread panics").insert(phase, Phase { total, done: 0, began: now, told: now });
    }

    /// Counts; gives a moment to tell of when it is time.
    fn advance(&self, phase: &'static str, bytes: u64) -> Option<Moment> {
        let mut phases = self.phases.lock().expect("no reporting thread panics");
        let phase = phases.get_mut(phase)?;
        phase.done += bytes;
        (phase.told.elapsed() >= PERIOD).then(|| {
            phase.told = Instant::now();
            (phase.done, phase.total, phase.began.elapsed().as_secs_f64())
        })
    }

    fn end(&self, phase: &'static str) -> Option<Moment> {
        let phase = self.phases.lock().expect("no reporting thread panics").remove(phase)?;
        Some((phase.done, phase.total, phase.began.elapsed().as_secs_f64()))
    }
}

fn rate(done: u64, seconds: f64) -> u64 {
    (done as f64 / seconds.max(0.001)) as u64
}

/// A plain line now and then, for logs.
#[derive(Default)]
pub struct Lines {
    meter: Meter,
}

impl Lines {
    fn tell(phase: &str, (done, total, seconds): Moment) {
        let (rate, left) = (rate(done, seconds), total.saturating_sub(done));
        let eta = if left == 0 || rate == 0 { String::new() } else { format!("  {} s left", left / rate.max(1)) };
        let of = if total == 0 { String::new() } else { format!("/{}", bytes(total)) };
        tell(format!("{phase:<10} {}{of}  {}/s{eta}", bytes(done), bytes(rate)));
    }
}

impl Progress for Lines {
    fn begin(&self, phase: &'static str, total: u64) {
        self.meter.begin(phase, total);
    }

    fn advance(&self, phase: &'static str, bytes: u64) {
        if let Some(moment) = self.meter.advance(phase, bytes) {
            Self::tell(phase, moment);
        }
    }

    fn end(&self, phase: &'static str) {
        if let Some(moment) = self.meter.end(phase).filter(|m| m.1 > 0) {
            Self::tell(phase, moment);
        }
    }

    fn note(&self, message: &str) {
        tell(plain(message));
    }
}

/// JSON lines on stderr, for programs.
#[derive(Default)]
pub struct Events {
    meter: Meter,
}

impl Events {
    fn tell(event: &str, phase: &str, (done, total, seconds): Moment) {
        let event = json!({ "event": event, "phase": phase, "bytes": done, "total": total, "bytes_per_second": rate(done, seconds) });
        tell(event.to_string());
    }
}

impl Progress for Events {
    fn begin(&self, phase: &'static str, total: u64) {
        self.meter.begin(phase, total);
        Self::tell("begin", phase, (0, total, 0.0));
    }

    fn advance(&self, phase: &'static str, bytes: u64) {
        if let Some(moment) = self.meter.advance(phase, bytes) {
            Self::tell("progress", phase, moment);
        }
    }

    fn end(&self, phase: &'static str) {
        if let Some(moment) = self.meter.end(phase) {
            Self::tell("end", phase, moment);
        }
    }

    fn note(&self, message: &str) {
        tell(json!({ "event": "note", "message": message }).to_string());
    }
}
