//! The road to the target: straight, or through a relay that holds every byte back.
//!
//! Not the practice relay, which takes nobody without TLS: see [`crate::servers::Login`].

use crate::Result;
use bytes::{Bytes, BytesMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::task::AbortOnDropHandle;

/// What a road of some length adds to a round trip.
const ROUND_TRIP: Duration = Duration::from_millis(40);
const CHUNK: usize = 64 * 1024;
/// Chunks under way in one direction: 16 MiB, 800 MB/s at half of that round trip.
const UNDER_WAY: usize = 256;

/// How far away the target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Road {
    Near,
    Far,
}

impl Road {
    pub(crate) const ALL: [Self; 2] = [Self::Near, Self::Far];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Far => "far",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Near => "same machine",
            Self::Far => "40 ms away",
        }
    }
}

/// A relay in front of the target; it ends when dropped.
pub(crate) struct Relay {
    pub(crate) port: u16,
    _listening: AbortOnDropHandle<()>,
}

impl Relay {
    pub(crate) async fn start(upstream: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, upstream));
        let listening = tokio::spawn(async move {
            let mut sessions = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((client, _)) = listener.accept() => {
                        // A client that breaks off is the client's own affair.
                        sessions.spawn(async move { let _ = carry(client, upstream).await; });
                    }
                    Some(_) = sessions.join_next() => {}
                }
            }
        });
        Ok(Self {
            port,
            _listening: AbortOnDropHandle::new(listening),
        })
    }
}

async fn carry(client: TcpStream, upstream: SocketAddr) -> std::io::Result<()> {
    // TCP's own handshake, which this machine answered at once.
    sleep(ROUND_TRIP).await;
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let up = direction(client_reads, server_writes);
    let down = direction(server_reads, client_writes);
    tokio::try_join!(up, down)?;
    Ok(())
}

/// Carries bytes until their end, which travels as long as they do.
async fn direction(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Bytes)>(UNDER_WAY);
    let read = async move {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(CHUNK);
            let end = from.read_buf(&mut buffer).await? == 0;
            let chunk = (Instant::now() + ROUND_TRIP / 2, buffer.split().freeze());
            // An empty chunk is the end.
            if sender.send(chunk).await.is_err() || end {
                return Ok(());
            }
        }
    };
    let write = async move {
        while let Some((due, bytes)) = receiver.recv().await {
            sleep_until(due).await;
            if bytes.is_empty() {
                break;
            }
            to.write_all(&bytes).await?;
        }
        to.shutdown().await
    };
    tokio::try_join!(read, write)?;
    Ok(())
}
