-- What the sample of the practice servers has not: each is lost, or breaks a run, when it is
-- treated like everything else. No value depends on time or chance.
BEGIN;
CREATE SCHEMA more;
SET LOCAL search_path = more;

CREATE TYPE mood AS ENUM ('low', 'it''s "fine"', 'hög, högre', '');
CREATE TYPE pair AS (code char(2), flags bit(3), mood mood);
CREATE TYPE nested AS (label text, inner_pair pair, pairs pair[]);
CREATE TYPE float_range AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE mood_range AS RANGE (subtype = mood);
CREATE DOMAIN country AS char(2) CONSTRAINT country_is_upper CHECK (VALUE = upper(VALUE));
COMMENT ON CONSTRAINT country_is_upper ON DOMAIN country IS 'ISO 3166';
CREATE DOMAIN country_of_eu AS country;
CREATE DOMAIN flags AS bit(3);
CREATE DOMAIN countries AS char(2)[];
CREATE DOMAIN moods AS mood[];
CREATE DOMAIN a_pair AS pair;

CREATE TABLE countries_of_domains (id int PRIMARY KEY, code country, inner_code country_of_eu);
INSERT INTO countries_of_domains VALUES (1, 'DE', 'DK'), (2, 'D', 'F '), (3, NULL, NULL);
CREATE TABLE bits (id int PRIMARY KEY, of_domain flags, plain bit(3), varying bit varying(9));
INSERT INTO bits VALUES (1, B'101', B'011', B'1'), (2, B'000', B'111', B''), (3, NULL, NULL, NULL);
CREATE TABLE arrays (id int PRIMARY KEY, of_domain countries, plain char(2)[], bits bit(3)[], moods mood[],
    of_moods moods, domains country[]);
INSERT INTO arrays VALUES
    (1, '{DE,DK}', '{DE,F,NULL}', '{101,000}', ARRAY['low', 'it''s "fine"', '', NULL]::mood[],
        ARRAY['low']::mood[], '{DE,DK}'),
    (2, '{}', '[3:4]={DE,DK}', '{{101},{010}}', '{}', '{}', '{}');
INSERT INTO arrays VALUES (3);
CREATE TABLE composites (id int PRIMARY KEY, one pair, many pair[], deep nested, of_domain a_pair);
INSERT INTO composites VALUES
    (1, ('DE', B'101', 'low'), ARRAY[('D', B'000', 'it''s "fine"'), NULL]::pair[],
        (E'a,"b"\\', ('DK', NULL, ''), ARRAY[(NULL, NULL, NULL)]::pair[]), ('DE', B'001', 'low')),
    (2, (NULL, NULL, NULL), '{}', NULL, NULL);
INSERT INTO composites VALUES (3);
CREATE TABLE ranges (id int PRIMARY KEY, floats float_range, moods mood_range, many float_multirange,
    dates daterange, listed float_range[]);
INSERT INTO ranges VALUES
    (1, '[0.1,0.30000000000000004)', '[low,"it''s \"fine\""]', '{[0.1,0.2),[5e-324,0.05)}', '[2024-01-01,)',
        '{"[1,2)",empty}'),
    (2, 'empty', 'empty', '{}', 'empty', '{}'), (3, '(,)', '(,)', '{(,)}', '(,)', NULL);
INSERT INTO ranges VALUES (4);
CREATE TABLE places (id int PRIMARY KEY, relation regclass, type regtype, function regprocedure, listed regclass[]);
INSERT INTO places VALUES (1, 'more.ranges', 'more.mood', 'lower(text)', '{more.ranges,more.bits}');
INSERT INTO places VALUES (2);

CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE no_rows (id int PRIMARY KEY, code country UNIQUE);
CREATE TABLE only_generated (answer int GENERATED ALWAYS AS (6 * 7) STORED);
INSERT INTO only_generated DEFAULT VALUES;
CREATE TABLE generated (net numeric, gross numeric GENERATED ALWAYS AS (net * 1.19) STORED, vat numeric);
INSERT INTO generated (net, vat) SELECT n, n / 3.0 FROM generate_series(1, 50) n;
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, note text);
INSERT INTO unlogged SELECT n, 'note ' || n FROM generate_series(1, 50) n;
CREATE TABLE identities (id bigint GENERATED ALWAYS AS IDENTITY (START WITH -5 INCREMENT BY -2 MINVALUE -1000), note text);
INSERT INTO identities (note) SELECT 'n' FROM generate_series(1, 7);

CREATE TABLE measured (id int, at date, region text, value float8, PRIMARY KEY (id, at, region)) PARTITION BY RANGE (at);
CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
    PARTITION BY LIST (region);
CREATE TABLE measured_2024_north PARTITION OF measured_2024 FOR VALUES IN ('north', 'nord');
CREATE TABLE measured_2024_other PARTITION OF measured_2024 DEFAULT;
CREATE TABLE measured_other PARTITION OF measured DEFAULT;
CREATE INDEX measured_value_idx ON measured (value);
CREATE INDEX measured_2024_north_own_idx ON measured_2024_north (region, value);
INSERT INTO measured SELECT n, date '2023-10-01' + n, (ARRAY['north', 'south', 'nord'])[1 + n % 3], n / 7.0
FROM generate_series(1, 600) n;
CREATE TABLE of_measured (id int, at date, region text, FOREIGN KEY (id, at, region) REFERENCES measured);
INSERT INTO of_measured SELECT id, at, region FROM measured WHERE id % 9 = 0;

CREATE TABLE parents (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''));
CREATE TABLE children (toy text) INHERITS (parents);
CREATE TABLE grandchildren (CHECK (id > 200)) INHERITS (children);
INSERT INTO parents SELECT n, 'parent ' || n FROM generate_series(1, 20) n;
INSERT INTO children SELECT n, 'child ' || n, 'ball' FROM generate_series(101, 130) n;
INSERT INTO grandchildren SELECT n, 'grandchild ' || n, NULL FROM generate_series(201, 205) n;

CREATE TABLE persons (id int PRIMARY KEY, name text NOT NULL, place int, boss int REFERENCES persons,
    CONSTRAINT persons_place UNIQUE (place) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO persons SELECT n, 'Person ' || n, n, NULLIF(n / 2, 0) FROM generate_series(1, 40) n;
CREATE TABLE visits (id int PRIMARY KEY, person int CONSTRAINT visits_of_persons REFERENCES persons,
    at int4range, room int4range,
    CONSTRAINT visits_one_at_a_time EXCLUDE USING gist (room WITH =, at WITH &&) WHERE (person > 0));
INSERT INTO visits SELECT n, 1 + n % 40, int4range(n * 10, n * 10 + 10), int4range(n % 4, n % 4 + 1)
FROM generate_series(1, 200) n;
-- A person who does not exist, as a restored dump or a disabled trigger leaves behind.
SET LOCAL session_replication_role = replica;
INSERT INTO visits VALUES (201, 4711, NULL, NULL);
SET LOCAL session_replication_role = origin;

CREATE INDEX persons_lower ON persons (lower(name) COLLATE "C" DESC NULLS LAST, (id % 10));
CREATE INDEX persons_bosses ON persons (boss) INCLUDE (name) WHERE boss IS NOT NULL;
CREATE UNIQUE INDEX persons_name ON persons (name);
ALTER TABLE persons REPLICA IDENTITY USING INDEX persons_name;
ALTER TABLE persons CLUSTER ON persons_pkey;
CREATE STATISTICS persons_place_boss (dependencies, mcv) ON place, boss FROM persons;
ALTER TABLE persons ALTER COLUMN place SET STATISTICS 17, ALTER COLUMN name SET STORAGE EXTERNAL;

CREATE VIEW visits_of_person AS
    SELECT p.id, p.name, count(v.id) AS visits FROM persons p LEFT JOIN visits v ON v.person = p.id GROUP BY p.id;
CREATE VIEW busy AS SELECT * FROM visits_of_person WHERE visits > 4;
CREATE MATERIALIZED VIEW visits_kept AS
    SELECT p.id, p.name, count(*) AS visits FROM persons p JOIN visits v ON v.person = p.id GROUP BY p.id;
CREATE UNIQUE INDEX visits_kept_id ON visits_kept (id);
CREATE INDEX visits_kept_visits ON visits_kept (visits DESC);
CREATE MATERIALIZED VIEW a_view_of_kept AS SELECT k.visits, count(*) FROM visits_kept k JOIN busy USING (id) GROUP BY 1;
CREATE INDEX a_view_of_kept_visits ON a_view_of_kept (visits);
CREATE MATERIALIZED VIEW never_filled AS SELECT id FROM persons WITH NO DATA;
CREATE UNIQUE INDEX never_filled_id ON never_filled (id);

CREATE TABLE told (what text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO more.told VALUES (TG_NAME); RETURN NEW; END $$;
CREATE TRIGGER visits_told BEFORE INSERT OR UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER visits_always AFTER INSERT ON visits FOR EACH STATEMENT EXECUTE FUNCTION tell();
CREATE CONSTRAINT TRIGGER persons_told AFTER INSERT ON persons DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION tell();
ALTER TABLE visits DISABLE TRIGGER visits_told, ENABLE ALWAYS TRIGGER visits_always;
CREATE RULE persons_stay AS ON DELETE TO persons DO INSTEAD NOTHING;
CREATE RULE persons_also AS ON INSERT TO persons DO ALSO INSERT INTO more.told VALUES ('rule');
ALTER TABLE persons DISABLE RULE persons_stay;

CREATE TABLE private (id int PRIMARY KEY, owner text, note text);
INSERT INTO private SELECT n, 'nobody', 'secret ' || n FROM generate_series(1, 30) n;
CREATE POLICY private_own ON private USING (owner = current_user) WITH CHECK (note <> '');
CREATE POLICY private_none ON private AS RESTRICTIVE FOR DELETE TO PUBLIC USING (false);
ALTER TABLE private ENABLE ROW LEVEL SECURITY;
CREATE TABLE private_even_to_owners (LIKE private INCLUDING ALL);
INSERT INTO private_even_to_owners SELECT * FROM private;
ALTER TABLE private_even_to_owners ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE TABLE "select" ("from" int PRIMARY KEY, "order" text, "a ""b"" 'c'; --" text, "%s$1\n" text);
INSERT INTO "select" VALUES (1, 'x', 'y', 'z');
CREATE INDEX "table" ON "select" ("order");
CREATE TABLE "ÄÖÜäöüßéèêçñøåÄÖÜäöüßéèêçñøåÄÖÜ" ("名前名前名前名前名前名前名前名前名前名前名前" int, " " text);
INSERT INTO "ÄÖÜäöüßéèêçñøåÄÖÜäöüßéèêçñøåÄÖÜ" VALUES (1, ' ');
CREATE INDEX "Index of a name that is exactly as long as a name can be, that's" ON "ÄÖÜäöüßéèêçñøåÄÖÜäöüßéèêçñøåÄÖÜ" (" ");
CREATE SCHEMA "User's ""schema"".x";
CREATE SEQUENCE "User's ""schema"".x"."user" AS smallint CYCLE;
SELECT setval('"User''s ""schema"".x"."user"', 77, false);
CREATE TABLE "User's ""schema"".x"."a.b" (id int DEFAULT nextval('"User''s ""schema"".x"."user"') PRIMARY KEY);
INSERT INTO "User's ""schema"".x"."a.b" VALUES (3), (4);

COMMENT ON TRIGGER visits_told ON visits IS 'off; since "2023"';
COMMENT ON CONSTRAINT visits_of_persons ON visits IS 'It''s violated';
COMMENT ON CONSTRAINT persons_pkey ON persons IS 'the key';
COMMENT ON CONSTRAINT visits_one_at_a_time ON visits IS 'one room';
COMMENT ON INDEX persons_lower IS 'for searching';
COMMENT ON INDEX visits_kept_id IS 'on a materialized view';
COMMENT ON MATERIALIZED VIEW visits_kept IS 'kept';
COMMENT ON COLUMN visits_kept.visits IS 'how many';
COMMENT ON VIEW busy IS 'those of many visits';
COMMENT ON RULE persons_stay ON persons IS 'a rule';
COMMENT ON POLICY private_own ON private IS 'a policy';
COMMENT ON STATISTICS persons_place_boss IS 'statistics';
COMMENT ON TYPE pair IS 'a composite';
COMMENT ON COLUMN pair.flags IS 'of a composite';
COMMIT;
