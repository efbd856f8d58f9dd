//! Rows that a crash of the target takes out of unlogged tables, and whose marks it leaves: the
//! ledger is logged.

use crate::postgres::quote;

/// SQL that takes back the marks of those chunks. A chunk's rows and its mark are of one
/// transaction, so where rows are missing, a chunk is lost when no row has its mark's `xmin`; those
/// that were loaded after the crash are still in. What is unlogged, the target says: a schema of one's
/// own may have other tables unlogged than the source. Not once all rows are marked as in, with
/// `all`. `run` and `all` are literals.
pub(super) fn recount(run: &str, all: &str) -> String {
    // Rows in the place of lost ones are told from those that somebody has updated by their number.
    let taking_back = quote::literal(
        "WITH there AS MATERIALIZED (SELECT xmin, count(*) AS rows FROM %s %I.%I GROUP BY xmin)
         UPDATE neonlift.chunks c SET rows = NULL, bytes = NULL, loaded_at = NULL
         WHERE (c.run, c.schema_name, c.table_name) = ($1, $2, $3) AND c.rows > 0
           AND c.xmin NOT IN (SELECT xmin FROM there)
           AND (SELECT COALESCE(sum(rows), 0) FROM there) <
               (SELECT sum(rows) FROM neonlift.chunks
                WHERE (run, schema_name, table_name) = ($1, $2, $3))",
    );
    quote::block(&format!(
        "DECLARE found record;
         BEGIN
           IF EXISTS (SELECT FROM neonlift.built WHERE (run, definition) = ({run}, {all})) THEN
             RETURN;
           END IF;
           FOR found IN SELECT t.schema_name, t.table_name, c.relkind
                        FROM neonlift.tables t
                        JOIN pg_namespace n ON n.nspname = t.schema_name
                        JOIN pg_class c ON (c.relnamespace, c.relname) = (n.oid, t.table_name)
                        WHERE t.run = {run} AND (c.relpersistence = 'u' OR c.relkind = 'p' AND EXISTS
                          (SELECT FROM pg_partition_tree(c.oid) JOIN pg_class part ON part.oid = relid
                           WHERE part.relpersistence = 'u')) LOOP
             EXECUTE format({taking_back}, CASE found.relkind WHEN 'p' THEN '' ELSE 'ONLY' END,
                            found.schema_name, found.table_name)
               USING {run}, found.schema_name, found.table_name;
           END LOOP;
         END"
    ))
}
