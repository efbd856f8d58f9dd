//! How long it will take and how much room it needs: told before, with what it rests on.

use super::{Inventory, Room};
use crate::figures::{self, bytes};

/// Rows in bytes a second where nothing but the machines limits it: `vectors` on the same machine in
/// `benches/RESULTS.md`, the fastest ever measured.
const ROWS_AT_BEST: f64 = 190e6;

/// Indexes in bytes a second at best: beside the rows on the same machine, in the same benchmark.
const INDEXES_AT_BEST: f64 = 100e6;

/// Indexes in bytes a second on a compute of a quarter of a core: a quarter of what the benchmark's
/// slowest, those of 1,000,000 documents, had.
const INDEXES_AT_WORST: f64 = 5e6;

/// Bytes of rows a second that are dumped at best: 1,000,000 documents in the same benchmark.
const BACKUP_AT_BEST: f64 = 74e6;

/// Bytes of rows a second that are dumped at worst: half of what embeddings that hardly compress had in
/// the same benchmark, by the guide's dump.
const BACKUP_AT_WORST: f64 = 5e6;

/// Bytes of rows a second that both sides hash at best: vectors and events in the same benchmark.
const COMPARE_AT_BEST: f64 = 300e6;

/// Bytes of rows a second that both sides hash at worst: a twelfth, a quarter for a compute of a quarter
/// of a core, and a third of that for rows that it has to fetch from its storage (an allowance: not
/// measured).
const COMPARE_AT_WORST: f64 = 25e6;

/// Seconds that even the smallest move takes: a tenth of the vectors, in the same benchmark.
const AT_LEAST: f64 = 0.5;

/// The size that a project on Neon's free plan may have.
const FREE_PLAN: u64 = 512 << 20;

/// What a migration of an inventory's selected tables will take.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Bytes of rows and indexes, as they are on the source.
    pub bytes: u64,
    /// The least and the most seconds that rows and indexes will take; `None` when the road was not
    /// measured, or there is nothing to move.
    pub seconds: Option<(f64, f64)>,
    /// The least and the most seconds that the backup of all tables will take; `None` without rows.
    pub backup: Option<(f64, f64)>,
    /// The least and the most seconds that the comparison will take; `None` when nothing is to move.
    pub compare: Option<(f64, f64)>,
    /// Whether indexes on vectors are among them, whose time depends on the compute alone.
    pub vector_indexes: bool,
    /// What is left on the target when all is there.
    pub room: RoomLeft,
    bytes_per_second: f64,
}

/// What is left on the target when all is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomLeft {
    /// This many bytes of that limit.
    Left(u64, u64),
    /// It does not fit: this many bytes are missing under that limit.
    Missing(u64, u64),
    /// The target names no limit, and Neon's smallest is enough.
    NoLimit,
    /// The target names no limit; on Neon's free plan it would not fit.
    NotOnTheFreePlan,
    /// The target was not asked.
    Unknown,
}

impl Estimate {
    /// The estimate for what is selected now.
    pub fn of(found: &Inventory) -> Self {
        let (rows, indexes) = (
            found.sum(|table| table.row_bytes),
            found.sum(|table| table.index_bytes),
        );
        let of_vectors =
            |index: &String| index.contains(" USING hnsw") || index.contains(" USING ivfflat");
        // The backup is of the whole database.
        let all = found.tables.iter().map(|table| table.row_bytes).sum();
        let bytes = rows + indexes;
        let road = found.target.map_or(0.0, |target| target.bytes_per_second);
        Self {
            bytes,
            seconds: (bytes > 0 && road > 0.0).then(|| seconds(rows as f64, indexes as f64, road)),
            backup: between(all, BACKUP_AT_BEST, BACKUP_AT_WORST),
            compare: between(rows, COMPARE_AT_BEST, COMPARE_AT_WORST),
            vector_indexes: found
                .selected()
                .any(|table| table.indexes.iter().any(of_vectors)),
            room: room_left(bytes, found.target),
            bytes_per_second: road,
        }
    }

    /// The time in words; `None` when nothing is known of it.
    pub fn time(&self) -> Option<String> {
        let seconds = range(self.seconds?, self.vector_indexes);
        Some(format!("takes {seconds}"))
    }

    /// What the time rests on, in words; `None` when nothing is known of it.
    pub fn basis(&self) -> Option<String> {
        self.seconds?;
        let road = bytes(self.bytes_per_second as u64);
        let vectors = match self.vector_indexes {
            true => " Indexes on vectors may take much longer: that depends on the compute.",
            false => "",
        };
        Some(format!(
            "At best as in neonlift's own benchmark; at worst as slow as one connection, which carried {road}/s to the target at the count, and indexes as on a small compute.{vectors}"
        ))
    }

    /// What the target has left when all is there, in words; `None` when it was not asked.
    pub fn room_left(&self) -> Option<String> {
        let needs = format!("needs {}", bytes(self.bytes));
        match self.room {
            RoomLeft::Left(left, limit) => Some(format!(
                "{needs}, leaves {} of {}",
                bytes(left),
                bytes(limit)
            )),
            RoomLeft::Missing(missing, limit) => Some(format!(
                "! {needs}, {} more than the target's {} takes: leave tables out, or choose a larger plan",
                bytes(missing),
                bytes(limit)
            )),
            RoomLeft::NoLimit => Some(format!("{needs}; the target names no limit")),
            RoomLeft::NotOnTheFreePlan => Some(format!(
                "! {needs}; the target names no limit, but Neon's free plan ends at {}",
                bytes(FREE_PLAN)
            )),
            RoomLeft::Unknown => None,
        }
    }

    /// Whether it will not fit, or may not.
    pub fn is_tight(&self) -> bool {
        matches!(
            self.room,
            RoomLeft::Missing(..) | RoomLeft::NotOnTheFreePlan
        )
    }
}

/// Seconds in words: `2.0 s to 30 s`, `about 2.0 s`.
pub(super) fn range((least, most): (f64, f64), vector_indexes: bool) -> String {
    let (least, most) = (figures::duration(least), figures::duration(most));
    let vectors = match vector_indexes {
        true => ", vector indexes longer",
        false => "",
    };
    match least == most {
        true => format!("about {most}{vectors}"),
        false => format!("{least} to {most}{vectors}"),
    }
}

fn seconds(rows: f64, indexes: f64, road: f64) -> (f64, f64) {
    let least = AT_LEAST + rows / ROWS_AT_BEST + indexes / INDEXES_AT_BEST;
    let most = AT_LEAST + rows / road.min(ROWS_AT_BEST) + indexes / INDEXES_AT_WORST;
    (least, most)
}

/// The least and the most seconds for so many bytes; `None` when there are none.
fn between(bytes: u64, best: f64, worst: f64) -> Option<(f64, f64)> {
    let at = |speed| AT_LEAST + bytes as f64 / speed;
    (bytes > 0).then(|| (at(best), at(worst)))
}

fn room_left(needed: u64, target: Option<Room>) -> RoomLeft {
    match target {
        None => RoomLeft::Unknown,
        Some(Room { limit: None, .. }) if needed > FREE_PLAN => RoomLeft::NotOnTheFreePlan,
        Some(Room { limit: None, .. }) => RoomLeft::NoLimit,
        Some(Room {
            limit: Some(limit),
            used,
            ..
        }) => match limit.checked_sub(used + needed) {
            Some(left) => RoomLeft::Left(left, limit),
            None => RoomLeft::Missing(used + needed - limit, limit),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::Table;

    fn inventory(rows: u64, indexes: u64, target: Option<Room>) -> Inventory {
        let text = "schema = 'public'\nname = 'a'\nrows = 1\nrow_bytes = 0\nindex_bytes = 0";
        let table: Table = toml::from_str(text).unwrap();
        let table = Table {
            row_bytes: rows,
            index_bytes: indexes,
            ..table
        };
        Inventory {
            tables: vec![table],
            target,
            ..Inventory::default()
        }
    }

    fn room(limit: Option<u64>) -> Option<Room> {
        Some(Room {
            limit,
            used: 10 << 20,
            bytes_per_second: 10e6,
        })
    }

    #[test]
    fn the_time_is_a_range_and_nothing_when_nothing_is_known() {
        let (least, most) = Estimate::of(&inventory(190_000_000, 50_000_000, room(None)))
            .seconds
            .unwrap();
        assert!(
            (least - 2.0).abs() < 0.01 && (most - 29.5).abs() < 0.01,
            "{least} {most}"
        );
        assert_eq!(Estimate::of(&inventory(1, 1, None)).seconds, None);
        assert_eq!(Estimate::of(&inventory(0, 0, room(None))).seconds, None);
        let mut left_out = inventory(1 << 30, 0, room(None));
        left_out.tables[0].selected = false;
        let left_out = Estimate::of(&left_out);
        assert_eq!((left_out.bytes, left_out.compare), (0, None));
        assert!(left_out.backup.is_some(), "it is of the whole database");
    }

    #[test]
    fn the_room_is_held_against_the_limit() {
        let left = |bytes: u64, limit| Estimate::of(&inventory(bytes, 0, room(limit))).room;
        assert_eq!(
            left(100 << 20, Some(512 << 20)),
            RoomLeft::Left(402 << 20, 512 << 20)
        );
        assert_eq!(
            left(600 << 20, Some(512 << 20)),
            RoomLeft::Missing(98 << 20, 512 << 20)
        );
        assert_eq!(left(600 << 20, None), RoomLeft::NotOnTheFreePlan);
        assert_eq!(left(1, None), RoomLeft::NoLimit);
        assert_eq!(Estimate::of(&inventory(1, 0, None)).room, RoomLeft::Unknown);
    }
}
