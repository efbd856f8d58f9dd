//! One connection, from its first byte to its last.

use super::faults::Faults;
use super::flow;
use super::refusal::Refusal;
use super::wire::Greeting;
use crate::postgres::opening::{Opening, Startup};
use openssl::ssl::{NameType, Ssl, SslAcceptor};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;
/// Settings that PgBouncer follows for each client, and so takes as startup options: those it
/// always tracks and its default `track_extra_parameters`.
const POOLED_SETTINGS: [&str; 6] = [
    "application_name",
    "client_encoding",
    "datestyle",
    "intervalstyle",
    "standard_conforming_strings",
    "timezone",
];
/// What the label of a pooled endpoint ends in.
pub(super) const POOLER: &str = "-pooler";

/// Why a session ended other than by one side's leaving.
#[derive(Debug, Error)]
pub(super) enum SessionError {
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    #[error("TLS could not be set up")]
    Tls(#[from] openssl::error::ErrorStack),
    #[error("the TLS handshake failed")]
    Handshake(#[from] openssl::ssl::Error),
}

/// What every session of a relay knows.
pub(super) struct Front {
    pub(super) upstream: SocketAddr,
    pub(super) endpoint: String,
    pub(super) domain: &'static str,
    pub(super) tls: SslAcceptor,
    pub(super) faults: Faults,
}

impl Front {
    /// Serves one client until its connection ends.
    pub(super) async fn serve(&self, mut stream: TcpStream) -> Result<(), SessionError> {
        stream.set_nodelay(true)?;
        self.faults.flowing().await;
        // For TCP's own handshake, which this machine has answered at once.
        self.faults.ways(2).await;
        let mut first = [0];
        if stream.peek(&mut first).await? > 0 && first[0] == HANDSHAKE {
            return self.serve_tls(stream).await;
        }
        loop {
            match Opening::read(&mut stream).await? {
                Opening::Tls => {
                    self.faults.ways(2).await;
                    stream.write_all(b"S").await?;
                    return self.serve_tls(stream).await;
                }
                Opening::Gss => stream.write_all(b"N").await?,
                Opening::Cancel(packet) => return self.cancel(stream, &packet).await,
                Opening::Startup(_) => return refuse(stream, &Refusal::Insecure).await,
            }
        }
    }

    async fn serve_tls(&self, stream: TcpStream) -> Result<(), SessionError> {
        self.faults.ways(2).await;
        let mut client = SslStream::new(Ssl::new(self.tls.context())?, stream)?;
        Pin::new(&mut client).accept().await?;
        let name = client
            .ssl()
            .servername(NameType::HOST_NAME)
            .map(str::to_owned);
        match Opening::read(&mut client).await? {
            Opening::Startup(startup) => self.open(client, startup, name.as_deref()).await,
            Opening::Cancel(packet) => self.cancel(client, &packet).await,
            // Within TLS nobody asks for encryption.
            Opening::Tls | Opening::Gss => Ok(()),
        }
    }

    async fn open(
        &self,
        client: SslStream<TcpStream>,
        mut startup: Startup,
        name: Option<&str>,
    ) -> Result<(), SessionError> {
        let mut nap = self.faults.next_nap();
        self.faults.ways(1).await;
        if let Err(refusal) = self.admit(&mut startup, name) {
            self.faults.ways(1).await;
            return refuse(client, &refusal).await;
        }
        tokio::select! {
            () = self.faults.wake() => {}
            // It fell asleep again: carried on, this session hears so at once.
            () = nap.begun() => {}
        }
        let Ok(mut server) = TcpStream::connect(self.upstream).await else {
            return refuse(client, &Refusal::NoCompute).await;
        };
        server.set_nodelay(true)?;
        server.write_all(&startup.forwarded()).await?;
        let greeting = Greeting::new(startup.get("user").unwrap_or_default());
        Ok(flow::carry(client, server, greeting, &self.faults, nap).await?)
    }

    /// Finds the endpoint as Neon's proxy does, by the server name's first label or else by the
    /// option, and says whether this client may go there.
    fn admit(&self, startup: &mut Startup, name: Option<&str>) -> Result<(), Refusal> {
        let by_name = name
            .and_then(|name| name.split_once('.'))
            .filter(|(_, domain)| domain.eq_ignore_ascii_case(self.domain))
            .map(|(label, _)| label.to_ascii_lowercase());
        let label = match (by_name, startup.take_endpoint()) {
            (None, None) => return Err(Refusal::NoEndpoint),
            (Some(by_name), Some(by_option)) if endpoint(&by_name) != endpoint(&by_option) => {
                return Err(Refusal::TwoEndpoints { by_name, by_option });
            }
            (Some(label), _) | (None, Some(label)) => label,
        };
        if endpoint(&label) != self.endpoint {
            return Err(Refusal::UnknownEndpoint);
        }
        if self.faults.refused() {
            return Err(Refusal::TooManyConnections);
        }
        let untracked = |setting: &String| !POOLED_SETTINGS.contains(&setting.as_str());
        match startup.settings().into_iter().find(untracked) {
            Some(setting) if label.ends_with(POOLER) => Err(Refusal::PooledOption { setting }),
            _ => Ok(()),
        }
    }

    /// Passes a request to cancel on, and closes when the server has taken it.
    async fn cancel(
        &self,
        client: impl AsyncRead + AsyncWrite + Unpin,
        packet: &[u8],
    ) -> Result<(), SessionError> {
        self.faults.ways(2).await;
        let mut server = TcpStream::connect(self.upstream).await?;
        server.write_all(packet).await?;
        // The server says nothing; it closes.
        tokio::io::copy(&mut server, &mut tokio::io::sink()).await?;
        Ok(flow::part(client).await?)
    }
}

/// The endpoint that a label stands for, pooled or not.
fn endpoint(label: &str) -> &str {
    label.strip_suffix(POOLER).unwrap_or(label)
}

async fn refuse(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    refusal: &Refusal,
) -> Result<(), SessionError> {
    client.write_all(&refusal.response()).await?;
    Ok(flow::part(client).await?)
}
