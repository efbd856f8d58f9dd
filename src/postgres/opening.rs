//! A connection's first packets, as a server reads them.
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
pub(crate) enum Opening {
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
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
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
pub(crate) struct Startup {
    /// 196608 is 3.0.
    pub(crate) version: u32,
    /// In the client's order.
    pub(crate) parameters: Vec<(String, String)>,
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
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A packet without a type byte: length, code, body.
pub(crate) fn framed(code: u32, body: &[u8]) -> Bytes {
    let mut packet = BytesMut::with_capacity(body.len() + 8);
    // A first packet is at most 10,000 bytes long.
    packet.put_u32(body.len() as u32 + 8);
    packet.put_u32(code);
    packet.put_slice(body);
    packet.freeze()
}
