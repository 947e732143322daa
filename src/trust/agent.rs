//! ssh-agent over its Unix socket (draft-ietf-sshm-ssh-agent): lists keys, signs. What FIDO2 tokens, PIV cards and PKCS#11 modules are
//! reached through, without linking any of them. Answers are bounded in size and in time.

use super::public::PublicKey;
use super::sshsig::Signer;
use super::wire::{Reader, put};
use crate::error::{Error, Kind, Result};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// Longest message OpenSSH's own agent takes.
const MAX_MESSAGE: u32 = 256 << 10;
/// Most keys an agent may list.
const MAX_KEYS: u32 = 1024;

/// An agent, spoken to anew for each question.
#[derive(Debug, Clone)]
pub struct Agent {
    socket: PathBuf,
    patience: Duration,
}

/// A key inside an agent.
#[derive(Debug, Clone)]
pub struct AgentKey {
    agent: Agent,
    public: PublicKey,
    comment: String,
}

impl Agent {
    /// The agent at a socket; `patience` is how long it may be silent, which includes the time until a token is touched.
    pub fn at(socket: &Path, patience: Duration) -> Self {
        Self { socket: socket.to_owned(), patience }
    }

    /// Its keys of the supported types; others are passed over.
    pub fn keys(&self) -> Result<Vec<AgentKey>> {
        let answer = self.ask(&[REQUEST_IDENTITIES], IDENTITIES_ANSWER)?;
        let mut reader = Reader::new(&answer);
        let count = reader.number().filter(|n| *n <= MAX_KEYS).ok_or_else(|| self.garbled())?;
        let mut keys = Vec::new();
        for _ in 0..count {
            let (blob, comment) = reader.string().zip(reader.string()).ok_or_else(|| self.garbled())?;
            if let Ok(public) = PublicKey::from_blob(blob) {
                keys.push(AgentKey { agent: self.clone(), public, comment: String::from_utf8_lossy(comment).into_owned() });
            }
        }
        reader.finish().ok_or_else(|| self.garbled())?;
        Ok(keys)
    }

    /// The key with that public half.
    pub fn key(&self, public: &PublicKey) -> Result<AgentKey> {
        self.keys()?.into_iter().find(|k| k.public == *public).ok_or_else(|| self.no_key(&public.fingerprint()))
    }

    /// The key with that fingerprint, as `ssh-add -l` prints it.
    pub fn key_by_fingerprint(&self, fingerprint: &str) -> Result<AgentKey> {
        self.keys()?.into_iter().find(|k| k.public.fingerprint() == fingerprint).ok_or_else(|| self.no_key(fingerprint))
    }

    fn no_key(&self, wanted: &str) -> Error {
        Error::new(Kind::Incomplete, "the ssh-agent does not hold the key")
            .with("expected", format!("{wanted:.100}"))
            .with("agent", self.socket.display())
            .hint("list what it holds with `ssh-add -l`, add a key with `ssh-add PATH`")
    }

    fn ask(&self, request: &[u8], expected: u8) -> Result<Vec<u8>> {
        let failed = |e: &std::io::Error| match e.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::failed("the ssh-agent did not answer in time")
                .with("agent", self.socket.display())
                .hint("a token may be waiting to be touched: run the command again"),
            _ => Error::failed(format!("the ssh-agent at {} cannot be reached", self.socket.display()))
                .because(e)
                .hint("start one with: eval \"$(ssh-agent)\""),
        };
        let answer = self.exchange(request).map_err(|e| failed(&e))?;
        match answer.split_first() {
            Some((kind, rest)) if *kind == expected => Ok(rest.to_vec()),
            Some((&FAILURE, _)) => Err(Error::failed("the ssh-agent refused")
                .with("agent", self.socket.display())
                .hint("it may be locked, or the touch or PIN of a token was not given")),
            _ => Err(self.garbled()),
        }
    }

    fn exchange(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        let mut message = Vec::new();
        put(&mut message, request);
        stream.write_all(&message)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length == 0 || length > MAX_MESSAGE {
            return Err(std::io::Error::new(ErrorKind::InvalidData, format!("an answer of {length} bytes is out of bounds")));
        }
        let mut answer = vec![0; length as usize];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }

    fn garbled(&self) -> Error {
        Error::failed("the ssh-agent's answer is not understood").with("agent", self.socket.display())
    }
}

impl AgentKey {
    /// The comment it was added with.
    pub fn comment(&self) -> &str {
        &self.comment
    }
}

impl Signer for AgentKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign_ssh(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut request = vec![SIGN_REQUEST];
        put(&mut request, &self.public.blob());
        put(&mut request, message);
        request.extend_from_slice(&0u32.to_be_bytes());
        let answer = self.agent.ask(&request, SIGN_RESPONSE)?;
        let mut reader = Reader::new(&answer);
        let signature = reader.string().ok_or_else(|| self.agent.garbled())?.to_vec();
        reader.finish().ok_or_else(|| self.agent.garbled())?;
        Ok(signature)
    }
}
