//! `airlift serve`

use super::network_free::run_until_stopped;
use crate::bundle::InPlace;
use crate::cli::Context;
use crate::ecosystems;
use crate::error::{Error, Kind, Result};
use crate::server::{AccessLog, Limits};
use crate::steps::import::order;
use crate::steps::predecessors::Predecessors;
use crate::steps::serve::{Address, Announce, Event, ServeOptions, Source, Tls, serve};
use crate::steps::verify::open;
use crate::store::View;
use crate::trust::pinned;
use clap::Args;
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Serve what is installed, or a bundle straight from its medium
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  airlift serve
  airlift serve --http 0.0.0.0:8080 --https 0.0.0.0:8443 --own-ca mirror.lan
  airlift serve /media/usb                      straight from the medium, nothing is imported")]
pub struct Serve {
    /// Volumes to serve in place, or folders that hold them [default: the store's current snapshot]
    places: Vec<PathBuf>,
    #[command(flatten)]
    options: Serving,
}

/// An address, and the ecosystem at its root.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    socket: SocketAddr,
    ecosystem: Option<&'static str>,
}

/// `IP:PORT` or `ECOSYSTEM=IP:PORT`.
fn place(text: &str) -> std::result::Result<Place, String> {
    let (name, socket) = text.split_once('=').map_or((None, text), |(name, socket)| (Some(name), socket));
    let known = |name: &str| ecosystems::names().into_iter().find(|known| *known == name);
    let ecosystem = match name {
        Some(name) => {
            Some(known(name).ok_or_else(|| format!("no ecosystem is called {name}; there are {}", ecosystems::names().join(", ")))?)
        }
        None => None,
    };
    let socket = socket.parse().map_err(|_| "expected IP:PORT, such as 0.0.0.0:8080, or models=0.0.0.0:8081".to_owned())?;
    Ok(Place { socket, ecosystem })
}

/// How to serve.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving")]
pub struct Serving {
    /// Address for plain HTTP; models=IP:PORT for one at whose root that ecosystem stands; may be repeated [default: 127.0.0.1:8080
    /// when no address is given]
    #[arg(long, value_name = "IP:PORT", value_parser = place)]
    pub http: Vec<Place>,
    /// Address for HTTPS, likewise; may be repeated
    #[arg(long, value_name = "IP:PORT", value_parser = place)]
    pub https: Vec<Place>,
    /// Certificate chain for HTTPS (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key for HTTPS (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Make a certificate authority of the mirror's own, for these host names or addresses; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "tls_cert")]
    pub own_ca: Vec<String>,
    /// What the mirror is called on its pages
    #[arg(long, value_name = "TEXT", default_value = "airlift mirror")]
    pub name: String,
    /// Whom to ask for more, shown on the start page
    #[arg(long, value_name = "TEXT")]
    pub contact: Option<String>,
    /// How clients reach the mirror, when the Host header does not tell
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Believe X-Forwarded headers: only behind a reverse proxy that sets them
    #[arg(long)]
    pub behind_proxy: bool,
    /// Where the access log goes, as JSON lines [default: standard error]
    #[arg(long, value_name = "FILE")]
    pub access_log: Option<PathBuf>,
}

impl Serve {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let source =
            if self.places.is_empty() { Source::Store(context.open_store()?) } else { Source::Views(in_place(&self.places, context)?) };
        run_until_stopped(|stopped| async { serve(self.options.options(context, |_| {})?, source, stopped).await })
    }
}

/// A view per bundle on the medium, and their union.
fn in_place(places: &[PathBuf], context: &Context) -> Result<Vec<View>> {
    // Without a store there is no root: that is what is missing, and nothing has to be imported for it.
    if !context.store_path().exists() {
        return Err(pinned::none_yet());
    }
    let store = context.open_store()?;
    let bundles = open(places, &context.accepted_root(&store)?)?;
    for bundle in &bundles {
        // Nothing is installed, so nothing is refused; but an old bundle must not pass for a new one.
        if let Err(error) = order(bundle, &Predecessors::in_store(&store)) {
            if error.kind() != Kind::Policy {
                return Err(error);
            }
            context.out.warn(format!("{}; it is served because you name it, and could not be imported", error.message()));
        }
    }
    let bundles = bundles.into_iter().map(InPlace::new).collect::<Result<Vec<_>>>()?;
    match &bundles[..] {
        [one] => Ok(one.views()),
        _ => Err(Error::usage(format!("there are {} bundles here; one can be served in place", bundles.len()))
            .hint("name the files of one of them")),
    }
}

impl Serving {
    /// The step's options; `listening` is called with the base URL of every bound address.
    pub fn options(&self, context: &Context, listening: impl Fn(&str) + Send + Sync + 'static) -> Result<ServeOptions> {
        let address = |tls| move |place: &Place| Address { socket: place.socket, tls, ecosystem: place.ecosystem };
        let mut addresses: Vec<Address> = self.http.iter().map(address(false)).chain(self.https.iter().map(address(true))).collect();
        if addresses.is_empty() {
            addresses.push(Address { socket: SocketAddr::from(([127, 0, 0, 1], 8080)), tls: false, ecosystem: None });
        }
        Ok(ServeOptions {
            name: self.name.clone(),
            contact: self.contact.clone(),
            addresses,
            tls: self.tls(context)?,
            public_base: self.public_url.clone(),
            forwarded: self.behind_proxy,
            log: self.log(context)?,
            limits: Limits::default(),
            poll: Duration::from_secs(2),
            announce: announce(context, listening),
        })
    }

    fn tls(&self, context: &Context) -> Result<Option<Tls>> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Ok(Some(Tls::Files { certificate: certificate.clone(), key: key.clone() })),
            _ if !self.own_ca.is_empty() => Ok(Some(Tls::OwnCa { folder: context.store_path().join("tls"), names: self.own_ca.clone() })),
            _ if self.https.is_empty() => Ok(None),
            _ => Err(Error::usage("HTTPS needs a certificate").hint("--tls-cert and --tls-key, or --own-ca NAME")),
        }
    }

    fn log(&self, context: &Context) -> Result<AccessLog> {
        match &self.access_log {
            Some(path) => {
                let file = std::fs::File::options().create(true).append(true).open(path);
                Ok(AccessLog::new(file.map_err(|e| Error::io(format!("{} cannot be opened", path.display()), &e))?))
            }
            None if context.out.quiet() => Ok(AccessLog::silent()),
            None => Ok(AccessLog::new(std::io::stderr())),
        }
    }
}

fn announce(context: &Context, listening: impl Fn(&str) + Send + Sync + 'static) -> Announce {
    let out = context.out;
    Arc::new(move |event| match event {
        Event::Listening(address) => {
            let url = format!("{}://{}", if address.tls { "https" } else { "http" }, address.socket);
            let _ = out.data(&json!({ "listening": url }), &format!("listening on {url}\n"));
            listening(&url);
        }
        Event::Serving(Some(snapshot)) => out.say(format!("serving snapshot {snapshot}; clients: airlift client pip")),
        Event::Serving(None) => out.say("serving; clients: airlift client pip"),
        Event::LeftOut(what) => out.warn(what),
        Event::Kept(error) => out.warn(format!("the newer snapshot cannot be served, the old one goes on: {error}")),
    })
}
