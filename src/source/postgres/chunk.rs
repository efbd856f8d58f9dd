//! Cuts a table into ranges of blocks of about the same weight.

use crate::postgres::catalogue::Table;
use crate::source::Range;

/// PostgreSQL's block size in bytes, unless somebody compiled another one in.
const BLOCK: u64 = 8192;

/// The ranges of a table for chunks of about `chunk_bytes`. The weight is heap and TOAST
/// together: a table of vectors has most of its bytes in TOAST. The last range is open-ended,
/// so rows in blocks added since the size was read are not lost. A routed table has no blocks of
/// its own.
pub fn ranges(table: &Table, chunk_bytes: u64) -> Vec<Range> {
    let blocks = u32::try_from(table.heap_bytes.div_ceil(BLOCK)).unwrap_or(u32::MAX);
    let parts = table
        .row_bytes()
        .div_ceil(chunk_bytes.max(1))
        .min(u64::from(blocks));
    let parts = u32::try_from(parts).unwrap_or(u32::MAX);
    if parts <= 1 || table.routed {
        return vec![Range::Whole];
    }
    let step = blocks.div_ceil(parts);
    let starts = (0..parts)
        .map(|part| part.saturating_mul(step))
        .take_while(|&from| from < blocks);
    starts
        .map(|from| {
            let until = Some(from.saturating_add(step)).filter(|&until| until < blocks);
            Range::Blocks { from, until }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::catalogue::TableName;
    use proptest::prelude::*;

    fn table(heap_blocks: u64, toast_bytes: u64) -> Table {
        Table {
            name: TableName {
                schema: "s".into(),
                name: "t".into(),
            },
            oid: 1,
            columns: Vec::new(),
            heap_bytes: heap_blocks * BLOCK,
            toast_bytes,
            index_bytes: 0,
            unlogged: false,
            row_security: false,
            routed: false,
            condition: None,
        }
    }

    #[test]
    fn a_small_table_is_one_chunk() {
        assert_eq!(ranges(&table(10, 0), 1 << 26), [Range::Whole]);
        assert_eq!(ranges(&table(0, 0), 1 << 26), [Range::Whole]);
    }

    #[test]
    fn toast_weighs_as_much_as_heap() {
        assert_eq!(ranges(&table(100, 640 << 20), 64 << 20).len(), 10);
    }

    proptest! {
        #[test]
        fn every_block_is_in_exactly_one_range(blocks in 0u64..100_000, toast in 0u64..1 << 36) {
            let ranges = ranges(&table(blocks, toast), 64 << 20);
            let mut next = Some(0);
            for range in ranges {
                let Range::Blocks { from, until } = range else { return Ok(()) };
                prop_assert_eq!(Some(from), next);
                next = until;
            }
            prop_assert_eq!(next, None, "the last range must be open-ended");
        }
    }
}
