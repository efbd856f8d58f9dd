//! The indexes over a column's vectors, and what they measure by.

use crate::postgres::catalogue::{Column, Table};
use crate::postgres::{Connection, Error};
use crate::session::report::VectorIndex;

/// A distance, by pgvector's operator for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metric(String);

impl Metric {
    /// pgvector's operator: `<=>`.
    pub(super) fn operator(&self) -> &str {
        &self.0
    }

    /// For people; an operator that is not known goes by itself.
    pub(super) fn name(&self) -> &str {
        match self.operator() {
            "<->" => "L2",
            "<#>" => "inner product",
            "<=>" => "cosine",
            "<+>" => "L1",
            "<~>" => "Hamming",
            "<%>" => "Jaccard",
            other => other,
        }
    }
}

/// An index over the column.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) index: VectorIndex,
    pub(super) metric: Metric,
    /// Its distance operator as SQL, with its schema.
    pub(super) operator: String,
}

impl Found {
    /// Whether searches by this metric may go through it.
    pub(super) fn is_usable(&self, metric: &Metric) -> bool {
        self.index.valid && !self.index.partial && self.metric == *metric
    }

    pub(super) fn name(&self) -> String {
        self.index.name.clone()
    }
}

/// The indexes for nearest neighbours over the column itself; not those over expressions of it,
/// which a plain search does not use.
pub(super) async fn of_column(
    connection: &Connection,
    table: &Table,
    column: &Column,
) -> Result<Vec<Found>, Error> {
    let sql = "SELECT c.relname::text, am.amname::text, oc.opcname::text,
                      i.indisvalid AND i.indisready, i.indpred IS NOT NULL,
                      o.oprname::text, format('OPERATOR(%I.%s)', n.nspname, o.oprname)
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                 JOIN pg_am am ON am.oid = c.relam
                 JOIN pg_opclass oc ON oc.oid = i.indclass[0]
                 JOIN pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amoppurpose = 'o'
                   AND ao.amoplefttype = oc.opcintype
                 JOIN pg_operator o ON o.oid = ao.amopopr
                 JOIN pg_namespace n ON n.oid = o.oprnamespace
                 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
               WHERE i.indrelid = $1 AND a.attname = $2 AND am.amname IN ('hnsw', 'ivfflat')
               ORDER BY c.relname";
    let rows = connection.query(sql, &[&table.oid, &column.name]).await;
    let doing = format!("reading the vector indexes of {}", table.name);
    let rows = rows.map_err(|error| connection.failed(&doing, error))?;
    let found = rows.iter().map(|row| Found {
        index: VectorIndex {
            name: row.get(0),
            method: row.get(1),
            operator_class: row.get(2),
            valid: row.get(3),
            partial: row.get(4),
        },
        metric: Metric(row.get(5)),
        operator: row.get(6),
    });
    Ok(found.collect())
}

/// What the searches measure by: as the source's index does, else the target's, else by cosine.
pub(super) fn metric(source: &[Found], target: &[Found]) -> Metric {
    let usable = |found: &&Found| found.is_usable(&found.metric);
    let first = |found: &mut dyn Iterator<Item = &Found>| found.next().map(|f| f.metric.clone());
    first(&mut source.iter().filter(usable))
        .or_else(|| first(&mut target.iter().filter(usable)))
        .or_else(|| first(&mut source.iter().chain(target)))
        .unwrap_or_else(|| Metric("<=>".to_owned()))
}

/// Of a side's indexes the one to be told of: one that can be used, before one for the metric,
/// before any other.
pub(super) fn best(found: Vec<Found>, metric: &Metric) -> Option<Found> {
    let rank = |found: &Found| (!found.is_usable(metric), found.metric != *metric);
    found.into_iter().min_by_key(rank)
}

/// The distance operator of the column's type, as SQL.
pub(super) async fn operator(
    connection: &Connection,
    table: &Table,
    column: &Column,
    metric: &Metric,
) -> Result<Option<String>, Error> {
    let sql = "SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname)
               FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                 JOIN pg_operator o ON o.oprleft = COALESCE(NULLIF(t.typbasetype, 0), t.oid)
                   AND o.oprright = o.oprleft
                 JOIN pg_namespace n ON n.oid = o.oprnamespace
               WHERE a.attrelid = $1 AND a.attname = $2 AND o.oprname = $3 LIMIT 1";
    let operator = metric.operator();
    let rows = connection
        .query(sql, &[&table.oid, &column.name, &operator])
        .await;
    let doing = format!("looking for a distance operator of {}", table.name);
    let rows = rows.map_err(|error| connection.failed(&doing, error))?;
    Ok(rows.first().map(|row| row.get(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, operator: &str, valid: bool) -> Found {
        Found {
            index: VectorIndex {
                name: name.to_owned(),
                method: "hnsw".to_owned(),
                operator_class: String::new(),
                valid,
                partial: false,
            },
            metric: Metric(operator.to_owned()),
            operator: String::new(),
        }
    }

    #[test]
    fn an_index_that_can_be_used_decides_on_the_metric() {
        let (broken, good) = ([found("a", "<->", false)], [found("b", "<#>", true)]);
        assert_eq!(metric(&broken, &good).name(), "inner product");
        assert_eq!(metric(&broken, &[]).name(), "L2");
        assert_eq!(metric(&[], &[]).name(), "cosine");
        let best = best([broken, good].concat(), &Metric("<#>".to_owned()));
        assert_eq!(best.map(|found| found.name()), Some("b".to_owned()));
    }
}
