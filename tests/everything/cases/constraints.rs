//! Keys, checks and references.

use super::{Case, any};

pub(super) const CASES: &[Case] = &[
    any(
        "keys",
        "CREATE TABLE keyed (a int, b int, c int, d int, CONSTRAINT \"The key\" PRIMARY KEY (b, a) INCLUDE (c),
            CONSTRAINT later UNIQUE (c) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT later_but_now UNIQUE (d, c) DEFERRABLE,
            CONSTRAINT nulls UNIQUE NULLS NOT DISTINCT (d)) WITH (fillfactor = 90);
         INSERT INTO keyed SELECT n, n, n, n FROM generate_series(1, 30) n; INSERT INTO keyed VALUES (31, 31, 31, NULL);
         COMMENT ON CONSTRAINT \"The key\" ON keyed IS 'the key'; COMMENT ON CONSTRAINT later ON keyed IS 'later';
         CREATE TABLE marked (a int NOT NULL, b int PRIMARY KEY); CREATE UNIQUE INDEX marked_a ON marked (a);
         ALTER TABLE marked REPLICA IDENTITY USING INDEX marked_a; ALTER TABLE marked CLUSTER ON marked_pkey;
         CREATE TABLE whole (a int); ALTER TABLE whole REPLICA IDENTITY FULL;
         CREATE TABLE nothing (a int); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
         CREATE TABLE by_key (a int PRIMARY KEY); ALTER TABLE by_key REPLICA IDENTITY USING INDEX by_key_pkey;
         CREATE TABLE clustered_by_index (a int); CREATE INDEX clustered_a ON clustered_by_index (a); ALTER TABLE clustered_by_index CLUSTER ON clustered_a;",
    ),
    // Large enough that each index is built alone, and keys are made of their indexes.
    any(
        "large",
        "CREATE TABLE large (a int NOT NULL, b int, c int, d int, e int NOT NULL, note text, CONSTRAINT \"The key\" PRIMARY KEY (b, a) INCLUDE (c),
            CONSTRAINT later UNIQUE (c) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT later_but_now UNIQUE (d, c) DEFERRABLE,
            CONSTRAINT nulls UNIQUE NULLS NOT DISTINCT (d) WITH (fillfactor = 80), CONSTRAINT apart EXCLUDE USING btree (e WITH =));
         INSERT INTO large SELECT n, n, n, NULLIF(n, 7), n, repeat(md5(n::text), 9) FROM generate_series(1, 40000) n;
         CREATE UNIQUE INDEX large_e ON large (e DESC); ALTER TABLE large REPLICA IDENTITY USING INDEX large_e; ALTER TABLE large CLUSTER ON \"The key\";
         CREATE INDEX large_note ON large (lower(note), (a % 10)); ALTER INDEX large_note ALTER COLUMN 2 SET STATISTICS 20;
         CREATE STATISTICS large_together ON a, b FROM large; COMMENT ON CONSTRAINT later ON large IS 'later'; COMMENT ON INDEX large_e IS 'e';
         CREATE TABLE of_large (b int, a int, FOREIGN KEY (b, a) REFERENCES large (b, a), c int REFERENCES large (e)); INSERT INTO of_large VALUES (1, 1, 2);
         CREATE TABLE parts (k int, note text, PRIMARY KEY (k)) PARTITION BY RANGE (k);
         CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (40000); CREATE TABLE parts_high PARTITION OF parts DEFAULT;
         CREATE INDEX parts_note ON parts (note); ALTER TABLE parts_low CLUSTER ON parts_low_pkey;
         INSERT INTO parts SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 40100) n;
         CREATE VIEW by_key AS SELECT a, b, note FROM large GROUP BY b, a;",
    ),
    any(
        "exclusions",
        "CREATE TABLE bookings (room int4range, at tsrange, cancelled bool,
            CONSTRAINT one_at_a_time EXCLUDE USING gist (room WITH =, at WITH &&) WHERE (NOT cancelled),
            CONSTRAINT one_room EXCLUDE (room WITH =) DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO bookings SELECT int4range(n, n + 1), tsrange('2024-01-01', '2024-01-02'), false FROM generate_series(1, 50) n;
         COMMENT ON CONSTRAINT one_at_a_time ON bookings IS 'one at a time';",
    ),
    any(
        "checks",
        "CREATE FUNCTION is_even(n int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN n % 2 = 0; END';
         CREATE TABLE checked (a int CHECK (checks.is_even(a)), b int NOT NULL, CONSTRAINT \"B > 0\" CHECK (b > 0) NO INHERIT);
         INSERT INTO checked VALUES (2, 1), (NULL, 2);
         CREATE TABLE unchecked (a int); INSERT INTO unchecked VALUES (-1), (1);
         ALTER TABLE unchecked ADD CONSTRAINT a_is_positive CHECK (a > 0) NOT VALID; COMMENT ON CONSTRAINT a_is_positive ON unchecked IS 'some day';
         ALTER TABLE unchecked ADD CONSTRAINT a_is_small CHECK (a < 100) NOT VALID; ALTER TABLE unchecked VALIDATE CONSTRAINT a_is_small;",
    ),
    any(
        "foreign_keys",
        "CREATE TABLE chickens (id int PRIMARY KEY, egg int); CREATE TABLE eggs (id int PRIMARY KEY, chicken int REFERENCES chickens ON DELETE CASCADE);
         ALTER TABLE chickens ADD CONSTRAINT from_egg FOREIGN KEY (egg) REFERENCES eggs DEFERRABLE INITIALLY DEFERRED;
         BEGIN; INSERT INTO chickens SELECT n, n FROM generate_series(1, 20) n; INSERT INTO eggs SELECT n, 21 - n FROM generate_series(1, 20) n; COMMIT;
         CREATE TABLE persons (id int PRIMARY KEY, boss int REFERENCES persons ON UPDATE SET NULL); INSERT INTO persons SELECT n, NULLIF(n / 2, 0) FROM generate_series(1, 40) n;
         CREATE TABLE pairs (a int, b int, UNIQUE (b, a)); INSERT INTO pairs SELECT n, n + 1 FROM generate_series(1, 20) n;
         CREATE TABLE of_pairs (x int, y int DEFAULT 2, CONSTRAINT both_ways FOREIGN KEY (x, y) REFERENCES pairs (a, b) MATCH FULL ON DELETE SET DEFAULT (y));
         INSERT INTO of_pairs VALUES (1, 2), (NULL, NULL);
         CREATE TABLE unproved (id int); INSERT INTO unproved VALUES (1), (4711);
         ALTER TABLE unproved ADD CONSTRAINT not_valid FOREIGN KEY (id) REFERENCES persons NOT VALID; COMMENT ON CONSTRAINT not_valid ON unproved IS 'never checked';
         CREATE TABLE parted (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE parted_all PARTITION OF parted DEFAULT; INSERT INTO parted VALUES (1, '2024-01-01');
         CREATE TABLE of_parted (id int, at date, CONSTRAINT of_parted_fkey FOREIGN KEY (id, at) REFERENCES parted); INSERT INTO of_parted VALUES (1, '2024-01-01');
         CREATE TABLE parted_too (id int REFERENCES persons) PARTITION BY LIST (id); CREATE TABLE parted_too_all PARTITION OF parted_too DEFAULT;
         INSERT INTO parted_too VALUES (1); COMMENT ON CONSTRAINT parted_too_id_fkey ON parted_too IS 'it holds';",
    ),
    any(
        "violated",
        "CREATE TABLE persons (id int PRIMARY KEY); INSERT INTO persons VALUES (1);
         CREATE TABLE visits (id int, person int CONSTRAINT visits_of_persons REFERENCES persons); COMMENT ON CONSTRAINT visits_of_persons ON visits IS 'It''s violated';
         CREATE TABLE holds (person int REFERENCES persons); INSERT INTO holds VALUES (1);
         CREATE TABLE parted (person int CONSTRAINT parted_of_persons REFERENCES persons) PARTITION BY LIST (person);
         CREATE TABLE parted_all PARTITION OF parted DEFAULT; COMMENT ON CONSTRAINT parted_of_persons ON parted IS 'It''s violated, too';
         BEGIN; SET LOCAL session_replication_role = replica; INSERT INTO visits VALUES (1, 4711); INSERT INTO parted VALUES (4711); COMMIT;",
    ),
];
