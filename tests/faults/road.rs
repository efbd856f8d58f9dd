//! The roads to both servers seen as one: what passes is counted, and everything stands still
//! when the chosen point is reached, until it is let go.

use crate::fixture::eventually;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// Bytes carried at a time.
const PIECE: usize = 16 * 1024;

/// What has passed, on all connections to both servers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Bytes, both ways.
    pub(crate) bytes: u64,
    /// How often the other end of a connection began to speak: twice a round trip.
    pub(crate) turns: u64,
}

/// A point of the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// Behind this byte, most likely within a message.
    Byte(u64),
    /// Before the first byte of this turn: a question is not heard, or its answer is not.
    Turn(u64),
}

/// What becomes of the bytes that were held back where the fault struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// They arrive, late.
    Arrive,
    /// They are lost, and their connection with them.
    GetLost,
}

#[derive(Debug, Default)]
struct State {
    traffic: Traffic,
    point: Option<Point>,
    stands: bool,
    held: Option<Held>,
}

impl State {
    /// Counts `length` bytes; `Some(n)` when the point lies `n` bytes into them.
    fn pass(&mut self, length: u64, turned: bool) -> Option<u64> {
        let before = self.traffic.bytes;
        self.traffic.bytes += length;
        self.traffic.turns += u64::from(turned);
        let into = match self.point? {
            Point::Byte(byte) => (byte <= self.traffic.bytes).then(|| byte.saturating_sub(before)),
            Point::Turn(turn) => (turn <= self.traffic.turns).then_some(0),
        }?;
        self.point = None;
        self.stands = true;
        Some(into)
    }
}

/// A handle: all clones are the same road.
#[derive(Debug, Clone, Default)]
pub(crate) struct Road {
    state: watch::Sender<State>,
}

/// A place where clients are taken in.
pub(crate) struct Entrance {
    pub(crate) port: u16,
    server: SocketAddr,
    listening: AbortOnDropHandle<()>,
    sessions: Arc<Mutex<JoinSet<()>>>,
}

impl Entrance {
    /// Takes nobody in any more, as the port of a server that has ended; what is under way goes on.
    pub(crate) fn close(&self) {
        self.listening.abort();
        eventually("a closed port", || {
            self.listening.is_finished().then_some(())
        });
    }

    /// Takes clients in again, at the same port.
    pub(crate) fn open_again(&mut self, road: &Road, runtime: &Runtime) {
        self.listening = road
            .listen(self.port, self.server, &self.sessions, runtime)
            .1;
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

impl Road {
    /// Opens an entrance that leads to a server.
    pub(crate) fn lead_to(&self, server: SocketAddr, runtime: &Runtime) -> Entrance {
        let sessions = Arc::default();
        let (port, listening) = self.listen(0, server, &sessions, runtime);
        Entrance {
            port,
            server,
            listening,
            sessions,
        }
    }

    fn listen(
        &self,
        port: u16,
        server: SocketAddr,
        sessions: &Arc<Mutex<JoinSet<()>>>,
        runtime: &Runtime,
    ) -> (u16, AbortOnDropHandle<()>) {
        let binding = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = runtime.block_on(binding).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (road, sessions) = (self.clone(), Arc::clone(sessions));
        let listening = runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let road = road.clone();
                let mut sessions = sessions.lock().expect("no panic");
                while sessions.try_join_next().is_some() {}
                sessions.spawn(async move {
                    // What breaks a session is told by the program at its end.
                    let _ = road.carry(client, server).await;
                });
            }
        });
        (port, AbortOnDropHandle::new(listening))
    }

    /// What has passed since the last [`Road::strike_at`].
    pub(crate) fn traffic(&self) -> Traffic {
        self.state.borrow().traffic
    }

    /// Counts from now on, and stands still at this point.
    pub(crate) fn strike_at(&self, point: Option<Point>) {
        self.state.send_replace(State {
            point,
            ..State::default()
        });
    }

    /// Whether the point was reached.
    pub(crate) fn stands(&self) -> bool {
        self.state.borrow().stands
    }

    /// Everything flows again.
    pub(crate) fn go(&self, held: Held) {
        self.state.send_modify(|state| {
            state.stands = false;
            state.held = Some(held);
        });
    }

    async fn flowing(&self) {
        let mut state = self.state.subscribe();
        // Never an error: `self` keeps the channel open.
        let _ = state.wait_for(|state| !state.stands).await;
    }

    async fn carry(&self, mut client: TcpStream, server: SocketAddr) -> std::io::Result<()> {
        self.flowing().await;
        let mut server = TcpStream::connect(server).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let speaker = Mutex::new(Way::ToClient);
        let (client_reads, client_writes) = client.split();
        let (server_reads, server_writes) = server.split();
        // When one direction is over, so is the session: what came before has been passed on.
        tokio::select! {
            ended = self.one_way(Way::ToServer, client_reads, server_writes, &speaker) => ended,
            ended = self.one_way(Way::ToClient, server_reads, client_writes, &speaker) => ended,
        }
    }

    async fn one_way(
        &self,
        way: Way,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
        speaker: &Mutex<Way>,
    ) -> std::io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            let length = from.read(&mut piece).await?;
            self.flowing().await;
            if length == 0 {
                return Ok(());
            }
            let turned = {
                let mut speaker = speaker.lock().expect("no panic");
                std::mem::replace(&mut *speaker, way) != way
            };
            let mut begin = 0;
            let mut struck = None;
            self.state
                .send_modify(|state| struck = state.pass(length as u64, turned));
            if let Some(into) = struck {
                begin = into as usize;
                to.write_all(&piece[..begin]).await?;
                self.flowing().await;
                if self.state.borrow().held == Some(Held::GetLost) {
                    return Ok(());
                }
            }
            to.write_all(&piece[begin..length]).await?;
        }
    }
}
