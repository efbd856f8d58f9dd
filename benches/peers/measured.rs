//! What was measured, and what is required of it.

use crate::contender::{Contender, Timing};
use crate::data::Set;
use crate::migration::ROWS;
use crate::road::Road;

/// One contender's runs on one data set over one road.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) set: Set,
    pub(crate) road: Road,
    pub(crate) contender: Contender,
    pub(crate) runs: Vec<Result<Timing, String>>,
}

impl Measured {
    /// The middle run's value, when none has failed.
    pub(crate) fn median(&self, value: impl Fn(&Timing) -> Option<f64>) -> Option<f64> {
        let mut values = (self.runs.iter())
            .map(|run| run.as_ref().ok().and_then(&value))
            .collect::<Option<Vec<f64>>>()?;
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => None,
            even if even % 2 == 0 => Some((values[middle - 1] + values[middle]) / 2.0),
            _ => Some(values[middle]),
        }
    }

    pub(crate) fn seconds(&self) -> Option<f64> {
        self.median(|timing| Some(timing.seconds))
    }

    pub(crate) fn part(&self, name: &str) -> Option<f64> {
        self.median(|timing| {
            let part = timing.parts.iter().find(|(part, _)| *part == name);
            part.map(|(_, seconds)| *seconds)
        })
    }

    /// Why a run failed.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.runs
            .iter()
            .find_map(|run| run.as_ref().err().map(String::as_str))
    }
}

/// All that was measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measurements(pub(crate) Vec<Measured>);

impl Measurements {
    pub(crate) fn of(&self, set: Set, road: Road, contender: Contender) -> Option<&Measured> {
        self.0.iter().find(|measured| {
            (measured.set, measured.road, measured.contender) == (set, road, contender)
        })
    }

    fn seconds(&self, set: Set, road: Road, contender: Contender) -> Option<f64> {
        self.of(set, road, contender)?.seconds()
    }

    /// How many times as long as another's whole job neonlift's takes.
    pub(crate) fn share(&self, set: Set, road: Road, contender: Contender) -> Option<f64> {
        let own = self.seconds(set, road, Contender::Neonlift)?;
        Some(own / self.seconds(set, road, contender)?)
    }

    /// How many times as long as the physical limit neonlift's rows take: alone, or with the indexes
    /// that are built beside them.
    pub(crate) fn rows_share(&self, set: Set, road: Road, own: Contender) -> Option<f64> {
        let own = self.of(set, road, own)?.part(ROWS)?;
        Some(own / self.seconds(set, road, Contender::Pipe)?)
    }

    fn growth(&self, few: Set, many: Set) -> Option<f64> {
        let seconds = |set| self.seconds(set, Road::Near, Contender::Neonlift);
        Some(seconds(many)? / seconds(few)?)
    }

    /// The largest resident memory of neonlift in any run, in MB of 1,024 kB.
    fn peak(&self) -> Option<f64> {
        let runs = self.0.iter().flat_map(|measured| &measured.runs);
        let peaks = runs.filter_map(|run| run.as_ref().ok()?.peak);
        peaks.max().map(|kilobytes| kilobytes as f64 / 1024.0)
    }

    pub(crate) fn requirements(&self) -> Vec<Requirement> {
        use Contender::{Directory, Guide, Pgcopydb, PgcopydbBinary};
        let job = |contender| self.share(Set::Both, Road::Near, contender);
        let far = |contender| self.share(Set::Small, Road::Far, contender);
        let requirement = |what, is, limit| Requirement { what, is, limit };
        vec![
            requirement("vectors + events: of pgcopydb's time", job(Pgcopydb), 0.55),
            requirement(
                "vectors + events: of pgcopydb's time with binary copy",
                job(PgcopydbBinary),
                0.9,
            ),
            requirement("vectors + events: of the guide's time", job(Guide), 0.15),
            requirement(
                "vectors + events: rows, of the physical limit's time",
                self.rows_share(Set::Both, Road::Near, Contender::Rows),
                1.15,
            ),
            requirement(
                "small tables 40 ms away: of pgcopydb's time",
                far(Pgcopydb),
                0.06,
            ),
            requirement(
                "small tables 40 ms away: of pg_restore -j8's time",
                far(Directory),
                0.08,
            ),
            requirement(
                "ten times the events: times the time",
                self.growth(Set::FewEvents, Set::Events),
                11.0,
            ),
            requirement(
                "ten times the vectors: times the time",
                self.growth(Set::FewVectors, Set::Vectors),
                11.0,
            ),
            requirement("largest resident memory, MB", self.peak(), 64.0),
        ]
    }
}

/// Something that has to be reached.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) what: &'static str,
    /// `None` when it was not measured, or one of the two failed.
    pub(crate) is: Option<f64>,
    /// The most it may be.
    pub(crate) limit: f64,
}

impl Requirement {
    pub(crate) fn verdict(&self) -> &'static str {
        match self.is {
            None => "not measured",
            Some(is) if is <= self.limit => "ok",
            Some(_) => "MISSED",
        }
    }

    pub(crate) fn missed(&self) -> bool {
        self.is.is_some_and(|is| is > self.limit)
    }
}
