//! What can go wrong on the road to Neon, on command.

use crate::failure::{Explain, Failure, Severity, chain};
use std::num::ParseIntError;
use std::str::FromStr;
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
full 3        the next 3 COPYs find the project's size limit reached (53100); 0: there is room again
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
    /// COPYs that will find no room.
    full: u32,
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

    /// The next `copies` COPYs into the target fail as on a Neon project that has reached its size
    /// limit: SQLSTATE 53100, and their transactions with them. One that is under way is the first.
    /// 0: there is room again.
    pub fn full(&self, copies: u32) {
        self.orders.send_modify(|orders| orders.full = copies);
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
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["help"] => Ok(COMMANDS.to_owned()),
            ["stall"] => {
                self.stall(true);
                Ok("Nothing flows any more; \"go\" lets it.".to_owned())
            }
            ["go"] => {
                self.stall(false);
                Ok("Everything flows.".to_owned())
            }
            [command @ ("sleep" | "delay"), time] => {
                Ok(self.timed(command, duration(command, time)?))
            }
            [command @ "refuse", count] => {
                let connections = number(command, count)?;
                self.refuse(connections);
                Ok(format!("The next {connections} connections are refused."))
            }
            [command @ "full", count] => {
                let copies = number(command, count)?;
                self.full(copies);
                Ok(format!("The next {copies} COPYs find no room."))
            }
            [command @ "cut", count] => {
                let bytes = number(command, count)?;
                self.cut_after(bytes);
                Ok(format!(
                    "The first session that sends {bytes} bytes from now on is dropped."
                ))
            }
            _ => Err(CommandError::Unknown {
                line: line.to_owned(),
            }),
        }
    }

    fn timed(&self, command: &str, time: Duration) -> String {
        if command == "sleep" {
            self.sleep(time);
            format!("The compute sleeps; the next connection wakes it in {time:?}.")
        } else {
            self.delay(time);
            format!("A round trip takes {time:?} longer than this machine needs.")
        }
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
        self.one_of(|orders| &mut orders.refusals)
    }

    /// Whether a COPY that brings rows now finds no room for them.
    pub(super) fn finds_no_room(&self) -> bool {
        self.one_of(|orders| &mut orders.full)
    }

    /// Takes one from a number that was ordered, if there is one left.
    fn one_of(&self, number: impl Fn(&mut Orders) -> &mut u32) -> bool {
        self.orders.send_if_modified(|orders| {
            let number = number(orders);
            let left = *number > 0;
            *number = number.saturating_sub(1);
            left
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

fn duration(command: &str, text: &str) -> Result<Duration, CommandError> {
    let argument = |source| CommandError::Time {
        command: command.to_owned(),
        source,
    };
    let time: jiff::SignedDuration = text.parse().map_err(argument)?;
    Duration::try_from(time).map_err(argument)
}

fn number<T: FromStr<Err = ParseIntError>>(command: &str, text: &str) -> Result<T, CommandError> {
    text.parse().map_err(|source| CommandError::Number {
        command: command.to_owned(),
        source,
    })
}

/// A line that is no command for the relay.
#[derive(Debug, Error)]
pub enum CommandError {
    /// No command looks like this: another word, too few words or too many.
    #[error("\"{line}\" is no command of the relay")]
    Unknown {
        /// The whole line.
        line: String,
    },
    /// What follows the command is no time.
    #[error("\"{command}\" needs a time after it, such as 500ms or 2s")]
    Time {
        /// The command.
        command: String,
        /// What is wrong with it.
        #[source]
        source: jiff::Error,
    },
    /// What follows the command is no whole number.
    #[error("\"{command}\" needs a whole number after it")]
    Number {
        /// The command.
        command: String,
        /// What is wrong with it.
        #[source]
        source: ParseIntError,
    },
}

impl Explain for CommandError {
    fn failure(&self) -> Failure {
        COMMANDS.lines().fold(
            Failure::new("The relay cannot carry out this command", chain(self))
                .severity(Severity::Usage),
            |failure, line| failure.advise(line),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_answered_with_a_sentence() {
        let faults = Faults::new();
        for line in [
            "sleep 500ms",
            "refuse 3",
            "stall",
            "go",
            " cut 1000000 ",
            "full 3",
            "delay 40ms",
        ] {
            let answer = faults.command(line).unwrap();
            assert!(answer.ends_with('.'), "{line}: {answer}");
        }
        assert_eq!(faults.one_way(), Duration::from_millis(20));
        assert!((0..3).all(|_| faults.refused()) && !faults.refused());
        assert!((0..3).all(|_| faults.finds_no_room()) && !faults.finds_no_room());
        assert_eq!(faults.command("help").unwrap(), COMMANDS);
    }

    #[test]
    fn every_command_of_the_help_is_understood() {
        for line in COMMANDS.lines() {
            let example: Vec<&str> = line.split("  ").next().unwrap().split(' ').collect();
            assert!(Faults::new().command(&example.join(" ")).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_line_that_is_no_command_is_explained() {
        for line in [
            "",
            "nap",
            "sleep",
            "sleep -1s",
            "sleep 5",
            "refuse many",
            "cut 1 2",
            "go now",
        ] {
            let error = Faults::new().command(line).unwrap_err();
            assert_eq!(error.failure().severity, Severity::Usage, "{line}");
            assert!(!error.failure().advice.is_empty());
        }
    }

    #[test]
    fn a_cut_counts_each_session_from_the_order_on_and_comes_once() {
        let faults = Faults::new();
        let (mut one, mut other) = (Tally::default(), Tally::default());
        assert_eq!(faults.cut(&mut one, 1_000), None);
        faults.cut_after(100);
        assert_eq!(faults.cut(&mut one, 60), None);
        assert_eq!(faults.cut(&mut other, 60), None);
        assert_eq!(faults.cut(&mut one, 60), Some(40));
        assert_eq!(faults.cut(&mut other, 60), None);
        faults.cut_after(0);
        assert_eq!(faults.cut(&mut other, 60), Some(0));
    }
}
