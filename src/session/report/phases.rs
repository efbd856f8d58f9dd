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
    /// What neonlift does of it.
    pub here: Here,
    /// The steps that do it.
    pub steps: &'static [Step],
}

/// What can be said of a phase here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Here {
    /// This takes that many seconds, at least and at most; whether vector indexes come on top.
    Takes((f64, f64), bool),
    /// This is neonlift's, and nothing was measured that its time could be told from.
    NotMeasured(&'static str),
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

    /// The time here in words: `0.6 s to 12 s or more`; empty for people's own.
    pub fn here(&self) -> String {
        match self.here {
            Here::Takes(seconds, vectors) => {
                let open = if vectors { " or more" } else { "" };
                super::estimate::range(seconds, false) + open
            }
            Here::NotMeasured(what) => format!("{what}: not measured"),
            Here::People => String::new(),
        }
    }

    /// The seconds here, at least and at most, where they can be told.
    pub fn seconds(&self) -> Option<(f64, f64)> {
        match self.here {
            Here::Takes(seconds, _) => Some(seconds),
            Here::NotMeasured(_) | Here::People => None,
        }
    }
}

impl Estimate {
    /// The guide's phases, and last all of them. The inventory measures the road to the target; how
    /// fast the source is dumped and both sides are hashed it does not.
    pub fn phases(&self) -> Vec<Phase> {
        let moving = "rows, indexes";
        let data = match self.seconds {
            Some(seconds) => Here::Takes(seconds, self.vector_indexes),
            None if self.bytes == 0 => Here::People,
            None => Here::NotMeasured(moving),
        };
        let phase = |name, guide_minutes, here, steps| Phase {
            name,
            guide_minutes,
            here,
            steps,
        };
        let (backup, compare) = (Here::NotMeasured("backup"), Here::NotMeasured("compare"));
        vec![
            phase("preparation", (30, 60), backup, PREPARATION),
            phase("Neon set-up", (15, 30), Here::People, &[Step::Schema]),
            phase("data", (10, 60), data, &[Step::Transfer]),
            phase("configuration", (15, 30), Here::People, &[]),
            phase("validation", (30, 60), compare, &[Step::Compare]),
            phase("cutover", (15, 30), Here::People, &[]),
            phase("in all", (120, 240), Here::People, IN_ALL),
        ]
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
    fn only_what_was_measured_has_a_number() {
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
            (
                data.here(),
                phases.iter().filter_map(Phase::seconds).count(),
            )
        };
        let unmeasured = "rows, indexes: not measured".to_owned();
        assert_eq!(told(&found), (unmeasured, 0));
        found.target = Some(Room {
            limit: None,
            used: 0,
            bytes_per_second: 10e6,
        });
        let measured = "1.5 s to 20 s".to_owned();
        assert_eq!(told(&found), (measured, 1));
        found.tables.clear();
        assert_eq!(told(&found), (String::new(), 0));
    }
}
