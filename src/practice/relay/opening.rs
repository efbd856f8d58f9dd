//! A connection's first packets, and what a startup message asks for.
//!
//! Facts: "Message Formats" in PostgreSQL's manual.

use super::wire::malformed;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

const SSL_REQUEST: u32 = 80_877_103;
const GSSENC_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
/// PostgreSQL's own limit for a first packet, in bytes.
const LONGEST_OPENING: usize = 10_000;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn startup(options: &str) -> Startup {
        let parameters = [
            ("user", "u"),
            ("client_encoding", "UTF8"),
            ("options", options),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Startup {
            version: 0x30000,
            parameters: parameters.to_vec(),
        }
    }

    #[test]
    fn the_endpoint_is_taken_out_of_the_options() {
        let mut startup = startup(r"-c search_path=a\ endpoint=b endpoint=ep-1  --geqo=off");
        assert_eq!(startup.take_endpoint().as_deref(), Some("ep-1"));
        assert_eq!(
            startup.get("options"),
            Some(r"-c search_path=a\ endpoint=b --geqo=off")
        );
        assert_eq!(startup.settings(), ["search_path", "geqo"]);
        assert_eq!(startup.take_endpoint(), None);
    }

    #[tokio::test]
    async fn what_is_forwarded_reads_as_a_startup_message() {
        let mut startup = startup("endpoint=ep-1");
        startup.take_endpoint();
        let forwarded = startup.forwarded();
        let Ok(Opening::Startup(read)) = Opening::read(&mut forwarded.as_ref()).await else {
            panic!("not a startup message")
        };
        assert_eq!(read.version, 0x30000);
        assert_eq!(read.parameters, [("user".to_owned(), "u".to_owned())]);
    }
}
