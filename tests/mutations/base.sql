-- Few rows of each type, and one definition of each kind, each changed by some case.
CREATE SCHEMA app;
SET search_path = app, public;

CREATE TYPE mood AS ENUM ('low', 'fair', 'high');
CREATE TYPE spare AS ENUM ('one', 'two');
CREATE DOMAIN code AS text DEFAULT 'none' CHECK (VALUE <> '');
CREATE DOMAIN spare_code AS text CHECK (VALUE <> '');
CREATE TYPE pair AS (first int, second text);
CREATE TYPE span AS RANGE (subtype = int4);

-- Each column is one type; each value has a neighbour that some equality takes for the same.
CREATE TABLE numbers (id int PRIMARY KEY, r real, d double precision, n numeric, money_ money, flag bool, small smallint, big bigint);
INSERT INTO numbers SELECT id, id / 3.0, 0, 1.0, 5.25::numeric::money, id % 2 = 0, id, id * 10000000000 FROM generate_series(1, 12) id;
CREATE TABLE floats_of_none (id int PRIMARY KEY, d float8, r real);
INSERT INTO floats_of_none SELECT id, 'Infinity'::float8 - 'Infinity'::float8, 'Infinity'::real - 'Infinity'::real FROM generate_series(1, 4) id;
CREATE TABLE texts (id int PRIMARY KEY, plain text, padded char(8), cut varchar(40), named name, letter "char", long text);
INSERT INTO texts SELECT id, U&'caf\00E9 ' || id || ' bar', 'pad', 'value ' || id, 'name', 'c', repeat(md5(id::text), 4000) FROM generate_series(1, 8) id;
UPDATE texts SET cut = '' WHERE id = 8;
CREATE TABLE moments (id int PRIMARY KEY, at timestamptz, local timestamp, day date, hour time, hour_there timetz, length interval);
INSERT INTO moments SELECT id, timestamptz '2024-03-31 00:30:00.123456+00' + id * interval '1 hour', timestamp '2024-02-29 12:00' + id * interval '1 day', date '2024-02-29' + id, '12:00', '12:00+00', '1 mon' FROM generate_series(1, 6) id;
CREATE TABLE documents_of_json (id int PRIMARY KEY, j json, b jsonb, x jsonb);
INSERT INTO documents_of_json SELECT id, '{"a": 1, "b": 2}', jsonb_build_object('n', id, 'list', '[1, 2]'::jsonb), '1' FROM generate_series(1, 6) id;
CREATE TABLE several (id int PRIMARY KEY, numbers int[], words text[], grid int[], moods mood[], both_ pair, codes code[]);
INSERT INTO several SELECT id, ARRAY[1, 2, 3], ARRAY['a', NULL, ''], '{{1,2},{3,4}}', '{low,high}', ROW(id, 'x')::pair, '{a,b}' FROM generate_series(1, 5) id;
-- A slice keeps the mark of the null that is not in it.
UPDATE several SET numbers = (ARRAY[1, 2, 3, NULL])[1:3] WHERE id = 2;
CREATE TABLE others (id int PRIMARY KEY, bytes bytea, bits bit(8), some_bits varbit, address inet, net cidr, mac macaddr, uid uuid, nums numrange, spans span, many int4multirange, place point, shape polygon, feeling mood, kind code, words tsvector, position_ pg_lsn, what regclass);
INSERT INTO others SELECT id, '\x00ff00', B'10101010', B'101', '10.0.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '00000000-0000-0000-0000-0000000000a1', '[1.5,2.5)', '[1,5)', '{[1,3),[5,7)}', '(0,1.5)', '((0,0),(1,1),(1,0))', 'low', 'de', 'fat:1A cat:2', '0/16B3748', 'app.numbers' FROM generate_series(1, 5) id;
-- Keys of all sorts, and none.
CREATE TABLE by_text (name text PRIMARY KEY, amount int);
INSERT INTO by_text VALUES ('Alpha', 1), ('Beta', 2), ('Gamma', 3), ('Straße', 4), ('x y', 5);
CREATE TABLE by_two (a int, b text, note text, PRIMARY KEY (a, b));
INSERT INTO by_two SELECT n % 3, 'k' || n, 'note ' || n FROM generate_series(1, 9) n;
CREATE TABLE keyless (word text, n int);
INSERT INTO keyless VALUES ('one', 1), ('two', 2), ('two', 2), ('three', 3), (NULL, NULL), ('', 0);
CREATE TABLE by_unique (code text NOT NULL UNIQUE, note text);
INSERT INTO by_unique VALUES ('a', 'first'), ('b', 'second');
CREATE TABLE "Odd ""Names" ("Key ""x" int PRIMARY KEY, "Wert %s" text);
INSERT INTO "Odd ""Names" VALUES (1, 'eins'), (2, 'zwei'), (3, 'drei');
CREATE TABLE days (day date, n int, note text, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE TABLE days_3 PARTITION OF days FOR VALUES FROM ('2025-03-01') TO ('2025-04-01');
INSERT INTO days SELECT date '2025-01-10' + n, n, 'day ' || n FROM generate_series(0, 40) n;
CREATE TABLE empty_one (id int);
CREATE TABLE wide (id int PRIMARY KEY, a int, b int, c int, d int, e int) WITH (fillfactor = 90, parallel_workers = 1, autovacuum_enabled = off);
INSERT INTO wide SELECT id, id, id, id, id, id FROM generate_series(1, 1000) id;
SELECT lo_from_bytea(4711, 'the first large object'), lo_from_bytea(4712, 'the second');

-- Definitions.
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stamped := true; RETURN NEW; END $$;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE AGGREGATE product(int) (SFUNC = int4mul, STYPE = int, INITCOND = '1');
CREATE SEQUENCE free_numbers INCREMENT BY 5 START 100;
SELECT nextval('free_numbers'), nextval('free_numbers');
CREATE TABLE parents (id int PRIMARY KEY, name text NOT NULL, CONSTRAINT parents_name_key UNIQUE (name));
INSERT INTO parents SELECT id, 'parent ' || id FROM generate_series(1, 5) id;
CREATE TABLE rich (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  counted serial,
  parent int CONSTRAINT rich_parent_fkey REFERENCES parents ON DELETE CASCADE,
  name varchar(40) NOT NULL DEFAULT 'nobody',
  sorted text COLLATE "C",
  price numeric(10, 2) CONSTRAINT rich_price_check CHECK (price >= 0),
  doubled numeric GENERATED ALWAYS AS (price * 2) STORED,
  created timestamptz DEFAULT now(),
  stamped bool,
  period int4range,
  body text,
  CONSTRAINT rich_period_excl EXCLUDE USING gist (period WITH &&)
) WITH (autovacuum_enabled = off);
ALTER TABLE rich ALTER body SET STORAGE EXTERNAL;
INSERT INTO rich (parent, name, sorted, price, created, period, body)
  SELECT 1 + n % 5, 'name ' || n, 's' || n, n * 1.25, '2025-01-01', int4range(n * 10, n * 10 + 5), 'body ' || n FROM generate_series(1, 20) n;
CREATE INDEX rich_name_idx ON rich (lower(name)) WHERE price > 1;
CREATE INDEX rich_created_idx ON rich (created DESC) INCLUDE (price);
CREATE UNIQUE INDEX rich_sorted_idx ON rich (sorted);
CREATE STATISTICS rich_stats (dependencies) ON parent, price FROM rich;
CREATE TRIGGER stamp BEFORE UPDATE ON rich FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE RULE rich_rule AS ON DELETE TO parents WHERE old.id < 0 DO INSTEAD NOTHING;
ALTER TABLE rich ENABLE ROW LEVEL SECURITY;
CREATE POLICY rich_policy ON rich FOR SELECT USING (price > 0);
CREATE VIEW rich_view AS SELECT id, name FROM rich WHERE price > 2;
CREATE MATERIALIZED VIEW rich_sums AS SELECT parent, sum(price) AS total FROM rich GROUP BY parent;
CREATE UNIQUE INDEX rich_sums_idx ON rich_sums (parent);
COMMENT ON TABLE rich IS 'a table';
COMMENT ON COLUMN rich.name IS 'a column';
COMMENT ON FUNCTION twice IS 'a function';
CREATE EVENT TRIGGER on_ddl ON ddl_command_end WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION on_ddl();
