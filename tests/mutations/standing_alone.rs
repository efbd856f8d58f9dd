//! Changes of what stands alone on the target: sequences, types, views, routines.

use crate::change::{Change, change};

pub(crate) const ALONE: &[Change] = &[
    change(
        "a lower sequence",
        "SELECT setval('app.free_numbers', 100)",
        "SELECT setval('app.free_numbers', 105)",
        &["sequence app.free_numbers"],
    ),
    // Numbers already given away are not given again: told, and held against nobody.
    change(
        "a sequence ahead",
        "SELECT setval('app.free_numbers', 500)",
        "SELECT setval('app.free_numbers', 105)",
        &["expected: sequence app.free_numbers"],
    ),
    change(
        "a sequence that was never used",
        "SELECT setval('app.rich_counted_seq', 1, false)",
        "SELECT setval('app.rich_counted_seq', 20)",
        &["sequence app.rich_counted_seq"],
    ),
    change(
        "a lower sequence of an identity",
        "SELECT setval('app.rich_id_seq', 19)",
        "SELECT setval('app.rich_id_seq', 20)",
        &["sequence app.rich_id_seq"],
    ),
    change(
        "a sequence's increment",
        "ALTER SEQUENCE app.free_numbers INCREMENT BY 1",
        "ALTER SEQUENCE app.free_numbers INCREMENT BY 5",
        &["sequence app.free_numbers"],
    ),
    change(
        "a sequence's end",
        "ALTER SEQUENCE app.free_numbers MAXVALUE 1000 CYCLE",
        "ALTER SEQUENCE app.free_numbers NO MAXVALUE NO CYCLE",
        &["sequence app.free_numbers"],
    ),
    change(
        "a sequence that belongs to nobody",
        "ALTER SEQUENCE app.rich_counted_seq OWNED BY NONE",
        "ALTER SEQUENCE app.rich_counted_seq OWNED BY app.rich.counted",
        &["sequence app.rich_counted_seq"],
    ),
    change(
        "a sequence lost",
        "DROP SEQUENCE app.free_numbers",
        "CREATE SEQUENCE app.free_numbers INCREMENT BY 5 START 100; SELECT setval('app.free_numbers', 105)",
        &["sequence app.free_numbers"],
    ),
    change(
        "an enum's label more",
        "ALTER TYPE app.spare ADD VALUE 'three'",
        "DROP TYPE app.spare; CREATE TYPE app.spare AS ENUM ('one', 'two')",
        &["type app.spare"],
    ),
    change(
        "an enum's order",
        "DROP TYPE app.spare; CREATE TYPE app.spare AS ENUM ('two', 'one')",
        "DROP TYPE app.spare; CREATE TYPE app.spare AS ENUM ('one', 'two')",
        &["type app.spare"],
    ),
    change(
        "an enum's label by another name",
        "ALTER TYPE app.spare RENAME VALUE 'one' TO 'One'",
        "ALTER TYPE app.spare RENAME VALUE 'One' TO 'one'",
        &["type app.spare"],
    ),
    change(
        "a domain's check lost",
        "ALTER DOMAIN app.spare_code DROP CONSTRAINT spare_code_check",
        "ALTER DOMAIN app.spare_code ADD CONSTRAINT spare_code_check CHECK (VALUE <> '')",
        &["check constraint spare_code_check of app.spare_code"],
    ),
    change(
        "a domain's default",
        "ALTER DOMAIN app.code SET DEFAULT 'None'",
        "ALTER DOMAIN app.code SET DEFAULT 'none'",
        &["domain app.code"],
    ),
    change(
        "a domain's NOT NULL",
        "ALTER DOMAIN app.spare_code SET NOT NULL",
        "ALTER DOMAIN app.spare_code DROP NOT NULL",
        &["domain app.spare_code"],
    ),
    change(
        "a composite type's attribute",
        "ALTER TYPE app.pair ADD ATTRIBUTE third int CASCADE",
        "ALTER TYPE app.pair DROP ATTRIBUTE third CASCADE",
        &[
            "app.several: changed 5 in both_ (1, 2, 3, 4, 5)",
            "attribute third of app.pair",
        ],
    ),
    change(
        "a view's condition",
        "CREATE OR REPLACE VIEW app.rich_view AS SELECT id, name FROM app.rich WHERE price > 3",
        "CREATE OR REPLACE VIEW app.rich_view AS SELECT id, name FROM app.rich WHERE price > 2",
        &["view app.rich_view"],
    ),
    change(
        "a view that is a barrier",
        "ALTER VIEW app.rich_view SET (security_barrier = true)",
        "ALTER VIEW app.rich_view RESET (security_barrier)",
        &["view app.rich_view"],
    ),
    change(
        "a view lost",
        "DROP VIEW app.rich_view",
        "CREATE VIEW app.rich_view AS SELECT id, name FROM app.rich WHERE price > 2",
        &["view app.rich_view"],
    ),
    change(
        "a materialized view without rows",
        "REFRESH MATERIALIZED VIEW app.rich_sums WITH NO DATA",
        "REFRESH MATERIALIZED VIEW app.rich_sums",
        &["materialized view app.rich_sums"],
    ),
    change(
        "a materialized view's index lost",
        "DROP INDEX app.rich_sums_idx",
        "CREATE UNIQUE INDEX rich_sums_idx ON app.rich_sums (parent)",
        &["index app.rich_sums_idx of app.rich_sums"],
    ),
    change(
        "a function's body",
        "CREATE OR REPLACE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 3'",
        "CREATE OR REPLACE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2'",
        &["function app.twice(integer)"],
    ),
    change(
        "a function's volatility",
        "ALTER FUNCTION app.twice STABLE",
        "ALTER FUNCTION app.twice IMMUTABLE",
        &["function app.twice(integer)"],
    ),
    change(
        "with whose rights a function runs",
        "ALTER FUNCTION app.twice SECURITY DEFINER",
        "ALTER FUNCTION app.twice SECURITY INVOKER",
        &["function app.twice(integer)"],
    ),
    change(
        "a function's setting",
        "ALTER FUNCTION app.twice SET search_path = app",
        "ALTER FUNCTION app.twice RESET search_path",
        &["function app.twice(integer)"],
    ),
    change(
        "a comment on a function",
        "COMMENT ON FUNCTION app.twice IS 'another'",
        "COMMENT ON FUNCTION app.twice IS 'a function'",
        &["function app.twice(integer)"],
    ),
    change(
        "a function too many, by a name that is there",
        "CREATE FUNCTION app.twice(n text) RETURNS text LANGUAGE sql AS 'SELECT n || n'",
        "DROP FUNCTION app.twice(text)",
        &["function app.twice(text)"],
    ),
    change(
        "a procedure lost",
        "DROP PROCEDURE app.nothing()",
        "CREATE PROCEDURE app.nothing() LANGUAGE sql AS 'SELECT 1'",
        &["procedure app.nothing()"],
    ),
    change(
        "an aggregate's beginning",
        "CREATE OR REPLACE AGGREGATE app.product(int) (SFUNC = int4mul, STYPE = int, INITCOND = '2')",
        "CREATE OR REPLACE AGGREGATE app.product(int) (SFUNC = int4mul, STYPE = int, INITCOND = '1')",
        &["aggregate app.product(integer)"],
    ),
    change(
        "an event trigger disabled",
        "ALTER EVENT TRIGGER on_ddl DISABLE",
        "ALTER EVENT TRIGGER on_ddl ENABLE",
        &["event trigger on_ddl"],
    ),
    change(
        "a schema too many",
        "CREATE SCHEMA more",
        "DROP SCHEMA more",
        &["expected: schema more"],
    ),
    change(
        "a comment on a schema",
        "COMMENT ON SCHEMA app IS 'the application'",
        "COMMENT ON SCHEMA app IS NULL",
        &["schema app"],
    ),
    change(
        "a collation too many",
        "CREATE COLLATION app.bytes FROM \"C\"",
        "DROP COLLATION app.bytes",
        &["collation app.bytes"],
    ),
    change(
        "an operator too many",
        "CREATE OPERATOR app.@# (FUNCTION = app.twice, RIGHTARG = int)",
        "DROP OPERATOR app.@# (NONE, int)",
        &["operator app.@# (, integer)"],
    ),
];
