//! Kinds of tables, their columns' settings, and sequences.

use super::{Case, any};

pub(super) const CASES: &[Case] = &[
    any(
        "bare_tables",
        "CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
         CREATE TABLE no_columns_no_rows ();
         CREATE TABLE no_rows (id int PRIMARY KEY, code text UNIQUE);
         CREATE TABLE no_key (a int, b text); INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL);
         CREATE TABLE only_generated (answer int GENERATED ALWAYS AS (6 * 7) STORED);
         INSERT INTO only_generated DEFAULT VALUES; INSERT INTO only_generated DEFAULT VALUES;",
    ),
    any(
        "unlogged",
        "CREATE UNLOGGED TABLE unlogged (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
         INSERT INTO unlogged (note) SELECT 'note ' || n FROM generate_series(1, 50) n;",
    ),
    any(
        "inherited",
        "CREATE TABLE parents (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''), only_here text);
         CREATE TABLE others (id int, born date DEFAULT '2000-01-01');
         CREATE TABLE children (toy text) INHERITS (parents, others);
         CREATE TABLE grandchildren (CHECK (id > 200), name text DEFAULT 'x') INHERITS (children);
         CREATE TABLE adopted (toy text, id int NOT NULL, name text NOT NULL CHECK (name <> ''), only_here text);
         ALTER TABLE parents ADD CHECK (id > 0) NO INHERIT;
         ALTER TABLE adopted ADD CONSTRAINT parents_name_check CHECK (name <> '');
         ALTER TABLE adopted INHERIT parents;
         INSERT INTO parents SELECT n, 'parent ' || n FROM generate_series(1, 20) n;
         INSERT INTO children SELECT n, 'child ' || n, 'x', '2001-01-01', 'ball' FROM generate_series(101, 130) n;
         INSERT INTO grandchildren SELECT n, 'grandchild ' || n FROM generate_series(201, 205) n;
         INSERT INTO adopted VALUES ('car', 300, 'adopted');",
    ),
    any(
        "partitioned",
        "CREATE TABLE measured (id int, at date, region text, value float8, PRIMARY KEY (id, at, region)) PARTITION BY RANGE (at);
         CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (region);
         CREATE TABLE measured_2024_north PARTITION OF measured_2024 FOR VALUES IN ('north', 'nord', NULL);
         CREATE TABLE measured_2024_other PARTITION OF measured_2024 DEFAULT;
         CREATE TABLE measured_other PARTITION OF measured DEFAULT;
         -- Its columns in another order, one dropped.
         CREATE TABLE measured_2025 (value float8, gone int, region text NOT NULL, at date NOT NULL, id int NOT NULL);
         ALTER TABLE measured_2025 DROP gone;
         ALTER TABLE measured ATTACH PARTITION measured_2025 FOR VALUES FROM ('2025-01-01') TO (MAXVALUE);
         CREATE INDEX measured_value_idx ON measured (value);
         CREATE INDEX measured_2024_north_own_idx ON measured_2024_north (region, value);
         INSERT INTO measured SELECT n, date '2023-10-01' + n, (ARRAY['north', 'south', 'nord'])[1 + n % 3], n / 7.0 FROM generate_series(1, 600) n;
         CREATE TABLE hashed (id int PRIMARY KEY, note text DEFAULT 'x') PARTITION BY HASH (id);
         CREATE TABLE hashed_0 PARTITION OF hashed (note DEFAULT 'y') FOR VALUES WITH (MODULUS 3, REMAINDER 0) WITH (fillfactor = 70);
         CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 1);
         CREATE UNLOGGED TABLE hashed_2 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 2);
         INSERT INTO hashed SELECT n, 'n' || n FROM generate_series(1, 100) n;
         CREATE TABLE detached_parent (id int, at date) PARTITION BY RANGE (at, (id % 10));
         CREATE TABLE detached PARTITION OF detached_parent FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2024-01-01', 5);
         INSERT INTO detached_parent VALUES (1, '2020-01-01'); ALTER TABLE detached_parent DETACH PARTITION detached;
         CREATE TABLE no_partitions (id int) PARTITION BY LIST (id);
         CREATE TYPE mood AS ENUM ('low', 'high');
         CREATE TABLE by_enum (m mood, n int) PARTITION BY HASH (m);
         CREATE TABLE by_enum_0 PARTITION OF by_enum FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE by_enum_1 PARTITION OF by_enum FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         INSERT INTO by_enum VALUES ('low', 1), ('high', 2), ('low', 3);",
    ),
    any(
        "generated_columns",
        "CREATE FUNCTION tax(n numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT n * 1.19';
         CREATE TABLE generated (net numeric, gross numeric GENERATED ALWAYS AS (generated_columns.tax(net)) STORED, vat numeric,
            words tsvector GENERATED ALWAYS AS (to_tsvector('simple', vat::text)) STORED);
         INSERT INTO generated (net, vat) SELECT n, n / 3.0 FROM generate_series(1, 50) n;
         CREATE INDEX ON generated (gross);",
    ),
    any(
        "identity_columns",
        "CREATE TABLE always (id bigint GENERATED ALWAYS AS IDENTITY (START WITH -5 INCREMENT BY -2 MINVALUE -1000 CACHE 5), note text);
         CREATE TABLE by_default (id smallint GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME \"Named one\" MAXVALUE 1000 CYCLE) PRIMARY KEY, note text);
         CREATE TABLE never_used (id int GENERATED ALWAYS AS IDENTITY);
         INSERT INTO always (note) SELECT 'n' FROM generate_series(1, 7);
         INSERT INTO by_default VALUES (500, 'own'); INSERT INTO by_default (note) SELECT 'n' FROM generate_series(1, 7);",
    ),
    any(
        "serial_columns",
        "CREATE TABLE small (id smallserial PRIMARY KEY, b bigserial, s serial);
         INSERT INTO small SELECT FROM generate_series(1, 9);
         CREATE TABLE renamed (id serial, note text); INSERT INTO renamed (note) VALUES ('x');
         ALTER SEQUENCE renamed_id_seq RENAME TO \"Renamed\";",
    ),
    any(
        "sequences",
        "CREATE SEQUENCE nobodys START 7; SELECT nextval('nobodys'), nextval('nobodys');
         CREATE SEQUENCE never_used AS smallint;
         CREATE SEQUENCE descending INCREMENT -3 MINVALUE -100 MAXVALUE 10 START 10; SELECT nextval('descending'), nextval('descending');
         CREATE SEQUENCE cycling AS smallint MAXVALUE 3 CYCLE; SELECT nextval('cycling') FROM generate_series(1, 4);
         CREATE SEQUENCE at_its_end MAXVALUE 2; SELECT nextval('at_its_end') FROM generate_series(1, 2);
         CREATE SEQUENCE greatest; SELECT setval('greatest', 9223372036854775807);
         CREATE SEQUENCE not_called; SELECT setval('not_called', 77, false);
         CREATE SEQUENCE cached CACHE 50; SELECT nextval('cached');
         CREATE SEQUENCE shared; CREATE TABLE a (id int DEFAULT nextval('shared')); CREATE TABLE b (id int DEFAULT nextval('shared'));
         CREATE TABLE owner_table (id int); CREATE SEQUENCE owned OWNED BY owner_table.id; SELECT nextval('owned');
         INSERT INTO a DEFAULT VALUES; INSERT INTO b DEFAULT VALUES; COMMENT ON SEQUENCE nobodys IS 'of nobody';",
    ),
    any(
        "column_settings",
        "CREATE TABLE settings (a text COMPRESSION pglz, b text STORAGE EXTERNAL, c text, d int, e text COLLATE \"C\") WITH (fillfactor = 50,
            autovacuum_enabled = false, toast.autovacuum_enabled = false, autovacuum_vacuum_scale_factor = 0.5);
         ALTER TABLE settings ALTER c SET STORAGE MAIN, ALTER d SET STATISTICS 17, ALTER a SET (n_distinct = -0.5),
            ALTER c SET (n_distinct_inherited = 9);
         INSERT INTO settings SELECT repeat('a', 5000), repeat('b', 5000), repeat('c', 5000), n, 'e' FROM generate_series(1, 20) n;
         COMMENT ON TABLE settings IS E'It''s a \\\\ \"table\"\\nof two lines'; COMMENT ON COLUMN settings.a IS 'a column';",
    ),
    any(
        "statistics_objects",
        "CREATE TABLE correlated (a int, b int, c text); INSERT INTO correlated SELECT n % 5, n % 10, n FROM generate_series(1, 100) n;
         CREATE STATISTICS of_two (dependencies, mcv) ON a, b FROM correlated;
         CREATE STATISTICS of_expressions ON (a + b), lower(c) FROM correlated;
         ALTER STATISTICS of_two SET STATISTICS 50; COMMENT ON STATISTICS of_two IS 'statistics';",
    ),
];
