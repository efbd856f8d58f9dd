//! A table's rows taken out of the target again.

use super::{FOREIGN_ROWS, INDEX, REST, STATISTICS};
use crate::postgres::catalogue::{self, TableName};
use crate::postgres::quote;

/// SQL that takes out of the target what was loaded of a table, after making sure, under a lock,
/// that it holds nothing else. A routed table is emptied with its partitions. `key` is the table's
/// key in the ledger, `run` the run, as SQL.
pub(super) fn emptying(table: &TableName, routed: bool, key: &str, run: &str) -> String {
    let only = catalogue::only(table, routed);
    let check = format!(
        "BEGIN
           IF (SELECT count(*) FROM {only}) <> (SELECT COALESCE(sum(rows), 0)
                 FROM neonlift.chunks WHERE (run, schema_name, table_name) = {key}) THEN
             RAISE EXCEPTION USING ERRCODE = '{FOREIGN_ROWS}', MESSAGE = 'rows of somebody else';
           END IF;
         END"
    );
    format!(
        "LOCK TABLE {only} IN ACCESS EXCLUSIVE MODE; DO {};
         TRUNCATE {only};
         DO {};",
        quote::literal(&check),
        quote::literal(&unbuilding(table, run))
    )
}

/// SQL that takes a table with its chunks out of the ledger.
pub(super) fn forgetting(key: &str) -> String {
    format!("DELETE FROM neonlift.tables WHERE (run, schema_name, table_name) = {key};")
}

/// The body of a block that takes away what was built on a table's rows, with its marks: rows that
/// come into an index one by one take longer than the index.
fn unbuilding(table: &TableName, run: &str) -> String {
    let (schema, name) = (quote::literal(&table.schema), quote::literal(&table.name));
    let sql = quote::literal(&table.sql());
    format!(
        "DECLARE found record;
         BEGIN
           FOR found IN SELECT i.indexrelid::regclass::text AS index, b.definition, c.relname
                        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                        JOIN neonlift.built b ON b.run = {run}
                         AND b.definition = concat_ws(' ', '{INDEX}', {schema}, {name}, c.relname)
                        WHERE i.indrelid = {sql}::regclass LOOP
             EXECUTE 'DROP INDEX ' || found.index;
             DELETE FROM neonlift.built WHERE run = {run} AND definition IN
               (found.definition, concat_ws(' ', '{REST}', {schema}, {name}, '{INDEX}', found.relname));
           END LOOP;
           DELETE FROM neonlift.built
             WHERE (run, definition) = ({run}, concat_ws(' ', '{STATISTICS}', {schema}, {name}, ''));
         END"
    )
}
