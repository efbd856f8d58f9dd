//! When the next probe is due, and what a probe costs.
//!
//! A Neon compute falls asleep after five minutes without a client
//! (<https://neon.com/docs/introduction/scale-to-zero>). A probe wakes it and keeps it awake for five
//! minutes more; while an application keeps it awake, a probe costs nothing.

use crate::figures::duration;
use crate::session::report::{Probe, Sample};
use std::time::Duration;

/// So long a compute stays awake after its last client has gone.
const AWAKE: Duration = Duration::from_secs(5 * 60);

/// Probes of a target that nobody uses are no farther apart.
const SELDOM: Duration = Duration::from_secs(60 * 60);

const DAY: f64 = 24.0 * 3600.0;

/// The units that the smallest compute has.
const SMALLEST: f64 = 0.25;

/// What a person has to know before a watch, one text a paragraph.
pub const BEFORE: [&str; 3] = [
    "Connections, latency, rollbacks and errors, slow statements, cache, locks and size are held against the thresholds of [watch] in config.toml, 24 hours long by default. It goes on where it was stopped.",
    "While your application keeps a Neon compute awake, probes cost nothing. Each that wakes it keeps it awake for 5 minutes; while nobody uses it, they get rarer.",
    "It runs as long as this program is open. `neonlift watch` does the same in any terminal, and `neonlift watch --unit` prints a service for the background.",
];

/// How probes are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spacing {
    /// The time between two probes of a target that is in use.
    pub every: Duration,
    /// Whether the target falls asleep when nobody uses it.
    pub sleeps: bool,
}

impl Spacing {
    /// The time from the last of these probes to the next one. It doubles with each probe that found
    /// nobody else, up to an hour, and is the usual one again as soon as somebody is there.
    pub fn after(&self, probes: &[&Probe]) -> Duration {
        let quiet = |probe: &&&Probe| probe.sample().is_some_and(is_quiet);
        let quiet = probes.iter().rev().take_while(quiet).count();
        match self.sleeps {
            true => {
                let doubled = 2_u32.saturating_pow(u32::try_from(quiet).unwrap_or(u32::MAX));
                self.every.saturating_mul(doubled).min(self.seldom())
            }
            false => self.every,
        }
    }

    /// The longest time between two probes.
    pub fn longest(&self) -> Duration {
        match self.sleeps {
            true => self.seldom(),
            false => self.every,
        }
    }

    fn seldom(&self) -> Duration {
        self.every.max(SELDOM)
    }

    /// What the probes cost, in words.
    pub fn cost(&self) -> String {
        const HOW: &str = "Each probe is one connection to the direct host, closed at once: a pooler would add its own wait, and hide the server's.";
        if !self.sleeps {
            return HOW.to_owned();
        }
        let awake = |between: Duration| {
            let share = (AWAKE.as_secs_f64() / between.as_secs_f64()).min(1.0);
            share * DAY
        };
        let most = awake(self.every);
        let units = most / 3600.0 * SMALLEST;
        let alone = match self.every < self.seldom() {
            true => format!(
                " While nobody else is connected they are up to {} apart.",
                duration(self.seldom().as_secs_f64())
            ),
            false => String::new(),
        };
        let never = match self.every <= AWAKE {
            true => " So close together they never let it sleep.",
            false => "",
        };
        format!(
            "While your application keeps the compute awake, probes cost nothing. Each that wakes it keeps it awake for 5 minutes: at most {} a day, {units:.1} CU-hours at {SMALLEST} CU.{never}{alone} {HOW}",
            duration(most),
        )
    }
}

/// Whether a probe found a compute that nobody uses.
fn is_quiet(sample: &Sample) -> bool {
    sample.woken || sample.others == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::threshold::tests::sample;
    use rstest::rstest;

    fn probes(others: &[u64]) -> Vec<Probe> {
        let of = |others: &u64| {
            Probe::Reached(Box::new(Sample {
                others: *others,
                ..sample(0)
            }))
        };
        others.iter().map(of).collect()
    }

    #[rstest]
    #[case(&[], 15)]
    #[case(&[3, 3], 15)]
    #[case(&[3, 0], 30)]
    #[case(&[0, 0], 60)]
    #[case(&[0, 0, 0, 0, 0, 0], 60)]
    #[case(&[0, 0, 1], 15)]
    fn what_nobody_uses_is_probed_seldom(#[case] others: &[u64], #[case] minutes: u64) {
        let every = Duration::from_secs(15 * 60);
        let probes = probes(others);
        let probes: Vec<&Probe> = probes.iter().collect();
        let of = |sleeps| Spacing { every, sleeps }.after(&probes);
        assert_eq!(of(true), Duration::from_secs(minutes * 60));
        assert_eq!(of(false), every, "a server that never sleeps");
    }

    #[test]
    fn a_spacing_beyond_an_hour_stays() {
        let every = Duration::from_secs(2 * 3600);
        let probes = probes(&[0, 0, 0]);
        let probes: Vec<&Probe> = probes.iter().collect();
        assert_eq!(
            Spacing {
                every,
                sleeps: true
            }
            .after(&probes),
            every
        );
    }

    #[test]
    fn the_cost_is_told() {
        let cost = |minutes: u64| {
            let every = Duration::from_secs(minutes * 60);
            Spacing {
                every,
                sleeps: true,
            }
            .cost()
        };
        assert!(
            cost(15).contains("at most 8 h 00 m a day, 2.0 CU-hours at 0.25 CU"),
            "{}",
            cost(15)
        );
        assert!(
            cost(3).contains("at most 24 h 00 m a day") && cost(3).contains("never let it sleep")
        );
        assert!(!cost(120).contains("apart"));
    }
}
