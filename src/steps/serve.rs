//! `serve`: a snapshot, or a bundle on its medium, over HTTP to stock clients; a new snapshot appears without a restart.

mod current;
mod pages;
mod reports;
mod site;

pub use site::Site;

use crate::error::{Error, Result};
use crate::server::{AccessLog, Door, Limits, Listener, listen, own_ca, tls_from_files};
use crate::store::{Store, View};
use current::Current;
use reports::Reports;
use rustls::ServerConfig;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Where the artifacts come from.
pub enum Source {
    /// A store: its current snapshot, whichever that is at the time.
    Store(Store),
    /// Views that do not change, such as a bundle served in place; the first is the one without a name in URLs.
    Views(Vec<View>),
}

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// IP address and port; port 0 takes any free one.
    pub socket: SocketAddr,
    /// Whether HTTPS is spoken there.
    pub tls: bool,
    /// An ecosystem that stands at the root there; everything else stays where it is.
    pub ecosystem: Option<&'static str>,
}

/// Where the certificate comes from.
#[derive(Debug, Clone)]
pub enum Tls {
    /// PEM files of the site.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// An authority of the mirror's own, kept in a folder and made at first start.
    OwnCa {
        /// The folder.
        folder: PathBuf,
        /// How clients call this host: DNS names and IP addresses.
        names: Vec<String>,
    },
}

/// What happens while serving, for whoever started it.
#[derive(Debug, Clone)]
pub enum Event {
    /// An address is bound and answers.
    Listening(Address),
    /// From now on this is served; `None` from a store without a snapshot, and for views.
    Serving(Option<u64>),
    /// What of it is left out, and why: a line for each ecosystem.
    LeftOut(String),
    /// A newer snapshot cannot be served: the old one goes on.
    Kept(Error),
}

/// Receives events.
pub type Announce = Arc<dyn Fn(Event) + Send + Sync>;

/// How to serve.
pub struct ServeOptions {
    /// What the mirror is called on its pages.
    pub name: String,
    /// Whom to ask for more, shown on the start page.
    pub contact: Option<String>,
    /// Where to listen; at least one.
    pub addresses: Vec<Address>,
    /// The certificate, needed when an address speaks HTTPS.
    pub tls: Option<Tls>,
    /// How clients reach the mirror (`https://mirror.lan`), when the `Host` header would not tell.
    pub public_base: Option<String>,
    /// Whether `X-Forwarded-*` headers are believed: only behind a reverse proxy that sets them.
    pub forwarded: bool,
    /// The access log.
    pub log: AccessLog,
    /// What clients may use up.
    pub limits: Limits,
    /// How often to look for a new snapshot.
    pub poll: Duration,
    /// Hears what happens.
    pub announce: Announce,
}

impl ServeOptions {
    /// Plain HTTP on one address, nothing logged, nobody told.
    pub fn on(socket: SocketAddr) -> Self {
        Self {
            name: "airlift mirror".to_owned(),
            contact: None,
            addresses: vec![Address { socket, tls: false, ecosystem: None }],
            tls: None,
            public_base: None,
            forwarded: false,
            log: AccessLog::silent(),
            limits: Limits::default(),
            poll: Duration::from_secs(2),
            announce: Arc::new(|_| {}),
        }
    }
}

/// What every page and snippet needs to know, whatever snapshot is served.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What the mirror is called.
    pub name: String,
    /// Whom to ask for more.
    pub contact: Option<String>,
    /// The certificate of the mirror's own authority in PEM, and its SHA-256.
    pub authority: Option<(String, String)>,
    /// The store whose signed reports are shown.
    pub reports: Option<Arc<Reports>>,
}

/// Serves until `shutdown` is done; running answers are then given the time of grace.
pub async fn serve(options: ServeOptions, source: Source, shutdown: impl Future<Output = ()>) -> Result<()> {
    let (tls, authority) = options.tls.as_ref().map(open_tls).transpose()?.unzip();
    let public_base = options.public_base.as_deref().map(public).transpose()?;
    let ServeOptions { name, contact, .. } = options;
    let settings = Arc::new(Settings { name, contact, authority: authority.flatten(), reports: Reports::of(&source) });
    let listeners = bind(&options.addresses, tls.as_ref()).await?;
    let current = Current::open(source, settings, options.announce.clone(), options.poll).await?;
    for (listener, address) in listeners.iter().zip(&options.addresses) {
        (options.announce)(Event::Listening(Address { socket: listener.address(), ..*address }));
    }
    let (switch, log, forwarded) = (current.switch(), Arc::new(options.log), options.forwarded);
    let door = Door { switch, log, forwarded, public_base, questions: site::is_question };
    let following = tokio::spawn(current.follow());
    listen(listeners, door, options.limits, shutdown).await;
    following.abort();
    Ok(())
}

/// The mirror's address as it stands before paths.
fn public(text: &str) -> Result<Arc<str>> {
    let fits = |url: &Url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    let bare = |url: &Url| url.username().is_empty() && url.password().is_none();
    match Url::parse(text) {
        Ok(url) if fits(&url) && bare(&url) => Ok(url.as_str().trim_end_matches('/').into()),
        _ => Err(Error::usage("the mirror's public address is not taken")
            .with("expected", "https://HOST[:PORT][/PREFIX], without a login and a query")
            .with("found", format!("{text:.200}"))),
    }
}

type Authority = (String, String);

fn open_tls(tls: &Tls) -> Result<(Arc<ServerConfig>, Option<Authority>)> {
    match tls {
        Tls::Files { certificate, key } => Ok((tls_from_files(certificate, key)?, None)),
        Tls::OwnCa { folder, names } => {
            let made = own_ca(folder, names)?;
            Ok((made.config, Some((made.ca_pem, made.fingerprint))))
        }
    }
}

async fn bind(addresses: &[Address], tls: Option<&Arc<ServerConfig>>) -> Result<Vec<Listener>> {
    if addresses.is_empty() {
        return Err(Error::usage("there is no address to listen on"));
    }
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        if address.tls && tls.is_none() {
            let error = Error::usage(format!("{} is to speak HTTPS, but there is no certificate", address.socket));
            return Err(error.hint("give a certificate and its key, or let the mirror make its own authority"));
        }
        let listener = Listener::bind(address.socket, tls.filter(|_| address.tls).cloned()).await?;
        listeners.push(listener.below(address.ecosystem));
    }
    Ok(listeners)
}
