//! Changes that need the extensions of contrib, ICU or libxml.

use crate::change::{Change, change, value};

pub(crate) const CONTRIB: &[Change] = &[
    value(
        "of_contrib",
        "h = 'a=>1, b=>\"NULL\"'",
        "h = 'a=>1, b=>NULL'",
        "h",
    ),
    value("of_contrib", "c = 'word'", "c = 'Word'", "c"),
    value("of_contrib", "l = 'top.of.Tree'", "l = 'top.of.tree'", "l"),
    value(
        "of_contrib",
        "x = '<a b=\"1\">text </a>'",
        "x = '<a b=\"1\">text</a>'",
        "x",
    ),
    value(
        "of_contrib",
        "x = '<a b=''1''>text</a>'",
        "x = '<a b=\"1\">text</a>'",
        "x",
    ),
    // Equal by the column's own collation.
    value("of_contrib", "folded = 'WORD'", "folded = 'Word'", "folded"),
    change(
        "the case of a key that its type calls equal",
        "UPDATE app.by_citext SET word = 'ONE' WHERE n = 1",
        "UPDATE app.by_citext SET word = 'One' WHERE n = 1",
        &["app.by_citext: missing 1, extra 1 (ONE, One)"],
    ),
    change(
        "the case of a key that its collation calls equal",
        "UPDATE app.by_folded SET word = 'ONE' WHERE n = 1",
        "UPDATE app.by_folded SET word = 'One' WHERE n = 1",
        &["app.by_folded: missing 1, extra 1 (ONE, One)"],
    ),
    change(
        "rows under keys that their collation orders otherwise",
        "UPDATE app.by_otherwise SET n = 0 WHERE word IN ('a10', 'ω9', '12'); UPDATE app.by_otherwise SET word = 'A13' WHERE word = 'A12'",
        "UPDATE app.by_otherwise SET n = ltrim(word, 'aω')::int WHERE n = 0 AND word <> '12'; UPDATE app.by_otherwise SET n = 12 WHERE word = '12'; UPDATE app.by_otherwise SET word = 'A12' WHERE word = 'A13'",
        &["app.by_otherwise: missing 1, extra 1, changed 3 in n (12, A12, A13, a10, ω9)"],
    ),
    change(
        "a row under a key that its type folds",
        "UPDATE app.by_citext SET n = 3 WHERE word = 'Two'",
        "UPDATE app.by_citext SET n = 2 WHERE word = 'Two'",
        &["app.by_citext: changed 1 in n (Two)"],
    ),
    change(
        "a compression",
        "ALTER TABLE app.of_contrib ALTER squeezed SET COMPRESSION pglz",
        "ALTER TABLE app.of_contrib ALTER squeezed SET COMPRESSION lz4",
        &["column squeezed of app.of_contrib"],
    ),
    change(
        "an extension too many",
        "CREATE EXTENSION pg_trgm",
        "DROP EXTENSION pg_trgm",
        &["expected: extension pg_trgm"],
    ),
    change(
        "an extension lost, and the column with it",
        "ALTER TABLE app.of_contrib DROP l; DROP EXTENSION ltree",
        "CREATE EXTENSION ltree; ALTER TABLE app.of_contrib ADD l ltree; UPDATE app.of_contrib SET l = 'top.of.tree'",
        &[
            "app.of_contrib: 4 and 4",
            "column l of app.of_contrib",
            "extension ltree",
        ],
    ),
    change(
        "an extension in another schema",
        "CREATE SCHEMA neonlift_other; ALTER EXTENSION ltree SET SCHEMA neonlift_other",
        "ALTER EXTENSION ltree SET SCHEMA public; DROP SCHEMA neonlift_other",
        &[
            "app.of_contrib: 4 and 4",
            "column l of app.of_contrib",
            "extension ltree",
            "expected: schema neonlift_other",
        ],
    ),
];
