//! What a PostgreSQL source counts of the writes to its tables.

use crate::postgres::catalogue::{ROUTED, TableName};
use crate::postgres::{Connection, Error};
use std::collections::HashMap;

/// SQL that is true where a server does not count writes: on a standby, or with `track_counts` off.
pub(super) const UNCOUNTED: &str =
    "(pg_is_in_recovery() OR NOT current_setting('track_counts')::bool)";

/// For each table a text that changes when its rows are written to or the table is rewritten: its
/// file, the counters of `pg_stat_user_tables`, and when those were last reset. Where the server
/// does not count, no two texts are equal. That of a routed table is its partitions' together.
///
/// The counters come late: a session tells of its writes when its transaction has ended, at most
/// once a second (`PGSTAT_MIN_INTERVAL` in PostgreSQL's `pgstat.c`).
pub async fn counters(connection: &Connection) -> Result<HashMap<TableName, String>, Error> {
    // Within a transaction a server shows what it showed first, unless it is told to look again.
    connection
        .batch(
            "reading the tables' counters",
            "SELECT pg_stat_clear_snapshot()",
        )
        .await?;
    let sql = format!(
        "WITH RECURSIVE {ROUTED},
         counted (table_oid, part, told) AS (
           SELECT COALESCE(r.root, c.oid), c.oid,
                  concat_ws('/', c.oid, pg_relation_filenode(c.oid), s.n_tup_ins, s.n_tup_upd,
                            s.n_tup_del, b.stats_reset, d.stats_reset,
                            CASE WHEN {UNCOUNTED} THEN clock_timestamp()::text END)
           FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
           LEFT JOIN routed r ON r.member = c.oid
           CROSS JOIN pg_stat_bgwriter b
           JOIN pg_stat_database d ON d.datname = current_database())
         SELECT n.nspname, c.relname, string_agg(told, ' ' ORDER BY part)
         FROM counted JOIN pg_class c ON c.oid = table_oid JOIN pg_namespace n ON n.oid = c.relnamespace
         GROUP BY n.nspname, c.relname"
    );
    let rows = connection
        .query(&sql, &[])
        .await
        .map_err(Error::while_doing("reading the tables' counters"))?;
    let counted = rows.iter().map(|row| (TableName::of(row, 0), row.get(2)));
    Ok(counted.collect())
}
