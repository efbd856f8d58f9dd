//! Changes of rows on the target: what a comparison that is content with "looks the same" misses.

use crate::change::{Change, change, value};

/// One value of one row, each with how it was.
pub(crate) const VALUES: &[Change] = &[
    value("numbers", "d = '-0'", "d = 0", "d"),
    value("numbers", "d = 'NaN'", "d = 0", "d"),
    value("numbers", "d = 5e-324", "d = 0", "d"),
    value("numbers", "r = 0.33333331", "r = 1 / 3.0", "r"),
    value("numbers", "n = 1.00", "n = 1.0", "n"),
    value("numbers", "n = 'NaN'", "n = 1.0", "n"),
    value("numbers", "money_ = '5.26'", "money_ = '5.25'", "money_"),
    value("numbers", "flag = NOT flag", "flag = NOT flag", "flag"),
    value("numbers", "big = big + 1", "big = big - 1", "big"),
    value(
        "texts",
        "plain = plain || ' '",
        "plain = rtrim(plain)",
        "plain",
    ),
    value(
        "texts",
        "plain = E'caf\\u00e9 1\\tbar'",
        "plain = E'caf\\u00e9 1 bar'",
        "plain",
    ),
    // The same letter from two code points.
    value(
        "texts",
        "plain = E'cafe\\u0301 1 bar'",
        "plain = E'caf\\u00e9 1 bar'",
        "plain",
    ),
    // A Cyrillic letter in place of the Latin one.
    value(
        "texts",
        "plain = E'caf\\u00e9 1 b\\u0430r'",
        "plain = E'caf\\u00e9 1 bar'",
        "plain",
    ),
    value(
        "texts",
        "plain = plain || E'\\u200b'",
        "plain = E'caf\\u00e9 1 bar'",
        "plain",
    ),
    value(
        "texts",
        "plain = upper(plain)",
        "plain = E'caf\\u00e9 1 bar'",
        "plain",
    ),
    value("texts", "cut = NULL", "cut = 'value 1'", "cut"),
    value("texts", "letter = 'C'", "letter = 'c'", "letter"),
    value("texts", "padded = 'pad.'", "padded = 'pad'", "padded"),
    // Kept out of line; only its last character.
    value(
        "texts",
        "long = left(long, -1) || 'x'",
        "long = repeat(md5('1'), 4000)",
        "long",
    ),
    value(
        "moments",
        "at = at + '1 microsecond'",
        "at = at - '1 microsecond'::interval",
        "at",
    ),
    // As a session in another time zone would have read it.
    value(
        "moments",
        "at = at + '1 hour'",
        "at = at - '1 hour'::interval",
        "at",
    ),
    value("moments", "day = 'infinity'", "day = '2024-03-01'", "day"),
    // The same moment in another zone.
    value(
        "moments",
        "hour_there = '13:00+01'",
        "hour_there = '12:00+00'",
        "hour_there",
    ),
    // PostgreSQL itself calls these two equal.
    value(
        "moments",
        "length = '30 days'",
        "length = '1 mon'",
        "length",
    ),
    value("moments", "hour = '24:00'", "hour = '12:00'", "hour"),
    value(
        "documents_of_json",
        "j = '{\"a\":1, \"b\": 2}'",
        "j = '{\"a\": 1, \"b\": 2}'",
        "j",
    ),
    value(
        "documents_of_json",
        "j = '{\"b\": 2, \"a\": 1}'",
        "j = '{\"a\": 1, \"b\": 2}'",
        "j",
    ),
    value(
        "documents_of_json",
        "b = jsonb_set(b, '{n}', '2')",
        "b = jsonb_set(b, '{n}', '1')",
        "b",
    ),
    value(
        "documents_of_json",
        "b = jsonb_set(b, '{list}', '[2, 1]')",
        "b = jsonb_set(b, '{list}', '[1, 2]')",
        "b",
    ),
    value("documents_of_json", "x = '1.0'", "x = '1'", "x"),
    value("documents_of_json", "x = 'null'", "x = '1'", "x"),
    value(
        "several",
        "numbers = '[0:2]={1,2,3}'",
        "numbers = '{1,2,3}'",
        "numbers",
    ),
    value(
        "several",
        "numbers = '{1,3,2}'",
        "numbers = '{1,2,3}'",
        "numbers",
    ),
    value(
        "several",
        "words = '{a,NULL,NULL}'",
        "words = '{a,NULL,\"\"}'",
        "words",
    ),
    value(
        "several",
        "grid = '{1,2,3,4}'",
        "grid = '{{1,2},{3,4}}'",
        "grid",
    ),
    value(
        "several",
        "moods = '{low,fair}'",
        "moods = '{low,high}'",
        "moods",
    ),
    value(
        "several",
        "both_ = ROW(1, 'y')",
        "both_ = ROW(1, 'x')",
        "both_",
    ),
    value("several", "both_ = NULL", "both_ = ROW(1, 'x')", "both_"),
    value("several", "codes = '{a,B}'", "codes = '{a,b}'", "codes"),
    value(
        "others",
        "bytes = '\\x00ff01'",
        "bytes = '\\x00ff00'",
        "bytes",
    ),
    value("others", "bits = B'10101011'", "bits = B'10101010'", "bits"),
    value(
        "others",
        "some_bits = B'1010'",
        "some_bits = B'101'",
        "some_bits",
    ),
    value(
        "others",
        "address = '10.0.0.1'",
        "address = '10.0.0.1/24'",
        "address",
    ),
    value(
        "others",
        "mac = '08:00:2b:01:02:04'",
        "mac = '08:00:2b:01:02:03'",
        "mac",
    ),
    value("others", "nums = '[1.5,2.5]'", "nums = '[1.5,2.5)'", "nums"),
    value(
        "others",
        "nums = '[1.50,2.5)'",
        "nums = '[1.5,2.5)'",
        "nums",
    ),
    value("others", "spans = '[1,6)'", "spans = '[1,5)'", "spans"),
    value(
        "others",
        "many = '{[1,7)}'",
        "many = '{[1,3),[5,7)}'",
        "many",
    ),
    value("others", "place = '(-0,1.5)'", "place = '(0,1.5)'", "place"),
    value(
        "others",
        "shape = '((1,1),(0,0),(1,0))'",
        "shape = '((0,0),(1,1),(1,0))'",
        "shape",
    ),
    value("others", "feeling = 'fair'", "feeling = 'low'", "feeling"),
    value("others", "kind = 'DE'", "kind = 'de'", "kind"),
    value(
        "others",
        "words = 'fat:1B cat:2'",
        "words = 'fat:1A cat:2'",
        "words",
    ),
    value(
        "others",
        "position_ = '0/16B3749'",
        "position_ = '0/16B3748'",
        "position_",
    ),
    value(
        "others",
        "what = 'app.texts'",
        "what = 'app.numbers'",
        "what",
    ),
    value("wide", "(a, b) = (b + 1, a)", "(a, b) = (1, 1)", "a"),
];

const ONE_VECTOR: &str =
    "UPDATE app.vectors SET embedding = '[0.1,0.2,0.14285715,-0.09090909]' WHERE title = 'title 1'";

/// Of rows as wholes, and of what is in no table.
pub(crate) const ROWS: &[Change] = &[
    change(
        "one bit of one vector",
        "UPDATE app.vectors SET embedding = '[0.1,0.19999999,0.14285715,-0.09090909]' WHERE title = 'title 1'",
        ONE_VECTOR,
        &[FOUND_IN_VECTOR],
    ),
    change(
        "a half vector",
        "UPDATE app.vectors SET half = '[1,2,3.002]' WHERE title = 'title 1'",
        "UPDATE app.vectors SET half = '[1,2,3]' WHERE title = 'title 1'",
        &["app.vectors: changed 1 in half (00000000-0000-0000-0000-000000000001)"],
    ),
    change(
        "a sparse vector",
        "UPDATE app.vectors SET sparse = '{2:0.5,9:2}/9' WHERE title = 'title 1'",
        "UPDATE app.vectors SET sparse = '{1:0.5,9:2}/9' WHERE title = 'title 1'",
        &["app.vectors: changed 1 in sparse (00000000-0000-0000-0000-000000000001)"],
    ),
    change(
        "a row lost",
        "DELETE FROM app.numbers WHERE id = 5",
        "INSERT INTO app.numbers SELECT 5, 5 / 3.0, 0, 1.0, '5.25', false, 5, 50000000000",
        &["app.numbers: missing 1 (5)"],
    ),
    change(
        "a row added",
        "INSERT INTO app.numbers VALUES (99)",
        "DELETE FROM app.numbers WHERE id = 99",
        &["app.numbers: extra 1 (99)"],
    ),
    change(
        "a row in an empty table",
        "INSERT INTO app.empty_one VALUES (1)",
        "DELETE FROM app.empty_one",
        &["app.empty_one: extra 1"],
    ),
    change(
        "all rows lost",
        "CREATE TABLE public.kept AS TABLE app.by_two; TRUNCATE app.by_two; ALTER TABLE public.kept SET SCHEMA neonlift",
        "INSERT INTO app.by_two TABLE neonlift.kept; DROP TABLE neonlift.kept",
        &["app.by_two: missing 9 (0|k3, 0|k6, 0|k9, 1|k1, 1|k4, 1|k7, 2|k2, 2|k5, 2|k8)"],
    ),
    change(
        "a row doubled where no key forbids it",
        "INSERT INTO app.keyless VALUES ('one', 1)",
        "DELETE FROM app.keyless WHERE ctid = (SELECT max(ctid) FROM app.keyless WHERE word = 'one')",
        &["app.keyless: extra 1"],
    ),
    change(
        "one of two equal rows lost",
        "DELETE FROM app.keyless WHERE ctid = (SELECT max(ctid) FROM app.keyless WHERE word = 'two')",
        "INSERT INTO app.keyless VALUES ('two', 2)",
        &["app.keyless: missing 1"],
    ),
    change(
        "one lost and another doubled: as many rows as before",
        "UPDATE app.keyless SET (word, n) = ('three', 3) WHERE word = 'one'",
        "DELETE FROM app.keyless WHERE word = 'three'; INSERT INTO app.keyless VALUES ('three', 3), ('one', 1)",
        &["app.keyless: missing 1, extra 1"],
    ),
    change(
        "two equal rows doubled: an exclusive or would lose them",
        "INSERT INTO app.keyless VALUES ('three', 3), ('three', 3)",
        "DELETE FROM app.keyless WHERE word = 'three'; INSERT INTO app.keyless VALUES ('three', 3)",
        &["app.keyless: extra 2"],
    ),
    change(
        "a null and an empty text exchanged",
        "UPDATE app.keyless SET word = CASE WHEN word IS NULL THEN '' END WHERE word = '' OR word IS NULL",
        "UPDATE app.keyless SET word = CASE WHEN word IS NULL THEN '' END WHERE word = '' OR word IS NULL",
        &["app.keyless: missing 2, extra 2"],
    ),
    change(
        "two values exchanged between two rows",
        "UPDATE app.by_text SET amount = 3 - amount WHERE amount IN (1, 2)",
        "UPDATE app.by_text SET amount = 3 - amount WHERE amount IN (1, 2)",
        &["app.by_text: changed 2 in amount (Alpha, Beta)"],
    ),
    change(
        "two pairs of values exchanged between two rows",
        "UPDATE app.wide SET b = 15 - b, e = 15 - e WHERE id IN (7, 8)",
        "UPDATE app.wide SET b = 15 - b, e = 15 - e WHERE id IN (7, 8)",
        &["app.wide: changed 2 in b, e (7, 8)"],
    ),
    change(
        "a key's case",
        "UPDATE app.by_text SET name = 'alpha' WHERE name = 'Alpha'",
        "UPDATE app.by_text SET name = 'Alpha' WHERE name = 'alpha'",
        &["app.by_text: missing 1, extra 1 (Alpha, alpha)"],
    ),
    change(
        "a key's blank",
        "UPDATE app.by_text SET name = 'Beta ' WHERE name = 'Beta'",
        "UPDATE app.by_text SET name = 'Beta' WHERE name = 'Beta '",
        &["app.by_text: missing 1, extra 1 (Beta, Beta )"],
    ),
    change(
        "half of a key",
        "UPDATE app.by_two SET a = 7 WHERE b = 'k4'",
        "UPDATE app.by_two SET a = 1 WHERE b = 'k4'",
        &["app.by_two: missing 1, extra 1 (1|k4, 7|k4)"],
    ),
    change(
        "a row under a key of two",
        "UPDATE app.by_two SET note = 'another' WHERE b = 'k4'",
        "UPDATE app.by_two SET note = 'note 4' WHERE b = 'k4'",
        &["app.by_two: changed 1 in note (1|k4)"],
    ),
    change(
        "a row under a unique constraint",
        "UPDATE app.by_unique SET note = 'First' WHERE code = 'a'",
        "UPDATE app.by_unique SET note = 'first' WHERE code = 'a'",
        &["app.by_unique: changed 1 in note (a)"],
    ),
    change(
        "a row of a table whose names need quoting",
        r#"UPDATE app."Odd ""Names" SET "Wert %s" = 'Zwei' WHERE "Key ""x" = 2"#,
        r#"UPDATE app."Odd ""Names" SET "Wert %s" = 'zwei' WHERE "Key ""x" = 2"#,
        &[r#"app.Odd "Names: changed 1 in Wert %s (2)"#],
    ),
    change(
        "a row of a partition",
        "UPDATE app.days SET note = 'x' WHERE n = 25",
        "UPDATE app.days SET note = 'day 25' WHERE n = 25",
        &["app.days_2: changed 1 in note (2025-02-04|25)"],
    ),
    change(
        "a row in another partition",
        "UPDATE app.days SET day = '2025-03-03' WHERE n = 1",
        "UPDATE app.days SET day = '2025-01-11' WHERE n = 1",
        &[
            "app.days_1: missing 1 (2025-01-11|1)",
            "app.days_3: extra 1 (2025-03-03|1)",
        ],
    ),
    change(
        "a row without rights to it",
        "UPDATE app.rich SET body = 'body' WHERE counted = 3",
        "ALTER TABLE app.rich DISABLE TRIGGER stamp; UPDATE app.rich SET body = 'body 3', stamped = NULL WHERE counted = 3; ALTER TABLE app.rich ENABLE TRIGGER stamp",
        &["app.rich: changed 1 in body, stamped (3)"],
    ),
    change(
        "three of a thousand rows",
        "UPDATE app.wide SET d = -1 WHERE id IN (17, 500, 983)",
        "UPDATE app.wide SET d = id WHERE id IN (17, 500, 983)",
        &["app.wide: changed 3 in d (17, 500, 983)"],
    ),
    change(
        "a byte of a large object",
        "SELECT lo_put(4711, 0, 'T')",
        "SELECT lo_put(4711, 0, 't')",
        &["large objects: 2 and 2"],
    ),
    change(
        "a large object lost",
        "SELECT lo_unlink(4712)",
        "SELECT lo_from_bytea(4712, 'the second')",
        &["large objects: 2 and 1"],
    ),
    change(
        "a large object's number",
        "SELECT lo_unlink(4712), lo_from_bytea(4713, 'the second')",
        "SELECT lo_unlink(4713), lo_from_bytea(4712, 'the second')",
        &["large objects: 2 and 2"],
    ),
];

const FOUND_IN_VECTOR: &str =
    "app.vectors: changed 1 in embedding (00000000-0000-0000-0000-000000000001)";
