//! Values at the edges of their types.

use super::{Case, any, patience};

pub(super) const CASES: &[Case] = &[
    any(
        "numbers_at_their_edges",
        "CREATE TABLE numbers (id serial, n numeric, f float8, r real, many float8[], precise numeric[]);
         INSERT INTO numbers (n, f, r, many, precise) VALUES
            ('NaN', 'NaN', 'NaN', '{NaN,-0,0}', '{NaN,Infinity,-Infinity}'),
            ('Infinity', 'Infinity', 'Infinity', '{Infinity,-Infinity}', '{0.000,-0.0}'),
            ('-Infinity', '-Infinity', '-Infinity', NULL, '{}'), (0.000, '-0', '-0', '{5e-324}', '{1e130000}'),
            (-0.0, 0, 0, '{0.1}', '{1e-16000}'),
            (123456789012345678901234567890.123456789012345678901234567890, 0.1, 0.1, NULL, NULL),
            (1e131071, 1.7976931348623157e308, 3.4028235e38, NULL, NULL);
         INSERT INTO numbers (n) SELECT 10::numeric ^ (-n) FROM generate_series(1, 300, 7) n;",
    ),
    any(
        "times_at_their_edges",
        "CREATE TABLE times (d date, t timestamp, z timestamptz, i interval);
         INSERT INTO times VALUES ('infinity', 'infinity', 'infinity', '178000000 years'),
            ('-infinity', '-infinity', '-infinity', '-178000000 years'),
            ('4713-01-01 BC', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '0'),
            ('0001-12-31 BC', '0001-12-31 23:59:59.999999 BC', '0001-12-31 23:59:59.999999+00 BC', '-1 mon +1 day'),
            ('5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '0.000001 s'),
            ('10000-01-01', '10000-01-01', '10000-01-01+00', '1 mon -1 day +00:00:00.1'),
            ('1900-02-28', '1883-11-18 12:03:58', '1883-11-18 12:03:58-04:56:02', '24:00:00');",
    ),
    any(
        "awkward_text",
        "CREATE TABLE texts (id int PRIMARY KEY, t text, c char(4), j json, b bytea);
         INSERT INTO texts VALUES (1, '', '', '{}', ''), (2, ' ', ' ', ' {} ', ' '),
            (3, E'\\t\\n\\r\\b\\f\\v\\\\', E'\\n', E'[\\n1,\\t2]', E'\\\\x0a0d5c09'), (4, '\\N', '\\N', '\"\\\\N\"', '\\x5c4e'),
            (5, '\\.', '\\.', '\"\\\\.\"', '\\x5c2e'), (6, E'a\\n\\\\.\\nb', NULL, NULL, NULL), (7, 'NULL', 'NULL', 'null', NULL),
            (8, '\"quoted\", ''single'', $dollar$, `tick`', NULL, '\"\\u0000\"', NULL), (9, 'a,b;c|d	e', NULL, NULL, NULL),
            (10, 'Grüße ÄÖÜ ß ﬁ İ ı', 'ü', '\"ü\"', NULL), (11, '日本語 العربية עברית ไทย', '日', NULL, NULL),
            (12, '😀👩‍👩‍👧‍👦🏳️‍🌈', '😀', '\"😀\"', NULL), (13, E'e\\u0301 é \\u200B\\u200D\\uFEFF\\u202E', NULL, NULL, NULL),
            (14, E'\\U0010FFFF\\uFFFD\\uE000', NULL, NULL, NULL), (15, E'\\u0001\\u001F\\u007F\\u0085\\u00A0\\u2028', NULL, NULL, NULL),
            (16, '%s %d {0} $1 :x @y \\d', NULL, NULL, NULL), (17, '-- comment /* x */', NULL, NULL, NULL);
         INSERT INTO texts (id, t) SELECT 100 + n, chr(n) || repeat('x', n) || chr(n) FROM generate_series(1, 255) n;
         INSERT INTO texts (id, b) SELECT 1000, decode(string_agg(lpad(to_hex(n), 2, '0'), ''), 'hex') FROM generate_series(0, 255) n;",
    ),
    patience(
        "a_row_of_100_mb",
        "CREATE TABLE heavy (id int PRIMARY KEY, t text, b bytea);
         ALTER TABLE heavy ALTER t SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
         INSERT INTO heavy VALUES (1, repeat('0123456789', 6000000), NULL),
            (2, 'small', convert_to(repeat('abcdefghij', 4200000), 'UTF8')), (3, NULL, NULL);
         UPDATE heavy SET b = (SELECT b FROM heavy WHERE id = 2) WHERE id = 1;",
    ),
    any(
        "wide_rows",
        "DO $$ BEGIN EXECUTE 'CREATE TABLE wide (' || (SELECT string_agg('c' || n || ' int', ', ') FROM generate_series(1, 1000) n) || ')';
           EXECUTE 'INSERT INTO wide (c1, c500, c1000) VALUES (1, 2, 3), (NULL, NULL, NULL)'; END $$;
         CREATE TABLE dropped (a int, gone text, b int, gone_too int); INSERT INTO dropped VALUES (1, 'x', 2, 3);
         ALTER TABLE dropped DROP gone, DROP gone_too, ADD later int DEFAULT 7; INSERT INTO dropped VALUES (4, 5, 6);",
    ),
    any(
        "large_objects",
        "SELECT lo_from_bytea(70001, 'text'), lo_from_bytea(70002, ''), lo_create(70003);
         SELECT lo_from_bytea(70004, convert_to(repeat('0123456789abcdef', 100000), 'UTF8')), lo_put(70004, 5000000, 'after a hole');
         SELECT lo_from_bytea(4294967295, '\\x00ff');
         SELECT count(lo_from_bytea(n::oid, n::text::bytea)) FROM generate_series(80001, 80200) n;
         COMMENT ON LARGE OBJECT 70001 IS 'It''s large';
         CREATE TABLE pictures (id int PRIMARY KEY, picture oid);
         INSERT INTO pictures SELECT n, 70000 + n FROM generate_series(1, 4) n;",
    ),
];
