//! Indexes of the server's own kinds.

use super::{Case, any};

pub(super) const CASES: &[Case] = &[
    any(
        "btree_indexes",
        "CREATE TABLE people (id int, name text, place int, at timestamptz, \"order\" text);
         INSERT INTO people SELECT n, 'Person ' || n, n % 7, 'epoch'::timestamptz + n * interval '1 day', n::text FROM generate_series(1, 300) n;
         CREATE INDEX of_expressions ON people (lower(name) COLLATE \"C\" DESC NULLS LAST, (id % 10));
         CREATE INDEX partial ON people (place) WHERE place IS NOT NULL AND name <> 'it''s';
         CREATE UNIQUE INDEX covering ON people (id) INCLUDE (name, place) WITH (fillfactor = 70, deduplicate_items = off);
         CREATE INDEX by_pattern ON people (name text_pattern_ops NULLS FIRST); CREATE UNIQUE INDEX nulls_alike ON people (id, place) NULLS NOT DISTINCT;
         CREATE INDEX hashed ON people USING hash (name); CREATE INDEX twice ON people (id); CREATE INDEX twice_more ON people (id);
         CREATE INDEX of_keyword ON people (\"order\"); COMMENT ON INDEX of_expressions IS 'for searching';
         ALTER INDEX of_expressions ALTER COLUMN 2 SET STATISTICS 33;",
    ),
    any(
        "other_indexes",
        "CREATE TABLE things (id int, tags text[], doc jsonb, words tsvector, at timestamptz, spot point, area box, period int4range, address inet, name text);
         INSERT INTO things SELECT n, ARRAY['t' || n % 9], jsonb_build_object('n', n), to_tsvector('simple', 'word' || n), 'epoch'::timestamptz + n * interval '1 h',
            point(n, n), box(point(n, n), point(0, 0)), int4range(n, n + 5), '10.0.0.0'::inet + n, 'name ' || n FROM generate_series(1, 500) n;
         CREATE INDEX gin_tags ON things USING gin (tags) WITH (fastupdate = off); CREATE INDEX gin_doc ON things USING gin (doc); CREATE INDEX gin_paths ON things USING gin (doc jsonb_path_ops);
         CREATE INDEX gin_words ON things USING gin (words, tags); CREATE INDEX gist_spot ON things USING gist (spot) WITH (buffering = on);
         CREATE INDEX gist_more ON things USING gist (area, period, address inet_ops, words tsvector_ops (siglen = 200)) INCLUDE (id);
         CREATE INDEX brin_at ON things USING brin (at) WITH (pages_per_range = 2, autosummarize = on); CREATE INDEX brin_bloom ON things USING brin (name text_bloom_ops (n_distinct_per_range = 100), id int4_minmax_multi_ops);
         CREATE INDEX spgist_spot ON things USING spgist (spot); CREATE INDEX spgist_quad ON things USING spgist (spot kd_point_ops) INCLUDE (id);
         CREATE INDEX spgist_name ON things USING spgist (name); CREATE INDEX spgist_period ON things USING spgist (period);",
    ),
    any(
        "partitioned_indexes",
        "CREATE TABLE parted (id int, at date, note text) PARTITION BY RANGE (at); CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2024-01-01') PARTITION BY RANGE (id);
         CREATE TABLE parted_a_a PARTITION OF parted_a DEFAULT; CREATE TABLE parted_b PARTITION OF parted DEFAULT;
         CREATE INDEX on_all ON parted (note) INCLUDE (id); CREATE UNIQUE INDEX unique_on_all ON parted (at, id); CREATE INDEX only_parent ON ONLY parted (lower(note));
         CREATE INDEX of_part ON parted_b (lower(note)); ALTER INDEX only_parent ATTACH PARTITION of_part; ALTER TABLE parted ADD CONSTRAINT a_key PRIMARY KEY (id, at);
         CREATE INDEX gin_on_all ON parted USING gin (to_tsvector('simple', note)); COMMENT ON INDEX on_all IS 'on all';
         INSERT INTO parted SELECT n, date '2023-06-01' + n, 'n' || n FROM generate_series(1, 400) n;",
    ),
];
