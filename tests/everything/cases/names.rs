//! Names that have to be quoted, and schemas.

use super::{Case, any};

pub(super) const CASES: &[Case] = &[
    any(
        "Names of \"all\" kinds.'x",
        "CREATE TABLE \"select\" (\"from\" int PRIMARY KEY, \"order\" text, \"a \"\"b\"\" 'c'; --\" text, \"%s$1\\n\" text, \"user\" text, \"table\" int);
         INSERT INTO \"select\" VALUES (1, 'x', 'y', 'z', 'u', 1); CREATE INDEX \"table\" ON \"select\" (\"order\"); CREATE VIEW \"view\" AS SELECT \"from\", \"user\" FROM \"select\";
         CREATE TABLE \"UPPER\" (\"ID\" serial PRIMARY KEY, \"Mixed\" text UNIQUE); INSERT INTO \"UPPER\" (\"Mixed\") VALUES ('x'); CREATE TABLE upper (id int); INSERT INTO upper VALUES (2);
         CREATE TABLE \"a.b\" (\"c.d\" int CHECK (\"c.d\" > 0)); INSERT INTO \"a.b\" VALUES (1); CREATE TABLE \" \" (\" \" text); INSERT INTO \" \" VALUES (' ');
         CREATE TABLE \"two\nlines\" (\"co\tlumn\" int); INSERT INTO \"two\nlines\" VALUES (1); CREATE TABLE \"\\back\\slash\" (\"\\\" text); INSERT INTO \"\\back\\slash\" VALUES ('\\');
         CREATE TYPE \"Type\" AS ENUM ('A'); CREATE FUNCTION \"Do it\"(\"In\" \"Type\") RETURNS text LANGUAGE sql AS 'SELECT $1::text';
         CREATE TABLE \"typed\" (t \"Type\", ts \"Type\"[]); INSERT INTO \"typed\" VALUES ('A', '{A}'); CREATE SEQUENCE \"Seq uence\"; SELECT nextval('\"Seq uence\"');",
    ),
    any(
        "длинное_имя_из_63_байтов_для_схемы_",
        "CREATE TABLE \"ÄÖÜäöüßéèêçñøåÄÖÜäöüßéèêçñøåÄÖÜ\" (\"名前名前名前名前名前名前名前名前名前名前名前\" int PRIMARY KEY, \"😀\" text);
         INSERT INTO \"ÄÖÜäöüßéèêçñøåÄÖÜäöüßéèêçñøåÄÖÜ\" VALUES (1, '😀');
         CREATE INDEX \"Index of a name that is exactly as long as a name can be, that's\" ON \"ÄÖÜäöüßéèêçñøåÄÖÜäöüßéèêçñøåÄÖÜ\" (\"😀\");
         CREATE TABLE this_name_is_exactly_as_long_as_a_name_can_be_in_postgresql_63b (id bigserial PRIMARY KEY, note text UNIQUE, CHECK (note <> ''));
         INSERT INTO this_name_is_exactly_as_long_as_a_name_can_be_in_postgresql_63b (note) VALUES ('x');",
    ),
    any(
        "schema_of_schemas",
        "CREATE SCHEMA empty_schema; COMMENT ON SCHEMA empty_schema IS 'nothing is in it'; CREATE SCHEMA \"User's \"\"schema\"\".x\";
         CREATE TABLE \"User's \"\"schema\"\".x\".\"user\" (id int PRIMARY KEY); INSERT INTO \"User's \"\"schema\"\".x\".\"user\" VALUES (1);
         CREATE TABLE public.in_public (id int REFERENCES \"User's \"\"schema\"\".x\".\"user\"); INSERT INTO public.in_public VALUES (1); COMMENT ON SCHEMA schema_of_schemas IS 'It''s commented';
         CREATE VIEW across AS SELECT * FROM public.in_public JOIN \"User's \"\"schema\"\".x\".\"user\" USING (id);",
    ),
];
