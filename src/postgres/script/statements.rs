//! SQL text cut into statements.

use super::lexer::{Kind, Token, tokens};

/// The statements of an SQL text, each from its first word to its semicolon (the last may lack
/// one); blanks, comments and psql commands between them, and empty statements, are left out.
///
/// A semicolon ends a statement when it stands outside of quotes, comments and parentheses
/// (`CREATE RULE … DO (…; …)`) and outside of a function's SQL body (`BEGIN ATOMIC … END`, since
/// PostgreSQL 14). Text that only psql understands is not told apart: ask [`needs_psql`] first.
pub fn split_statements(sql: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let mut depth = Depth::default();
    let mut open: Option<(usize, usize)> = None;
    for token in tokens(sql).filter(Token::is_sql) {
        let ends = token.kind == Kind::Semicolon && depth.is_outermost();
        match &mut open {
            None if ends => continue,
            None => open = Some((token.start, token.end())),
            Some((_, end)) => *end = token.end(),
        }
        depth.follow(&token);
        if ends {
            statements.extend(open.take().map(|(start, end)| &sql[start..end]));
            depth = Depth::default();
        }
    }
    statements.extend(open.map(|(start, end)| &sql[start..end]));
    statements
}

/// The first thing in an SQL text that only psql understands, if any: a line with a backslash
/// command (`\connect`), or a COPY whose rows follow in the text.
pub fn needs_psql(sql: &str) -> Option<&str> {
    let command = tokens(sql)
        .find(|t| t.kind == Kind::PsqlCommand)
        .map(|t| t.text);
    command.or_else(|| {
        split_statements(sql)
            .into_iter()
            .find(|s| copies_from_stdin(s))
    })
}

fn copies_from_stdin(statement: &str) -> bool {
    let words: Vec<_> = tokens(statement).filter(|t| t.kind == Kind::Word).collect();
    let copies = words.first().is_some_and(|w| w.is_word("copy"));
    copies
        && words
            .windows(2)
            .any(|w| w[0].is_word("from") && w[1].is_word("stdin"))
}

/// How deep inside parentheses and SQL bodies a statement is.
#[derive(Default)]
struct Depth<'a> {
    parentheses: usize,
    /// Open `BEGIN ATOMIC`s, and inside of one the `CASE`s, which close with `END` too.
    blocks: usize,
    before: Option<Token<'a>>,
}

impl<'a> Depth<'a> {
    fn is_outermost(&self) -> bool {
        self.parentheses == 0 && self.blocks == 0
    }

    fn follow(&mut self, token: &Token<'a>) {
        match token.kind {
            Kind::Open => self.parentheses += 1,
            Kind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            Kind::Word if !self.is_label() => self.follow_keyword(token),
            _ => {}
        }
        self.before = Some(*token);
    }

    fn follow_keyword(&mut self, token: &Token<'a>) {
        let begins_body =
            token.is_word("atomic") && self.before.is_some_and(|before| before.is_word("begin"));
        if begins_body || (token.is_word("case") && self.blocks > 0) {
            self.blocks += 1;
        } else if token.is_word("end") {
            self.blocks = self.blocks.saturating_sub(1);
        }
    }

    /// Behind a dot or `AS`, `end` and `case` are names: `t.end`, `AS "case"` unquoted.
    fn is_label(&self) -> bool {
        self.before
            .is_some_and(|b| b.text == "." || b.is_word("as"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("a; b;c", &["a;", "b;", "c"])]
    #[case::comments("-- x;\na /* ; */ b; -- c\n;;", &["a /* ; */ b;"])]
    #[case::quotes("a 'x;''y;'; b \"c;\"; d $q$;$$;$q$;", &["a 'x;''y;';", "b \"c;\";", "d $q$;$$;$q$;"])]
    #[case::rule("CREATE RULE r AS ON DELETE TO t DO (a; b); c", &["CREATE RULE r AS ON DELETE TO t DO (a; b);", "c"])]
    #[case::transaction("BEGIN; a; END; b", &["BEGIN;", "a;", "END;", "b"])]
    #[case::lost_parenthesis("a ); b;", &["a );", "b;"])]
    fn semicolons_end_statements(#[case] sql: &str, #[case] expected: &[&str]) {
        assert_eq!(split_statements(sql), expected);
    }

    #[rstest]
    #[case("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;")]
    #[case(
        "create or replace procedure p() begin\n-- x\natomic select case when a then (select b) end; end;"
    )]
    #[case(
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE a WHEN 1 THEN CASE b WHEN 2 THEN 3 END END; END;"
    )]
    #[case(
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT t.end AS case FROM t; SELECT 2 AS end; END;"
    )]
    #[case("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT (CASE WHEN a THEN 1 END); END;")]
    fn an_sql_body_is_one_statement(#[case] sql: &str) {
        assert_eq!(split_statements(&format!("a; {sql} b;")), ["a;", sql, "b;"]);
    }

    #[test]
    fn what_only_psql_understands_is_named() {
        assert_eq!(needs_psql("a;\n\\connect x\nb;"), Some("\\connect x"));
        assert_eq!(
            needs_psql("COPY public.t (a) FROM stdin;\n1\n"),
            Some("COPY public.t (a) FROM stdin;")
        );
        assert_eq!(
            needs_psql("SELECT '\n\\connect'; COPY t FROM '/x'; -- \\d\n"),
            None
        );
    }

    /// What the server would see: all pieces but blanks, comments and semicolons.
    fn visible(sql: &str) -> String {
        tokens(sql)
            .filter(|t| t.is_sql() && t.kind != Kind::Semicolon)
            .map(|t| t.text)
            .collect()
    }

    /// Text in which the delimiters that matter are frequent.
    fn sql_like() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[ \n;a-cE'\"$/*()\\-\\\\äß.1]{1,4}",
            proptest::sample::select(vec![
                "$x$",
                "$$",
                "--",
                "/*",
                "*/",
                "BEGIN ATOMIC ",
                " END",
                " CASE ",
                "\n\\x\n",
                "E'",
                "\n-- Name: a; Type: TABLE; Schema: public; Owner: -\n--\n",
                "\n--\n",
                "COPY a FROM stdin;",
            ])
            .prop_map(str::to_owned),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn splitting_loses_nothing_that_the_server_would_see(sql in sql_like()) {
            let together = split_statements(&sql).join("\n");
            prop_assert_eq!(visible(&together), visible(&sql));
        }

        #[test]
        fn pieces_cover_the_text(sql in sql_like()) {
            prop_assert_eq!(tokens(&sql).map(|t| t.text).collect::<String>(), sql);
        }

        #[test]
        fn arbitrary_text_never_panics(sql in any::<String>()) {
            split_statements(&sql);
            needs_psql(&sql);
        }
    }
}
