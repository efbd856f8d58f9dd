//! Bytes both ways, in bounded memory, with the road's faults.

use super::faults::{Faults, Nap, Tally};
use super::room::{Answers, Lack, Rows};
use super::wire::{Boundaries, Greeting, error_response};
use bytes::{Bytes, BytesMut};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Bytes asked for in one read: one TLS record.
const CHUNK: usize = 16 * 1024;
/// Chunks that may be under way in one direction: 16 MiB, enough for 800 MB/s at a round trip
/// of 40 ms.
const UNDER_WAY: usize = 1024;
/// What a chunk takes of that when the road has no length. Sixteen chunks are enough then to keep
/// both sides busy, and a slow reader costs no memory.
const WITHOUT_DELAY: u32 = UNDER_WAY as u32 / 16;
/// How long a client may take to hear that its session has ended.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a client is listened to that still sends although its session has ended.
const LINGERING: Duration = Duration::from_secs(1);

/// Carries a session until one side ends it or a fault does.
pub(super) async fn carry<C>(
    mut client: C,
    mut server: TcpStream,
    greeting: Greeting,
    faults: &Faults,
    nap: Nap,
) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    let ended = {
        let (client_reads, client_writes) = tokio::io::split(&mut client);
        let (server_reads, server_writes) = server.split();
        let (mut up, up_feed) = line(faults);
        let (mut down, down_feed) = line(faults);
        let lack = Lack::default();
        let rows = Rows::new(faults, &lack);
        // When one direction is over, so is the session, as soon as the rest has been delivered.
        tokio::select! {
            ended = to_server(&mut up, server_writes, rows) => ended,
            ended = to_client(&mut down, client_writes, nap) => ended,
            never = up_feed.run(client_reads, Ok) => match never {},
            never = down_feed.run(server_reads, pass_answers(greeting, &lack)) => match never {},
        }
    };
    match ended {
        Ok(()) => part(client).await,
        // Dropped without a word.
        Err(error) => Err(error),
    }
}

fn pass_answers(mut greeting: Greeting, lack: &Lack) -> impl FnMut(Bytes) -> io::Result<Bytes> {
    let mut answers = Answers::new(lack);
    move |bytes| answers.pass(greeting.pass(bytes)?)
}

/// Closes a client's connection so that it hears what was said last: while it still sends, a
/// close at once would reset the connection and could take our last words away from it.
pub(super) async fn part(mut client: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let farewell = async {
        client.shutdown().await?;
        tokio::io::copy(&mut client, &mut tokio::io::sink()).await?;
        Ok(())
    };
    timeout(LINGERING, farewell).await.unwrap_or(Ok(()))
}

/// A piece of the stream under way.
struct Chunk {
    due: Instant,
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// The far end of one direction: chunks come out when they are due and the road is open.
struct Line<'a> {
    queue: mpsc::Receiver<Chunk>,
    next: Option<Chunk>,
    faults: &'a Faults,
}

/// The near end: reads, stamps and queues.
struct Feed<'a> {
    queue: mpsc::Sender<Chunk>,
    room: Arc<Semaphore>,
    faults: &'a Faults,
}

fn line(faults: &Faults) -> (Line<'_>, Feed<'_>) {
    let (sender, receiver) = mpsc::channel(UNDER_WAY);
    let room = Arc::new(Semaphore::new(UNDER_WAY));
    (
        Line {
            queue: receiver,
            next: None,
            faults,
        },
        Feed {
            queue: sender,
            room,
            faults,
        },
    )
}

impl Feed<'_> {
    /// Reads until the end, then hangs up the queue and waits for the other end to notice.
    async fn run(
        self,
        reader: impl AsyncRead + Unpin,
        see: impl FnMut(Bytes) -> io::Result<Bytes>,
    ) -> Infallible {
        if let Err(error) = self.read(reader, see).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "a reader of the relay ended"
            );
        }
        std::future::pending().await
    }

    async fn read(
        self,
        mut reader: impl AsyncRead + Unpin,
        mut see: impl FnMut(Bytes) -> io::Result<Bytes>,
    ) -> io::Result<()> {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(CHUNK);
            if reader.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            let one_way = self.faults.one_way();
            let due = Instant::now() + one_way;
            let bytes = see(buffer.split().freeze())?;
            let share = if one_way.is_zero() { WITHOUT_DELAY } else { 1 };
            // Both errors mean that nobody takes the chunks any more.
            let Ok(room) = self.room.clone().acquire_many_owned(share).await else {
                return Ok(());
            };
            if self
                .queue
                .send(Chunk {
                    due,
                    bytes,
                    _room: room,
                })
                .await
                .is_err()
            {
                return Ok(());
            }
        }
    }
}

impl Line<'_> {
    /// Waits until a chunk may be delivered; `false` at the end. Can be dropped and called again.
    async fn ready(&mut self) -> bool {
        if self.next.is_none() {
            self.next = self.queue.recv().await;
        }
        let Some(chunk) = &self.next else {
            return false;
        };
        sleep_until(chunk.due).await;
        self.faults.flowing().await;
        true
    }

    /// The chunk that is ready, or else the next one, due or not.
    async fn take(&mut self) -> Option<Chunk> {
        match self.next.take() {
            Some(chunk) => Some(chunk),
            None => self.queue.recv().await,
        }
    }
}

async fn to_server(
    line: &mut Line<'_>,
    mut server: impl AsyncWrite + Unpin,
    mut rows: Rows<'_>,
) -> io::Result<()> {
    let mut tally = Tally::default();
    while line.ready().await {
        let Some(chunk) = line.take().await else {
            break;
        };
        if let Some(last) = line.faults.cut(&mut tally, chunk.bytes.len()) {
            server.write_all(&chunk.bytes[..last]).await?;
            return Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "cut on command",
            ));
        }
        server.write_all(&rows.pass(chunk.bytes)?).await?;
    }
    Ok(())
}

async fn to_client(
    line: &mut Line<'_>,
    mut client: impl AsyncWrite + Unpin,
    mut nap: Nap,
) -> io::Result<()> {
    let mut boundaries = Boundaries::default();
    loop {
        tokio::select! {
            biased;
            () = nap.begun() => break,
            more = line.ready() => if !more { return Ok(()) },
        }
        let Some(chunk) = line.take().await else {
            return Ok(());
        };
        boundaries.follow(&chunk.bytes)?;
        tokio::select! {
            written = write(&mut client, &chunk.bytes) => written?,
            // A client that reads nothing cannot be told.
            () = async { nap.begun().await; sleep(FAREWELL).await } => return Err(unheard()),
        }
    }
    timeout(FAREWELL, terminate(line, client, boundaries))
        .await
        .map_err(|_| unheard())?
}

/// Finishes the message under way and says what a server says that is shut down.
async fn terminate(
    line: &mut Line<'_>,
    mut client: impl AsyncWrite + Unpin,
    mut boundaries: Boundaries,
) -> io::Result<()> {
    while !boundaries.between_messages() {
        let Some(chunk) = line.take().await else {
            return Ok(());
        };
        let mut end = 0;
        while end < chunk.bytes.len() && !boundaries.between_messages() {
            end += boundaries.finish_message(&chunk.bytes[end..])?;
        }
        write(&mut client, &chunk.bytes[..end]).await?;
    }
    let last = error_response(
        "FATAL",
        "57P01",
        "terminating connection due to administrator command",
    );
    write(&mut client, &last).await
}

async fn write(mut client: impl AsyncWrite + Unpin, bytes: &[u8]) -> io::Result<()> {
    client.write_all(bytes).await?;
    client.flush().await
}

fn unheard() -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        "the client did not hear the end of its session",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Poll;

    /// The bytes that a feed has read when it reads no more, with nobody at the other end.
    async fn read_ahead(faults: &Faults) -> usize {
        let (_line, feed) = line(faults);
        let mut read = 0;
        let see = |bytes: Bytes| {
            read += bytes.len();
            Ok(bytes)
        };
        let mut run = Box::pin(feed.run(tokio::io::repeat(b'x'), see));
        // Polled so often that a feed that only gave way to others would have gone on.
        for _ in 0..2 * UNDER_WAY {
            assert!(matches!(futures_util::poll!(run.as_mut()), Poll::Pending));
            tokio::task::yield_now().await;
        }
        drop(run);
        read
    }

    #[tokio::test]
    async fn a_slow_reader_costs_little_memory() {
        let faults = Faults::new();
        assert!(read_ahead(&faults).await <= 17 * 2 * CHUNK);
        faults.delay(Duration::from_millis(40));
        let long = read_ahead(&faults).await;
        assert!(long >= UNDER_WAY * CHUNK, "a long road holds {long} bytes");
        assert!(
            long <= (UNDER_WAY + 1) * 2 * CHUNK,
            "a long road holds {long} bytes"
        );
    }
}
