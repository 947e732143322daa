//! The options of every command that uses the network, and the runtime it needs.

use crate::cli::Context;
use crate::cli::sizes::volume_size;
use crate::error::{Error, Result, shown};
use crate::progress::interrupted;
use crate::store::read_bounded;
use crate::upstream::{Credentials, Notice, Settings, Upstream};
use clap::builder::RangedU64ValueParser;
use clap::{Args, value_parser};
use std::path::PathBuf;
use std::time::Duration;

/// How the network is used.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// Blobs to fetch at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = RangedU64ValueParser::<usize>::new().range(1..=256))]
    pub parallel: usize,
    /// Certificate authority to trust besides the system's (PEM)
    #[arg(long, value_name = "FILE")]
    pub ca_file: Vec<PathBuf>,
    /// Host that may be asked over plain HTTP
    #[arg(long, value_name = "HOST:PORT")]
    pub plain_http: Vec<String>,
    /// Attempts in a row without progress before giving up
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = value_parser!(u32).range(1..))]
    pub attempts: u32,
    /// Longest wait for the next bytes
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = value_parser!(u64).range(1..=86400))]
    pub timeout: u64,
    /// Longest file that is downloaded because nobody tells its digest or size
    #[arg(long, value_name = "SIZE", default_value = "100GB", value_parser = volume_size)]
    pub max_download: u64,
}

impl Network {
    /// Opens the door to the network.
    pub fn upstream(&self, context: &Context) -> Result<Upstream> {
        let mut credentials = Credentials::default();
        if let Some(text) = read_bounded(&context.environment.netrc, 1 << 20)? {
            for unused in credentials.read_netrc(&String::from_utf8_lossy(&text)) {
                context.out.warn(format!("{}: {unused}", shown(&context.environment.netrc)));
            }
        }
        let read =
            |path: &PathBuf| read_bounded(path, 4 << 20)?.ok_or_else(|| Error::usage(format!("{}: there is no such file", path.display())));
        Upstream::new(Settings {
            credentials,
            extra_roots: self.ca_file.iter().map(read).collect::<Result<_>>()?,
            connect_timeout: Duration::from_secs(self.timeout.min(20)),
            read_timeout: Duration::from_secs(self.timeout),
            attempts: self.attempts,
            most_learned: self.max_download,
            notice: {
                let out = context.out;
                Notice::new(move |line| out.note(line))
            },
            plain_http: self.plain_http.clone(),
            login_files: context.environment.login_files.clone(),
            ..Settings::default()
        })
    }
}

/// How long work that cannot be interrupted, such as waiting for a credential helper, may hold up the end of the program.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Runs a future to its end, or until Ctrl-C.
pub fn run<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Error::io("the runtime cannot be started", &e))?;
    let done = runtime.block_on(async {
        // Before the work begins: a Ctrl-C in its first moment counts as well.
        let interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
        let mut interrupt = interrupt.map_err(|e| Error::io("signals cannot be received", &e))?;
        tokio::select! {
            done = work => done,
            _ = interrupt.recv() => Err(interrupted()),
        }
    });
    // Dropped, the runtime would wait for as long as its blocking threads take.
    runtime.shutdown_timeout(LAST_WAIT);
    done
}
