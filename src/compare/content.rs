//! What a table holds on one side: counted and hashed by the server, chunk by chunk, several at a
//! time.

use super::hash::{self, Content, Method};
use super::side::Side;
use crate::postgres::Error;
use crate::postgres::catalogue::Table;
use crate::progress::Meter;
use crate::source::Range;
use crate::source::postgres::ranges;
use futures_util::{StreamExt, TryStreamExt, stream};

/// Bytes of heap and TOAST that one statement reads: short enough to be stopped, to move a gauge,
/// and to leave the others' sessions their turn.
const CHUNK_BYTES: u64 = 32 << 20;

/// The parts of a table that are read by one statement each.
fn parts(side: &Side, table: &Table) -> Vec<Range> {
    match side.can_split {
        true => ranges(table, CHUNK_BYTES),
        false => vec![Range::Whole],
    }
}

/// Runs one statement for each part of a table, as many at a time as the side has sessions, and
/// puts together what they tell. The meter counts their bytes.
pub(super) async fn by_parts<T: Default, P: Future<Output = Result<T, Error>>>(
    side: &Side,
    table: &Table,
    meter: &Meter,
    part: impl Fn(Range) -> P,
    mut add: impl FnMut(&mut T, T),
) -> Result<T, Error> {
    let parts = parts(side, table);
    let bytes = table.row_bytes() / parts.len() as u64;
    let reading = stream::iter(parts).map(part);
    let mut all = T::default();
    let mut done = reading.buffer_unordered(side.width());
    while let Some(told) = done.try_next().await? {
        add(&mut all, told);
        meter.add(0, bytes);
    }
    Ok(all)
}

/// The content of a table.
pub(super) async fn content(
    side: &Side,
    table: &Table,
    columns: &[String],
    method: Method,
    meter: &Meter,
) -> Result<Content, Error> {
    let part = |range| async move {
        let mut content = Content::default();
        let sql = hash::statement(table, columns, method, range);
        let take = |row: &_| content = Content::of(row, 0);
        side.each(&hash::doing(table), &sql, take).await?;
        meter.add(content.rows, 0);
        Ok(content)
    };
    by_parts(side, table, meter, part, |all, part| *all += part).await
}
