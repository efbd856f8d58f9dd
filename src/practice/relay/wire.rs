//! The few words of PostgreSQL's protocol 3 that the relay understands.
//!
//! Facts: "Message Formats" and "Error and Notice Message Fields" in PostgreSQL's manual.

use super::refusal::Refusal;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

const SSL_REQUEST: u32 = 80_877_103;
const GSSENC_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
/// PostgreSQL's own limit for a first packet, in bytes.
const LONGEST_OPENING: usize = 10_000;
/// Nothing a server says before `ReadyForQuery` is longer than this, in bytes.
const LONGEST_GREETING: usize = 1 << 20;
/// Type byte and length.
const HEADER: usize = 5;

/// The first packet of a connection: the only kind without a type byte.
pub(super) enum Opening {
    /// "May we speak TLS?"
    Tls,
    /// "May we speak GSSAPI?"
    Gss,
    /// "Stop what this other session does": the whole packet, to be passed on as it is.
    Cancel(Bytes),
    /// Who wants in, and where.
    Startup(Startup),
}

impl Opening {
    /// Reads one, and not a byte more: what follows `SSLRequest` belongs to TLS.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let length = stream.read_u32().await? as usize;
        if !(8..=LONGEST_OPENING).contains(&length) {
            return Err(malformed("the first packet's length"));
        }
        let mut packet = vec![0; length - 4];
        stream.read_exact(&mut packet).await?;
        let mut body = Bytes::from(packet);
        match body.get_u32() {
            SSL_REQUEST => Ok(Self::Tls),
            GSSENC_REQUEST => Ok(Self::Gss),
            CANCEL_REQUEST => Ok(Self::Cancel(framed(CANCEL_REQUEST, &body))),
            version => Startup::parse(version, &body).map(Self::Startup),
        }
    }
}

/// A startup message: protocol version and parameters, in the client's order.
pub(super) struct Startup {
    version: u32,
    parameters: Vec<(String, String)>,
}

impl Startup {
    fn parse(version: u32, body: &[u8]) -> io::Result<Self> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("the startup message"))?;
        let mut words = text.split('\0');
        let mut parameters = Vec::new();
        while let Some(name) = words.next().filter(|name| !name.is_empty()) {
            let value = words
                .next()
                .ok_or_else(|| malformed("the startup message"))?;
            parameters.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self {
            version,
            parameters,
        })
    }

    /// A parameter's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Takes `endpoint=<id>` out of the options, where clients without SNI put it.
    pub(super) fn take_endpoint(&mut self) -> Option<String> {
        let options = self
            .parameters
            .iter_mut()
            .find(|(key, _)| key == "options")?;
        let mut endpoint = None;
        let mut rest = Vec::new();
        for option in split_options(&options.1) {
            match option.strip_prefix("endpoint=") {
                Some(id) => endpoint = Some(id.to_owned()),
                None => rest.push(option),
            }
        }
        options.1 = rest.join(" ");
        endpoint
    }

    /// The names of the settings in the options: `-c name=value`, `-cname=value`, `--name=value`.
    pub(super) fn settings(&self) -> Vec<String> {
        let mut words = split_options(self.get("options").unwrap_or_default()).into_iter();
        let mut names = Vec::new();
        while let Some(word) = words.next() {
            let setting = match word {
                "-c" => words.next().unwrap_or(word),
                _ => word
                    .strip_prefix("--")
                    .or(word.strip_prefix("-c"))
                    .unwrap_or(word),
            };
            let name = setting.split('=').next().unwrap_or(setting);
            names.push(name.replace('-', "_").to_lowercase());
        }
        names
    }

    /// What the server behind gets to see: only what Neon's proxy forwards too.
    pub(super) fn forwarded(&self) -> Bytes {
        const FORWARDED: [&str; 5] = [
            "user",
            "database",
            "application_name",
            "replication",
            "options",
        ];
        let mut body = BytesMut::new();
        for (name, value) in &self.parameters {
            if FORWARDED.contains(&name.as_str()) && !value.is_empty() {
                for word in [name, value] {
                    body.put_slice(word.as_bytes());
                    body.put_u8(0);
                }
            }
        }
        body.put_u8(0);
        framed(self.version, &body)
    }
}

/// Splits as PostgreSQL's `pg_split_opts` does: at white space that no backslash protects.
/// The backslashes stay.
fn split_options(options: &str) -> Vec<&str> {
    let mut escaped = false;
    options
        .split(move |c: char| {
            let split = c.is_ascii_whitespace() && !escaped;
            escaped = c == '\\' && !escaped;
            split
        })
        .filter(|option| !option.is_empty())
        .collect()
}

fn framed(code: u32, body: &[u8]) -> Bytes {
    let mut packet = BytesMut::with_capacity(body.len() + 8);
    // A first packet is at most 10,000 bytes long.
    packet.put_u32(body.len() as u32 + 8);
    packet.put_u32(code);
    packet.put_slice(body);
    packet.freeze()
}

/// An ErrorResponse.
pub(super) fn error_response(severity: &str, code: &str, message: &str) -> Bytes {
    let mut body = BytesMut::new();
    for (field, value) in [(b'S', severity), (b'C', code), (b'M', message)] {
        body.put_u8(field);
        body.put_slice(value.as_bytes());
        body.put_u8(0);
    }
    body.put_u8(0);
    let mut response = BytesMut::with_capacity(HEADER + body.len());
    response.put_u8(b'E');
    // Our own messages are short.
    response.put_u32(body.len() as u32 + 4);
    response.put_slice(&body);
    response.freeze()
}

/// One field of an ErrorResponse's body.
fn error_field(mut body: &[u8], wanted: u8) -> Option<String> {
    while let Some((&field, rest)) = body.split_first() {
        let end = rest.iter().position(|&byte| byte == 0)?;
        if field == wanted {
            return Some(String::from_utf8_lossy(&rest[..end]).into_owned());
        }
        body = &rest[end + 1..];
    }
    None
}

/// Follows the server's words up to its first `ReadyForQuery`, and says its errors as Neon's
/// proxy says them: all with SQLSTATE XX000, a wrong password in words of its own.
pub(super) struct Greeting {
    user: String,
    unfinished: BytesMut,
    over: bool,
}

impl Greeting {
    /// For a session of this user.
    pub(super) fn new(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            unfinished: BytesMut::new(),
            over: false,
        }
    }

    /// The next bytes of the server, as the client shall see them: whole messages until the
    /// greeting is over, afterwards everything as it comes.
    pub(super) fn pass(&mut self, bytes: Bytes) -> io::Result<Bytes> {
        if self.over {
            return Ok(bytes);
        }
        self.unfinished.extend_from_slice(&bytes);
        let mut seen = BytesMut::new();
        while let Some(message) = self.next_message()? {
            match message[0] {
                b'E' => seen.extend_from_slice(&self.reworded(&message[HEADER..])),
                _ => seen.extend_from_slice(&message),
            }
            if message[0] == b'Z' {
                self.over = true;
                seen.extend_from_slice(&self.unfinished.split());
            }
        }
        Ok(seen.freeze())
    }

    fn next_message(&mut self) -> io::Result<Option<BytesMut>> {
        let Some(header) = self.unfinished.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = body_length(header)? + HEADER;
        if length > LONGEST_GREETING {
            return Err(malformed("the server's greeting"));
        }
        Ok((self.unfinished.len() >= length).then(|| self.unfinished.split_to(length)))
    }

    fn reworded(&self, error: &[u8]) -> Bytes {
        let text = error_field(error, b'M').unwrap_or_default();
        match error_field(error, b'C').as_deref() {
            Some("28P01") => Refusal::WrongPassword {
                user: self.user.clone(),
            }
            .response(),
            _ => Refusal::Compute(text).response(),
        }
    }
}

/// Knows whether a stream of messages stands between two of them.
#[derive(Default)]
pub(super) struct Boundaries {
    header: [u8; HEADER],
    /// Bytes of the header seen so far; never all of them between two calls.
    seen: usize,
    /// Bytes of the body still to come.
    body: usize,
}

impl Boundaries {
    /// Whether all messages seen so far are complete.
    pub(super) fn between_messages(&self) -> bool {
        self.seen == 0 && self.body == 0
    }

    /// Follows `bytes` to the end of the present message or of `bytes`, whichever comes first,
    /// and says how many that were.
    pub(super) fn finish_message(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        if self.body == 0 {
            taken = bytes.len().min(HEADER - self.seen);
            self.header[self.seen..self.seen + taken].copy_from_slice(&bytes[..taken]);
            self.seen += taken;
            if self.seen < HEADER {
                return Ok(taken);
            }
            self.seen = 0;
            self.body = body_length(&self.header)?;
        }
        let of_body = self.body.min(bytes.len() - taken);
        self.body -= of_body;
        Ok(taken + of_body)
    }

    /// Follows all of `bytes`.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = self.finish_message(bytes)?;
            bytes = &bytes[taken..];
        }
        Ok(())
    }
}

/// A message's length counts itself, but not the type byte before it.
fn body_length(header: &[u8; HEADER]) -> io::Result<usize> {
    let [_, length @ ..] = *header;
    (u32::from_be_bytes(length) as usize)
        .checked_sub(4)
        .ok_or_else(|| malformed("a message's length"))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} is malformed"))
}
