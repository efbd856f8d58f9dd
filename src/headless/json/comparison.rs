//! The comparison as an event.

use crate::session::report::{
    ComparedCollection, ComparedTable, ComparedVectors, Comparison, DefinitionDifference,
    SPEED_LIMIT, SearchSide, Share,
};
use serde_json::{Value, json};

/// All that was compared, table by table.
pub(super) fn event(found: &Comparison) -> Value {
    // Without rows there is no verdict on them, neither true nor false.
    let equal = (found.rows_compared || !found.equal).then_some(found.equal);
    json!({
        "event": "comparison", "equal": equal, "rows_compared": found.rows_compared,
        "at": found.at, "method": found.method, "changed_since": found.changed_since(),
        "tables": found.tables.iter().map(table).collect::<Vec<_>>(),
        "collections": found.collections.iter().map(collection).collect::<Vec<_>>(),
        "definitions": found.definitions.iter().map(definition).collect::<Vec<_>>(),
        "definitions_compared": found.definitions_compared,
        "vectors": found.vectors.iter().map(vectors).collect::<Vec<_>>(),
    })
}

fn table(table: &ComparedTable) -> Value {
    json!({
        "schema": table.schema, "table": table.table,
        "large_objects": table.is_large_objects(),
        "source_rows": table.source_rows, "target_rows": table.target_rows,
        "source_hash": table.source_hash, "target_hash": table.target_hash,
        "equal": table.equal, "left_out": table.left_out, "where": table.condition,
        "written_since": table.written_since,
        "rows": table.differing, "unproved": table.unproved,
    })
}

fn collection(group: &ComparedCollection) -> Value {
    json!({
        "schema": group.schema, "table": group.table, "value": group.value,
        "source_rows": group.source_rows, "target_rows": group.target_rows,
        "equal": group.source_rows == group.target_rows,
    })
}

fn definition(found: &DefinitionDifference) -> Value {
    json!({
        "kind": found.kind, "name": found.name, "table": found.table,
        "words": found.words, "sql": found.sql, "expected": found.expected,
    })
}

fn vectors(found: &ComparedVectors) -> Value {
    let share =
        |share: Share| json!({"found": share.found, "of": share.of, "ratio": share.ratio()});
    let side = |side: &SearchSide| {
        json!({
            "recall": side.recall.map(share), "p50_us": side.p50, "p95_us": side.p95,
            "round_trip_us": side.round_trip,
        })
    };
    let search = found.search.as_ref().map(|search| {
        let (whole, own) = search.ratios();
        json!({
            "searches": search.searches, "neighbours": search.neighbours,
            "overlap": share(search.exact), "source": side(&search.source),
            "target": side(&search.target), "recall_lower": search.recall_is_lower(),
            "ratio": whole, "ratio_without_network": own, "limit": SPEED_LIMIT,
            "within_limit": search.within_limit(),
        })
    });
    json!({
        "schema": found.schema, "table": found.table, "column": found.column,
        "type": found.sql_type, "metric": found.metric, "equal": !found.differs(),
        "source": found.source, "target": found.target, "search": search,
        "unmeasured": found.unmeasured,
    })
}
