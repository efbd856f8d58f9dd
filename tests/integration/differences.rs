//! A comparison names exactly the table that differs, and is content when the difference is gone.

use crate::fixture::{Ended, World};

/// Objects that the practice servers' sample has not.
const MORE: &str = include_str!("more.sql");

/// The tables that a comparison found to differ.
pub(crate) fn differing(ended: &Ended) -> Vec<String> {
    let comparison = ended.only("comparison");
    let tables = comparison["tables"].as_array().expect("tables");
    let differing = tables.iter().filter(|table| table["equal"] != true);
    let name = |part: &serde_json::Value| part.as_str().expect("a name").to_owned();
    differing
        .map(|table| format!("{}.{}", name(&table["schema"]), name(&table["table"])))
        .collect()
}

/// A change on the target, how it is undone, and the table that it is in.
const CHANGES: [[&str; 3]; 6] = [
    // One value.
    [
        "UPDATE shop.products SET price = price + 0.01 WHERE id = 7",
        "UPDATE shop.products SET price = price - 0.01 WHERE id = 7",
        "shop.products",
    ],
    // A null where an empty text was.
    [
        "UPDATE shop.orders SET remark = NULL WHERE id = 1005",
        "UPDATE shop.orders SET remark = '' WHERE id = 1005",
        "shop.orders",
    ],
    // A row lost.
    [
        "DELETE FROM shop.order_items WHERE (order_id, line) = (1000, 1)",
        "INSERT INTO shop.order_items SELECT 1000, 1, 1 + (1000 * 11 + 17) % 120, 1 + 1001 % 5",
        "shop.order_items",
    ],
    // A row doubled where no key forbids it.
    [
        "INSERT INTO shop.edge_cases SELECT * FROM shop.edge_cases WHERE what = 'exact'",
        "DELETE FROM shop.edge_cases WHERE ctid = (SELECT max(ctid) FROM shop.edge_cases WHERE what = 'exact')",
        "shop.edge_cases",
    ],
    // One row lost and another doubled: as many rows as before.
    [
        "UPDATE shop.edge_cases SET (what, t, n, d, ts, j, i, r, a) =
           (SELECT what, t, n, d, ts, j, i, r, a FROM shop.edge_cases WHERE what = 'empty') WHERE what = 'nothing'",
        "DELETE FROM shop.edge_cases WHERE ctid = (SELECT max(ctid) FROM shop.edge_cases WHERE what = 'empty');
         INSERT INTO shop.edge_cases (what) VALUES ('nothing')",
        "shop.edge_cases",
    ],
    // Two values exchanged between two rows.
    [
        r#"UPDATE shop."Größen & Maße" SET "Maß (cm)" = (3 - "Schlüssel") * 2.54 WHERE "Schlüssel" IN (1, 2)"#,
        r#"UPDATE shop."Größen & Maße" SET "Maß (cm)" = "Schlüssel" * 2.54 WHERE "Schlüssel" IN (1, 2)"#,
        "shop.Größen & Maße",
    ],
];

#[test]
fn every_difference_is_found_and_its_table_named() {
    let world = World::new(300);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    for [change, undo, table] in CHANGES {
        found_and_undone(&world, change, undo, table);
    }
    let [change, undo] = one_bit(&world);
    found_and_undone(&world, &change, &undo, "public.vector_documents");
}

/// Tables of [`MORE`], an assignment that changes one value of the first row, and one back. The
/// binary forms of these types carry numbers that differ between servers, or lengths that a cast
/// may cut.
const SMALL_CHANGES: [[&str; 3]; 17] = [
    ["countries_of_domains", "code = 'DK'", "code = 'DE'"],
    [
        "countries_of_domains",
        "inner_code = 'DX'",
        "inner_code = 'DK'",
    ],
    ["bits", "of_domain = B'100'", "of_domain = B'101'"],
    ["bits", "plain = B'010'", "plain = B'011'"],
    ["bits", "\"varying\" = B'10'", "\"varying\" = B'1'"],
    ["arrays", "of_domain = '{DE,DX}'", "of_domain = '{DE,DK}'"],
    ["arrays", "plain = '{DE,FX,NULL}'", "plain = '{DE,F,NULL}'"],
    ["arrays", "bits = '{101,001}'", "bits = '{101,000}'"],
    ["arrays", "moods[1] = ''", "moods[1] = 'low'"],
    [
        "arrays",
        "of_moods = ARRAY['']::more.mood[]",
        "of_moods = ARRAY['low']::more.mood[]",
    ],
    ["arrays", "domains = '{DE,DX}'", "domains = '{DE,DK}'"],
    ["composites", "one.flags = B'100'", "one.flags = B'101'"],
    ["composites", "many[1].code = 'DX'", "many[1].code = 'D'"],
    [
        "composites",
        "deep.inner_pair.code = 'DX'",
        "deep.inner_pair.code = 'DK'",
    ],
    [
        "composites",
        "of_domain = ('DE', B'001', '')",
        "of_domain = ('DE', B'001', 'low')",
    ],
    [
        "ranges",
        "moods = '[low,\"it''s \\\"fine\\\"\")'",
        "moods = '[low,\"it''s \\\"fine\\\"\"]'",
    ],
    [
        "places",
        "relation = 'more.bits'",
        "relation = 'more.ranges'",
    ],
];

#[test]
fn one_value_of_a_type_that_is_not_portable_is_found() {
    let world = World::new(10);
    world.source().run(MORE);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    for [table, change, undo] in SMALL_CHANGES {
        let sql = |set: &str| format!("UPDATE more.{table} SET {set} WHERE id = 1");
        found_and_undone(&world, &sql(change), &sql(undo), &format!("more.{table}"));
    }
}

fn found_and_undone(world: &World, change: &str, undo: &str, table: &str) {
    world.target().run(change);
    let found = world.json(&["compare"]).expect(1, "failed");
    assert_eq!(differing(&found), [table], "{change}: {found}");
    let why = found.only("failure")["why"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(why.contains(table), "{found}");
    world.target().run(undo);
    world.json(&["compare"]).expect(0, "done").expect_equal();
}

/// The lowest bit of one number of one vector, flipped and flipped back.
fn one_bit(world: &World) -> [String; 2] {
    let target = world.target();
    let id = target.value("SELECT min(id::text) FROM vector_documents");
    let sql = format!("SELECT (embedding::real[])[5] FROM vector_documents WHERE id = '{id}'");
    let number: f32 = target.value(&sql).parse().expect("a number");
    let other = f32::from_bits(number.to_bits() ^ 1);
    [other, number].map(|number| {
        format!(
            "UPDATE vector_documents SET embedding = ((embedding::real[])[:4] || '{number:e}'::real
               || (embedding::real[])[6:])::vector WHERE id = '{id}'"
        )
    })
}
