//! The guide's phases with the time that it gives them, beside what can be said of them here.

use super::Estimate;
use crate::session::Step;

/// A phase of the migration guide (local PostgreSQL to Neon, its chapter on time).
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Its name.
    pub name: &'static str,
    /// The least and the most minutes that the guide gives it, by hand.
    pub guide_minutes: (u32, u32),
    /// What neonlift does of it, when that is a part.
    pub part: Option<&'static str>,
    /// How long that takes.
    pub here: Here,
    /// The steps that do it.
    pub steps: &'static [Step],
}

/// What can be said of a phase here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Here {
    /// This many seconds, at least and at most; whether vector indexes come on top.
    Takes((f64, f64), bool),
    /// The road that the time depends on was not measured.
    NotMeasured,
    /// People's own time: the guide's figure stands alone.
    People,
}

impl Phase {
    /// The guide's time: `30 to 60 min`, `2 to 4 h`.
    pub fn guide(&self) -> String {
        match self.guide_minutes {
            (least, most) if least >= 120 => format!("{} to {} h", least / 60, most / 60),
            (least, most) => format!("{least} to {most} min"),
        }
    }

    /// The time here in words: `backup 0.6 s to 12 s`; empty for people's own.
    pub fn here(&self) -> String {
        let time = match self.here {
            Here::Takes(seconds, vectors) => {
                let open = if vectors { " or more" } else { "" };
                super::estimate::range(seconds, false) + open
            }
            Here::NotMeasured => "not measured".to_owned(),
            Here::People => return String::new(),
        };
        match self.part {
            Some(part) => format!("{part} {time}"),
            None => time,
        }
    }

    /// The seconds here, at least and at most, where they can be told.
    pub fn seconds(&self) -> Option<(f64, f64)> {
        match self.here {
            Here::Takes(seconds, _) => Some(seconds),
            Here::NotMeasured | Here::People => None,
        }
    }
}

impl Estimate {
    /// The guide's phases, and last all of them: from what the inventory counted, and measured of the
    /// road to the target, with rates from neonlift's own benchmarks.
    pub fn phases(&self) -> Vec<Phase> {
        let all = self.backup.zip(self.seconds).zip(self.compare);
        let all = all.map(|((backup, data), compare)| {
            let each = [backup, data, compare];
            let sum = |of: fn(&(f64, f64)) -> f64| each.iter().map(of).sum();
            (sum(|seconds| seconds.0), sum(|seconds| seconds.1))
        });
        let phase = |name, guide_minutes, (part, here), steps| Phase {
            name,
            guide_minutes,
            part,
            here,
            steps,
        };
        let backup = (Some("backup"), self.here(self.backup, false));
        let data = (None, self.here(self.seconds, self.vector_indexes));
        let compare = (Some("compare"), self.here(self.compare, false));
        let all = (None, self.here(all, self.vector_indexes));
        let people = (None, Here::People);
        vec![
            phase("preparation", (30, 60), backup, PREPARATION),
            phase("Neon set-up", (15, 30), people, &[Step::Schema]),
            phase("data", (10, 60), data, &[Step::Transfer]),
            phase("configuration", (15, 30), people, &[]),
            phase("validation", (30, 60), compare, &[Step::Compare]),
            phase("cutover", (15, 30), people, &[]),
            phase("in all", (120, 240), all, IN_ALL),
        ]
    }

    fn here(&self, seconds: Option<(f64, f64)>, vectors: bool) -> Here {
        match seconds {
            Some(seconds) => Here::Takes(seconds, vectors),
            None if self.bytes == 0 => Here::People,
            None => Here::NotMeasured,
        }
    }
}

const PREPARATION: &[Step] = &[
    Step::Prerequisites,
    Step::Connections,
    Step::Inventory,
    Step::Backup,
];

/// All that neonlift does before people have to decide.
const IN_ALL: &[Step] = &[
    Step::Prerequisites,
    Step::Connections,
    Step::Inventory,
    Step::Backup,
    Step::Schema,
    Step::Transfer,
    Step::Compare,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::{Inventory, Room, Table};

    #[test]
    fn only_what_can_be_told_has_a_number() {
        let text =
            "schema = 'public'\nname = 'a'\nrows = 1\nrow_bytes = 190000000\nindex_bytes = 0";
        let table: Table = toml::from_str(text).unwrap();
        let mut found = Inventory {
            tables: vec![table],
            ..Inventory::default()
        };
        let told = |found: &Inventory| {
            let phases = Estimate::of(found).phases();
            let data = phases.iter().find(|phase| phase.name == "data").unwrap();
            assert_eq!(data.guide(), "10 to 60 min");
            assert_eq!(phases.last().unwrap().guide(), "2 to 4 h");
            let told = phases.iter().filter_map(Phase::seconds).count();
            (data.here(), phases.last().unwrap().here(), told)
        };
        let told_of = |data: &str, all: &str, count| (data.to_owned(), all.to_owned(), count);
        let unmeasured = told_of("not measured", "not measured", 2);
        assert_eq!(told(&found), unmeasured);
        found.target = Some(Room {
            limit: None,
            used: 0,
            bytes_per_second: 10e6,
        });
        let measured = told_of("1.5 s to 20 s", "5.7 s to 1 m 06 s", 4);
        assert_eq!(told(&found), measured);
        found.tables.clear();
        assert_eq!(told(&found), told_of("", "", 0));
    }
}
