//! A small relay in front of the practice target that behaves like Neon's proxy: TLS only, routed
//! by the server's name, errors in Neon's words, and on command the faults of the long road there.
//!
//! What it takes from Neon: `proxy` in Neon's sources. What it leaves out: it does not speak SCRAM
//! itself, so there is no channel binding (`channel_binding=require` fails), and an endpoint in
//! the password is not understood.

mod certificate;
mod faults;
mod flow;
mod refusal;
mod room;
mod session;
mod startup;
mod wire;

#[cfg(test)]
mod tests;

pub use faults::{COMMANDS, CommandError, Faults};

use crate::failure::{Explain, Failure, Retry, chain};
use session::{Front, POOLER};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The domain of all practice endpoints. Names under `localhost` belong to this machine (RFC 6761).
const DOMAIN: &str = "practice.localhost";
/// Until connections are accepted again when the system could not: for want of file handles,
/// most likely.
const BREATHER: Duration = Duration::from_millis(100);

/// A running relay. Dropped, it ends at once with all its sessions; [`Relay::stop`] waits for that.
pub struct Relay {
    address: SocketAddr,
    endpoint: String,
    certificate_pem: String,
    faults: Faults,
    stop: CancellationToken,
    listening: AbortOnDropHandle<()>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relay({} at {})", self.endpoint, self.address)
    }
}

impl Relay {
    /// Starts a relay on a free port of the loopback interface, in front of the plain PostgreSQL
    /// server at `upstream`, as the endpoint `endpoint_id` (like `ep-quiet-dawn-123456`).
    ///
    /// # Errors
    /// No certificate could be made, or no port opened.
    pub async fn start(upstream: SocketAddr, endpoint_id: &str) -> Result<Self, Error> {
        let certificate = certificate::issue(DOMAIN).map_err(Error::Certificate)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Listen)?;
        let address = listener.local_addr().map_err(Error::Listen)?;
        let faults = Faults::new();
        let stop = CancellationToken::new();
        let front = Front {
            upstream,
            endpoint: endpoint_id.to_owned(),
            domain: DOMAIN,
            tls: certificate.acceptor,
            faults: faults.clone(),
        };
        let listening = tokio::spawn(listen(listener, Arc::new(front), stop.clone()));
        Ok(Self {
            address,
            endpoint: endpoint_id.to_owned(),
            certificate_pem: certificate.pem,
            faults,
            stop,
            listening: AbortOnDropHandle::new(listening),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The name that clients must send: `<endpoint id>.practice.localhost`. Not every system
    /// finds the address of such a name: give it beside the name, as `hostaddr`.
    pub fn host_name(&self) -> String {
        format!("{}.{DOMAIN}", self.endpoint)
    }

    /// The name of the same endpoint behind its connection pool.
    pub fn pooled_host_name(&self) -> String {
        format!("{}{POOLER}.{DOMAIN}", self.endpoint)
    }

    /// Its certificate, for `sslrootcert` and `sslmode=verify-full`. Made anew at each start.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The handle on its faults.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Ends all sessions and returns when nothing of the relay runs any more.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.listening.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the relay had died"
            );
        }
    }
}

async fn listen(listener: TcpListener, front: Arc<Front>, stop: CancellationToken) {
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = sessions.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let front = Arc::clone(&front);
                sessions.spawn(async move {
                    if let Err(error) = front.serve(stream).await {
                        tracing::debug!(error = chain(&error), "a session of the relay broke off");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(
                    error = chain(&error),
                    "the relay could not accept a connection"
                );
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    sessions.shutdown().await;
}

/// Why a relay could not be started.
#[derive(Debug, Error)]
pub enum Error {
    /// OpenSSL made no key or certificate.
    #[error("cannot make a certificate")]
    Certificate(#[source] openssl::error::ErrorStack),
    /// The system gave no port on the loopback interface.
    #[error("cannot listen on 127.0.0.1")]
    Listen(#[source] std::io::Error),
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        let failure = Failure::new(
            "Cannot start the relay in front of the practice target",
            chain(self),
        );
        match self {
            Self::Certificate(_) => failure
                .advise("Build neonlift with its default features, so that it brings its own OpenSSL.")
                .retry(Retry::AfterChange),
            Self::Listen(_) => failure
                .advise("See whether this machine lets programs open a port on 127.0.0.1, and whether too many are open.")
                .retry(Retry::Now),
        }
    }
}
