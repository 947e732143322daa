//! `airlift client`

use crate::cli::Context;
use crate::ecosystems::Mirror;
use crate::error::{Kind, Result};
use crate::steps::client::client;
use clap::Args;
use serde_json::{Value, json};

/// Print what a client is configured with
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift client pip --mirror https://mirror.lan:8443 >> ~/.config/pip/pip.conf")]
pub struct Client {
    /// pip, uv, docker, containerd, podman, hf, curl … [default: all]
    client: Option<String>,
    /// Where the mirror answers
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = mirror_url)]
    mirror: String,
    /// The view to use
    #[arg(long, value_name = "NAME", default_value = "latest", value_parser = view_name)]
    view: String,
    /// The mirror's certificate is from an authority the client does not know yet
    #[arg(long)]
    own_ca: bool,
}

impl Client {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let mirror = Mirror { base: self.mirror.trim_end_matches('/').to_owned(), view: self.view, own_ca: self.own_ca };
        // Elsewhere than on the mirror's host there is no store, and nothing is said of what is installed.
        let store = match context.open_store() {
            Err(error) if error.kind() == Kind::Incomplete => None,
            store => Some(store?),
        };
        let snippets = client(self.client.as_deref(), &mirror, store.as_ref())?;
        let text: String = snippets.iter().map(|s| format!("# {}: {}\n{}\n", s.client, s.place, s.text.trim_end())).collect();
        let list: Vec<Value> = snippets.iter().map(|s| json!({ "client": s.client, "place": s.place, "text": s.text })).collect();
        context.out.data(&json!(list), &text)
    }
}

/// An address that can stand in a client's configuration as it is: nothing in it needs quoting there.
fn mirror_url(text: &str) -> std::result::Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&b);
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match url {
        Some(_) if text.bytes().all(plain) => Ok(text.to_owned()),
        _ => Err("expected http:// or https:// and a host, such as https://mirror.lan:8443, without login, query or spaces".to_owned()),
    }
}

/// `latest`, NAME-SEQ or NAME@LINE-SEQ.
fn view_name(text: &str) -> std::result::Result<String, String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.@".contains(&b);
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if first && text.bytes().all(plain) { Ok(text.to_owned()) } else { Err("expected latest, NAME-SEQ or NAME@LINE-SEQ".to_owned()) }
}
