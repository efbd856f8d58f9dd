//! What needs an extension of PostgreSQL's contrib folder.

use super::{Case, contrib};

pub(super) const CASES: &[Case] = &[
    // The fetched servers are built without libxml.
    contrib(
        "xml_values",
        "CREATE TABLE documents (id int, x xml, many xml[]); INSERT INTO documents VALUES (1, '<a b=\"c\">d &amp; ü</a>', ARRAY['<a/>', NULL]::xml[]), (2, 'no element', '{}'), (3, '', NULL);",
    ),
    contrib(
        "hstore_values",
        "CREATE EXTENSION hstore SCHEMA hstore_values; CREATE TABLE pairs (id int, h hstore, many hstore[]);
         INSERT INTO pairs VALUES (1, 'a=>1, \"b c\"=>NULL, \"\\\"\"=>\"\\\\\"', ARRAY['a=>1', NULL]::hstore[]), (2, '', '{}'), (3, NULL, NULL); CREATE INDEX pairs_h ON pairs USING gin (h); CREATE INDEX pairs_gist ON pairs USING gist (h gist_hstore_ops (siglen = 32));",
    ),
    contrib(
        "citext_values",
        "CREATE SCHEMA \"Own schema\"; CREATE EXTENSION citext SCHEMA \"Own schema\"; SET search_path = citext_values, \"Own schema\";
         CREATE TABLE users (email citext PRIMARY KEY, names citext[], CHECK (email <> 'X')); INSERT INTO users VALUES ('Ada@Example.org', '{A,b}'), ('ß', NULL); CREATE DOMAIN mail AS citext CHECK (VALUE ~ '@'); CREATE TABLE mails (m mail); INSERT INTO mails VALUES ('A@b');",
    ),
    contrib(
        "ltree_values",
        "CREATE EXTENSION ltree SCHEMA ltree_values; CREATE TABLE paths (p ltree PRIMARY KEY, q lquery, t ltxtquery, many ltree[]); INSERT INTO paths VALUES ('Top.Science', 'Top.*{1,2}', 'a & b*', '{a.b,c}'), ('', NULL, NULL, '{}'); CREATE INDEX paths_p ON paths USING gist (p);",
    ),
    contrib(
        "other_extensions",
        "CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm SCHEMA other_extensions; CREATE EXTENSION cube SCHEMA other_extensions; CREATE EXTENSION \"uuid-ossp\" SCHEMA other_extensions; CREATE EXTENSION unaccent SCHEMA other_extensions; CREATE EXTENSION intarray SCHEMA other_extensions;
         CREATE TABLE bookings (room int, at tsrange, EXCLUDE USING gist (room WITH =, at WITH &&)); INSERT INTO bookings VALUES (1, '[2024-01-01,2024-01-02)'), (2, '[2024-01-01,2024-01-02)');
         CREATE TABLE words (id uuid DEFAULT uuid_generate_v4(), w text, c cube); INSERT INTO words VALUES ('00000000-0000-0000-0000-000000000001', 'word', '(1,2),(3,4)'); CREATE INDEX words_trgm ON words USING gin (w gin_trgm_ops); CREATE INDEX words_dist ON words USING gist (w gist_trgm_ops);",
    ),
];
