-- Where the contrib extensions, ICU and libxml are.
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION ltree;
SET search_path = app, public;
CREATE COLLATION without_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE of_contrib (id int PRIMARY KEY, h hstore, c citext, l ltree, x xml, folded text COLLATE without_case, squeezed text COMPRESSION lz4);
INSERT INTO of_contrib SELECT id, 'a=>1, b=>NULL', 'Word', 'top.of.tree', '<a b="1">text</a>', 'Word', repeat('x', 9000) FROM generate_series(1, 4) id;
CREATE TABLE by_folded (word text COLLATE without_case PRIMARY KEY, n int);
INSERT INTO by_folded VALUES ('One', 1), ('Two', 2);
CREATE TABLE by_citext (word citext PRIMARY KEY, n int);
INSERT INTO by_citext VALUES ('One', 1), ('Two', 2);
-- Numbers by what they count, digits behind letters, upper case first: nothing stands where its bytes would have it.
CREATE COLLATION otherwise (provider = icu, locale = 'und-u-kf-upper-kn-true-kr-grek-latn-digit');
CREATE TABLE by_otherwise (word text COLLATE otherwise PRIMARY KEY, n int);
INSERT INTO by_otherwise SELECT word || n, n FROM unnest('{a,A,ä,z,Z,ω,"",_,2}'::text[]) word, generate_series(1, 12) n;
