//! What can go wrong on the road to Neon, on command.

use crate::failure::{Explain, Failure, Severity};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// The commands that [`Faults::command`] understands, one a line.
pub const COMMANDS: &str = "\
sleep 500ms   the compute falls asleep: every session is ended with 57P01, the next one wakes it in 500 ms
refuse 3      the next 3 connections hear \"Too many connections to this endpoint\"; 0: no more
stall         nothing flows, in neither direction
go            it flows again
cut 1000000   the first session that sends a million bytes from now on is dropped without a word
delay 40ms    a round trip takes 40 ms longer; 0ms: no longer
help          these lines";

/// A handle on a running relay's faults: cheap to clone, all clones act on the same relay.
#[derive(Debug, Clone)]
pub struct Faults {
    orders: watch::Sender<Orders>,
}

#[derive(Debug, Default)]
struct Orders {
    stalled: bool,
    round_trip: Duration,
    refusals: u32,
    /// How often the compute has fallen asleep.
    naps: u64,
    compute: Compute,
    /// Bytes after which a session is dropped; taken away by the first that reaches them.
    cut: Option<u64>,
    /// How often a cut was ordered: sessions count from the latest order on.
    cuts: u64,
}

#[derive(Debug, Default, Clone, Copy)]
enum Compute {
    #[default]
    Awake,
    /// Waits for a connection, and then takes this long to wake.
    Asleep(Duration),
    Waking(Instant),
}

/// How many bytes a session has sent since a cut was last ordered.
#[derive(Debug, Default)]
pub(super) struct Tally {
    cuts: u64,
    bytes: u64,
}

impl Faults {
    pub(super) fn new() -> Self {
        Self {
            orders: watch::Sender::default(),
        }
    }

    /// The compute falls asleep, as Neon's does after five idle minutes: every session hears
    /// FATAL 57P01 and is closed; the next connection waits `wake_delay` for it to wake.
    pub fn sleep(&self, wake_delay: Duration) {
        self.orders.send_modify(|orders| {
            orders.naps += 1;
            orders.compute = Compute::Asleep(wake_delay);
        });
    }

    /// The next `connections` connections are refused for being too many. 0: none any more.
    pub fn refuse(&self, connections: u32) {
        self.orders
            .send_modify(|orders| orders.refusals = connections);
    }

    /// With `true` no byte flows in either direction, of new connections neither; with `false`
    /// everything flows on, and nothing was lost.
    pub fn stall(&self, stalled: bool) {
        self.orders.send_modify(|orders| orders.stalled = stalled);
    }

    /// Drops, without a word, the first session that has sent `bytes` bytes to the server,
    /// counted from now on. Once.
    pub fn cut_after(&self, bytes: u64) {
        self.orders.send_modify(|orders| {
            orders.cut = Some(bytes);
            orders.cuts += 1;
        });
    }

    /// Makes the road longer: each direction holds every byte back for half of `round_trip`,
    /// and still carries as many bytes a second.
    pub fn delay(&self, round_trip: Duration) {
        self.orders
            .send_modify(|orders| orders.round_trip = round_trip);
    }

    /// Carries out one line of text (see [`COMMANDS`]) and answers with a sentence.
    ///
    /// # Errors
    /// The line is none of the commands, or what follows the command cannot be understood.
    pub fn command(&self, line: &str) -> Result<String, CommandError> {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let argument = words.next();
        if words.next().is_some()
            || (argument.is_some() && ["stall", "go", "help"].contains(&command))
        {
            return Err(CommandError::TooMuch {
                command: command.to_owned(),
            });
        }
        Ok(match command {
            "sleep" => {
                let delay = duration(command, argument)?;
                self.sleep(delay);
                format!("The compute sleeps; the next connection wakes it in {delay:?}.")
            }
            "refuse" => {
                let connections = number(command, argument)?;
                self.refuse(connections);
                format!("The next {connections} connections are refused.")
            }
            "stall" => {
                self.stall(true);
                "Nothing flows any more; \"go\" lets it.".to_owned()
            }
            "go" => {
                self.stall(false);
                "Everything flows.".to_owned()
            }
            "cut" => {
                let bytes = number(command, argument)?;
                self.cut_after(bytes);
                format!("The first session that sends {bytes} bytes from now on is dropped.")
            }
            "delay" => {
                let round_trip = duration(command, argument)?;
                self.delay(round_trip);
                format!("A round trip takes {round_trip:?} longer than this machine needs.")
            }
            "help" => COMMANDS.to_owned(),
            other => {
                return Err(CommandError::Unknown {
                    command: other.to_owned(),
                });
            }
        })
    }

    /// Waits while nothing may flow.
    pub(super) async fn flowing(&self) {
        // Never an error: `self` keeps the channel open.
        let _ = self
            .orders
            .subscribe()
            .wait_for(|orders| !orders.stalled)
            .await;
    }

    /// How long a byte is under way, beyond what this machine needs.
    pub(super) fn one_way(&self) -> Duration {
        self.orders.borrow().round_trip / 2
    }

    /// Waits as long as `count` messages that each wait for the one before them are under way.
    pub(super) async fn ways(&self, count: u32) {
        sleep(self.one_way() * count).await;
    }

    /// Whether a connection that has come now is one too many.
    pub(super) fn refused(&self) -> bool {
        self.orders.send_if_modified(|orders| {
            let refused = orders.refusals > 0;
            orders.refusals = orders.refusals.saturating_sub(1);
            refused
        })
    }

    /// Wakes the compute if it sleeps, and waits until it is awake.
    pub(super) async fn wake(&self) {
        self.orders.send_if_modified(|orders| {
            if let Compute::Asleep(delay) = orders.compute {
                orders.compute = Compute::Waking(Instant::now() + delay);
            }
            false
        });
        let compute = self.orders.borrow().compute;
        if let Compute::Waking(until) = compute {
            sleep_until(until).await;
        }
    }

    /// A watch over the compute's sleep, from now on.
    pub(super) fn next_nap(&self) -> Nap {
        let orders = self.orders.subscribe();
        let naps = orders.borrow().naps;
        Nap { orders, naps }
    }

    /// Counts `length` bytes that a session is about to send. `Some(n)`: let `n` of them through,
    /// then drop the session.
    pub(super) fn cut(&self, tally: &mut Tally, length: usize) -> Option<usize> {
        let mut allowed = None;
        self.orders.send_if_modified(|orders| {
            if tally.cuts != orders.cuts {
                *tally = Tally {
                    cuts: orders.cuts,
                    bytes: 0,
                };
            }
            let before = tally.bytes;
            tally.bytes += length as u64;
            if orders.cut.is_some_and(|after| after <= tally.bytes) {
                allowed = orders.cut.take().map(|after| (after - before) as usize);
            }
            false
        });
        allowed
    }
}

/// Waits for the compute to fall asleep.
pub(super) struct Nap {
    orders: watch::Receiver<Orders>,
    naps: u64,
}

impl Nap {
    /// Returns once the compute has fallen asleep since [`Faults::next_nap`]. Can be dropped
    /// and called again.
    pub(super) async fn begun(&mut self) {
        let naps = self.naps;
        if self
            .orders
            .wait_for(|orders| orders.naps != naps)
            .await
            .is_err()
        {
            // The relay is gone, and with it whoever could order a nap.
            std::future::pending::<()>().await;
        }
    }
}

fn duration(command: &str, argument: Option<&str>) -> Result<Duration, CommandError> {
    let parsed = argument.and_then(|text| text.parse::<jiff::SignedDuration>().ok());
    parsed
        .and_then(|signed| Duration::try_from(signed).ok())
        .ok_or_else(|| CommandError::Argument {
            command: command.to_owned(),
            wanted: "a time such as 500ms or 2s",
        })
}

fn number<T: std::str::FromStr>(command: &str, argument: Option<&str>) -> Result<T, CommandError> {
    argument
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| CommandError::Argument {
            command: command.to_owned(),
            wanted: "a whole number",
        })
}

/// A line that is no command for the relay.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CommandError {
    /// There is no such command.
    #[error("\"{command}\" is no command of the relay")]
    Unknown {
        /// The line's first word.
        command: String,
    },
    /// What follows the command is missing or cannot be read.
    #[error("\"{command}\" needs {wanted} after it")]
    Argument {
        /// The command.
        command: String,
        /// What it takes.
        wanted: &'static str,
    },
    /// More words than the command takes.
    #[error("too many words after \"{command}\"")]
    TooMuch {
        /// The command.
        command: String,
    },
}

impl Explain for CommandError {
    fn failure(&self) -> Failure {
        COMMANDS.lines().fold(
            Failure::new("The relay cannot carry out this command", self.to_string())
                .severity(Severity::Usage),
            |failure, line| failure.advise(line),
        )
    }
}
