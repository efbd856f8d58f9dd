//! Memory and workers for the indexes over vectors, which take longer than everything else: a
//! graph that does not fit into `maintenance_work_mem` is built several times more slowly.

use crate::figures;
use crate::postgres::diagnosis::Cause;
use crate::postgres::script::Entry;
use crate::postgres::{Connection, Error as PostgresError, count};
use crate::transfer::Error;

const MB: u64 = 1 << 20;
const GB: u64 = 1 << 30;

/// A Neon compute unit's connections, by which its size is known, and its memory; both grow with
/// it (<https://neon.com/docs/reference/compute-size>).
const CONNECTIONS_OF_A_UNIT: u64 = count::CONNECTIONS_OF_A_UNIT as u64;
const MEMORY_OF_A_UNIT: u64 = 4 * GB;

/// What an index over vectors needs, as far as its definition and its table tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// Bytes.
    pub(super) memory: u64,
}

/// What a server can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// `maintenance_work_mem` as it is, in bytes.
    usual: u64,
    /// What it may be raised to, in bytes.
    most: u64,
    /// Helpers for one build, where the server's size is known.
    workers: Option<u64>,
}

/// Settings for one attempt at an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    memory: Option<u64>,
    workers: Option<u64>,
}

impl Need {
    /// The need of an index, if it is one over vectors. HNSW keeps its whole graph in memory: the
    /// vectors, which are most of the table, and for each a struct and the lists of its neighbours
    /// (pgvector's `hnsw.h`). IVFFlat keeps a sample of fifty rows a list.
    pub(super) fn of(entry: &Entry, rows: u64, table_bytes: u64) -> Option<Self> {
        let memory = if entry.sql.contains("USING hnsw") {
            let neighbours = option(&entry.sql, "m").unwrap_or(16);
            table_bytes + rows * (160 + 40 * neighbours)
        } else if entry.sql.contains("USING ivfflat") {
            let lists = option(&entry.sql, "lists").unwrap_or(100);
            let row = table_bytes.checked_div(rows).unwrap_or(0);
            // The sample and the centres, twice each while they are computed.
            16 * MB + 2 * lists * 51 * row
        } else {
            return None;
        };
        Some(Self {
            memory: memory + memory / 8,
        })
    }
}

/// The number behind `name='` in an index's options.
fn option(sql: &str, name: &str) -> Option<u64> {
    let options = sql.rsplit_once(" WITH (")?.1;
    let value = options
        .split([',', ')'])
        .find_map(|option| option.trim().strip_prefix(name)?.strip_prefix('='))?;
    value.trim_matches('\'').parse().ok()
}

impl Room {
    /// Asks a server.
    pub(super) async fn of(connection: &Connection) -> Result<Self, PostgresError> {
        let sql = "SELECT pg_size_bytes(current_setting('maintenance_work_mem')),
                          pg_size_bytes(current_setting('shared_buffers')),
                          current_setting('max_connections')::int8,
                          EXISTS (SELECT FROM pg_settings WHERE name LIKE 'neon.%')";
        let row = connection.query_one(sql, &[]).await;
        let row = row.map_err(PostgresError::while_doing("asking for the target's memory"))?;
        let number = |index| u64::try_from(row.get::<_, i64>(index)).unwrap_or(0);
        Ok(Self::new(number(0), number(1), number(2), row.get(3)))
    }

    /// On Neon half of the compute's memory: up to 60 % may be used. Elsewhere nobody says how much
    /// memory there is; what is given to `shared_buffers` is usually a quarter of it, or less.
    fn new(usual: u64, shared_buffers: u64, connections: u64, is_neon: bool) -> Self {
        let compute = MEMORY_OF_A_UNIT * connections / CONNECTIONS_OF_A_UNIT;
        let most = if is_neon {
            compute / 2
        } else {
            2 * shared_buffers
        };
        let cores = connections.div_ceil(CONNECTIONS_OF_A_UNIT);
        Self {
            usual,
            most: most.max(usual),
            workers: is_neon.then_some(cores.clamp(1, 8)),
        }
    }

    /// The attempts to make, the best first; each later one takes less of what ran out.
    pub(super) fn attempts(&self, need: Need) -> Vec<Attempt> {
        let memory = Some(need.memory.min(self.most)).filter(|memory| *memory > self.usual);
        let mut attempts = vec![Attempt {
            memory,
            workers: self.workers,
        }];
        let alone = |memory| Attempt {
            memory,
            workers: Some(0),
        };
        attempts.push(alone(memory));
        attempts.extend(memory.map(|_| alone(None)));
        attempts
    }

    /// What to say when the graph will not fit.
    pub(super) fn shortage(&self, need: Need) -> Option<String> {
        (need.memory > self.most).then(|| {
            format!(
                "it needs about {} of memory and gets {}, so it is built more slowly; a larger compute during the migration helps",
                figures::bytes(need.memory),
                figures::bytes(self.most)
            )
        })
    }
}

impl Attempt {
    /// Its settings as SQL, for one transaction.
    pub(super) fn sql(&self) -> String {
        let memory = self.memory.map(|bytes| {
            let kilobytes = bytes / 1024;
            format!("SET LOCAL maintenance_work_mem = '{kilobytes}kB';")
        });
        let workers = self
            .workers
            .map(|workers| format!("SET LOCAL max_parallel_maintenance_workers = {workers};"));
        [memory, workers].into_iter().flatten().collect()
    }
}

/// Whether a build failed for want of memory, so that an attempt that takes less may succeed.
pub(super) fn is_short_of_memory(error: &Error) -> bool {
    let cause = error.refusal().and_then(PostgresError::cause);
    matches!(cause, Some(Cause::SharedMemory | Cause::OutOfMemory))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn entry(sql: &str) -> Entry {
        Entry {
            name: "i".to_owned(),
            kind: "INDEX".to_owned(),
            schema: None,
            table: None,
            sql: sql.to_owned(),
            ..Entry::default()
        }
    }

    #[rstest]
    #[case(
        "CREATE INDEX i ON t USING hnsw (v) WITH (m='24', ef_construction='64');",
        "m",
        Some(24)
    )]
    #[case(
        "CREATE INDEX i ON t USING hnsw (v) WITH (m='24', ef_construction='64');",
        "ef_construction",
        Some(64)
    )]
    #[case("CREATE INDEX i ON t USING hnsw (v);", "m", None)]
    fn options_are_read(#[case] sql: &str, #[case] name: &str, #[case] expected: Option<u64>) {
        assert_eq!(option(sql, name), expected);
    }

    #[test]
    fn only_indexes_over_vectors_need_memory_of_their_own() {
        assert_eq!(
            Need::of(&entry("CREATE INDEX i ON t USING gin (j);"), 10, 1),
            None
        );
        assert!(Need::of(&entry("CREATE INDEX i ON t USING ivfflat (v);"), 10, 1).is_some());
    }

    #[test]
    fn a_neon_compute_gives_half_of_its_memory() {
        let room = Room::new(64 * MB, 128 * MB, 839, true);
        assert_eq!(room.most / GB, 4);
        assert_eq!(room.workers, Some(3));
        let need = Need { memory: GB };
        let first = room.attempts(need)[0].sql();
        assert_eq!(
            first,
            "SET LOCAL maintenance_work_mem = '1048576kB';SET LOCAL max_parallel_maintenance_workers = 3;"
        );
        assert_eq!(room.shortage(need), None);
        assert!(room.shortage(Need { memory: 5 * GB }).is_some());
    }

    #[test]
    fn another_server_is_not_asked_for_more_than_it_may_have() {
        let room = Room::new(64 * MB, 128 * MB, 100, false);
        let attempts = room.attempts(Need { memory: GB });
        assert_eq!(
            attempts[0].sql(),
            "SET LOCAL maintenance_work_mem = '262144kB';"
        );
        let small = room.attempts(Need { memory: MB });
        assert_eq!(small[0].sql(), "", "the usual memory is enough");
    }
}
