//! Functions and what is made of them.

use super::{Case, any};

pub(super) const CASES: &[Case] = &[
    any(
        "functions",
        "CREATE TABLE numbers (n int); INSERT INTO numbers VALUES (1), (2);
         CREATE FUNCTION atomic(a int, b int DEFAULT 7) RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT sum(n) + a + b FROM numbers; END;
         CREATE FUNCTION atomic_return(a int) RETURNS int LANGUAGE sql RETURN a + 1;
         CREATE FUNCTION twice(INOUT a text, OUT b text) LANGUAGE plpgsql AS $$ BEGIN b := a || E'--\\n-- Name: fake; Type: TABLE; Schema: public; Owner: -\\n--\\n'; END $$;
         CREATE FUNCTION named(VARIADIC list int[]) RETURNS SETOF int LANGUAGE sql STRICT PARALLEL SAFE COST 7 ROWS 3 SET work_mem = '5MB' AS 'SELECT unnest(list)';
         CREATE FUNCTION tabled() RETURNS TABLE (a int, \"B c\" text) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $body$ SELECT 1, '$$' $body$;
         CREATE FUNCTION anything(a anyelement) RETURNS anyarray LANGUAGE sql IMMUTABLE AS 'SELECT ARRAY[a]';
         CREATE FUNCTION calls_what_comes_later() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a_later_one(); END'; CREATE FUNCTION a_later_one() RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE PROCEDURE worker(INOUT a int) LANGUAGE plpgsql AS 'BEGIN a := a + 1; COMMIT; END'; CREATE PROCEDURE atomic_worker() BEGIN ATOMIC INSERT INTO numbers VALUES (3); END;
         CREATE FUNCTION of_rows(numbers) RETURNS int LANGUAGE sql AS 'SELECT $1.n'; COMMENT ON FUNCTION twice(text) IS 'a function'; COMMENT ON PROCEDURE worker IS 'a procedure';",
    ),
    any(
        "aggregates",
        "CREATE FUNCTION add_up(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + COALESCE($2, 0)';
         CREATE AGGREGATE total(int) (SFUNC = add_up, STYPE = int, INITCOND = '0', COMBINEFUNC = add_up, PARALLEL = safe); COMMENT ON AGGREGATE total(int) IS 'an aggregate';
         CREATE AGGREGATE collected(float8) (SFUNC = array_append, STYPE = float8[], FINALFUNC_MODIFY = shareable, SORTOP = >);
         CREATE TABLE n AS SELECT generate_series(1, 10) AS n; CREATE VIEW totals AS SELECT total(n) FROM n;",
    ),
    any(
        "operators",
        "CREATE FUNCTION near(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 3';
         CREATE OPERATOR ~~~ (FUNCTION = near, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ~~~, NEGATOR = !~~~, RESTRICT = eqsel, JOIN = eqjoinsel);
         CREATE FUNCTION far(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) >= 3';
         CREATE OPERATOR !~~~ (FUNCTION = far, LEFTARG = int, RIGHTARG = int, COMMUTATOR = !~~~, NEGATOR = ~~~); COMMENT ON OPERATOR ~~~ (int, int) IS 'an operator';
         CREATE FUNCTION negated(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1'; CREATE OPERATOR @#@ (FUNCTION = negated, RIGHTARG = int);
         CREATE TABLE n (n int CHECK (n OPERATOR(operators.~~~) 5)); INSERT INTO n VALUES (4), (5);",
    ),
    any(
        "casts",
        "CREATE TYPE celsius AS (degrees float8); CREATE TYPE kelvin AS (degrees float8);
         CREATE FUNCTION to_kelvin(celsius) RETURNS kelvin LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1.degrees + 273.15)::casts.kelvin';
         CREATE CAST (celsius AS kelvin) WITH FUNCTION to_kelvin(celsius) AS ASSIGNMENT; CREATE CAST (text AS celsius) WITH INOUT; COMMENT ON CAST (celsius AS kelvin) IS 'a cast';
         CREATE TABLE temperatures (c celsius, k kelvin GENERATED ALWAYS AS (c::kelvin) STORED); INSERT INTO temperatures VALUES (ROW(20));",
    ),
    any(
        "triggers",
        "CREATE TABLE kept (id int PRIMARY KEY, note text); CREATE TABLE told (what text); CREATE VIEW shown AS SELECT * FROM kept;
         CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO triggers.told VALUES (TG_NAME); RETURN NEW; END $$;
         CREATE TABLE parted (id int) PARTITION BY LIST (id); CREATE TABLE parted_all PARTITION OF parted DEFAULT; CREATE TABLE parted_one PARTITION OF parted FOR VALUES IN (1);
         CREATE TRIGGER on_parted BEFORE INSERT ON parted FOR EACH ROW EXECUTE FUNCTION tell(); ALTER TABLE parted_one DISABLE TRIGGER on_parted;
         INSERT INTO kept VALUES (1, 'a'); INSERT INTO parted VALUES (1), (2); TRUNCATE told;
         CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OF note ON kept FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION tell('it''s', 'two');
         CREATE TRIGGER \"Off\" BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION tell(); CREATE TRIGGER always AFTER INSERT ON kept FOR EACH STATEMENT EXECUTE FUNCTION tell();
         CREATE TRIGGER replica AFTER DELETE ON kept FOR EACH ROW EXECUTE FUNCTION tell(); CREATE TRIGGER emptied BEFORE TRUNCATE ON kept EXECUTE FUNCTION tell();
         CREATE TRIGGER transition AFTER UPDATE ON kept REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION tell();
         CREATE CONSTRAINT TRIGGER later AFTER INSERT ON kept DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell(); CREATE TRIGGER on_view INSTEAD OF INSERT ON shown FOR EACH ROW EXECUTE FUNCTION tell();
         ALTER TABLE kept DISABLE TRIGGER \"Off\", ENABLE ALWAYS TRIGGER always, ENABLE REPLICA TRIGGER replica; COMMENT ON TRIGGER \"Off\" ON kept IS 'off; since \"2023\"';",
    ),
    any(
        "collations",
        "CREATE COLLATION by_bytes FROM \"C\"; CREATE COLLATION posix (LOCALE = 'POSIX'); COMMENT ON COLLATION by_bytes IS 'a collation';
         CREATE TABLE sorted (a text COLLATE by_bytes, b text COLLATE posix); INSERT INTO sorted VALUES ('ä', 'Z'), ('z', 'a'); CREATE INDEX sorted_a ON sorted (a, b COLLATE \"C\");",
    ),
    any(
        "text_search",
        "CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple, STOPWORDS = english); CREATE TEXT SEARCH CONFIGURATION mine (COPY = english);
         ALTER TEXT SEARCH CONFIGURATION mine ALTER MAPPING FOR asciiword WITH plain; COMMENT ON TEXT SEARCH CONFIGURATION mine IS 'a configuration';
         CREATE TABLE docs (t text, c regconfig DEFAULT 'mine', v tsvector GENERATED ALWAYS AS (to_tsvector('text_search.mine', t)) STORED); INSERT INTO docs (t) VALUES ('the running dogs'); CREATE INDEX docs_v ON docs USING gin (v);",
    ),
];
