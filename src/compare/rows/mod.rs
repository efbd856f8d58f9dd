//! The rows in which a table differs, found by two passes of its columns' hashes: one puts rows into
//! buckets, the other looks at the rows of those buckets that differ. Values never travel, keys do.

mod again;
mod bucket;
mod merge;

pub(crate) use merge::Written;

use super::content::by_parts;
use super::hash::{self, Agreed, Content, Method};
use super::side::{Lease, Side};
use crate::postgres::Error;
use crate::postgres::catalogue::{Column, Table};
use crate::postgres::quote;
use crate::progress::Meter;
use crate::session::report::DifferingRows;
use crate::source::Range;
use bucket::{Bucket, Buckets, Differing, KEYS_TOGETHER};
use futures_util::{Stream, TryStreamExt};
use merge::{Found, Looked};
use tokio::sync::mpsc::Sender;

/// A table with no more rows than this is looked at without buckets.
const FEW: u64 = 20_000;

/// A table that is not the same on both sides.
pub(super) struct Unequal<'a> {
    /// The source's.
    pub(super) left: &'a Table,
    /// The target's.
    pub(super) right: &'a Table,
    /// The expressions of their columns.
    pub(super) agreed: &'a Agreed,
    /// How they are hashed.
    pub(super) method: Method,
    /// The columns that tell rows apart, which both sides have; may be none.
    pub(super) key: &'a [String],
    /// Rows on the side with more.
    pub(super) rows: u64,
}

/// The source's or the target's refusal.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Of the source.
    Source(Error),
    /// Of the target.
    Target(Error),
}

impl Unequal<'_> {
    /// Its rows that differ, all counted, some named. Who is there to be told is told of each that
    /// the target has and the source has not, or has otherwise.
    pub(super) async fn rows(
        &self,
        (source, target): (&Side, &Side),
        meter: &Meter,
        to: Option<Sender<Written>>,
    ) -> Result<DifferingRows, Refusal> {
        let here = self.reading(source, self.left, &self.agreed.source);
        let there = self.reading(target, self.right, &self.agreed.target);
        let mut found = Found::telling(to);
        if self.rows <= FEW {
            look(&here, &there, None, (meter, &mut found)).await?;
        } else {
            let mask = bucket::mask(self.rows);
            let (left, right) = tokio::try_join!(
                async { here.buckets(mask, meter).await.map_err(Refusal::Source) },
                async { there.buckets(mask, meter).await.map_err(Refusal::Target) },
            )?;
            let differing = bucket::differing(&left, &right);
            for batch in bucket::batches(&differing) {
                look(&here, &there, Some((batch, mask)), (meter, &mut found)).await?;
            }
        }
        let names = self.left.columns.iter().map(|column| column.name.as_str());
        Ok(found.told(self.key, &names.collect::<Vec<_>>()))
    }

    /// Where the columns of the key stand among the table's.
    fn places(&self) -> Vec<usize> {
        let places = self.key.iter().filter_map(|name| {
            let mut columns = self.left.columns.iter();
            columns.position(|column| column.name == *name)
        });
        places.collect()
    }

    /// How one side is read.
    fn reading<'a>(
        &'a self,
        side: &'a Side,
        table: &'a Table,
        columns: &'a [String],
    ) -> Reading<'a> {
        let places = self.places();
        let values: Vec<String> = places.iter().map(|at| columns[*at].clone()).collect();
        let hash = hash::of_row(columns, self.method);
        let place = match places.as_slice() {
            [] => Place::Content,
            [one] if is_integer(&self.left.columns[*one]) => {
                Place::Integer(quote::identifier(&self.left.columns[*one].name))
            }
            _ => Place::Key(hash::of_row(&values, self.method)),
        };
        let hashes = match &place {
            Place::Content => Vec::new(),
            _ => {
                let each = columns.iter();
                each.map(|column| hash::of_row(std::slice::from_ref(column), self.method))
                    .collect()
            }
        };
        let texts = self.key.iter();
        let texts =
            texts.map(|name| format!("COALESCE({}::text, 'NULL')", quote::identifier(name)));
        let key = match &place {
            Place::Content => vec![format!("({hash})::text")],
            _ => texts.collect(),
        };
        Reading {
            side,
            table,
            place,
            hash,
            key,
            hashes,
        }
    }
}

fn is_integer(column: &Column) -> bool {
    matches!(column.base_type(), "smallint" | "integer" | "bigint")
}

/// What a row is put into a bucket by: an expression.
enum Place {
    /// Its key, an integer.
    Integer(String),
    /// The hash of its key.
    Key(String),
    /// The hash of the whole row: there is no key.
    Content,
}

/// A table of one side, and the SQL that reads it.
struct Reading<'a> {
    side: &'a Side,
    table: &'a Table,
    place: Place,
    /// The hash of a row.
    hash: String,
    /// The texts of what tells a row from others.
    key: Vec<String>,
    /// The hash of each column; none where rows are told apart by them.
    hashes: Vec<String>,
}

impl Reading<'_> {
    /// All its rows in buckets.
    async fn buckets(&self, mask: u64, meter: &Meter) -> Result<Buckets, Error> {
        let doing = &format!("looking for rows of {} that differ", self.table.name);
        let part = |range| async move {
            let mut buckets = Buckets::new();
            let sql = self.bucket_sql(mask, range);
            let take = |row: &tokio_postgres::Row| {
                let bucket = Bucket {
                    content: Content::of(row, 1),
                    first: row.get(3),
                    last: row.get(4),
                };
                buckets.insert(row.get(0), bucket);
            };
            self.side.each(doing, &sql, take).await?;
            Ok(buckets)
        };
        by_parts(self.side, self.table, meter, part, bucket::add).await
    }

    fn bucket_sql(&self, mask: u64, range: Range) -> String {
        let from = self.table.from_sql_where(range.conditions());
        let hash = &self.hash;
        let (values, place, bucket) = match &self.place {
            Place::Content => (format!("{hash} AS hash"), "hash", format!("hash & {mask}")),
            Place::Integer(key) => (
                format!("({key})::int8 AS place, {hash} AS hash"),
                "place",
                format!("(place >> {KEYS_TOGETHER}) & {mask}"),
            ),
            Place::Key(key) => (
                format!("{key} AS place, {hash} AS hash"),
                "place",
                format!("place & {mask}"),
            ),
        };
        // OFFSET 0 keeps the planner from putting the hash where it is named, twice.
        format!(
            "SELECT {bucket}, count(*), sum(hash)::text, min({place}), max({place})
             FROM (SELECT {values} FROM {from} OFFSET 0) meant GROUP BY 1"
        )
    }

    /// The rows of some buckets, or all, in the order of their keys' bytes: that is the same
    /// everywhere, whatever the collations.
    fn rows_sql(&self, buckets: Option<(&[Differing], u64)>) -> String {
        let which = buckets.map(|(batch, mask)| self.among(batch, mask));
        let from = self.table.from_sql_where(which.into_iter().collect());
        let bytes = self.key.iter();
        let bytes = bytes.map(|text| format!("convert_to({text}, 'UTF8')"));
        format!(
            "SELECT ARRAY[{}]::text[], ARRAY[{}]::int8[] FROM {from} ORDER BY ARRAY[{}]",
            self.key.join(", "),
            self.hashes.join(", "),
            bytes.collect::<Vec<_>>().join(", "),
        )
    }

    /// The condition of a row that is in one of these buckets.
    fn among(&self, batch: &[Differing], mask: u64) -> String {
        let any = |place: &str| {
            let numbers: Vec<String> = batch.iter().map(|of| of.number.to_string()).collect();
            format!(
                "(({place}) & {mask}) = ANY ('{{{}}}'::int8[])",
                numbers.join(",")
            )
        };
        match &self.place {
            Place::Content => any(&self.hash),
            Place::Key(key) => any(key),
            // Through the index of the key, where there is one.
            Place::Integer(key) => {
                let ranges = batch.iter().map(
                    |Differing {
                         number,
                         first,
                         last,
                         ..
                     }| {
                        format!(
                            "({key} BETWEEN {first} AND {last} \
                          AND (({key})::int8 >> {KEYS_TOGETHER}) & {mask} = {number})"
                        )
                    },
                );
                format!("({})", ranges.collect::<Vec<_>>().join(" OR "))
            }
        }
    }

    async fn looked<'a>(
        &self,
        lease: &'a Lease<'_>,
        doing: &'a str,
        buckets: Option<(&[Differing], u64)>,
    ) -> Result<impl Stream<Item = Result<Looked, Error>> + use<'a>, Error> {
        let rows = lease.stream(doing, &self.rows_sql(buckets)).await?;
        Ok(rows.map_ok(|row| Looked {
            key: row.get(0),
            hashes: row.get(1),
        }))
    }
}

/// Looks at the rows of some buckets, or all, on both sides at once.
async fn look(
    here: &Reading<'_>,
    there: &Reading<'_>,
    buckets: Option<(&[Differing], u64)>,
    (meter, found): (&Meter, &mut Found),
) -> Result<(), Refusal> {
    let doing = format!("reading the keys of {}", here.table.name);
    let source = here.side.lease().await.map_err(Refusal::Source)?;
    let target = there.side.lease().await.map_err(Refusal::Target)?;
    let (left, right) = tokio::try_join!(
        async {
            here.looked(&source, &doing, buckets)
                .await
                .map_err(Refusal::Source)
        },
        async {
            there
                .looked(&target, &doing, buckets)
                .await
                .map_err(Refusal::Target)
        },
    )?;
    let left = left
        .inspect_ok(|_| meter.add(1, 0))
        .map_err(Refusal::Source);
    merge::merge(left, right.map_err(Refusal::Target), found).await?;
    source.done();
    target.done();
    Ok(())
}
