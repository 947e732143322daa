//! Match specs as people write them: `numpy >=2`, `conda-forge::libfoo`, `conda-forge/noarch::x`.

use super::channel::Channels;
use crate::error::{Error, Result};
use rattler_conda_types::{Channel as SolverChannel, ChannelUrl, MatchSpec, ParseMatchSpecOptions};
use std::sync::Arc;

/// Longest spec, in bytes.
const LONGEST: usize = 1000;

/// A spec whose channel is one of the section's.
#[derive(Debug, Clone)]
pub struct Spec {
    /// In the solver's words.
    pub spec: MatchSpec,
    /// The package's name, in lower case.
    pub name: String,
    /// The only platform it may come from.
    pub subdir: Option<String>,
}

impl Spec {
    /// Reads a spec; a channel in it must be one of the section's.
    pub fn parse(text: &str, channels: &Channels) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(wrong(text).with("expected", format!("at most {LONGEST} bytes")));
        }
        let spec = MatchSpec::from_str(text, ParseMatchSpecOptions::lenient()).map_err(|e| wrong(text).because(&e))?;
        Self::settle(spec, text, channels)
    }

    /// A spec that was read elsewhere.
    pub fn settle(mut spec: MatchSpec, text: &str, channels: &Channels) -> Result<Self> {
        if spec.url.is_some() {
            return Err(wrong(text).hint("a package by its address belongs into a list with @EXPLICIT: explicit = \"list.txt\""));
        }
        if spec.condition.is_some() || spec.extras.is_some() {
            return Err(wrong(text).with("expected", "neither a condition nor extras: the targets say what holds"));
        }
        let Some(name) = spec.name.as_exact() else {
            return Err(wrong(text).with("expected", "the name of one package"));
        };
        let name = name.as_normalized().to_owned();
        if name.starts_with("__") {
            return Err(wrong(text).hint("a virtual package follows from the target; change it under virtual-packages"));
        }
        if let Some(channel) = spec.channel.take() {
            let written = channel.name.as_deref().unwrap_or_default();
            let by_name = channels.list.iter().find(|known| known.name == written);
            let Some(known) = by_name.or_else(|| channels.list.iter().find(|known| known.url == **channel.base_url.url())) else {
                return Err(wrong(text)
                    .with("expected", channels.list.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", "))
                    .with("found", format!("channel {written:.120}"))
                    .hint("add it to `channels`"));
            };
            spec.channel = Some(Arc::new(SolverChannel::from_url(ChannelUrl::from(known.url.clone()))));
        }
        let subdir = spec.subdir.take();
        Ok(Self { spec, name, subdir })
    }
}

fn wrong(text: &str) -> Error {
    Error::usage(format!("{text:.200}: this spec is not taken"))
}
