use super::*;
use proptest::prelude::*;

const PRE_DATA_18: &str = include_str!("../../../tests/fixtures/dump_18_pre-data.sql");
const POST_DATA_15: &str = include_str!("../../../tests/fixtures/dump_15_post-data.sql");

/// One line an entry: what the schema step sees of it.
fn overview(script: &Script) -> String {
    let line = |e: &Entry| {
        format!(
            "{:?} | {} | {} | {} | {}{}\n",
            e.class(),
            e.kind,
            e.schema.as_deref().unwrap_or("-"),
            e.table.as_deref().unwrap_or("-"),
            e.name,
            e.left_out()
                .map(|why| format!(" | left out: {why}"))
                .unwrap_or_default()
        )
        .replace("\n--", "⏎--")
        .replace("-\n ", "-⏎ ")
    };
    script.entries.iter().map(line).collect()
}

#[test]
fn real_dumps_are_taken_apart_at_their_headers_only() {
    let (pre, post) = (Script::parse(PRE_DATA_18), Script::parse(POST_DATA_15));
    insta::assert_snapshot!("pre_data_18", overview(&pre));
    insta::assert_snapshot!("post_data_15", overview(&post));
    assert!(
        pre.entries
            .iter()
            .all(|e| !e.name.contains("inject") && e.sql.ends_with(';'))
    );
}

#[test]
fn the_preamble_stands_apart_and_loses_what_an_older_server_does_not_know() {
    let script = Script::parse(PRE_DATA_18);
    assert_eq!(script.preamble.len(), 11);
    assert!(
        script
            .preamble_for(180_004)
            .contains("\nSET transaction_timeout = 0;\n")
    );
    assert!(!script.preamble_for(160_014).contains("transaction_timeout"));
    assert!(
        script
            .preamble_for(160_014)
            .ends_with("SET row_security = off;")
    );
}

#[test]
fn a_default_setting_goes_with_the_entry_it_is_for() {
    let script = Script::parse(PRE_DATA_18);
    let with: Vec<_> = script
        .entries
        .iter()
        .filter(|e| e.sql.contains("SET default_"))
        .collect();
    assert_eq!(with.len(), 1);
    assert_eq!(
        (with[0].name.as_str(), with[0].statements().len()),
        ("accounts", 2)
    );
    assert!(
        with[0]
            .sql
            .starts_with("SET default_table_access_method = heap;\nCREATE TABLE")
    );
}

#[test]
fn commands_to_psql_are_dropped_and_bodies_kept() {
    let script = Script::parse(PRE_DATA_18);
    let restricted: Vec<_> = script
        .entries
        .iter()
        .filter(|e| e.sql.contains("restrict"))
        .collect();
    assert_eq!(restricted.len(), 1, "only the function's body has the word");
    assert!(restricted[0].sql.contains("\n\\restrict nothing\n"));
    let between = entry(
        "TABLE",
        "a",
        "CREATE TABLE a ();\n\\unrestrict x\nCREATE TABLE b ();",
    );
    assert_eq!(between.sql, "CREATE TABLE a ();\nCREATE TABLE b ();");
}

#[test]
fn a_verbose_dump_has_more_lines_in_its_headers() {
    let dump = "--\n-- TOC entry 1 (class 2 OID 3)\n-- Dependencies: 4\n-- Name: a b; Type: TRIGGER; \
                Schema: s; Owner: -\n--\n\nCREATE TRIGGER b ON a;\n\n\n-- Completed on x\n";
    let entry = &Script::parse(dump).entries[0];
    assert_eq!(
        (entry.name.as_str(), entry.table.as_deref()),
        ("b", Some("a"))
    );
    assert_eq!(entry.sql, "CREATE TRIGGER b ON a;");
}

#[test]
fn an_entry_of_comments_only_is_skipped() {
    let dump = "--\n-- Name: public; Type: SCHEMA; Schema: -; Owner: -\n--\n\n-- *not* creating schema, \
                since initdb creates it\n\n\n--\n-- Name: x; Type: SCHEMA; Schema: -; Owner: -\n--\n\nCREATE SCHEMA x;\n";
    let names: Vec<_> = Script::parse(dump)
        .entries
        .into_iter()
        .map(|e| e.name)
        .collect();
    assert_eq!(names, ["x"]);
}

fn entry(kind: &str, name: &str, sql: &str) -> Entry {
    let header = format!("-- Name: {name}; Type: {kind}; Schema: public; Owner: -");
    Script::parse(&format!("--\n{header}\n--\n\n{sql}\n"))
        .entries
        .remove(0)
}

#[test]
fn what_an_owner_on_neon_cannot_take_is_left_out() {
    let left_out = [
        entry(
            "COMMENT",
            "EXTENSION vector",
            "COMMENT ON EXTENSION vector IS 'x';",
        ),
        entry("SCHEMA", "public", "CREATE SCHEMA public;"),
        entry(
            "FUNCTION",
            "f()",
            "CREATE FUNCTION public.f() RETURNS void\n LANGUAGE c\n AS '$libdir/x', 'f';",
        ),
        entry(
            "TYPE",
            "t",
            "CREATE TYPE public.t (\n INTERNALLENGTH = 4,\n INPUT = a\n);",
        ),
        entry(
            "AGGREGATE",
            "a(anyelement)",
            "CREATE AGGREGATE public.a(anyelement) (\n SFUNC = f,\n STYPE = internal\n);",
        ),
        entry(
            "USER MAPPING",
            "USER MAPPING app SERVER s",
            "CREATE USER MAPPING FOR app SERVER s OPTIONS (password 'x');",
        ),
        entry(
            "PROCEDURAL LANGUAGE",
            "plperlu",
            "CREATE OR REPLACE PROCEDURAL LANGUAGE plperlu;",
        ),
    ];
    assert!(
        left_out.iter().all(|e| e.left_out().is_some()),
        "{left_out:?}"
    );
    let taken = [
        entry(
            "COMMENT",
            "TABLE \"EXTENSION x\"",
            "COMMENT ON TABLE x IS 'x';",
        ),
        entry(
            "EXTENSION",
            "vector",
            "CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;",
        ),
        entry(
            "FUNCTION",
            "f()",
            "CREATE FUNCTION public.f() RETURNS void\n LANGUAGE plpgsql\n AS $$ LANGUAGE c $$;",
        ),
        entry("TYPE", "t", "CREATE TYPE public.t AS (\n a integer\n);"),
        entry(
            "EVENT TRIGGER",
            "e",
            "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f();",
        ),
    ];
    assert!(taken.iter().all(|e| e.left_out().is_none()), "{taken:?}");
}

#[test]
fn only_the_mark_leakproof_is_taken_off() {
    let function = |sql: &str| entry("FUNCTION", "f(integer)", sql);
    let marked = "CREATE FUNCTION s.f(leakproof integer) RETURNS text\n    LANGUAGE sql STRICT LEAKPROOF COST 7\n    AS $$ LEAKPROOF $$;";
    let plain = "CREATE FUNCTION s.f(leakproof integer) RETURNS text\n    LANGUAGE sql STRICT  COST 7\n    AS $$ LEAKPROOF $$;";
    let without = function(marked).without_leakproof();
    assert_eq!(without.map(|entry| entry.sql).as_deref(), Some(plain));
    assert_eq!(function(plain).without_leakproof(), None);
}

#[test]
fn a_comment_on_an_event_trigger_comes_after_it() {
    let sql = "COMMENT ON EVENT TRIGGER e IS 'x';";
    let class = entry("COMMENT", "EVENT TRIGGER e", sql).class();
    assert_eq!(class, Class::EventTrigger);
    let sql = "COMMENT ON TABLE \"EVENT TRIGGER \" IS 'x';";
    assert_eq!(
        entry("COMMENT", "TABLE \"EVENT TRIGGER \"", sql).class(),
        Class::Comment
    );
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(dump in any::<String>()) {
        Script::parse(&dump);
    }

    /// A dump made of arbitrary literals and names comes apart into exactly what was put in.
    #[test]
    fn entries_come_out_as_they_went_in(texts in proptest::collection::vec(any::<String>(), 1..6)) {
        let statements: Vec<_> = texts.iter().map(|text| {
            let doubled = text.replace('\'', "''");
            let name = text.replace('"', "\"\"");
            format!("COMMENT ON TABLE \"x{name}\" IS '{doubled}\n--\n-- Name: a; Type: B; Schema: c; Owner: -\n--\n';")
        }).collect();
        let dump: String = texts.iter().zip(&statements).map(|(text, sql)| {
            let name = text.replace(['\n', '\r'], " ");
            format!("--\n-- Name: TABLE {name}; Type: COMMENT; Schema: s; Owner: -\n--\n\n{sql}\n\n\n")
        }).collect();
        let script = Script::parse(&dump);
        let found: Vec<_> = script.entries.iter().map(|e| e.sql.as_str()).collect();
        prop_assert_eq!(found, statements);
    }
}
