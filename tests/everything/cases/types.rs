//! Types, built in and one's own.

use super::{Case, any};

pub(super) const CASES: &[Case] = &[
    any(
        "built_in_types",
        "CREATE TABLE numbers (a smallint, b int, c bigint, d numeric(12, 4), e real, f float8, g money,
            h oid, i \"char\", j boolean);
         INSERT INTO numbers VALUES (-32768, -2147483648, -9223372036854775808, -99999999.9999, 1.17549435e-38,
            -1.7976931348623157e308, -12.34, 4294967295, 'x', true), (32767, 2147483647,
            9223372036854775807, 0.0001, 3.4028235e38, 5e-324, 92233720368547758.07, 0, '', false);
         INSERT INTO numbers DEFAULT VALUES;
         CREATE TABLE texts (a text, b varchar(5), c char(5), d name, e bytea, f uuid, g json, h jsonb,
            j jsonpath, k tsvector, l tsquery);
         INSERT INTO texts VALUES ('a', 'b', 'c', 'd', '\\x00ff', '00000000-0000-0000-0000-000000000001',
            '{\"b\": 1, \"a\":  [1.0, null]}', '{\"b\": 1e400, \"a\": \"\\u00fc\"}',
            '$.a[*] ? (@ > 1)', 'a:1A fat:2B,4C cat:5', 'fat & (rat | !cat:*AB) <-> x');
         INSERT INTO texts DEFAULT VALUES;
         CREATE TABLE times (a date, b time(3), c timetz, d timestamp, e timestamptz(0), f interval,
            g interval year to month);
         INSERT INTO times VALUES ('2024-02-29', '23:59:59.999', '24:00:00+15:59', '2024-02-29 12:00',
            '2024-02-29 12:00+14', '-1 year 2 days -03:04:05.000006', '7 years 8 months');
         INSERT INTO times DEFAULT VALUES;
         CREATE TABLE places (a point, b line, c lseg, d box, e path, f polygon, g circle, h inet, i cidr,
            j macaddr, k macaddr8);
         INSERT INTO places VALUES ('(1.5,-2e300)', '{1,2,3}', '[(0,0),(1,1)]', '(2,2),(0,0)',
            '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(1,2),3>', '::ffff:1.2.3.4/96', '10.1.0.0/16',
            '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05');
         INSERT INTO places VALUES (NULL, NULL, NULL, NULL, '((0,0),(1,1))', NULL, NULL, '10.0.0.1/8');
         CREATE TABLE inner_types (a pg_lsn, b txid_snapshot, c pg_snapshot, d xid, e xid8, f cid, g tid,
            h int2vector, i oidvector, j aclitem, k bit(3), l varbit(9));
         INSERT INTO inner_types VALUES ('16/B374D848', '10:20:10,14', '10:20:10', '4294967295',
            '18446744073709551615', '1', '(4294967294,65535)', '1 2 3', '1 2',
            'postgres=r*w/postgres', '101', '1');",
    ),
    any(
        "bits",
        "CREATE DOMAIN flags AS bit(3);
         CREATE TABLE bits (id int PRIMARY KEY, of_domain flags, plain bit(3), varying bit varying(9));
         INSERT INTO bits VALUES (1, B'101', B'011', B'1'), (2, B'000', B'111', B''), (3, NULL, NULL, NULL);",
    ),
    any(
        "enums",
        "CREATE TYPE mood AS ENUM ('low', 'it''s \"fine\"', 'hög, högre', '');
         CREATE TYPE no_mood AS ENUM ();
         ALTER TYPE mood ADD VALUE 'before' BEFORE 'low';
         COMMENT ON TYPE mood IS 'moods';
         CREATE TABLE moods (id int, one mood DEFAULT 'low', many mood[]);
         INSERT INTO moods VALUES (1, 'low', ARRAY['it''s \"fine\"', '', NULL]::mood[]), (2, '', '{}');
         INSERT INTO moods (id) VALUES (3);",
    ),
    any(
        "composites",
        "CREATE TYPE mood AS ENUM ('low', '');
         CREATE TYPE pair AS (code char(2) COLLATE \"C\", flags bit(3), mood mood);
         CREATE TYPE nested AS (label text, inner_pair pair, pairs pair[]);
         CREATE TYPE nothing AS ();
         CREATE DOMAIN a_pair AS pair;
         COMMENT ON TYPE pair IS 'a composite'; COMMENT ON COLUMN pair.flags IS 'of a composite';
         CREATE TABLE composites (id int, one pair, many pair[], deep nested, of_domain a_pair, none nothing);
         INSERT INTO composites VALUES
            (1, ('DE', B'101', 'low'), ARRAY[('D', B'000', ''), NULL]::pair[],
             (E'a,\"b\"\\\\', ('DK', NULL, ''), ARRAY[(NULL, NULL, NULL)]::pair[]), ('DE', B'001', 'low'), ROW()),
            (2, (NULL, NULL, NULL), '{}', NULL, NULL, NULL);
         INSERT INTO composites VALUES (3);
         ALTER TYPE pair DROP ATTRIBUTE flags CASCADE;
         CREATE TABLE of_type OF nested (label WITH OPTIONS NOT NULL DEFAULT 'x', PRIMARY KEY (label));
         INSERT INTO of_type VALUES ('a', NULL, NULL);",
    ),
    any(
        "domains",
        "CREATE DOMAIN country AS char(2) CONSTRAINT country_is_upper CHECK (VALUE = upper(VALUE));
         COMMENT ON CONSTRAINT country_is_upper ON DOMAIN country IS 'ISO 3166';
         CREATE DOMAIN country_of_eu AS country DEFAULT 'DE' NOT NULL;
         CREATE DOMAIN countries AS country[] CHECK (array_length(VALUE, 1) < 9);
         CREATE DOMAIN later AS int;
         CREATE TABLE of_domains (id int PRIMARY KEY, code country, inner_code country_of_eu, listed countries,
            plain country[], a_later later);
         INSERT INTO of_domains VALUES (1, 'DE', 'DK', '{DE,DK}', '{DE,NULL}', -1), (2, 'D', 'F ', '{}', '{}', NULL);
         INSERT INTO of_domains (id) VALUES (3);
         ALTER DOMAIN later ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;",
    ),
    any(
        "ranges",
        "CREATE TYPE mood AS ENUM ('low', 'it''s \"fine\"');
         CREATE TYPE float_range AS RANGE (subtype = float8, subtype_diff = float8mi);
         CREATE TYPE mood_range AS RANGE (subtype = mood, multirange_type_name = moods);
         CREATE TYPE text_range AS RANGE (subtype = text, collation = \"C\");
         CREATE TABLE ranges (id int, floats float_range, moods mood_range, many float_multirange, many_moods moods,
            dates daterange, listed float_range[], texts text_range);
         INSERT INTO ranges VALUES
            (1, '[0.1,0.30000000000000004)', '[low,\"it''s \\\"fine\\\"\"]', '{[0.1,0.2),[5e-324,0.05)}', '{[low,low]}',
             '[2024-01-01,)', '{\"[1,2)\",empty}', '[\"a,\",\"b\\\"]\"]'),
            (2, 'empty', 'empty', '{}', '{}', 'empty', '{}', 'empty'), (3, '(,)', '(,)', '{(,)}', '{(,)}', '(,)', NULL, '(,)');
         INSERT INTO ranges VALUES (4);
         CREATE TABLE built_in (a int4range, b int8range, c numrange, d tsrange, e tstzrange, f int4multirange,
            g int8multirange, h nummultirange, i tsmultirange, j tstzmultirange, k datemultirange, l int4range[]);
         INSERT INTO built_in VALUES ('[1,5]', '(,9)', '[NaN,NaN]', '[-infinity,infinity]', '(2024-01-01,)',
            '{[1,2],[8,9]}', '{}', '{[-1.5,2)}', '{(,2024-01-01)}', '{[2024-01-01,2024-01-02)}',
            '{[2024-01-01,2024-01-02],(2025-01-01,)}', '{NULL,empty,\"[1,2]\"}');",
    ),
    any(
        "arrays",
        "CREATE TABLE arrays (id int, ints int[], texts text[], bits bit(3)[], chars char(2)[], stamps timestamptz[],
            bytes bytea[], jsons jsonb[], named oid[], deep int[][][]);
         INSERT INTO arrays VALUES
            (1, '{1,NULL,-3}', '{\"a b\",NULL,\"NULL\",\"\",\"\\\"\\\\\",\"{}\",ü}', '{101,000}', '{DE,F,NULL}',
             '{infinity,-infinity,\"4713-01-01 00:00:00+00 BC\"}', ARRAY['\\x00'::bytea, '', NULL],
             ARRAY['{\"a\": [1, \"{}\"]}', 'null', NULL]::jsonb[], '{1,2}', '{{{1,2},{3,4}},{{5,6},{7,NULL}}}'),
            (2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
            (3, '[3:4]={1,2}', '[-2:-1][7:8]={{a,b},{c,d}}', '[0:0]={111}', '[3:4]={DE,DK}', NULL, NULL, NULL, NULL,
             '[2:2][3:3][4:5]={{{1,2}}}');
         INSERT INTO arrays VALUES (4);",
    ),
    any(
        "names_of_objects",
        "CREATE TYPE mood AS ENUM ('low'); CREATE SEQUENCE counter; CREATE VIEW a_view AS SELECT 1 AS one;
         CREATE TABLE objects (id int, relation regclass, type regtype, function regproc, procedure regprocedure,
            operator regoper, operator_of regoperator, config regconfig, dictionary regdictionary,
            namespace regnamespace, role regrole, sorting regcollation, listed regclass[], types regtype[]);
         INSERT INTO objects VALUES (1, 'objects', 'mood', 'pg_sleep', 'lower(text)', '|/', '+(int,int)', 'simple',
            'simple', 'names_of_objects', 'pg_monitor', '\"C\"', '{objects,counter,a_view,NULL}', '{mood,mood[],int}');
         INSERT INTO objects (id) VALUES (2);",
    ),
];
