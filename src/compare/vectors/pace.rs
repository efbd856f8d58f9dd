//! The searches on both sides: exact ones, those through the index, and all of them timed.

use super::nearest::{self, Neighbour, Searcher, Way};
use super::{SOURCE, TARGET, Unmeasured, on};
use crate::figures::percentile;
use crate::session::report::{SearchSide, Searches, Share};
use std::time::{Duration, Instant};

/// How often each vector is searched for with the clock running, where that is cheap.
const ROUNDS: usize = 3;

/// What is searched for, and who searches.
pub(super) struct Runs<'a> {
    pub(super) source: Searcher<'a>,
    pub(super) target: Searcher<'a>,
    /// The texts of the vectors; never logged.
    pub(super) sample: &'a [String],
}

/// The answers of one side to all searches.
type Answers = Vec<Vec<Neighbour>>;

impl Runs<'_> {
    /// All of them; and why a recall is not among them where an index is there for it.
    pub(super) async fn all(
        &self,
        neighbours: u64,
    ) -> Result<(Searches, Option<String>), Unmeasured> {
        self.go(Way::Exact, Way::Exact).await?;
        let (here, there) = self.answers().await?;
        let ways = self.ways().await?;
        self.go(ways.0, ways.1).await?;
        // These warm up for the timed ones, too.
        let (fast, other_fast) = self.answers().await?;
        let recall = |way, exact: &Answers, fast: &Answers| {
            let pairs = exact.iter().zip(fast);
            let recalls = pairs.map(|(exact, fast)| nearest::recall(exact, fast));
            (way == Way::Index).then(|| sum(recalls))
        };
        let rounds = match ways {
            (Way::Index, Way::Index) => ROUNDS,
            _ => 1,
        };
        let mut sides = self.timed(rounds).await?;
        sides.0.recall = recall(ways.0, &here, &fast);
        sides.1.recall = recall(ways.1, &there, &other_fast);
        let searches = Searches {
            searches: self.sample.len() as u64,
            neighbours,
            exact: sum(here
                .iter()
                .zip(&there)
                .map(|(here, there)| nearest::same(here, there))),
            source: sides.0,
            target: sides.1,
        };
        Ok((searches, self.doubt(ways)))
    }

    fn doubt(&self, ways: (Way, Way)) -> Option<String> {
        let sides = [
            (SOURCE, &self.source, ways.0),
            (TARGET, &self.target, ways.1),
        ];
        let unused = sides.into_iter().filter_map(|(side, searcher, way)| {
            let index = searcher.index.as_ref().filter(|_| way == Way::Exact)?;
            Some(format!(
                "the {side}'s server does not search through {index}"
            ))
        });
        let unused: Vec<String> = unused.collect();
        (!unused.is_empty()).then(|| unused.join("; "))
    }

    async fn go(&self, here: Way, there: Way) -> Result<(), Unmeasured> {
        on(SOURCE, self.source.go(here).await)?;
        on(TARGET, self.target.go(there).await)
    }

    /// How an application searches each side: through the index where it is used.
    async fn ways(&self) -> Result<(Way, Way), Unmeasured> {
        self.go(Way::Index, Way::Index).await?;
        let here = self.way(&self.source).await;
        let there = self.way(&self.target).await;
        Ok((on(SOURCE, here)?, on(TARGET, there)?))
    }

    async fn way(&self, side: &Searcher<'_>) -> Result<Way, crate::postgres::Error> {
        let (Some(index), Some(vector)) = (&side.index, self.sample.first()) else {
            return Ok(Way::Exact);
        };
        Ok(match side.goes_through(index, vector).await? {
            true => Way::Index,
            false => Way::Exact,
        })
    }

    /// Both sides' answers, one search at a time.
    async fn answers(&self) -> Result<(Answers, Answers), Unmeasured> {
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for vector in self.sample {
            here.push(on(SOURCE, self.source.nearest(vector).await)?);
            there.push(on(TARGET, self.target.nearest(vector).await)?);
        }
        Ok((here, there))
    }

    /// The same searches with the clock running, in turns, so that what else these machines do
    /// hits both sides alike.
    async fn timed(&self, rounds: usize) -> Result<(SearchSide, SearchSide), Unmeasured> {
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for vector in std::iter::repeat_n(self.sample, rounds).flatten() {
            here.push(on(SOURCE, time(&self.source, vector).await)?);
            there.push(on(TARGET, time(&self.target, vector).await)?);
        }
        let (near, far) = (self.source.connection, self.target.connection);
        let near = on(SOURCE, near.round_trip().await)?;
        let far = on(TARGET, far.round_trip().await)?;
        Ok((told(here, near), told(there, far)))
    }
}

async fn time(side: &Searcher<'_>, vector: &str) -> Result<Duration, crate::postgres::Error> {
    let started = Instant::now();
    side.nearest(vector).await?;
    Ok(started.elapsed())
}

fn told(mut times: Vec<Duration>, round_trip: Duration) -> SearchSide {
    times.sort();
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    SearchSide {
        recall: None,
        p50: micros(percentile(&times, 50)),
        p95: micros(percentile(&times, 95)),
        round_trip: micros(round_trip),
    }
}

fn sum(shares: impl Iterator<Item = Share>) -> Share {
    shares.fold(Share::default(), |all, one| Share {
        found: all.found + one.found,
        of: all.of + one.of,
    })
}
