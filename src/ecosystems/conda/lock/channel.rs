//! Channels: where they are, and the names they are served under.

use super::super::meta::{Relations, is_channel, is_subdir};
use super::super::section::{Channel as Wanted, Section};
use crate::error::{Error, Result};
use crate::upstream::check_plain;
use std::collections::BTreeMap;
use url::Url;

/// What stands before names of channels.
const ALIAS: &str = "https://conda.anaconda.org/";
/// The channels behind the name `defaults`, and their terms.
const DEFAULTS: [&str; 2] = ["https://repo.anaconda.com/pkgs/main/", "https://repo.anaconda.com/pkgs/r/"];
/// Hosts whose channels may be used under terms that cost some organisations money.
const LICENSED: [&str; 2] = ["repo.anaconda.com", "repo.anaconda.cloud"];
/// Most channels of a section.
const MOST: usize = 100;

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The name it is served under.
    pub name: String,
    /// Where its platforms are; ends with a slash.
    pub url: Url,
}

/// The channels of a section, in its order, each once.
pub struct Channels {
    /// What stands before names.
    alias: Url,
    /// Hosts that are asked over plain HTTP.
    plain_http: Vec<String>,
    /// The channels.
    pub list: Vec<Channel>,
    /// What they say they are built upon, by their place in the list: references, as they write them.
    pub relations: BTreeMap<usize, Relations>,
}

impl Channels {
    /// Those that the section itself names; `plain_http` are hosts that may be asked over plain HTTP beside the section's own.
    pub fn of(section: &Section, plain_http: &[String]) -> Result<Self> {
        let plain_http = [&section.plain_http, plain_http].concat();
        let alias = address(section.channel_alias.as_deref().unwrap_or(ALIAS), &plain_http).map_err(|e| e.about("channel-alias"))?;
        let mut channels = Self { alias, plain_http, list: vec![], relations: BTreeMap::new() };
        for wanted in &section.channels {
            match wanted {
                Wanted::Short(text) => channels.add(text)?,
                Wanted::Named(named) => {
                    let url = address(&named.url, &channels.plain_http)?;
                    channels.push(Channel { name: named.name.clone(), url })?;
                }
            }
        }
        Ok(channels)
    }

    /// Adds a channel by name or URL, as environment files write it.
    pub fn add(&mut self, text: &str) -> Result<()> {
        match text {
            "nodefaults" => Ok(()),
            "defaults" => DEFAULTS.iter().try_for_each(|url| self.push(self.channel(url)?)),
            text => self.push(self.channel(text)?),
        }
    }

    /// The channel that a name or URL stands for.
    pub fn channel(&self, text: &str) -> Result<Channel> {
        if text.contains("://") {
            let url = address(text, &self.plain_http)?;
            let known = self.list.iter().find(|channel| channel.url == url);
            return known.cloned().map_or_else(|| Ok(Channel { name: self.name(&url)?, url }), Ok);
        }
        if text.starts_with(['.', '/', '~']) || text.contains('\\') {
            return Err(local(text));
        }
        if !is_channel(text) {
            return Err(Error::usage("this is no channel")
                .with("expected", "a name such as conda-forge or conda-forge/label/dev, or a URL without a platform")
                .with("found", format!("{text:.120}")));
        }
        let url = self.alias.join(&format!("{text}/")).map_err(|e| Error::usage(format!("{text}: not a channel")).because(&e))?;
        Ok(Channel { name: text.to_owned(), url })
    }

    /// The name of a channel that has only a URL: what follows the alias, or the path, or the host.
    fn name(&self, url: &Url) -> Result<String> {
        let path = url.as_str().strip_prefix(self.alias.as_str()).unwrap_or(url.path()).trim_matches('/');
        let name = if path.is_empty() { url.host_str().unwrap_or_default() } else { path };
        if is_channel(name) {
            return Ok(name.to_owned());
        }
        Err(Error::usage(format!("{url}: no name follows from the address"))
            .hint(format!("give one: {{ name = \"team\", url = \"{url}\" }}")))
    }

    /// Adds a channel that follows from the address of a package.
    pub fn add_known(&mut self, channel: &Channel) -> Result<()> {
        self.push(channel.clone())
    }

    /// Takes what an index says of its channel; each of its platforms may say it, and the first that does counts.
    pub fn told(&mut self, place: usize, relations: &Relations) {
        let known = self.relations.entry(place).or_default();
        known.base = known.base.take().or_else(|| relations.base.clone());
        known.overrides = known.overrides.take().or_else(|| relations.overrides.clone());
    }

    fn push(&mut self, channel: Channel) -> Result<()> {
        if !is_channel(&channel.name) {
            return Err(Error::usage("the name of a channel is refused")
                .with("expected", "letters, digits, `-`, `_`, `.`; segments with `/` between them, none of them a platform")
                .with("found", format!("{:.120}", channel.name)));
        }
        if let Some(known) = self.list.iter().find(|known| known.name == channel.name && known.url != channel.url) {
            return Err(Error::usage(format!("two channels would be served as {}", channel.name))
                .with_all("found", &[known.url.to_string(), channel.url.to_string()])
                .hint("give one a name of its own: { name = \"…\", url = \"…\" }"));
        }
        if self.list.len() >= MOST {
            return Err(Error::usage("too many channels").with("expected", format!("at most {MOST}")));
        }
        if !self.list.contains(&channel) {
            self.list.push(channel);
        }
        Ok(())
    }
}

/// The channel, platform and file of a package's URL.
pub fn taken_apart(channels: &Channels, url: &Url) -> Result<(Channel, String, String)> {
    let wrong = || {
        Error::usage(format!("{:.200}: not the address of a package", crate::upstream::shown(url)))
            .with("expected", "CHANNEL/PLATFORM/NAME-VERSION-BUILD.conda or .tar.bz2")
    };
    let mut parts: Vec<&str> = url.path_segments().ok_or_else(wrong)?.collect();
    let (file, subdir) = (parts.pop().ok_or_else(wrong)?.to_owned(), parts.pop().ok_or_else(wrong)?.to_owned());
    if !is_subdir(&subdir) || super::super::meta::media_type(&file).is_none() {
        return Err(wrong());
    }
    let file = crate::artifact::percent_decoded(&file).ok_or_else(wrong)?;
    let mut base = url.clone();
    base.set_fragment(None);
    base.set_path(&format!("{}/", parts.join("/")));
    let base = address(base.as_str(), &channels.plain_http)?;
    Ok((channels.channel(base.as_str())?, subdir, file))
}

/// What should be known before a channel is used.
pub fn note(channel: &Channel) -> Option<String> {
    let licensed = channel.url.host_str().is_some_and(|host| LICENSED.contains(&host));
    licensed.then(|| format!("channel {}: its terms of service ask larger organisations for a licence, for copies too", channel.name))
}

/// The address of a channel, which must not hold a secret: it stands in the lock and in every bundle.
pub fn address(text: &str, plain_http: &[String]) -> Result<Url> {
    let url = Url::parse(text).map_err(|e| Error::usage("not a URL").because(&e).with("found", format!("{:.120}", hidden(text))))?;
    match url.scheme() {
        "https" | "http" => {}
        "file" => return Err(local("a file: address")),
        other => return Err(Error::usage("the scheme is not known").with("expected", "https").with("found", format!("{other:.20}"))),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(secret("a login", &url));
    }
    check_plain(&url, plain_http)?;
    // Wherever it stands: clients put it behind the host or before the name of the channel.
    let parts: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    if parts.windows(2).any(|pair| pair[0] == "t" && !pair[1].is_empty()) {
        return Err(secret("a token (/t/…)", &url));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::usage("the address of a channel has no query and no fragment").with("found", crate::upstream::shown(&url)));
    }
    let mut url = url;
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    if url.path_segments().into_iter().flatten().rev().nth(1).is_some_and(is_subdir) {
        return Err(
            Error::usage(format!("{url}: a channel is named without its platform")).hint("leave the last part out; the targets say it")
        );
    }
    Ok(url)
}

fn secret(what: &str, url: &Url) -> Error {
    let host = url.host_str().unwrap_or_default();
    Error::usage(format!("the address of a channel holds {what}: it would stand in the lock")).with("host", host).hint(format!(
        "put it into the netrc file: machine {host} login NAME password SECRET; without `login` it is sent as a bearer token"
    ))
}

fn local(found: &str) -> Error {
    Error::usage("a channel in a folder is not read: a lock says where its packages can be had by anybody")
        .with("found", format!("{found:.120}"))
        .hint("serve the folder, such as with: python3 -m http.server, and name its URL")
}

/// Whatever stands before an `@` may be a secret.
fn hidden(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, rest)| rest)
}
