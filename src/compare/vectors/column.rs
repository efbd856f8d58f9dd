//! One side of a column: what it holds, and the vectors that are searched for.

use super::index::{self, Found, Metric};
use super::nearest::Searcher;
use super::{Place, Refusal, Searching};
use crate::postgres::catalogue::{Column, Table};
use crate::postgres::{Connection, Error, quote};
use crate::session::report::VectorFigures;
use tokio_postgres::types::Type;

/// Distinct dimensions that are told.
const DIMENSIONS: usize = 16;

/// Whether a column is of one of pgvector's types, or of bits, which may be indexed as vectors are.
pub(super) fn may_hold_vectors(column: &Column) -> bool {
    column.is_vector() || is_bits(column)
}

fn is_bits(column: &Column) -> bool {
    let (name, _) = split(column.base_type());
    name == "bit"
}

/// A type's name, and what its modifier says.
fn split(sql_type: &str) -> (&str, Option<&str>) {
    let split = sql_type.strip_suffix(')');
    match split.and_then(|text| text.rsplit_once('(')) {
        Some((name, modifier)) => (name, Some(modifier)),
        None => (sql_type, None),
    }
}

/// A column on one side.
pub(super) struct Side<'a> {
    pub(super) connection: &'a Connection,
    pub(super) table: &'a Table,
    pub(super) column: &'a Column,
    /// SQL that tells a row from others.
    pub(super) identity: Option<String>,
    /// The index that is told of, and searched through when it can be.
    pub(super) index: Option<Found>,
}

impl<'a> Side<'a> {
    pub(super) fn new(
        (connection, table): Place<'a>,
        column: &'a Column,
        identity: Option<String>,
    ) -> Self {
        Self {
            connection,
            table,
            column,
            identity,
            index: None,
        }
    }

    pub(super) async fn indexes(&self) -> Result<Vec<Found>, Error> {
        index::of_column(self.connection, self.table, self.column).await
    }

    fn name(&self) -> String {
        quote::identifier(&self.column.name)
    }

    /// The rows that are meant, as a subquery: a condition may name the table.
    fn rows(&self) -> String {
        format!("(SELECT * FROM {}) meant", self.table.from_sql())
    }

    /// The schema of pgvector, with its point; empty for bits.
    fn schema(&self) -> &str {
        let (name, _) = split(self.column.base_type());
        name.rfind('.').map_or("", |point| &name[..=point])
    }

    fn kind(&self) -> &str {
        let (name, _) = split(self.column.base_type());
        name.rsplit('.').next().unwrap_or(name)
    }

    /// The dimensions of a vector.
    fn dimensions_of(&self, vector: &str) -> String {
        match self.kind() {
            "bit" => format!("length({vector})"),
            "sparsevec" => format!("split_part({vector}::text, '/', 2)::int"),
            _ => format!("{}vector_dims({vector})", self.schema()),
        }
    }

    /// Whether it has no direction.
    fn is_zero(&self) -> String {
        let (name, schema) = (self.name(), self.schema());
        match self.kind() {
            "bit" => format!("position('1' in {name}::text) = 0"),
            "vector" => format!("{schema}vector_norm({name}) = 0"),
            _ => format!("{schema}l2_norm({name}) = 0"),
        }
    }

    /// A text as a vector: without its dimensions, which a cast of bits needs.
    pub(super) fn vector(&self, parameter: &str) -> String {
        let base = self.column.base_type();
        let of = match is_bits(self.column) {
            true => base,
            false => split(base).0,
        };
        format!("{parameter}::text::{of}")
    }

    /// What it holds, in one pass; in two where the type does not say its dimensions.
    pub(super) async fn figures(&self) -> Result<VectorFigures, Error> {
        let (name, zero, rows) = (self.name(), self.is_zero(), self.rows());
        let sql =
            format!("SELECT count(*), count({name}), count(*) FILTER (WHERE {zero}) FROM {rows}");
        let doing = || format!("counting the vectors of {}", self.table.name);
        let row = self.connection.query_one(&sql, &[]).await;
        let row = row.map_err(|error| self.connection.failed(&doing(), error))?;
        let number = |at: usize| u64::try_from(row.get::<_, i64>(at)).unwrap_or(0);
        Ok(VectorFigures {
            rows: number(0),
            embedded: number(1),
            zero: number(2),
            dimensions: self.dimensions().await?,
            index: self.index.as_ref().map(|found| found.index.clone()),
        })
    }

    async fn dimensions(&self) -> Result<Vec<u32>, Error> {
        let (_, declared) = split(self.column.base_type());
        if let Some(declared) = declared.and_then(|modifier| modifier.parse().ok()) {
            return Ok(vec![declared]);
        }
        let (name, rows) = (self.name(), self.rows());
        let dimensions = self.dimensions_of(&name);
        let sql = format!(
            "SELECT DISTINCT {dimensions} FROM {rows} WHERE {name} IS NOT NULL \
             ORDER BY 1 LIMIT {DIMENSIONS}"
        );
        let found = self.connection.query(&sql, &[]).await;
        let doing = format!("reading the dimensions of {}", self.table.name);
        let found = found.map_err(|error| self.connection.failed(&doing, error))?;
        let dimension = |row: &tokio_postgres::Row| u32::try_from(row.get::<_, i32>(0)).ok();
        Ok(found.iter().filter_map(dimension).collect())
    }

    /// Vectors of this side's rows, always the same ones: by the order of the rows' hashes. Those
    /// of length 0 have no neighbours by cosine.
    pub(super) async fn sample(&self, identity: &str, wanted: u64) -> Result<Vec<String>, Error> {
        let (name, rows, zero) = (self.name(), self.rows(), self.is_zero());
        let sql = format!(
            "SELECT {name}::text FROM (SELECT {name} FROM {rows}
             WHERE {name} IS NOT NULL AND NOT {zero} ORDER BY {identity} LIMIT {wanted}) sample"
        );
        let sample = self.connection.query(&sql, &[]).await;
        let doing = format!("reading vectors of {}", self.table.name);
        let sample = sample.map_err(|error| self.connection.failed(&doing, error))?;
        Ok(sample.iter().map(|row| row.get(0)).collect())
    }

    /// What searches this side.
    pub(super) async fn searcher(
        &self,
        metric: &Metric,
        identity: &str,
        searching: &Searching,
        mixed: bool,
    ) -> Result<Searcher<'a>, Refusal> {
        let operator = match self.index.as_ref().filter(|found| found.metric == *metric) {
            Some(found) => found.operator.clone(),
            None => {
                let found = index::operator(self.connection, self.table, self.column, metric);
                let none = || Refusal::NoOperator(metric.operator().to_owned());
                found.await?.ok_or_else(none)?
            }
        };
        let (name, rows, query) = (self.name(), self.rows(), self.vector("$1"));
        // Vectors of other dimensions have no distance; to ask for it is an error.
        let only = match mixed {
            true => {
                let (own, wanted) = (self.dimensions_of(&name), self.dimensions_of(&query));
                format!("WHERE {own} = {wanted}")
            }
            false => String::new(),
        };
        let distance = format!("{name} {operator} {query}");
        let sql = format!(
            "SELECT {identity}, \"its distance\" FROM (SELECT *, {distance} AS \"its distance\"
             FROM {rows} {only} ORDER BY {distance} LIMIT {}) nearest",
            searching.neighbours
        );
        Ok(Searcher {
            connection: self.connection,
            sql,
            doing: format!("searching {}", self.table.name),
            index: self
                .index
                .as_ref()
                .filter(|found| found.is_usable(metric))
                .map(Found::name),
        })
    }
}

/// The types of a search's parameters.
pub(super) const PARAMETER: Type = Type::TEXT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_and_its_modifier() {
        assert_eq!(split("public.vector(384)"), ("public.vector", Some("384")));
        assert_eq!(split("sparsevec"), ("sparsevec", None));
    }
}
